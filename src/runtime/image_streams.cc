#include "runtime/image_streams.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "kernel/files.h"

namespace caisson::runtime {

namespace {

constexpr std::string_view kTargets = "/descriptors.json";
constexpr std::string_view kKeys = "/caisson-streams.json";

// Documentation/admin-guide/devices.txt: the slaves of Unix98 pseudoterminals.
bool is_terminal(const struct stat& status) {
  constexpr unsigned kFirst = 136, kLast = 143;
  return S_ISCHR(status.st_mode) && major(status.st_rdev) >= kFirst && major(status.st_rdev) <= kLast;
}

bool has_mount(std::string_view mountinfo, std::string_view id) {
  const std::vector<std::string_view> lines = split(mountinfo, '\n');
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) { return cut(line, ' ').head == id; });
}

// The line "mnt_id:\t42" of /proc/PID/fdinfo/N.
std::string mount_of(pid_t pid, int fd) {
  const std::string info = kernel::read_file(fmt::format("/proc/{}/fdinfo/{}", pid, fd)).value_or("");
  for (const std::string_view line : split(info, '\n')) {
    if (line.starts_with("mnt_id:")) return std::string(line.substr(line.find_first_not_of(" \t", 7)));
  }
  return {};
}

std::string key_of(pid_t pid, int fd, const std::string& target, std::string_view mountinfo) {
  if (target.starts_with("pipe:[")) return target;
  const auto status = kernel::status_of(fmt::format("/proc/{}/fd/{}", pid, fd));
  if (!status) return {};
  if (is_terminal(*status)) return fmt::format("tty[{:x}:{:x}]", status->st_rdev, status->st_dev);
  if (!S_ISREG(status->st_mode) && !S_ISCHR(status->st_mode)) return {};
  const std::string mount = mount_of(pid, fd);
  const auto number = parse_unsigned(mount);
  if (!number || has_mount(mountinfo, mount)) return {};
  return fmt::format("file[{:x}:{:x}]", *number, status->st_ino);
}

std::string as_list(const StreamKeys& texts) {
  return fmt::format("[{},{},{}]", json_quote(texts[0]), json_quote(texts[1]), json_quote(texts[2]));
}

Result<StreamKeys> read_list(const std::string& path) {
  const std::string text = TRY(kernel::read_file(path));
  try {
    return nlohmann::json::parse(text).get<StreamKeys>();
  } catch (const nlohmann::json::exception& error) {
    return fail(in(path, complaint(error.what())));
  }
}

}  // namespace

bool is_terminal_key(const std::string& key) { return key.starts_with("tty["); }
bool is_file_key(const std::string& key) { return key.starts_with("file["); }
bool is_external_key(const std::string& key) { return is_terminal_key(key) || is_file_key(key); }

ProcessStreams streams_of(pid_t pid, std::string_view mountinfo) {
  ProcessStreams streams;
  for (int fd = 0; fd < 3; ++fd) {
    const auto i = static_cast<std::size_t>(fd);
    streams.targets[i] = kernel::read_link(fmt::format("/proc/{}/fd/{}", pid, fd)).value_or("");
    if (!streams.targets[i].empty()) streams.keys[i] = key_of(pid, fd, streams.targets[i], mountinfo);
  }
  return streams;
}

Result<> write_streams(const std::string& image_path, const ProcessStreams& streams) {
  TRY(kernel::replace_file(image_path + std::string(kTargets), as_list(streams.targets), 0600));
  return kernel::replace_file(image_path + std::string(kKeys), as_list(streams.keys), 0600);
}

Result<StreamKeys> read_stream_keys(const std::string& image_path) {
  if (kernel::exists(image_path + std::string(kKeys))) return read_list(image_path + std::string(kKeys));
  StreamKeys targets = TRY(read_list(image_path + std::string(kTargets)));
  for (std::string& target : targets) {
    if (!target.starts_with("pipe:[")) target.clear();
  }
  return targets;
}

}  // namespace caisson::runtime
