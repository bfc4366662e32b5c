// A table of mounts, one a line: SOURCE DESTINATION TYPE OPTION[,OPTION…], in the order of mountinfo's and fstab's
// fields. Every table that is valid is planned or refused, and its plan keeps the rules and can be explained: whatever
// is mounted inside is below the root, whatever the words say.
#include <cstdint>
#include <string>
#include <vector>

#include "base/text.h"
#include "expect.h"
#include "explain/json.h"
#include "explain/listing.h"
#include "explain/shell.h"
#include "generated_config.h"
#include "plan/build.h"
#include "plan/check.h"
#include "spec/json.h"
#include "spec/validate.h"

namespace {

using namespace caisson;

spec::Mount mount_of(std::string_view line) {
  const std::vector<std::string_view> fields = split(line, ' ');
  spec::Mount mount;
  if (!fields.empty()) mount.source = std::string(fields[0]);
  if (fields.size() > 1) mount.destination = std::string(fields[1]);
  if (fields.size() > 2) mount.type = std::string(fields[2]);
  if (fields.size() > 3) {
    for (const std::string_view word : split(fields[3], ',')) mount.options.emplace_back(word);
  }
  return mount;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  GeneratedContainer made = generate_container(data[0]);
  made.config.mounts.clear();
  std::string table(reinterpret_cast<const char*>(data + 1), size - 1);
  std::erase(table, '\0');  // no reader of configurations lets one through
  for (const std::string_view line : split(table, '\n')) {
    if (!line.empty()) made.config.mounts.push_back(mount_of(line));
  }
  const spec::Findings findings = spec::validate(made.config);
  const spec::Reading reading = spec::read_config(spec::write_config(made.config));
  expect(reading.findings.errors.empty() || !findings.errors.empty(), "what is valid can be written and read");
  if (!findings.errors.empty()) return 0;

  const auto plan = plan::plan_container(made.config, made.facts, made.request);
  if (!plan) return 0;
  expect(plan::broken_rules(*plan).empty(), "the plan keeps the rules: " + join(plan::broken_rules(*plan), "; "));
  expect(!explain::as_text(*plan).empty() && !explain::as_json(*plan).empty() && !explain::as_shell(*plan).empty(),
         "every plan can be explained");
  return 0;
}
