#include <algorithm>

#include <fmt/format.h>

#include "spec/seccomp.h"
#include "spec/validate.h"

namespace caisson::spec {

namespace {

class SeccompValidation {
 public:
  SeccompValidation(const Seccomp& seccomp, std::string base, Findings& findings)
      : seccomp_(seccomp), base_(std::move(base)), findings_(findings) {}

  void all() {
    words();
    if (seccomp_.default_action == SeccompAction::kNotify)
      error("/defaultAction", "SCMP_ACT_NOTIFY: nobody would answer the calls that hand the listener over");
    return_value("/defaultErrnoRet", seccomp_.default_action, seccomp_.default_errno_ret);
    for (std::size_t i = 0; i < seccomp_.syscalls.size(); ++i) rule(below("/syscalls", i), seccomp_.syscalls[i]);
    listener();
  }

 private:
  void error(const std::string& place, std::string text) {
    findings_.errors.push_back({base_ + place, std::move(text)});
  }

  void words() {
    for (std::size_t i = 0; i < seccomp_.architectures.size(); ++i) {
      if (!is_architecture_word(seccomp_.architectures[i]))
        error(below("/architectures", i), fmt::format("unknown architecture '{}'", seccomp_.architectures[i]));
    }
    for (std::size_t i = 0; seccomp_.flags && i < seccomp_.flags->size(); ++i) {
      if (!is_filter_flag((*seccomp_.flags)[i]))
        error(below("/flags", i), fmt::format("unknown flag '{}'", (*seccomp_.flags)[i]));
    }
  }

  void return_value(const std::string& place, SeccompAction action, const std::optional<std::uint32_t>& value) {
    if (!value) return;
    if (!has_return_value(action)) {
      error(place,
            fmt::format("{} returns nothing: it goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE", action_word(action)));
    } else if (action == SeccompAction::kErrno && *value > kMostErrno) {
      error(place, fmt::format("{} is not an error number: the greatest is {}", *value, kMostErrno));
    } else if (*value > 0xffff) {
      error(place, fmt::format("{} is more than the 16 bits that a tracer is told", *value));
    }
  }

  void rule(const std::string& place, const SeccompRule& rule) {
    if (rule.names.empty()) error(place + "/names", "empty: a rule is about at least one call");
    return_value(place + "/errnoRet", rule.action, rule.errno_ret);
    for (std::size_t i = 0; i < rule.args.size(); ++i) {
      if (rule.args[i].index >= kSeccompArguments)
        error(below(place + "/args", i) + "/index",
              fmt::format("{} is not from 0 to {}", rule.args[i].index, kSeccompArguments - 1));
    }
    if (rule.action != SeccompAction::kNotify) return;
    // The process itself hands the listener over, with sendmsg(2), when its filter is in force; runc's does with
    // write(2).
    for (const std::string_view call : {"sendmsg", "write"}) {
      if (std::ranges::find(rule.names, call) != rule.names.end())
        error(
            place + "/action",
            fmt::format("SCMP_ACT_NOTIFY cannot be used for the {} syscall: it is what hands the listener over", call));
    }
  }

  void listener() {
    const bool notifies = std::any_of(seccomp_.syscalls.begin(), seccomp_.syscalls.end(),
                                      [](const SeccompRule& r) { return r.action == SeccompAction::kNotify; });
    const auto flags = seccomp_.flags.value_or(std::vector<std::string>());
    if (!notifies && std::find(flags.begin(), flags.end(), "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") != flags.end())
      error("/flags", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is about calls with SCMP_ACT_NOTIFY, and there are none");
    if (notifies && seccomp_.listener_path.empty())
      error("/listenerPath", "missing: SCMP_ACT_NOTIFY needs somebody who is notified");
    if (!seccomp_.listener_path.empty() && !seccomp_.listener_path.starts_with('/'))
      error("/listenerPath", fmt::format("'{}' is not an absolute path", seccomp_.listener_path));
    if (seccomp_.listener_path.empty() && !seccomp_.listener_metadata.empty())
      error("/listenerMetadata", "set, but there is no listenerPath to send it to");
  }

  const Seccomp& seccomp_;
  std::string base_;
  Findings& findings_;
};

}  // namespace

void validate_seccomp(const Seccomp& seccomp, const std::string& pointer, Findings& findings) {
  SeccompValidation(seccomp, pointer, findings).all();
}

}  // namespace caisson::spec
