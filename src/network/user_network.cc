#include "network/user_network.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "kernel/syscalls.h"
#include "network/daemon.h"
#include "network/visitor.h"

namespace caisson::network {

namespace {

constexpr std::string_view kPasta = "pasta";
constexpr std::string_view kSlirp = "slirp4netns";
constexpr const char* kInterface = "eth0";
constexpr const char* kSlirpAddress = "10.0.2.100";  // slirp4netns(1)
constexpr int kPatience_ms = 10'000;
constexpr int kLetEnd_ms = 2'000;

std::string find_program(std::string_view name) {
  for (const char* directory : {"/usr/bin", "/usr/local/bin", "/bin"}) {
    std::string path = fmt::format("{}/{}", directory, name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

Error not_installed(std::string_view name) {
  return complaint(fmt::format("{} is not installed, which carries the packets of an ordinary user's container", name),
                   fmt::format("apt-get install {}; or --network none", name == kPasta ? "passt" : "slirp4netns"));
}

// With its standard error in the file `log`.
Result<> start(const std::vector<std::string>& words, const UserNetwork& wanted, const std::string& log, int ready) {
  const Fd written = TRY(kernel::open_file(log, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  return start_daemon({.words = words, .directory = wanted.directory, .output = written.get(), .ready = ready});
}

// The last line that it has written.
Error failure(std::string_view program, const std::string& log) {
  const std::string text = kernel::read_file(log).value_or("");
  std::string said;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty() && line.find("syslog") == std::string_view::npos) said = line;
  }
  return complaint(fmt::format("{} did not connect the container{}{}", program, said.empty() ? "" : ": ", said));
}

// Who runs with these words: the process that was started for a container's directory.
std::optional<kernel::ProcessId> process_with(std::string_view word) {
  for (const std::string& pid : kernel::list_directory("/proc").value_or(std::vector<std::string>())) {
    const auto number = parse_unsigned(pid);
    if (!number) continue;
    const std::string line = kernel::read_file("/proc/" + pid + "/cmdline").value_or("");
    if (line.find(word) == std::string::npos) continue;
    if (const auto found = kernel::identify(static_cast<pid_t>(*number))) return *found;
  }
  return std::nullopt;
}

// The helper that works in a container's directory.
std::optional<kernel::ProcessId> helper_in(const std::string& path) {
  const std::string directory = kernel::absolute_path(path).value_or(path);
  for (const std::string& pid : kernel::list_directory("/proc").value_or(std::vector<std::string>())) {
    const auto number = parse_unsigned(pid);
    if (!number || kernel::read_link("/proc/" + pid + "/cwd").value_or("") != directory) continue;
    const std::string name = kernel::read_file("/proc/" + pid + "/comm").value_or("");
    if (!name.starts_with("pasta") && !name.starts_with("passt") && !name.starts_with(kSlirp)) continue;
    if (const auto found = kernel::identify(static_cast<pid_t>(*number))) return *found;
  }
  return std::nullopt;
}

Result<kernel::ProcessId> start_pasta(const UserNetwork& wanted, const std::vector<HeldPort>& ports) {
  const std::string pid_file = wanted.directory + "/pasta.pid";
  const std::string log = wanted.directory + "/pasta.log";
  ::unlink(pid_file.c_str());
  const Visitor visitor = TRY(Visitor::enter(wanted.network_namespace));
  std::vector<std::string> words = pasta_words(wanted, visitor.inside(), ports, pid_file);
  words[0] = find_program(kPasta);
  if (words[0].empty()) return fail(not_installed(kPasta));
  TRY(start(words, wanted, log, -1));
  for (int waited_ms = 0; waited_ms < kPatience_ms; ++waited_ms) {
    const std::string text = kernel::read_file(pid_file).value_or("");
    if (text.ends_with('\n')) {
      const auto pid = parse_unsigned(std::string_view(text).substr(0, text.size() - 1));
      if (pid) return kernel::identify(static_cast<pid_t>(*pid));
    }
    constexpr int kFirstLook_ms = 50;
    if (waited_ms > kFirstLook_ms && waited_ms % kFirstLook_ms == 0 && !process_with(pid_file)) break;
    ::usleep(1000);
  }
  return fail(failure(kPasta, log));
}

Result<Fd> connect_to(const Fd& directory, const std::string& name) {
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory.get(), name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail(os_error("socket", name));
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return fail(os_error("connect", name));
  return socket;
}

Result<> forward(const Fd& directory, const std::string& socket_path, const HeldPort& port) {
  const Fd socket = TRY(connect_to(directory, socket_path));
  TRY(kernel::write_all(socket.get(), slirp_request(port, kSlirpAddress), socket_path));
  ::shutdown(socket.get(), SHUT_WR);
  const std::string answer = TRY(kernel::read_all(socket.get(), socket_path));
  if (answer.find("\"error\"") == std::string::npos) return {};
  return fail(
      complaint(fmt::format("slirp4netns does not publish {}: {}", host_side(port.port, Family::kIpv4), answer)));
}

Result<kernel::ProcessId> start_slirp(const UserNetwork& wanted, const std::vector<HeldPort>& ports) {
  const std::string socket = "slirp";  // in its directory, whose path may be longer than a socket's address
  const std::string log = wanted.directory + "/slirp.log";
  const Visitor visitor = TRY(Visitor::enter(wanted.network_namespace));
  std::vector<std::string> words = slirp_words(wanted, visitor.inside(), kDaemonReady, socket);
  words[0] = find_program(kSlirp);
  if (words[0].empty()) return fail(not_installed(kSlirp));
  kernel::Pipe ready = TRY(kernel::make_pipe());
  TRY(start(words, wanted, log, ready.write.get()));
  ready.write = Fd();
  pollfd waiting{.fd = ready.read.get(), .events = POLLIN, .revents = 0};
  char byte = 0;
  const bool is_ready =
      kernel::retry([&] { return ::poll(&waiting, 1, kPatience_ms); }) == 1 && ::read(ready.read.get(), &byte, 1) == 1;
  const auto process = is_ready ? helper_in(wanted.directory) : std::nullopt;
  if (!process) return fail(failure(kSlirp, log));
  const Fd directory = TRY(kernel::open_file(wanted.directory, O_PATH | O_DIRECTORY));
  for (const HeldPort& port : ports) {
    const Result<> forwarded = forward(directory, socket, port);
    if (forwarded) continue;
    if (const auto pidfd = kernel::open_process(*process)) (void)kernel::send_signal(pidfd->get(), SIGTERM);
    return fail(forwarded.error());
  }
  return *process;
}

}  // namespace

std::vector<std::string> pasta_words(const UserNetwork& wanted, const Inside& inside,
                                     const std::vector<HeldPort>& ports, const std::string& pid_file) {
  std::vector<std::string> words = {std::string(kPasta), "--config-net", "--quiet", "--foreground",
                                    "--stderr",          "--pid",        pid_file,  "--ns-ifname",
                                    kInterface,          "--no-map-gw"};
  const std::array<std::pair<Protocol, const char*>, 2> kinds = {{{Protocol::kTcp, "-t"}, {Protocol::kUdp, "-u"}}};
  for (const auto& [protocol, option] : kinds) {
    bool any = false;
    for (const HeldPort& held : ports) {
      if (held.port.protocol != protocol) continue;
      any = true;
      const std::string address = held.port.host_address ? to_text(*held.port.host_address) + "/" : "";
      words.insert(words.end(),
                   {option, fmt::format("{}{}:{}", address, held.port.host_port, held.port.container_port)});
    }
    if (!any) words.insert(words.end(), {option, "none"});
  }
  words.insert(words.end(), {"-T", "none", "-U", "none"});
  words.insert(words.end(), wanted.options.begin(), wanted.options.end());
  // What the paths lead to is gone before the container is: that is not its end.
  words.push_back("--no-netns-quit");  // the process is gone before the container is
  words.push_back(std::to_string(inside.pid));
  return words;
}

std::vector<std::string> slirp_words(const UserNetwork& wanted, const Inside& inside, int ready,
                                     const std::string& socket) {
  std::vector<std::string> words = {std::string(kSlirp),
                                    "--configure",
                                    "--mtu=65520",
                                    "--disable-host-loopback",
                                    fmt::format("--ready-fd={}", ready),
                                    "--api-socket=" + socket};
  if (!inside.callers_users) words.push_back(fmt::format("--userns-path=/proc/{}/ns/user", inside.pid));
  for (const std::string& option : wanted.options) words.push_back(option.starts_with("--") ? option : "--" + option);
  words.insert(words.end(), {std::to_string(inside.pid), kInterface});
  return words;
}

std::string slirp_request(const HeldPort& port, const std::string& inside) {
  const std::string address = port.port.host_address ? to_text(*port.port.host_address) : "0.0.0.0";
  return fmt::format(
      R"({{"execute":"add_hostfwd","arguments":{{"proto":"{}","host_addr":"{}","host_port":{},"guest_addr":"{}","guest_port":{}}}}})",
      protocol_name(port.port.protocol), address, port.port.host_port, inside, port.port.container_port);
}

Result<std::string> default_user_network() {
  const bool has_pasta = !find_program(kPasta).empty();
  // Where AppArmor confines it (as Debian's passt does), pasta may not look into a process of its user.
  const bool is_confined = kernel::read_file("/sys/module/apparmor/parameters/enabled").value_or("").starts_with('Y');
  const bool has_slirp = !find_program(kSlirp).empty();
  if (has_pasta && !(is_confined && has_slirp) &&
      has_way_out(kernel::read_file("/proc/net/route").value_or(""),
                  kernel::read_file("/proc/net/ipv6_route").value_or("")))
    return std::string(kPasta);
  if (has_slirp) return std::string(kSlirp);
  if (!has_pasta) return fail(not_installed(kPasta));
  return fail(complaint("pasta does not run on a host that has no default route",
                        "slirp4netns does, where it is installed; or --network none"));
}

bool has_way_out(std::string_view routes, std::string_view ipv6_routes) {
  for (const std::string_view line : split(routes, '\n')) {
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() > 7 && fields[1] == "00000000" && fields[7] == "00000000") return true;
  }
  // The loopback's is there always: it refuses.
  return std::ranges::any_of(split(ipv6_routes, '\n'), [](std::string_view line) {
    return line.starts_with("00000000000000000000000000000000 00 ") && !line.ends_with(" lo");
  });
}

Result<HostPorts> free_ports(const std::vector<PortChoice>& choices) {
  std::vector<PortChoice> carried = choices;
  for (const PortChoice& choice : choices) {
    if (choice.protocol == Protocol::kSctp)
      return fail(in(choice.typed, complaint("an ordinary user's network carries no sctp")));
  }
  std::vector<Address> families = {Address{.family = Family::kIpv4}};
  for (const PortChoice& choice : choices) {
    if (choice.host_address && choice.host_address->family == Family::kIpv6)
      families.push_back({.family = Family::kIpv6});
  }
  HostPorts free = TRY(hold_ports(carried, families));
  free.sockets.clear();
  for (HeldPort& held : free.ports) held.containers.clear();
  return free;
}

Result<Holding> start_user_network(const UserNetwork& wanted, const std::vector<HeldPort>& ports) {
  const kernel::ProcessId process =
      TRY(wanted.program == kPasta ? start_pasta(wanted, ports) : start_slirp(wanted, ports));
  return Holding{
      .ports = ports, .helper = wanted.program, .helper_pid = process.pid, .helper_start_ticks = process.start_ticks};
}

Result<> stop_user_network(const Holding& holding, const std::string& directory) {
  const auto known = holding.helper_pid == 0
                         ? helper_in(directory)
                         : std::optional(kernel::ProcessId{holding.helper_pid, holding.helper_start_ticks});
  if (!known) return {};
  const auto process = kernel::open_process(*known);
  if (!process) return {};
  (void)kernel::send_signal(process->get(), SIGTERM);
  if (kernel::wait_until_gone(process->get(), kLetEnd_ms)) return {};
  (void)kernel::send_signal(process->get(), SIGKILL);
  kernel::wait_until_gone(process->get(), kLetEnd_ms);
  return {};
}

}  // namespace caisson::network
