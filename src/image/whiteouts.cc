#include "image/whiteouts.h"

#include <algorithm>
#include <tuple>

#include "image/cover.h"
#include "image/entry_name.h"

namespace caisson::image {

namespace {
// Layers have their directories before what is in them: this is for those that do not.
constexpr std::size_t kMostLaterBytes = std::size_t{8} << 20;
}  // namespace

Result<> Whiteouts::add(const LayerName& name) {
  if (TRY(try_now(name)) != Directories::Visit::kAbsent) return {};
  const bool opaque = name.kind == LayerNameKind::kOpaque;
  const bool matters = opaque ? !TRY(lower_.directory(name.path))->empty() : TRY(lower_.find(name.path)).has_value();
  if (!matters) return {};
  later_bytes_ += sizeof name + name.path.size();
  if (later_bytes_ > kMostLaterBytes) {
    return fail(complaint("the layer has too many whiteouts without their directories"));
  }
  later_.push_back(name);
  return {};
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

// What is called `base` below the directory we are in. Where the layer itself has a file there, that hides it.
Result<> Whiteouts::hide(const std::string& base) {
  const std::string path = joined(directories_.path(), base);
  if (!TRY(lower_.find(path)) || TRY(make_whiteout(directories_.changing(), base))) return {};
  return hide_content(path);
}

// Everything below in the directory, where this layer has it too; `path` has no links in it.
Result<> Whiteouts::hide_content(const std::string& path) {
  const bool there = TRY(directories_.visit(path)) == Directories::Visit::kThere;
  if (!there || directories_.path() != path) return {};  // a file, or a link, hides all by itself
  for (const std::string& name : TRY(cover(directories_.changing(), path, lower_)))
    TRY(hide_content(joined(path, name)));
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
