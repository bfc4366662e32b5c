#include "engine/value_grammar.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/duration.h"
#include "base/signals.h"
#include "base/text.h"
#include "engine/mount_grammar.h"

namespace caisson::engine {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool only(std::string_view text, std::initializer_list<std::string_view> allowed) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [c](std::string_view set) { return set.find(c) != std::string_view::npos; });
  });
}

Error not_a(std::string_view what, std::string_view text, std::string hint = {}) {
  return complaint(fmt::format("not {}: '{}'", what, text), std::move(hint));
}

constexpr std::array<std::string_view, 16> kLimitNames = {
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};

std::optional<std::uint64_t> read_limit(std::string_view text) {
  if (text == "-1" || text == "unlimited") return kUnlimited;
  return parse_unsigned(text);
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes = {};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

// The byte of one key; ctrl-a is 1 … ctrl-z 26, and @[\]^_ are 64 above theirs.
std::optional<char> read_key(std::string_view key) {
  if (key.size() == 1) return key[0];
  if (key.size() != 6 || !key.starts_with("ctrl-")) return std::nullopt;
  const char c = key[5];
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 1);
  if (c == '@' || (c >= '[' && c <= '_')) return static_cast<char>(c - '@');
  return std::nullopt;
}

// UTF-8 by RFC 3629: no overlong forms, no surrogates.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xc2 && lead < 0xe0   ? 1
                     : lead >= 0xe0 && lead < 0xf0 ? 2
                     : lead >= 0xf0 && lead < 0xf5 ? 3
                                                   : -1;
    if (more < 0 || text.size() - i < static_cast<std::size_t>(more)) return false;
    std::uint32_t code = lead & (0x3fU >> more);
    for (int k = 0; k < more; ++k) {
      const auto next = static_cast<unsigned char>(text[i++]);
      if ((next & 0xc0U) != 0x80) return false;
      code = code << 6 | (next & 0x3fU);
    }
    constexpr std::array kLeast = {0x80U, 0x800U, 0x10000U};
    if (code < kLeast[static_cast<std::size_t>(more) - 1] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
      return false;
  }
  return true;
}

}  // namespace

Result<bool> read_flag(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"true", "1", "t", "T", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"false", "0", "f", "F", "FALSE", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  return fail(not_a("true or false", text));
}

Result<std::int64_t> read_size(std::string_view text) {
  if (const std::optional<std::int64_t> bytes = parse_bytes(text)) return *bytes;
  return fail(not_a("a size", text, "a size is a number with b, k, m or g behind it: 100m, 1.5g"));
}

Result<std::int64_t> read_size_or_unlimited(std::string_view text) {
  if (text == "-1") return -1;
  return read_size(text);
}

