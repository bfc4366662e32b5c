// The chains of the table inet caisson and their rules, which never change: what changes are the sets they look into.
#pragma once

#include "network/message.h"

namespace caisson::network {

/// Adds the chains, without a rule.
void add_chains(Batch& batch);

/// Adds the rules of all chains. Their sets are there.
void add_rules(Batch& batch);

}  // namespace caisson::network
