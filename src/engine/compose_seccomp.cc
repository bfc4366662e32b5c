// The filter of system calls.
#include <fmt/format.h>

#include "engine/compose_topics.h"
#include "seccomp/profile.h"
#include "spec/problem.h"

namespace caisson::engine {

namespace {

Result<seccomp::Profile> chosen_profile(const Composing& c) {
  const std::string& file = c.options.security.seccomp_profile;
  if (file.empty()) return seccomp::default_profile();
  const std::string item = "--security-opt seccomp=" + file;
  seccomp::ProfileReading reading = seccomp::read_profile(c.around.seccomp_profile);
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, item));
  // Profiles name calls of kernels and machines of all kinds: that one is unknown is nothing to be told of each time.
  for (const spec::Problem& warning : reading.findings.warnings) {
    if (c.options.strict) c.out.warnings.push_back(fmt::format("{}: {}", item, warning.line()));
  }
  return std::move(reading.profile);
}

}  // namespace

Result<> compose_seccomp(const Composing& c) {
  const SecurityChoice& security = c.options.security;
  const bool all_rights = c.options.privileged && security.seccomp_profile.empty();
  if (security.seccomp_unconfined || all_rights) return {};
  const spec::Config& config = c.config();
  const seccomp::Situation situation{
      .capabilities = config.process.capabilities->bounding,
      .kernel = seccomp::kernel_version(c.around.facts.kernel).value_or(seccomp::KernelVersion{}),
  };
  c.config().linux_.seccomp = seccomp::resolve(TRY(chosen_profile(c)), situation);
  c.origin("linux.seccomp", "security-opt");
  return {};
}

}  // namespace caisson::engine
