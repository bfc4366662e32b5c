#include "runtime/examine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <variant>

#include "base/fd.h"
#include "explain/executable.h"
#include "explain/failure.h"
#include "kernel/files.h"
#include "kernel/in_root.h"

namespace caisson::runtime {

namespace {

constexpr std::size_t kHeadBytes = 4096;
constexpr int kCapDacOverride = 1;

std::string head_of(int file) {
  // A new description of the same file, by the kernel's own name for it: the path could be another file's by now.
  const Result<Fd> opened = kernel::open_file("/proc/self/fd/" + std::to_string(file), O_RDONLY | O_NONBLOCK);
  if (!opened) return {};
  std::string head(kHeadBytes, '\0');
  const ssize_t got = ::read(opened->get(), head.data(), head.size());
  head.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return head;
}

// A path of the container's: from its root, or from its working directory.
Fd open_inside(int root, int directory, const std::string& path) {
  if (path.starts_with('/')) return Fd(kernel::open_in_root(root, path.c_str(), O_PATH));
  Result<Fd> opened = kernel::open_file_at(directory, path, O_PATH | O_NOFOLLOW);
  return opened ? std::move(*opened) : Fd();
}

explain::ExecutableFacts look_at(int root, int directory, const std::string& path) {
  explain::ExecutableFacts facts{.path = path};
  const Fd file = open_inside(root, directory, path);
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) return facts;
  facts.exists = true;
  facts.mode = status.st_mode;
  facts.uid = status.st_uid;
  facts.gid = status.st_gid;
  struct statvfs filesystem{};
  facts.noexec_mount = ::fstatvfs(file.get(), &filesystem) == 0 && (filesystem.f_flag & ST_NOEXEC) != 0;
  if (!S_ISREG(status.st_mode)) return facts;
  facts.head = head_of(file.get());
  if (const std::string needs = explain::executable_needs(facts.head); !needs.empty()) {
    facts.interpreter_exists = static_cast<bool>(open_inside(root, directory, needs));
  }
  return facts;
}

explain::Identity identity_of(const plan::Plan& plan) {
  explain::Identity identity;
  for (const plan::Step& step : plan.lane(plan::Lane::kChild)) {
    const auto* ids = std::get_if<plan::SetIds>(&step.action);
    if (ids == nullptr) continue;
    const auto groups = plan.numbers(ids->groups);
    identity = {ids->uid,
                ids->gid,
                {groups.begin(), groups.end()},
                ids->set_capabilities ? (ids->effective >> kCapDacOverride & 1U) != 0 : ids->uid == 0};
  }
  return identity;
}

}  // namespace

std::string examine_execution(const plan::Plan& plan, const plan::Failure& failure, pid_t pid) {
  const auto* exec = std::get_if<plan::Exec>(&plan.lane(plan::Lane::kChild).back().action);
  if (exec == nullptr) return {};
  const std::string process = "/proc/" + std::to_string(pid);
  const Result<Fd> root = kernel::open_file(process + "/root", O_PATH | O_DIRECTORY);
  const Result<Fd> directory = kernel::open_file(process + "/cwd", O_PATH | O_DIRECTORY);
  if (!root || !directory) return {};
  struct utsname name{};
  ::uname(&name);

  // The first that is there is the one that was meant; PATH's other places say nothing.
  explain::ExecutableFacts facts{.path = plan.c_str(plan.texts(exec->arguments)[0])};
  for (const plan::Text candidate : plan.texts(exec->candidates)) {
    explain::ExecutableFacts found = look_at(root->get(), directory->get(), plan.c_str(candidate));
    if (!found.exists) continue;
    facts = std::move(found);
    break;
  }
  return explain::diagnose(facts, failure.what.error, identity_of(plan), name.machine);
}

}  // namespace caisson::runtime
