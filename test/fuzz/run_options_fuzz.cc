// Arbitrary words as the arguments of `caisson run`, one a line. What is understood either contradicts itself or
// becomes a configuration, and that one is valid whatever the words were: it can be written, read and planned.
#include <cstdint>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/run_options.h"
#include "engine/compose.h"
#include "expect.h"
#include "generated_config.h"
#include "plan/build.h"
#include "plan/check.h"
#include "spec/json.h"
#include "spec/validate.h"

namespace {

using namespace caisson;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

engine::Surroundings surroundings(CgroupMode mode) {
  engine::Surroundings around;
  around.facts = facts_of(mode);
  around.facts.filesystems = {"overlay", "mqueue"};
  around.facts.limits = {{"RLIMIT_NOFILE", {1024, 20000}}};
  around.host_name = "host";
  around.id = kId;
  around.rootfs.path = "/rootfs";
  around.directory = "/run/caisson/containers/x";
  around.account = {.uid = 0, .gid = 0, .name = "root", .home = "/root", .groups = {0}};
  around.environment = {{"TERM", "xterm"}, {"http_proxy", "http://127.0.0.1:3128"}};
  around.init_program = "/usr/libexec/caisson/init";
  around.working_directory = "/home/me";
  return around;
}

const cli::Caller kCaller{
    .variable = [](const std::string& name) -> std::optional<std::string> {
      if (name == "SET") return "value";
      return std::nullopt;
    },
    .read_file = [](const std::string& path) -> Result<std::string> { return path + "=1\n# comment\nSET\n"; },
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  std::erase(text, '\0');  // an argument cannot hold one
  std::vector<std::string> words;
  for (const std::string_view word : split(text, '\n')) words.emplace_back(word);
  const auto line = cli::parse_run(words, kCaller);
  if (!line || line->help) return 0;
  const engine::Surroundings around = surroundings(size % 2 == 0 ? CgroupMode::kHybrid : CgroupMode::kV2);
  const auto composed = engine::compose(line->options, around);
  if (!composed) return 0;

  const spec::Findings findings = spec::validate(composed->config);
  expect(findings.errors.empty(), "what was composed is valid");
  expect(spec::read_config(spec::write_config(composed->config)).findings.errors.empty(),
         "what was composed can be read");
  const auto plan = plan::plan_container(composed->config, around.facts, {.origins = composed->origins});
  if (plan)
    expect(plan::broken_rules(*plan).empty(), "the plan keeps the rules: " + join(plan::broken_rules(*plan), "; "));
  return 0;
}
