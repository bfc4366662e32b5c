#include "plan/plan.h"

#include <algorithm>

namespace caisson::plan {

Text Plan::add(std::string_view text) {
  if (text.empty()) return {};
  const Text added{static_cast<std::uint32_t>(pool_.size())};
  pool_ += text;
  pool_ += '\0';
  return added;
}

Range Plan::add(const std::vector<std::string>& texts) {
  const Range added{static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(texts.size())};
  for (const std::string& text : texts) texts_.push_back(add(std::string_view(text)));
  return added;
}

Range Plan::add(const std::vector<std::uint32_t>& numbers) {
  const Range added{static_cast<std::uint32_t>(numbers_.size()), static_cast<std::uint32_t>(numbers.size())};
  numbers_.insert(numbers_.end(), numbers.begin(), numbers.end());
  return added;
}

Range Plan::add(const std::vector<struct sock_filter>& instructions) {
  const Range added{static_cast<std::uint32_t>(instructions_.size()), static_cast<std::uint32_t>(instructions.size())};
  instructions_.insert(instructions_.end(), instructions.begin(), instructions.end());
  return added;
}

Slot Plan::new_slot(std::string_view name) {
  slot_names_.emplace_back(name);
  return static_cast<Slot>(slot_names_.size() - 1);
}

Slot Plan::give_slot(std::string_view name) {
  const Slot slot = new_slot(name);
  given_.push_back({slot, std::string(name)});
  return slot;
}

Slot Plan::find_slot(std::string_view name) const {
  const auto found = std::find(slot_names_.begin(), slot_names_.end(), name);
  return found == slot_names_.end() ? kNoSlot : static_cast<Slot>(found - slot_names_.begin());
}

Step& Plan::append(Lane lane, std::string_view item, std::string_view reason, Action action) {
  std::vector<Step>& steps = lanes_[static_cast<std::size_t>(lane)];
  steps.push_back(Step{.action = action, .item = add(item), .reason = add(reason)});
  return steps.back();
}

void Plan::add_fallback(Step& step, Action action, std::initializer_list<int> errnos) {
  Fallback fallback{.action = action};
  std::transform(errnos.begin(), errnos.end(), fallback.errnos,
                 [](int number) { return static_cast<std::int16_t>(number); });
  step.fallback = static_cast<std::uint16_t>(fallbacks_.size());
  fallbacks_.push_back(fallback);
}

}  // namespace caisson::plan