Result<std::int64_t> read_nano_cpus(std::string_view text) {
  const Cut parts = cut(text, '.');
  const std::string_view decimals = parts.tail.value_or("");
  const std::string_view whole = parts.head.empty() && !decimals.empty() ? "0" : parts.head;
  const std::optional<std::uint64_t> cpus = parse_unsigned(whole);
  if (!cpus || !only(decimals, {kDigits})) return fail(not_a("a number of CPUs", text, "one and a half CPUs: 1.5"));
  if (decimals.size() > 9) return fail(complaint(fmt::format("more than nine decimals: '{}'", text)));
  constexpr std::uint64_t kMost = 1'000'000;
  if (*cpus > kMost) return fail(complaint(fmt::format("more CPUs than any machine has: '{}'", text)));
  const std::string padded = std::string(decimals) + std::string(9 - decimals.size(), '0');
  return static_cast<std::int64_t>(*cpus * 1'000'000'000 + parse_unsigned(padded).value_or(0));
}

Result<std::string> read_cpu_list(std::string_view text) {
  for (const std::string_view range : split(text, ',')) {
    const Cut ends = cut(range, '-');
    const std::optional<std::uint64_t> first = parse_unsigned(ends.head);
    const std::optional<std::uint64_t> last = ends.tail ? parse_unsigned(*ends.tail) : first;
    if (!first || !last || *first > *last || *last > 65535) return fail(not_a("a list like 0-3,5", text));
  }
  return std::string(text);
}

Result<std::int64_t> read_number(std::string_view text, std::int64_t least, std::int64_t most) {
  const std::optional<std::int64_t> number = parse_signed(text);
  if (!number) return fail(not_a("a whole number", text));
  if (*number < least || *number > most) {
    return fail(complaint(most == std::numeric_limits<std::int64_t>::max()
                              ? fmt::format("{} is less than {}", *number, least)
                              : fmt::format("{} is not between {} and {}", *number, least, most)));
  }
  return *number;
}

Result<Ulimit> read_ulimit(std::string_view text) {
  const Cut parts = cut(text, '=');
  if (std::find(kLimitNames.begin(), kLimitNames.end(), parts.head) == kLimitNames.end()) {
    const auto near = nearest(parts.head, {kLimitNames.begin(), kLimitNames.end()});
    return fail(complaint(fmt::format("no such limit: '{}'", parts.head),
                          near ? fmt::format("did you mean '{}'?", *near)
                               : fmt::format("the limits are {}", fmt::join(kLimitNames, ", "))));
  }
  if (!parts.tail) return fail(complaint(fmt::format("'{}' needs a value: {}=SOFT[:HARD]", text, text)));
  const Cut values = cut(*parts.tail, ':');
  const std::optional<std::uint64_t> soft = read_limit(values.head);
  const std::optional<std::uint64_t> hard = values.tail ? read_limit(*values.tail) : soft;
  if (!soft || !hard) return fail(not_a("SOFT[:HARD] in whole numbers, or -1 for no limit", *parts.tail));
  if (*soft > *hard) return fail(complaint(fmt::format("the soft limit is above the hard one: '{}'", *parts.tail)));
  return Ulimit{.name = std::string(parts.head), .soft = *soft, .hard = *hard, .typed = {}};
}

Result<std::uint32_t> read_umask(std::string_view text) {
  const std::optional<std::uint32_t> mask = parse_octal(text);
  if (!mask || text.size() > 4 || *mask > 07777) return fail(not_a("an octal mask of up to four digits", text));
  return *mask & 0777U;  // umask(2) knows no more bits
}

Result<int> read_signal(std::string_view text) {
  if (const std::optional<int> number = parse_signal(text)) return *number;
  return fail(not_a("a signal", text, "a signal is a name or a number: TERM, SIGTERM, 15, RTMIN+3"));
}

Result<std::string> read_detach_keys(std::string_view text) {
  std::string bytes;
  if (text.empty()) return bytes;
  for (const std::string_view key : split(text, ',')) {
    const std::optional<char> byte = read_key(key);
    if (!byte) return fail(not_a("a key", key, "a key is one character, or ctrl- with a letter or one of @[\\]^_"));
    bytes += *byte;
  }
  return bytes;
}

Result<std::string> read_name(std::string_view text) {
  if (text.empty() || text.size() > 128 || !only(text.substr(0, 1), {kLetters, kDigits}) ||
      !only(text, {kLetters, kDigits, "_.-"})) {
    return fail(not_a("a name for a container", text, "a letter or digit, then letters, digits, '_', '.' and '-'"));
  }
  return std::string(text);
}

Result<std::string> read_host_name(std::string_view text) {
  constexpr std::size_t kLongest = 64;  // __NEW_UTS_LEN
  if (text.empty() || text.size() > kLongest || !only(text, {kLetters, kDigits, "_.-"}) || text[0] == '-' ||
      text[0] == '.') {
    return fail(not_a("a host name", text, "at most 64 letters, digits, '-', '.' and '_'"));
  }
  return std::string(text);
}

Result<std::string> read_absolute_path(std::string_view text) {
  if (!text.starts_with('/')) return fail(complaint(fmt::format("'{}' is not an absolute path", text)));
  return clean_path(text);
}

Result<PullPolicy> read_pull_policy(std::string_view text) {
  if (text == "missing") return PullPolicy::kMissing;
  if (text == "always") return PullPolicy::kAlways;
  if (text == "never") return PullPolicy::kNever;
  if (text == "newer") return PullPolicy::kNewer;
  return fail(complaint(fmt::format("'{}' is none of missing, always, never, newer", text)));
}

namespace {

constexpr std::array<std::pair<std::string_view, Readiness>, 4> kReadiness = {{{"ignore", Readiness::kNever},
                                                                               {"conmon", Readiness::kStarted},
                                                                               {"container", Readiness::kSaid},
                                                                               {"healthy", Readiness::kHealthy}}};

}  // namespace

Result<Readiness> read_readiness(std::string_view text) {
  for (const auto& [word, readiness] : kReadiness) {
    if (text == word) return readiness;
  }
  return fail(complaint(fmt::format("'{}' is none of container, conmon, healthy, ignore", text)));
}

std::string_view readiness_word(Readiness readiness) {
  for (const auto& [word, each] : kReadiness) {
    if (each == readiness) return word;
  }
  return {};
}

Result<bool> read_cgroups(std::string_view text) {
  if (text == "enabled" || text == "no-conmon") return true;  // the keeper stays in the caller's anyway
  if (text == "disabled") return false;
  if (text == "split")
    return fail(complaint("split is not there yet", "--cgroup-parent says below which cgroup it is, as a path"));
  return fail(complaint(fmt::format("'{}' is none of enabled, disabled, no-conmon", text)));
}

Result<> read_directories(std::string_view text, std::vector<std::string>& directories) {
  for (const std::string_view directory : split(text, ',')) {
    if (!directory.starts_with('/')) return fail(complaint(fmt::format("'{}' is not an absolute path", directory)));
    directories.push_back(clean_path(directory));
  }
  return {};
}

Result<std::string> read_sha256(std::string_view text) {
  std::string digits(text.starts_with("sha256:") ? text.substr(7) : text);
  std::transform(digits.begin(), digits.end(), digits.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? char(c + 32) : c; });
  if (digits.size() != 64 || !only(digits, {kDigits, "abcdef"})) {
    return fail(not_a("a SHA-256", text, "64 hexadecimal digits, as sha256sum prints them"));
  }
  return digits;
}

