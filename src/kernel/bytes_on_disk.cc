#include "kernel/bytes_on_disk.h"

#include <fts.h>
#include <sys/stat.h>

#include <array>
#include <memory>
#include <set>
#include <utility>

namespace caisson::kernel {

namespace {

struct Close {
  void operator()(FTS* walk) const { ::fts_close(walk); }
};

constexpr std::int64_t kBlock = 512;  // stat(2), st_blocks

}  // namespace

std::int64_t bytes_on_disk(const std::string& path) {
  std::string root = path;
  std::array<char*, 2> paths = {root.data(), nullptr};
  const std::unique_ptr<FTS, Close> walk(::fts_open(paths.data(), FTS_PHYSICAL | FTS_NOCHDIR, nullptr));
  std::set<std::pair<dev_t, ino_t>> linked;
  std::int64_t bytes = 0;
  for (FTSENT* entry = nullptr; walk && (entry = ::fts_read(walk.get())) != nullptr;) {
    if (entry->fts_info == FTS_DP || entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR) continue;
    const struct stat& status = *entry->fts_statp;
    const bool again =
        !S_ISDIR(status.st_mode) && status.st_nlink > 1 && !linked.emplace(status.st_dev, status.st_ino).second;
    if (!again) bytes += std::int64_t{status.st_blocks} * kBlock;
  }
  return bytes;
}

}  // namespace caisson::kernel
