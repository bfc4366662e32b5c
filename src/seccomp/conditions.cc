#include "seccomp/conditions.h"

#include <linux/seccomp.h>

#include <cstddef>
#include <utility>

namespace caisson::seccomp {

namespace {

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// `word` & mask == value
Node masked(Program& program, std::uint32_t word, std::uint32_t mask, std::uint32_t value, Ways ways) {
  value &= mask;
  if (mask == 0) return ways.yes;
  const bool one_bit = (mask & (mask - 1)) == 0;
  // Tests of bits leave the accumulator as it is for the next one.
  if (mask != ~0U && value == 0)
    return program.add({.word = word, .compare = Compare::kBits, .value = mask, .yes = ways.no, .no = ways.yes});
  if (one_bit)
    return program.add({.word = word, .compare = Compare::kBits, .value = mask, .yes = ways.yes, .no = ways.no});
  return program.add({.word = word, .mask = mask, .value = value, .yes = ways.yes, .no = ways.no});
}

}  // namespace

Node condition(Program& program, const Architecture& architecture, const spec::SeccompArgument& condition, Ways ways) {
  using Op = spec::SeccompOperator;
  const auto argument =
      static_cast<std::uint32_t>(offsetof(struct seccomp_data, args) + std::size_t{8} * condition.index);
  const std::uint32_t low_word = argument + (architecture.little_endian ? 0 : 4);
  const std::uint32_t high_word = argument + (architecture.little_endian ? 4 : 0);
  const std::uint64_t value = condition.value;

  // The comparison of the low halves, which counts where the high ones are equal: what follows need not ask that again.
  const auto compare_low = [&](Compare compare, Ways w) {
    if (!architecture.wide)
      return program.add({.word = low_word, .compare = compare, .value = low(value), .yes = w.yes, .no = w.no});
    Test same{.word = high_word, .value = high(value)};
    const Node lower = program.add({.word = low_word,
                                    .compare = compare,
                                    .value = low(value),
                                    .yes = program.past(w.yes, same, true),
                                    .no = program.past(w.no, same, true)});
    same.yes = lower;
    same.no = program.past(w.no, same, false);
    return program.add(same);
  };
  const auto equal = [&](Ways w) { return compare_low(Compare::kEqual, w); };
  const auto greater = [&](Compare compare, Ways w) {
    const Node same = compare_low(compare, w);
    if (!architecture.wide) return same;
    return program.add(
        {.word = high_word, .compare = Compare::kGreater, .value = high(value), .yes = w.yes, .no = same});
  };
  const Ways reversed{.yes = ways.no, .no = ways.yes};
  switch (condition.op) {
    case Op::kEqual: return equal(ways);
    case Op::kNotEqual: return equal(reversed);
    case Op::kGreater: return greater(Compare::kGreater, ways);
    case Op::kGreaterOrEqual: return greater(Compare::kGreaterOrEqual, ways);
    case Op::kLess: return greater(Compare::kGreaterOrEqual, reversed);
    case Op::kLessOrEqual: return greater(Compare::kGreater, reversed);
    case Op::kMaskedEqual: break;
  }
  const Node lower = masked(program, low_word, low(value), low(condition.value_two), ways);
  if (!architecture.wide) return lower;
  return masked(program, high_word, high(value), high(condition.value_two), {.yes = lower, .no = ways.no});
}

}  // namespace caisson::seccomp
