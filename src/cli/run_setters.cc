#include "cli/run_setters.h"

#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/isolation_grammar.h"

namespace caisson::cli {

namespace {

Result<network::Address> read_address(std::string_view text, network::Family family) {
  const auto address = network::parse_address(text);
  if (!address || address->family != family || network::is_unspecified(*address)) {
    const char* const kind = family == network::Family::kIpv4 ? "IPv4" : "IPv6";
    return fail(complaint(fmt::format("'{}' is no {} address", text, kind)));
  }
  return *address;
}

// "pasta:-T,auto": options stand between commas.
void set_user_network(engine::RunOptions& options, const Cut& word) {
  options.user_network = word.head;
  options.user_network_options.clear();
  if (!word.tail || word.tail->empty()) return;
  for (const std::string_view option : split(*word.tail, ',')) options.user_network_options.emplace_back(option);
}

}  // namespace

std::string as_word(const Use& use) {
  if (use.is_flag && use.value == "true") return fmt::format("--{}", use.name);
  return fmt::format("--{}={}", use.name, use.value);
}

Result<std::string> as_it_stands(std::string_view value_text) {
  if (value_text.empty()) return fail(complaint("the value is empty"));
  return std::string(value_text);
}

Result<> set_env(RunInput& input, const Use& use) {
  auto variable = TRY(engine::read_variable(use.value, input.caller.variable));
  if (variable) input.options.env.push_back(std::move(*variable));
  return {};
}

Result<> set_env_file(RunInput& input, const Use& use) {
  const std::string content = TRY(input.caller.read_file(std::string(use.value)));
  auto variables = TRY(engine::read_environment_file(content, input.caller.variable));
  input.options.env_files.insert(input.options.env_files.end(), variables.begin(), variables.end());
  return {};
}

Result<> set_ulimit(RunInput& input, const Use& use) {
  if (use.value != "host") return append<&engine::RunOptions::ulimits, engine::read_ulimit>(input, use);
  input.options.host_ulimits = true;
  return {};
}

Result<> set_sysctl(RunInput& input, const Use& use) {
  auto [name, text_value] = TRY(engine::read_assignment(use.value));
  input.options.sysctls.push_back({name, text_value, use.typed});
  return {};
}

Result<> set_cgroup_file(RunInput& input, const Use& use) {
  auto [name, text_value] = TRY(engine::read_assignment(use.value));
  input.options.cgroup_files.push_back({name, text_value, use.typed});
  return {};
}

Result<std::int64_t> read_retries(std::string_view value_text) { return engine::read_number(value_text, 1, INT32_MAX); }

Result<> set_network(RunInput& input, const Use& use) {
  engine::RunOptions& options = input.options;
  const Cut word = cut(use.value, ':');
  const bool is_of_user = word.head == "pasta" || word.head == "slirp4netns";
  const bool names_one = !is_of_user && !engine::is_network_word(use.value);
  const bool is_first = options.networks.empty() && options.user_network.empty() && !options.typed.contains("network");
  if (!is_first && !(names_one && !options.networks.empty()))
    return fail(
        complaint(fmt::format("'{}': a container is on several networks, or has one of the others", use.value)));
  options.network = {engine::NamespaceKind::kPrivate, {}};
  if (use.value == "default") return {};
  if (is_of_user) {
    set_user_network(options, word);
  } else if (names_one) {
    options.networks.push_back(TRY(network::read_network_choice(use.value)));
    options.networks.back().typed = use.typed;
  } else {
    options.network = TRY(engine::read_network(use.value));
  }
  return {};
}

Result<> set_default_network(RunInput& input) {
  if (input.options.typed.contains("network")) return {};
  const auto word = input.caller.variable("CAISSON_NETWORK");
  input.options.network = {engine::NamespaceKind::kPrivate, {}};
  if (!word || word->empty()) return {};
  const std::string typed = "CAISSON_NETWORK=" + *word;
  TRY_IN(typed, set_network(input, {.name = "network", .value = *word, .typed = typed}));
  input.options.create_words.push_back("--network=" + *word);
  return {};
}

Result<> set_ipv4(RunInput& input, const Use& use) {
  input.options.ipv4 = TRY(read_address(use.value, network::Family::kIpv4));
  return {};
}

Result<> set_ipv6(RunInput& input, const Use& use) {
  input.options.ipv6 = TRY(read_address(use.value, network::Family::kIpv6));
  return {};
}

Result<> set_mac(RunInput& input, const Use& use) {
  input.options.mac = network::parse_mac(use.value);
  if (!input.options.mac) return fail(complaint(fmt::format("'{}' is no address of a network device", use.value)));
  return {};
}

Result<std::string> read_alias(std::string_view value_text) {
  if (!network::is_alias(value_text)) return fail(complaint(fmt::format("'{}' is no name for a host", value_text)));
  return std::string(value_text);
}

Result<> set_init_container(RunInput& input, const Use& use) {
  if (use.value != "always" && use.value != "once")
    return fail(complaint(fmt::format("'{}' is neither always nor once", use.value)));
  input.options.membership.init = use.value == "once" ? engine::InitWhen::kOnce : engine::InitWhen::kAlways;
  return {};
}

Result<> set_no_healthcheck(RunInput& input, const Use& use) {
  input.options.health.none = use.value == "true";
  return {};
}

Result<> set_remove_image(RunInput& input, const Use& use) {
  input.options.remove_image = use.value == "true";
  input.options.remove = input.options.remove || input.options.remove_image;
  return {};
}

Result<> read_requirements(std::string_view value_text, std::vector<std::string>& names) {
  for (const std::string_view name : split(value_text, ',')) names.push_back(TRY(as_it_stands(name)));
  return {};
}

Result<> set_label_file(RunInput& input, const Use& use) {
  const std::string content = TRY(input.caller.read_file(std::string(use.value)));
  for (auto& [name, text_value] : TRY(engine::read_label_file(content)))
    input.file_labels[name] = std::move(text_value);
  return {};
}

}  // namespace caisson::cli
