// Beside other programs' firewalls: a chain of theirs that drops what is forwarded has to be told of caisson's bridges.
#pragma once

#include "base/result.h"
#include "network/network_record.h"

namespace caisson::network {

/// Has what comes from and goes to the network's bridge accepted in the chains of others (network/foreign_messages.h);
/// nothing where there are none. Done again where it is missing: they come and go as their programs are reloaded.
Result<> let_through(const NetworkRecord& network);
Result<> no_longer_let_through(const NetworkRecord& network);

}  // namespace caisson::network
