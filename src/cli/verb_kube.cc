// kube: play, down, generate.
#include "cli/verb_kube.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/caller.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/isolation_grammar.h"
#include "engine/value_grammar.h"
#include "kernel/files.h"
#include "kube/down.h"
#include "kube/generate.h"
#include "kube/play.h"
#include "kube/read_manifest.h"
#include "kube/write_manifest.h"

namespace caisson::cli {

namespace {

struct KubeOptions {
  kube::PlayOptions play;
  std::vector<std::string> config_maps;
  std::vector<std::string> networks;  ///< as typed
  bool down = false;
  bool force = false;
  std::string file;  ///< of generate
};
using Row = Option<KubeOptions>;

template <auto Member>
Result<> set_flag(KubeOptions& options, const Use& use) {
  options.*Member = use.value == "true";
  return {};
}

template <auto Member>
Result<> set_play_flag(KubeOptions& options, const Use& use) {
  options.play.*Member = use.value == "true";
  return {};
}

Result<> set_log_driver(KubeOptions& options, const Use& use) {
  if (!options.play.log) options.play.log.emplace();
  return engine::read_log_driver(use.value, *options.play.log);
}

Result<> set_log_option(KubeOptions& options, const Use& use) {
  if (!options.play.log) options.play.log.emplace();
  return engine::read_log_option(use.value, *options.play.log);
}

const Row kPlayOptions[] = {
    {{"annotation", 0, "NAME=VALUE", {}, "An annotation of every container, beside the manifest's", true},
     [](KubeOptions& options, const Use& use) -> Result<> {
       auto [name, value] = TRY(engine::read_assignment(use.value));
       options.play.annotations[name] = value;
       return {};
     }},
    {{"authfile", 0, "FILE", {}, "Take the registry's credentials from FILE"},
     [](KubeOptions& options, const Use& use) -> Result<> { return options.play.authfile = use.value, Result<>(); }},
    {{"configmap", 0, "FILE", {}, "A manifest with ConfigMaps that variables and volumes are made of", true},
     [](KubeOptions& options, const Use& use) -> Result<> {
       for (const std::string_view file : split(use.value, ',')) options.config_maps.emplace_back(file);
       return {};
     }},
    {{"down", 0, {}, {}, "Take down what the manifest has made"}, set_flag<&KubeOptions::down>},
    {{"force", 0, {}, {}, "With --down: remove the volumes of its PersistentVolumeClaims, too"},
     set_flag<&KubeOptions::force>},
    {{"log-driver", 0, "NAME", {}, "How logs are kept: k8s-file (default), json-file, journald or none"},
     set_log_driver},
    {{"log-opt", 0, "KEY=VALUE", {}, "max-size, max-file; tag in the journal", true}, set_log_option},
    {{"network", 0, "WHICH", {}, "The network of the pods, as of caisson pod create", true},
     [](KubeOptions& options, const Use& use) -> Result<> {
       return options.networks.emplace_back(use.value), Result<>();
     }},
    {{"quiet", 'q', {}, {}, "Show no progress of pulling"}, set_play_flag<&kube::PlayOptions::quiet>},
    {{"replace", 0, {}, {}, "Take the place of pods that are there"}, set_play_flag<&kube::PlayOptions::replace>},
    {{"start", 0, {}, {}, "Start the pods (default true)"}, set_play_flag<&kube::PlayOptions::start>},
    {{"tls-verify", 0, {}, {}, "Check the registry's certificate (default true)"},
     set_play_flag<&kube::PlayOptions::tls_verify>},
    {{"userns", 0, "WHICH", {}, "The user namespace of the pods, as of caisson pod create"},
     [](KubeOptions& options, const Use& use) -> Result<> {
       return options.play.userns = TRY(engine::read_user_namespace(use.value)), Result<>();
     }},
    {{"build"}},
    {{"cert-dir", 0, "DIR"}},
    {{"context-dir", 0, "DIR"}},
    {{"creds", 0, "NAME:PASSWORD"}},
    {{"ip", 0, "ADDRESS"}},
    {{"mac-address", 0, "ADDRESS"}},
    {{"no-hosts"}},
    {{"publish", 0, "PORTS"}},
    {{"seccomp-profile-root", 0, "DIR"}},
    {{"service-container"}},
    {{"wait", 'w'}},
};
const Row kDownOptions[] = {
    {{"force", 0, {}, {}, "Remove the volumes of its PersistentVolumeClaims, too"}, set_flag<&KubeOptions::force>},
};
const Row kGenerateOptions[] = {
    {{"filename", 'f', "FILE", {}, "Write it there; an existing file is left alone"},
     [](KubeOptions& options, const Use& use) -> Result<> { return options.file = use.value, Result<>(); }},
    {{"service", 's'}},
    {{"type", 't', "KIND"}},
    {{"replicas", 'r', "N"}},
};

Result<std::string> text_of(const std::string& file) {
  if (file.starts_with("http://") || file.starts_with("https://"))
    return fail(complaint(fmt::format("{}: a manifest is not fetched", file),
                          fmt::format("curl -fsS {} | caisson kube play -", file)));
  if (file == "-") return kernel::read_all(STDIN_FILENO, "standard input", kube::kMostYamlBytes);
  return kernel::read_file(file, kube::kMostYamlBytes);
}

// Reads a manifest; what is wrong with it is said, all of it.
Result<kube::Manifest> read(const Command& command, const std::string& file) {
  const std::string text = TRY(text_of(file));
  kube::Reading reading = kube::read_manifest(text, file == "-" ? "standard input" : file);
  std::vector<std::string>& errors = reading.errors;
  if (command.strict) errors.insert(errors.end(), reading.warnings.begin(), reading.warnings.end());
  if (!errors.empty()) {
    for (std::size_t i = 0; i + 1 < errors.size(); ++i) command.log.error(errors[i]);
    return fail(complaint(errors.back()));
  }
  for (const std::string& warning : reading.warnings) command.log.warning(warning);
  return std::move(reading.manifest);
}

Result<> add_config_maps(const Command& command, const std::vector<std::string>& files, kube::Manifest& manifest) {
  for (const std::string& file : files) {
    kube::Manifest more = TRY_IN("--configmap", read(command, file));
    if (!more.pods.empty() || !more.secrets.empty() || !more.claims.empty())
      return fail(in("--configmap", complaint(fmt::format("{}: something else than ConfigMaps is in it", file))));
    for (kube::ConfigMap& map : more.config_maps) manifest.config_maps.push_back(std::move(map));
  }
  return {};
}

void print_list(std::string_view heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  fmt::print("{}:\n", heading);
  for (const std::string& line : lines) fmt::print("{}\n", line);
}

int print_played(const Command& command, const kube::Played& played) {
  print_list("Volumes", played.volumes);
  print_list("Secrets", played.secrets);
  int status = 0;
  for (const kube::PlayedPod& pod : played.pods) {
    print_list("Pod", {pod.id});
    print_list(pod.containers.size() == 1 ? "Container" : "Containers", pod.containers);
    fmt::print("\n");
    for (const std::string& failure : pod.failures) status = refuse(command, complaint(failure));
  }
  return status;
}

int take_down(const Command& command, const kube::Manifest& manifest, bool with_claims) {
  const auto down =
      kube::take_down(manifest, with_claims ? kube::Claims::kGo : kube::Claims::kStay, command.places, command.log);
  if (!down) return refuse(command, down.error());
  print_list("Pods stopped", down->stopped);
  print_list("Pods removed", down->removed);
  print_list("Secrets removed", down->secrets);
  print_list("Volumes removed", down->volumes);
  return 0;
}

Result<> one_manifest(const std::vector<std::string>& operands) {
  if (operands.size() == 1) return {};
  return fail(complaint(operands.empty() ? "which manifest? A file, or - for standard input, is needed"
                                         : "one manifest at a time"));
}

Result<> write(const std::string& text, const std::string& file) {
  if (file.empty() || file == "-") return kernel::write_all(STDOUT_FILENO, text, "standard output");
  const Fd opened = TRY_IN("--filename", kernel::open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0644));
  return kernel::write_all(opened.get(), text, file);
}

}  // namespace

