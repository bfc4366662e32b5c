#include "image/cover.h"

#include <cerrno>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernel/files.h"

namespace caisson::image {

Result<bool> make_whiteout(int directory, const std::string& base) {
  // Since Linux 5.8 anybody may make this device, in a user namespace too.
  if (::mknodat(directory, base.c_str(), S_IFCHR, makedev(0, 0)) == 0) return true;
  if (errno == EEXIST) return false;
  return fail(os_error("mknodat", base));
}

Result<std::vector<std::string>> cover(int directory, const std::string& path, LowerTrees& lower) {
  std::set<std::string> taken;
  for (const Fd& below : *TRY(lower.directory(path))) {
    const Fd listed = TRY(kernel::open_file_at(below.get(), ".", O_RDONLY | O_DIRECTORY));  // from its start
    for (const std::string& name : TRY(kernel::names_in(listed, path))) {
      if (!TRY(make_whiteout(directory, name))) taken.insert(name);
    }
  }
  return std::vector<std::string>(taken.begin(), taken.end());
}

}  // namespace caisson::image
