#include "registry/files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "kernel/files.h"

namespace caisson::registry {

namespace {

constexpr const char* kHostConfiguration = "/etc/containers";
constexpr std::size_t kMostOfFile = 1U << 20;

// Empty: it is not set.
std::string variable(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

// Empty: nobody's home is known.
std::string below_home(const std::string& path) {
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/" + path;
}

std::string own_configuration() {
  const std::string directory = variable("XDG_CONFIG_HOME");
  return directory.empty() ? below_home(".config/containers") : directory + "/containers";
}

// Which registry podman's user has chosen for a short name.
std::string learnt_aliases() {
  constexpr const char* kFile = "containers/short-name-aliases.conf";
  if (::geteuid() == 0) return std::string("/var/cache/") + kFile;
  const std::string cache = variable("XDG_CACHE_HOME");
  return cache.empty() ? below_home(std::string(".cache/") + kFile) : cache + "/" + kFile;
}

Result<> add_file(RegistriesConf& conf, const std::string& path) {
  const std::string text = TRY_IN("registries.conf", kernel::read_file(path, kMostOfFile));
  add_registries_conf(conf, TRY(parse_registries_conf(text, path)));
  return {};
}

Result<> add_directory(RegistriesConf& conf, const std::string& directory) {
  std::vector<std::string> names = TRY_IN("registries.conf", kernel::list_directory(directory));
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".conf"); });
  std::ranges::sort(names);
  for (const std::string& name : names) TRY(add_file(conf, directory + "/" + name));
  return {};
}

}  // namespace

Result<RegistriesConf> read_registries_conf() {
  const std::string own = own_configuration();
  const std::string chosen = variable("CONTAINERS_REGISTRIES_CONF");
  const std::string host_file = std::string(kHostConfiguration) + "/registries.conf";
  const bool is_own = chosen.empty() && !own.empty() && kernel::exists(own + "/registries.conf");
  RegistriesConf conf;
  if (!chosen.empty()) {
    TRY(add_file(conf, chosen));
  } else if (is_own) {
    TRY(add_file(conf, own + "/registries.conf"));
  } else if (kernel::exists(host_file)) {
    TRY(add_file(conf, host_file));
  }
  if (!is_own) TRY(add_directory(conf, std::string(kHostConfiguration) + "/registries.conf.d"));
  if (!own.empty()) TRY(add_directory(conf, own + "/registries.conf.d"));
  const std::string learnt = learnt_aliases();
  if (!learnt.empty() && kernel::exists(learnt)) TRY(add_file(conf, learnt));
  return conf;
}

std::vector<AuthPlace> auth_places(const std::optional<std::string>& auth_file) {
  const std::string chosen = auth_file.value_or(variable("REGISTRY_AUTH_FILE"));
  if (!chosen.empty()) return {{.path = chosen, .is_asked_for = true}};
  std::vector<AuthPlace> places;
  const std::string runtime = variable("XDG_RUNTIME_DIR");
  places.push_back({.path = runtime.empty() ? fmt::format("/run/containers/{}/auth.json", ::getuid())
                                            : runtime + "/containers/auth.json"});
  if (const std::string own = own_configuration(); !own.empty()) places.push_back({.path = own + "/auth.json"});
  const std::string docker = variable("DOCKER_CONFIG");
  const std::string docker_file = docker.empty() ? below_home(".docker/config.json") : docker + "/config.json";
  if (!docker_file.empty()) places.push_back({.path = docker_file});
  if (const std::string old = below_home(".dockercfg"); !old.empty()) {
    places.push_back({.path = old, .format = AuthFormat::kDockercfg});
  }
  return places;
}

Result<std::string> read_auth_place(const AuthPlace& place) {
  Result<std::string> text = kernel::read_file(place.path, kMostOfFile);
  if (!text && (text.error().number == ENOENT || text.error().number == ENOTDIR)) return std::string();
  return text;
}

std::vector<std::string> certificate_tops() {
  std::vector<std::string> tops;
  if (const std::string own = own_configuration(); !own.empty()) tops.push_back(own + "/certs.d");
  tops.push_back(std::string(kHostConfiguration) + "/certs.d");
  tops.emplace_back("/etc/docker/certs.d");
  return tops;
}

}  // namespace caisson::registry
