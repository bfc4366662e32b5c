// The program that decides about devices on cgroup v2, run by a small interpreter of the kernel's BPF machine, against
// the rules themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>
#include <random>

#include "cgroup/conversion.h"
#include "cgroup/device_program.h"

namespace caisson::cgroup {
namespace {

using spec::DeviceRule;

struct Use {
  std::uint32_t type;  // BPF_DEVCG_DEV_…
  std::uint32_t access;
  std::uint32_t major;
  std::uint32_t minor;
};

// The instructions that the programs have; any other fails the test.
class Machine {
 public:
  explicit Machine(const std::vector<std::uint32_t>& code) : code_(code) {}

  bool allows(const Use& use) {
    const std::array<std::uint32_t, 3> context = {use.access << 16 | use.type, use.major, use.minor};
    std::array<std::uint64_t, 11> registers = {};
    for (std::size_t at = 0; at < code_.size() / 2; ++at) {
      const std::uint32_t low = code_[2 * at];
      const auto operation = static_cast<std::uint8_t>(low);
      std::uint64_t& to = registers.at(low >> 8 & 0xf);
      const std::uint64_t from = registers.at(low >> 12 & 0xf);
      const auto offset = static_cast<std::int16_t>(low >> 16);
      const auto value = static_cast<std::uint64_t>(static_cast<std::int32_t>(code_[2 * at + 1]));
      switch (operation) {
        case BPF_LDX | BPF_MEM | BPF_W: to = context.at(static_cast<std::size_t>(offset) / 4); break;
        case BPF_ALU64 | BPF_MOV | BPF_X: to = from; break;
        case BPF_ALU64 | BPF_MOV | BPF_K: to = value; break;
        case BPF_ALU64 | BPF_AND | BPF_K: to &= value; break;
        case BPF_ALU64 | BPF_RSH | BPF_K: to >>= value; break;
        case BPF_JMP | BPF_JNE | BPF_K: at += to != value ? static_cast<std::size_t>(offset) : 0; break;
        case BPF_JMP | BPF_JSET | BPF_K: at += (to & value) != 0 ? static_cast<std::size_t>(offset) : 0; break;
        case BPF_JMP | BPF_JA: at += static_cast<std::size_t>(offset); break;
        case BPF_JMP | BPF_EXIT: return registers[0] == 1;
        default: ADD_FAILURE() << "operation " << int{operation}; return false;
      }
    }
    ADD_FAILURE() << "the program has no end";
    return false;
  }

