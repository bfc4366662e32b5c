#include "cli/selection.h"

#include <cstdio>

#include <fmt/format.h>

#include "cli/names.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

constexpr std::size_t kIdBytes = 4096;

Result<engine::Container> latest(const Command& command) {
  engine::Listing listing = TRY(engine::list_containers(command.places));
  if (listing.containers.empty()) return fail(complaint("there is no container"));
  return std::move(listing.containers.front());
}

Result<std::string> id_in(const std::string& path) {
  const std::string text = TRY_IN("--cidfile", kernel::read_file(path, kIdBytes));
  return text.substr(0, text.find('\n'));
}

Result<std::vector<engine::Container>> choose(const Command& command, ContainerFilters filters) {
  TRY(filters.look_up(command.places));
  std::vector<engine::Container> chosen;
  for (engine::Container& container : TRY(engine::list_containers(command.places)).containers) {
    if (filters.pass(container, ContainerFilters::more_of(command.places, container)))
      chosen.push_back(std::move(container));
  }
  return chosen;
}

Result<> check(const Selection& selection, const std::vector<std::string>& names) {
  const bool named = !names.empty() || !selection.id_files.empty();
  const bool filtered = !selection.filters.is_empty();
  if (selection.latest && (selection.all || filtered))
    return fail(complaint(fmt::format("{} and --latest exclude each other", selection.all ? "--all" : "--filter")));
  if (!named) return selection.all || selection.latest || filtered ? Result<>() : require_names(names);
  if (!selection.all && !selection.latest && !filtered) return {};
  const std::string_view option = selection.all ? "--all" : selection.latest ? "--latest" : "--filter";
  return fail(complaint(fmt::format("{} selects the containers: none can be named", option)));
}

}  // namespace

int for_each_selected(const Command& command, const Selection& selection, const std::vector<std::string>& names,
                      const Fits& fits, const Work& work, Print print) {
  if (const Result<> checked = check(selection, names); !checked) return refuse(command, checked.error());
  int status = 0;
  const auto handle = [&](const std::string& shown, const Result<>& done) {
    if (done && print == Print::kNothing) return;
    if (done) {
      std::printf("%s\n", shown.c_str());
      std::fflush(stdout);
      return;
    }
    refuse(command, done.error());
    status = 1;
  };
  const auto handle_named = [&](const std::string& name) {
    const Result<engine::Container> container = engine::find_container(command.places, name);
    if (!container && selection.ignore && engine::is_no_such_container(container.error())) return;
    handle(name, container ? work(*container) : fail(container.error()));
  };
  if (selection.latest) {
    const Result<engine::Container> container = latest(command);
    if (!container) return refuse(command, container.error());
    handle(container->record.id, work(*container));
  }
  if (selection.all || !selection.filters.is_empty()) {
    const Result<std::vector<engine::Container>> chosen = choose(command, selection.filters);
    if (!chosen) return refuse(command, chosen.error());
    for (const engine::Container& container : *chosen) {
      if (fits(container)) handle(container.record.id, work(container));
    }
  }
  for (const std::string& name : names) handle_named(name);
  for (const std::string& file : selection.id_files) {
    const Result<std::string> id = id_in(file);
    if (!id && selection.ignore && id.error().number == ENOENT) continue;
    if (id) {
      handle_named(*id);
    } else {
      handle(file, fail(id.error()));
    }
  }
  return status;
}

Result<engine::Container> find_selected(const Command& command, const Selection& selection,
                                        const std::vector<std::string>& names) {
  TRY(check(selection, names));
  if (selection.latest) return latest(command);
  if (names.size() != 1) return fail(complaint("the name of one container is needed"));
  return engine::find_container(command.places, names[0]);
}

}  // namespace caisson::cli
