// Processes, messages and namespaces.
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>
#include <utility>

#include "execute/act.h"
#include "execute/channel.h"
#include "kernel/syscalls.h"
#include "kernel/user_namespace.h"

namespace caisson::execute {

using kernel::retry;
using plan::Call;

namespace {

// A word to somebody who is gone: that the other side went is the failure, as it is when nothing comes from it.
Outcome failed_send() noexcept {
  return errno == EPIPE || errno == ECONNRESET ? failed_with(Call::kProtocol, 0) : failed(Call::kSend);
}

// What a process does that could not be born in its v2 cgroup: its namespace's root is the cgroup it is in.
Outcome join_cgroup(int directory, std::uint64_t flags) noexcept {
  Held members(::openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC));
  if (!members) return failed(Call::kOpen);
  if (retry([&] { return ::write(members.get(), "0", 1); }) < 0) return failed(Call::kWrite);
  return flags == 0 || ::unshare(static_cast<int>(flags)) == 0 ? done() : failed(Call::kUnshare);
}

// A visit to another mount namespace. Whoever enters one stands at its root (setns(2)): a root and a directory of one's
// own are to be found again.
class Visit {
 public:
  Outcome enter(int mounts) noexcept {
    home_.reset(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    root_.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    directory_.reset(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!home_ || !root_ || !directory_) return failed(Call::kOpen, kOwnPlace);
    return ::setns(mounts, CLONE_NEWNS) == 0 ? done() : failed(Call::kSetns);
  }

  Outcome leave() noexcept {
    if (!home_) return done();
    if (::setns(home_.get(), CLONE_NEWNS) != 0) return failed(Call::kSetns);
    if (::fchdir(root_.get()) != 0 || ::chroot(".") != 0) return failed(Call::kChroot);
    return ::fchdir(directory_.get()) == 0 ? done() : failed(Call::kChdir);
  }

  // In a process that was born there, and has no business at home.
  void stay() noexcept {
    home_.reset();
    root_.reset();
    directory_.reset();
  }

 private:
  static constexpr std::size_t kOwnPlace = 1;
  Held home_;
  Held root_;
  Held directory_;
};

// The first process of a pid namespace does not hear of a signal that it has no handler for (pid_namespaces(7)); while
// it waits, whoever wants it to end is heard. Execution takes the handlers away.
void end_when_told() noexcept {
  struct sigaction end{};
  end.sa_handler = [](int signal) { ::_exit(128 + signal); };
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) ::sigaction(signal, &end, nullptr);
}

}  // namespace

Outcome act(const plan::WriteFile& step, Context& context) noexcept {
  const int directory = step.directory == plan::kNoSlot ? AT_FDCWD : context.at(step.directory);
  Held file(retry([&] { return ::openat(directory, context.c_str(step.path), O_WRONLY | O_CLOEXEC | O_NOCTTY); }));
  if (!file) return failed(Call::kOpen);
  const char* value = context.c_str(step.value);
  if (retry([&] { return ::write(file.get(), value, std::strlen(value)); }) < 0) return failed(Call::kWrite);
  return done();
}

Outcome act(const plan::MapIds& step, Context& context) noexcept {
  const kernel::MapOutcome mapped = kernel::write_id_maps(
      context.at(step.pid), {context.c_str(step.uid_map), context.c_str(step.gid_map), context.c_str(step.uid_program),
                             context.c_str(step.gid_program), step.deny_setgroups});
  switch (mapped.part) {
    case kernel::MapPart::kNone: return done();
    case kernel::MapPart::kUidMap: return failed_with(Call::kWrite, mapped.error, 0);
    case kernel::MapPart::kGidMap: return failed_with(Call::kWrite, mapped.error, 1);
    case kernel::MapPart::kSetgroups: return failed_with(Call::kWrite, mapped.error, 2);
    case kernel::MapPart::kUidProgram: return failed_with(Call::kNewuidmap, mapped.error);
    case kernel::MapPart::kGidProgram: return failed_with(Call::kNewgidmap, mapped.error);
  }
  return done();
}

