#include "cli/pod_json.h"

#include <functional>
#include <string_view>

#include "base/text.h"
#include "cli/container_json.h"
#include "engine/networking.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string shown_id(const std::string& id, bool whole) { return whole ? id : short_id(id); }

std::string of_members(const engine::Pod& pod, const std::function<std::string(const engine::Container&)>& text) {
  std::vector<std::string> words;
  for (const engine::Container& member : pod.members) words.push_back(text(member));
  return join(words, ",");
}

Json namespaces(const engine::Pod& pod) {
  std::vector<std::string> words = engine::pod_share_words(pod.record.shares);
  if (pod.record.user_namespace) words.emplace_back("user");
  return words;
}

}  // namespace

nlohmann::ordered_json pod_row(const engine::Pod& pod, bool whole) {
  std::vector<std::string> labels;
  for (const auto& [name, value] : pod.record.labels) labels.push_back(name + "=" + value);
  std::uint32_t restarts = 0;
  for (const engine::Container& member : pod.members)
    restarts += member.live ? member.live->restarts : member.ending ? member.ending->restarts : 0;
  const engine::Container* infra = pod.infra();
  return {{"ID", shown_id(pod.record.id, whole)},
          {"Name", pod.record.name},
          {"Status", engine::pod_status(pod.members)},
          {"Created", human_duration(now_nanoseconds() - pod.record.created_ns) + " ago"},
          {"InfraID", infra == nullptr ? "" : shown_id(infra->record.id, whole)},
          {"NumberOfContainers", pod.members.size()},
          {"ContainerIds", of_members(pod, [&](const auto& member) { return shown_id(member.record.id, whole); })},
          {"ContainerNames", of_members(pod, [](const auto& member) { return member.record.name; })},
          {"ContainerStatuses",
           of_members(pod, [](const auto& member) { return std::string(engine::status_word(member)); })},
          {"Cgroup", pod.record.cgroup_path},
          {"Labels", join(labels, ",")},
          {"Networks", infra == nullptr ? "" : join(engine::networks_of(infra->record), ",")},
          {"Restarts", restarts}};
}

nlohmann::ordered_json pod_object(const engine::Pod& pod) {
  Json containers = Json::array();
  for (const engine::Container& member : pod.members) {
    containers.push_back(
        {{"Id", member.record.id}, {"Name", member.record.name}, {"State", engine::status_word(member)}});
  }
  const engine::Container* infra = pod.infra();
  Json object = {{"Id", pod.record.id},
                 {"Name", pod.record.name},
                 {"Created", shown_moment(pod.record.created_ns)},
                 {"CreateCommand", pod.record.create_words},
                 {"ExitPolicy", engine::exit_policy_word(pod.record.exit_policy)},
                 {"State", engine::pod_status(pod.members)},
                 {"Hostname", pod.record.hostname},
                 {"Labels", pod.record.labels},
                 {"CreateCgroup", !pod.record.cgroup_directories.empty()},
                 {"CgroupParent", pod.record.cgroup_parent},
                 {"CgroupPath", pod.record.cgroup_path},
                 {"CreateInfra", pod.record.has_infra},
                 {"InfraContainerID", infra == nullptr ? "" : infra->record.id},
                 {"RestartPolicy", pod.record.restart ? engine::restart_policy_words(*pod.record.restart) : "no"},
                 {"SharedNamespaces", namespaces(pod)},
                 {"NumContainers", pod.members.size()},
                 {"Containers", containers}};
  if (infra != nullptr) {
    object["InfraConfig"] = {{"HostNetwork", infra->record.network == "host"},
                             {"Networks", engine::networks_of(infra->record)}};
    Json mounts = Json::array();
    for (const engine::MountRecord& mount : infra->record.mounts) {
      mounts.push_back({{"Type", mount.type},
                        {"Name", mount.name},
                        {"Source", mount.source},
                        {"Destination", mount.destination},
                        {"RW", mount.writable}});
    }
    object["Mounts"] = mounts;
  }
  return object;
}

}  // namespace caisson::cli
