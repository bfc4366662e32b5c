#include "seccomp/program.h"

#include <algorithm>
#include <array>

namespace caisson::seccomp {

namespace {

constexpr std::size_t kFarthest = 255;  // what a conditional jump can skip

// What the accumulator holds: a word and'ed with a mask.
struct Held {
  std::uint32_t word = ~0U;
  std::uint32_t mask = 0;
  bool operator==(const Held&) const = default;
};

std::uint16_t opcode(Compare compare) {
  switch (compare) {
    case Compare::kEqual: return BPF_JMP | BPF_JEQ | BPF_K;
    case Compare::kGreater: return BPF_JMP | BPF_JGT | BPF_K;
    case Compare::kGreaterOrEqual: return BPF_JMP | BPF_JGE | BPF_K;
    case Compare::kBits: return BPF_JMP | BPF_JSET | BPF_K;
  }
  return 0;
}

}  // namespace

std::size_t Program::Hash::operator()(const Test& test) const {
  std::size_t hash = 0;
  for (const std::uint32_t part :
       {test.word, test.mask, static_cast<std::uint32_t>(test.compare), test.value, test.yes, test.no}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 29;
  }
  return hash;
}

Node Program::answer(std::uint32_t value) {
  for (const auto& [known, node] : answers_) {
    if (known == value) return node;
  }
  const auto node = static_cast<Node>(entries_.size());
  entries_.push_back({.is_answer = true, .answer = value});
  answers_.emplace_back(value, node);
  return node;
}

Node Program::add(const Test& test) {
  if (test.yes == test.no) return test.yes;
  const auto [place, is_new] = tests_.try_emplace(test, static_cast<Node>(entries_.size()));
  if (is_new) entries_.push_back({.test = test});
  return place->second;
}

Node Program::past(Node node, const Test& test, bool answer) const {
  while (!entries_[node].is_answer) {
    const Test& again = entries_[node].test;
    const bool same = again.word == test.word && again.mask == test.mask && again.compare == test.compare &&
                      again.value == test.value;
    if (!same) break;
    node = answer ? again.yes : again.no;
  }
  return node;
}

// Writes the program from its end to its beginning, so that a jump's target is always there before it. A place is
// entered in one of three ways, by what the accumulator holds then.
class Assembler {
 public:
  explicit Assembler(const Program& program) : program_(program), positions_(program.entries_.size()) {
    for (auto& entrances : positions_) entrances.fill(kNowhere);
    code_.reserve(512);
  }

  std::optional<std::vector<struct sock_filter>> assemble(Node start) {
    // Not by recursion: a list of alternatives is as deep as it is long.
    pending_.push_back({start, Held{}});
    while (!pending_.empty()) {
      if (code_.size() > kMostInstructions) return std::nullopt;
      const auto [node, held] = pending_.back();
      if (place(node, held)) pending_.pop_back();
    }
    // The last one that was written is the first one to be run.
    if (code_.size() > kMostInstructions) return std::nullopt;
    std::reverse(code_.begin(), code_.end());
    return std::move(code_);
  }

 private:
  enum Entrance : std::uint8_t { kTested, kMasked, kLoaded };  // begins with: the jump; the mask; the load
  static constexpr std::uint32_t kNowhere = ~0U;

  const Program::Entry& entry(Node node) const { return program_.entries_[node]; }

  Entrance entrance(Node node, Held held) const {
    const Test& test = entry(node).test;
    if (entry(node).is_answer || held == Held{test.word, test.mask}) return kTested;
    if (test.mask != ~0U && held == Held{test.word, ~0U}) return kMasked;
    return kLoaded;
  }

  void emit(std::uint16_t code, std::uint32_t k, std::size_t yes = 0, std::size_t no = 0) {
    code_.push_back({code, static_cast<std::uint8_t>(yes), static_cast<std::uint8_t>(no), k});
  }

  std::size_t distance(std::uint32_t position) const { return code_.size() - position - 1; }

  // True once `node` can be entered with `held`; else what it needs first is pending.
  bool place(Node node, Held held) {
    const Entrance way = entrance(node, held);
    std::uint32_t& position = positions_[node][way];
    if (position != kNowhere) return true;
    if (entry(node).is_answer) {
      emit(BPF_RET | BPF_K, entry(node).answer);
      position = last();
      return true;
    }
    const Test& test = entry(node).test;
    const Held holds{test.word, test.mask};
    for (const Node next : {test.yes, test.no}) {
      if (positions_[next][entrance(next, holds)] != kNowhere) continue;
      pending_.push_back({next, holds});
      return false;
    }
    emit_test(node, way);
    position = last();
    return true;
  }

  // The jump, and in front of it what brings the word into the accumulator.
  void emit_test(Node node, Entrance way) {
    const Test& test = entry(node).test;
    std::uint32_t& jump = positions_[node][kTested];
    if (way == kTested || jump != last()) {
      const Held holds{test.word, test.mask};
      while (!is_near(test.yes, holds) || !is_near(test.no, holds)) {
      }
      emit(opcode(test.compare), test.value, distance(at(test.yes, holds)), distance(at(test.no, holds)));
      jump = last();
    }
    if (way == kTested) return;
    if (test.mask != ~0U) emit(BPF_ALU | BPF_AND | BPF_K, test.mask);
    if (way == kLoaded) emit(BPF_LD | BPF_W | BPF_ABS, test.word);
  }

  std::uint32_t& at(Node node, Held held) { return positions_[node][entrance(node, held)]; }
  std::uint32_t last() const { return static_cast<std::uint32_t>(code_.size() - 1); }

  // False if the place was too far: an answer is then written again here, a test is led to from here.
  bool is_near(Node node, Held held) {
    std::uint32_t& position = at(node, held);
    if (distance(position) <= kFarthest) return true;
    if (entry(node).is_answer) {
      emit(BPF_RET | BPF_K, entry(node).answer);
    } else {
      emit(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(distance(position)));
    }
    position = last();
    return false;
  }

  struct Pending {
    Node node;
    Held held;
  };

  const Program& program_;
  std::vector<struct sock_filter> code_;
  std::vector<std::array<std::uint32_t, 3>> positions_;
  std::vector<Pending> pending_;
};

std::optional<std::vector<struct sock_filter>> Program::instructions(Node start) const {
  return Assembler(*this).assemble(start);
}

}  // namespace caisson::seccomp
