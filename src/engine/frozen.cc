#include "engine/frozen.h"

#include <utility>

#include "cgroup/freezer.h"

namespace caisson::engine {

Result<Frozen> Frozen::freeze(std::vector<std::string> cgroup_directories) {
  Frozen frozen;
  frozen.cgroup_directories_ = std::move(cgroup_directories);
  if (cgroup::is_frozen(frozen.cgroup_directories_)) return frozen;
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&ending, signal);
  ::sigprocmask(SIG_BLOCK, &ending, &frozen.signals_);
  const Result<> stands = cgroup::freeze(frozen.cgroup_directories_);
  frozen.is_frozen_ = stands.has_value();
  if (stands) return frozen;
  ::sigprocmask(SIG_SETMASK, &frozen.signals_, nullptr);
  return fail(stands.error());
}

Frozen::Frozen(Frozen&& other) noexcept
    : cgroup_directories_(std::move(other.cgroup_directories_)),
      signals_(other.signals_),
      is_frozen_(std::exchange(other.is_frozen_, false)) {}

Frozen::~Frozen() { (void)thaw(); }

Result<> Frozen::thaw() {
  if (!std::exchange(is_frozen_, false)) return {};
  Result<> thawed = cgroup::thaw(cgroup_directories_);
  ::sigprocmask(SIG_SETMASK, &signals_, nullptr);
  return thawed;
}

}  // namespace caisson::engine
