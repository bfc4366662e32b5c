// What an image is made for, and which images a host or a user takes (image-spec image-index.md; names are Go's). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

struct Platform {
  std::string os;                             ///< "linux"
  std::string architecture;                   ///< "amd64", "arm"
  std::string variant = {};                   ///< "v7"
  std::string os_version = {};                ///< of Windows; nothing is compared with it
  std::vector<std::string> os_features = {};  ///< what the image needs beside

  bool operator==(const Platform&) const = default;

  std::string text() const;  ///< "linux/arm/v7"
};

/// The same by the names that are compared: "x86_64" is amd64, "arm" is arm/v7, "arm64/v8" is arm64.
Platform normal_platform(Platform platform);

/// That of a kernel, by the machine that uname(2) gives.
Platform platform_of_machine(std::string_view machine);

/// Reads OS/ARCHITECTURE[/VARIANT], or one word alone, for the other of which the host's is taken: "linux/arm/v7",
/// "arm64". Gives it as normal_platform() does.
Result<Platform> parse_platform(std::string_view text, const Platform& host);

/// What can run where `platform` was asked for, best first: itself and its lesser variants (arm/v7: v6, v5; arm64/v9:
/// v8; amd64/v3: v2, then amd64).
std::vector<Platform> fitting(const Platform& platform);

/// The same for a host, on which programs of its 32-bit sibling run too (amd64: 386; arm64: arm/v8 and lesser).
std::vector<Platform> fitting_host(const Platform& host);

/// The place of the first of `fitting` that `platform` is; nothing if it is none of them. An image that needs an OS
/// feature fits only what has it.
std::optional<std::size_t> rank(const std::vector<Platform>& fitting, const Platform& platform);

}  // namespace caisson::image
