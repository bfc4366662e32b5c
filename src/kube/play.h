// A manifest played: its volumes and secrets kept, its pods made and started.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/log_choice.h"
#include "engine/places.h"
#include "engine/run_options.h"
#include "kube/model.h"

namespace caisson::kube {

struct PlayOptions {
  bool start = true;
  bool replace = false;
  bool quiet = false;
  std::map<std::string, std::string> annotations;  ///< of every container, beside the manifest's
  std::optional<engine::LogChoice> log;
  engine::RunOptions network;  ///< where the manifest does not ask for the host's: nothing else of it counts
  std::optional<engine::UserNamespaceChoice> userns;
  std::string authfile;
  bool tls_verify = true;
};

struct PlayedPod {
  std::string id;
  std::vector<std::string> containers;
  std::vector<std::string> failures;  ///< what did not start, and why
};

struct Played {
  std::vector<std::string> volumes;
  std::vector<std::string> secrets;
  std::vector<PlayedPod> pods;
};

/// Does what the manifest asks for. When something cannot be made, what was made of its pods is taken back. Errors: a
/// pod's name is in use, and nothing is to be replaced; those of compose_container() and of the engine.
Result<Played> play(const Manifest& manifest, const PlayOptions& options, const engine::Places& places, const Log& log);

}  // namespace caisson::kube
