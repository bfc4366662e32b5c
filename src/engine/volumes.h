// Volumes: directories that outlive the containers they are mounted in. One directory a volume, no global lock.
//
//   ROOT/volumes/NAME/          volume.json, _data/; complete from the moment it has this name (renameat2(2))
//   ROOT/volumes/.new.…/        one that is being made, locked by who makes it
//   ROOT/volumes/.gone.…/       one that is being removed, locked by who removes it
//
// Who starts a container holds its named volumes (flock(2) of NAME/, shared) until its record names them; who removes
// one holds it alone while it looks at the records.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"
#include "engine/record.h"
#include "engine/volume_record.h"

namespace caisson::engine {

struct Volume {
  VolumeRecord record;
  std::string data;  ///< the directory that is mounted
};

/// The volume of that name; nothing if there is none.
Result<std::optional<Volume>> find_volume(const Places& places, const std::string& name);

/// The same where it has to be there: "no such volume".
Result<Volume> require_volume(const Places& places, const std::string& name);

/// All of them, by name. One whose record cannot be read is named in `damaged`.
struct VolumeListing {
  std::vector<Volume> volumes;
  std::vector<std::string> damaged;
};
Result<VolumeListing> list_volumes(const Places& places);

/// Makes a volume; false: one of that name is there already, and stays as it is.
Result<bool> make_volume(const Places& places, const VolumeRecord& record);

/// The named ones of `volumes`, made where they are missing, and held: nobody removes them until these are closed.
Result<std::vector<Fd>> hold_volumes(const Places& places, const std::vector<VolumeRecord>& volumes);

/// Makes the anonymous ones of `volumes`: once the record names them, so that who is killed leaves none that nobody
/// knows of.
Result<> make_anonymous_volumes(const Places& places, const std::vector<VolumeRecord>& volumes);

/// Volume → names of the containers whose records name it, those that do not run included.
using VolumeUses = std::map<std::string, std::vector<std::string>>;
Result<VolumeUses> volume_uses(const Places& places);

/// Removes a volume with all that is in it. Errors: there is none; containers use it, which are named.
Result<> remove_volume(const Places& places, const std::string& name);

/// Removes the anonymous volumes of a container that has ended or is gone, but for those that another uses.
Result<> remove_anonymous_volumes(const Places& places, const Record& record);

/// Removes what those have left who were killed while they made or removed a volume.
Result<> clear_unfinished_volumes(const Places& places);

}  // namespace caisson::engine
