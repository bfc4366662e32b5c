#include "kernel/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

struct DirectoryStream {
  explicit DirectoryStream(DIR* opened) : stream(opened) {}
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;
  ~DirectoryStream() {
    if (stream != nullptr) ::closedir(stream);
  }
  DIR* stream;
};

}  // namespace

Result<Fd> open_file_at(int directory, const std::string& path, int flags, mode_t mode) {
  const int fd = retry([&] { return ::openat(directory, path.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) return fail(os_error("open", path));
  return Fd(fd);
}

Result<Fd> open_file(const std::string& path, int flags, mode_t mode) {
  return open_file_at(AT_FDCWD, path, flags, mode);
}

Result<std::string> read_all(int fd, std::string_view name, std::size_t limit_bytes) {
  std::string content;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = retry([&] { return ::read(fd, buffer.data(), buffer.size()); });
    if (got < 0) return fail(os_error("read", name));
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > limit_bytes) {
      errno = EFBIG;
      return fail(os_error("read", name));
    }
  }
}

Result<std::string> read_file(const std::string& path, std::size_t limit_bytes) {
  const Fd file = TRY(open_file(path, O_RDONLY));
  return read_all(file.get(), path, limit_bytes);
}

Result<> write_all(int fd, std::string_view content, std::string_view name) {
  while (!content.empty()) {
    const ssize_t wrote = retry([&] { return ::write(fd, content.data(), content.size()); });
    if (wrote < 0) return fail(os_error("write", name));
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<> write_new_file(const std::string& path, std::string_view content, mode_t mode) {
  const Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
  return write_all(file.get(), content, path);
}

Result<> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  Result<> written = write_new_file(temporary, content, mode);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = fail(os_error("rename", path));
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Result<> make_directories(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  const std::size_t slash = path.rfind('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0) return fail(os_error("mkdir", path));
  TRY(make_directories(path.substr(0, slash), mode));
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return fail(os_error("mkdir", path));
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  Result<Fd> directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory) {
    if (directory.error().number == ENOENT) return std::vector<std::string>();
    return fail(std::move(directory).error());
  }
  return names_in(*directory, path);
}

Result<std::vector<std::string>> names_in(const Fd& directory, const std::string& path) {
  Fd copy = TRY(duplicate(directory.get()));  // the stream takes one over
  const DirectoryStream stream(::fdopendir(copy.get()));
  if (stream.stream == nullptr) return fail(os_error("fdopendir", path));
  (void)std::move(copy).release();
  std::vector<std::string> names;
  errno = 0;
  while (const struct dirent* entry = ::readdir(stream.stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return fail(os_error("readdir", path));
  return names;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

Result<std::string> read_link(const std::string& path) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlink(path.c_str(), buffer.data(), buffer.size());
  if (length < 0) return fail(os_error("readlink", path));
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

Result<std::string> absolute_path(const std::string& path) {
  std::array<char, PATH_MAX> buffer;
  if (::realpath(path.c_str(), buffer.data()) == nullptr) return fail(os_error("realpath", path));
  return std::string(buffer.data());
}

Result<std::optional<Fd>> lock_file(const std::string& path, Lock how) {
  const int operation = LOCK_EX | (how == Lock::kTry ? LOCK_NB : 0);
  for (;;) {
    Fd file = TRY(open_file(path, O_RDWR | O_CREAT, 0600));
    if (retry([&] { return ::flock(file.get(), operation); }) != 0) {
      if (errno == EWOULDBLOCK) return std::optional<Fd>();
      return fail(os_error("flock", path));
    }
    // Who held it before may have removed the file: then this is the lock of nothing.
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return fail(os_error("fstat", path));
    if (status.st_nlink != 0) return std::optional(std::move(file));
  }
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(os_error("pipe2", ""));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return fail(os_error("fcntl", std::to_string(fd)));
  return Fd(copy);
}

}  // namespace caisson::kernel
