#include "cli/network_filter.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/moment.h"
#include "engine/value_grammar.h"

namespace caisson::cli {

namespace {

using Kind = NetworkFilter::Kind;

struct Key {
  std::string_view word;
  Kind kind;
};
constexpr Key kKeys[] = {{"dangling", Kind::kDangling}, {"driver", Kind::kDriver},   {"id", Kind::kId},
                         {"label", Kind::kLabel},       {"label!", Kind::kNotLabel}, {"name", Kind::kName},
                         {"until", Kind::kUntil}};

bool has_label(const network::NetworkRecord& network, std::string_view wanted) {
  const Cut parts = cut(wanted, '=');
  const auto found = network.labels.find(std::string(parts.head));
  return found != network.labels.end() && (!parts.tail || found->second == *parts.tail);
}

bool passes_one(const NetworkFilter& filter, const network::NetworkRecord& network, bool is_used) {
  switch (filter.kind) {
    case Kind::kDangling: return is_used == (filter.value == "false");
    case Kind::kDriver: return network::driver_name(network.driver) == filter.value;
    case Kind::kId: return network.id.starts_with(filter.value);
    case Kind::kLabel: return has_label(network, filter.value);
    case Kind::kNotLabel: return !has_label(network, filter.value);
    case Kind::kName: return network.name.find(filter.value) != std::string::npos;
    case Kind::kUntil: return network.created_ns < filter.moment_ns;
  }
  return false;
}

}  // namespace

Result<NetworkFilter> read_network_filter(std::string_view text) {
  const Cut parts = cut(text, '=');
  if (!parts.tail) return fail(complaint(fmt::format("'{}' is no filter: KEY=VALUE is", text)));
  const auto* key = std::ranges::find(kKeys, parts.head, &Key::word);
  if (key == std::end(kKeys)) {
    return fail(complaint(fmt::format(
        "'{}' is no filter for networks: dangling, driver, id, label, label!, name and until are", parts.head)));
  }
  NetworkFilter filter{.kind = key->kind, .value = std::string(*parts.tail)};
  if (filter.kind == Kind::kDangling) filter.value = TRY(engine::read_flag(filter.value)) ? "true" : "false";
  if (filter.kind == Kind::kUntil) filter.moment_ns = TRY(parse_moment(filter.value));
  return filter;
}

bool passes(const std::vector<NetworkFilter>& filters, const network::NetworkRecord& network, bool is_used) {
  return std::ranges::all_of(filters, [&](const NetworkFilter& filter) {
    const bool all_count = filter.kind == Kind::kLabel || filter.kind == Kind::kNotLabel;
    if (all_count) return passes_one(filter, network, is_used);
    return std::ranges::any_of(filters, [&](const NetworkFilter& other) {
      return other.kind == filter.kind && passes_one(other, network, is_used);
    });
  });
}

}  // namespace caisson::cli