// Made by a process that waits for its maps to be written, and ends.
Outcome act(const plan::MakeUserNamespace& step, Context& context) noexcept {
  struct clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const pid_t owner = kernel::clone3(arguments);
  if (owner < 0) return failed(Call::kClone3);
  if (owner == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  }
  const kernel::MapOutcome mapped =
      kernel::write_id_maps(owner, {.uid_map = context.c_str(step.uid_map), .gid_map = context.c_str(step.gid_map)});
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/ns/user", owner);
  const int opened = mapped.part == kernel::MapPart::kNone ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  const Outcome outcome = mapped.part != kernel::MapPart::kNone
                              ? failed_with(Call::kWrite, mapped.error, mapped.part == kernel::MapPart::kGidMap ? 1 : 0)
                          : opened < 0 ? failed(Call::kOpen)
                                       : done();
  ::kill(owner, SIGKILL);
  retry([&] { return ::waitpid(owner, nullptr, 0); });
  if (opened >= 0) context.put(step.slot, opened);
  return outcome;
}

Outcome act(const plan::Spawn& step, Context& context) noexcept {
  int pidfd = -1;
  struct clone_args arguments{};
  const std::uint64_t later = step.joins ? step.flags & CLONE_NEWCGROUP : 0;
  arguments.flags = (step.flags & ~later) | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = (step.flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  if (step.cgroup != plan::kNoSlot && !step.joins) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(context.at(step.cgroup));
  }
  Visit visit;
  if (step.mounts != plan::kNoSlot) {
    if (const Outcome entered = visit.enter(context.at(step.mounts)); !entered.ok()) return entered;
  }
  const pid_t pid = kernel::clone3(arguments);
  if (pid == 0) {
    visit.stay();
    if (step.mounts != plan::kNoSlot) ::close(context.at(step.mounts));
    if (context.lane == plan::Lane::kParent) {
      ::close(context.channel);
      context.channel = std::exchange(context.other_channel, -1);
    }
    run_process(context, step.lane, step.joins ? join_cgroup(context.at(step.cgroup), later) : done());
  }
  const Outcome cloned = pid < 0 ? failed(Call::kClone3) : done();
  const Outcome left = visit.leave();
  if (pid < 0) return cloned;
  // What is left open on the other side is the other side's: its end of file must reach us.
  if (context.lane == plan::Lane::kParent) {
    ::close(context.other_channel);
    context.other_channel = -1;
  }
  context.put(step.pid, pid);
  if (step.pidfd != plan::kNoSlot) {
    context.put(step.pidfd, pidfd);
  } else {
    ::close(pidfd);
  }
  return left;
}

Outcome act(const plan::Await& step, Context& context) noexcept {
  Packet packet;
  int descriptor = -1;
  const Received received = receive_packet(context.channel, packet, descriptor);
  if (descriptor >= 0) ::close(descriptor);
  if (received == Received::kError) return failed(Call::kReceive);
  if (received == Received::kPacket && packet.tag == plan::Tag::kFailed) {
    context.received = packet.failure;
    context.received_lane = packet.lane;
  }
  if (received == Received::kEnd || packet.tag != step.tag) return failed_with(Call::kProtocol, 0);
  return done();
}

Outcome act(const plan::AwaitStart& step, Context& context) noexcept {
  end_when_told();
  if (const Outcome recorded = act(plan::Await{plan::Tag::kPrepared}, context); !recorded.ok()) return recorded;
  ::close(context.channel);
  for (;;) {
    context.channel = retry([&] { return ::accept4(context.at(step.listener), nullptr, nullptr, SOCK_CLOEXEC); });
    if (context.channel < 0) return failed(Call::kAccept);
    Packet packet;
    int descriptor = -1;
    const Received received = receive_packet(context.channel, packet, descriptor);
    if (descriptor >= 0) ::close(descriptor);
    if (received == Received::kPacket && packet.tag == plan::Tag::kStart) return done();
    ::close(context.channel);
  }
}

