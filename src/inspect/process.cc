#include "inspect/process.h"

#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/files.h"

namespace caisson::inspect {

namespace {

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> list;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t\n", at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \t\n", begin), text.size());
    list.push_back(text.substr(begin, at - begin));
  }
  return list;
}

std::int64_t number(std::string_view word) { return parse_signed(word).value_or(0); }
std::uint64_t count(std::string_view word) { return parse_unsigned(word).value_or(0); }

// "PID (name) S parent group …": the name may hold anything.
bool read_stat(const std::string& text, ProcessFacts& facts) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return false;
  facts.name = text.substr(open + 1, close - open - 1);
  const std::vector<std::string_view> field = words(std::string_view(text).substr(close + 1));
  constexpr std::size_t kState = 3;  // the number in proc(5) of the first field behind the name
  const auto at = [&](std::size_t which) { return which - kState < field.size() ? field[which - kState] : ""; };
  if (field.size() < 22) return false;
  facts.state = at(3)[0];
  facts.parent = static_cast<pid_t>(number(at(4)));
  facts.group = static_cast<pid_t>(number(at(5)));
  facts.session = static_cast<pid_t>(number(at(6)));
  facts.terminal = number(at(7));
  facts.cpu_ticks = count(at(14)) + count(at(15));
  facts.priority = number(at(18));
  facts.nice = number(at(19));
  facts.threads = number(at(20));
  facts.start_ticks = count(at(22));
  facts.virtual_bytes = count(at(23));
  return true;
}

std::uint64_t hexadecimal(std::string_view word) { return std::strtoull(std::string(word).c_str(), nullptr, 16); }

void read_status(const std::string& text, ProcessFacts& facts) {
  for (const std::string_view line : split(text, '\n')) {
    const Cut parts = cut(line, ':');
    if (!parts.tail) continue;
    const std::vector<std::string_view> value = words(*parts.tail);
    const auto id = [&](std::size_t which) {
      return static_cast<std::uint32_t>(which < value.size() ? count(value[which]) : 0);
    };
    if (parts.head == "Uid") {
      facts.real_uid = id(0);
      facts.uid = id(1);
    } else if (parts.head == "Gid") {
      facts.real_gid = id(0);
      facts.gid = id(1);
    } else if (parts.head == "Groups") {
      for (std::size_t i = 0; i < value.size(); ++i) facts.groups.push_back(id(i));
    } else if (parts.head == "NSpid") {
      for (std::size_t i = 1; i < value.size(); ++i) facts.inner_pids.push_back(static_cast<pid_t>(id(i)));
    } else if (parts.head == "VmRSS") {  // what stat says of it may lag behind
      facts.resident_bytes = std::uint64_t{id(0)} * 1024;
    } else if (parts.head == "Seccomp") {
      facts.seccomp = static_cast<int>(id(0));
    } else if (parts.head.starts_with("Cap") && !value.empty()) {
      const std::uint64_t mask = hexadecimal(value[0]);
      if (parts.head == "CapInh") facts.inheritable = mask;
      if (parts.head == "CapPrm") facts.permitted = mask;
      if (parts.head == "CapEff") facts.effective = mask;
      if (parts.head == "CapBnd") facts.bounding = mask;
      if (parts.head == "CapAmb") facts.ambient = mask;
    }
  }
}

}  // namespace

std::optional<ProcessFacts> read_process(pid_t pid) {
  constexpr std::size_t kLimit_bytes = 1 << 20;  // of arguments, which the process chooses
  const std::string directory = fmt::format("/proc/{}/", pid);
  ProcessFacts facts{.pid = pid};
  const auto stat = kernel::read_file(directory + "stat");
  if (!stat || !read_stat(*stat, facts)) return std::nullopt;
  read_status(kernel::read_file(directory + "status").value_or(""), facts);
  std::string arguments = kernel::read_file(directory + "cmdline", kLimit_bytes).value_or("");
  while (arguments.ends_with('\0')) arguments.pop_back();
  if (!arguments.empty()) {
    for (const std::string_view argument : split(arguments, '\0')) facts.arguments.emplace_back(argument);
  }
  facts.label = kernel::read_file(directory + "attr/current", kLimit_bytes).value_or("");
  while (facts.label.ends_with('\n') || facts.label.ends_with('\0')) facts.label.pop_back();
  return facts;
}

HostClock read_clock() {
  HostClock clock{.ticks_per_second = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L)),
                  .now_ns = now_nanoseconds()};
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  clock.uptime_ns = since_boot.tv_sec * 1'000'000'000L + since_boot.tv_nsec;
  const time_t now = clock.now_ns / 1'000'000'000;
  tm local{};
  if (::localtime_r(&now, &local) != nullptr) clock.utc_offset_s = local.tm_gmtoff;
  struct sysinfo system{};
  if (::sysinfo(&system) == 0) clock.memory_bytes = std::uint64_t{system.totalram} * system.mem_unit;
  return clock;
}

}  // namespace caisson::inspect
