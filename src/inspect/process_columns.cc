#include "inspect/process_columns.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "spec/capability.h"

namespace caisson::inspect {

namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;

std::int64_t seconds_of(std::uint64_t ticks, const HostClock& clock) {
  return static_cast<std::int64_t>(ticks / clock.ticks_per_second);
}

// For how long it has run.
std::int64_t age_s(const ProcessFacts& facts, const HostClock& clock) {
  return std::max<std::int64_t>(clock.uptime_ns / kSecond_ns - seconds_of(facts.start_ticks, clock), 0);
}

// "[[DD-]HH:]MM:SS"
std::string elapsed(std::int64_t seconds) {
  const std::string minutes = fmt::format("{:02}:{:02}", seconds / 60 % 60, seconds % 60);
  if (seconds < 3600) return minutes;
  const std::string hours = fmt::format("{:02}:{}", seconds / 3600 % 24, minutes);
  return seconds < 86400 ? hours : fmt::format("{}-{}", seconds / 86400, hours);
}

// "[DD-]HH:MM:SS"
std::string processor_time(std::int64_t seconds) {
  const std::string time = fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  return seconds < 86400 ? time : fmt::format("{}-{}", seconds / 86400, time);
}

// In per mille of the time that it has been there.
std::int64_t processor_share(const ProcessFacts& facts, const HostClock& clock) {
  const std::int64_t age = std::max<std::int64_t>(age_s(facts, clock), 1);
  return static_cast<std::int64_t>(facts.cpu_ticks * 1000 / clock.ticks_per_second) / age;
}

std::string per_cent(std::int64_t per_mille) { return fmt::format("{}.{}", per_mille / 10, per_mille % 10); }

// As ps says when: the hour, or the day if it was another; then the year. Local time.
std::string start_time(const ProcessFacts& facts, const HostClock& clock) {
  const std::int64_t now = clock.now_ns / kSecond_ns + clock.utc_offset_s;
  const std::int64_t then = now - age_s(facts, clock);
  if (now / 86400 == then / 86400) return fmt::format("{:02}:{:02}", then / 3600 % 24, then / 60 % 60);
  // The civil date of a day number: years begin in March, so that a leap day is a year's last.
  const std::int64_t days = then / 86400 + 719468;
  const std::int64_t era_day = days % 146097;
  const std::int64_t year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
  const std::int64_t year_day = era_day - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * year_day + 2) / 153;
  constexpr std::array kMonths = {"Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"};
  if (now - then >= 365 * 86400) return std::to_string(days / 146097 * 400 + year + (month >= 10 ? 1 : 0));
  return fmt::format("{}{:02}", kMonths[static_cast<std::size_t>(month)], year_day - (153 * month + 2) / 5 + 1);
}

// The device number has its minor in two parts (proc(5), tty_nr).
std::string terminal(const ProcessFacts& facts, const Shown&) {
  const auto device = static_cast<std::uint64_t>(facts.terminal);
  const std::uint64_t major = device >> 8U & 0xFFFU;
  const std::uint64_t minor = (device & 0xFFU) | (device >> 12U & 0xFFF00U);
  if (device == 0) return "?";
  if (major >= 136 && major <= 143) return fmt::format("pts/{}", (major - 136) * 256 + minor);
  if (major == 4) return minor < 64 ? fmt::format("tty{}", minor) : fmt::format("ttyS{}", minor - 64);
  return fmt::format("{}:{}", major, minor);
}

std::string command_line(const ProcessFacts& facts, const Shown&) {
  return facts.arguments.empty() ? "[" + facts.name + "]" : join(facts.arguments, " ");
}

std::string capabilities(std::uint64_t mask, const Shown& shown) {
  if (mask == 0) return "none";
  if (shown.all_capabilities != 0 && (mask & shown.all_capabilities) == shown.all_capabilities) return "full";
  std::vector<std::string> names;
  for (const std::string& name : spec::capability_names(mask))
    names.push_back(name.substr(std::string_view("CAP_").size()));
  return join(names, ",");
}

std::string seccomp(const ProcessFacts& facts, const Shown&) {
  return facts.seccomp == 0 ? "disabled" : facts.seccomp == 1 ? "strict" : "filter";
}

// S, Ss, Sl, SN …: as ps's STAT.
std::string state(const ProcessFacts& facts, const Shown&) {
  std::string text(1, facts.state);
  if (facts.nice < 0) text += '<';
  if (facts.nice > 0) text += 'N';
  if (facts.session == facts.pid) text += 's';
  if (facts.threads > 1) text += 'l';
  return text;
}

