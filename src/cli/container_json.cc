#include "cli/container_json.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "cli/image_json.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShortId = 12;
constexpr std::size_t kShortCommand = 20;
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";  // as docker writes "not yet"

std::string moment(std::int64_t nanoseconds) { return nanoseconds == 0 ? std::string(kNever) : rfc3339(nanoseconds); }

// "Up 2 minutes", "Exited (137) 3 seconds ago: killed by signal 9 (SIGKILL): …".
std::string status_text(const engine::Container& container) {
  if (container.live) {
    return container.live->started_ns == 0 ? "Created"
                                           : "Up " + human_duration(now_nanoseconds() - container.live->started_ns);
  }
  if (!container.ending)
    return "Exited (how is not known: the host has been restarted since, or its keeper was killed)";
  const engine::Ending& ending = *container.ending;
  const std::string text =
      fmt::format("Exited ({}) {} ago", ending.exit_code, human_duration(now_nanoseconds() - ending.finished_ns));
  return ending.reason.empty() ? text : text + ": " + ending.reason;
}

Json stall(const std::optional<cgroup::Stall>& stall) {
  if (!stall) return nullptr;
  return {
      {"Avg10", stall->of_10_s}, {"Avg60", stall->of_60_s}, {"Avg300", stall->of_300_s}, {"TotalUs", stall->total_us}};
}

// {"cpu": {"Some": {"Avg10": 0.5, …}, "Full": …}, …}; empty where the host's cgroups do not tell.
Json pressure_object(const std::map<std::string, cgroup::Pressure>& pressure) {
  Json object = Json::object();
  for (const auto& [resource, of] : pressure) object[resource] = {{"Some", stall(of.some)}, {"Full", stall(of.full)}};
  return object;
}

Json mounts(const engine::Record& record) {
  Json list = Json::array();
  for (const engine::MountRecord& mount : record.mounts) {
    Json object = {{"Type", mount.type}};
    if (!mount.name.empty()) object["Name"] = mount.name;
    object["Source"] = mount.source;
    object["Destination"] = mount.destination;
    if (mount.type == "volume") object["Driver"] = "local";
    object["Mode"] = join(mount.options, ",");
    object["RW"] = mount.writable;
    object["Propagation"] = mount.propagation;
    list.push_back(std::move(object));
  }
  return list;
}

// As Go writes a set.
Json exposed_ports(const engine::Record& record) {
  Json ports = Json::object();
  if (!record.image) return ports;
  for (const std::string& port : record.image->exposed_ports) ports[port] = Json::object();
  return ports;
}

Json state(const engine::Container& container) {
  const engine::Ending ending = container.ending.value_or(engine::Ending{});
  const bool running = container.live.has_value();
  return {{"Status", engine::status_word(container)},
          {"Running", running},
          {"Pid", running ? container.live->process.pid : 0},
          {"ExitCode", ending.exit_code},
          {"Signal", ending.signal},
          {"OOMKilled", ending.oom_killed},
          {"Reason", ending.reason},
          {"StartedAt", moment(running ? container.live->started_ns : ending.started_ns)},
          {"FinishedAt", moment(running ? 0 : ending.finished_ns)}};
}

}  // namespace

std::string human_duration(std::int64_t nanoseconds) {
  struct Unit {
    std::int64_t seconds;
    std::string_view word;
  };
  constexpr std::array kUnits = {Unit{365L * 86400, "year"}, Unit{30L * 86400, "month"}, Unit{7L * 86400, "week"},
                                 Unit{86400, "day"},         Unit{3600, "hour"},         Unit{60, "minute"},
                                 Unit{1, "second"}};
  const std::int64_t seconds = nanoseconds / 1'000'000'000;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = seconds / unit.seconds;
    if (count > 0) return fmt::format("{} {}{}", count, unit.word, count == 1 ? "" : "s");
  }
  return "less than a second";
}

Json ps_row(const engine::Container& container, bool whole) {
  const engine::Record& record = container.record;
  std::string command = join(record.command, " ");
  if (!whole && command.size() > kShortCommand) command = command.substr(0, kShortCommand - 1) + "…";
  return {{"ID", whole ? record.id : record.id.substr(0, kShortId)},
          {"Names", record.name},
          {"Image", record.source},
          {"Command", command},
          {"CreatedAt", moment(record.created_ns)},
          {"RunningFor", human_duration(now_nanoseconds() - record.created_ns) + " ago"},
          {"State", engine::status_word(container)},
          {"Status", status_text(container)},
          {"ExitCode", container.ending ? container.ending->exit_code : 0},
          {"Pid", container.live ? container.live->process.pid : 0},
          {"Networks", record.network},
          {"Labels", record.labels}};
}

Json inspect_object(const engine::Container& container, const Json& config, const std::string& log_path,
                    const std::map<std::string, cgroup::Pressure>& pressure) {
  const engine::Record& record = container.record;
  const Json process = config.value("process", Json::object());
  return {{"Id", record.id},
          {"Name", record.name},
          {"Created", moment(record.created_ns)},
          {"Path", record.command.empty() ? "" : record.command[0]},
          {"Args", record.command.empty() ? std::vector<std::string>()
                                          : std::vector<std::string>(record.command.begin() + 1, record.command.end())},
          {"State", state(container)},
          {"Image", record.digest},
          {"ImageName", record.image && !record.image->name.empty() ? record.image->name : record.source},
          {"ImageDigest", record.image ? record.image->digest : ""},
          {"LogPath", log_path},
          {"Mounts", mounts(record)},
          {"Rootfs", {{"Path", record.rootfs.path}, {"Lower", record.rootfs.lower}, {"Upper", record.rootfs.upper}}},
          {"Config",
           {{"Hostname", config.value("hostname", "")},
            {"Env", process.value("env", Json::array())},
            {"Cmd", record.command},
            {"WorkingDir", process.value("cwd", "/")},
            {"Image", record.source},
            {"ExposedPorts", exposed_ports(record)},
            {"Healthcheck", healthcheck_object(record.image ? record.image->healthcheck : std::nullopt)},
            {"Tty", record.terminal},
            {"OpenStdin", record.interactive},
            {"StopSignal", record.stop_signal},
            {"StopTimeout", record.stop_timeout_s},
            {"Labels", record.labels}}},
          {"HostConfig", {{"NetworkMode", record.network}, {"AutoRemove", record.remove}}},
          {"Cgroups", record.cgroup_directories},
          {"Pressure", pressure_object(pressure)},
          {"Spec", config}};
}

}  // namespace caisson::cli
