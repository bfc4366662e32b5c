#include "image/platform.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

// Other names for an architecture, and the variant that some of them mean.
struct Alias {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};
constexpr std::array kAliases = {
    Alias{"x86_64", "amd64", ""},   Alias{"x86-64", "amd64", ""},       Alias{"i386", "386", ""},
    Alias{"i486", "386", ""},       Alias{"i586", "386", ""},           Alias{"i686", "386", ""},
    Alias{"aarch64", "arm64", ""},  Alias{"armhf", "arm", "v7"},        Alias{"armel", "arm", "v6"},
    Alias{"armv8l", "arm", "v8"},   Alias{"armv7l", "arm", "v7"},       Alias{"armv6l", "arm", "v6"},
    Alias{"armv5tel", "arm", "v5"}, Alias{"loongarch64", "loong64", ""}};

// What a variant is when none is written.
struct Implied {
  std::string_view architecture;
  std::string_view variant;
  bool written;  // in the normal form
};
constexpr std::array kImplied = {Implied{"arm", "v7", true}, Implied{"arm64", "v8", false},
                                 Implied{"amd64", "v1", false}};

// The architectures that a single word may be; any other word is an operating system.
constexpr std::array kArchitectures = {
    std::string_view("386"),     std::string_view("amd64"),   std::string_view("arm"),
    std::string_view("arm64"),   std::string_view("loong64"), std::string_view("mips64le"),
    std::string_view("ppc64le"), std::string_view("riscv64"), std::string_view("s390x")};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// The variants below `variant`, best first: "v7" → "v6", "v5" for `least` 5.
std::vector<std::string> lesser(std::string_view variant, std::uint64_t least) {
  std::vector<std::string> variants;
  const std::optional<std::uint64_t> number = parse_unsigned(variant.substr(std::min<std::size_t>(1, variant.size())));
  constexpr std::uint64_t kMost = 16;
  for (std::uint64_t v = std::min(number.value_or(0), kMost); v > least; --v)
    variants.push_back(fmt::format("v{}", v - 1));
  return variants;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

}  // namespace

std::string Platform::text() const { return os + "/" + architecture + (variant.empty() ? "" : "/" + variant); }

Platform normal_platform(Platform platform) {
  platform.os = lower(platform.os);
  platform.architecture = lower(platform.architecture);
  platform.variant = lower(platform.variant);
  const auto alias = std::ranges::find(kAliases, platform.architecture, &Alias::name);
  if (alias != kAliases.end()) {
    platform.architecture = alias->architecture;
    if (platform.variant.empty()) platform.variant = alias->variant;
  }
  if (parse_unsigned(platform.variant)) platform.variant.insert(0, "v");
  const auto implied = std::ranges::find(kImplied, platform.architecture, &Implied::architecture);
  if (implied == kImplied.end()) return platform;
  if (implied->written && platform.variant.empty()) platform.variant = implied->variant;
  if (!implied->written && platform.variant == implied->variant) platform.variant.clear();
  return platform;
}

Platform platform_of_machine(std::string_view machine) {
  return normal_platform({.os = "linux", .architecture = std::string(machine)});
}

Result<Platform> parse_platform(std::string_view text, const Platform& host) {
  const std::vector<std::string> words = [&] {
    std::vector<std::string> pieces;
    for (const std::string_view word : split(text, '/')) pieces.push_back(lower(word));
    return pieces;
  }();
  if (words.size() > 3 || !std::ranges::all_of(words, is_word)) {
    return fail(complaint(fmt::format("not a platform: {}", quoted_name(text)), "linux/amd64 and linux/arm/v7 are"));
  }
  if (words.size() > 1) {
    return normal_platform(
        {.os = words[0], .architecture = words[1], .variant = words.size() > 2 ? words[2] : std::string()});
  }
  Platform alone = normal_platform({.os = host.os, .architecture = words[0]});
  if (std::ranges::find(kArchitectures, alone.architecture) != kArchitectures.end()) return alone;
  return normal_platform({.os = words[0], .architecture = host.architecture, .variant = host.variant});
}

std::vector<Platform> fitting(const Platform& platform) {
  Platform one = normal_platform(platform);
  std::vector<Platform> platforms = {one};
  const auto add = [&](std::string variant) {
    one.variant = std::move(variant);
    if (const Platform normal = normal_platform(one); normal != platforms.back()) platforms.push_back(normal);
  };
  const std::string variant = one.variant;
  if (one.architecture == "arm") {
    for (const std::string& less : lesser(variant, 5)) add(less);
  } else if (one.architecture == "arm64") {
    // v9.2 runs what v9.1 does, v9 and v8.
    const Cut version = cut(variant, '.');
    if (version.tail) {
      for (const std::string& less : lesser("v" + std::string(*version.tail), 1)) {
        add(std::string(version.head) + "." + less.substr(1));
      }
      add(std::string(version.head));
    }
    for (const std::string& less : lesser(version.head, 8)) add(less);
  } else if (one.architecture == "amd64") {
    for (const std::string& less : lesser(variant, 1)) add(less);
  }
  return platforms;
}

std::vector<Platform> fitting_host(const Platform& host) {
  std::vector<Platform> platforms = fitting(host);
  const std::string& architecture = platforms.front().architecture;
  Platform sibling = {.os = host.os, .architecture = {}, .os_features = host.os_features};
  if (architecture == "amd64") {
    sibling.architecture = "386";
  } else if (architecture == "arm64") {
    sibling.architecture = "arm";
    sibling.variant = "v8";
  } else {
    return platforms;
  }
  for (Platform& platform : fitting(sibling)) platforms.push_back(std::move(platform));
  return platforms;
}

std::optional<std::size_t> rank(const std::vector<Platform>& fitting, const Platform& platform) {
  const Platform normal = normal_platform(platform);
  const auto found = std::ranges::find_if(fitting, [&](const Platform& one) {
    return one.os == normal.os && one.architecture == normal.architecture && one.variant == normal.variant &&
           std::ranges::all_of(normal.os_features, [&](const std::string& feature) {
             return std::ranges::find(one.os_features, feature) != one.os_features.end();
           });
  });
  if (found == fitting.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fitting.begin());
}

}  // namespace caisson::image
