#include "image/trusted.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "image/digest_name.h"
#include "image/identity.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::size_t kRecordBytes = 1U << 20;
constexpr mode_t kPrivate = 0700;

std::string record_path(const std::string& root, const std::string& digest) {
  return root + "/trusted/" + std::string(hex_of(digest));
}

std::string line_of(const FileIdentity& identity) {
  return fmt::format("{} {} {} {}", identity.key(), identity.size, identity.mtime_ns, identity.ctime_ns);
}

}  // namespace

bool is_known_trusted(const std::string& root, const std::string& digest, const Requirement& requirement) {
  const Result<std::string> record = kernel::read_file(record_path(root, digest), kRecordBytes);
  if (!record) return false;
  const std::vector<std::string_view> lines = split(*record, '\n');
  return std::ranges::any_of(requirement.keys, [&](const std::string& key) {
    const auto status = kernel::status_of(key);
    return status && std::ranges::find(lines, line_of(identity_of(*status))) != lines.end();
  });
}

Result<> remember_trusted(const std::string& root, const std::string& digest, const std::string& key) {
  const auto status = kernel::status_of(key);
  if (!status) return fail(os_error("stat", key));
  const FileIdentity identity = identity_of(*status);
  struct timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (identity.racy_at(now.tv_sec * 1'000'000'000LL + now.tv_nsec)) return {};
  TRY(kernel::make_directories(root + "/trusted", kPrivate));
  const std::string path = record_path(root, digest);
  const Fd file = TRY(kernel::open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600));
  return kernel::write_all(file.get(), line_of(identity) + "\n", path);
}

}  // namespace caisson::image
