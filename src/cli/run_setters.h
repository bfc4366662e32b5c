// What the options of `caisson run` do with their values. Inside the room only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/run_options.h"
#include "engine/value_grammar.h"

namespace caisson::cli {

/// The option as one word: "--memory=100m", "--rm".
std::string as_word(const Use& use);

/// What the rows of the table fill in.
struct RunInput {
  engine::RunOptions options;
  const Caller& caller;
  std::map<std::string, std::string> file_labels = {};  ///< of --label-file: weaker than those of --label

  void remember(const Use& use) {
    std::string& typed = options.typed[std::string(use.name)];
    typed = use.repeated && !typed.empty() ? typed + " " + use.typed : use.typed;
    options.create_words.push_back(as_word(use));
  }
};

/// The rows of the table of `run` whose options another verb has, too.
std::vector<Option<RunInput>> run_rows(const std::function<bool(const Spelling&)>& wanted);
inline constexpr std::string_view kLimitsGroup = "Limits";

/// What an option does, by the kind of its member.
template <auto Member>
Result<> flag(RunInput& input, const Use& use) {
  input.options.*Member = use.value == "true";
  return {};
}

template <auto Member>
Result<> text(RunInput& input, const Use& use) {
  input.options.*Member = std::string(use.value);
  return {};
}

/// The value as one of the engine's grammars reads it.
template <auto Member, auto Read>
Result<> value(RunInput& input, const Use& use) {
  input.options.*Member = TRY(Read(use.value));
  return {};
}

template <auto Member, std::int64_t Least, std::int64_t Most>
Result<> number(RunInput& input, const Use& use) {
  auto& member = input.options.*Member;
  using Stored = std::remove_reference_t<decltype(member)>;
  const std::int64_t read = TRY(engine::read_number(use.value, Least, Most));
  if constexpr (requires { typename Stored::value_type; }) {
    member = static_cast<typename Stored::value_type>(read);
  } else {
    member = static_cast<Stored>(read);
  }
  return {};
}

/// One more element of a list, which keeps what was typed for it if it has a place for that.
template <auto Member, auto Read>
Result<> append(RunInput& input, const Use& use) {
  auto element = TRY(Read(use.value));
  if constexpr (requires { element.typed; }) element.typed = use.typed;
  (input.options.*Member).push_back(std::move(element));
  return {};
}

template <auto Member, auto Read>
Result<> pair(RunInput& input, const Use& use) {
  auto [name, text_value] = TRY(Read(use.value));
  (input.options.*Member)[name] = text_value;
  return {};
}

/// Added to what earlier uses of the option said.
template <auto Member, auto Read>
Result<> accumulate(RunInput& input, const Use& use) {
  return Read(use.value, input.options.*Member);
}

template <auto Member, auto Read>
Result<> health(RunInput& input, const Use& use) {
  input.options.health.*Member = TRY(Read(use.value));
  return {};
}

/// A value that is anything but empty.
Result<std::string> as_it_stands(std::string_view value_text);

/// A number of failures of --health-retries.
Result<std::int64_t> read_retries(std::string_view value_text);

Result<> set_env(RunInput& input, const Use& use);
Result<> set_env_file(RunInput& input, const Use& use);
Result<> set_label_file(RunInput& input, const Use& use);
Result<> set_ulimit(RunInput& input, const Use& use);
Result<> set_sysctl(RunInput& input, const Use& use);
Result<> set_cgroup_file(RunInput& input, const Use& use);
Result<> set_remove_image(RunInput& input, const Use& use);

/// Names of --requires, with commas between them.
Result<> read_requirements(std::string_view value_text, std::vector<std::string>& names);
/// A word for which namespace it has, or one more network that it is on.
Result<> set_network(RunInput& input, const Use& use);
/// Where --network is not given: what the variable CAISSON_NETWORK says, or the default.
Result<> set_default_network(RunInput& input);
Result<> set_ipv4(RunInput& input, const Use& use);
Result<> set_ipv6(RunInput& input, const Use& use);
Result<> set_mac(RunInput& input, const Use& use);
Result<std::string> read_alias(std::string_view value_text);
Result<> set_init_container(RunInput& input, const Use& use);
Result<> set_no_healthcheck(RunInput& input, const Use& use);

}  // namespace caisson::cli
