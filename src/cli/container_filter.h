// --filter of the verbs that go through containers, as docker has it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"
#include "network/holding.h"

namespace caisson::cli {

/// What containers are chosen by: several values of one key let through what any of them does; keys, and labels, have
/// to hold all.
class ContainerFilters {
 public:
  /// Reads "status=exited": ancestor, before, exited, expose, health, id, is-task, label, label!, name, network, pod,
  /// publish, restart-policy, should-start-on-boot, since, status, until, volume. Errors: a key that is not known, a
  /// value that is none.
  Result<> add(std::string_view text);

  bool is_empty() const { return filters_.empty(); }
  /// What can be asked of containers only that have ended, or of all: `ps` shows those too then.
  bool shows_ended() const;

  /// Looks up what the filters name: the moments of before= and since=, the images of ancestor=. Errors: no such
  /// container.
  Result<> look_up(const engine::Places& places);

  /// What is looked up of a container only where a filter wants it.
  struct More {
    std::function<std::string()> health;  ///< docker's word; "none" where nothing is checked
    std::function<std::vector<network::HeldPort>()> published = [] { return std::vector<network::HeldPort>(); };
  };
  static More more_of(const engine::Places& places, const engine::Container& container);

  /// Whether the filters let the container through.
  bool pass(const engine::Container& container, const More& more) const;

 private:
  enum class Kind {
    kAncestor,
    kBefore,
    kExited,
    kExpose,
    kHealth,
    kId,
    kIsTask,
    kLabel,
    kNotLabel,
    kName,
    kNetwork,
    kPod,
    kPublish,
    kRestartPolicy,
    kShouldStartOnBoot,
    kSince,
    kStatus,
    kUntil,
    kVolume,
  };
  struct Filter {
    Kind kind = Kind::kName;
    std::string value = {};
    std::int64_t number = 0;               // a moment, an exit status
    std::vector<std::string> images = {};  // of kAncestor: ids of images
  };

  struct Key;  // a row of the table of keys

  static Result<Filter> read(const Key& key, std::string value);
  static bool passes(const Filter& filter, const engine::Container& container, const More& more);

  std::vector<Filter> filters_;
};

}  // namespace caisson::cli
