// .pod files: a pod that is made anew with each start of its unit, and goes with it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "units/quadlet_file.h"
#include "units/unit_text.h"

namespace caisson::units {

namespace {

struct PodKey {
  std::string_view key;
  std::string_view option = {};  ///< of `caisson pod create`; empty: more than an option
  bool is_each = false;          ///< each line counts, not the last alone
  std::string_view refused = {};
};
constexpr std::array kPodKeys = {
    PodKey{"AddHost", "add-host", true},
    PodKey{"ContainersConfModule", {}, false, "there is no containers.conf"},
    PodKey{"DNS", "dns", true},
    PodKey{"DNSOption", "dns-option", true},
    PodKey{"DNSSearch", "dns-search", true},
    PodKey{"ExitPolicy", "exit-policy"},
    PodKey{"GIDMap", "gidmap", true},
    PodKey{"GlobalArgs"},
    PodKey{"HostName", "hostname"},
    PodKey{"IP", "ip"},
    PodKey{"IP6", "ip6"},
    PodKey{"Label"},
    PodKey{"Network"},
    PodKey{"NetworkAlias", "network-alias", true},
    PodKey{"PodName"},
    PodKey{"PodmanArgs"},
    PodKey{"PublishPort", "publish", true},
    PodKey{"ServiceName"},
    PodKey{"ShmSize", "shm-size"},
    PodKey{"StopTimeout"},
    PodKey{"SubGIDMap", {}, false, "names of maps are not there yet: GIDMap= is"},
    PodKey{"SubUIDMap", {}, false, "names of maps are not there yet: UIDMap= is"},
    PodKey{"UIDMap", "uidmap", true},
    PodKey{"UserNS", "userns"},
    PodKey{"Volume"},
};
constexpr std::string_view kIdFile = "--pod-id-file=%t/%N.pod-id";
constexpr std::string_view kStopTimeout_s = "10";

Result<> check_keys(const Quadlet& quadlet) {
  const Group* const group = quadlet.group("Pod");
  if (group == nullptr) return {};
  for (const Line& line : group->lines) {
    const auto key = std::ranges::find(kPodKeys, std::string_view(line.key()), &PodKey::key);
    if (key != kPodKeys.end() && key->refused.empty()) continue;
    if (key != kPodKeys.end()) return fail(line.wrong(key->refused));
    std::vector<std::string_view> names;
    for (const PodKey& each : kPodKeys) names.push_back(each.key);
    const auto near = nearest(line.key(), names);
    return fail(line.wrong("there is no such key", near ? fmt::format("did you mean {}=?", *near) : ""));
  }
  return {};
}

Result<> add_volumes(const Quadlet& quadlet, const QuadletContext& context, Draft& draft,
                     std::vector<std::string>& words) {
  for (const Line* line : quadlet.all("Pod", "Volume")) {
    const Cut parts = cut(std::string_view(line->value()), ':');
    if (!parts.tail) return fail(line->wrong("a source and a place inside are needed"));
    std::string source(parts.head);
    if (source.ends_with(".volume")) {
      const auto volume = context.volumes.find(source);
      if (volume == context.volumes.end()) return fail(line->wrong(fmt::format("there is no file {}", source)));
      const std::string unit = source.substr(0, source.size() - std::string_view(".volume").size()) + "-volume.service";
      draft.add("Unit", "Requires", unit);
      draft.add("Unit", "After", unit);
      source = volume->second;
    } else {
      source = beside(*line, source);
    }
    words.push_back(fmt::format("--volume={}:{}", source, *parts.tail));
  }
  return {};
}

Result<std::vector<std::string>> create_words(const Quadlet& quadlet, const FileName& name,
                                              const QuadletContext& context, Draft& draft) {
  std::vector<std::string> words = {"pod", "create", std::string(kIdFile), "--replace"};
  if (quadlet.last("Pod", "ExitPolicy") == nullptr) words.emplace_back("--exit-policy=stop");
  for (const PodKey& key : kPodKeys) {
    if (key.option.empty()) continue;
    for (const Line* line : quadlet.all("Pod", key.key)) {
      if (key.is_each || line == quadlet.last("Pod", key.key))
        words.push_back(fmt::format("--{}={}", key.option, line->value()));
    }
  }
  for (const Line* line : quadlet.all("Pod", "Label")) {
    for (const std::string& word : TRY(read_words(*line))) words.push_back("--label=" + word);
  }
  for (const Line* line : quadlet.all("Pod", "Network")) {
    const std::string_view network = cut(std::string_view(line->value()), ':').head;
    if (network.ends_with(".network") || network.ends_with(".container"))
      return fail(line->wrong("networks of files are not there yet"));
    words.push_back("--network=" + line->value());
  }
  TRY(add_volumes(quadlet, context, draft, words));
  for (std::string& word : TRY(all_words(quadlet, "Pod", "PodmanArgs"))) words.push_back(std::move(word));
  words.push_back("--name=" + name_of_pod(quadlet, name));
  return words;
}

}  // namespace

std::string name_of_pod(const Quadlet& quadlet, const FileName& name) {
  const Line* const given = quadlet.last("Pod", "PodName");
  return given == nullptr ? "systemd-" + name.stem : given->value();
}

std::string service_of_pod(const Quadlet& quadlet, const FileName& name) {
  const Line* const given = quadlet.last("Pod", "ServiceName");
  return (given == nullptr ? name.stem + "-pod" : given->value()) + ".service";
}

Result<GeneratedUnit> generate_pod(const Quadlet& quadlet, const FileName& name, const std::vector<QuadletText>& files,
                                   const QuadletContext& context) {
  TRY(quadlet.check_sections("Pod"));
  TRY(check_keys(quadlet));
  Draft draft(quadlet, "Pod", files.front().path);
  std::string caisson = quoted_word(context.program);
  for (const std::string& word : TRY(all_words(quadlet, "Pod", "GlobalArgs"))) caisson += " " + quoted_word(word);
  const std::vector<std::string> create = TRY(create_words(quadlet, name, context, draft));
  std::string timeout(kStopTimeout_s);
  if (const Line* line = quadlet.last("Pod", "StopTimeout")) {
    if (!parse_unsigned(line->value())) return fail(line->wrong("not a number of seconds"));
    timeout = line->value();
  }
  TRY(add_network_online(quadlet, context, draft));
  draft.add("Unit", "RequiresMountsFor", "%t");
  if (const auto pod = context.pods.find(name.stem + std::string(name.suffix)); pod != context.pods.end()) {
    for (const std::string& service : pod->second.services) {
      draft.add("Unit", "Wants", service);
      draft.add("Unit", "Before", service);
    }
  }
  draft.add_unless_set("Service", "KillMode", "mixed");
  draft.add_unless_set("Service", "Delegate", "yes");
  draft.add_unless_set("Service", "SuccessExitStatus", "143");
  draft.add_unless_set("Service", "SyslogIdentifier", "%N");
  draft.add_unless_set("Service", "Type", "forking");
  draft.add_unless_set("Service", "Restart", "on-failure");
  draft.add("Service", "ExecStartPre", caisson + " " + quoted_words(create));
  draft.add("Service", "ExecStart", fmt::format("{} pod start {}", caisson, kIdFile));
  draft.add("Service", "ExecStop", fmt::format("{} pod stop --ignore --time={} {}", caisson, timeout, kIdFile));
  draft.add("Service", "ExecStopPost", fmt::format("-{} pod rm -f --ignore {}", caisson, kIdFile));
  const std::string service = service_of_pod(quadlet, name);
  const FileName unit{service.substr(0, service.size() - std::string_view(".service").size()), name.suffix};
  return GeneratedUnit{service, draft.text(), TRY(links_of(quadlet, unit))};
}

}  // namespace caisson::units
