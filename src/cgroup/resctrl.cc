#include "cgroup/resctrl.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "kernel/files.h"

namespace caisson::cgroup {

namespace {

Result<> write_line(const std::string& path, const std::string& line) {
  const Fd file = TRY(kernel::open_file(path, O_WRONLY));
  return kernel::write_all(file.get(), line + "\n", path);
}

Result<> need(const std::string& schema, const std::string& directory, const char* refusal) {
  if (schema.empty() || kernel::exists(directory)) return {};
  return fail(complaint(refusal, "mount -t resctrl resctrl /sys/fs/resctrl, on a processor that can share it out"));
}

Result<> write_schema(const std::string& mount, const std::string& group, const std::string& schema) {
  if (schema.empty()) return {};
  const Result<> written = write_line(group + "/schemata", schema);
  if (written) return {};
  Error error = written.error();
  error.hint = kernel::read_file(mount + "/info/last_cmd_status").value_or("");
  while (error.hint.ends_with('\n')) error.hint.pop_back();
  return fail(std::move(error));
}

Result<> fill(const Schemata& schemata, const std::string& mount, const std::string& group,
              const std::vector<pid_t>& pids) {
  TRY(write_schema(mount, group, schemata.l3_cache));
  TRY(write_schema(mount, group, schemata.memory_bandwidth));
  for (const pid_t pid : pids) {
    const Result<> moved = write_line(group + "/tasks", std::to_string(pid));
    if (!moved && moved.error().number != ESRCH) return moved;  // one that has ended is nobody's any more
  }
  return {};
}

}  // namespace

Result<> set_schemata(const Schemata& schemata, const std::string& name, const std::vector<pid_t>& pids,
                      const std::string& mount) {
  if (schemata.l3_cache.empty() && schemata.memory_bandwidth.empty()) return {};
  TRY(need(schemata.l3_cache, mount + "/info/L3", "Intel RDT/CAT: l3 cache schema is not enabled"));
  TRY(need(schemata.memory_bandwidth, mount + "/info/MB", "Intel RDT/MBA: memory bandwidth schema is not enabled"));
  const std::string group = mount + "/" + name;
  const bool made = ::mkdir(group.c_str(), 0755) == 0;
  if (!made && errno != EEXIST) return fail(os_error("mkdir", group));
  Result<> filled = fill(schemata, mount, group, pids);
  if (!filled && made) ::rmdir(group.c_str());
  return filled;
}

}  // namespace caisson::cgroup
