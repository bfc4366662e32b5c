// What the plans of first processes and of further ones have in common.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/facts.h"
#include "plan/build.h"
#include "plan/plan.h"
#include "spec/config.h"
#include "spec/state.h"

namespace caisson::seccomp {
struct Filter;
}

namespace caisson::plan {

/// CLONE_NEW… of a namespace's type.
std::uint64_t clone_flag(spec::NamespaceType type);

/// The number of "RLIMIT_NOFILE", or -1.
int limit_number(std::string_view name);

/// Mount propagation bits as mount(2) has them.
inline constexpr std::uint64_t kPropagationRecursive = 1U << 14;
inline constexpr std::uint64_t kPropagationPrivate = 1U << 18;
inline constexpr std::uint64_t kPropagationSlave = 1U << 19;
inline constexpr std::uint64_t kPropagationShared = 1U << 20;

class Builder {
 public:
  Builder(const HostFacts& facts, const Request& request) : facts_(facts), request_(request) {}

  /// Appends a step; the item is what the user typed where the request knows it.
  Step& add(Lane lane, std::string_view item, std::string_view reason, Action action, Undo undo = Undo::kNone);

  /// What the user calls `item`.
  std::string label(std::string_view item) const;

  /// What a process is bound to besides what its own part of the configuration says.
  struct Bounds {
    const std::optional<spec::Seccomp>& seccomp;
    const std::optional<spec::Personality>& personality;
    const std::optional<spec::MemoryPolicy>& memory_policy;
    const std::optional<std::vector<spec::LandlockRule>>& landlock;
    bool hooks_follow = false;  ///< run by the process itself, in its bounds
  };

  /// Before any process is cloned: what the process will need of the host. `in_user_namespace`: it is in another one
  /// than the caller, where it has all capabilities.
  /// Errors: what the host cannot do.
  Result<> begin(const spec::Process& process, bool in_user_namespace);

  /// The steps of a process's own state, all but the program's execution. `joins`: it enters namespaces that others
  /// live in, who may not look into it before it executes.
  Result<> prepare(const spec::Process& process, const Bounds& bounds, bool joins);

  /// The session keyring, with the label of its keys.
  void keyring(const spec::Process& process);

  /// What the process may run on: `list` ("0-3"), or everything.
  void affinity(std::string_view item, std::string_view list, std::string_view reason);

  /// In `lane`, through the host's /proc.
  void oom_score(Lane lane, const spec::Process& process);

  /// Of a process in a user namespace, where nobody may raise a hard limit of the host's: has the parent raise it, if
  /// that may. Before `prepare`, and before the message on which the process in `pid` goes on.
  Result<> raise_limits(const spec::Process& process, Slot pid);

  /// The message that the process is ready, and the program's execution, with a filter that is loaded late.
  Result<> execute(const spec::Process& process);

  /// Runs the hooks of the list `name` in `lane`, told that the container is in `status`; `pid`: the slot of its
  /// process, or none where it is that process which runs them; `directory`: where they run, or none where whoever runs
  /// them is. Errors: more words than a hook can be given.
  Result<> hooks(Lane lane, std::string_view name, const std::vector<spec::Hook>& list, const spec::State& state,
                 Slot pid, std::string_view reason, Slot directory = kNoSlot);
  Result<> hook(Lane lane, std::string_view item, const spec::Hook& hook, const spec::State& state, Slot pid,
                std::string_view reason, Slot directory = kNoSlot);

  /// What hooks are told of the container.
  spec::State state(const spec::Config& config, std::string_view status) const;

  /// Standard streams: a terminal of the container's, or the three descriptors that the caller gives.
  void streams(const spec::Process& process, Slot root, bool bind_console);

  /// The child's first step where a launcher clones it: it says nothing before the launcher's word about it has
  /// arrived.
  void await_launcher();

  /// Where a cgroup takes processes: of a v1 cgroup `tasks`, which spares a lock (plan/step.h); v2 has cgroup.procs
  /// alone.
  std::string members_file(const std::string& directory) const;

  /// Hands the child's network namespace to the parent, who receives it with the terminal.
  void hand_network_over();

  /// Waits for what the child sends: its network namespace and the terminal's master, where they are wanted and have
  /// not been received.
  void await_descriptors(const spec::Process& process);

  /// The parent's last words: wait for the terminal and for a filter's listener, then for the process to be ready.
  void await_ready(const spec::Process& process, const std::optional<spec::Seccomp>& seccomp);

  Plan& plan() { return plan_; }
  const HostFacts& facts() const { return facts_; }
  const Request& request() const { return request_; }

 private:
  void find_program(const spec::Process& process);
  void wait_for_start();
  bool raises(const spec::Rlimit& limit) const;
  Result<> limit(const spec::Process& process, std::size_t index, Lane lane, Slot pid);
  Result<> limits(const spec::Process& process);
  void identity(const spec::Process& process);
  void scheduling(const spec::Process& process);
  void memory_policy(const spec::MemoryPolicy& policy);
  void labels(const spec::Process& process);
  void restrict_files(const std::vector<spec::LandlockRule>& rules);
  bool has_profile(const spec::Process& process) const;
  std::uint64_t grantable() const;
  spec::Capabilities granted(const spec::Capabilities& asked);
  void load(const seccomp::Filter& filter);

  const HostFacts& facts_;
  const Request& request_;
  Plan plan_;
  bool has_descriptors_ = false;
  bool parent_raises_limits_ = false;
  bool in_user_namespace_ = false;
  Slot procfs_ = kNoSlot;
  std::vector<std::string> environment_;
  std::shared_ptr<const seccomp::Filter> filter_;  // shared: of a type that is not known here
  bool filter_is_late_ = false;                    // loaded right before the program is executed
};

}  // namespace caisson::plan