Result<std::string> read_address(std::string_view text) {
  std::string address(text);
  if (!is_address(address)) return fail(not_a("an IP address", text));
  return address;
}

Result<HostAddress> read_host_address(std::string_view text) {
  const std::size_t at = text.find_first_of("=:");
  if (at == std::string_view::npos) return fail(complaint(fmt::format("'{}' is not NAME:ADDRESS", text)));
  HostAddress host;
  for (const std::string_view name : split(text.substr(0, at), ';')) {
    if (name.empty() || !only(name, {kLetters, kDigits, "_.-"})) return fail(not_a("a host name", name));
    host.names.emplace_back(name);
  }
  std::string_view address = text.substr(at + 1);
  if (address == kHostGateway) {
    host.address = address;
    return host;
  }
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  host.address = TRY(read_address(address));
  return host;
}

Result<std::pair<std::string, std::string>> read_label(std::string_view text) {
  const Cut parts = cut(text, '=');
  if (parts.head.empty()) return fail(complaint(fmt::format("'{}' has no name before its '='", text)));
  return std::pair{std::string(parts.head), std::string(parts.tail.value_or(""))};
}

Result<std::pair<std::string, std::string>> read_assignment(std::string_view text) {
  if (text.find('=') == std::string_view::npos) return fail(complaint(fmt::format("'{}' is not NAME=VALUE", text)));
  return read_label(text);
}

Result<std::vector<std::string>> read_entrypoint(std::string_view text) {
  std::vector<std::string> words;
  if (!text.starts_with('[')) {
    if (!text.empty()) words.emplace_back(text);
    return words;
  }
  const nlohmann::json array = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!array.is_array()) return fail(not_a("a command or a JSON array of strings", text));
  for (const nlohmann::json& word : array) {
    const auto* string = word.get_ptr<const std::string*>();
    if (string == nullptr) return fail(not_a("a command or a JSON array of strings", text));
    words.push_back(*string);
  }
  return words;
}

Result<std::optional<EnvironmentVariable>> read_variable(std::string_view text, const Lookup& caller) {
  const Cut parts = cut(text, '=');
  if (parts.head.empty()) return fail(complaint(fmt::format("'{}' has no name before its '='", text)));
  EnvironmentVariable variable{std::string(parts.head), {}};
  if (parts.tail) {
    variable.value = *parts.tail;
    return variable;
  }
  std::optional<std::string> value = caller(variable.name);
  if (!value) return std::nullopt;
  variable.value = std::move(*value);
  return variable;
}

Result<std::vector<EnvironmentVariable>> read_environment_file(std::string_view text, const Lookup& caller) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  constexpr std::string_view kBlanks = " \t\v\f\r";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<EnvironmentVariable> variables;
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    const std::string where = fmt::format("line {}", ++number);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_utf8(line)) return fail(in(where, complaint("not UTF-8")));
    if (line.find('\0') != std::string_view::npos) return fail(in(where, complaint("a null byte")));
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty() || line[0] == '#') continue;
    const std::string_view name = cut(line, '=').head;
    if (name.find_first_of(kBlanks) != std::string_view::npos) {
      return fail(in(where, complaint(fmt::format("the name '{}' has blanks in it", name))));
    }
    std::optional<EnvironmentVariable> variable = TRY_IN(where, read_variable(line, caller));
    if (variable) variables.push_back(std::move(*variable));
  }
  return variables;
}

