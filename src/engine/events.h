// What has happened to containers, images and volumes, in a file that anybody of the same root can follow.
//
//   ROOT/events/events.log     a JSON object a line, as docker's API has them; the newest last
//   ROOT/events/events.log.1   those before
//   ROOT/events/lock           held while the one becomes the other, at 1 MB
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "engine/places.h"
#include "engine/record.h"

namespace caisson::engine {

using Attributes = std::vector<std::pair<std::string, std::string>>;

struct Event {
  std::string_view type;    ///< "container", "image", "volume", "network", "secret"
  std::string_view action;  ///< docker's word: "start", "die", "exec_create: sh", "pull"
  std::string id;           ///< of a container its id, of an image its id or name, of a volume its name
  Attributes attributes = {};
};

/// One of an image: `name` as it is known by, empty if it has none.
Event image_event(std::string_view action, std::string id, const std::string& name);

/// Writes it down, by one write(2) to the end of the file, after whatever others write. That it cannot be is no reason
/// for a verb to fail: nothing is said.
void note_event(const Places& places, const Event& event);

/// The same of a container: with its image, its name and its labels as attributes, beside `more`.
void note_event(const Places& places, const Record& record, std::string_view action, Attributes more = {});

struct EventQuery {
  std::optional<std::int64_t> since_ns = {};
  std::optional<std::int64_t> until_ns = {};
  bool follow = false;  ///< goes on with what is written, until `until_ns`
};

/// Calls `visit` with each event of the query, the oldest first, until it returns false. A line that is no event (half
/// of one, from a full disk) is passed over. Errors: the files, inotify(7), and what `visit` fails with.
Result<> read_events(const Places& places, const EventQuery& query,
                     const std::function<Result<bool>(const nlohmann::ordered_json& event)>& visit);

}  // namespace caisson::engine
