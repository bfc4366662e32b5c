// What is known about a pod, and the word for how it is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/containers.h"
#include "engine/restart_policy.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// What becomes of a pod when the last of its containers has ended.
enum class ExitPolicy {
  kContinue,  ///< its infra container goes on
  kStop,      ///< it ends too
};
Result<ExitPolicy> read_exit_policy(std::string_view text);
std::string_view exit_policy_word(ExitPolicy policy);

/// Which of its namespaces the containers of a pod share.
struct PodShares {
  bool network = false;
  bool ipc = false;
  bool uts = false;
  bool pid = false;
  bool cgroup = false;
  bool operator==(const PodShares&) const = default;
};
/// "ipc,net,uts" as podman has it: "+pid" adds to the default, "none" and "" are none. Errors: another word.
Result<PodShares> read_pod_shares(std::string_view text);
std::vector<std::string> pod_share_words(const PodShares& shares);

inline constexpr PodShares kDefaultShares{.network = true, .ipc = true, .uts = true};

/// ROOT/pods/NAME/pod.json.
struct PodRecord {
  std::string id;
  std::string name;
  std::int64_t created_ns = 0;
  std::map<std::string, std::string> labels;
  std::string hostname;
  PodShares shares;
  bool has_infra = true;
  std::string infra_id;         ///< empty: it is being made
  bool user_namespace = false;  ///< the infra container has one, which the others are in
  bool no_hosts = false;        ///< /etc/hosts stays each image's own
  ExitPolicy exit_policy = ExitPolicy::kContinue;
  std::optional<RestartPolicy> restart;         ///< of containers that do not say their own
  std::string cgroup_parent;                    ///< as asked for
  std::string cgroup_path;                      ///< "/caisson-pod-ID": the cgroup above those of its containers
  std::vector<std::string> cgroup_directories;  ///< the same, one a hierarchy; empty: this user may make none
  std::vector<std::string> create_words;        ///< the command line behind `pod create`
};

std::string to_json(const PodRecord& pod);
Result<PodRecord> read_pod_record(const std::string& json);

/// "Created", "Running", "Degraded" (some run), "Paused", "Stopped" (some have ended, none runs) or "Exited": podman's
/// words, of all its containers, the infra container among them.
std::string_view pod_status(const std::vector<Container>& members);

}  // namespace caisson::engine
