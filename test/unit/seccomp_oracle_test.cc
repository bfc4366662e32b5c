// Our filters against libseccomp's, answer by answer.
//
// What is not compared, because libseccomp 2.5.4 does otherwise, and why:
//   - calls that it has no name for yet, or under another number (ARM's second name of arm_sync_file_range);
//   - numbers above all that the profile names: ENOSYS is runc's addition to it, and ours;
//   - calls that several rules with conditions are about. It merges them into a tree that is sorted by argument,
//   operator
//     and value, and does not come back from a branch: of `a0 < 5` and `a0 < 2 && a1 != 2` neither is found true of
//     (1, 2). The first that is true decides with us; there its answer only has to be one that the call's rules give;
//   - calls a rule of which it refuses to take beside the others (EEXIST);
//   - a conditional rule that it compiles wrongly in the company of rules about other calls (seldom: one profile in
//   some
//     hundreds). Then both have to answer alike when it has the rules about that call alone;
//   - conditions with a mask of 0, which it takes for none;
//   - socketcall(2) and ipc(2) where a rule about what they carry has conditions: it replaces the one on the first
//     argument, and holds the others against arguments that mean something else there.
#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "filter_interpreter.h"
#include "seccomp/answer.h"
#include "seccomp/calls.h"
#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "seccomp_generated.h"
#include "seccomp_oracle.h"
#include "spec/json.h"

namespace caisson::seccomp {
namespace {

using ::testing::IsEmpty;

struct Tally {
  std::size_t compared = 0;
  std::size_t met_alike = 0;  // where several conditional rules meet
  std::size_t met_otherwise = 0;
  std::size_t left_out = 0;
  std::size_t alone = 0;  // of those compared: alike only where libseccomp has the rules of that call alone

  void print() const {
    std::printf("compared %zu, of them alone %zu; where conditional rules meet %zu alike, %zu not; left out %zu\n",
                compared, alone, met_alike, met_otherwise, left_out);
  }
};

const Architecture* architecture_of(const MadeCall& call, const std::vector<const Architecture*>& list) {
  for (const Architecture* each : list) {
    const bool shared = each->abi == Abi::kX86_64 || each->abi == Abi::kX32;
    if (each->audit == call.audit && (!shared || (call.number >= kX32Bit) == (each->abi == Abi::kX32))) return each;
  }
  return nullptr;
}

// What is known about the number of a call before it is made.
struct Subject {
  bool left_out = false;
  std::size_t conditional = 0;      // rules with conditions, as many as libseccomp gets
  bool carried = false;             // of what it carries there are rules, with conditions on the first argument
  std::set<std::uint32_t> answers;  // all that its rules can give
};
using Subjects = std::map<std::uint32_t, Subject>;

bool has_empty_mask(const spec::SeccompRule& rule, const Architecture& architecture) {
  return std::any_of(rule.args.begin(), rule.args.end(), [&](const spec::SeccompArgument& c) {
    return c.op == spec::SeccompOperator::kMaskedEqual && (architecture.wide ? c.value : c.value & 0xffffffff) == 0;
  });
}

Subjects subjects_of(const spec::Seccomp& seccomp, const Architecture& architecture, const Oracle& oracle) {
  Subjects subjects;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    const std::uint32_t says = answer(rule.action, rule.errno_ret);
    if (says == default_answer(seccomp)) continue;
    for (const std::string& name : rule.names) {
      const Call* const call = find_call(name);
      if (call == nullptr) continue;
      const bool odd = oracle.unknown.contains(name) || oracle.refused.contains(name);
      if (const auto number = call->number(architecture.abi)) {
        Subject& subject = subjects[*number];
        subject.left_out = subject.left_out || odd || has_empty_mask(rule, architecture);
        subject.conditional += splits(rule.args) ? rule.args.size() : rule.args.empty() ? 0 : 1;
        subject.answers.insert(says);
      }
      const auto by = carried(*call);
      const auto carrier = by ? find_call(by->carrier)->number(architecture.abi) : std::nullopt;
      if (!carrier) continue;
      Subject& subject = subjects[*carrier];
      subject.left_out = subject.left_out || odd || !rule.args.empty();
      subject.carried = true;
      subject.answers.insert(says);
    }
  }
  return subjects;
}

bool is_unconditional(const spec::Seccomp& seccomp, const Decision& decision) {
  return decision.ground == Ground::kRule && seccomp.syscalls[decision.rule].args.empty();
}

// The rules about one call.
spec::Seccomp alone(spec::Seccomp seccomp, const Architecture* architecture, const MadeCall& call) {
  std::erase_if(seccomp.syscalls, [&](spec::SeccompRule& rule) {
    std::erase_if(rule.names, [&](const std::string& name) {
      const Call* const named = find_call(name);
      return architecture == nullptr || named == nullptr || named->number(architecture->abi) != call.number;
    });
    return rule.names.empty();
  });
  return seccomp;
}

std::string told(const spec::Seccomp& seccomp, const Architecture* architecture, const MadeCall& call) {
  std::stringstream text;
  text << std::hex << "arch " << call.audit << " number " << call.number << " arguments";
  for (const std::uint64_t argument : call.arguments) text << " " << argument;
  spec::Config config;
  config.linux_.seccomp = alone(seccomp, architecture, call);
  text << "\n" << spec::write_config(config);
  return text.str();
}

void compare(const spec::Seccomp& seccomp, const Architecture& native, Tally& tally) {
  Oracle oracle;
  ASSERT_TRUE(make_oracle(seccomp, native, oracle));
  note_other_numbers(seccomp, native, oracle);
  const Result<Filter> ours = compile(seccomp, native);
  ASSERT_TRUE(ours) << ours.error().text();
  ASSERT_THAT(refusal(ours->instructions), IsEmpty());
  const std::vector<const Architecture*> list = filtered_architectures(seccomp, native).value();
  std::map<const Architecture*, Subjects> subjects;
  for (const Architecture* each : list) subjects[each] = subjects_of(seccomp, *each, oracle);

  for (const MadeCall& call : telling_calls(seccomp, native)) {
    const std::uint32_t we = interpret(ours->instructions, call, native.little_endian);
    const Decision decision = decide(seccomp, call, native);
    const Architecture* const architecture = architecture_of(call, list);
    ASSERT_EQ(decision.answer, we) << told(seccomp, architecture, call);
    const std::uint32_t they = interpret(oracle.instructions, call, native.little_endian);
    Subject subject;
    if (architecture != nullptr) subject = subjects[architecture][call.number];
    if (decision.ground == Ground::kNewer || subject.left_out || oracle.elsewhere.contains(call.number)) {
      ++tally.left_out;
    } else if (subject.conditional + (subject.carried ? 1 : 0) > 1 && !is_unconditional(seccomp, decision)) {
      ++(they == we ? tally.met_alike : tally.met_otherwise);
      subject.answers.insert(default_answer(seccomp));
      ASSERT_TRUE(subject.answers.contains(they)) << told(seccomp, architecture, call);
    } else {
      ++tally.compared;
      if (they == we) continue;
      Oracle of_it_alone;
      ASSERT_TRUE(make_oracle(alone(seccomp, architecture, call), native, of_it_alone));
      ++tally.alone;
      ASSERT_EQ(interpret(of_it_alone.instructions, call, native.little_endian), we)
          << told(seccomp, architecture, call);
    }
  }
}

constexpr int kProfiles = 60;  // of each set of architectures

class Generated : public ::testing::TestWithParam<int> {};

TEST_P(Generated, AnswersAsLibseccomp) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  Tally tally;
  const auto& set = architecture_sets()[static_cast<std::size_t>(GetParam())];
  for (int i = 0; i < kProfiles; ++i) {
    const Meeting meeting = i % 3 == 0 ? Meeting::kOften : Meeting::kNever;
    compare(generated_rules(random, set, meeting), *find_architecture(set[0]), tally);
    if (HasFatalFailure()) return;
  }
  tally.print();
  EXPECT_GT(tally.compared, 4 * tally.left_out);
  EXPECT_LE(tally.alone * 1000, tally.compared);
}

