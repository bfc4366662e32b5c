#include "engine/record.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "engine/json_value.h"
#include "engine/value_grammar.h"

namespace caisson::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;  // of what is written; what is read may be older

// Bytes that are not UTF-8 (a file name may be anything) become U+FFFD instead of an exception.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json process_json(const kernel::ProcessId& process) {
  return {{"pid", process.pid}, {"startTicks", process.start_ticks}};
}

kernel::ProcessId read_process(const JsonValue& json) {
  return {json.value("pid", pid_t{0}), json.value("startTicks", std::uint64_t{0})};
}

Json mappings_json(const IdMappings& mappings) {
  Json list = Json::array();
  for (const spec::IdMapping& m : mappings)
    list.push_back({{"containerID", m.container_id}, {"hostID", m.host_id}, {"size", m.size}});
  return list;
}

IdMappings read_mappings(const JsonValue& json) {
  IdMappings mappings;
  for (const JsonValue& m : json.elements())
    mappings.push_back({m.at("containerID").get<std::uint32_t>(), m.at("hostID").get<std::uint32_t>(),
                        m.at("size").get<std::uint32_t>()});
  return mappings;
}

// Networks and ports as an option would name them.
Json networks_json(const NetworkWishes& wishes) {
  if (!wishes.any() && wishes.ports.empty() && !wishes.publish_all) return nullptr;
  std::vector<std::string> networks;
  for (const network::NetworkChoice& each : wishes.networks) networks.push_back(network::to_text(each));
  std::vector<std::string> ports;
  for (const network::PortChoice& each : wishes.ports) ports.push_back(network::to_text(each));
  return {{"networks", networks},
          {"userNetwork", wishes.user_network},
          {"userNetworkOptions", wishes.user_network_options},
          {"nameServers", wishes.name_servers},
          {"ports", ports},
          {"publishAll", wishes.publish_all}};
}

Result<NetworkWishes> read_networks(const JsonValue& json) {
  NetworkWishes wishes;
  if (json.is_null()) return wishes;
  for (const std::string& each : json.at("networks").get<std::vector<std::string>>())
    wishes.networks.push_back(TRY(network::read_network_choice(each)));
  for (const std::string& each : json.at("ports").get<std::vector<std::string>>())
    wishes.ports.push_back(TRY(network::read_port(each)));
  wishes.user_network = json.at("userNetwork").get<std::string>();
  wishes.user_network_options = json.at("userNetworkOptions").get<std::vector<std::string>>();
  wishes.name_servers = json.at("nameServers").get<std::vector<std::string>>();
  wishes.publish_all = json.at("publishAll").get<bool>();
  return wishes;
}

Json healthcheck_json(const std::optional<image::Healthcheck>& check) {
  if (!check) return nullptr;
  return {{"test", check->test},
          {"interval", check->interval_ns},
          {"timeout", check->timeout_ns},
          {"startPeriod", check->start_period_ns},
          {"startInterval", check->start_interval_ns},
          {"retries", check->retries}};
}

std::optional<image::Healthcheck> read_healthcheck(const JsonValue& json) {
  if (json.is_null()) return std::nullopt;
  return image::Healthcheck{.test = json.at("test").get<std::vector<std::string>>(),
                            .interval_ns = json.at("interval").get<std::int64_t>(),
                            .timeout_ns = json.at("timeout").get<std::int64_t>(),
                            .start_period_ns = json.at("startPeriod").get<std::int64_t>(),
                            .start_interval_ns = json.at("startInterval").get<std::int64_t>(),
                            .retries = json.at("retries").get<std::int64_t>()};
}

Json log_json(const LogChoice& log) {
  return {{"driver", log_driver_name(log.driver)},
          {"path", log.path},
          {"fileBytes", log.file_bytes},
          {"files", log.files},
          {"tag", log.tag}};
}

Result<LogChoice> read_log(const JsonValue& json) {
  LogChoice log;
  if (json.is_null()) return log;
  TRY(read_log_driver(json.at("driver").get<std::string>(), log));
  log.path = json.at("path").get<std::string>();
  log.file_bytes = json.at("fileBytes").get<std::int64_t>();
  log.files = json.at("files").get<std::int32_t>();
  log.tag = json.at("tag").get<std::string>();
  return log;
}

