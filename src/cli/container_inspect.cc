#include "cli/container_inspect.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/pressure.h"
#include "cli/container_json.h"
#include "cli/image_json.h"
#include "engine/defaults.h"
#include "engine/health_state.h"
#include "engine/networking.h"
#include "kernel/files.h"
#include "spec/capability.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

// What stands at "/a/b" of the configuration, or `otherwise`. Configurations are our own, and checked when written.
Json at(const Json& config, const char* pointer, const Json& otherwise = nullptr) {
  const Json::json_pointer path(pointer);
  return config.contains(path) ? config[path] : otherwise;
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

// As Go writes a set.
Json port_set(const engine::Record& record) {
  Json ports = Json::object();
  for (const std::string& port : engine::exposed_ports(record)) ports[port] = Json::object();
  return ports;
}

// Null without a health check.
Json health_object(const std::optional<engine::HealthState>& health) {
  if (!health) return nullptr;
  Json log = Json::array();
  for (const engine::HealthProbe& probe : health->probes) {
    log.push_back({{"Start", shown_moment(probe.start_ns)},
                   {"End", shown_moment(probe.end_ns)},
                   {"ExitCode", probe.exit_code},
                   {"Output", probe.output}});
  }
  return {{"Status", engine::health_word(health->health)}, {"FailingStreak", health->failing_streak}, {"Log", log}};
}

Json log_config(const engine::LogChoice& log) {
  Json options = Json::object();
  if (log.driver == engine::LogDriver::kLines || log.driver == engine::LogDriver::kJson)
    options = {{"max-size", std::to_string(log.file_bytes)}, {"max-file", std::to_string(log.files)}};
  if (!log.tag.empty()) options["tag"] = log.tag;
  return {{"Type", engine::log_driver_name(log.driver)}, {"Config", options}};
}

std::uint32_t restart_count(const engine::Container& container) {
  if (container.live) return container.live->restarts;
  return container.ending ? container.ending->restarts : 0;
}

Json state_object(const engine::Container& container, const std::optional<engine::HealthState>& health) {
  const engine::Ending ending = container.ending.value_or(engine::Ending{});
  const bool is_live = container.live.has_value();
  const std::string_view status = engine::status_word(container);
  return {{"Status", status},
          {"Running", status == "running" || status == "paused" || status == "restarting"},
          {"Paused", status == "paused"},
          {"Restarting", status == "restarting"},
          {"OOMKilled", ending.oom_killed},
          {"Dead", false},
          {"Pid", is_live ? container.live->process.pid : 0},
          {"ConmonPid", is_live ? container.live->keeper.pid : 0},
          {"ExitCode", ending.exit_code},
          {"Signal", ending.signal},
          {"Error", ""},
          {"Reason", ending.reason},
          {"StartedAt", shown_moment(is_live ? container.live->started_ns : ending.started_ns)},
          {"FinishedAt", shown_moment(is_live ? 0 : ending.finished_ns)},
          {"Health", health_object(health)}};
}

// 0, "0:0" and a user's name are one to the kernel: what was asked for, or else what came of it.
std::string user_of(const engine::Record& record, const Json& config) {
  if (!record.choices.user.empty()) return record.choices.user;
  const auto uid = at(config, "/process/user/uid", 0).get<std::uint32_t>();
  const auto gid = at(config, "/process/user/gid", 0).get<std::uint32_t>();
  return uid == 0 && gid == 0 ? "" : fmt::format("{}:{}", uid, gid);
}

Json config_object(const engine::Record& record, const Json& config) {
  Json entrypoint = nullptr;
  if (record.choices.entrypoint) entrypoint = *record.choices.entrypoint;
  return {{"Hostname", at(config, "/hostname", "")},
          {"Domainname", at(config, "/domainname", "")},
          {"User", user_of(record, config)},
          {"Tty", record.terminal},
          {"SystemdMode", record.systemd},
          {"OpenStdin", record.interactive},
          {"Env", at(config, "/process/env", Json::array())},
          {"Entrypoint", entrypoint},
          {"Cmd", record.command},
          {"Image", record.source},
          {"WorkingDir", at(config, "/process/cwd", "/")},
          {"ExposedPorts", port_set(record)},
          {"Healthcheck", healthcheck_object(record.health ? std::optional(record.health->check) : std::nullopt)},
          {"Labels", record.labels},
          {"Annotations", at(config, "/annotations", Json::object())},
          {"StopSignal", record.stop_signal},
          {"StopTimeout", record.stop_timeout_s},
          {"Timeout", record.timeout_s}};
}

std::set<std::string> bounding_set(const Json& config) {
  const Json list = at(config, "/process/capabilities/bounding", Json::array());
  return list.is_array() ? list.get<std::set<std::string>>() : std::set<std::string>();
}

// Those of `from` that are not in `without`.
Json missing_from(const std::set<std::string>& from, const std::set<std::string>& without) {
  Json list = Json::array();
  for (const std::string& each : from) {
    if (!without.contains(each)) list.push_back(each);
  }
  return list;
}

// "private", "host", or the path of the namespace: as docker's modes.
std::string namespace_mode(const Json& config, std::string_view type) {
  for (const Json& each : at(config, "/linux/namespaces", Json::array())) {
    if (each.value("type", "") == type) return each.contains("path") ? "ns:" + each.value("path", "") : "private";
  }
  return "host";
}

Json binds(const std::vector<engine::MountRecord>& mounts) {
  Json list = Json::array();
  for (const engine::MountRecord& mount : mounts) {
    if (mount.anonymous || mount.type == "tmpfs" || mount.type == "image") continue;
    const std::string& from = mount.name.empty() ? mount.source : mount.name;
    list.push_back(fmt::format("{}:{}:{}", from, mount.destination, join(mount.options, ",")));
  }
  return list;
}

Json tmpfs(const std::vector<engine::MountRecord>& mounts) {
  Json object = Json::object();
  for (const engine::MountRecord& mount : mounts) {
    if (mount.type == "tmpfs") object[mount.destination] = join(mount.options, ",");
  }
  return object;
}

Json ulimits(const Json& config) {
  Json list = Json::array();
  for (const Json& limit : at(config, "/process/rlimits", Json::array())) {
    list.push_back({{"Name", limit.value("type", "")},
                    {"Soft", limit.value("soft", std::uint64_t{0})},
                    {"Hard", limit.value("hard", std::uint64_t{0})}});
  }
  return list;
}

// The limits that the configuration has, in docker's units.
void add_resources(Json& host, const Json& config) {
  const auto number = [&](const char* pointer) { return at(config, pointer, 0); };
  const auto quota = number("/linux/resources/cpu/quota").get<std::int64_t>();
  const auto period = number("/linux/resources/cpu/period").get<std::int64_t>();
  host.update({{"Memory", number("/linux/resources/memory/limit")},
               {"MemoryReservation", number("/linux/resources/memory/reservation")},
               {"MemorySwap", number("/linux/resources/memory/swap")},
               {"MemorySwappiness", at(config, "/linux/resources/memory/swappiness")},
               {"OomKillDisable", at(config, "/linux/resources/memory/disableOOMKiller", false)},
               {"OomScoreAdj", at(config, "/process/oomScoreAdj", 0)},
               {"NanoCpus", quota > 0 && period > 0 ? quota * 1'000'000'000 / period : 0},
               {"CpuShares", number("/linux/resources/cpu/shares")},
               {"CpuPeriod", period},
               {"CpuQuota", quota},
               {"CpusetCpus", at(config, "/linux/resources/cpu/cpus", "")},
               {"CpusetMems", at(config, "/linux/resources/cpu/mems", "")},
               {"PidsLimit", number("/linux/resources/pids/limit")},
               {"BlkioWeight", number("/linux/resources/blockIO/weight")},
               {"Ulimits", ulimits(config)}});
}

// What was asked of -p, as docker has it in HostConfig.
Json port_bindings(const engine::Record& record) {
  Json bindings = Json::object();
  for (const network::PortChoice& choice : record.networks.ports) {
    for (unsigned i = 0; i < choice.count; ++i) {
      const std::string port = fmt::format("{}/{}", choice.container_port + i, network::protocol_name(choice.protocol));
      bindings[port].push_back({{"HostIp", choice.host_address ? to_text(*choice.host_address) : ""},
                                {"HostPort", choice.host_port == 0 ? "" : std::to_string(choice.host_port + i)}});
    }
  }
  return bindings;
}

Json host_config(const engine::Record& record, const Json& config) {
  const std::set<std::string> bounding = bounding_set(config);
  const std::vector<std::string> names = spec::capability_names(engine::default_capabilities());
  const std::set<std::string> usual(names.begin(), names.end());
  Json host = {{"Binds", binds(record.mounts)},
               {"NetworkMode", record.network},
               {"PortBindings", port_bindings(record)},
               {"PublishAllPorts", record.networks.publish_all},
               {"RestartPolicy",
                {{"Name", engine::restart_policy_name(record.restart)}, {"MaximumRetryCount", record.restart.retries}}},
               {"LogConfig", log_config(record.log)},
               {"Privileged", record.privileged},
               {"AutoRemove", record.remove},
               {"AutoRemoveImage", record.remove_image},
               {"CapAdd", missing_from(bounding, usual)},
               {"CapDrop", missing_from(usual, bounding)},
               {"CgroupnsMode", namespace_mode(config, "cgroup")},
               {"IpcMode", namespace_mode(config, "ipc")},
               {"PidMode", namespace_mode(config, "pid")},
               {"UTSMode", namespace_mode(config, "uts")},
               {"UsernsMode", record.uid_mappings.empty() ? "" : namespace_mode(config, "user")},
               {"ReadonlyRootfs", at(config, "/root/readonly", false)},
               {"Sysctls", at(config, "/linux/sysctl", Json::object())},
               {"Tmpfs", tmpfs(record.mounts)},
               {"MaskedPaths", at(config, "/linux/maskedPaths", Json::array())},
               {"ReadonlyPaths", at(config, "/linux/readonlyPaths", Json::array())}};
  add_resources(host, config);
  return host;
}

// "80/tcp" → [{"HostIp": "0.0.0.0", "HostPort": "8080"}]; what is noted and not published has null, as docker shows it.
Json published_ports(const engine::Record& record, const std::optional<network::Holding>& holding) {
  Json ports = Json::object();
  if (!holding) return ports;
  for (const std::string& exposed : engine::exposed_ports(record)) ports[exposed] = nullptr;
  for (const network::HeldPort& held : holding->ports) {
    Json& list = ports[container_side(held.port)];
    if (list.is_null()) list = Json::array();
    const auto add = [&](const char* any) {
      list.push_back({{"HostIp", held.port.host_address ? to_text(*held.port.host_address) : any},
                      {"HostPort", std::to_string(held.port.host_port)}});
    };
    for (const network::Address& container : held.containers)
      add(container.family == network::Family::kIpv4 ? "0.0.0.0" : "::");
    if (held.containers.empty()) add("0.0.0.0");
  }
  return ports;
}

Json endpoint_object(const network::Attachment* attachment) {
  Json endpoint = {{"IPAddress", ""},          {"IPPrefixLen", 0},  {"Gateway", ""},   {"GlobalIPv6Address", ""},
                   {"GlobalIPv6PrefixLen", 0}, {"IPv6Gateway", ""}, {"MacAddress", ""}};
  if (attachment == nullptr) return endpoint;
  endpoint["MacAddress"] = network::mac_text(attachment->mac);
  for (const network::HeldAddress& held : attachment->addresses) {
    const bool ipv4 = held.address.family == network::Family::kIpv4;
    endpoint[ipv4 ? "IPAddress" : "GlobalIPv6Address"] = to_text(held.address);
    endpoint[ipv4 ? "IPPrefixLen" : "GlobalIPv6PrefixLen"] = held.prefix;
    if (held.gateway) endpoint[ipv4 ? "Gateway" : "IPv6Gateway"] = to_text(*held.gateway);
  }
  return endpoint;
}

const network::Attachment* find_attachment(const std::optional<network::Holding>& holding, const std::string& network) {
  if (!holding) return nullptr;
  for (const network::Attachment& each : holding->attachments) {
    if (each.network == network) return &each;
  }
  return nullptr;
}

Json network_settings(const engine::Container& container, const engine::Places& places) {
  const engine::Record& record = container.record;
  const auto holding = engine::holding_of(places, record.id);
  const std::string key = container.live && record.network != "host"
                              ? fmt::format("/proc/{}/ns/net", container.live->process.pid)
                              : std::string();
  Json settings = {{"SandboxKey", key}, {"Ports", published_ports(record, holding)}};
  settings.update(endpoint_object(holding && !holding->attachments.empty() ? holding->attachments.data() : nullptr));
  if (!engine::may_join_networks(record)) {
    settings["Networks"] = {{record.network, endpoint_object(nullptr)}};
    return settings;
  }
  settings["Networks"] = Json::object();
  for (const network::NetworkChoice& choice : record.networks.networks) {
    const network::Attachment* const attachment = find_attachment(holding, choice.network);
    Json endpoint = endpoint_object(attachment);
    std::vector<std::string> aliases = choice.aliases;
    aliases.push_back(short_id(record.id));
    endpoint["Aliases"] = aliases;
    endpoint["NetworkID"] = attachment != nullptr ? attachment->network_id : "";
    settings["Networks"][choice.network] = std::move(endpoint);
  }
  return settings;
}

Json mount_object(const engine::MountRecord& mount) {
  Json object = {{"Type", mount.type}};
  if (!mount.name.empty()) object["Name"] = mount.name;
  object.update({{"Source", mount.source},
                 {"Destination", mount.destination},
                 {"Driver", mount.type == "volume" ? "local" : ""},
                 {"Mode", join(mount.options, ",")},
                 {"RW", mount.writable},
                 {"Propagation", mount.propagation}});
  return object;
}

Json mounts_array(const std::vector<engine::MountRecord>& mounts) {
  Json list = Json::array();
  for (const engine::MountRecord& mount : mounts) {
    if (mount.type != "tmpfs") list.push_back(mount_object(mount));
  }
  return list;
}

// Where one of the files is that the container is given, if it is.
std::string given_file(const Json& config, std::string_view destination) {
  for (const Json& mount : at(config, "/mounts", Json::array())) {
    if (mount.value("destination", "") == destination) return mount.value("source", "");
  }
  return {};
}

}  // namespace

Result<Json> read_config_of(const engine::Places& places, const std::string& id) {
  const std::string path = places.container(id) + "/config.json";
  Json config = Json::parse(TRY(kernel::read_file(path)), nullptr, false);
  if (!config.is_object()) return fail(in(path, complaint("not a JSON object")));
  return config;
}

Json inspect_object(const engine::Container& container, const Json& config, const engine::Places& places) {
  const engine::Record& record = container.record;
  Json args = record.command;
  if (!args.empty()) args.erase(0);
  return {{"Id", record.id},
          {"Created", shown_moment(record.created_ns)},
          {"Path", record.command.empty() ? "" : record.command[0]},
          {"Args", args},
          {"State", state_object(container, engine::health_of(places, container))},
          {"Image", record.digest},
          {"ImageName", record.image && !record.image->name.empty() ? record.image->name : record.source},
          {"ImageDigest", record.image ? record.image->digest : ""},
          {"ResolvConfPath", given_file(config, "/etc/resolv.conf")},
          {"HostnamePath", given_file(config, "/etc/hostname")},
          {"HostsPath", given_file(config, "/etc/hosts")},
          {"LogPath", engine::log_path(places, record)},
          {"PidFile", record.pid_file},
          {"ConmonPidFile", record.keeper_pid_file},
          {"Dependencies", record.requirements},
          {"Name", record.name},
          {"Pod", record.pod.id},
          {"IsInfra", record.pod.is_infra},
          {"RestartCount", restart_count(container)},
          {"Driver", record.rootfs.upper.empty() ? "directory" : "overlay"},
          {"Platform", "linux"},
          {"Rootfs", {{"Path", record.rootfs.path}, {"Lower", record.rootfs.lower}, {"Upper", record.rootfs.upper}}},
          {"GraphDriver",
           {{"Name", record.rootfs.upper.empty() ? "directory" : "overlay"},
            {"Data",
             {{"LowerDir", join(record.rootfs.lower, ":")},
              {"UpperDir", record.rootfs.upper},
              {"WorkDir", record.rootfs.work}}}}},
          {"Mounts", mounts_array(record.mounts)},
          {"Config", config_object(record, config)},
          {"HostConfig", host_config(record, config)},
          {"NetworkSettings", network_settings(container, places)},
          {"Cgroups", record.cgroup_directories},
          {"Pressure", pressure_object(cgroup::read_pressure(record.cgroup_directories))},
          {"Spec", config}};
}

}  // namespace caisson::cli
