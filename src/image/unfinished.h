// What those who were killed while they unpacked have left in the store of layers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

/// Files of the store's tmp that belong to nobody by their name: their maker was about to unlink them.
inline constexpr std::string_view kSpoolPrefix = "spool.";

/// Removes what lies in the tmp of the store at the path `store` and that nobody works on: whose lock is free
/// (layers.h). One readdir(3) where there is nothing.
Result<> clear_unfinished(const std::string& store);

/// The names of what that would remove.
Result<std::vector<std::string>> list_unfinished(const std::string& store);

/// Removes the files of locks that nobody holds. Who waits for one of them takes the next that is made (store_lock.h).
Result<> clear_free_locks(const std::string& store);

}  // namespace caisson::image
