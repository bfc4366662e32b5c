// What a process may run on and take its memory from, its labels, and the files within its reach.
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "execute/act.h"
#include "kernel/in_root.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using plan::Call;

namespace {

constexpr std::size_t kWordBits = sizeof(unsigned long) * 8;
using Bits = std::array<unsigned long, 8192 / kWordBits>;

// The words of 32 bits that a plan has as those that the kernel takes; gives how many of these there are.
std::size_t gather(std::span<const std::uint32_t> words, Bits& bits) {
  for (std::size_t i = 0; i < words.size() && i * 32 / kWordBits < bits.size(); ++i)
    bits[i * 32 / kWordBits] |= static_cast<unsigned long>(words[i]) << (i * 32 % kWordBits);
  return (words.size() * 32 + kWordBits - 1) / kWordBits;
}

// The process's own file for a label.
int open_label(int procfs, const char* path) noexcept {
  struct open_how how{};
  how.flags = O_WRONLY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return kernel::openat2(procfs, path, how);
}

// Each version of Landlock knows some rights more (landlock(7)).
std::uint32_t known_rights(int version) noexcept {
  std::uint32_t rights = (1U << 13) - 1;
  if (version >= 2) rights |= 1U << 13;  // LANDLOCK_ACCESS_FS_REFER
  if (version >= 3) rights |= 1U << 14;  // LANDLOCK_ACCESS_FS_TRUNCATE
  if (version >= 5) rights |= 1U << 15;  // LANDLOCK_ACCESS_FS_IOCTL_DEV
  return rights;
}

// What can be allowed on what is not a directory.
constexpr std::uint32_t kFileRights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | 1U << 14 | 1U << 15;

}  // namespace

Outcome act(const plan::SetAffinity& step, Context& context) noexcept {
  Bits bits{};
  const std::span<const std::uint32_t> words = context.plan->numbers(step.processors);
  if (words.empty()) {
    bits.fill(~0UL);
    (void)kernel::set_affinity(bits.data(), bits.size());
    return done();
  }
  gather(words, bits);
  return kernel::set_affinity(bits.data(), bits.size()) == 0 ? done() : failed(Call::kSchedSetaffinity);
}

Outcome act(const plan::SetScheduler& step, Context&) noexcept {
  const kernel::SchedulerAttributes attributes{.policy = step.policy,
                                               .flags = step.flags,
                                               .nice = step.nice,
                                               .priority = step.priority,
                                               .runtime = step.runtime,
                                               .deadline = step.deadline,
                                               .period = step.period};
  return kernel::set_scheduler(attributes) == 0 ? done() : failed(Call::kSchedSetattr);
}

Outcome act(const plan::SetMemoryPolicy& step, Context& context) noexcept {
  Bits bits{};
  const std::size_t count = gather(context.plan->numbers(step.nodes), bits);
  return kernel::set_memory_policy(step.mode | step.flags, bits.data(), count) == 0 ? done()
                                                                                    : failed(Call::kSetMempolicy);
}

Outcome act(const plan::SetLabel& step, Context& context) noexcept {
  const int procfs = context.at(step.procfs);
  struct statfs filesystem{};
  if (::fstatfs(procfs, &filesystem) != 0) return failed(Call::kStatfs);
  if (filesystem.f_type != PROC_SUPER_MAGIC) return failed_with(Call::kVerifyProcfs, EXDEV);
  const char* common = step.label == plan::Label::kSelinuxKeys ? "thread-self/attr/keycreate" : "thread-self/attr/exec";
  int opened = -1;
  // Since Linux 5.8 AppArmor has files of its own, whoever else is there.
  if (step.label == plan::Label::kAppArmor) {
    opened = open_label(procfs, "thread-self/attr/apparmor/exec");
    if (opened < 0 && errno != ENOENT) return failed(Call::kOpenat2, 1);
  }
  Held file(opened >= 0 ? opened : open_label(procfs, common));
  if (!file) return failed(Call::kOpenat2);
  const char* value = context.c_str(step.value);
  if (kernel::retry([&] { return ::write(file.get(), value, std::strlen(value)); }) < 0)
    return failed(Call::kWrite, opened >= 0 ? 1 : 0);
  return done();
}

Outcome act(const plan::RestrictFiles& step, Context& context) noexcept {
  const int version = kernel::landlock_version();
  if (version < 0) return failed(Call::kLandlockCreateRuleset);
  const std::uint32_t known = known_rights(version);
  Held rules(kernel::landlock_create(known));
  if (!rules) return failed(Call::kLandlockCreateRuleset);
  Held root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return failed(Call::kOpen);
  const std::span<const std::uint32_t> rights = context.plan->numbers(step.rights);
  std::size_t number = 0;
  for (const plan::Text path : context.plan->texts(step.paths)) {
    Held place(kernel::open_in_root(root.get(), context.c_str(path), O_PATH));
    if (!place) return failed(Call::kOpenat2, number);
    struct stat status{};
    if (::fstat(place.get(), &status) != 0) return failed(Call::kStat, number);
    const std::uint32_t possible = S_ISDIR(status.st_mode) ? known : known & kFileRights;
    if (kernel::landlock_add(rules.get(), place.get(), rights[number] & possible) != 0)
      return failed(Call::kLandlockAddRule, number);
    ++number;
  }
  return kernel::landlock_restrict_self(rules.get()) == 0 ? done() : failed(Call::kLandlockRestrictSelf);
}

}  // namespace caisson::execute
