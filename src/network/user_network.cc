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
#include "network/entrance.h"

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

// With the last line of what it wrote, before it lists its options.
Error failure(std::string_view program, std::string_view text) {
  std::string said;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("Usage:")) break;
    if (!line.empty() && line.find("syslog") == std::string_view::npos) said = line;
  }
  return complaint(fmt::format("{} did not connect the container{}{}", program, said.empty() ? "" : ": ", said));
}

std::string id_of(const std::string& directory) { return directory.substr(directory.rfind('/') + 1); }

// The one that was started for the container of `directory`.
std::optional<kernel::ProcessId> helper_of(const std::string& directory) {
  const std::string word = id_of(directory);
  for (const std::string& pid : kernel::list_directory("/proc").value_or(std::vector<std::string>())) {
    const auto number = parse_unsigned(pid);
    if (!number) continue;
    const std::string name = kernel::read_file("/proc/" + pid + "/comm").value_or("");
    if (!name.starts_with("pasta") && !name.starts_with("passt") && !name.starts_with(kSlirp)) continue;
    if (kernel::read_file("/proc/" + pid + "/cmdline").value_or("").find(word) == std::string::npos) continue;
    if (const auto found = kernel::identify(static_cast<pid_t>(*number))) return *found;
  }
  return std::nullopt;
}

Result<kernel::ProcessId> start_pasta(const UserNetwork& wanted, const std::vector<HeldPort>& ports) {
  const Fd users = TRY(users_of(wanted.network_namespace));
  const Entrance entrance{.network_namespace = wanted.network_namespace,
                          .users = users.get(),
                          .path = unseen_path(id_of(wanted.directory))};
  std::vector<std::string> words = pasta_words(wanted, entrance.path, ports);
  words[0] = find_program(kPasta);
  if (words[0].empty()) return fail(not_installed(kPasta));
  const Daemon daemon{.words = words, .directory = wanted.directory, .enter = [&] { return entrance.enter(); }};
  const Outcome outcome = TRY(start_until_ready(daemon, kPatience_ms));
  const auto process = outcome.is_ready ? helper_of(wanted.directory) : std::nullopt;
  if (!process) return fail(failure(kPasta, outcome.said));
  return *process;
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
  const std::string socket = id_of(wanted.directory);  // there, as its path may be longer than a socket's address
  const std::string log = wanted.directory + "/slirp.log";
  const Fd users = TRY(users_of(wanted.network_namespace));
  std::vector<std::string> words = slirp_words(wanted, socket, users.get() >= 0);
  words[0] = find_program(kSlirp);
  if (words[0].empty()) return fail(not_installed(kSlirp));
  kernel::Pipe ready = TRY(kernel::make_pipe());
  const Fd written = TRY(kernel::open_file(log, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  std::vector<int> given = {ready.write.get(), wanted.network_namespace};
  if (users) given.push_back(users.get());
  TRY(start_daemon({.words = words, .directory = wanted.directory, .output = written.get(), .given = given}));
  ready.write = Fd();
  pollfd waiting{.fd = ready.read.get(), .events = POLLIN, .revents = 0};
  char byte = 0;
  const bool is_ready =
      kernel::retry([&] { return ::poll(&waiting, 1, kPatience_ms); }) == 1 && ::read(ready.read.get(), &byte, 1) == 1;
  const auto process = is_ready ? helper_of(wanted.directory) : std::nullopt;
  if (!process) return fail(failure(kSlirp, kernel::read_file(log).value_or("")));
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

std::vector<std::string> pasta_words(const UserNetwork& wanted, const std::string& network,
                                     const std::vector<HeldPort>& ports) {
  std::vector<std::string> words = {std::string(kPasta), "--config-net", "--quiet",    "--stderr",
                                    "--ns-ifname",       kInterface,     "--no-map-gw"};
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
  words.push_back("--no-netns-quit");  // it alone sees the path
  words.insert(words.end(), {"--netns", network});
  return words;
}

std::vector<std::string> slirp_words(const UserNetwork& wanted, const std::string& socket, bool has_users) {
  // It has them open: the one it says that it is ready on, the network namespace, the user namespace.
  constexpr int kReady = kFirstGiven;
  constexpr int kNetwork = kFirstGiven + 1;
  constexpr int kUsers = kFirstGiven + 2;
  std::vector<std::string> words = {std::string(kSlirp),
                                    "--configure",
                                    "--mtu=65520",
                                    "--disable-host-loopback",
                                    fmt::format("--ready-fd={}", kReady),
                                    "--api-socket=" + socket,
                                    "--netns-type=path"};
  if (has_users) words.push_back(fmt::format("--userns-path=/proc/self/fd/{}", kUsers));
  for (const std::string& option : wanted.options) words.push_back(option.starts_with("--") ? option : "--" + option);
  words.insert(words.end(), {fmt::format("/proc/self/fd/{}", kNetwork), kInterface});
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
  if (has_pasta && has_way_out(kernel::read_file("/proc/net/route").value_or(""),
                               kernel::read_file("/proc/net/ipv6_route").value_or("")))
    return std::string(kPasta);
  if (!find_program(kSlirp).empty()) return std::string(kSlirp);
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
  for (const PortChoice& choice : choices) {
    if (choice.protocol == Protocol::kSctp)
      return fail(in(choice.typed, complaint("an ordinary user's network carries no sctp")));
  }
  std::vector<Address> families = {Address{.family = Family::kIpv4}};
  for (const PortChoice& choice : choices) {
    if (choice.host_address && choice.host_address->family == Family::kIpv6)
      families.push_back({.family = Family::kIpv6});
  }
  HostPorts free = TRY(hold_ports(choices, families));
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
                         ? helper_of(directory)
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