 private:
  const std::vector<std::uint32_t>& code_;
};

// The instructions that nothing leads to, which the kernel's verifier refuses. Jumps go forward.
std::vector<std::size_t> unreachable(const std::vector<std::uint32_t>& code) {
  std::vector<bool> reached(code.size() / 2 + 1);
  if (!code.empty()) reached[0] = true;
  std::vector<std::size_t> left;
  for (std::size_t at = 0; at < code.size() / 2; ++at) {
    const auto operation = static_cast<std::uint8_t>(code[2 * at]);
    const bool jumps = (operation & 7) == BPF_JMP && operation != (BPF_JMP | BPF_EXIT);
    if (!reached[at]) left.push_back(at);
    if (jumps) reached.at(at + 1 + (code[2 * at] >> 16)) = true;
    if (operation != (BPF_JMP | BPF_EXIT) && operation != (BPF_JMP | BPF_JA)) reached[at + 1] = true;
  }
  return left;
}

// The rules as they are meant: of each access asked for, the last rule that names it decides.
bool allowed(const std::vector<DeviceRule>& rules, const Use& use) {
  const std::array<std::pair<std::uint32_t, char>, 3> kinds = {
      {{BPF_DEVCG_ACC_MKNOD, 'm'}, {BPF_DEVCG_ACC_READ, 'r'}, {BPF_DEVCG_ACC_WRITE, 'w'}}};
  const char type = use.type == BPF_DEVCG_DEV_BLOCK ? 'b' : 'c';
  for (const auto& [bit, letter] : kinds) {
    if ((use.access & bit) == 0) continue;
    bool allow = true;
    for (const DeviceRule& rule : rules) {
      const bool names = (rule.type == 'a' || rule.type == type) && rule.major.value_or(use.major) == use.major &&
                         rule.minor.value_or(use.minor) == use.minor &&
                         (rule.access.empty() || rule.access.find(letter) != std::string::npos);
      if (names) allow = rule.allow;
    }
    if (!allow) return false;
  }
  return true;
}

bool program_allows(const std::vector<DeviceRule>& rules, const Use& use) {
  const std::vector<std::uint32_t> program = device_program(rules);
  return program.empty() || Machine(program).allows(use);
}

TEST(DeviceProgram, OfADefaultContainerAllowsWhatEveryContainerMayUse) {
  std::vector<DeviceRule> rules = {{.access = "rwm"}};
  for (DeviceRule& rule : implied_device_rules()) rules.push_back(rule);
  const std::uint32_t read_write = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
  EXPECT_TRUE(program_allows(rules, {BPF_DEVCG_DEV_CHAR, read_write, 1, 3}));
  EXPECT_TRUE(program_allows(rules, {BPF_DEVCG_DEV_CHAR, read_write, 136, 77}));
  EXPECT_TRUE(program_allows(rules, {BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_MKNOD, 8, 0}));
  EXPECT_FALSE(program_allows(rules, {BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_READ, 8, 0}));
  EXPECT_FALSE(program_allows(rules, {BPF_DEVCG_DEV_BLOCK, read_write, 1, 3}));
  EXPECT_FALSE(program_allows(rules, {BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ, 1, 1}));
}

TEST(DeviceProgram, IsNoneWhereEverythingIsAllowed) {
  EXPECT_THAT(device_program({}), testing::IsEmpty());
  EXPECT_THAT(device_program({{.allow = true, .access = "rwm"}}), testing::IsEmpty());
  EXPECT_THAT(device_program({{.access = "rwm"}}), testing::Not(testing::IsEmpty()));
}

TEST(DeviceProgram, TakesARuleAboutADeviceThatCannotBeForNothing) {
  const std::vector<DeviceRule> rules = {{.access = "rwm"},
                                         {.allow = true, .type = 'c', .major = -1, .access = "rwm"},
                                         {.allow = true, .type = 'c', .minor = std::int64_t{1} << 32, .access = "rwm"}};
  EXPECT_FALSE(program_allows(rules, {BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_READ, 0, 0}));
  EXPECT_EQ(device_program(rules), device_program({rules[0]}));
}

// Few numbers, so that rules meet.
std::vector<DeviceRule> generated_rules(std::mt19937& chance) {
  const auto below = [&](unsigned count) { return chance() % count; };
  constexpr std::array kAccesses = {"r", "w", "m", "rw", "rm", "wm", "rwm", "rwm", ""};
  std::vector<DeviceRule> rules(below(9));
  for (DeviceRule& rule : rules) {
    rule.allow = below(2) == 0;
    rule.type = "abc"[below(3)];
    if (below(3) != 0) rule.major = below(3);
    if (below(3) != 0) rule.minor = below(3);
    rule.access = kAccesses[below(kAccesses.size())];
  }
  return rules;
}

TEST(DeviceProgram, DecidesAsTheRulesDo) {
  std::mt19937 chance(1);
  for (int round = 0; round < 3000; ++round) {
    const std::vector<DeviceRule> rules = generated_rules(chance);
    const std::vector<std::uint32_t> program = device_program(rules);
    Machine machine(program);
    for (std::uint32_t bits = 0; bits < 2 * 7 * 3 * 3; ++bits) {
      const Use use{.type = bits % 2 == 0 ? std::uint32_t{BPF_DEVCG_DEV_BLOCK} : std::uint32_t{BPF_DEVCG_DEV_CHAR},
                    .access = bits / 2 % 7 + 1,
                    .major = bits / 14 % 3,
                    .minor = bits / 42 % 3};
      const bool answer = program.empty() || machine.allows(use);
      if (answer == allowed(rules, use)) continue;
      std::string text;
      for (const DeviceRule& rule : rules) text += words(rule) + "\n";
      FAIL() << text << "of type " << use.type << ", " << use.major << ":" << use.minor << ", access " << use.access
             << ": " << answer;
    }
    EXPECT_THAT(unreachable(program), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace caisson::cgroup
