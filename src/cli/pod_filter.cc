#include "cli/pod_filter.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/moment.h"
#include "engine/networking.h"

namespace caisson::cli {

namespace {

using Kind = PodFilter::Kind;

struct Key {
  std::string_view name;
  Kind kind;
};
constexpr std::array kKeys = {Key{"ctr-ids", Kind::kContainerId},
                              Key{"ctr-names", Kind::kContainerName},
                              Key{"ctr-number", Kind::kContainerNumber},
                              Key{"ctr-status", Kind::kContainerStatus},
                              Key{"id", Kind::kId},
                              Key{"label", Kind::kLabel},
                              Key{"label!", Kind::kNotLabel},
                              Key{"name", Kind::kName},
                              Key{"network", Kind::kNetwork},
                              Key{"status", Kind::kStatus},
                              Key{"until", Kind::kUntil}};
constexpr std::array<std::string_view, 6> kStates = {"created", "running", "degraded", "paused", "stopped", "exited"};

std::string lower(std::string_view text) {
  std::string word(text);
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return word;
}

bool has_label(std::string_view wanted, const std::map<std::string, std::string>& labels) {
  const Cut parts = cut(wanted, '=');
  const auto found = labels.find(std::string(parts.head));
  return found != labels.end() && (!parts.tail || found->second == *parts.tail);
}

template <class Fits>
bool any_member(const engine::Pod& pod, Fits fits) {
  return std::ranges::any_of(pod.members, fits);
}

bool passes_one(const PodFilter& filter, const engine::Pod& pod) {
  switch (filter.kind) {
    case Kind::kContainerId:
      return any_member(pod, [&](const auto& member) { return member.record.id.starts_with(filter.value); });
    case Kind::kContainerName:
      return any_member(pod,
                        [&](const auto& member) { return member.record.name.find(filter.value) != std::string::npos; });
    case Kind::kContainerNumber: return static_cast<std::int64_t>(pod.members.size()) == filter.number;
    case Kind::kContainerStatus:
      return any_member(pod, [&](const auto& member) { return engine::status_word(member) == filter.value; });
    case Kind::kId: return pod.record.id.starts_with(filter.value);
    case Kind::kLabel: return has_label(filter.value, pod.record.labels);
    case Kind::kNotLabel: return !has_label(filter.value, pod.record.labels);
    case Kind::kName: return pod.record.name.find(filter.value) != std::string::npos;
    case Kind::kNetwork: {
      const auto networks =
          pod.infra() == nullptr ? std::vector<std::string>() : engine::networks_of(pod.infra()->record);
      return std::ranges::find(networks, filter.value) != networks.end();
    }
    case Kind::kStatus: return lower(engine::pod_status(pod.members)) == filter.value;
    case Kind::kUntil: return pod.record.created_ns < filter.number;
  }
  return false;
}

}  // namespace

Result<PodFilter> read_pod_filter(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return fail(complaint(fmt::format("'{}' is no filter: KEY=VALUE is", text)));
  const auto key = std::ranges::find(kKeys, text.substr(0, equals), &Key::name);
  if (key == kKeys.end()) {
    std::vector<std::string_view> names;
    for (const Key& each : kKeys) names.push_back(each.name);
    return fail(
        complaint(fmt::format("'{}' is no filter for pods: {} are", text.substr(0, equals), fmt::join(names, ", "))));
  }
  PodFilter filter{.kind = key->kind, .value = std::string(text.substr(equals + 1))};
  if (filter.kind == Kind::kStatus) {
    filter.value = lower(filter.value);
    if (std::ranges::find(kStates, filter.value) == kStates.end())
      return fail(complaint(fmt::format("'{}' is none of {}", filter.value, fmt::join(kStates, ", "))));
  }
  if (filter.kind == Kind::kContainerNumber) {
    const auto number = parse_unsigned(filter.value);
    if (!number) return fail(complaint(fmt::format("'{}' is no number of containers", filter.value)));
    filter.number = static_cast<std::int64_t>(*number);
  }
  if (filter.kind == Kind::kUntil) filter.number = TRY(parse_moment(filter.value));
  return filter;
}

bool passes(const std::vector<PodFilter>& filters, const engine::Pod& pod) {
  std::set<Kind> wanted;
  std::set<Kind> met;
  for (const PodFilter& filter : filters) {
    const bool does = passes_one(filter, pod);
    if ((filter.kind == Kind::kLabel || filter.kind == Kind::kNotLabel) && !does) return false;
    wanted.insert(filter.kind);
    if (does) met.insert(filter.kind);
  }
  return wanted == met;
}

}  // namespace caisson::cli
