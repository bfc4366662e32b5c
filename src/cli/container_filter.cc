#include "cli/container_filter.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/moment.h"
#include "engine/health_state.h"
#include "engine/images.h"
#include "engine/networking.h"

namespace caisson::cli {

struct ContainerFilters::Key {
  std::string_view name;
  Kind kind;
};

namespace {

constexpr std::array kStates = {std::string_view("created"),  std::string_view("running"),
                                std::string_view("paused"),   std::string_view("exited"),
                                std::string_view("removing"), std::string_view("restarting"),
                                std::string_view("dead")};
constexpr std::array kHealths = {std::string_view("starting"), std::string_view("healthy"),
                                 std::string_view("unhealthy"), std::string_view("none")};

// What stands where podman has another word.
std::string_view docker_state(std::string_view word) {
  if (word == "stopped") return "exited";
  return word == "configured" || word == "initialized" ? "created" : word;
}

class Pattern {
 public:
  explicit Pattern(const std::string& text)
      : is_valid_(::regcomp(&regex_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() {
    if (is_valid_) ::regfree(&regex_);
  }

  bool is_valid() const { return is_valid_; }
  bool is_in(const std::string& text) const {
    return is_valid_ && ::regexec(&regex_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_{};
  bool is_valid_;
};

// docker's names begin with a slash.
bool has_name(const std::string& pattern, const std::string& name) {
  const Pattern regex(pattern);
  return regex.is_in(name) || regex.is_in("/" + name);
}

bool has_label(std::string_view wanted, const std::map<std::string, std::string>& labels) {
  const Cut parts = cut(wanted, '=');
  const auto found = labels.find(std::string(parts.head));
  return found != labels.end() && (!parts.tail || found->second == *parts.tail);
}

struct Ports {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::string protocol;
};

// "80", "80/udp", "80-90/tcp".
std::optional<Ports> read_ports(std::string_view text) {
  const Cut parts = cut(text, '/');
  const Cut ends = cut(parts.head, '-');
  const auto first = parse_unsigned(ends.head);
  const auto last = ends.tail ? parse_unsigned(*ends.tail) : first;
  if (!first || !last || *last < *first || *last > 65535) return std::nullopt;
  return Ports{*first, *last, std::string(parts.tail.value_or("tcp"))};
}

bool exposes(std::string_view wanted, const engine::Record& record) {
  const auto asked = read_ports(wanted);
  if (!asked) return false;
  return std::ranges::any_of(engine::exposed_ports(record), [&](const std::string& text) {
    const auto ports = read_ports(text);
    return ports && ports->protocol == asked->protocol && ports->first <= asked->last && asked->first <= ports->last;
  });
}

bool publishes(std::string_view wanted, const std::vector<network::HeldPort>& published) {
  const auto asked = read_ports(wanted);
  return asked && std::ranges::any_of(published, [&](const network::HeldPort& held) {
           return network::protocol_name(held.port.protocol) == asked->protocol &&
                  asked->first <= held.port.host_port && held.port.host_port <= asked->last;
         });
}

// The images that have all of this one's layers at their bottom.
std::vector<std::string> made_from(const engine::ListedImage& ancestor,
                                   const std::vector<engine::ListedImage>& images) {
  std::vector<std::string> ids;
  const std::vector<std::string>& layers = ancestor.config.diff_ids;
  for (const engine::ListedImage& each : images) {
    const std::vector<std::string>& all = each.config.diff_ids;
    if (layers.size() <= all.size() && std::equal(layers.begin(), layers.end(), all.begin()))
      ids.push_back(each.image.id());
  }
  return ids;
}

template <class Words, class Word>
bool holds(const Words& words, const Word& word) {
  return std::ranges::find(words, word) != words.end();
}

template <class Words>
std::unexpected<Error> none_of(std::string_view value, const Words& words) {
  return fail(complaint(fmt::format("'{}' is none of {}", value, fmt::join(words, ", "))));
}

// By its name, its source, or where it is inside.
bool mounts(const engine::Record& record, const std::string& volume) {
  return std::ranges::any_of(record.mounts, [&](const engine::MountRecord& mount) {
    return !volume.empty() && (mount.name == volume || mount.source == volume || mount.destination == volume);
  });
}

}  // namespace

Result<ContainerFilters::Filter> ContainerFilters::read(const Key& key, std::string value) {
  Filter filter{.kind = key.kind, .value = std::move(value)};
  switch (key.kind) {
    case Kind::kExited: {
      const auto status = parse_signed(filter.value);
      if (!status) return fail(complaint(fmt::format("'{}' is no exit status", filter.value)));
      filter.number = *status;
      break;
    }
    case Kind::kExpose:
    case Kind::kPublish:
      if (!read_ports(filter.value))
        return fail(complaint(fmt::format("'{}' is no port: PORT[-PORT][/PROTOCOL] is", filter.value)));
      break;
    case Kind::kHealth:
      if (!holds(kHealths, filter.value)) return none_of(filter.value, kHealths);
      break;
    case Kind::kStatus:
      filter.value = docker_state(filter.value);
      if (!holds(kStates, filter.value)) return none_of(filter.value, kStates);
      break;
    case Kind::kIsTask:
    case Kind::kShouldStartOnBoot:
      if (filter.value == "1") filter.value = "true";
      if (filter.value == "0") filter.value = "false";
      if (filter.value != "true" && filter.value != "false")
        return fail(complaint(fmt::format("'{}' is neither true nor false", filter.value)));
      break;
    case Kind::kId:
    case Kind::kName:
      if (!Pattern(filter.value).is_valid())
        return fail(complaint(fmt::format("'{}' is no regular expression", filter.value)));
      break;
    case Kind::kUntil: filter.number = TRY(parse_moment(filter.value)); break;
    case Kind::kAncestor:
    case Kind::kBefore:
    case Kind::kLabel:
    case Kind::kNotLabel:
    case Kind::kNetwork:
    case Kind::kPod:
    case Kind::kRestartPolicy:
    case Kind::kSince:
    case Kind::kVolume: break;
  }
  return filter;
}

Result<> ContainerFilters::add(std::string_view text) {
  static constexpr std::array kKeys = {Key{"ancestor", Kind::kAncestor},
                                       Key{"before", Kind::kBefore},
                                       Key{"exited", Kind::kExited},
                                       Key{"expose", Kind::kExpose},
                                       Key{"health", Kind::kHealth},
                                       Key{"id", Kind::kId},
                                       Key{"is-task", Kind::kIsTask},
                                       Key{"label", Kind::kLabel},
                                       Key{"label!", Kind::kNotLabel},
                                       Key{"name", Kind::kName},
                                       Key{"network", Kind::kNetwork},
                                       Key{"pod", Kind::kPod},
                                       Key{"publish", Kind::kPublish},
                                       Key{"restart-policy", Kind::kRestartPolicy},
                                       Key{"should-start-on-boot", Kind::kShouldStartOnBoot},
                                       Key{"since", Kind::kSince},
                                       Key{"status", Kind::kStatus},
                                       Key{"until", Kind::kUntil},
                                       Key{"volume", Kind::kVolume}};
  std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return fail(complaint(fmt::format("'{}' is no filter: KEY=VALUE is", text)));
  const auto key = std::ranges::find(kKeys, text.substr(0, equals), &Key::name);
  if (key == kKeys.end()) {
    std::vector<std::string_view> names;
    for (const Key& each : kKeys) names.push_back(each.name);
    return fail(complaint(
        fmt::format("'{}' is no filter for containers: {} are", text.substr(0, equals), fmt::join(names, ", "))));
  }
  filters_.push_back(TRY(read(*key, std::string(text.substr(equals + 1)))));
  return {};
}

bool ContainerFilters::shows_ended() const {
  return std::ranges::any_of(
      filters_, [](const Filter& filter) { return filter.kind == Kind::kStatus || filter.kind == Kind::kExited; });
}

Result<> ContainerFilters::look_up(const engine::Places& places) {
  for (Filter& filter : filters_) {
    if (filter.kind == Kind::kBefore || filter.kind == Kind::kSince)
      filter.number = TRY_IN("--filter", engine::find_container(places, filter.value)).record.created_ns;
    if (filter.kind != Kind::kAncestor) continue;
    if (const Result<engine::ListedImage> image = engine::find_image(places, filter.value))
      filter.images = made_from(*image, TRY(engine::list_images(places)).images);
  }
  return {};
}

bool ContainerFilters::passes(const Filter& filter, const engine::Container& container, const More& more) {
  const engine::Record& record = container.record;
  switch (filter.kind) {
    case Kind::kAncestor:
      return record.source == filter.value || (record.image && record.image->name == filter.value) ||
             holds(filter.images, record.digest);
    case Kind::kBefore:
    case Kind::kUntil: return record.created_ns < filter.number;
    case Kind::kSince: return record.created_ns > filter.number;
    case Kind::kExited: return container.ending && container.ending->exit_code == filter.number;
    case Kind::kExpose: return exposes(filter.value, record);
    case Kind::kHealth: return more.health() == filter.value;
    case Kind::kPublish: return publishes(filter.value, more.published());
    case Kind::kRestartPolicy: return engine::restart_policy_name(record.restart) == filter.value;
    case Kind::kShouldStartOnBoot: return engine::starts_with_boot(container) == (filter.value == "true");
    case Kind::kIsTask: return filter.value == "false";  // there is no swarm
    case Kind::kId: return record.id.starts_with(filter.value) || Pattern(filter.value).is_in(record.id);
    case Kind::kLabel: return has_label(filter.value, record.labels);
    case Kind::kNotLabel: return !has_label(filter.value, record.labels);
    case Kind::kName: return has_name(filter.value, record.name);
    case Kind::kNetwork: return holds(engine::networks_of(record), filter.value);
    case Kind::kPod:
      return !record.pod.id.empty() && (record.pod.name == filter.value || record.pod.id.starts_with(filter.value));
    case Kind::kStatus: return engine::status_word(container) == filter.value;
    case Kind::kVolume: return mounts(record, filter.value);
  }
  return false;
}

ContainerFilters::More ContainerFilters::more_of(const engine::Places& places, const engine::Container& container) {
  return {.health =
              [&] {
                const auto health = engine::health_of(places, container);
                return std::string(health ? engine::health_word(health->health) : "none");
              },
          .published =
              [&] {
                const auto holding = engine::holding_of(places, container.record.id);
                return holding ? holding->ports : std::vector<network::HeldPort>();
              }};
}

bool ContainerFilters::pass(const engine::Container& container, const More& more) const {
  std::set<Kind> wanted;
  std::set<Kind> met;
  for (const Filter& filter : filters_) {
    const bool does = passes(filter, container, more);
    if ((filter.kind == Kind::kLabel || filter.kind == Kind::kNotLabel) && !does) return false;
    wanted.insert(filter.kind);
    if (does) met.insert(filter.kind);
  }
  return wanted == met;
}

}  // namespace caisson::cli
