#include "cgroup/device_program.h"

#include <linux/bpf.h>

#include <algorithm>

#include <fmt/format.h>

namespace caisson::cgroup {

namespace {

// What the program keeps where. The kernel hands it a struct bpf_cgroup_dev_ctx in the first register, and takes the
// answer from register 0: 1 allows.
constexpr std::uint8_t kAnswer = BPF_REG_0;
constexpr std::uint8_t kContext = BPF_REG_1;
constexpr std::uint8_t kType = BPF_REG_2;
constexpr std::uint8_t kOpen = BPF_REG_3;  // the accesses that no rule has decided about yet
constexpr std::uint8_t kMajor = BPF_REG_4;
constexpr std::uint8_t kMinor = BPF_REG_5;

constexpr std::int64_t kMostMajor = (1 << 12) - 1;  // what a dev_t of Linux holds
constexpr std::int64_t kMostMinor = (1 << 20) - 1;
constexpr unsigned kEveryAccess = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;

class Assembler {
 public:
  void load(std::uint8_t to, int offset) { emit(BPF_LDX | BPF_MEM | BPF_W, to, kContext, offset, 0); }
  void move(std::uint8_t to, std::uint8_t from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void mask(std::uint8_t to, unsigned bits) {
    emit(BPF_ALU64 | BPF_AND | BPF_K, to, 0, 0, static_cast<std::int32_t>(bits));
  }
  void shift_right(std::uint8_t to, int by) { emit(BPF_ALU64 | BPF_RSH | BPF_K, to, 0, 0, by); }
  void answer(bool allow) {
    emit(BPF_ALU64 | BPF_MOV | BPF_K, kAnswer, 0, 0, allow ? 1 : 0);
    emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }
  void skip_if_not_equal(std::uint8_t what, std::int64_t value) { jump(BPF_JNE, what, value); }
  void skip_if_any(std::uint8_t what) { jump(BPF_JNE, what, 0); }
  void skip_unless_set(std::uint8_t what, unsigned bits) {
    emit(BPF_JMP | BPF_JSET | BPF_K, what, 0, 1, static_cast<std::int32_t>(bits));
    jump(BPF_JA, 0, 0);
  }

  // The end of what skips skip.
  void end_of_rule() {
    for (const std::size_t at : skips_) {
      const std::size_t distance = code_.size() / 2 - at - 1;
      code_[2 * at] |= static_cast<std::uint32_t>(distance) << 16;
    }
    skips_.clear();
  }

  std::vector<std::uint32_t> code() && { return std::move(code_); }

 private:
  void jump(unsigned condition, std::uint8_t what, std::int64_t value) {
    skips_.push_back(code_.size() / 2);
    emit(BPF_JMP | condition | BPF_K, what, 0, 0, static_cast<std::int32_t>(value));
  }
  void emit(unsigned operation, std::uint8_t to, std::uint8_t from, int offset, std::int32_t value) {
    code_.push_back(operation | std::uint32_t{to} << 8 | std::uint32_t{from} << 12 |
                    static_cast<std::uint32_t>(offset) << 16);
    code_.push_back(static_cast<std::uint32_t>(value));
  }

  std::vector<std::uint32_t> code_;
  std::vector<std::size_t> skips_;  // the jumps of this rule, by instruction
};

unsigned accesses(const spec::DeviceRule& rule) {
  unsigned bits = rule.access.empty() ? kEveryAccess : 0;
  for (const char letter : rule.access) {
    bits |= letter == 'r' ? BPF_DEVCG_ACC_READ : letter == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
  }
  return bits;
}

// A number that no device has.
bool names_nothing(const spec::DeviceRule& rule) {
  return rule.major.value_or(0) < 0 || rule.major.value_or(0) > kMostMajor || rule.minor.value_or(0) < 0 ||
         rule.minor.value_or(0) > kMostMinor;
}

// Whoever comes to the end of the rule has an access left that earlier rules decide about.
void assemble(const spec::DeviceRule& rule, Assembler& out) {
  if (rule.type != 'a') out.skip_if_not_equal(kType, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  if (rule.major) out.skip_if_not_equal(kMajor, *rule.major);
  if (rule.minor) out.skip_if_not_equal(kMinor, *rule.minor);
  const unsigned bits = accesses(rule);
  if (rule.allow && bits != kEveryAccess) {
    out.mask(kOpen, kEveryAccess & ~bits);
    out.skip_if_any(kOpen);
  } else if (bits != kEveryAccess) {
    out.skip_unless_set(kOpen, bits);
  }
  out.answer(rule.allow);
  out.end_of_rule();
}

}  // namespace

bool is_switch(const spec::DeviceRule& rule) {
  return rule.type == 'a' && !rule.major && !rule.minor && accesses(rule) == kEveryAccess;
}

std::string words(const spec::DeviceRule& rule) {
  const auto number = [](const std::optional<std::int64_t>& value) { return value ? fmt::format("{}", *value) : "*"; };
  if (is_switch(rule)) return rule.allow ? "allow all" : "deny all";
  return fmt::format("{} {} {}:{} {}", rule.allow ? "allow" : "deny", rule.type, number(rule.major), number(rule.minor),
                     rule.access.empty() ? "rwm" : rule.access);
}

std::vector<std::uint32_t> device_program(const std::vector<spec::DeviceRule>& rules) {
  if (std::all_of(rules.begin(), rules.end(), [](const spec::DeviceRule& rule) { return rule.allow; })) return {};
  Assembler out;
  out.load(kType, offsetof(struct bpf_cgroup_dev_ctx, access_type));
  out.move(kOpen, kType);
  out.mask(kType, 0xffff);
  out.shift_right(kOpen, 16);
  out.load(kMajor, offsetof(struct bpf_cgroup_dev_ctx, major));
  out.load(kMinor, offsetof(struct bpf_cgroup_dev_ctx, minor));
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    if (names_nothing(*rule)) continue;
    assemble(*rule, out);
    if (is_switch(*rule))
      return std::move(out).code();  // what comes before it decides nothing: the kernel refuses dead code
  }
  out.answer(true);
  return std::move(out).code();
}

}  // namespace caisson::cgroup
