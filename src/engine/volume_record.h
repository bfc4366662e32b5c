// What is known about a volume, and how that is written down. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::engine {

/// ROOT/volumes/NAME/volume.json.
struct VolumeRecord {
  std::string name;
  std::int64_t created_ns = 0;
  std::map<std::string, std::string> labels;
  /// What is mounted in the place of a directory of caisson's own, by docker's words: "type", "device", "o". None: that
  /// directory.
  std::map<std::string, std::string> options;
  bool anonymous = false;  ///< made for a container, by a VOLUME of its image or `-v /PATH`

  bool operator==(const VolumeRecord&) const = default;
};

/// [a-zA-Z0-9][a-zA-Z0-9_.-]*, 255 bytes at most.
bool is_volume_name(std::string_view name);

/// The name of the `number`-th anonymous volume of a container: 64 hexadecimal digits, as no other container has them.
std::string anonymous_volume_name(const std::string& container_id, std::size_t number);

/// What docker's local driver asks of --opt: "type", "device" and "o" alone, the first two together. Errors: another
/// key, one of the two without the other.
Result<> check_volume_options(const std::map<std::string, std::string>& options);

std::string to_json(const VolumeRecord& record);
/// Errors: what is no such record, or a newer caisson's.
Result<VolumeRecord> read_volume_record(const std::string& json);

}  // namespace caisson::engine
