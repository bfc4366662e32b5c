#include "engine/prepare.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/containers.h"
#include "engine/devices.h"
#include "engine/id_facts.h"
#include "engine/network_files.h"
#include "engine/networking.h"
#include "engine/resolve_mounts.h"
#include "engine/secrets.h"
#include "engine/survey.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "kernel/network_ahead.h"
#include "plan/build.h"
#include "runtime/notify.h"
#include "runtime/settle.h"
#include "spec/json.h"

namespace caisson::engine {

namespace {

constexpr std::int32_t kStopTimeout_s = 10;

// "/proc/PID/ns/user": a namespace that an ordinary user mapped itself alone into denies it (user_namespaces(7)).
bool allows_setgroups(const std::string& user_namespace) {
  const std::string process = user_namespace.substr(0, user_namespace.rfind("/ns/"));
  return !kernel::read_file(process + "/setgroups").value_or("").starts_with("deny");
}

std::string network_word(const NamespaceChoice& network, const NetworkWishes& wishes) {
  if (!wishes.user_network.empty()) return wishes.user_network;
  if (!wishes.networks.empty()) {
    std::vector<std::string> names;
    for (const network::NetworkChoice& each : wishes.networks) names.push_back(each.network);
    return join(names, ",");
  }
  switch (network.kind) {
    case NamespaceKind::kHost: return "host";
    case NamespaceKind::kContainer: return "container:" + network.target;
    case NamespaceKind::kPath: return "ns:" + network.target;
    case NamespaceKind::kPrivate:
    case NamespaceKind::kShareable:
    case NamespaceKind::kNone: return "none";
  }
  return "none";
}

std::optional<ImageRecord> image_record(const Source& source) {
  if (!source.image) return std::nullopt;
  return ImageRecord{.id = source.image->id,
                     .name = source.image->name,
                     .digest = source.image->digest,
                     .exposed_ports = source.image->defaults.exposed_ports,
                     .healthcheck = source.image->defaults.healthcheck};
}

Choices choices_of(const RunOptions& options) {
  Choices choices{.entrypoint = options.entrypoint,
                  .command = options.command,
                  .environment = {},
                  .working_directory = options.workdir,
                  .user = options.user,
                  .exposed_ports = options.exposed_ports};
  for (const auto* variables : {&options.env_files, &options.env}) {
    for (const EnvironmentVariable& each : *variables) choices.environment.push_back(each.name + "=" + each.value);
  }
  return choices;
}

// A relative path is the caller's.
std::string absolute(const std::string& path, const Surroundings& around) {
  return path.empty() || path.starts_with('/') ? path : fmt::format("{}/{}", around.working_directory, path);
}

Record record_of(const RunOptions& options, const Identity& identity, const Source& source, const Surroundings& around,
                 const NetworkWishes& networks) {
  return {.id = identity.id,
          .name = identity.name,
          .created_ns = now_nanoseconds(),
          .source = options.source,
          .digest = source.digest,
          .image = image_record(source),
          .create_words = options.create_words,
          .choices = choices_of(options),
          .rootfs = around.rootfs,
          .mounts = {},
          .secrets = options.secrets,
          .remove = options.remove,
          .remove_image = options.remove_image,
          .pid_file = absolute(options.pid_file, around),
          .keeper_pid_file = absolute(options.keeper_pid_file, around),
          .restart = options.restart,
          .log = options.log,
          .privileged = options.privileged,
          .terminal = options.tty,
          .interactive = options.interactive,
          .stop_timeout_s = options.stop_timeout_s.value_or(kStopTimeout_s),
          .timeout_s = options.timeout_s.value_or(0),
          .readiness = options.readiness,
          .makes_cgroup = options.makes_cgroup,
          .network = network_word(options.network, networks),
          .networks = networks,
          .labels = {},
          .cgroup_directories = {},
          .uid_mappings = around.user_namespace.uids,
          .gid_mappings = around.user_namespace.gids,
          .automatic_ids = around.user_namespace.automatic,
          .pod = options.membership};
}

// `directory` and the directories above it, up to the container's own.
void add_with_parents(std::vector<plan::MountSource>& sources, const std::string& directory, const std::string& top) {
  if (directory.size() <= top.size()) return;
  add_with_parents(sources, directory.substr(0, directory.rfind('/')), top);
  const bool there = std::any_of(sources.begin(), sources.end(),
                                 [&](const plan::MountSource& source) { return source.path == directory; });
  if (!there) sources.push_back({directory, {}, true});
}

// Where the host is seen from inside.
Result<std::string> host_gateway(const RunOptions& options, const ChosenNetworks& networks) {
  if (options.network.kind == NamespaceKind::kHost) return std::string("127.0.0.1");
  if (networks.wishes.user_network == "slirp4netns") return std::string("10.0.2.2");  // slirp4netns(1), "Description"
  for (const network::NetworkRecord& network : networks.networks) {
    for (const network::NetworkSubnet& subnet : network.subnets) {
      if (subnet.gateway && !network.internal) return network::to_text(*subnet.gateway);
    }
  }
  return fail(complaint("nothing in its network leads to the host by an address that is known beforehand"));
}

Result<std::vector<HostAddress>> added_hosts(const RunOptions& options, const ChosenNetworks& networks) {
  std::vector<HostAddress> hosts = options.hosts;
  for (HostAddress& host : hosts) {
    if (host.address == kHostGateway) host.address = TRY_IN("--add-host", host_gateway(options, networks));
  }
  return hosts;
}

// What is made for the container and mounted by its configuration.
std::vector<plan::MountSource> mount_sources(const RunOptions& options, const std::vector<HostAddress>& hosts,
                                             const Surroundings& around, const Composed& composed,
                                             const std::string& name, const std::vector<std::string>& name_servers) {
  std::vector<plan::MountSource> sources;
  const bool host_network = options.network.kind == NamespaceKind::kHost;
  const auto is_own = [&](const std::string& file) { return file.starts_with(around.directory + "/"); };
  const std::string hostname = composed.config.hostname.empty() ? around.host_name : composed.config.hostname;
  if (is_own(around.hosts_file)) {
    sources.push_back(
        {around.hosts_file,
         hosts_text(hosts, host_network ? kernel::read_file("/etc/hosts").value_or("") : "", hostname, name)});
  }
  if (is_own(around.resolv_conf_file)) {
    // A network's own server asks those of the options.
    const std::vector<std::string>& servers = name_servers.empty() ? options.dns : name_servers;
    sources.push_back({around.resolv_conf_file,
                       resolv_conf_text({servers, options.dns_search, options.dns_options}, host_resolv_conf())});
  }
  if (is_own(around.hostname_file)) sources.push_back({around.hostname_file, hostname + "\n"});
  if (!around.rootfs.lower.empty()) {
    for (const std::string* directory : {&around.rootfs.upper, &around.rootfs.work})
      sources.push_back({*directory, {}, true});
  }
  for (const std::string& directory : composed.directories) {
    add_with_parents(sources, directory, around.directory);
  }
  return sources;
}

// What is there already stays as it is: a container's files are its own once it has been started. But its addresses,
// which stand in /etc/hosts, are known only when it starts: start() writes that.
plan::Request request_of(const Recipe& recipe, const Record& record, const Places& places, std::uint32_t preserve_fds) {
  const std::string& id = record.id;
  const std::string hosts = places.container(id) + "/hosts";
  plan::Request request{
      .origins = recipe.origins, .own_unlimited_hierarchies = record.systemd, .preserve_fds = preserve_fds};
  for (const plan::MountSource& source : recipe.sources) {
    const bool waits = record.networks.any() && source.path == hosts;
    if (!waits && !kernel::exists(source.path)) request.sources.push_back(source);
  }
  request.state = {.id = id, .bundle = places.container(id)};
  request.death_signal = SIGKILL;
  return request;
}

Result<plan::Plan> make_plan(const spec::Config& config, const HostFacts& facts, plan::Request request,
                             const Log& log) {
  for (const spec::Namespace& joined : config.linux_.namespaces) {
    if (joined.type == spec::NamespaceType::kUser && !joined.path.empty())
      request.set_groups = allows_setgroups(joined.path);
  }
  plan::Plan plan = TRY(plan::plan_container(config, facts, request));
  for (const std::string& warning : plan.warnings()) log.warning(warning);
  return plan;
}

// As plan::network_can_be_made_ahead() will say of the configuration that comes of it.
bool may_have_network_ahead(const RunOptions& options, const HostFacts& facts) {
  if (!options.user_network.empty()) return false;  // which asks for a process in it
  const bool host_users =
      options.userns.kind == UserNamespaceKind::kDefault || options.userns.kind == UserNamespaceKind::kHost;
  return !facts.is_ordinary_user() && host_users && options.uidmaps.empty() && options.gidmaps.empty();
}

}  // namespace

Result<Prepared> prepare(const RunOptions& options, const Identity& identity, const Places& places, Unpack unpack,
                         const Log& log, runtime::Stopwatch& watch) {
  HostFacts facts = host::probe();
  watch.lap("look at the host");
  Prepared prepared;
  const ChosenNetworks networks = TRY(choose_networks(options, facts.is_ordinary_user(), places));
  kernel::NetworkAhead network_ahead;
  const bool begins = networks.wishes.any() && unpack != Unpack::kNever && may_have_network_ahead(options, facts);
  if (begins) network_ahead.begin();
  if (facts.is_ordinary_user()) prepared.own_ids = own_ids(facts);
  const OwnIds* own = prepared.own_ids ? &*prepared.own_ids : nullptr;
  if (options.userns.kind == UserNamespaceKind::kAuto) prepared.ids_lock = TRY(lock_ids(places));
  UserNamespace user_namespace =
      TRY(choose_user_namespace(options, TRY(find_id_facts(options, places, facts, own != nullptr ? *own : OwnIds()))));
  const LayerOwners owners = layer_owners(places, user_namespace, own);
  Result<Source> found = find_source(options, places, owners, unpack, log);
  if (!found) return fail(own != nullptr ? with_namespace_hint(found.error(), *own) : found.error());
  prepared.layers = std::move(found->hold);
  const Source& source = *found;
  watch.lap("find the user namespace and the root filesystem");
  Surroundings around = TRY(survey(options, identity, source, places, std::move(facts), std::move(user_namespace)));
  Fd image_layers = TRY(resolve_images(options, places, owners, unpack, log, around));
  if (!prepared.layers) prepared.layers = std::move(image_layers);
  watch.lap("look at what the options name");
  Composed composed = TRY(compose(options, around));
  if (options.readiness == Readiness::kHealthy && !composed.health)
    return fail(in("--sdnotify healthy", complaint("it has no health check", "--health-cmd gives it one")));
  if (options.readiness == Readiness::kSaid)
    runtime::pass_notifications(composed.config, notify_directory(places, identity.id));
  composed.warnings.insert(composed.warnings.end(), networks.warnings.begin(), networks.warnings.end());
  watch.lap("compose the configuration");
  Recipe recipe{.origins = composed.origins,
                .sources = mount_sources(options, TRY(added_hosts(options, networks)), around, composed, identity.name,
                                         name_servers(networks.networks)),
                .joined = around.joined};
  if (!around.passwd_file.empty())
    recipe.sources.push_back({around.passwd_file, TRY(passwd_text(options, around, source))});
  spec::Config config = composed.config;  // that is written nowhere: variables may be secrets
  for (const SecretChoice& secret : options.secrets) TRY_IN(secret.typed, find_secret(places, secret.name));
  if (unpack != Unpack::kNever) TRY(add_secret_variables(places, options.secrets, config));
  Record record = record_of(options, identity, source, around, networks.wishes);
  record.systemd = composed.is_system;
  if (begins) prepared.network = TRY(network_ahead.take());
  plan::Request request = request_of(recipe, record, places, options.preserve_fds);
  request.network_ahead = networks.wishes.any() && may_have_network_ahead(options, around.facts);
  request.wait_for_start = networks.wishes.any() && !request.network_ahead;
  request.hands_network_over = request.wait_for_start;
  if (!options.makes_cgroup)
    TRY_IN("--cgroups disabled", runtime::settle_without_cgroup(config, around.facts, request));
  plan::Plan plan = TRY(make_plan(config, around.facts, std::move(request), log));
  watch.lap("make the plan");

  for (const std::string& required : options.requirements)
    record.requirements.push_back(TRY_IN("--requires", find_container(places, required)).record.id);
  record.command = composed.config.process.args;
  record.stop_signal = composed.stop_signal;
  record.labels = composed.labels;
  record.health = composed.health;
  record.mounts = composed.mounts;
  record.cgroup_directories = plan::cgroup_directories(plan);
  prepared.facts = std::move(around.facts);
  prepared.record = std::move(record);
  prepared.recipe = std::move(recipe);
  prepared.composed = std::move(composed);
  prepared.plan = std::move(plan);
  return prepared;
}

Result<Prepared> prepare_again(const std::string& id, const Places& places, const Log& log, runtime::Stopwatch& watch) {
  const std::string directory = places.container(id);
  Prepared prepared{.facts = host::probe()};
  prepared.record = TRY_IN(directory, read_record(TRY(kernel::read_file(directory + "/" + kRecordFile))));
  if (prepared.facts.is_ordinary_user()) prepared.own_ids = own_ids(prepared.facts);
  watch.lap("look at the host");
  const std::string path = directory + "/" + kConfigFile;
  spec::Reading reading = spec::read_config(TRY(kernel::read_file(path)));
  if (!reading.findings.errors.empty()) return fail(spec::as_error(reading.findings.errors, path));
  spec::Config& config = prepared.composed.config = std::move(reading.config);
  Recipe& recipe = prepared.recipe;
  recipe = TRY_IN(directory, read_recipe(TRY(kernel::read_file(directory + "/" + kRecipeFile))));
  for (auto& [other, pid] : recipe.joined) {
    const Container joined = TRY(find_container(places, other));
    if (!joined.live || joined.live->process.pid == 0) {
      return fail(complaint(fmt::format("container {}, whose namespaces it shares, is not running", joined.record.name),
                            fmt::format("caisson start {}", joined.record.name)));
    }
    rejoin(config, pid, joined.live->process.pid);
    pid = joined.live->process.pid;
  }
  if (config.process.terminal) config.process.console_size = caller_console();
  watch.lap("read its configuration");
  spec::Config planned = config;  // that is written nowhere: variables may be secrets
  TRY(add_secret_variables(places, prepared.record.secrets, planned));
  plan::Request request = request_of(recipe, prepared.record, places, 0);
  if (!prepared.record.networks.networks.empty() && !prepared.own_ids && plan::network_can_be_made_ahead(config)) {
    kernel::NetworkAhead network_ahead;
    network_ahead.begin();
    prepared.network = TRY(network_ahead.take());
    request.network_ahead = true;
  }
  request.wait_for_start = prepared.record.networks.any() && !request.network_ahead;
  request.hands_network_over = request.wait_for_start;
  if (!prepared.record.makes_cgroup) TRY(runtime::settle_without_cgroup(planned, prepared.facts, request));
  prepared.plan = TRY(make_plan(planned, prepared.facts, std::move(request), log));
  prepared.record.cgroup_directories = plan::cgroup_directories(prepared.plan);
  watch.lap("make the plan");
  return prepared;
}

Result<> give_to_user(const Prepared& prepared) {
  if (prepared.composed.owners.empty()) return {};
  const auto give = [&](const IdMappings& uids, const IdMappings& gids) -> Result<> {
    for (const OwnerChange& change : prepared.composed.owners) {
      const auto uid = uids.empty() ? change.uid : host_id(uids, change.uid);
      const auto gid = gids.empty() ? change.gid : host_id(gids, change.gid);
      if (!uid || !gid) return fail(complaint(fmt::format("{}: its user is not in the user namespace", change.path)));
      TRY(give_tree(change.path, *uid, *gid));
    }
    return {};
  };
  const Record& record = prepared.record;
  if (!prepared.own_ids) return give(record.uid_mappings, record.gid_mappings);
  const OwnIds& own = *prepared.own_ids;
  return as_root_of(own, [&] {
    return give(by_position(record.uid_mappings, own.users), by_position(record.gid_mappings, own.groups));
  });
}

Result<> make_writable_directories(const Prepared& prepared) {
  if (!prepared.own_ids || prepared.record.rootfs.upper.empty()) return {};
  const OwnIds& own = *prepared.own_ids;
  const auto uid = host_id(by_position(prepared.record.uid_mappings, own.users), 0);
  const auto gid = host_id(by_position(prepared.record.gid_mappings, own.groups), 0);
  if (uid.value_or(0) == 0 && gid.value_or(0) == 0) return {};  // the user itself
  const RootFilesystem& rootfs = prepared.record.rootfs;
  // The container's root, who is nobody there, has to get to what is its own below it.
  const std::string directory = rootfs.upper.substr(0, rootfs.upper.rfind('/'));
  if (::chmod(directory.c_str(), 0711) != 0) return fail(os_error("chmod", directory));
  return as_root_of(own, [&]() -> Result<> {
    for (const std::string* path : {&rootfs.upper, &rootfs.work}) {
      if (::mkdir(path->c_str(), 0755) != 0) return fail(os_error("mkdir", *path));
      if (::chown(path->c_str(), uid.value_or(0), gid.value_or(0)) != 0) return fail(os_error("chown", *path));
    }
    return {};
  });
}

}  // namespace caisson::engine
