// The parts of compose(), one topic each. Inside the room only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/compose.h"

namespace caisson::engine {

/// What is asked, what is there, and what comes of it.
struct Composing {
  const RunOptions& options;
  const Surroundings& around;
  Composed& out;

  spec::Config& config() const { return out.config; }

  const UserNamespace& user_namespace() const { return around.user_namespace; }

  /// What the user typed for the option of that long name: "-m 100m"; "--memory" if nothing.
  std::string typed(std::string_view option) const;

  /// Says that `item` comes from `option`, if the user gave it.
  void origin(std::string item, std::string_view option) const;
};

// compose_mounts.cc
Result<> compose_root(const Composing& c);  ///< first: an overlay is mounts[0]
Result<> compose_mounts(const Composing& c);

// compose_process.cc
Result<> compose_command(const Composing& c);
void compose_environment(const Composing& c);
void compose_identity(const Composing& c);
void compose_personality(const Composing& c);
Result<> compose_capabilities(const Composing& c);
void compose_ulimits(const Composing& c);

// compose_image.cc: what an image's config says, where no option does
std::vector<std::string> arguments_of(const RunOptions& options, const std::optional<ImageFacts>& image);
void add_image_environment(const Composing& c);
std::string working_directory(const Composing& c);
std::vector<std::string> image_volumes(const Composing& c);  ///< paths inside, absolute and clean, each once
void compose_labels(const Composing& c);
void compose_stop_signal(const Composing& c);

// compose_isolation.cc
void compose_user_namespace(const Composing& c);
Result<> compose_namespaces(const Composing& c);
Result<> compose_names(const Composing& c);
void compose_hidden_paths(const Composing& c);
Result<> compose_sysctls(const Composing& c);

// compose_systemd.cc
bool runs_init_system(const RunOptions& options, const std::vector<std::string>& command);
Result<> compose_systemd(const Composing& c);  ///< after the environment and the stop signal

// compose_seccomp.cc
Result<> compose_seccomp(const Composing& c);  ///< after the capabilities, which its rules depend on

// compose_resources.cc
Result<> compose_memory(const Composing& c);
Result<> compose_cpu(const Composing& c);
void compose_other_limits(const Composing& c);
Result<> compose_block_io(const Composing& c);
void compose_cgroup(const Composing& c);
Result<> compose_devices(const Composing& c);
void compose_delegation(const Composing& c);  ///< last: takes off what an ordinary user may not limit

/// Gives a variable its value, in the place where it stands if it does.
void set_variable(std::vector<std::string>& env, std::string_view name, std::string_view value);

/// What the container calls itself: --hostname, the host's name, or the start of its id; empty in another's UTS
/// namespace.
std::string container_hostname(const RunOptions& options, const Surroundings& surroundings);

}  // namespace caisson::engine