Json health_json(const std::optional<HealthPolicy>& health) {
  if (!health) return nullptr;
  return {{"check", healthcheck_json(health->check)}, {"onFailure", on_unhealthy_word(health->on_failure)}};
}

Result<std::optional<HealthPolicy>> read_health(const JsonValue& json) {
  const auto check = json.is_null() ? std::nullopt : read_healthcheck(json.at("check"));
  if (!check) return std::nullopt;
  return HealthPolicy{*check, TRY(read_on_unhealthy(json.at("onFailure").get<std::string>()))};
}

Json image_json(const std::optional<ImageRecord>& image) {
  if (!image) return nullptr;
  return {{"id", image->id},
          {"name", image->name},
          {"digest", image->digest},
          {"exposedPorts", image->exposed_ports},
          {"healthcheck", healthcheck_json(image->healthcheck)}};
}

std::optional<ImageRecord> read_image(const JsonValue& json) {
  if (json.is_null()) return std::nullopt;
  return ImageRecord{.id = json.at("id").get<std::string>(),
                     .name = json.at("name").get<std::string>(),
                     .digest = json.at("digest").get<std::string>(),
                     .exposed_ports = json.at("exposedPorts").get<std::vector<std::string>>(),
                     .healthcheck = read_healthcheck(json.at("healthcheck"))};
}

Json choices_json(const Choices& choices) {
  if (choices == Choices()) return nullptr;
  Json json = {{"entrypoint", nullptr},
               {"command", choices.command},
               {"environment", choices.environment},
               {"workingDirectory", choices.working_directory},
               {"user", choices.user},
               {"exposedPorts", choices.exposed_ports}};
  if (choices.entrypoint) json["entrypoint"] = *choices.entrypoint;
  return json;
}

Choices read_choices(const JsonValue& json) {
  if (json.is_null()) return {};
  Choices choices{.entrypoint = std::nullopt,
                  .command = json.at("command").get<std::vector<std::string>>(),
                  .environment = json.at("environment").get<std::vector<std::string>>(),
                  .working_directory = json.at("workingDirectory").get<std::string>(),
                  .user = json.at("user").get<std::string>(),
                  .exposed_ports = json.value("exposedPorts", std::vector<std::string>())};
  if (const JsonValue entrypoint = json.at("entrypoint"); !entrypoint.is_null())
    choices.entrypoint = entrypoint.get<std::vector<std::string>>();
  return choices;
}

Json mounts_json(const std::vector<MountRecord>& mounts) {
  Json list = Json::array();
  for (const MountRecord& each : mounts) {
    list.push_back({{"type", each.type},
                    {"name", each.name},
                    {"source", each.source},
                    {"destination", each.destination},
                    {"options", each.options},
                    {"writable", each.writable},
                    {"propagation", each.propagation},
                    {"anonymous", each.anonymous},
                    {"layers", each.layers}});
  }
  return list;
}

std::vector<MountRecord> read_mounts(const JsonValue& json) {
  std::vector<MountRecord> mounts;
  for (const JsonValue& each : json.elements()) {
    mounts.push_back({.type = each.at("type").get<std::string>(),
                      .name = each.at("name").get<std::string>(),
                      .source = each.at("source").get<std::string>(),
                      .destination = each.at("destination").get<std::string>(),
                      .options = each.at("options").get<std::vector<std::string>>(),
                      .writable = each.at("writable").get<bool>(),
                      .propagation = each.at("propagation").get<std::string>(),
                      .anonymous = each.at("anonymous").get<bool>(),
                      .layers = each.at("layers").get<std::vector<std::string>>()});
  }
  return mounts;
}

Json secrets_json(const std::vector<SecretChoice>& secrets) {
  Json list = Json::array();
  for (const SecretChoice& each : secrets) {
    list.push_back({{"name", each.name},
                    {"variable", each.is_variable},
                    {"target", each.target},
                    {"uid", each.uid},
                    {"gid", each.gid},
                    {"mode", each.mode}});
  }
  return list;
}

