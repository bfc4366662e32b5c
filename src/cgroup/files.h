// The files of one cgroup directory; private to the reading of statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace caisson::cgroup {

class Files {
 public:
  explicit Files(const std::string& directory);

  /// What the file holds; nothing if there is none, or it cannot be read.
  std::optional<std::string> read(const std::string& file) const;

  /// A file that holds one number. Nothing for "max", either.
  std::optional<std::uint64_t> number(const std::string& file) const;

  /// The same, the largest number for "max", and 0 if there is no such file.
  std::uint64_t count(const std::string& file) const;

  /// The names of the directory's files.
  std::vector<std::string> names() const;

 private:
  std::string path_;
  Fd directory_;
};

}  // namespace caisson::cgroup
