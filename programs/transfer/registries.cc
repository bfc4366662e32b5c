#include "registries.h"

#include <algorithm>
#include <utility>

namespace caisson::transfer {

void Heard::hear(std::string_view warning) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(warnings_, warning) == warnings_.end()) warnings_.emplace_back(warning);
}

std::vector<std::string> Heard::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(warnings_, {});
}

registry::Options registry_options(const RegistryOptions& options, Heard& heard) {
  registry::Options made;
  if (!options.authfile.empty()) made.auth_file = options.authfile;
  if (!options.cert_dir.empty()) made.certificates = options.cert_dir;
  made.tls_verify = options.tls_verify;
  made.warn = [&heard](std::string_view warning) { heard.hear(warning); };
  return made;
}

}  // namespace caisson::transfer
