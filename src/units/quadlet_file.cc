#include "units/quadlet_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::units {

namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash);
}

}  // namespace

Error Line::wrong(std::string_view what, std::string hint) const {
  return complaint(fmt::format("{}:{}: {}={}: {}", *path, assignment.line, key(), value(), what), std::move(hint));
}

Result<Quadlet> Quadlet::read(const std::vector<QuadletText>& files) {
  Quadlet quadlet;
  for (const QuadletText& file : files) {
    Result<std::vector<Section>> sections = read_unit_file(file.text);
    if (!sections) return fail(in(file.path, sections.error()));
    for (Section& section : *sections) {
      auto found = std::ranges::find(quadlet.groups_, section.name, &Group::name);
      if (found == quadlet.groups_.end()) {
        quadlet.groups_.push_back({section.name, section.line, &file.path, {}});
        found = std::prev(quadlet.groups_.end());
      }
      for (Assignment& assignment : section.assignments) found->lines.push_back({std::move(assignment), &file.path});
    }
  }
  return quadlet;
}

const Group* Quadlet::group(std::string_view name) const {
  const auto found = std::ranges::find(groups_, name, &Group::name);
  return found == groups_.end() ? nullptr : &*found;
}

std::vector<const Line*> Quadlet::all(std::string_view group_name, std::string_view key) const {
  std::vector<const Line*> lines;
  const Group* const found = group(group_name);
  if (found == nullptr) return lines;
  for (const Line& line : found->lines) {
    if (line.key() != key) continue;
    if (line.value().empty()) {
      lines.clear();
    } else {
      lines.push_back(&line);
    }
  }
  return lines;
}

const Line* Quadlet::last(std::string_view group_name, std::string_view key) const {
  const std::vector<const Line*> lines = all(group_name, key);
  return lines.empty() ? nullptr : lines.back();
}

Result<> Quadlet::check_sections(std::string_view own) const {
  for (const Group& group : groups_) {
    if (group.name == own || group.name == "Unit" || group.name == "Service" || group.name == "Install" ||
        group.name == "Quadlet" || group.name.starts_with("X-"))
      continue;
    return fail(complaint(fmt::format("{}:{}: there is no section [{}] here", *group.path, group.line, group.name),
                          fmt::format("[{}], [Unit], [Service], [Install] and [Quadlet] are", own)));
  }
  return {};
}

Result<bool> read_flag(const Line& line) {
  for (const char* yes : {"1", "yes", "true", "on", "y", "t"}) {
    if (line.value() == yes) return true;
  }
  for (const char* no : {"0", "no", "false", "off", "n", "f"}) {
    if (line.value() == no) return false;
  }
  return fail(line.wrong("not true or false"));
}

Result<std::vector<std::string>> read_words(const Line& line) {
  Result<std::vector<std::string>> words = split_words(line.value());
  if (!words) return fail(line.wrong(words.error().text()));
  return words;
}

std::string beside(const Line& line, const std::string& path) {
  if (!path.starts_with("./") && !path.starts_with("../") && path != "." && path != "..") return path;
  return directory_of(*line.path) + "/" + (path.starts_with("./") ? path.substr(2) : path);
}

Result<std::vector<std::string>> all_words(const Quadlet& quadlet, std::string_view group_name, std::string_view key) {
  std::vector<std::string> words;
  for (const Line* line : quadlet.all(group_name, key)) {
    for (std::string& word : TRY(read_words(*line))) words.push_back(std::move(word));
  }
  return words;
}

constexpr std::array<std::string_view, 8> kSuffixes = {".container", ".volume", ".network", ".pod",
                                                       ".kube",      ".image",  ".build",   ".artifact"};

std::optional<FileName> parse_file_name(std::string_view name) {
  for (const std::string_view suffix : kSuffixes) {
    if (name.ends_with(suffix) && name.size() > suffix.size())
      return FileName{std::string(name.substr(0, name.size() - suffix.size())), suffix};
  }
  return std::nullopt;
}

Draft::Draft(const Quadlet& quadlet, std::string_view own, std::string_view path) {
  for (const Group& group : quadlet.groups()) {
    Section section{.name = group.name == own ? fmt::format("X-{}", own) : group.name};
    for (const Line& line : group.lines) section.assignments.push_back(line.assignment);
    sections_.push_back(std::move(section));
  }
  add("Unit", "SourcePath", std::string(path));
}

bool Draft::has(std::string_view section, std::string_view key) const {
  const auto found = std::ranges::find(sections_, section, &Section::name);
  return found != sections_.end() &&
         std::ranges::find(found->assignments, key, &Assignment::key) != found->assignments.end();
}

void Draft::add(std::string_view section, std::string_view key, std::string value) {
  auto found = std::ranges::find(sections_, section, &Section::name);
  if (found == sections_.end()) found = sections_.insert(sections_.end(), Section{.name = std::string(section)});
  found->assignments.push_back({std::string(key), std::move(value)});
}

void Draft::add_unless_set(std::string_view section, std::string_view key, std::string value) {
  if (!has(section, key)) add(section, key, std::move(value));
}

Result<> add_network_online(const Quadlet& quadlet, const QuadletContext& context, Draft& draft) {
  const Line* const wanted = quadlet.last("Quadlet", "DefaultDependencies");
  if (wanted != nullptr && !TRY(read_flag(*wanted))) return {};
  if (context.is_user) return {};
  draft.add("Unit", "Wants", "network-online.target");
  draft.add("Unit", "After", "network-online.target");
  return {};
}

Result<std::vector<Link>> links_of(const Quadlet& quadlet, const FileName& name) {
  std::vector<Link> links;
  std::string unit = name.stem + ".service";
  if (const Line* instance = quadlet.last("Install", "DefaultInstance"); instance != nullptr && name.is_template())
    unit = name.stem + instance->value() + ".service";
  const auto is_safe = [](const std::string& word) { return word.find('/') == word.npos && !word.starts_with('.'); };
  for (const auto& [key, suffix] :
       {std::pair("WantedBy", ".wants/"), std::pair("RequiredBy", ".requires/"), std::pair("UpheldBy", ".upholds/")}) {
    for (const Line* line : quadlet.all("Install", key)) {
      for (const std::string& word : TRY(read_words(*line))) {
        if (!is_safe(word)) return fail(line->wrong("not the name of a unit"));
        if (unit.ends_with("@.service")) continue;  // of which instance?
        links.push_back({word + suffix + unit, "../" + name.stem + ".service"});
      }
    }
  }
  for (const Line* line : quadlet.all("Install", "Alias")) {
    for (const std::string& word : TRY(read_words(*line))) {
      if (!is_safe(word)) return fail(line->wrong("not the name of a unit"));
      links.push_back({word, unit});
    }
  }
  return links;
}

}  // namespace caisson::units
