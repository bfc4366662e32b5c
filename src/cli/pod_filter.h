// --filter of the verbs that go through pods, as podman has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/pods.h"

namespace caisson::cli {

struct PodFilter {
  enum class Kind {
    kContainerId,
    kContainerName,
    kContainerNumber,
    kContainerStatus,
    kId,
    kLabel,
    kNotLabel,
    kName,
    kNetwork,
    kStatus,
    kUntil,
  };
  Kind kind = Kind::kName;
  std::string value = {};
  std::int64_t number = 0;  ///< of containers; a moment in nanoseconds
};

/// Reads "status=running": ctr-ids, ctr-names, ctr-number, ctr-status, id, label, label!, name, network, status,
/// until. Errors: a key that is not known, a value that is none.
Result<PodFilter> read_pod_filter(std::string_view text);

/// Whether the pod passes: of several filters of one key one is enough, but for labels, which have to hold all.
bool passes(const std::vector<PodFilter>& filters, const engine::Pod& pod);

}  // namespace caisson::cli
