// The bundles that OCI runtimes are measured with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::bench {

/// What differs between the bundles.
struct BundleContents {
  std::filesystem::path rootfs;
  std::string cgroup;  ///< its absolute path
  std::vector<std::string> args = {"true"};
  bool is_filtered = false;              ///< with the default seccomp profile of podman
  std::uint64_t memory_limit_bytes = 0;  ///< 0: none
};

/// The config that `runc spec` (1.1) writes, but without a terminal, and with `contents`.
nlohmann::ordered_json make_config(const BundleContents& contents);

/// Writes `directory`/config.json; makes the directory if there is none. Errors: it cannot be written.
Result<> write_bundle(const std::filesystem::path& directory, const BundleContents& contents);

/// Writes the filter that the profile amounts to, as an array of struct sock_filter, for a program that compiles none.
/// Errors: it cannot be written; it would have to be loaded with other flags than SECCOMP_FILTER_FLAG_SPEC_ALLOW.
Result<> write_filter(const std::filesystem::path& file);

}  // namespace caisson::bench
