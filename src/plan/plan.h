// A plan: lanes of steps with the strings and lists they refer to. Built by plan/build.h, checked by plan/check.h, put
// into words by explain, run by execute.
#pragma once

#include <linux/filter.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/step.h"

namespace caisson::plan {

/// A slot whose descriptor (or pid) the caller gives before the plan runs.
struct Given {
  Slot slot = kNoSlot;
  std::string name;  ///< what it is, for people: "standard output"
};

class Plan {
 public:
  // Reading.
  const char* c_str(Text text) const { return pool_.data() + text.offset; }
  std::string_view view(Text text) const { return c_str(text); }
  std::span<const Text> texts(Range range) const { return std::span(texts_).subspan(range.first, range.count); }
  std::span<const std::uint32_t> numbers(Range range) const {
    return std::span(numbers_).subspan(range.first, range.count);
  }
  std::span<const struct sock_filter> filter(Range range) const {
    return std::span(instructions_).subspan(range.first, range.count);
  }
  const std::vector<Step>& lane(Lane lane) const { return lanes_[static_cast<std::size_t>(lane)]; }
  const Fallback& fallback(const Step& step) const { return fallbacks_[step.fallback]; }
  const std::vector<Given>& given() const { return given_; }
  std::string_view slot_name(Slot slot) const {
    return slot < slot_names_.size() ? slot_names_[slot] : std::string_view();
  }
  Slot find_slot(std::string_view name) const;  ///< kNoSlot if the plan has none of that name
  /// What the configuration asks for and the plan leaves out, as the specification wants it: a line each.
  const std::vector<std::string>& warnings() const { return warnings_; }
  int slot_count() const { return static_cast<int>(slot_names_.size()); }

  // Building.
  Text add(std::string_view text);
  Range add(const std::vector<std::string>& texts);
  Range add(const std::vector<std::uint32_t>& numbers);
  Range add(const std::vector<struct sock_filter>& instructions);
  Slot new_slot(std::string_view name);   ///< a slot that a step will write
  Slot give_slot(std::string_view name);  ///< a slot that the caller fills
  Step& append(Lane lane, std::string_view item, std::string_view reason, Action action);
  void warn(std::string warning) { warnings_.push_back(std::move(warning)); }
  void add_fallback(Step& step, Action action, std::initializer_list<int> errnos);

 private:
  std::string pool_ = std::string(1, '\0');
  std::vector<Text> texts_;
  std::vector<std::uint32_t> numbers_;
  std::vector<struct sock_filter> instructions_;
  std::vector<Fallback> fallbacks_;
  std::vector<Given> given_;
  std::vector<std::string> slot_names_;
  std::vector<std::string> warnings_;
  std::array<std::vector<Step>, kLanes> lanes_;
};

}  // namespace caisson::plan