INSTANTIATE_TEST_SUITE_P(Profiles, Generated, ::testing::Range(0, static_cast<int>(architecture_sets().size())));

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class Defaults : public ::testing::TestWithParam<const char*> {};

TEST_P(Defaults, AnswerAsLibseccomp) {
  const ProfileReading reading = read_profile(text_of(GetParam()));
  ASSERT_THAT(reading.findings.errors, IsEmpty());
  Tally tally;
  for (const auto& set : architecture_sets()) {
    for (const std::uint64_t capabilities : {std::uint64_t{0}, std::uint64_t{0x800405fb}, std::uint64_t{1} << 21,
                                             std::uint64_t{1} << 39, ~std::uint64_t{0}}) {
      Situation situation{capabilities, {6, 1}, find_architecture(set[0])};
      SCOPED_TRACE(set[0]);
      compare(resolve(reading.profile, situation), *situation.native, tally);
      if (HasFatalFailure()) return;
    }
  }
  tally.print();
  EXPECT_EQ(tally.met_otherwise + tally.alone, 0U);
}

TEST_P(Defaults, AreNotLongerThanLibseccomps) {
  const ProfileReading reading = read_profile(text_of(GetParam()));
  const spec::Seccomp seccomp = resolve(reading.profile, {0x800405fb, {6, 1}, find_architecture("amd64")});
  Oracle oracle;
  ASSERT_TRUE(make_oracle(seccomp, *find_architecture("amd64"), oracle));
  const std::size_t ours = compile(seccomp, *find_architecture("amd64"))->instructions.size();
  std::printf("%zu instructions, libseccomp's %zu\n", ours, oracle.instructions.size());
  EXPECT_LE(ours, oracle.instructions.size());
}

INSTANTIATE_TEST_SUITE_P(Profiles, Defaults, ::testing::Values(PODMAN_PROFILE, DOCKER_PROFILE));

}  // namespace
}  // namespace caisson::seccomp