std::vector<SecretChoice> read_secrets(const JsonValue& json) {
  std::vector<SecretChoice> secrets;
  for (const JsonValue& each : json.elements()) {
    secrets.push_back({.name = each.at("name").get<std::string>(),
                       .is_variable = each.at("variable").get<bool>(),
                       .target = each.at("target").get<std::string>(),
                       .uid = each.at("uid").get<std::uint32_t>(),
                       .gid = each.at("gid").get<std::uint32_t>(),
                       .mode = each.at("mode").get<std::uint32_t>(),
                       .typed = {}});
  }
  return secrets;
}

constexpr std::array<std::string_view, 3> kInitWords = {"", "always", "once"};  // in the order of InitWhen

Json pod_json(const PodMembership& pod) {
  if (pod.id.empty()) return nullptr;
  return {{"id", pod.id},
          {"name", pod.name},
          {"infra", pod.is_infra},
          {"init", kInitWords[static_cast<std::size_t>(pod.init)]}};
}

PodMembership read_pod(const JsonValue& json) {
  if (json.is_null()) return {};
  const auto init = std::ranges::find(kInitWords, json.at("init").get<std::string>());
  return {.id = json.at("id").get<std::string>(),
          .name = json.at("name").get<std::string>(),
          .is_infra = json.at("infra").get<bool>(),
          .init = init == kInitWords.end() ? InitWhen::kNot : static_cast<InitWhen>(init - kInitWords.begin())};
}

}  // namespace

std::vector<std::string> exposed_ports(const Record& record) {
  std::vector<std::string> ports = record.image ? record.image->exposed_ports : std::vector<std::string>();
  for (const std::string& port : record.choices.exposed_ports) {
    if (std::ranges::find(ports, port) == ports.end()) ports.push_back(port);
  }
  return ports;
}

std::string to_json(const Record& record) {
  return dump({{"version", kVersion},
               {"id", record.id},
               {"name", record.name},
               {"created", record.created_ns},
               {"source", record.source},
               {"digest", record.digest},
               {"image", image_json(record.image)},
               {"command", record.command},
               {"createWords", record.create_words},
               {"choices", choices_json(record.choices)},
               {"rootfs",
                {{"path", record.rootfs.path},
                 {"lower", record.rootfs.lower},
                 {"upper", record.rootfs.upper},
                 {"work", record.rootfs.work}}},
               {"started", record.started},
               {"mounts", mounts_json(record.mounts)},
               {"secrets", secrets_json(record.secrets)},
               {"remove", record.remove},
               {"removeImage", record.remove_image},
               {"pidFile", record.pid_file},
               {"keeperPidFile", record.keeper_pid_file},
               {"requirements", record.requirements},
               {"restart", restart_policy_words(record.restart)},
               {"log", log_json(record.log)},
               {"health", health_json(record.health)},
               {"privileged", record.privileged},
               {"systemd", record.systemd},
               {"terminal", record.terminal},
               {"interactive", record.interactive},
               {"stopSignal", record.stop_signal},
               {"stopTimeout", record.stop_timeout_s},
               {"timeout", record.timeout_s},
               {"readiness", readiness_word(record.readiness)},
               {"makesCgroup", record.makes_cgroup},
               {"network", record.network},
               {"networks", networks_json(record.networks)},
               {"labels", record.labels},
               {"cgroups", record.cgroup_directories},
               {"uidMappings", mappings_json(record.uid_mappings)},
               {"gidMappings", mappings_json(record.gid_mappings)},
               {"automaticIds", record.automatic_ids},
               {"pod", pod_json(record.pod)}});
}

std::string to_json(const Live& live) {
  return dump({{"version", kVersion},
               {"keeper", process_json(live.keeper)},
               {"process", process_json(live.process)},
               {"started", live.started_ns},
               {"restarts", live.restarts},
               {"shortRuns", live.short_runs},
               {"nextStart", live.next_start_ns}});
}

