#include "image/synced.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/files.h"

namespace caisson::image {

namespace {

Result<> sync(int file, const std::string& path) {
  if (::fsync(file) != 0) return fail(os_error("fsync", path));
  return {};
}

}  // namespace

Result<> sync_directory(const std::string& path) {
  const Fd directory = TRY(kernel::open_file(path, O_RDONLY | O_DIRECTORY));
  return sync(directory.get(), path);
}

Result<> rename_synced(int file, const std::string& from, const std::string& to) {
  TRY(sync(file, from));
  if (::rename(from.c_str(), to.c_str()) != 0) return fail(os_error("rename", to));
  return sync_directory(to.substr(0, to.rfind('/') + 1));
}

Result<> replace_synced(const std::string& temporary, const std::string& path, std::string_view content) {
  const Fd file = TRY(kernel::open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  const auto done = [&]() -> Result<> {
    TRY(kernel::write_all(file.get(), content, temporary));
    return rename_synced(file.get(), temporary, path);
  }();
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace caisson::image
