#include "image/policy_file.h"

#include <cerrno>
#include <cstdlib>

#include <unistd.h>

#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::size_t kPolicyBytes = 1U << 20;
constexpr const char* kOfTheHost = "/etc/caisson/policy.json";

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::string policy_path() {
  if (std::string path = from_environment("CAISSON_POLICY"); !path.empty()) return path;
  if (::geteuid() == 0) return kOfTheHost;
  std::string directory = from_environment("XDG_CONFIG_HOME");
  if (directory.empty()) directory = from_environment("HOME") + "/.config";
  std::string own = directory + "/caisson/policy.json";
  return kernel::exists(own) ? own : kOfTheHost;
}

Result<Policy> load_policy() {
  const std::string path = policy_path();
  const Result<std::string> text = kernel::read_file(path, kPolicyBytes);
  if (!text && text.error().number == ENOENT && from_environment("CAISSON_POLICY").empty()) return Policy{};
  return read_policy(TRY(text), path);
}

}  // namespace caisson::image
