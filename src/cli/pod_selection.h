// Which pods a verb works on: by name, by id, all of them, the latest.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/pod_filter.h"
#include "engine/pods.h"

namespace caisson::cli {

/// What the options of a verb say of it; a verb's own options derive from this.
struct PodSelection {
  bool all = false;
  bool latest = false;
  bool ignore = false;                ///< a pod that is not there is none to work on
  std::vector<std::string> id_files;  ///< --pod-id-file
};

/// Rows for a verb's table.
template <class Options>
constexpr Option<Options> all_pods_row(std::string_view help) {
  return {{"all", 'a', {}, {}, help},
          [](Options& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }};
}
template <class Options>
constexpr Option<Options> latest_pod_row() {
  return {{"latest", 'l', {}, {}, "The pod that was created last"}, [](Options& options, const Use& use) -> Result<> {
            return options.latest = use.value == "true", Result<>();
          }};
}
template <class Options>
constexpr Option<Options> ignore_pods_row() {
  return {
      {"ignore", 'i', {}, {}, "Pass over pods that are not there"},
      [](Options& options, const Use& use) -> Result<> { return options.ignore = use.value == "true", Result<>(); }};
}
template <class Options>
constexpr Option<Options> pod_id_file_row() {
  return {{"pod-id-file", 0, "FILE", {}, "The pod whose id is in FILE", true},
          [](Options& options, const Use& use) -> Result<> {
            options.id_files.emplace_back(use.value);
            return {};
          }};
}

/// Calls `work` for each pod that is named or selected, and prints its id when that went well, the error when not.
/// Returns 0, 1 if any failed, or the exit status of a refusal: none is named, or names beside --all or --latest.
int for_each_pod(const Command& command, const PodSelection& selection, const std::vector<std::string>& names,
                 const std::function<Result<>(const engine::Pod&)>& work);

/// The pods that are named or selected, for verbs that show them. Errors as above; there is no such pod.
Result<std::vector<engine::Pod>> selected_pods(const Command& command, const PodSelection& selection,
                                               const std::vector<std::string>& names);

}  // namespace caisson::cli
