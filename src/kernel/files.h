// Files and directories of the host, with the operand in the error.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::kernel {

/// open(2) with O_CLOEXEC.
Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0);
Result<Fd> open_file_at(int directory, const std::string& path, int flags, mode_t mode = 0);

/// The whole content of a file; `limit_bytes` bounds what a hostile one can cost (EFBIG).
Result<std::string> read_file(const std::string& path, std::size_t limit_bytes = 64U << 20);
Result<std::string> read_all(int fd, std::string_view name, std::size_t limit_bytes = 64U << 20);

/// Writes all of `content`, retried until it is out.
Result<> write_all(int fd, std::string_view content, std::string_view name);

/// Replaces `path` by a file with `content`: readers see the old or the new one, never a half (rename(2)).
Result<> replace_file(const std::string& path, std::string_view content, mode_t mode = 0644);
Result<> write_new_file(const std::string& path, std::string_view content, mode_t mode = 0644);

/// mkdir(2) with all parents; one that exists is fine.
Result<> make_directories(const std::string& path, mode_t mode = 0755);

/// The names in a directory, without "." and "..", in no order. A directory that does not exist has none.
Result<std::vector<std::string>> list_directory(const std::string& path);

/// The same of a directory that is open; `path` is for errors.
Result<std::vector<std::string>> names_in(const Fd& directory, const std::string& path);

/// Removes a file or a tree, however deep, with a constant number of descriptors, without following links or crossing
/// into what is mounted in it (EBUSY then). Its directories must be ours, and need not be writable. One that does not
/// exist is fine.
Result<> remove_tree(const std::string& path);
Result<> remove_tree_at(int parent, const std::string& name);

bool exists(const std::string& path);
std::optional<struct stat> status_of(const std::string& path);  ///< stat(2), nothing where it fails
Result<std::string> read_link(const std::string& path);
Result<std::string> absolute_path(const std::string& path);  ///< realpath(3)

/// flock(2) on `path`, made if it is missing; held until the descriptor closes. kTry: nothing if another holds it.
enum class Lock { kWait, kTry };
Result<std::optional<Fd>> lock_file(const std::string& path, Lock how);

/// pipe2(2) with O_CLOEXEC.
struct Pipe {
  Fd read;
  Fd write;
};
Result<Pipe> make_pipe();

/// A copy of `fd` numbered 3 or above, CLOEXEC.
Result<Fd> duplicate(int fd);

}  // namespace caisson::kernel
