#include "engine/network_probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostAnswer = 4096;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

std::optional<Address> read_address(const std::string& host, const std::string& port) {
  const auto number = parse_unsigned(port);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  Address address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, host.empty() ? "127.0.0.1" : host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(static_cast<std::uint16_t>(*number));
    address.length = sizeof *four;
    return address;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, host.c_str(), &six->sin6_addr) != 1) return std::nullopt;
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(static_cast<std::uint16_t>(*number));
  address.length = sizeof *six;
  return address;
}

bool wait_for(int fd, short events, Clock::time_point end) {
  pollfd waited{.fd = fd, .events = events, .revents = 0};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::poll(&waited, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

NetworkAnswer failed(std::string words) { return {.is_well = false, .words = std::move(words)}; }

NetworkAnswer converse(int fd, const std::vector<std::string>& test, Clock::time_point end) {
  const std::string request = http_request(test);
  for (std::size_t sent = 0; sent < request.size();) {
    if (!wait_for(fd, POLLOUT, end)) return failed("no answer within the time");
    const ssize_t count = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return failed(errno_words(errno));
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  std::string answer;
  std::array<char, 1024> piece{};
  while (answer.size() < kMostAnswer && answer.find('\n') == std::string::npos) {
    if (!wait_for(fd, POLLIN, end)) return failed("no answer within the time");
    const ssize_t count = ::recv(fd, piece.data(), piece.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return failed(errno_words(errno));
    if (count == 0) break;
    answer.append(piece.data(), static_cast<std::size_t>(count));
  }
  return read_http_answer(answer);
}

NetworkAnswer ask(const std::vector<std::string>& test, std::chrono::milliseconds timeout) {
  const std::optional<Address> address = read_address(test[1], test[2]);
  if (!address) return failed(fmt::format("{}:{} is no address with a port", test[1], test[2]));
  const Clock::time_point end = Clock::now() + timeout;
  const Fd socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failed(errno_words(errno));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->length) != 0) {
    if (errno != EINPROGRESS) return failed(errno_words(errno));
    if (!wait_for(socket.get(), POLLOUT, end)) return failed("no answer within the time");
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return failed(errno_words(error));
  }
  if (test[0] == "TCP") return {.is_well = true, .words = "connected"};
  return converse(socket.get(), test, end);
}

Result<> enter(pid_t pid) {
  const std::string process = fmt::format("/proc/{}/ns/", pid);
  const Fd network = TRY(kernel::open_file(process + "net", O_RDONLY));
  const Fd user = TRY(kernel::open_file(process + "user", O_RDONLY));
  const bool is_own = TRY(kernel::read_link(process + "user")) != TRY(kernel::read_link("/proc/self/ns/user"));
  // Root may enter the network at once; another has to be root of the user namespace that it belongs to.
  if (::setns(network.get(), CLONE_NEWNET) == 0) return {};
  if (is_own && ::setns(user.get(), CLONE_NEWUSER) == 0 && ::setns(network.get(), CLONE_NEWNET) == 0) return {};
  return fail(os_error("setns", process + "net"));
}

}  // namespace

bool is_network_test(const std::vector<std::string>& test) {
  return (test.size() == 3 && test[0] == "TCP") || (test.size() >= 4 && test[0] == "HTTP");
}

std::string http_request(const std::vector<std::string>& test) {
  const std::string path = test[3].starts_with('/') ? test[3] : "/" + test[3];
  const std::string host = test[1].empty() ? "127.0.0.1" : test[1];
  std::string request = fmt::format("GET {} HTTP/1.1\r\n", path);
  bool has_host = false;
  for (std::size_t i = 4; i < test.size(); ++i) {
    request += test[i] + "\r\n";
    has_host = has_host || test[i].starts_with("Host:");
  }
  if (!has_host) request += fmt::format("Host: {}:{}\r\n", host, test[2]);
  return request + "User-Agent: caisson\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

NetworkAnswer read_http_answer(std::string_view answer) {
  std::string line(answer.substr(0, answer.find_first_of("\r\n")));
  for (char& c : line) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  const Cut parts = cut(line, ' ');
  const std::uint64_t status = parts.tail ? parse_unsigned(cut(*parts.tail, ' ').head).value_or(0) : 0;
  if (!line.starts_with("HTTP/") || status == 0)
    return failed(line.empty() ? "an empty answer" : "an answer that is not HTTP");
  return {.is_well = status >= 200 && status < 400, .words = line.substr(0, 200)};
}

NetworkAnswer ask_network(pid_t pid, const std::vector<std::string>& test, std::chrono::milliseconds timeout) {
  const Result<> entered = enter(pid);
  return entered ? ask(test, timeout) : failed(entered.error().text());
}

}  // namespace caisson::engine
