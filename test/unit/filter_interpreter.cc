#include "filter_interpreter.h"

#include <linux/seccomp.h>

namespace caisson::seccomp {

namespace {

// The words of seccomp_data as the program sees them.
std::uint32_t word_of(const MadeCall& call, std::uint32_t offset, bool little_endian) {
  if (offset == offsetof(struct seccomp_data, nr)) return call.number;
  if (offset == offsetof(struct seccomp_data, arch)) return call.audit;
  if (offset < offsetof(struct seccomp_data, args)) return 0;  // the instruction pointer
  const std::size_t place = offset - offsetof(struct seccomp_data, args);
  const std::uint64_t argument = call.arguments[place / 8];
  const bool low = (place % 8 == 0) == little_endian;
  return static_cast<std::uint32_t>(low ? argument : argument >> 32);
}

bool is_jump(std::uint16_t code) { return BPF_CLASS(code) == BPF_JMP; }

}  // namespace

std::string refusal(std::span<const struct sock_filter> program) {
  if (program.empty() || program.size() > BPF_MAXINSNS) return "its length";
  for (std::size_t i = 0; i < program.size(); ++i) {
    const struct sock_filter& each = program[i];
    const std::string at = " at " + std::to_string(i);
    switch (each.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (each.k >= sizeof(struct seccomp_data) || each.k % 4 != 0) return "a load of no word" + at;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
      case BPF_RET | BPF_K:
      case BPF_JMP | BPF_JA:
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_K: break;
      default: return "an instruction that this project has no use for" + at;
    }
    const std::size_t behind = program.size() - i - 1;
    if (each.code == (BPF_JMP | BPF_JA) && each.k >= behind) return "a jump out of it" + at;
    if (is_jump(each.code) && each.code != (BPF_JMP | BPF_JA) && (each.jt >= behind || each.jf >= behind))
      return "a jump out of it" + at;
  }
  return program.back().code == (BPF_RET | BPF_K) ? "" : "its end";
}

std::uint32_t interpret(std::span<const struct sock_filter> program, const MadeCall& call, bool little_endian) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0;; ++at) {
    const struct sock_filter& each = program[at];
    const auto jump = [&](bool taken) { at += taken ? each.jt : each.jf; };
    switch (each.code) {
      case BPF_LD | BPF_W | BPF_ABS: accumulator = word_of(call, each.k, little_endian); break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= each.k; break;
      case BPF_RET | BPF_K: return each.k;
      case BPF_JMP | BPF_JA: at += each.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: jump(accumulator == each.k); break;
      case BPF_JMP | BPF_JGT | BPF_K: jump(accumulator > each.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: jump(accumulator >= each.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: jump((accumulator & each.k) != 0); break;
      default: return 0;
    }
  }
}

}  // namespace caisson::seccomp
