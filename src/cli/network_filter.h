// --filter of the verbs that go through networks, as docker has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/network_record.h"

namespace caisson::cli {

struct NetworkFilter {
  enum class Kind {
    kDangling,  ///< true: no container is on it; false: one is
    kDriver,
    kId,
    kLabel,     ///< has it
    kNotLabel,  ///< has it not
    kName,      ///< is in its name
    kUntil,     ///< was made before that moment
  };
  Kind kind = Kind::kName;
  std::string value = {};
  std::int64_t moment_ns = 0;
};

/// Reads "label!=tier=test". Errors: a key that is not known, a value that is none.
Result<NetworkFilter> read_network_filter(std::string_view text);

/// Whether the network passes: of several filters of one kind one is enough, but for labels, which have to let it
/// through all.
bool passes(const std::vector<NetworkFilter>& filters, const network::NetworkRecord& network, bool is_used);

}  // namespace caisson::cli
