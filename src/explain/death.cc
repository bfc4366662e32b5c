#include "explain/death.h"

#include <sys/wait.h>

#include <csignal>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"

namespace caisson::explain {

namespace {

std::string count(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string victims(const Death& death) {
  std::vector<std::string> known;
  for (const Victim& victim : death.victims) {
    if (victim.name.empty() && victim.pid == 0) continue;
    if (victim.pid == 0) {
      known.push_back(victim.name);
    } else {
      known.push_back(victim.name.empty() ? fmt::format("pid {}", victim.pid)
                                          : fmt::format("{}, pid {}", victim.name, victim.pid));
    }
  }
  return known.empty() ? std::string() : ": " + join(known, "; ");
}

std::string limit(const Death& death) {
  return death.memory_limit ? fmt::format("the memory limit of {}", human_bytes(*death.memory_limit))
                            : "a memory limit above the container's";
}

// "the memory limit of 100 MiB was reached (peak 100 MiB, 1 kill by the kernel: python3, pid 12)"
std::string out_of_memory(const Death& death) {
  const std::string peak = death.memory_peak ? fmt::format("peak {}, ", human_bytes(*death.memory_peak)) : "";
  const std::string_view together = death.oom_group ? " of all processes together" : "";
  return fmt::format("{} was reached ({}{} by the kernel{}{})", limit(death), peak,
                     count(death.oom_kills, "kill", "kills"), together, victims(death));
}

std::string ended_by(const Death& death) {
  switch (death.ender) {
    case Ender::kNobody: return "";
    case Ender::kStop: return "stopped by caisson stop";
    case Ender::kShutdown: return "stopped by caisson stop --until-boot";
    case Ender::kKeeper: return "its keeper was told to end";
    case Ender::kRestart: return "stopped by caisson restart";
    case Ender::kKill: return "sent by caisson kill";
    case Ender::kTimeout:
      return fmt::format("its time of {} was up", count(death.timeout_seconds, "second", "seconds"));
  }
  return "";
}

// What happened inside a container that did not die of it.
std::string inside(const Death& death) {
  std::vector<std::string> remarks;
  if (death.oom_kills != 0) {
    remarks.push_back(fmt::format("{} inside {} killed at {}{}", count(death.oom_kills, "process", "processes"),
                                  death.oom_kills == 1 ? "was" : "were", limit(death), victims(death)));
  }
  if (death.pids_limit_hits != 0) {
    const std::string bound = death.pids_limit
                                  ? fmt::format("the limit of {}", count(*death.pids_limit, "process", "processes"))
                                  : "the limit of processes";
    remarks.push_back(fmt::format("{} refused {}", bound, count(death.pids_limit_hits, "fork", "forks")));
  }
  return join(remarks, "; ");
}

}  // namespace

std::string death(const Death& death) {
  std::string first;
  Death rest = death;
  if (death.running) {
    first = "running";
  } else if (WIFSIGNALED(death.wait_status)) {
    const int signal = WTERMSIG(death.wait_status);
    first = fmt::format("killed by signal {} ({})", signal, signal_name(signal));
    const std::string who = ended_by(death);
    // The kernel's own kill of the first process: nobody else sent a SIGKILL.
    if (signal == SIGKILL && death.oom_kills != 0 && who.empty()) {
      first += ": " + out_of_memory(death);
      rest.oom_kills = 0;
    } else if (!who.empty()) {
      first += ": " + who;
    }
    if (WCOREDUMP(death.wait_status)) first += ", with a core dump";
  } else {
    first = fmt::format("exited with status {}", WEXITSTATUS(death.wait_status));
    if (const std::string who = ended_by(death); !who.empty()) first += ": " + who;
  }
  const std::string remarks = inside(rest);
  return remarks.empty() ? first : first + "; " + remarks;
}

}  // namespace caisson::explain
