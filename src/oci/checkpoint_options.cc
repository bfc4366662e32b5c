#include "oci/checkpoint_options.h"

#include <unistd.h>

#include <algorithm>

namespace caisson::oci {

namespace {

Result<std::string> one_of(const Use& use, std::span<const std::string_view> words, std::string_view complaint_words) {
  if (std::find(words.begin(), words.end(), use.value) != words.end()) return std::string(use.value);
  return fail(complaint(fmt::format("{}: '{}' is none of {}", complaint_words, use.value, fmt::join(words, ", "))));
}

}  // namespace

Result<std::string> absolute_image_path(const std::string& given) {
  if (given.starts_with('/')) return given;
  return TRY(kernel::absolute_path(".")) + "/" + given;
}

Result<std::string> read_cgroups_mode(const Use& use) {
  constexpr std::array<std::string_view, 4> kModes = {"soft", "full", "strict", "ignore"};
  return one_of(use, kModes, "Invalid manage-cgroups-mode value");
}

Result<std::string> read_network_lock(const Use& use) {
  constexpr std::array<std::string_view, 2> kMethods = {"iptables", "nftables"};
  return one_of(use, kMethods, "invalid network lock method");
}

Result<> check_empty_namespace(const Use& use) {
  if (use.value == "network") return {};
  return fail(complaint(fmt::format("namespace \"{}\" is not supported", use.value)));
}

Result<> complete_paths(runtime::CriuOptions& options) {
  options.image_path = TRY(absolute_image_path(options.image_path.empty() ? "checkpoint" : options.image_path));
  if (!options.work_path.empty()) options.work_path = TRY(absolute_image_path(options.work_path));
  return {};
}

void warn_ordinary_user(const Command& command) {
  if (::geteuid() != 0) command.report.log().warning("criu needs root's privileges to dump and to restore");
}

}  // namespace caisson::oci