Result<std::vector<std::pair<std::string, std::string>>> read_label_file(std::string_view text) {
  const auto empty = [](const std::string&) { return std::optional<std::string>(std::string()); };
  std::vector<std::pair<std::string, std::string>> labels;
  for (EnvironmentVariable& line : TRY(read_environment_file(text, empty)))
    labels.emplace_back(std::move(line.name), std::move(line.value));
  return labels;
}

Result<> read_exposed(std::string_view text, std::vector<std::string>& ports) {
  constexpr std::uint64_t kLast = 65535;
  const Cut parts = cut(text, '/');
  const std::string_view protocol = parts.tail.value_or("tcp");
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return fail(not_a("tcp, udp or sctp", protocol));
  const Cut ends = cut(parts.head, '-');
  const auto first = parse_unsigned(ends.head);
  const auto last = ends.tail ? parse_unsigned(*ends.tail) : first;
  if (!first || !last || *first == 0 || *last < *first || *last > kLast)
    return fail(
        not_a("a port or a range of ports", parts.head, "a port is a number from 1 to 65535: 80, 8000-8010/udp"));
  for (std::uint64_t port = *first; port <= *last; ++port) {
    std::string exposed = fmt::format("{}/{}", port, protocol);
    if (std::ranges::find(ports, exposed) == ports.end()) ports.push_back(std::move(exposed));
  }
  return {};
}

Result<std::string> read_domain(std::string_view text) {
  constexpr std::size_t kLongest = 255;  // RFC 1035, 2.3.4
  if (text == ".") return std::string(text);
  if (text.empty() || text.size() > kLongest || !only(text, {kLetters, kDigits, "_.-"}) || text[0] == '.')
    return fail(not_a("a domain", text, "'.' searches none"));
  return std::string(text);
}

Result<std::string> read_word(std::string_view text) {
  const auto is_graphic = [](char c) { return c > ' ' && c != '\x7f'; };
  if (text.empty() || !std::ranges::all_of(text, is_graphic)) return fail(not_a("a word without blanks", text));
  return std::string(text);
}

Result<std::string> read_timezone(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '/');
  const auto is_name = [](std::string_view part) {
    return !part.empty() && part[0] != '.' && only(part, {kLetters, kDigits, "_.+-"});
  };
  if (!std::ranges::all_of(parts, is_name)) return fail(not_a("a time zone", text, "Europe/Berlin, or local"));
  return std::string(text);
}

Result<std::string> read_personality(std::string_view text) {
  if (text == "LINUX" || text == "LINUX32") return std::string(text);
  return fail(complaint(fmt::format("'{}' is neither LINUX nor LINUX32", text)));
}

Result<SystemdMode> read_systemd_mode(std::string_view text) {
  if (text == "true") return SystemdMode::kDetected;
  if (text == "always") return SystemdMode::kAlways;
  if (text == "false") return SystemdMode::kNever;
  return fail(complaint(fmt::format("'{}' is none of true, always, false", text)));
}

Result<> read_attached_stream(std::string_view text, std::optional<AttachedStreams>& streams) {
  std::string word(text);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  bool AttachedStreams::* const stream = word == "stdin"    ? &AttachedStreams::input
                                         : word == "stdout" ? &AttachedStreams::output
                                         : word == "stderr" ? &AttachedStreams::error
                                                            : nullptr;
  if (stream == nullptr) return fail(complaint(fmt::format("'{}' is none of stdin, stdout, stderr", text)));
  if (!streams) streams.emplace();
  (*streams).*stream = true;
  return {};
}

Result<ImageVolumes> read_image_volumes(std::string_view text) {
  if (text == "bind" || text == "anonymous") return ImageVolumes::kMade;
  if (text == "tmpfs") return ImageVolumes::kMemory;
  if (text == "ignore") return ImageVolumes::kIgnored;
  return fail(complaint(fmt::format("'{}' is none of bind, anonymous, tmpfs, ignore", text)));
}

Result<std::chrono::nanoseconds> read_duration(std::string_view text) {
  if (const auto duration = parse_duration(text)) return *duration;
  return fail(complaint(fmt::format("'{}' is no duration: 30s and 1m30s are", text)));
}

}  // namespace caisson::engine
