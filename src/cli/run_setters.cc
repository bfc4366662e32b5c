#include "cli/run_setters.h"

#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::cli {

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
