// A service manager's notifications (sd_notify(3)) from inside a container: what the program says to the socket that it
// has at /run/notify is passed on to the caller's, as far as the manager may rely on it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "spec/config.h"

namespace caisson::runtime {

/// The caller's own socket, from its environment (NOTIFY_SOCKET); nothing where nobody listens.
std::optional<std::string> notify_socket();

/// Gives `config` `directory` of the host, with the container's socket, and the variable that names it.
void pass_notifications(spec::Config& config, const std::string& directory);

/// Tells the manager at `socket` that the service is ready, and that the process `pid` is its main one; returns once
/// that has been taken note of (BARRIER=1; half a minute at most).
Result<> say_ready(const std::string& socket, pid_t pid);

/// Does `work` in a process beside this one, which ends with it: this one has a container to wait for. Of what is open
/// here that process has `descriptors`, none below 3, and the standard streams: nobody waits for it to close the rest.
void do_beside(std::vector<int> descriptors, const std::function<void()>& work);

/// Passes notifications on. Made before the program runs.
class NotifyProxy {
 public:
  /// Binds the socket in `directory`, which is made, anew where one was.
  static Result<NotifyProxy> bind(const std::string& directory, std::string host_socket);

  /// Waits until the program says READY=1, and passes that on as say_ready(). Returns as well when the process behind
  /// `pidfd` has ended.
  Result<> pass_on(pid_t pid, const Fd& pidfd) const;

  /// One datagram, if there is one; true if it was READY=1 and has been passed on.
  Result<bool> take(pid_t pid) const;
  int fd() const { return socket_.get(); }

 private:
  NotifyProxy(Fd socket, std::string host_socket) : socket_(std::move(socket)), host_socket_(std::move(host_socket)) {}

  Fd socket_;
  std::string host_socket_;
};

}  // namespace caisson::runtime
