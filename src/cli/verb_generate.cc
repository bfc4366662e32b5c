// generate systemd: units that start and stop containers, or make them anew.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/verb_kube.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/value_grammar.h"
#include "kernel/files.h"
#include "units/unit_text.h"

namespace caisson::cli {

namespace {

struct GenerateOptions {
  bool by_name = false;
  bool files = false;
  bool anew = false;
  bool header = true;
  bool json = false;
  std::string prefix = "container";
  std::string separator = "-";
  std::optional<std::int32_t> stop_timeout_s;
  units::ContainerUnit unit;  // what is the same for all containers
};

template <auto Member>
Result<> set_flag(GenerateOptions& options, const Use& use) {
  options.*Member = use.value == "true";
  return {};
}
template <auto Member>
Result<> add_unit_word(GenerateOptions& options, const Use& use) {
  // podman has one value with blanks between; several uses are understood too.
  for (const std::string_view word : split(use.value, ' ')) {
    if (!word.empty()) (options.unit.*Member).emplace_back(word);
  }
  return {};
}
template <auto Member>
Result<> set_name_part(GenerateOptions& options, const Use& use) {
  if (use.value.find('/') != use.value.npos) return fail(complaint("a unit's name has no '/'"));
  options.*Member = use.value;
  return {};
}

Result<> set_restart_policy(GenerateOptions& options, const Use& use) {
  constexpr std::array<std::string_view, 7> kPolicies = {"no",          "on-success", "on-failure", "on-abnormal",
                                                         "on-watchdog", "on-abort",   "always"};
  if (std::ranges::find(kPolicies, use.value) == kPolicies.end()) {
    return fail(
        complaint(fmt::format("'{}' is none of {}", use.value, join({kPolicies.begin(), kPolicies.end()}, ", "))));
  }
  options.unit.restart_policy = use.value;
  return {};
}

Result<> set_format(GenerateOptions& options, const Use& use) {
  if (use.value != "json") return fail(complaint(fmt::format("'{}': json is the one format there is", use.value)));
  options.json = true;
  return {};
}

Result<> set_stop_timeout(GenerateOptions& options, const Use& use) {
  options.stop_timeout_s = static_cast<std::int32_t>(TRY(engine::read_number(use.value, -1, INT32_MAX / 1000)));
  return {};
}

Result<std::uint32_t> seconds(const Use& use) {
  return static_cast<std::uint32_t>(TRY(engine::read_number(use.value, 0, INT32_MAX)));
}

const Option<GenerateOptions> kOptions[] = {
    {{"name", 'n', {}, {}, "Call containers by their names, not by their ids"}, set_flag<&GenerateOptions::by_name>},
    {{"files", 'f', {}, {}, "Write NAME.service here, and print where"}, set_flag<&GenerateOptions::files>},
    {{"new", 0, {}, {}, "Units that make the container anew with each start, and remove it with its end"},
     set_flag<&GenerateOptions::anew>},
    {{"restart-policy", 0, "WHEN", {}, "When systemd starts it again: on-failure (the default), no, always, …"},
     set_restart_policy},
    {{"restart-sec", 0, "SECONDS", {}, "How long systemd waits before that"},
     [](GenerateOptions& options, const Use& use) -> Result<> {
       return options.unit.restart_s = TRY(seconds(use)), Result<>();
     }},
    {{"start-timeout", 0, "SECONDS", {}, "How long a start may take (default systemd's)"},
     [](GenerateOptions& options, const Use& use) -> Result<> {
       return options.unit.start_timeout_s = TRY(seconds(use)), Result<>();
     }},
    {{"stop-timeout", 't', "SECONDS", {}, "How long stopping waits before it kills (default the container's)"},
     set_stop_timeout},
    {{"time", 0, "SECONDS", {}, {}, false, "stop-timeout"}, set_stop_timeout},
    {{"container-prefix", 0, "TEXT", {}, "What units' names begin with (default container)"},
     set_name_part<&GenerateOptions::prefix>},
    {{"separator", 0, "TEXT", {}, "What stands between that and the container (default -)"},
     set_name_part<&GenerateOptions::separator>},
    {{"after", 0, "UNIT", {}, "Start behind that unit", true}, add_unit_word<&units::ContainerUnit::after>},
    {{"requires", 0, "UNIT", {}, "Need that unit", true}, add_unit_word<&units::ContainerUnit::requires_units>},
    {{"wants", 0, "UNIT", {}, "Start that unit too", true}, add_unit_word<&units::ContainerUnit::wants>},
    {{"env", 'e', "NAME=VALUE", {}, "Set a variable of the unit", true},
     [](GenerateOptions& options, const Use& use) -> Result<> {
       if (!cut(use.value, '=').tail) return fail(complaint("NAME=VALUE is needed"));
       return options.unit.environment.emplace_back(use.value), Result<>();
     }},
    {{"no-header", 0, {}, {}, "No comment that says what made it"},
     [](GenerateOptions& options, const Use& use) -> Result<> {
       return options.header = use.value != "true", Result<>();
     }},
    {{"format", 0, "json", {}, "An object with the text of each unit"}, set_format},
    {{"template", 0}},
    {{"pod-prefix", 0, "TEXT"}},
};

/// How units call this program: by its path, and with the places that are not those of whoever runs it.
Result<std::vector<std::string>> program_of(const engine::Places& places) {
  engine::Places usual;
  TRY(engine::find_defaults(usual));
  std::vector<std::string> words = {places.program};
  if (places.root != usual.root) words.insert(words.end(), {"--root", places.root});
  if (places.runroot != usual.runroot) words.insert(words.end(), {"--runroot", places.runroot});
  return words;
}

/// What made the container, without what the unit says itself.
Result<std::vector<std::string>> create_words(const Command& command, const engine::Record& record) {
  constexpr std::array<std::string_view, 7> kOfTheUnit = {"--detach",  "--rm",          "--replace", "--cidfile",
                                                          "--restart", "--detach-keys", "--timings"};
  if (record.create_words.empty())
    return fail(complaint(fmt::format("how {} was made is not known: it is of an older caisson", record.name),
                          "without --new it is started as it is"));
  std::vector<std::string> words;
  for (auto word = record.create_words.begin(); word != record.create_words.end(); ++word) {
    if (!word->starts_with("--")) {
      words.insert(words.end(), word, record.create_words.end());  // the source, and what is behind it
      break;
    }
    const Cut parts = cut(std::string_view(*word), '=');
    if (parts.head == "--preserve-fds")
      return fail(complaint(fmt::format("{} of {}: a unit has no open files to pass on", *word, record.name)));
    if (std::ranges::find(kOfTheUnit, parts.head) != kOfTheUnit.end()) continue;
    if (parts.tail && (parts.tail->starts_with("./") || parts.tail->starts_with("../")))
      command.log.warning(fmt::format("{} of {}: a unit runs in /", *word, record.name));
    words.push_back(*word);
  }
  return words;
}

Result<units::ContainerUnit> unit_of(const Command& command, const GenerateOptions& options,
                                     const engine::Container& container) {
  const engine::Record& record = container.record;
  units::ContainerUnit unit = options.unit;
  unit.program = TRY(program_of(command.places));
  unit.root = command.places.root;
  unit.container = options.by_name ? record.name : record.id;
  unit.name = options.prefix + (options.prefix.empty() ? "" : options.separator) + unit.container;
  unit.stop_timeout_s = options.stop_timeout_s.value_or(record.stop_timeout_s);
  if (options.anew) {
    unit.create_words = TRY(create_words(command, record));
    const auto names_it = [](const std::string& word) { return word.starts_with("--name="); };
    unit.has_name = std::ranges::any_of(*unit.create_words, names_it);
    if (options.by_name && !unit.has_name) {
      unit.create_words->insert(unit.create_words->begin(), "--name=" + record.name);
      unit.has_name = true;
    }
  } else if (record.remove) {
    return fail(
        complaint(fmt::format("{} is removed with its end (--rm): there is nothing to start again", record.name),
                  "--new makes it anew"));
  } else if (record.restart.when != engine::RestartWhen::kNo) {
    command.log.warning(
        fmt::format("{} is started again by its own policy ({}) as well as by systemd: `caisson update "
                    "--restart no {}` leaves it to systemd",
                    record.name, engine::restart_policy_words(record.restart), record.name));
  }
  return unit;
}

Result<> write_unit(const std::string& path, const std::string& text) {
  const Fd file = TRY(kernel::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return kernel::write_all(file.get(), text, path);
}

}  // namespace

Manual generate_systemd_manual() {
  return {"[OPTION…] CONTAINER…",
          "Prints units of systemd that start and stop containers. They go where systemd.unit(5) says: "
          "/etc/systemd/system, or ~/.config/systemd/user of an ordinary user, for whom `loginctl enable-linger` lets "
          "them run without a login.",
          spellings(kOptions), Order::kAnywhere,
          "caisson generate systemd --new --name --files web\n"
          "  Writes container-web.service, which runs a new container web with each start.\n"
          "systemctl enable --now ./container-web.service\n"
          "  Starts it, now and with each boot."};
}

int verb_generate_systemd(const Command& command) {
  GenerateOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty()) return refuse(command, complaint("the name of a container is needed"));
  engine::sweep(command.places, command.log);
  // All or none.
  std::vector<units::ContainerUnit> units;
  for (const std::string& name : parsed->operands) {
    const Result<engine::Container> container = engine::find_container(command.places, name);
    if (!container) return refuse(command, container.error());
    Result<units::ContainerUnit> unit = unit_of(command, options, *container);
    if (!unit) return refuse(command, unit.error());
    units.push_back(std::move(*unit));
  }
  nlohmann::ordered_json printed = nlohmann::ordered_json::object();
  for (const units::ContainerUnit& unit : units) {
    const std::string file_name = unit.name + ".service";
    const std::string header =
        options.header ? fmt::format("# {}\n# made by caisson {}\n\n", file_name, CAISSON_VERSION) : "";
    const std::string text = header + units::unit_text(unit);
    std::string shown = text;
    if (options.files) {
      std::error_code error;
      shown = (std::filesystem::current_path(error) / file_name).string();
      if (const Result<> written = write_unit(shown, text); !written) return refuse(command, written.error());
      shown += "\n";
    }
    if (options.json) {
      printed[unit.name] = options.files ? shown.substr(0, shown.size() - 1) : text;
    } else {
      std::fputs(shown.c_str(), stdout);
    }
  }
  if (options.json) std::puts(printed.dump(2).c_str());
  return 0;
}

namespace {

constexpr Verb kVerbs[] = {{"systemd", "Write units that start and stop containers, or make them anew",
                            verb_generate_systemd, generate_systemd_manual},
                           {"kube", "Print a manifest of Kubernetes that makes containers and pods again",
                            verb_kube_generate, kube_generate_manual}};

}  // namespace

std::span<const Verb> generate_verbs() { return kVerbs; }

}  // namespace caisson::cli
