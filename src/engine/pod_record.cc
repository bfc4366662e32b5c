#include "engine/pod_record.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "engine/json_value.h"

namespace caisson::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

struct ShareRow {
  std::string_view word;
  bool PodShares::* member;
};
constexpr std::array kShareRows = {ShareRow{"cgroup", &PodShares::cgroup}, ShareRow{"ipc", &PodShares::ipc},
                                   ShareRow{"net", &PodShares::network}, ShareRow{"pid", &PodShares::pid},
                                   ShareRow{"uts", &PodShares::uts}};

Result<PodRecord> read_fields(const JsonValue& json) {
  PodRecord pod;
  pod.id = json.at("id").get<std::string>();
  pod.name = json.at("name").get<std::string>();
  pod.created_ns = json.at("created").get<std::int64_t>();
  pod.labels = json.at("labels").get<std::map<std::string, std::string>>();
  pod.hostname = json.at("hostname").get<std::string>();
  for (const std::string& word : json.at("shares").get<std::vector<std::string>>()) {
    for (const ShareRow& row : kShareRows) {
      if (row.word == word) pod.shares.*row.member = true;
    }
  }
  pod.has_infra = json.at("infra").get<bool>();
  pod.infra_id = json.at("infraId").get<std::string>();
  pod.user_namespace = json.at("userNamespace").get<bool>();
  pod.no_hosts = json.at("noHosts").get<bool>();
  pod.exit_policy = TRY(read_exit_policy(json.at("exitPolicy").get<std::string>()));
  if (const auto words = json.at("restart").get<std::string>(); !words.empty())
    pod.restart = TRY(read_restart_policy(words));
  pod.cgroup_parent = json.at("cgroupParent").get<std::string>();
  pod.cgroup_path = json.at("cgroup").get<std::string>();
  pod.cgroup_directories = json.at("cgroups").get<std::vector<std::string>>();
  pod.create_words = json.at("createWords").get<std::vector<std::string>>();
  return pod;
}

}  // namespace

Result<ExitPolicy> read_exit_policy(std::string_view text) {
  if (text == "continue") return ExitPolicy::kContinue;
  if (text == "stop") return ExitPolicy::kStop;
  return fail(complaint(fmt::format("'{}' is neither continue nor stop", text)));
}

std::string_view exit_policy_word(ExitPolicy policy) { return policy == ExitPolicy::kStop ? "stop" : "continue"; }

Result<PodShares> read_pod_shares(std::string_view text) {
  PodShares shares;
  if (text.empty() || text == "none") return shares;
  if (text.starts_with('+')) {
    shares = kDefaultShares;
    text.remove_prefix(1);
  }
  for (const std::string_view word : split(text, ',')) {
    const auto row = std::ranges::find(kShareRows, word, &ShareRow::word);
    if (row == kShareRows.end()) {
      return fail(
          complaint(fmt::format("'{}' is none of ipc, net, pid, uts, cgroup, none", word),
                    word == "user" ? "--userns gives the pod a user namespace, which all its containers are in" : ""));
    }
    shares.*row->member = true;
  }
  return shares;
}

std::vector<std::string> pod_share_words(const PodShares& shares) {
  std::vector<std::string> words;
  for (const ShareRow& row : kShareRows) {
    if (shares.*row.member) words.emplace_back(row.word);
  }
  return words;
}

std::string to_json(const PodRecord& pod) {
  const Json json = {{"version", kVersion},
                     {"id", pod.id},
                     {"name", pod.name},
                     {"created", pod.created_ns},
                     {"labels", pod.labels},
                     {"hostname", pod.hostname},
                     {"shares", pod_share_words(pod.shares)},
                     {"infra", pod.has_infra},
                     {"infraId", pod.infra_id},
                     {"userNamespace", pod.user_namespace},
                     {"noHosts", pod.no_hosts},
                     {"exitPolicy", exit_policy_word(pod.exit_policy)},
                     {"restart", pod.restart ? restart_policy_words(*pod.restart) : ""},
                     {"cgroupParent", pod.cgroup_parent},
                     {"cgroup", pod.cgroup_path},
                     {"cgroups", pod.cgroup_directories},
                     {"createWords", pod.create_words}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<PodRecord> read_pod_record(const std::string& text) { return read_own<PodRecord>(text, kVersion, read_fields); }

std::string_view pod_status(const std::vector<Container>& members) {
  std::size_t running = 0;
  std::size_t paused = 0;
  std::size_t ended = 0;
  for (const Container& member : members) {
    const std::string_view word = status_word(member);
    if (word == "running" || word == "restarting") ++running;
    if (word == "paused") ++paused;
    if (word == "exited") ++ended;
  }
  const std::size_t all = members.size();
  if (all == 0) return "Created";
  if (running == all) return "Running";
  if (running != 0) return "Degraded";
  if (paused == all) return "Paused";
  if (ended == all) return "Exited";
  return ended != 0 || paused != 0 ? "Stopped" : "Created";
}

}  // namespace caisson::engine