std::string to_json(const Ending& ending) {
  return dump({{"version", kVersion},
               {"exitCode", ending.exit_code},
               {"signal", ending.signal},
               {"oomKilled", ending.oom_killed},
               {"reason", ending.reason},
               {"askedFor", ending.asked_for},
               {"restarts", ending.restarts},
               {"started", ending.started_ns},
               {"finished", ending.finished_ns}});
}

Result<Record> read_record(const std::string& text) {
  return read_own<Record>(text, kVersion, [](const JsonValue& json) -> Result<Record> {
    Record record;
    record.id = json.at("id").get<std::string>();
    record.name = json.at("name").get<std::string>();
    record.created_ns = json.at("created").get<std::int64_t>();
    record.source = json.at("source").get<std::string>();
    record.digest = json.at("digest").get<std::string>();
    record.image = read_image(json.find("image"));
    record.command = json.at("command").get<std::vector<std::string>>();
    record.create_words = json.value("createWords", std::vector<std::string>());
    record.choices = read_choices(json.find("choices"));
    const JsonValue rootfs = json.at("rootfs");
    record.rootfs = {rootfs.at("path").get<std::string>(), rootfs.at("lower").get<std::vector<std::string>>(),
                     rootfs.at("upper").get<std::string>(), rootfs.at("work").get<std::string>()};
    record.started = json.value("started", true);
    record.mounts = read_mounts(json.find("mounts"));
    record.secrets = read_secrets(json.find("secrets"));
    record.remove = json.at("remove").get<bool>();
    record.remove_image = json.value("removeImage", false);
    record.pid_file = json.value("pidFile", std::string());
    record.keeper_pid_file = json.value("keeperPidFile", std::string());
    record.requirements = json.value("requirements", std::vector<std::string>());
    record.log = TRY(read_log(json.find("log")));
    record.health = TRY(read_health(json.find("health")));
    record.restart = TRY(read_restart_policy(json.value("restart", std::string("no"))));
    record.privileged = json.value("privileged", false);
    record.systemd = json.value("systemd", false);
    record.terminal = json.at("terminal").get<bool>();
    record.interactive = json.at("interactive").get<bool>();
    record.stop_signal = json.at("stopSignal").get<int>();
    record.stop_timeout_s = json.at("stopTimeout").get<std::int32_t>();
    record.timeout_s = json.at("timeout").get<std::uint32_t>();
    record.readiness = TRY(read_readiness(json.value("readiness", std::string("ignore"))));
    record.makes_cgroup = json.value("makesCgroup", true);
    record.network = json.at("network").get<std::string>();
    record.networks = TRY(read_networks(json.find("networks")));
    record.labels = json.at("labels").get<std::map<std::string, std::string>>();
    record.cgroup_directories = json.at("cgroups").get<std::vector<std::string>>();
    record.uid_mappings = read_mappings(json.find("uidMappings"));
    record.gid_mappings = read_mappings(json.find("gidMappings"));
    record.automatic_ids = json.value("automaticIds", false);
    record.pod = read_pod(json.find("pod"));
    return record;
  });
}

Result<Live> read_live(const std::string& text) {
  return read_own<Live>(text, kVersion, [](const JsonValue& json) -> Result<Live> {
    return Live{.keeper = read_process(json.at("keeper")),
                .process = read_process(json.at("process")),
                .started_ns = json.at("started").get<std::int64_t>(),
                .restarts = json.value("restarts", std::uint32_t{0}),
                .short_runs = json.value("shortRuns", std::uint32_t{0}),
                .next_start_ns = json.value("nextStart", std::int64_t{0})};
  });
}

Result<Ending> read_ending(const std::string& text) {
  return read_own<Ending>(text, kVersion, [](const JsonValue& json) -> Result<Ending> {
    return Ending{.exit_code = json.at("exitCode").get<int>(),
                  .signal = json.at("signal").get<int>(),
                  .oom_killed = json.at("oomKilled").get<bool>(),
                  .reason = json.at("reason").get<std::string>(),
                  .asked_for = json.value("askedFor", false),
                  .restarts = json.value("restarts", std::uint32_t{0}),
                  .started_ns = json.at("started").get<std::int64_t>(),
                  .finished_ns = json.at("finished").get<std::int64_t>()};
  });
}

}  // namespace caisson::engine
