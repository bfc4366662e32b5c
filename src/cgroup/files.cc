#include "cgroup/files.h"

#include <fcntl.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::cgroup {

Files::Files(const std::string& directory)
    : path_(directory), directory_(kernel::open_file(directory, O_PATH | O_DIRECTORY).value_or(Fd())) {}

std::optional<std::string> Files::read(const std::string& file) const {
  if (!directory_) return std::nullopt;
  const Result<Fd> opened = kernel::open_file_at(directory_.get(), file, O_RDONLY);
  if (!opened) return std::nullopt;
  Result<std::string> content = kernel::read_all(opened->get(), file);
  if (!content) return std::nullopt;
  return std::move(*content);
}

std::optional<std::uint64_t> Files::number(const std::string& file) const {
  const std::optional<std::string> content = read(file);
  return content ? parse_unsigned(cut(*content, '\n').head) : std::nullopt;
}

std::uint64_t Files::count(const std::string& file) const {
  const std::optional<std::string> content = read(file);
  if (!content) return 0;
  const std::string_view line = cut(*content, '\n').head;
  return line == "max" ? UINT64_MAX : parse_unsigned(line).value_or(0);
}

std::vector<std::string> Files::names() const {
  return kernel::list_directory(path_).value_or(std::vector<std::string>());
}

}  // namespace caisson::cgroup
