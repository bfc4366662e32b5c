// Which containers a verb works on: by name, by id, all of them, the latest.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/container_filter.h"
#include "engine/containers.h"

namespace caisson::cli {

/// What the options of a verb say of it; a verb's own options derive from this.
struct Selection {
  bool all = false;
  bool latest = false;
  bool ignore = false;                ///< a container that is not there is none to work on
  std::vector<std::string> id_files;  ///< --cidfile: files with an id
  ContainerFilters filters;           ///< with them, all that they let through
};

/// Rows for a verb's table.
template <class Options>
constexpr Option<Options> all_row(std::string_view help, char letter = 'a') {
  return {{"all", letter, {}, {}, help},
          [](Options& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }};
}
template <class Options>
constexpr Option<Options> latest_row() {
  return {
      {"latest", 'l', {}, {}, "The container that was created last"},
      [](Options& options, const Use& use) -> Result<> { return options.latest = use.value == "true", Result<>(); }};
}
template <class Options>
constexpr Option<Options> ignore_row(char letter = 'i') {
  return {
      {"ignore", letter, {}, {}, "Pass over containers that are not there"},
      [](Options& options, const Use& use) -> Result<> { return options.ignore = use.value == "true", Result<>(); }};
}
template <class Options>
constexpr Option<Options> id_file_row() {
  return {{"cidfile", 0, "FILE", {}, "The container whose id is in FILE", true},
          [](Options& options, const Use& use) -> Result<> {
            options.id_files.emplace_back(use.value);
            return {};
          }};
}

template <class Options>
constexpr Option<Options> filter_row() {
  return {{"filter", 0, "KEY=VALUE", {}, "Those that have it, as in caisson ps", true},
          [](Options& options, const Use& use) -> Result<> { return options.filters.add(use.value); }};
}

/// Calls `work` for each container that is named or selected, `fits` telling which those of --all are; prints its name
/// as typed (its id, where it was not) when that went well, the error when not. Returns 0, 1 if any failed, or the exit
/// status of a refusal: none is named, or names beside --all or --latest.
enum class Print { kName, kNothing };
using Fits = std::function<bool(const engine::Container&)>;
using Work = std::function<Result<>(const engine::Container&)>;
int for_each_selected(const Command& command, const Selection& selection, const std::vector<std::string>& names,
                      const Fits& fits, const Work& work, Print print = Print::kName);

/// The one container that a verb is about. Errors: none, or several, are named; there is none.
Result<engine::Container> find_selected(const Command& command, const Selection& selection,
                                        const std::vector<std::string>& names);

}  // namespace caisson::cli
