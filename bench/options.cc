#include "options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace caisson::bench {
namespace {

Result<std::vector<const Contender*>> choose(std::string_view names) {
  std::vector<std::string_view> known;
  for (const Contender& contender : contenders()) known.push_back(contender.name);
  std::vector<const Contender*> chosen;
  for (const std::string_view name : split(names, ',')) {
    const auto found = std::ranges::find(contenders(), name, &Contender::name);
    if (found == contenders().end()) {
      const auto meant = nearest(name, known);
      return fail(complaint(fmt::format("no contender is called '{}'", name),
                            meant ? fmt::format("did you mean '{}'?", *meant) : "see --list"));
    }
    chosen.push_back(&*found);
  }
  return chosen;
}

Result<std::uint64_t> positive(std::string_view option, std::string_view text) {
  const auto number = parse_unsigned(text);
  if (!number || *number == 0) return fail(complaint(fmt::format("{}: not a positive number: '{}'", option, text)));
  return *number;
}

Result<Deed> find_deed(std::string_view word) {
  std::vector<std::string_view> known;
  for (const DeedWord& deed : deed_words()) {
    if (deed.word == word) return deed.deed;
    known.push_back(deed.word);
  }
  const auto meant = nearest(word, known);
  return fail(complaint(fmt::format("--do: not one of run, create, exec, many, memory: '{}'", word),
                        meant ? fmt::format("did you mean '{}'?", *meant) : ""));
}

Result<bool> is_filtered(std::string_view bundle) {
  if (bundle == "seccomp") return true;
  if (bundle == "default") return false;
  return fail(complaint(fmt::format("--bundle: neither default nor seccomp: '{}'", bundle)));
}

/// Takes an option that has a value: one of kValued.
Result<> set_value(Options& options, std::string_view name, std::string_view value) {
  if (name == "-n" || name == "--rounds") {
    options.rounds = TRY(positive(name, value));
  } else if (name == "--warm-up") {
    options.warm_up = TRY(positive(name, value));
  } else if (name == "--do") {
    options.work.deed = TRY(find_deed(value));
  } else if (name == "--bundle") {
    options.work.is_filtered = TRY(is_filtered(value));
  } else if (name == "--at-once") {
    options.work.at_once = TRY(positive(name, value));
  } else if (name == "--mounts") {
    options.mounts = TRY(positive(name, value));
  } else if (name == "--containers") {
    options.containers = TRY(positive(name, value));
  } else if (name == "--only") {
    options.chosen = TRY(choose(value));
  } else if (name == "--json") {
    options.json_file = value;
  } else if (name == "--build") {
    options.build = value;
  } else {  // --make-bundle
    options.bundle = value;
  }
  return {};
}

constexpr std::string_view kValued[] = {"-n",       "--rounds",     "--warm-up", "--do",   "--bundle", "--at-once",
                                        "--mounts", "--containers", "--only",    "--json", "--build",  "--make-bundle"};

}  // namespace

Result<Options> parse_options(std::span<char*> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto [name, attached] = cut(arguments[i], '=');
    if (name == "--help" || name == "-h") {
      options.wants_help = true;
    } else if (name == "--list") {
      options.wants_list = true;
    } else if (std::ranges::find(kValued, name) == std::end(kValued)) {
      return fail(complaint(fmt::format("unknown option '{}'", arguments[i]), "see --help"));
    } else {
      if (!attached && i + 1 == arguments.size()) return fail(complaint(fmt::format("{} needs a value", name)));
      TRY(set_value(options, name, attached ? *attached : std::string_view(arguments[++i])));
    }
  }
  if (options.chosen.empty())
    for (const Contender& contender : contenders())
      if (takes_part_unasked(contender, options.work)) options.chosen.push_back(&contender);
  return options;
}

}  // namespace caisson::bench
