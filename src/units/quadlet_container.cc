#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "units/container_keys.h"
#include "units/quadlet_file.h"

namespace caisson::units {

namespace {

class ContainerDraft {
 public:
  ContainerDraft(const Quadlet& quadlet, FileName name, const std::vector<QuadletText>& files,
                 const QuadletContext& context)
      : quadlet_(quadlet),
        name_(std::move(name)),
        path_(files.front().path),
        context_(context),
        draft_(quadlet, "Container", files.front().path) {}

  Result<GeneratedUnit> make();

 private:
  const Line* last(std::string_view key) const { return quadlet_.last("Container", key); }
  std::vector<const Line*> all(std::string_view key) const { return quadlet_.all("Container", key); }
  Result<> check_keys() const;
  Result<> need_option(const Line& line, std::string_view option) const;
  Result<> add_option(const ContainerKey& key);
  Result<> add_user();
  Result<> add_mounts();
  Result<> add_own();
  Result<> add_pod();
  Result<std::string> volume_source(const Line& line, const std::string& source);
  Result<> add_service(bool in_foreground);
  Result<> add_reload(std::string_view id_file);
  void option(std::string_view name, std::string_view value) { words_.push_back(fmt::format("--{}={}", name, value)); }
  std::string default_name() const;

  const Quadlet& quadlet_;
  FileName name_;
  const std::string& path_;
  const QuadletContext& context_;
  Draft draft_;
  std::vector<std::string> globals_;
  std::vector<std::string> words_;
  bool says_ready_ = false;  ///< to systemd (Notify=)
};

constexpr std::string_view kIdFile = "--cidfile=%t/%N.cid";

// Templates have an instance in it.
std::string ContainerDraft::default_name() const {
  return name_.is_template() || name_.is_instance() ? "systemd-%p_%i" : "systemd-%N";
}

Result<> ContainerDraft::check_keys() const {
  const Group* const group = quadlet_.group("Container");
  if (group == nullptr) return fail(complaint(fmt::format("{}: there is no section [Container]", path_)));
  for (const Line& line : group->lines) {
    const ContainerKey* const key = find_container_key(line.key());
    if (key == nullptr) {
      const std::string_view near = nearest_container_key(line.key());
      return fail(line.wrong("there is no such key", near.empty() ? "" : fmt::format("did you mean {}=?", near)));
    }
    if (key->kind == KeyKind::kRefused) return fail(line.wrong(key->option));
  }
  return {};
}

Result<> ContainerDraft::need_option(const Line& line, std::string_view option) const {
  if (context_.has_option(option)) return {};
  return fail(line.wrong(fmt::format("caisson run --{} is not there yet", option)));
}

Result<> ContainerDraft::add_option(const ContainerKey& key) {
  for (const Line* line : all(key.key)) {
    switch (key.kind) {
      case KeyKind::kOwn:
      case KeyKind::kRefused: break;
      case KeyKind::kText:
        if (line == last(key.key)) {
          TRY(need_option(*line, key.option));
          option(key.option, line->value());
        }
        break;
      case KeyKind::kEach:
        TRY(need_option(*line, key.option));
        option(key.option, line->value());
        break;
      case KeyKind::kWords:
        TRY(need_option(*line, key.option));
        for (const std::string& word : TRY(read_words(*line))) option(key.option, word);
        break;
      case KeyKind::kFlag:
        if (line == last(key.key)) {
          TRY(need_option(*line, key.option));
          words_.push_back(TRY(read_flag(*line)) ? fmt::format("--{}", key.option)
                                                 : fmt::format("--{}=false", key.option));
        }
        break;
      case KeyKind::kSecurity: option("security-opt", fmt::format("{}={}", key.option, line->value())); break;
    }
  }
  return {};
}

Result<> ContainerDraft::add_user() {
  const Line* const user = last("User");
  const Line* const group = last("Group");
  if (user == nullptr && group != nullptr) return fail(group->wrong("it needs User= as well"));
  if (user != nullptr) option("user", group == nullptr ? user->value() : user->value() + ":" + group->value());
  return {};
}

// "data.volume" is the volume of that file, and its unit comes first.
Result<std::string> ContainerDraft::volume_source(const Line& line, const std::string& source) {
  if (!source.ends_with(".volume")) return beside(line, source);
  const auto volume = context_.volumes.find(source);
  if (volume == context_.volumes.end()) return fail(line.wrong(fmt::format("there is no file {}", source)));
  const std::string unit = source.substr(0, source.size() - std::string_view(".volume").size()) + "-volume.service";
  draft_.add("Unit", "Requires", unit);
  draft_.add("Unit", "After", unit);
  return volume->second;
}

Result<> ContainerDraft::add_mounts() {
  for (const Line* line : all("Volume")) {
    const Cut parts = cut(std::string_view(line->value()), ':');
    if (!parts.tail) {  // a volume without a name
      option("volume", line->value());
      continue;
    }
    const std::string source = TRY(volume_source(*line, std::string(parts.head)));
    if (source.starts_with('/')) draft_.add("Unit", "RequiresMountsFor", quoted_word(source));
    option("volume", fmt::format("{}:{}", source, *parts.tail));
  }
  for (const Line* line : all("Mount")) {
    std::vector<std::string> fields;
    for (const std::string_view field : split(line->value(), ',')) {
      const Cut parts = cut(field, '=');
      const bool is_source = parts.tail && (parts.head == "source" || parts.head == "src");
      fields.push_back(is_source ? fmt::format("{}={}", parts.head, TRY(volume_source(*line, std::string(*parts.tail))))
                                 : std::string(field));
    }
    option("mount", join(fields, ","));
  }
  return {};
}

// The pod's unit comes first, and takes the container's with it.
Result<> ContainerDraft::add_pod() {
  const Line* const line = last("Pod");
  if (const Line* starts = last("StartWithPod"); starts != nullptr) {
    if (line == nullptr) return fail(starts->wrong("it needs Pod= as well"));
    TRY(read_flag(*starts));
  }
  if (line == nullptr) return {};
  if (!line->value().ends_with(".pod")) return fail(line->wrong("the name of a .pod file is needed"));
  const auto pod = context_.pods.find(line->value());
  if (pod == context_.pods.end()) return fail(line->wrong(fmt::format("there is no file {}", line->value())));
  option("pod", pod->second.name);
  draft_.add("Unit", "BindsTo", pod->second.service);
  draft_.add("Unit", "After", pod->second.service);
  return {};
}

Result<> ContainerDraft::add_own() {
  for (std::string& word : TRY(all_words(quadlet_, "Container", "GlobalArgs"))) globals_.push_back(std::move(word));
  if (const Line* line = last("NoNewPrivileges"); line != nullptr && TRY(read_flag(*line)))
    option("security-opt", "no-new-privileges");
  if (const Line* line = last("SecurityLabelDisable"); line != nullptr && TRY(read_flag(*line)))
    option("security-opt", "label=disable");
  if (const Line* line = last("Notify"); line != nullptr && line->value() != "false" && line->value() != "no") {
    TRY(need_option(*line, "sdnotify"));
    says_ready_ = true;
    option("sdnotify", line->value() == "healthy" ? "healthy" : "container");
  }
  for (const Line* line : all("EnvironmentFile")) {
    if (line->value().starts_with('-')) return fail(line->wrong("a file that may be missing ('-') is not there yet"));
    option("env-file", beside(*line, line->value()));
  }
  for (const Line* line : all("AddDevice")) {
    if (line->value().starts_with('-')) return fail(line->wrong("a device that may be missing ('-') is not there yet"));
  }
  for (const Line* line : all("Network")) {
    const std::string_view network = cut(std::string_view(line->value()), ':').head;
    if (network.ends_with(".network") || network.ends_with(".container"))
      return fail(line->wrong("networks of files are not there yet"));
    option("network", line->value());
  }
  TRY(add_pod());
  if (const Line* line = last("StopTimeout")) {
    const auto seconds = parse_unsigned(line->value());
    if (!seconds) return fail(line->wrong("not a number of seconds"));
    option("stop-timeout", line->value());
    // systemd waits longer than caisson does.
    draft_.add_unless_set("Service", "TimeoutStopSec", std::to_string(*seconds + 60));
  }
  TRY(add_user());
  return add_mounts();
}

Result<> ContainerDraft::add_reload(std::string_view id_file) {
  const Line* const command = last("ReloadCmd");
  const Line* const signal = last("ReloadSignal");
  if (command != nullptr && signal != nullptr) return fail(signal->wrong("and ReloadCmd= exclude each other"));
  if (command != nullptr)
    return fail(command->wrong("not there yet", "ReloadSignal= is, and ExecReload= in [Service]"));
  if (signal != nullptr)
    draft_.add(
        "Service", "ExecReload",
        fmt::format("{} kill {} --signal {}", quoted_word(context_.program), id_file, quoted_word(signal->value())));
  return {};
}

Result<> ContainerDraft::add_service(bool in_foreground) {
  std::string caisson = quoted_word(context_.program);
  for (const std::string& word : globals_) caisson += " " + quoted_word(word);
  std::vector<std::string> words = {"run"};
  const Line* const given = last("ContainerName");
  words.push_back(fmt::format("--name={}", given == nullptr ? default_name() : given->value()));
  words.insert(words.end(), {std::string(kIdFile), "--replace", "--rm"});
  if (!in_foreground) words.emplace_back("-d");
  words.insert(words.end(), words_.begin(), words_.end());

  draft_.add("Unit", "RequiresMountsFor", "%t");
  draft_.add_unless_set("Service", "KillMode", "mixed");
  draft_.add_unless_set("Service", "Delegate", "yes");
  draft_.add_unless_set("Service", "SuccessExitStatus", "143");
  draft_.add_unless_set("Service", "SyslogIdentifier", "%N");
  if (!in_foreground) draft_.add_unless_set("Service", "Type", says_ready_ ? "notify" : "forking");
  if (says_ready_) draft_.add_unless_set("Service", "NotifyAccess", "all");
  draft_.add("Service", "ExecStartPre", "-/bin/rm -f %t/%N.cid");
  draft_.add("Service", "ExecStart", caisson + " " + quoted_words(words));
  draft_.add("Service", "ExecStop", fmt::format("{} stop --ignore {}", caisson, kIdFile));
  draft_.add("Service", "ExecStopPost", fmt::format("-{} rm -f -v --ignore {}", caisson, kIdFile));
  return add_reload(kIdFile);
}

Result<GeneratedUnit> ContainerDraft::make() {
  TRY(quadlet_.check_sections("Container"));
  TRY(check_keys());
  const Line* const image = last("Image");
  const Line* const rootfs = last("Rootfs");
  if (image != nullptr && rootfs != nullptr) return fail(rootfs->wrong("and Image= exclude each other"));
  const Line* const source = image != nullptr ? image : rootfs;
  if (source == nullptr)
    return fail(complaint(fmt::format("{}:{}: [Container] has no Image=", *quadlet_.group("Container")->path,
                                      quadlet_.group("Container")->line)));
  if (source->value().ends_with(".image") || source->value().ends_with(".build"))
    return fail(source->wrong("images of files are not there yet"));
  const Line* const type = quadlet_.last("Service", "Type");
  if (type != nullptr && type->value() != "oneshot" && type->value() != "forking" && type->value() != "notify")
    return fail(type->wrong("a container's unit is forking, notify with Notify=, or oneshot"));
  const Line* const kill_mode = quadlet_.last("Service", "KillMode");
  if (kill_mode != nullptr && kill_mode->value() != "mixed" && kill_mode->value() != "control-group")
    return fail(kill_mode->wrong("a container's unit needs mixed or control-group"));

  TRY(add_network_online(quadlet_, context_, draft_));
  for (const Line& line : quadlet_.group("Container")->lines) {
    // Each key once, where it stands first.
    const auto& lines = quadlet_.group("Container")->lines;
    if (&*std::ranges::find(lines, line.key(), [](const Line& each) { return each.key(); }) != &line) continue;
    TRY(add_option(*find_container_key(line.key())));
  }
  TRY(add_own());
  for (std::string& word : TRY(all_words(quadlet_, "Container", "PodmanArgs"))) words_.push_back(std::move(word));
  words_.push_back(rootfs != nullptr ? beside(*rootfs, rootfs->value()) : image->value());
  if (const Line* exec = last("Exec")) {
    for (std::string& word : TRY(read_words(*exec))) words_.push_back(std::move(word));
  }
  TRY(add_service(type != nullptr && type->value() == "oneshot"));
  if (const Line* service_name = last("ServiceName")) {
    if (service_name->value().find('/') != std::string::npos)
      return fail(service_name->wrong("not the name of a unit"));
    name_.stem = service_name->value();
  }
  return GeneratedUnit{name_.stem + ".service", draft_.text(), TRY(links_of(quadlet_, name_))};
}

}  // namespace

Result<GeneratedUnit> generate_container(const Quadlet& quadlet, const FileName& name,
                                         const std::vector<QuadletText>& files, const QuadletContext& context) {
  return ContainerDraft(quadlet, name, files, context).make();
}

}  // namespace caisson::units
