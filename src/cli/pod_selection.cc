#include "cli/pod_selection.h"

#include <cstdio>

#include <fmt/format.h>

#include "kernel/files.h"

namespace caisson::cli {

namespace {

constexpr std::size_t kIdBytes = 4096;

Result<std::string> id_in(const std::string& path) {
  const std::string text = TRY_IN("--pod-id-file", kernel::read_file(path, kIdBytes));
  return text.substr(0, text.find('\n'));
}

Result<> check(const PodSelection& selection, const std::vector<std::string>& names) {
  const bool named = !names.empty() || !selection.id_files.empty();
  if (selection.latest && selection.all) return fail(complaint("--all and --latest exclude each other"));
  if (!named && !selection.all && !selection.latest)
    return fail(complaint("which pod? A name or the beginning of an id is needed"));
  if (!named || (!selection.all && !selection.latest)) return {};
  return fail(complaint(fmt::format("{} selects the pods: none can be named", selection.all ? "--all" : "--latest")));
}

Result<std::vector<engine::Pod>> all_pods(const Command& command) {
  engine::PodListing listing = TRY(engine::list_pods(command.places));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  return std::move(listing.pods);
}

Result<std::vector<engine::Pod>> unnamed(const Command& command, const PodSelection& selection) {
  if (!selection.all && !selection.latest) return std::vector<engine::Pod>();
  std::vector<engine::Pod> pods = TRY(all_pods(command));
  if (selection.all) return pods;
  if (pods.empty()) return fail(complaint("there is no pod"));
  pods.resize(1);
  return pods;
}

Result<std::vector<std::string>> all_names(const PodSelection& selection, const std::vector<std::string>& names) {
  std::vector<std::string> all = names;
  for (const std::string& file : selection.id_files) {
    Result<std::string> id = id_in(file);
    if (!id && selection.ignore && id.error().number == ENOENT) continue;
    all.push_back(TRY(std::move(id)));
  }
  return all;
}

}  // namespace

int for_each_pod(const Command& command, const PodSelection& selection, const std::vector<std::string>& names,
                 const std::function<Result<>(const engine::Pod&)>& work) {
  if (const Result<> checked = check(selection, names); !checked) return refuse(command, checked.error());
  const Result<std::vector<engine::Pod>> selected = unnamed(command, selection);
  if (!selected) return refuse(command, selected.error());
  const Result<std::vector<std::string>> named = all_names(selection, names);
  if (!named) return refuse(command, named.error());
  int status = 0;
  const auto handle = [&](const std::string& shown, const Result<>& done) {
    if (done) {
      std::printf("%s\n", shown.c_str());
      std::fflush(stdout);
      return;
    }
    refuse(command, done.error());
    status = 1;
  };
  for (const engine::Pod& pod : *selected) handle(pod.record.id, work(pod));
  for (const std::string& name : *named) {
    const Result<engine::Pod> pod = engine::find_pod(command.places, name);
    if (!pod && selection.ignore && engine::is_no_such_pod(pod.error())) continue;
    handle(pod ? pod->record.id : name, pod ? work(*pod) : fail(pod.error()));
  }
  return status;
}

Result<std::vector<engine::Pod>> selected_pods(const Command& command, const PodSelection& selection,
                                               const std::vector<std::string>& names) {
  TRY(check(selection, names));
  std::vector<engine::Pod> pods = TRY(unnamed(command, selection));
  for (const std::string& name : TRY(all_names(selection, names)))
    pods.push_back(TRY(engine::find_pod(command.places, name)));
  return pods;
}

}  // namespace caisson::cli
