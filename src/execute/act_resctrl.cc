// Groups of the resctrl file system: shares of a processor's caches and of its memory's bandwidth.
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "execute/act.h"
#include "kernel/syscalls.h"
#include "plan/schemata.h"

namespace caisson::execute {

using kernel::retry;
using plan::Call;

namespace {

constexpr std::size_t kSchemataBytes = 16384;

bool write_at(int directory, const char* name, const char* value, Outcome& outcome, std::size_t operand) noexcept {
  Held file(retry([&] { return ::openat(directory, name, O_WRONLY | O_CLOEXEC); }));
  if (!file) return outcome = failed(Call::kOpen, operand), false;
  if (retry([&] { return ::write(file.get(), value, std::strlen(value)); }) < 0)
    return outcome = failed(Call::kWrite, operand), false;
  return true;
}

// One line a write: the kernel names the first bad line of several, but applies none of those after it.
Outcome write_schemata(const plan::JoinResctrlGroup& step, int directory, Context& context) noexcept {
  Outcome outcome;
  std::size_t operand = 0;
  for (const plan::Text line : context.plan->texts(step.schemata)) {
    if (!write_at(directory, "schemata", context.c_str(line), outcome, operand)) return outcome;
    ++operand;
  }
  return done();
}

Outcome compare_schemata(const plan::JoinResctrlGroup& step, int directory, Context& context) noexcept {
  char existing[kSchemataBytes];
  Held file(retry([&] { return ::openat(directory, "schemata", O_RDONLY | O_CLOEXEC); }));
  if (!file) return failed(Call::kOpen);
  std::size_t length = 0;
  while (length < sizeof existing) {
    const ssize_t got = retry([&] { return ::read(file.get(), existing + length, sizeof existing - length); });
    if (got < 0) return failed(Call::kRead);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  std::size_t operand = 0;
  for (const plan::Text line : context.plan->texts(step.schemata)) {
    if (!plan::schemata_agree({existing, length}, context.plan->view(line)))
      return failed_with(Call::kVerifySchemata, EINVAL, operand);
    ++operand;
  }
  return done();
}

}  // namespace

Outcome act(const plan::JoinResctrlGroup& step, Context& context) noexcept {
  const char* path = context.c_str(step.directory);
  bool is_made = false;
  if (step.may_make) {
    is_made = ::mkdir(path, 0755) == 0;
    if (!is_made && errno != EEXIST) return failed(Call::kMkdir);
  }
  context.put(step.made, is_made ? 1 : 0);
  Held directory(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return failed(Call::kOpen, 0xffff);
  const Outcome outcome = step.is_shared && !is_made ? compare_schemata(step, directory.get(), context)
                                                     : write_schemata(step, directory.get(), context);
  if (!outcome.ok()) return outcome;
  char pid[16];
  ::snprintf(pid, sizeof pid, "%d", context.at(step.pid));
  Outcome joined;
  return write_at(directory.get(), "tasks", pid, joined, 0xfffe) ? done() : joined;
}

Outcome take_back(const plan::JoinResctrlGroup& step, Context& context) noexcept {
  if (context.at(step.made) != 1) return done();
  return ::rmdir(context.c_str(step.directory)) == 0 || errno == ENOENT ? done() : failed(Call::kRmdir);
}

}  // namespace caisson::execute
