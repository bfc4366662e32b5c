// The options of verbs that talk to registries.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "registry/options.h"
#include "verbs.h"

namespace caisson::transfer {

struct RegistryOptions {
  std::string authfile;  ///< empty: where they usually are
  std::string cert_dir;
  std::optional<bool> tls_verify;
};

/// What registries say that a person should know, from any thread.
class Heard {
 public:
  void hear(std::string_view warning);
  std::vector<std::string> take();

 private:
  std::mutex mutex_;
  std::vector<std::string> warnings_;
};

registry::Options registry_options(const RegistryOptions& options, Heard& heard);

/// The rows of the table of a verb whose options are derived from RegistryOptions.
template <class Options>
std::vector<command_line::Option<Words<Options>>> registry_rows() {
  return {{{.name = "authfile", .argument = "FILE"}, set_text<&Options::authfile>},
          {{.name = "cert-dir", .argument = "DIR"}, set_text<&Options::cert_dir>},
          {{.name = "tls-verify"}, [](Words<Options>& words, const command_line::Use& use) -> Result<> {
             words.options.tls_verify = use.value == "true";
             return {};
           }}};
}

}  // namespace caisson::transfer
