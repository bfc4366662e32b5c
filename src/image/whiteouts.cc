#include "image/whiteouts.h"

#include <algorithm>
#include <tuple>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/cover.h"
#include "image/entry_name.h"

namespace caisson::image {

namespace {
// Layers have their directories before what is in them, and hard links to files of their own: this is for those that do
// not.
constexpr std::size_t kMostBytes = std::size_t{8} << 20;
}  // namespace

Result<> Whiteouts::add(const LayerName& name) {
  if (TRY(try_now(name)) != Directories::Visit::kAbsent) return {};
  const bool opaque = name.kind == LayerNameKind::kOpaque;
  const bool matters = opaque ? !TRY(lower_.directory(name.path))->empty() : TRY(lower_.find(name.path)).has_value();
  if (!matters) return {};
  TRY(keep(sizeof name + name.path.size()));
  later_.push_back(name);
  return {};
}

Result<> Whiteouts::came_from_below(const std::string& path) {
  TRY(keep(sizeof path + path.size()));
  from_below_.insert(path);
  return {};
}

Result<> Whiteouts::keep(std::size_t bytes) {
  kept_bytes_ += bytes;
  if (kept_bytes_ <= kMostBytes) return {};
  return fail(
      complaint("the layer has too many whiteouts without their directories, or hard links to files of other layers"));
}

// Where the directory is there: kThere. Where something else is, there is nothing left to hide.
Result<Directories::Visit> Whiteouts::try_now(const LayerName& name) {
  const bool opaque = name.kind == LayerNameKind::kOpaque;
  const Place place = opaque ? Place{.directory = name.path, .base = {}} : place_of(name.path);
  const Directories::Visit visit = TRY(directories_.visit(place.directory));
  if (visit != Directories::Visit::kThere) return visit;
  if (opaque) {
    TRY(hide_content(directories_.path()));
  } else {
    TRY(hide(place.base));
  }
  return visit;
}

// What is called `base` below the directory we are in.
Result<> Whiteouts::hide(const std::string& base) {
  const std::string path = joined(directories_.path(), base);
  if (!TRY(lower_.find(path))) return {};
  if (TRY(make_whiteout(directories_.changing(), base))) return {};
  struct stat status{};
  if (::fstatat(directories_.fd(), base.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return fail(os_error("fstatat", base));
  if (S_ISDIR(status.st_mode)) return hide_content(path);
  if (from_below_.erase(path) == 0) return {};
  if (::unlinkat(directories_.fd(), base.c_str(), 0) != 0) return fail(os_error("unlinkat", base));
  TRY(make_whiteout(directories_.fd(), base));
  return {};
}

// Everything below in the directory, which this layer has too, and in those in it that it has too.
Result<> Whiteouts::hide_content(const std::string& path) {
  if (TRY(directories_.visit(path)) != Directories::Visit::kThere) return {};
  for (const std::string& name : TRY(cover(directories_.changing(), path, lower_))) {
    TRY(hide_content(joined(path, name)));
  }
  return {};
}

Result<> Whiteouts::finish() {
  // Those of a directory come before those in it: where it is gone as a whole, they have nothing to do.
  std::sort(later_.begin(), later_.end(),
            [](const LayerName& a, const LayerName& b) { return std::tie(a.path, a.kind) < std::tie(b.path, b.kind); });
  for (const LayerName& name : later_) {
    if (TRY(try_now(name)) != Directories::Visit::kAbsent) continue;
    const bool opaque = name.kind == LayerNameKind::kOpaque;
    TRY(directories_.enter(opaque ? name.path : place_of(name.path).directory, {}));
    TRY(try_now(name));
  }
  return {};
}

}  // namespace caisson::image