std::string groups(const ProcessFacts& facts, const std::function<std::string(std::uint32_t)>& name) {
  std::vector<std::string> names;
  for (const std::uint32_t gid : facts.groups) names.push_back(name(gid));
  return join(names, ",");
}

using Text = std::string (*)(const ProcessFacts& facts, const Shown& shown);

struct Row {
  std::string_view name;
  std::string_view heading;
  Text text;                 ///< in the container's view, or in both
  Text host_text = nullptr;  ///< in the host's, where that is another
};

std::string pid(const ProcessFacts& facts, const Shown&) { return std::to_string(facts.pid); }
std::string inner_pid(const ProcessFacts& facts, const Shown&) {
  return std::to_string(facts.inner_pids.empty() ? facts.pid : facts.inner_pids.back());
}
std::string user(const ProcessFacts& facts, const Shown& shown) { return shown.user(facts.uid); }
std::string host_user(const ProcessFacts& facts, const Shown& shown) { return shown.host_user(facts.uid); }
std::string group(const ProcessFacts& facts, const Shown& shown) { return shown.group(facts.gid); }
std::string host_group(const ProcessFacts& facts, const Shown& shown) { return shown.host_group(facts.gid); }
std::string parent(const ProcessFacts& facts, const Shown&) { return std::to_string(facts.parent); }
std::string percent_cpu(const ProcessFacts& facts, const Shown& shown) {
  return per_cent(processor_share(facts, shown.clock));
}
std::string percent_memory(const ProcessFacts& facts, const Shown& shown) {
  const std::uint64_t all = std::max<std::uint64_t>(shown.clock.memory_bytes, 1);
  return per_cent(static_cast<std::int64_t>(facts.resident_bytes * 1000 / all));
}
std::string resident(const ProcessFacts& facts, const Shown&) { return std::to_string(facts.resident_bytes / 1024); }
std::string virtual_size(const ProcessFacts& facts, const Shown&) { return std::to_string(facts.virtual_bytes / 1024); }
std::string time(const ProcessFacts& facts, const Shown& shown) {
  return processor_time(seconds_of(facts.cpu_ticks, shown.clock));
}

constexpr std::array kRows = {
    Row{"args", "COMMAND", command_line},
    Row{"cmd", "CMD", command_line},
    Row{"command", "COMMAND", command_line},
    Row{"comm", "COMMAND", [](const ProcessFacts& facts, const Shown&) { return facts.name; }},
    Row{"ucmd", "CMD", [](const ProcessFacts& facts, const Shown&) { return facts.name; }},
    Row{"capamb", "AMBIENT CAPS",
        [](const ProcessFacts& facts, const Shown& shown) { return capabilities(facts.ambient, shown); }},
    Row{"capbnd", "BOUNDING CAPS",
        [](const ProcessFacts& facts, const Shown& shown) { return capabilities(facts.bounding, shown); }},
    Row{"capeff", "EFFECTIVE CAPS",
        [](const ProcessFacts& facts, const Shown& shown) { return capabilities(facts.effective, shown); }},
    Row{"capinh", "INHERITED CAPS",
        [](const ProcessFacts& facts, const Shown& shown) { return capabilities(facts.inheritable, shown); }},
    Row{"capprm", "PERMITTED CAPS",
        [](const ProcessFacts& facts, const Shown& shown) { return capabilities(facts.permitted, shown); }},
    Row{"c", "C",
        [](const ProcessFacts& facts, const Shown& shown) {
          return std::to_string(std::min<std::int64_t>(processor_share(facts, shown.clock) / 10, 99));
        }},
    Row{"etime", "ELAPSED",
        [](const ProcessFacts& facts, const Shown& shown) { return elapsed(age_s(facts, shown.clock)); }},
    Row{"etimes", "ELAPSED",
        [](const ProcessFacts& facts, const Shown& shown) { return std::to_string(age_s(facts, shown.clock)); }},
    Row{"gid", "GID", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.gid); }},
    Row{"group", "GROUP", group, host_group},
    Row{"groups", "GROUPS", [](const ProcessFacts& facts, const Shown& shown) { return groups(facts, shown.group); },
        [](const ProcessFacts& facts, const Shown& shown) { return groups(facts, shown.host_group); }},
    Row{"hgroup", "HGROUP", host_group},
    Row{"hpid", "HPID", pid},
    Row{"huser", "HUSER", host_user},
    Row{"label", "LABEL", [](const ProcessFacts& facts, const Shown&) { return facts.label; }},
    Row{"nice", "NI", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.nice); }},
    Row{"ni", "NI", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.nice); }},
    Row{"nlwp", "NLWP", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.threads); }},
    Row{"pcpu", "%CPU", percent_cpu},
    Row{"%cpu", "%CPU", percent_cpu},
    Row{"pmem", "%MEM", percent_memory},
    Row{"%mem", "%MEM", percent_memory},
    Row{"pgid", "PGID", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.group); }},
    Row{"pid", "PID", inner_pid, pid},
    Row{"ppid", "PPID", parent},
    Row{"pri", "PRI", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.priority); }},
    Row{"rgroup", "RGROUP", [](const ProcessFacts& facts, const Shown& shown) { return shown.group(facts.real_gid); },
        [](const ProcessFacts& facts, const Shown& shown) { return shown.host_group(facts.real_gid); }},
    Row{"rss", "RSS", resident},
    Row{"ruser", "RUSER", [](const ProcessFacts& facts, const Shown& shown) { return shown.user(facts.real_uid); },
        [](const ProcessFacts& facts, const Shown& shown) { return shown.host_user(facts.real_uid); }},
    Row{"s", "S", [](const ProcessFacts& facts, const Shown&) { return std::string(1, facts.state); }},
    Row{"seccomp", "SECCOMP", seccomp},
    Row{"sid", "SID", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.session); }},
    Row{"start", "START", [](const ProcessFacts& facts, const Shown& shown) { return start_time(facts, shown.clock); }},
    Row{"stat", "STAT", state},
    Row{"state", "STATE", [](const ProcessFacts& facts, const Shown&) { return std::string(1, facts.state); }},
    Row{"stime", "STIME", [](const ProcessFacts& facts, const Shown& shown) { return start_time(facts, shown.clock); }},
    Row{"time", "TIME", time},
    Row{"tname", "TTY", terminal},
    Row{"tt", "TT", terminal},
    Row{"tty", "TTY", terminal},
    Row{"uid", "UID", [](const ProcessFacts& facts, const Shown&) { return std::to_string(facts.uid); }},
    Row{"user", "USER", user, host_user},
    Row{"vsz", "VSZ", virtual_size},
};

