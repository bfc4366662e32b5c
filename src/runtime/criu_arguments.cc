#include "runtime/criu_arguments.h"

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::runtime {

namespace {

class Arguments {
 public:
  explicit Arguments(std::string verb) : words_{"criu", std::move(verb)} {}

  void flag(std::string_view name, bool given = true) {
    if (given) words_.push_back(fmt::format("--{}", name));
  }
  void text(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    words_.push_back(fmt::format("--{}", name));
    words_.push_back(value);
  }
  void word(std::string word) { words_.push_back(std::move(word)); }
  std::vector<std::string> finish() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

void add_common(Arguments& arguments, const CriuOptions& options, std::string_view log) {
  arguments.text("config", options.config_file);
  arguments.text("images-dir", options.image_path);
  arguments.text("work-dir", options.work_path);
  arguments.text("log-file", std::string(log));
  arguments.word("-v4");
  // criu takes its value for a word of its own unless it is attached.
  arguments.word(fmt::format("--manage-cgroups={}", options.manage_cgroups));
  // Network devices are not the runtime's to make anew.
  arguments.text("empty-ns", "net");
  arguments.flag("tcp-established", options.tcp_established);
  arguments.flag("ext-unix-sk", options.ext_unix_sk);
  arguments.flag("shell-job", options.shell_job);
  arguments.flag("file-locks", options.file_locks);
  arguments.flag("link-remap", options.link_remap);
  arguments.flag("auto-dedup", options.auto_dedup);
  arguments.flag("lazy-pages", options.lazy_pages);
  arguments.text("network-lock", options.network_lock);
}

void add_mounts(Arguments& arguments, const std::vector<ExternalMount>& mounts) {
  for (const ExternalMount& mount : mounts)
    arguments.text("external", fmt::format("mnt[{}]:{}", mount.first, mount.second));
}

bool is_complaint(std::string_view line) { return line.find("Error (") != std::string_view::npos; }

// "(00.004711) Error (criu/mount.c:42): mnt: why" → "mnt: why"
std::string_view words_of(std::string_view line) {
  line.remove_prefix(line.find("Error ("));
  const std::size_t end = line.find("): ");
  return end == std::string_view::npos ? line : line.substr(end + 3);
}

}  // namespace

std::vector<std::string> criu_dump_arguments(const CriuDumpOptions& options, const DumpedContainer& container) {
  Arguments arguments(options.pre_dump ? "pre-dump" : "dump");
  arguments.text("tree", std::to_string(container.pid));
  add_common(arguments, options, kDumpLog);
  arguments.text("root", container.rootfs);
  arguments.text("freeze-cgroup", container.freezer);
  arguments.flag("leave-running", options.leave_running && !options.pre_dump);
  arguments.flag("skip-in-flight", options.tcp_skip_in_flight);
  arguments.text("prev-images-dir", options.parent_path);
  arguments.flag("track-mem", !options.parent_path.empty());
  if (!options.page_server_address.empty()) {
    arguments.flag("page-server");
    arguments.text("address", options.page_server_address);
    arguments.text("port", options.page_server_port);
  }
  if (options.status_fd >= 0) arguments.text("status-fd", std::to_string(options.status_fd));
  add_mounts(arguments, container.mounts);
  for (const std::string& external : container.externals) arguments.text("external", external);
  return arguments.finish();
}

std::vector<std::string> criu_restore_arguments(const CriuRestoreOptions& options, const RestoredContainer& container) {
  Arguments arguments("restore");
  arguments.flag("restore-detached");
  arguments.flag("restore-sibling");  // its first process is a child of whoever started criu
  arguments.text("pidfile", container.pid_file);
  add_common(arguments, options, kRestoreLog);
  arguments.text("root", container.root);
  arguments.flag("evasive-devices");
  arguments.flag("tcp-close", options.tcp_close);
  arguments.text("lsm-profile", options.lsm_profile);
  arguments.text("lsm-mount-context", options.lsm_mount_context);
  for (const std::string& root : container.cgroup_roots) arguments.text("cgroup-root", root);
  for (const std::string& joined : container.joined) arguments.text("join-ns", joined);
  add_mounts(arguments, container.mounts);
  for (const InheritedFd& inherited : container.descriptors)
    arguments.text("inherit-fd", fmt::format("fd[{}]:{}", inherited.fd, inherited.key));
  return arguments.finish();
}

std::string criu_complaints(std::string_view log, std::size_t most) {
  std::vector<std::string> found;
  for (const std::string_view line : split(log, '\n')) {
    if (is_complaint(line)) found.emplace_back(words_of(line));
  }
  if (found.size() > most) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(most));
  std::string line = join(found, "; ");
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

}  // namespace caisson::runtime
