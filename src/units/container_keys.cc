#include "units/container_keys.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace caisson::units {

namespace {

using enum KeyKind;

constexpr std::array kKeys = {
    ContainerKey{"AddCapability", kWords, "cap-add"},
    ContainerKey{"AddDevice", kEach, "device"},
    ContainerKey{"AddHost", kEach, "add-host"},
    ContainerKey{"Annotation", kWords, "annotation"},
    ContainerKey{"AppArmor", kSecurity, "apparmor"},
    ContainerKey{"AutoUpdate", kRefused, "images are not updated by themselves: Pull=newer looks at each start"},
    ContainerKey{"CgroupsMode", kRefused, "each container has a cgroup of its own"},
    ContainerKey{"ContainerName"},
    ContainerKey{"ContainersConfModule", kRefused, "there is no containers.conf"},
    ContainerKey{"DNS", kEach, "dns"},
    ContainerKey{"DNSOption", kEach, "dns-option"},
    ContainerKey{"DNSSearch", kEach, "dns-search"},
    ContainerKey{"DropCapability", kWords, "cap-drop"},
    ContainerKey{"Entrypoint", kText, "entrypoint"},
    ContainerKey{"Environment", kWords, "env"},
    ContainerKey{"EnvironmentFile"},
    ContainerKey{"EnvironmentHost", kFlag, "env-host"},
    ContainerKey{"Exec"},
    ContainerKey{"ExposeHostPort", kEach, "expose"},
    ContainerKey{"GIDMap", kEach, "gidmap"},
    ContainerKey{"GlobalArgs"},
    ContainerKey{"Group"},
    ContainerKey{"GroupAdd", kEach, "group-add"},
    ContainerKey{"HealthCmd", kText, "health-cmd"},
    ContainerKey{"HealthInterval", kText, "health-interval"},
    ContainerKey{"HealthLogDestination", kText, "health-log-destination"},
    ContainerKey{"HealthMaxLogCount", kText, "health-max-log-count"},
    ContainerKey{"HealthMaxLogSize", kText, "health-max-log-size"},
    ContainerKey{"HealthOnFailure", kText, "health-on-failure"},
    ContainerKey{"HealthRetries", kText, "health-retries"},
    ContainerKey{"HealthStartPeriod", kText, "health-start-period"},
    ContainerKey{"HealthStartupCmd", kText, "health-startup-cmd"},
    ContainerKey{"HealthStartupInterval", kText, "health-startup-interval"},
    ContainerKey{"HealthStartupRetries", kText, "health-startup-retries"},
    ContainerKey{"HealthStartupSuccess", kText, "health-startup-success"},
    ContainerKey{"HealthStartupTimeout", kText, "health-startup-timeout"},
    ContainerKey{"HealthTimeout", kText, "health-timeout"},
    ContainerKey{"HostName", kText, "hostname"},
    ContainerKey{"HttpProxy", kFlag, "http-proxy"},
    ContainerKey{"IP", kText, "ip"},
    ContainerKey{"IP6", kText, "ip6"},
    ContainerKey{"Image"},
    ContainerKey{"Label", kWords, "label"},
    ContainerKey{"LogDriver", kText, "log-driver"},
    ContainerKey{"LogOpt", kEach, "log-opt"},
    ContainerKey{"Mask", kSecurity, "mask"},
    ContainerKey{"Memory", kText, "memory"},
    ContainerKey{"Mount"},
    ContainerKey{"Network"},
    ContainerKey{"NetworkAlias", kEach, "network-alias"},
    ContainerKey{"NoNewPrivileges"},
    ContainerKey{"Notify"},
    ContainerKey{"PidsLimit", kText, "pids-limit"},
    ContainerKey{"Pod"},
    ContainerKey{"PodmanArgs"},
    ContainerKey{"PublishPort", kEach, "publish"},
    ContainerKey{"Pull", kText, "pull"},
    ContainerKey{"ReadOnly", kFlag, "read-only"},
    ContainerKey{"ReadOnlyTmpfs", kFlag, "read-only-tmpfs"},
    ContainerKey{"ReloadCmd"},
    ContainerKey{"ReloadSignal"},
    ContainerKey{"Retry", kText, "retry"},
    ContainerKey{"RetryDelay", kText, "retry-delay"},
    ContainerKey{"Rootfs"},
    ContainerKey{"RunInit", kFlag, "init"},
    ContainerKey{"SeccompProfile", kSecurity, "seccomp"},
    ContainerKey{"Secret", kEach, "secret"},
    ContainerKey{"SecurityLabelDisable"},
    ContainerKey{"SecurityLabelFileType", kRefused, "SELinux labels are not there"},
    ContainerKey{"SecurityLabelLevel", kRefused, "SELinux labels are not there"},
    ContainerKey{"SecurityLabelNested", kRefused, "SELinux labels are not there"},
    ContainerKey{"SecurityLabelType", kRefused, "SELinux labels are not there"},
    ContainerKey{"ServiceName"},
    ContainerKey{"ShmSize", kText, "shm-size"},
    ContainerKey{"StartWithPod"},
    ContainerKey{"StopSignal", kText, "stop-signal"},
    ContainerKey{"StopTimeout"},
    ContainerKey{"SubGIDMap", kText, "subgidname"},
    ContainerKey{"SubUIDMap", kText, "subuidname"},
    ContainerKey{"Sysctl", kWords, "sysctl"},
    ContainerKey{"Timezone", kText, "tz"},
    ContainerKey{"Tmpfs", kEach, "tmpfs"},
    ContainerKey{"UIDMap", kEach, "uidmap"},
    ContainerKey{"Ulimit", kEach, "ulimit"},
    ContainerKey{"Unmask", kSecurity, "unmask"},
    ContainerKey{"User"},
    ContainerKey{"UserNS", kText, "userns"},
    ContainerKey{"Volume"},
    ContainerKey{"WorkingDir", kText, "workdir"},
};

}  // namespace

const ContainerKey* find_container_key(std::string_view key) {
  const auto found = std::ranges::find(kKeys, key, &ContainerKey::key);
  return found == kKeys.end() ? nullptr : &*found;
}

std::string_view nearest_container_key(std::string_view key) {
  std::vector<std::string_view> names;
  for (const ContainerKey& each : kKeys) names.push_back(each.key);
  return nearest(key, names).value_or(std::string_view());
}

}  // namespace caisson::units