constexpr std::array kDescriptors = {
    std::string_view("args"),   std::string_view("capamb"), std::string_view("capbnd"),  std::string_view("capeff"),
    std::string_view("capinh"), std::string_view("capprm"), std::string_view("comm"),    std::string_view("etime"),
    std::string_view("group"),  std::string_view("groups"), std::string_view("hgroup"),  std::string_view("hpid"),
    std::string_view("huser"),  std::string_view("label"),  std::string_view("nice"),    std::string_view("pcpu"),
    std::string_view("pgid"),   std::string_view("pid"),    std::string_view("ppid"),    std::string_view("rgroup"),
    std::string_view("rss"),    std::string_view("ruser"),  std::string_view("seccomp"), std::string_view("state"),
    std::string_view("stime"),  std::string_view("time"),   std::string_view("tty"),     std::string_view("user"),
    std::string_view("vsz")};

}  // namespace

Result<Column> find_column(std::string_view name, View view) {
  const auto row = std::ranges::find(kRows, name, &Row::name);
  const bool is_known =
      row != kRows.end() && (view == View::kHost || std::ranges::find(kDescriptors, name) != kDescriptors.end());
  if (is_known) return Column{row->name, std::string(row->heading)};
  std::vector<std::string_view> names;
  for (const Row& each : kRows) names.push_back(each.name);
  const auto near = nearest(name, view == View::kHost ? names : descriptor_names());
  return fail(
      complaint(fmt::format("there is no column '{}'", name),
                near ? fmt::format("did you mean '{}'?", *near)
                     : fmt::format("there are {}", fmt::join(view == View::kHost ? names : descriptor_names(), " "))));
}

std::string cell(const Column& column, View view, const ProcessFacts& facts, const Shown& shown) {
  const auto row = std::ranges::find(kRows, column.name, &Row::name);
  if (row == kRows.end()) return {};
  const Text text = view == View::kHost && row->host_text != nullptr ? row->host_text : row->text;
  std::string words = text(facts, shown);
  for (char& c : words) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return words;
}

std::map<std::uint32_t, std::string> names_by_id(std::string_view text) {
  std::map<std::uint32_t, std::string> names;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    const auto id = fields.size() > 2 ? parse_unsigned(fields[2]) : std::nullopt;
    if (id && *id <= UINT32_MAX && !fields[0].empty()) names.emplace(static_cast<std::uint32_t>(*id), fields[0]);
  }
  return names;
}

std::vector<std::string_view> descriptor_names() { return {kDescriptors.begin(), kDescriptors.end()}; }

}  // namespace caisson::inspect
