#include "archive/files.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/beneath.h"
#include "image/digest.h"
#include "image/quoted.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::archive {

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;

Result<std::size_t> read_at(const Extent& extent, std::int64_t at, char* to, std::size_t most) {
  const auto left = static_cast<std::uint64_t>(extent.size - at);
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(most, left));
  if (wanted == 0) return 0;
  const ssize_t length = kernel::retry([&] { return ::pread(extent.file->get(), to, wanted, extent.offset + at); });
  if (length < 0) return fail(os_error("pread", "the file"));
  if (length == 0) return fail(complaint("the file became shorter while it was read"));
  return static_cast<std::size_t>(length);
}

class DirectoryFiles : public Files {
 public:
  explicit DirectoryFiles(Fd directory) : directory_(std::move(directory)) {}

  Result<std::optional<Extent>> find(const std::string& name) const override {
    // What it is is known before it is opened: opening a device may do things.
    const Fd found(image::try_open_beneath(directory_.get(), name, O_PATH, image::Links::kInRoot));
    if (!found && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (!found) return fail(os_error("openat2", name));
    struct stat status{};
    if (::fstat(found.get(), &status) != 0) return fail(os_error("fstat", name));
    if (!S_ISREG(status.st_mode)) return fail(in(image::quoted_name(name), complaint("it is no regular file")));
    auto file = TRY(kernel::open_file(fmt::format("/proc/self/fd/{}", found.get()), O_RDONLY));
    return Extent{.file = std::make_shared<const Fd>(std::move(file)), .offset = 0, .size = status.st_size};
  }

 private:
  Fd directory_;
};

}  // namespace

Result<std::shared_ptr<const Files>> files_below(const std::string& path) {
  return std::make_shared<const DirectoryFiles>(TRY(kernel::open_file(path, O_RDONLY | O_DIRECTORY)));
}

Result<Extent> require(const Files& files, const std::string& name) {
  std::optional<Extent> extent = TRY(files.find(name));
  if (!extent) return fail(complaint(fmt::format("{} is missing", image::quoted_name(name))));
  return *std::move(extent);
}

Result<std::string> read_whole(const Files& files, const std::string& name, std::size_t limit_bytes) {
  const Extent extent = TRY(require(files, name));
  if (static_cast<std::uint64_t>(extent.size) > limit_bytes) {
    return fail(in(image::quoted_name(name),
                   complaint(fmt::format("it has {} bytes, and {} are allowed", extent.size, limit_bytes))));
  }
  std::string text(static_cast<std::size_t>(extent.size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    at += TRY_IN(image::quoted_name(name),
                 read_at(extent, static_cast<std::int64_t>(at), text.data() + at, text.size() - at));
  }
  return text;
}

ExtentInput::ExtentInput(Extent extent, std::int64_t at)
    : extent_(std::move(extent)), at_(at), buffer_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {}

Result<std::string_view> ExtentInput::more() {
  const std::size_t length = TRY(read_at(extent_, at_, buffer_.get(), kReadBytes));
  at_ += static_cast<std::int64_t>(length);
  return std::string_view(buffer_.get(), length);
}

Result<image::Compression> compression_of(const Extent& extent) {
  std::array<char, image::kCompressionMagicBytes> first{};
  std::size_t length = 0;
  while (length < first.size()) {
    const std::size_t part =
        TRY(read_at(extent, static_cast<std::int64_t>(length), first.data() + length, first.size() - length));
    if (part == 0) break;
    length += part;
  }
  return image::compression_of({first.data(), length});
}

Result<std::string> digest_of(const Extent& extent) {
  image::Sha256 hash = TRY(image::Sha256::start());
  ExtentInput input(extent);
  for (std::string_view bytes = TRY(input.more()); !bytes.empty(); bytes = TRY(input.more())) hash.update(bytes);
  return hash.digest();
}

}  // namespace caisson::archive
