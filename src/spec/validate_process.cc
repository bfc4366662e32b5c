// What a process asks of the kernel for itself: when it runs, on what, and with which memory.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "spec/landlock.h"
#include "spec/number_list.h"
#include "spec/validation.h"

namespace caisson::spec {

namespace {

// "unknown policy 'SCHED_IDEL': did you mean 'SCHED_IDLE'?"
std::string unknown(std::string_view what, std::string_view word, std::span<const KernelName> known) {
  std::vector<std::string_view> words;
  for (const KernelName& entry : known) words.push_back(entry.name);
  const std::optional<std::string_view> meant = nearest(word, words);
  return meant ? fmt::format("unknown {} '{}': did you mean '{}'?", what, word, *meant)
               : fmt::format("unknown {} '{}'", what, word);
}

bool has_flag(const std::vector<std::string>& flags, std::string_view flag) {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

// Which policies a part of a scheduler is for.
bool is_nice(std::string_view policy) { return policy == "SCHED_OTHER" || policy == "SCHED_BATCH"; }
bool is_realtime(std::string_view policy) { return policy == "SCHED_FIFO" || policy == "SCHED_RR"; }

}  // namespace

void Validation::flags(const std::string& pointer, const std::vector<std::string>& flags,
                       std::span<const KernelName> known, std::string_view prefix) {
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (find_name(known, flags[i]) == nullptr)
      error(below(pointer, i), std::string(prefix) + unknown("flag", flags[i], known));
  }
}

void Validation::scheduling() {
  if (const auto& scheduler = config_.process.scheduler) {
    const std::string base = "/process/scheduler";
    if (find_name(kSchedulerPolicies, scheduler->policy) == nullptr)
      error(base + "/policy", unknown("policy", scheduler->policy, kSchedulerPolicies));
    if (is_nice(scheduler->policy) && (scheduler->nice < -20 || scheduler->nice > 19))
      error(base + "/nice", fmt::format("{} is not from -20 to 19", scheduler->nice));
    if (scheduler->priority != 0 && !is_realtime(scheduler->policy))
      error(base + "/priority", "only SCHED_FIFO and SCHED_RR have one");
    if (scheduler->priority < 0) error(base + "/priority", "below 0");
    for (const auto& [key, value] :
         {std::pair{"runtime", scheduler->runtime}, std::pair{"deadline", scheduler->deadline},
          std::pair{"period", scheduler->period}}) {
      if (value != 0 && scheduler->policy != "SCHED_DEADLINE") error(base + "/" + key, "only SCHED_DEADLINE has one");
    }
    flags(base + "/flags", scheduler->flags, kSchedulerFlags);
  }
  if (const auto& priority = config_.process.io_priority) {
    if (find_name(kIoClasses, priority->class_) == nullptr)
      error("/process/ioPriority/class", unknown("class", priority->class_, kIoClasses));
    if (priority->priority < 0 || priority->priority > 7)
      error("/process/ioPriority/priority", fmt::format("{} is not from 0 to 7", priority->priority));
  }
  if (const auto& affinity = config_.process.exec_cpu_affinity) {
    for (const auto& [key, list] : {std::pair{"initial", &affinity->initial}, std::pair{"final", &affinity->final_}}) {
      if (!parse_number_list(*list, kMostCpus))
        error(fmt::format("/process/execCPUAffinity/{}", key),
              fmt::format("'{}' is not a list of processors as in \"0-3,5\"", *list));
    }
  }
}

void Validation::personality() {
  const auto& personality = config_.linux_.personality;
  if (!personality) return;
  if (find_name(kPersonalityDomains, personality->domain) == nullptr)
    error("/linux/personality/domain", unknown("domain", personality->domain, kPersonalityDomains));
  if (!personality->flags.empty()) warn("/linux/personality/flags", "no flags are known: these are not used");
}

void Validation::memory_policy() {
  const auto& policy = config_.linux_.memory_policy;
  if (!policy || *policy == MemoryPolicy{}) return;
  const std::string base = "/linux/memoryPolicy";
  if (find_name(kMemoryPolicyModes, policy->mode) == nullptr)
    return error(base + "/mode", "invalid memory policy mode: " + unknown("mode", policy->mode, kMemoryPolicyModes));
  flags(base + "/flags", policy->flags, kMemoryPolicyFlags, "invalid memory policy flag: ");
  if (has_flag(policy->flags, "MPOL_F_STATIC_NODES") && has_flag(policy->flags, "MPOL_F_RELATIVE_NODES"))
    error(base + "/flags", "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
  const auto nodes = parse_number_list(policy->nodes, kMostNodes);
  if (!nodes)
    return error(base + "/nodes",
                 fmt::format("invalid memory policy node: '{}' is not a list of nodes as in \"0-3,5\"", policy->nodes));
  const bool takes_none = policy->mode == "MPOL_DEFAULT" || policy->mode == "MPOL_LOCAL";
  if (takes_none && !nodes->empty()) error(base + "/nodes", fmt::format("{} takes none", policy->mode));
  if (!takes_none && policy->mode != "MPOL_PREFERRED" && nodes->empty())
    error(base + "/nodes", fmt::format("missing: {} needs one at least", policy->mode));
}

void Validation::time_offsets() {
  constexpr std::uint32_t kSecond = 1'000'000'000;
  const auto& offsets = config_.linux_.time_offsets;
  for (const auto& [clock, offset] : offsets) {
    const std::string pointer = below("/linux/timeOffsets", clock);
    if (std::find(kTimeOffsetClocks.begin(), kTimeOffsetClocks.end(), clock) == kTimeOffsetClocks.end())
      error(pointer, "no clock of a time namespace: those are monotonic and boottime");
    if (offset.nanosecs >= kSecond)
      error(pointer + "/nanosecs", fmt::format("{} is a second or more", offset.nanosecs));
  }
  if (offsets.empty() || has_new(NamespaceType::kTime)) return;
  error("/linux/timeOffsets", has(NamespaceType::kTime)
                                  ? "set, but the time namespace is joined: its clocks are what they are"
                                  : "set, but the container has no time namespace");
}

void Validation::landlock() { read_landlock(config_.annotations, &findings_); }

}  // namespace caisson::spec
