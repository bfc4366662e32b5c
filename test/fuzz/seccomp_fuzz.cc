// Profiles of any text: what is taken for one is compiled to a filter that the kernel would take, and that answers as
// the rules do. The first byte chooses the architecture, and whether the container has all capabilities or none.
#include "expect.h"
#include "filter_interpreter.h"
#include "seccomp/answer.h"
#include "seccomp/compile.h"
#include "seccomp/explanation.h"
#include "seccomp/profile.h"
#include "seccomp_generated.h"

using namespace caisson;
using namespace caisson::seccomp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ProfileReading reading = read_profile({reinterpret_cast<const char*>(data + 1), size - 1});
  if (!reading.findings.errors.empty()) return 0;
  const auto& sets = architecture_sets();
  const Situation situation{.capabilities = (data[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0,
                            .kernel = {6, 1},
                            .native = find_architecture(sets[data[0] % sets.size()][0])};
  const spec::Seccomp seccomp = resolve(reading.profile, situation);
  const Result<Filter> filter = compile(seccomp, *situation.native);
  if (!filter) return 0;
  expect(refusal(filter->instructions).empty(), "the kernel takes the filter");
  std::size_t asked = 0;
  for (const MadeCall& call : telling_calls(seccomp, *situation.native)) {
    const std::uint32_t answered = interpret(filter->instructions, call, situation.native->little_endian);
    // What decides is slow for profiles with many names: every call of small ones, some of large ones.
    if (seccomp.syscalls.size() > 8 && ++asked % 16 != 0) continue;
    expect(answered == decide(seccomp, call, *situation.native).answer, "the filter answers as the rules");
  }
  const Question question{.profile = reading.profile,
                          .situation = situation,
                          .architecture = situation.native,
                          .call = find_call("socket"),
                          .arguments = {40, 1}};
  (void)as_json(question, explain(question));
  (void)as_text(question, explain(question));
  return 0;
}
