// A filter on its way to the kernel's instructions: tests of words of seccomp_data (linux/seccomp.h) that lead to other
// tests or to an answer, without loops. Equal parts are there once.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace caisson::seccomp {

/// The kernel's limit (linux/bpf_common.h, BPF_MAXINSNS).
inline constexpr std::size_t kMostInstructions = 4096;

/// How a word is compared with a value; kBits: whether they have bits in common.
enum class Compare : std::uint8_t { kEqual, kGreater, kGreaterOrEqual, kBits };

/// A place in the program: a test or an answer.
using Node = std::uint32_t;

struct Test {
  std::uint32_t word = 0;  ///< its offset in seccomp_data
  std::uint32_t mask = ~0U;
  Compare compare = Compare::kEqual;
  std::uint32_t value = 0;
  Node yes = 0;
  Node no = 0;
  bool operator==(const Test&) const = default;
};

class Program {
 public:
  Node answer(std::uint32_t value);

  /// `test`, or the place that both its ways lead to.
  Node add(const Test& test);

  /// Where `node` leads once the question of `test` has been answered: past tests that ask it again.
  Node past(Node node, const Test& test, bool answer) const;

  /// The instructions that begin at `start`; nothing if there are more than the kernel takes.
  std::optional<std::vector<struct sock_filter>> instructions(Node start) const;

 private:
  friend class Assembler;
  struct Entry {
    bool is_answer = false;
    std::uint32_t answer = 0;
    Test test;
  };
  struct Hash {
    std::size_t operator()(const Test& test) const;
  };

  std::vector<Entry> entries_;
  std::vector<std::pair<std::uint32_t, Node>> answers_;
  std::unordered_map<Test, Node, Hash> tests_;
};

}  // namespace caisson::seccomp
