#include "network/names.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "kernel/syscalls.h"
#include "network/daemon.h"

namespace caisson::network {

namespace {

constexpr std::string_view kProgram = "aardvark-dns";
constexpr const char* kPort = "53";
constexpr int kPatience_ms = 3000;
constexpr int kReading_ms = 200;

std::string find_program() {
  for (const char* directory : {"/usr/lib/podman", "/usr/libexec/podman", "/usr/local/lib/podman",
                                "/usr/local/libexec/podman", "/usr/bin", "/usr/local/bin"}) {
    std::string path = fmt::format("{}/{}", directory, kProgram);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

// The server's process, if it is there and is one.
std::optional<kernel::ProcessId> server_of(const Store& store) {
  const std::string text = kernel::read_file(store.names + "/aardvark.pid").value_or("");
  const auto pid = parse_unsigned(std::string_view(text).substr(0, text.find_first_not_of("0123456789")));
  if (!pid || *pid == 0) return std::nullopt;
  const std::string line = kernel::read_file(fmt::format("/proc/{}/cmdline", *pid)).value_or("");
  if (line.find(kProgram) == std::string::npos || line.find(store.names) == std::string::npos) return std::nullopt;
  const auto process = kernel::identify(static_cast<pid_t>(*pid));
  if (!process) return std::nullopt;
  return *process;
}

Result<> start_server(const Store& store) {
  const std::string program = find_program();
  if (program.empty())
    return fail(complaint("aardvark-dns is not installed, which answers the names of a network",
                          "apt-get install aardvark-dns; or caisson network create --disable-dns"));
  const std::vector<std::string> words = {program, "--config", store.names, "-p", kPort, "run"};
  TRY(start_daemon({.words = words}));
  for (int waited_ms = 0; waited_ms < kPatience_ms; ++waited_ms) {
    if (server_of(store)) return {};
    ::usleep(1000);
  }
  return fail(complaint("aardvark-dns did not start", join(words, " ")));
}

bool answers_anything(const Store& store) {
  const std::vector<std::string> files = kernel::list_directory(store.names).value_or(std::vector<std::string>());
  return std::ranges::any_of(files, [](const std::string& name) { return name != "aardvark.pid"; });
}

// Held while files come and go: the directory goes with the last of them.
Result<Fd> lock_names(const Store& store) {
  std::optional<Fd> lock = TRY(kernel::lock_file(store.names + ".lock", kernel::Lock::kWait));
  return std::move(*lock);
}

// It answers nobody whose address it has not read yet: a container that asks at once is to be no stranger to it.
void have_read_again(const kernel::ProcessId& server, const std::string& file) {
  const Fd watch(::inotify_init1(IN_CLOEXEC));
  const bool watches = watch && ::inotify_add_watch(watch.get(), file.c_str(), IN_CLOSE_NOWRITE) >= 0;
  const auto process = kernel::open_process(server);
  if (!process || !kernel::send_signal(process->get(), SIGHUP) || !watches) return;
  pollfd reading{.fd = watch.get(), .events = POLLIN, .revents = 0};
  (void)kernel::retry([&] { return ::poll(&reading, 1, kReading_ms); });
}

// After `changed` has: a network's file, or one that is gone.
Result<> tell_server(const Store& store, const std::string& changed) {
  const auto server = server_of(store);
  if (answers_anything(store)) {
    if (!server) return start_server(store);
    have_read_again(*server, changed);
    return {};
  }
  if (!server) return {};
  if (const auto process = kernel::open_process(*server)) {
    (void)kernel::send_signal(process->get(), SIGTERM);
    kernel::wait_until_gone(process->get(), kPatience_ms);
  }
  return kernel::remove_tree(store.names);
}

}  // namespace

Result<> write_names(const Store& store, const NetworkRecord& network, const std::vector<Lease>& leases) {
  if (std::ranges::all_of(leases, [](const Lease& lease) { return lease.naming.names.empty(); }))
    return forget_names(store, network);
  const Fd lock = TRY(lock_names(store));
  TRY(kernel::make_directories(store.names, 0700));
  // Made beside it: the server takes every file in its directory for a network's.
  const std::string made = store.live(network.name) + "/names";
  TRY(kernel::replace_file(made, names_file(network, leases), 0600));
  const std::string path = store.names + "/" + network.name;
  if (::rename(made.c_str(), path.c_str()) != 0) return fail(os_error("rename", path));
  return tell_server(store, path);
}

Result<> forget_names(const Store& store, const NetworkRecord& network) {
  const std::string path = store.names + "/" + network.name;
  if (!kernel::exists(path)) return {};
  const Fd lock = TRY(lock_names(store));
  if (::unlink(path.c_str()) != 0) return errno == ENOENT ? Result<>() : fail(os_error("unlink", path));
  return tell_server(store, path);
}

}  // namespace caisson::network
