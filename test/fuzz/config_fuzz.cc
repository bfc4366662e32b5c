// Arbitrary text as a config.json. What is read without an error can be written and read again, unchanged; it can be
// planned or is refused, and the plan keeps the rules of every plan and can be explained.
#include <cstdint>
#include <string>

#include "base/text.h"
#include "expect.h"
#include "explain/json.h"
#include "explain/listing.h"
#include "explain/shell.h"
#include "generated_config.h"
#include "plan/build.h"
#include "plan/check.h"
#include "spec/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const spec::Reading reading = spec::read_config(text);
  if (!reading.findings.errors.empty()) return 0;

  const std::string written = spec::write_config(reading.config);
  const spec::Reading again = spec::read_config(written);
  expect(again.findings.errors.empty(), "what was written can be read:\n" + written);
  expect(spec::write_config(again.config) == written, "written twice, the same:\n" + written);

  for (const CgroupMode mode : {CgroupMode::kHybrid, CgroupMode::kV2}) {
    const auto plan = plan::plan_container(reading.config, facts_of(mode), {});
    if (!plan) continue;
    expect(plan::broken_rules(*plan).empty(), "the plan keeps the rules: " + join(plan::broken_rules(*plan), "; "));
    expect(!explain::as_text(*plan).empty() && !explain::as_json(*plan).empty() && !explain::as_shell(*plan).empty(),
           "every plan can be explained");
  }
  return 0;
}
