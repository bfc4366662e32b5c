#include "cli/volume_filter.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/moment.h"
#include "engine/value_grammar.h"

namespace caisson::cli {

namespace {

using Kind = VolumeFilter::Kind;

struct Key {
  std::string_view word;
  Kind kind;
};
constexpr Key kKeys[] = {
    {"dangling", Kind::kDangling}, {"driver", Kind::kDriver}, {"label", Kind::kLabel}, {"label!", Kind::kNotLabel},
    {"name", Kind::kName},         {"until", Kind::kUntil},   {"all", Kind::kAll}};

bool has_label(const engine::Volume& volume, std::string_view wanted) {
  const Cut parts = cut(wanted, '=');
  const auto found = volume.record.labels.find(std::string(parts.head));
  return found != volume.record.labels.end() && (!parts.tail || found->second == *parts.tail);
}

bool passes_one(const VolumeFilter& filter, const engine::Volume& volume, bool is_used) {
  switch (filter.kind) {
    case Kind::kDangling: return is_used == (filter.value == "false");
    case Kind::kDriver: return filter.value == "local";
    case Kind::kLabel: return has_label(volume, filter.value);
    case Kind::kNotLabel: return !has_label(volume, filter.value);
    case Kind::kName: return volume.record.name.find(filter.value) != std::string::npos;
    case Kind::kUntil: return volume.record.created_ns < filter.moment_ns;
    case Kind::kAll: return true;
  }
  return false;
}

bool one_is_enough(Kind kind) { return kind == Kind::kDangling || kind == Kind::kDriver || kind == Kind::kName; }

}  // namespace

Result<VolumeFilter> read_volume_filter(std::string_view text) {
  const Cut parts = cut(text, '=');
  if (!parts.tail) return fail(complaint(fmt::format("'{}' is no filter: KEY=VALUE is", text)));
  const auto* key = std::ranges::find(kKeys, parts.head, &Key::word);
  if (key == std::end(kKeys)) {
    return fail(complaint(
        fmt::format("'{}' is no filter for volumes: dangling, driver, label, label!, name and until are", parts.head)));
  }
  VolumeFilter filter{.kind = key->kind, .value = std::string(*parts.tail)};
  if (filter.kind == Kind::kDangling || filter.kind == Kind::kAll)
    filter.value = TRY(engine::read_flag(filter.value)) ? "true" : "false";
  if (filter.kind == Kind::kUntil) filter.moment_ns = TRY(parse_moment(filter.value));
  return filter;
}

bool passes(const std::vector<VolumeFilter>& filters, const engine::Volume& volume, bool is_used) {
  return std::ranges::all_of(filters, [&](const VolumeFilter& filter) {
    if (!one_is_enough(filter.kind)) return passes_one(filter, volume, is_used);
    return std::ranges::any_of(filters, [&](const VolumeFilter& other) {
      return other.kind == filter.kind && passes_one(other, volume, is_used);
    });
  });
}

}  // namespace caisson::cli
