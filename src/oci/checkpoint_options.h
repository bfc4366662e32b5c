// The options that checkpoint and restore share.
#pragma once

#include <fmt/format.h>
#include <array>

#include "kernel/files.h"
#include "oci/command.h"
#include "runtime/criu_arguments.h"

namespace caisson::oci {

/// How their paths are read: from the working directory.
Result<std::string> absolute_image_path(const std::string& given);

/// What the values of options that are words may be.
Result<std::string> read_cgroups_mode(const Use& use);
Result<std::string> read_network_lock(const Use& use);
Result<> check_empty_namespace(const Use& use);

/// Setters of rows whose target has a member `criu` (runtime::CriuOptions).
template <class Target, bool runtime::CriuOptions::* member>
Result<> set_criu_flag(Target& target, const Use& use) {
  target.criu.*member = use.value == "true";
  return {};
}

template <class Target>
constexpr auto common_criu_rows() {
  using runtime::CriuOptions;
  return std::array{
      Option<Target>{{"image-path", 0, "DIR", {}, "The directory of the images (default: ./checkpoint)"},
                     [](Target& target, const Use& use) -> Result<> {
                       target.criu.image_path = std::string(use.value);
                       return {};
                     }},
      Option<Target>{
          {"work-path", 0, "DIR", {}, "The directory of criu's log and statistics (default: that of the images)"},
          [](Target& target, const Use& use) -> Result<> {
            target.criu.work_path = std::string(use.value);
            return {};
          }},
      Option<Target>{{"tcp-established", 0, {}, {}, "Also open TCP connections"},
                     set_criu_flag<Target, &CriuOptions::tcp_established>},
      Option<Target>{{"ext-unix-sk", 0, {}, {}, "Also Unix sockets whose other end is outside"},
                     set_criu_flag<Target, &CriuOptions::ext_unix_sk>},
      Option<Target>{{"shell-job", 0, {}, {}, "Also what has the terminal of the shell it was started from"},
                     set_criu_flag<Target, &CriuOptions::shell_job>},
      Option<Target>{{"file-locks", 0, {}, {}, "Also locks on files"}, set_criu_flag<Target, &CriuOptions::file_locks>},
      Option<Target>{{"link-remap", 0, {}, {}, "Also open files whose names are gone: they get new ones"},
                     set_criu_flag<Target, &CriuOptions::link_remap>},
      Option<Target>{
          {"manage-cgroups-mode", 0, "MODE", {}, "How criu treats cgroups: soft, full, strict, ignore (default soft)"},
          [](Target& target, const Use& use) -> Result<> {
            target.criu.manage_cgroups = TRY(read_cgroups_mode(use));
            return {};
          }},
      Option<Target>{
          {"empty-ns", 0, "NAMESPACE", {}, "Network devices are left out whether it is given or not: network", true},
          [](Target&, const Use& use) -> Result<> { return check_empty_namespace(use); }},
      Option<Target>{{"auto-dedup", 0, {}, {}, "Take from the images what is there twice, or has been restored"},
                     set_criu_flag<Target, &CriuOptions::auto_dedup>},
      Option<Target>{{"lazy-pages", 0, {}, {}, "Fetch memory when it is used (userfaultfd(2))"},
                     set_criu_flag<Target, &CriuOptions::lazy_pages>},
      Option<Target>{{"network-lock", 0, "METHOD", {}, "How connections are held up meanwhile: iptables, nftables"},
                     [](Target& target, const Use& use) -> Result<> {
                       target.criu.network_lock = TRY(read_network_lock(use));
                       return {};
                     }},
  };
}

/// Two tables as one.
template <class Target, std::size_t one, std::size_t two>
constexpr std::array<Option<Target>, one + two> joined(const std::array<Option<Target>, one>& first,
                                                       const std::array<Option<Target>, two>& second) {
  std::array<Option<Target>, one + two> rows;
  for (std::size_t i = 0; i < one; ++i) rows[i] = first[i];
  for (std::size_t i = 0; i < two; ++i) rows[one + i] = second[i];
  return rows;
}

/// Makes the paths in `options` absolute.
Result<> complete_paths(runtime::CriuOptions& options);

/// criu needs root; an ordinary user is told so before it says it in its own words.
void warn_ordinary_user(const Command& command);

}  // namespace caisson::oci
