// What a hint may ask about a failure: small questions about the plan, the step and the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/facts.h"
#include "plan/failure.h"
#include "plan/plan.h"

namespace caisson::explain {

struct Cause {
  const plan::Plan& plan;
  const plan::Action& action;  ///< the one that failed: the step's, or its second alternative
  const plan::Failure& failure;
  const HostFacts& facts;

  const plan::StepFailure& what() const { return failure.what; }
  bool is(int error) const { return failure.what.error == error; }
  std::string_view view(plan::Text text) const { return plan.view(text); }
  template <class T>
  const T& as() const {
    return *std::get_if<T>(&action);
  }

  // --- the plan ---
  std::uint64_t new_namespaces() const;  ///< CLONE_NEW… of every Spawn and Unshare
  bool in_user_namespace() const;        ///< a new one, or one that is joined
  /// The maps of the new user namespace; null if the plan makes none.
  const plan::MapIds* maps() const;
  bool is_mapped_user(std::uint32_t id) const;  ///< true where there are no maps: then nothing is known against it
  bool is_mapped_group(std::uint32_t id) const;
  std::string mapped_users() const;  ///< "0 to 65535"
  std::string mapped_groups() const;
  /// The value of WriteFile steps to files named `file`.
  std::optional<std::string_view> written(std::string_view file) const;

  // --- the host ---
  std::string_view sysctl(std::string_view name) const;  ///< empty if it was not read
  std::string hard_limit(int which) const;               ///< of the calling process, in words; empty if it is not known

  // --- WriteFile ---
  std::string_view path() const;  ///< its path
  std::string_view file() const;  ///< the last component
  std::string_view value() const;
  std::string controller() const;  ///< "memory" of "memory.max"
  bool is_cgroup_file() const;
  bool is_sysctl() const;
  std::string sysctl_key() const;  ///< "net.ipv4.ip_forward"

  // --- Mount ---
  std::string_view mount_type() const;  ///< empty for a bind
  /// The value of "key=" among the options: of the option that was refused, if one was, else of any.
  std::optional<std::string_view> option(std::string_view key) const;
  std::optional<std::uint32_t> numeric_option(std::string_view key) const;
  std::string refused_option() const;  ///< "gid=5"; empty if the file system as a whole was refused
};

}  // namespace caisson::explain