Outcome act(const plan::Signal& step, Context& context) noexcept {
  const Packet packet{.tag = step.tag, .lane = context.lane};
  return send_packet(context.channel, packet) ? done() : failed_send();
}

Outcome act(const plan::SendDescriptor& step, Context& context) noexcept {
  Packet packet{.tag = plan::Tag::kDescriptor, .lane = context.lane};
  if (step.value != plan::kNoSlot) packet.value = context.at(step.value);
  if (!send_packet(context.channel, packet, context.at(step.descriptor))) return failed_send();
  // It is the receiver's alone: of a filter's listener that is held here too, nobody would notice the end.
  ::close(context.at(step.descriptor));
  context.put(step.descriptor, -1);
  return done();
}

Outcome act(const plan::ReceiveDescriptor& step, Context& context) noexcept {
  if (step.sender != plan::kNoSlot) {
    struct pollfd either[2] = {{context.channel, POLLIN, 0}, {context.at(step.sender), POLLIN, 0}};
    if (retry([&] { return ::poll(either, 2, -1); }) < 0) return failed(Call::kReceive);
    // Asked once more: its last word may have come between the two.
    if (either[0].revents == 0 && ::poll(either, 1, 0) == 0) return failed_with(Call::kProtocol, 0);
  }
  Packet packet;
  int descriptor = -1;
  const Received received = receive_packet(context.channel, packet, descriptor);
  if (received == Received::kError) return failed(Call::kReceive);
  if (received == Received::kPacket && packet.tag == plan::Tag::kFailed) {
    context.received = packet.failure;
    if (packet.value > 0) context.put(step.value, packet.value);
    context.received_lane = packet.lane;
  }
  if (received == Received::kEnd || packet.tag != plan::Tag::kDescriptor || descriptor < 0) {
    if (descriptor >= 0) ::close(descriptor);
    return failed_with(Call::kProtocol, 0);
  }
  context.put(step.descriptor, descriptor);
  context.put(step.value, packet.value);
  return done();
}

Outcome act(const plan::JoinNamespace& step, Context& context) noexcept {
  return ::setns(context.at(step.descriptor), static_cast<int>(step.flags)) == 0 ? done() : failed(Call::kSetns);
}

Outcome act(const plan::Unshare& step, Context& context) noexcept {
  if (step.ahead != plan::kNoSlot)
    return ::setns(context.at(step.ahead), static_cast<int>(step.flags)) == 0 ? done() : failed(Call::kSetns);
  return ::unshare(static_cast<int>(step.flags)) == 0 ? done() : failed(Call::kUnshare);
}

Outcome act(const plan::MakeTimeNamespace& step, Context& context) noexcept {
  constexpr int kNewTime = 0x80;  // CLONE_NEWTIME, which the headers of glibc 2.36 have under GNU dialects alone
  if (::unshare(kNewTime) != 0) return failed(Call::kUnshare);
  if (step.offsets) {
    Held offsets(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
    if (!offsets) return failed(Call::kOpen, 0);
    const char* lines = context.c_str(step.offsets);
    if (retry([&] { return ::write(offsets.get(), lines, std::strlen(lines)); }) < 0) return failed(Call::kWrite);
  }
  Held children(::open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC));
  if (!children) return failed(Call::kOpen, 1);
  return ::setns(children.get(), kNewTime) == 0 ? done() : failed(Call::kSetns);
}

Outcome act(const plan::BringUpLoopback&, Context&) noexcept {
  Held socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return failed(Call::kSocket);
  struct ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0 ? done() : failed(Call::kIoctl);
}

Outcome act(const plan::SetHostname& step, Context& context) noexcept {
  const char* hostname = context.c_str(step.hostname);
  if (*hostname != '\0' && ::sethostname(hostname, std::strlen(hostname)) != 0) return failed(Call::kSethostname);
  const char* domainname = context.c_str(step.domainname);
  if (*domainname != '\0' && ::setdomainname(domainname, std::strlen(domainname)) != 0)
    return failed(Call::kSetdomainname);
  return done();
}

}  // namespace caisson::execute
