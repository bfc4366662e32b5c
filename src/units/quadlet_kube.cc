// .kube files: a manifest that is played when its unit starts, and taken down when it stops.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "units/quadlet_file.h"
#include "units/unit_text.h"

namespace caisson::units {

namespace {

struct KubeKey {
  std::string_view key;
  std::string_view refused = {};
};
constexpr std::array kKubeKeys = {
    KubeKey{"AutoUpdate", "images are not updated by themselves: imagePullPolicy: Always looks at each start"},
    KubeKey{"ConfigMap"},
    KubeKey{"ContainersConfModule", "there is no containers.conf"},
    KubeKey{"ExitCodePropagation", "not there yet"},
    KubeKey{"GlobalArgs"},
    KubeKey{"KubeDownForce"},
    KubeKey{"LogDriver"},
    KubeKey{"Network"},
    KubeKey{"PodmanArgs"},
    KubeKey{"PublishPort", "published ports of a manifest are its hostPorts"},
    KubeKey{"ServiceName"},
    KubeKey{"SetWorkingDirectory"},
    KubeKey{"UserNS"},
    KubeKey{"Yaml"},
};

Result<> check_keys(const Quadlet& quadlet) {
  const Group* const group = quadlet.group("Kube");
  if (group == nullptr) return {};
  for (const Line& line : group->lines) {
    const auto key = std::ranges::find(kKubeKeys, std::string_view(line.key()), &KubeKey::key);
    if (key != kKubeKeys.end() && key->refused.empty()) continue;
    if (key != kKubeKeys.end()) return fail(line.wrong(key->refused));
    std::vector<std::string_view> names;
    for (const KubeKey& each : kKubeKeys) names.push_back(each.key);
    const auto near = nearest(line.key(), names);
    return fail(line.wrong("there is no such key", near ? fmt::format("did you mean {}=?", *near) : ""));
  }
  return {};
}

// What is no path by itself lies beside the file, as podman has it.
std::string beside_unit(const Line& line) {
  const std::string& value = line.value();
  if (value.starts_with('/') || value.starts_with('%')) return value;
  return beside(line, value.starts_with("./") ? value : "./" + value);
}

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

Result<GeneratedUnit> generate_kube(const Quadlet& quadlet, const FileName& name, const std::vector<QuadletText>& files,
                                    const QuadletContext& context) {
  TRY(quadlet.check_sections("Kube"));
  TRY(check_keys(quadlet));
  const Line* const yaml = quadlet.last("Kube", "Yaml");
  if (yaml == nullptr) return fail(complaint(fmt::format("{}: [Kube] has no Yaml=", files.front().path)));
  if (quadlet.all("Kube", "Yaml").size() > 1)
    return fail(yaml->wrong("one manifest a unit: its documents can be many"));
  const std::string manifest = beside_unit(*yaml);
  const Line* const type = quadlet.last("Service", "Type");
  if (type != nullptr && type->value() != "oneshot") return fail(type->wrong("a manifest's unit is oneshot"));

  std::string caisson = quoted_word(context.program);
  for (const std::string& word : TRY(all_words(quadlet, "Kube", "GlobalArgs"))) caisson += " " + quoted_word(word);
  std::vector<std::string> words = {"kube", "play", "--replace"};
  for (const Line* line : quadlet.all("Kube", "ConfigMap")) words.push_back("--configmap=" + beside_unit(*line));
  if (const Line* line = quadlet.last("Kube", "LogDriver")) words.push_back("--log-driver=" + line->value());
  for (const Line* line : quadlet.all("Kube", "Network")) {
    if (line->value().ends_with(".network")) return fail(line->wrong("networks of files are not there yet"));
    words.push_back("--network=" + line->value());
  }
  if (const Line* line = quadlet.last("Kube", "UserNS")) words.push_back("--userns=" + line->value());
  for (std::string& word : TRY(all_words(quadlet, "Kube", "PodmanArgs"))) words.push_back(std::move(word));
  words.push_back(manifest);
  std::vector<std::string> down = {"kube", "down"};
  if (const Line* line = quadlet.last("Kube", "KubeDownForce"); line != nullptr && TRY(read_flag(*line)))
    down.emplace_back("--force");
  down.push_back(manifest);

  Draft draft(quadlet, "Kube", files.front().path);
  TRY(add_network_online(quadlet, context, draft));
  draft.add("Unit", "RequiresMountsFor", "%t");
  if (const Line* line = quadlet.last("Kube", "SetWorkingDirectory")) {
    if (line->value() != "yaml" && line->value() != "unit") return fail(line->wrong("neither yaml nor unit"));
    draft.add_unless_set("Service", "WorkingDirectory",
                         directory_of(line->value() == "yaml" ? manifest : files.front().path));
  }
  draft.add_unless_set("Service", "KillMode", "mixed");
  draft.add_unless_set("Service", "Delegate", "yes");
  draft.add_unless_set("Service", "SyslogIdentifier", "%N");
  draft.add_unless_set("Service", "Type", "oneshot");
  draft.add_unless_set("Service", "RemainAfterExit", "yes");
  draft.add("Service", "ExecStart", caisson + " " + quoted_words(words));
  draft.add("Service", "ExecStop", caisson + " " + quoted_words(down));
  FileName unit = name;
  if (const Line* line = quadlet.last("Kube", "ServiceName")) {
    if (line->value().find('/') != std::string::npos) return fail(line->wrong("not the name of a unit"));
    unit.stem = line->value();
  }
  return GeneratedUnit{unit.stem + ".service", draft.text(), TRY(links_of(quadlet, unit))};
}

}  // namespace caisson::units
