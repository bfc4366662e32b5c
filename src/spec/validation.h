// Parts of the validation; private to it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "spec/config.h"
#include "spec/kernel_names.h"
#include "spec/problem.h"

namespace caisson::spec {

/// Notes findings about one configuration.
class Validation {
 public:
  explicit Validation(const Config& config) : config_(config) {}

  void process();
  void mounts();
  void names();
  void namespaces();
  void time_offsets();
  void memory_policy();
  void personality();
  void landlock();
  void id_maps();
  void sysctls();
  void devices();
  void paths();
  void resources();
  void seccomp();
  void hooks();
  void net_devices();
  void intel_rdt();

  void error(std::string pointer, std::string text) {
    findings_.errors.push_back({std::move(pointer), std::move(text)});
  }
  void warn(std::string pointer, std::string text) {
    findings_.warnings.push_back({std::move(pointer), std::move(text)});
  }
  Findings take() && { return std::move(findings_); }

 private:
  void mount_mappings(const std::string& pointer, const Mount& mount);
  void limits();
  void capabilities();
  void scheduling();
  void flags(const std::string& pointer, const std::vector<std::string>& flags, std::span<const KernelName> known,
             std::string_view prefix = {});
  void id_map(const std::string& pointer, const std::vector<IdMapping>& mappings);
  void mapped(const std::string& pointer, std::string_view what, std::uint32_t id,
              const std::vector<IdMapping>& mappings);
  void sysctl(const std::string& pointer, std::string name);
  bool has(NamespaceType type) const;
  bool has_new(NamespaceType type) const;

  const Config& config_;
  Findings findings_;
};

/// A path from "/" without "..", NUL bytes or line breaks.
bool is_plain_absolute(std::string_view path);
bool has_dot_dot(std::string_view path);

}  // namespace caisson::spec