Manual kube_play_manual() {
  return {"[OPTION…] FILE",
          "Makes and starts what a manifest of Kubernetes asks for: Pods, Deployments, and the ConfigMaps, Secrets and "
          "PersistentVolumeClaims that they use. FILE is - for standard input. What of it is unknown or not supported "
          "is an error that names its place; what has no effect without a cluster is a warning.",
          spellings(kPlayOptions), Order::kAnywhere,
          "caisson kube play web.yaml\n"
          "  Its pods, running.\n"
          "caisson kube play --down web.yaml\n"
          "  The same, gone."};
}

int verb_kube_play(const Command& command) {
  KubeOptions options;
  const Result<Parsed> parsed = parse(kPlayOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (const Result<> one = one_manifest(parsed->operands); !one) return refuse(command, one.error());
  if (options.force && !options.down) return refuse(command, complaint("--force: only with --down"));
  Result<engine::RunOptions> network = choose_network(options.networks, this_caller());
  if (!network) return refuse(command, network.error());
  options.play.network = std::move(*network);
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  engine::sweep(command.places, command.log);
  Result<kube::Manifest> manifest = read(command, parsed->operands[0]);
  if (!manifest) return refuse(command, manifest.error());
  if (options.down) return take_down(command, *manifest, options.force);
  if (const Result<> added = add_config_maps(command, options.config_maps, *manifest); !added)
    return refuse(command, added.error());
  const Result<kube::Played> played = kube::play(*manifest, options.play, command.places, command.log);
  return played ? print_played(command, *played) : refuse(command, played.error());
}

Manual kube_down_manual() {
  return {"[--force] FILE", "Stops and removes the pods of a manifest, and its secrets. FILE is - for standard input.",
          spellings(kDownOptions)};
}

int verb_kube_down(const Command& command) {
  KubeOptions options;
  const Result<Parsed> parsed = parse(kDownOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (const Result<> one = one_manifest(parsed->operands); !one) return refuse(command, one.error());
  engine::sweep(command.places, command.log);
  const Result<kube::Manifest> manifest = read(command, parsed->operands[0]);
  return manifest ? take_down(command, *manifest, options.force) : refuse(command, manifest.error());
}

Manual kube_generate_manual() {
  return {"[-f FILE] NAME…",
          "Prints a manifest of Kubernetes that makes pods, containers or volumes again. Containers come into one Pod.",
          spellings(kGenerateOptions)};
}

int verb_kube_generate(const Command& command) {
  KubeOptions options;
  const Result<Parsed> parsed = parse(kGenerateOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty()) return refuse(command, complaint("the name of a pod, container or volume is missing"));
  engine::sweep(command.places, command.log);
  const Result<kube::Manifest> manifest = kube::manifest_of(parsed->operands, command.places);
  if (!manifest) return refuse(command, manifest.error());
  const Result<> written = write(kube::write_manifest(*manifest), options.file);
  return written ? 0 : refuse(command, written.error());
}

namespace {

constexpr std::array kVerbs = {
    Verb{"play", "Make and start what a manifest asks for", verb_kube_play, kube_play_manual},
    Verb{"down", "Stop and remove it", verb_kube_down, kube_down_manual},
    Verb{"generate", "Print a manifest of what is there", verb_kube_generate, kube_generate_manual},
};
constexpr std::array kPlayVerbs = {
    Verb{"kube", "Make and start what a manifest asks for", verb_kube_play, kube_play_manual},
};

}  // namespace

std::span<const Verb> kube_verbs() { return kVerbs; }
std::span<const Verb> play_verbs() { return kPlayVerbs; }

}  // namespace caisson::cli
