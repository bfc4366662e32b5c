#include "explain/listing.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "explain/names.h"
#include "explain/words.h"

namespace caisson::explain {

namespace {

using plan::Lane;
using plan::Plan;

constexpr std::array kLanes = {Lane::kParent, Lane::kLauncher, Lane::kChild};
constexpr std::size_t kWidestItem = 30;  // a longer item gets a line of its own

std::string_view lane_words(Lane lane) {
  switch (lane) {
    case Lane::kParent: return "the calling process, in the host's namespaces";
    case Lane::kLauncher: return "a copy of it that enters what only a child can be born in";
    case Lane::kChild: return "the process that becomes the program";
  }
  return "";
}

struct Message {
  plan::Tag tag;
  bool sent;
};

std::optional<Message> message(const plan::Action& action) {
  if (const auto* signal = std::get_if<plan::Signal>(&action)) return Message{signal->tag, true};
  if (const auto* await = std::get_if<plan::Await>(&action)) return Message{await->tag, false};
  if (std::holds_alternative<plan::SendDescriptor>(action)) return Message{plan::Tag::kDescriptor, true};
  if (std::holds_alternative<plan::ReceiveDescriptor>(action)) return Message{plan::Tag::kDescriptor, false};
  return std::nullopt;
}

// The steps of a lane that send (or await) `wanted`.
std::vector<std::size_t> ends(const Plan& plan, Lane lane, Message wanted) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < plan.lane(lane).size(); ++i) {
    const std::optional<Message> here = message(plan.lane(lane)[i].action);
    if (here && here->tag == wanted.tag && here->sent == wanted.sent) found.push_back(i);
  }
  return found;
}

// The step at the other end of a message: the n-th that sends meets the n-th that awaits. The parent is at one end of
// every message; launcher and child share the other, the launcher first.
std::string other_end(const Plan& plan, Lane lane, std::size_t index) {
  const std::optional<Message> here = message(plan.lane(lane)[index].action);
  if (!here) return {};
  std::vector<std::pair<Lane, std::size_t>> mine;
  std::vector<std::pair<Lane, std::size_t>> others;
  for (const Lane each : kLanes) {
    const bool same_side = (each == Lane::kParent) == (lane == Lane::kParent);
    for (const std::size_t i : ends(plan, each, {here->tag, same_side ? here->sent : !here->sent})) {
      (same_side ? mine : others).emplace_back(each, i);
    }
  }
  const auto at = static_cast<std::size_t>(std::find(mine.begin(), mine.end(), std::pair(lane, index)) - mine.begin());
  if (at >= others.size()) return {};
  const auto [other, step] = others[at];
  return fmt::format(" {} {} ({})", here->sent ? "→" : "←", step_number(other, step), lane_name(other));
}

std::string fallback_words(const Plan& plan, const plan::Step& step) {
  const plan::Fallback& fallback = plan.fallback(step);
  std::vector<std::string> names;
  for (const std::int16_t number : fallback.errnos) {
    if (number != 0) names.push_back(errno_name(number));
  }
  return fmt::format("or, on {}: {}", join(names, ", "), describe(plan, fallback.action));
}

std::string_view undo_words(plan::Undo undo) {
  switch (undo) {
    case plan::Undo::kRemove: return "if a later step fails, it is removed again";
    case plan::Undo::kKill: return "if a later step fails, it is killed and reaped";
    case plan::Undo::kNone:
    case plan::Undo::kInside:
    case plan::Undo::kStays: return "";
  }
  return "";
}

// Lines below the first one of a step: of several steps with one reason the first alone tells it.
std::vector<std::string> remarks(const Plan& plan, Lane lane, std::size_t index) {
  const plan::Step& step = plan.lane(lane)[index];
  std::vector<std::string> lines;
  const bool repeated = index > 0 && plan.view(plan.lane(lane)[index - 1].reason) == plan.view(step.reason);
  if (step.reason && !repeated) lines.push_back(fmt::format("why: {}", plan.view(step.reason)));
  if (step.fallback != plan::kNoFallback) lines.push_back(fallback_words(plan, step));
  if (const std::string_view undo = undo_words(step.undo); !undo.empty()) lines.emplace_back(undo);
  return lines;
}

// UTF-8 has continuation bytes that take no column.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::size_t item_width(const Plan& plan) {
  std::size_t width = 0;
  for (const Lane lane : kLanes) {
    for (const plan::Step& step : plan.lane(lane)) {
      const std::size_t item = columns(plan.view(step.item));
      if (item <= kWidestItem) width = std::max(width, item);
    }
  }
  return width;
}

std::string lane_text(const Plan& plan, Lane lane, std::size_t width) {
  std::string text = fmt::format("\n{}: {}\n", lane_name(lane), lane_words(lane));
  text[1] = static_cast<char>(text[1] - 32);  // the lane's name starts a sentence
  const std::string margin(width + 9, ' ');
  for (std::size_t i = 0; i < plan.lane(lane).size(); ++i) {
    const plan::Step& step = plan.lane(lane)[i];
    const std::string_view item = plan.view(step.item);
    const std::string gap = columns(item) <= width ? std::string(width - columns(item) + 2, ' ') : "\n" + margin;
    text += fmt::format("  {}  {}{}{}{}\n", step_number(lane, i), item, gap, describe(plan, step),
                        other_end(plan, lane, i));
    for (const std::string& line : remarks(plan, lane, i)) text += fmt::format("{}  {}\n", margin, line);
  }
  return text;
}

}  // namespace

std::string step_number(Lane lane, std::size_t index) { return fmt::format("{}{:02}", lane_letter(lane), index + 1); }

std::string as_text(const Plan& plan) {
  std::vector<std::string> counts;
  for (const Lane lane : kLanes) {
    if (!plan.lane(lane).empty())
      counts.push_back(fmt::format("{} in the {}", plan.lane(lane).size(), lane_name(lane)));
  }
  std::string text = fmt::format("The plan: steps {}. Nothing of it has been done.\n", join(counts, ", "));
  std::vector<std::string> given;
  for (const plan::Given& each : plan.given()) given.push_back(each.name);
  if (!given.empty()) text += fmt::format("Given by the caller: {}.\n", join(given, ", "));
  const std::size_t width = item_width(plan);
  for (const Lane lane : kLanes) {
    if (!plan.lane(lane).empty()) text += lane_text(plan, lane, width);
  }
  return text;
}

}  // namespace caisson::explain
