#include "archive/member_index.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "image/entry_name.h"
#include "image/quoted.h"
#include "kernel/syscalls.h"

namespace caisson::archive {

namespace {

using image::EntryKind;
using image::TarEntry;

constexpr std::size_t kReadBytes = std::size_t{16} << 10;  // headers, which lie far from each other

class SeekingChunks : public image::Chunks {
 public:
  SeekingChunks(int file, std::int64_t size) : file_(file), size_(size) {}

  Result<std::string_view> next() override {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(kReadBytes, size_ - at_));
    const ssize_t length = kernel::retry([&] { return ::pread(file_, buffer_.data(), wanted, at_); });
    if (length < 0) return fail(os_error("pread", "the archive"));
    at_ += length;
    return std::string_view(buffer_.data(), static_cast<std::size_t>(length));
  }

  Result<std::int64_t> pass_over(std::int64_t bytes) override {
    const std::int64_t passed = std::min(bytes, size_ - at_);
    at_ += passed;
    return passed;
  }

 private:
  int file_;
  std::int64_t size_;
  std::int64_t at_ = 0;
  std::array<char, kReadBytes> buffer_{};
};

std::string_view words_for(EntryKind kind) {
  switch (kind) {
    case EntryKind::kFile: return "a file";
    case EntryKind::kHardLink: return "a hard link";
    case EntryKind::kSymbolicLink: return "a symbolic link";
    case EntryKind::kCharacterDevice:
    case EntryKind::kBlockDevice: return "a device";
    case EntryKind::kDirectory: return "a directory";
    case EntryKind::kFifo: return "a fifo";
  }
  return "";
}

Error unfit(std::string_view name, std::string_view what) {
  return complaint(fmt::format("{} is {} in the archive, and no file", image::quoted_name(name), what));
}

}  // namespace

Result<MemberIndex> read_member_index(int file, std::int64_t size,
                                      const std::function<bool(const std::string&, const TarEntry&)>& look) {
  SeekingChunks chunks(file, size);
  image::TarReader reader(chunks);
  MemberIndex index;
  std::size_t name_bytes = 0;
  for (;;) {
    const std::optional<TarEntry> entry = TRY(reader.next());
    if (!entry) return index;
    std::string name = TRY_IN(image::quoted_name(entry->name), image::normal_name(entry->name));
    if (!look(name, *entry)) return index;
    if (entry->kind == EntryKind::kDirectory) continue;
    name_bytes += name.size() + entry->link_target.size();
    if (index.size() == kMostMembers || name_bytes > kMostNameBytes) {
      return fail(complaint("there are more files in it than images have"));
    }
    const Member member{.kind = entry->kind,
                        .sparse = entry->sparse,
                        .offset = reader.position(),
                        .size = entry->size,
                        .link_target = entry->kind == EntryKind::kSymbolicLink ? entry->link_target : ""};
    const auto [place, is_new] = index.try_emplace(std::move(name), member);
    if (!is_new) place->second.repeated = true;
  }
}

Result<MemberIndex> read_member_index(int file, std::int64_t size) {
  return read_member_index(file, size, [](const std::string&, const TarEntry&) { return true; });
}

std::optional<std::string> linked_name(std::string_view name, std::string_view target) {
  if (target.starts_with('/')) return std::nullopt;
  std::vector<std::string> way;
  const std::size_t slash = name.rfind('/');
  const auto walk = [&](std::string_view path) {
    for (const std::string_view component : split(path, '/')) {
      if (component.empty() || component == ".") continue;
      if (component != "..") {
        way.emplace_back(component);
      } else if (way.empty()) {
        return false;
      } else {
        way.pop_back();
      }
    }
    return true;
  };
  if (slash != std::string_view::npos) (void)walk(name.substr(0, slash));
  if (!walk(target) || way.empty()) return std::nullopt;
  return join(way, "/");
}

Result<std::optional<Extent>> MemberFiles::find(const std::string& name) const {
  const Member* member = nullptr;
  std::string at = name;
  for (int links = 0;; ++links) {
    const auto found = index_.find(at);
    if (found == index_.end() && links == 0) return std::nullopt;
    if (found == index_.end())
      return fail(unfit(name, fmt::format("a link to {}, which is missing", image::quoted_name(at))));
    member = &found->second;
    if (member->repeated)
      return fail(complaint(fmt::format("{} is there twice in the archive", image::quoted_name(at))));
    if (member->kind != EntryKind::kSymbolicLink) break;
    if (links == 1) return fail(unfit(name, "a link to a link"));
    const std::optional<std::string> target = linked_name(at, member->link_target);
    if (!target) return fail(unfit(name, "a link that leads out of it"));
    at = *target;
  }
  if (member->kind != EntryKind::kFile) return fail(unfit(at, words_for(member->kind)));
  if (member->sparse) return fail(unfit(at, "a file with holes"));
  return Extent{.file = file_, .offset = member->offset, .size = member->size};
}

}  // namespace caisson::archive
