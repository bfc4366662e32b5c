#include "image/fingerprint.h"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "image/digest.h"

namespace caisson::image {

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;

Result<struct stat> status_of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return fail(os_error("fstat", "the tarball"));
  return status;
}

// Hashes a file from its start to its end.
Result<std::string> hash_file(int fd, std::uint64_t size, Progress& progress) {
  Sha256 hash = TRY(Sha256::start());
  std::vector<char> buffer(kReadBytes);
  for (std::uint64_t at = 0;;) {
    const ssize_t length = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(at));
    if (length == 0) return hash.digest();
    if (length < 0 && errno != EINTR) return fail(os_error("pread", "the tarball"));
    if (length < 0) continue;
    hash.update({buffer.data(), static_cast<std::size_t>(length)});
    at += static_cast<std::uint64_t>(length);
    progress.at(at, size);
  }
}

Result<> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return fail(os_error("write", "copy in the store"));
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<Tarball> spool(LayerStore& store, int from, Progress& progress) {
  Tarball tarball{.file = TRY(store.spool_file()), .digest = {}};
  Sha256 hash = TRY(Sha256::start());
  std::vector<char> buffer(kReadBytes);
  for (;;) {
    const ssize_t length = ::read(from, buffer.data(), buffer.size());
    if (length == 0) break;
    if (length < 0 && errno != EINTR) return fail(os_error("read", "the tarball"));
    if (length < 0) continue;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(length));
    hash.update(bytes);
    TRY(write_all(tarball.file.get(), bytes));
    tarball.size += bytes.size();
    progress.at(tarball.size, 0);
  }
  tarball.digest = TRY(hash.digest());
  return tarball;
}

Result<std::string> digest_of_regular_file(LayerStore& store, int fd, Progress& progress) {
  const FileIdentity identity = identity_of(TRY(status_of(fd)));
  if (std::optional<std::string> known = store.recall(identity)) return *known;

  // What is not going to be remembered is not worth waiting for either.
  const bool racy = identity.racy_at(now_nanoseconds());
  Fd lock;
  if (!racy) {
    lock = TRY(store.lock(identity.key()));
    if (std::optional<std::string> known = store.recall(identity)) return *known;
  }
  std::string digest = TRY(hash_file(fd, static_cast<std::uint64_t>(identity.size), progress));
  if (identity_of(TRY(status_of(fd))) != identity) return fail(complaint("the tarball changed while it was read"));
  if (!racy) TRY(store.remember(identity, digest));
  return digest;
}

Result<Fd> open_path(const std::string& path) {
  Fd fd(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                    : ::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  if (!fd) return fail(os_error("open", "the tarball"));
  return fd;
}

}  // namespace

Result<Tarball> open_tarball(LayerStore& store, const std::string& path, Progress& progress) {
  Fd file = TRY(open_path(path));
  const struct stat status = TRY(status_of(file.get()));
  if (S_ISDIR(status.st_mode)) return fail(complaint("this is a directory, not a tarball"));
  // Standard input that is a file, but not at its start, is a stream like any other.
  if (!S_ISREG(status.st_mode) || ::lseek(file.get(), 0, SEEK_CUR) != 0) return spool(store, file.get(), progress);
  std::string digest = TRY(digest_of_regular_file(store, file.get(), progress));
  return Tarball{
      .file = std::move(file), .digest = std::move(digest), .size = static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace caisson::image
