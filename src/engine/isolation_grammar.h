// How namespaces, capabilities and security options are written (docker-run(1), podman-run(1)). Pure.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// Whether the value of --network is a word for a namespace, and no network's name: those that read_network() takes.
bool is_network_word(std::string_view text);

/// "none", "host", "private", "container:NAME" or "ns:PATH" of --network.
Result<NamespaceChoice> read_network(std::string_view text);

/// "private", "host", "container:NAME" or "ns:PATH" of --pid, --uts and --cgroupns.
Result<NamespaceChoice> read_namespace(std::string_view text);

/// The same with "shareable" and "none", of --ipc.
Result<NamespaceChoice> read_ipc(std::string_view text);

/// --userns: "host", "keep-id[:uid=N,gid=N]", "auto[:size=N]", "container:NAME" or "ns:PATH".
Result<UserNamespaceChoice> read_user_namespace(std::string_view text);

/// --uidmap, --gidmap: "CONTAINER:HOST[:SIZE]", SIZE 1 if it is not given.
Result<IdMapping> read_id_mapping(std::string_view text);

/// A capability with or without "CAP_", in any case, or "ALL", added to `choice`.
Result<> read_capability(std::string_view text, CapabilityChoice& choice);

/// One --security-opt, added to `choice`: no-new-privileges[=true|false], seccomp=unconfined, apparmor=unconfined,
/// label=disable, mask=PATH[:PATH…], unmask=ALL|PATH[:PATH…], systempaths=unconfined. A colon may stand for the first
/// "=". What would need a profile, a label or anything else that is not there yet is an error.
Result<> read_security(std::string_view text, SecurityChoice& choice);

}  // namespace caisson::engine
