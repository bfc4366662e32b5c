#include "cli/pod_options.h"

#include <algorithm>
#include <array>

#include "cli/run_setters.h"

namespace caisson::cli {

namespace {

struct PodInput : RunInput {
  PodCommandLine line = {};
};

// The target of every row of the table is the PodInput that parse_pod_create() makes.
template <auto Member>
Result<> pod_text(RunInput& input, const Use& use) {
  static_cast<PodInput&>(input).line.*Member = TRY(as_it_stands(use.value));
  return {};
}

template <auto Member>
Result<> pod_flag(RunInput& input, const Use& use) {
  static_cast<PodInput&>(input).line.*Member = use.value == "true";
  return {};
}

constexpr std::string_view kPod = "The pod";

constexpr Option<RunInput> kPodRows[] = {
    {{"name", 'n', "NAME", kPod, "Call it NAME"}, pod_text<&PodCommandLine::name>},
    {{"replace", 0, "", kPod, "Remove a pod that has the name first, also one that runs"},
     flag<&engine::RunOptions::replace>},
    {{"share", 0, "WHAT", kPod,
      "Namespaces of all its containers: ipc,net,uts (default), pid, cgroup; +pid adds; none"},
     [](RunInput& input, const Use& use) -> Result<> {
       static_cast<PodInput&>(input).line.share = std::string(use.value);
       return {};
     }},
    {{"exit-policy", 0, "POLICY", kPod, "When its last container has ended: continue (default) or stop"},
     pod_text<&PodCommandLine::exit_policy>},
    {{"pod-id-file", 0, "FILE", kPod, "Write its id to FILE"}, pod_text<&PodCommandLine::id_file>},
    {{"infra", 0, "", kPod, "Make an infra container, which holds what is shared (default true)"},
     pod_flag<&PodCommandLine::infra>},
    {{"infra-name", 0, "NAME", kPod, "Call that NAME"}, pod_text<&PodCommandLine::infra_name>},
    {{"infra-image", 0, "IMAGE", kPod, "Make it from IMAGE (default caisson's own pause program)"},
     pod_text<&PodCommandLine::infra_image>},
    {{"infra-command", 0, "COMMAND", kPod, "With --infra-image: run COMMAND in it, a word or a JSON array"},
     [](RunInput& input, const Use& use) -> Result<> {
       static_cast<PodInput&>(input).line.infra_command = TRY(engine::read_entrypoint(use.value));
       return {};
     }},
    {{"infra-conmon-pidfile", 0, "FILE"}},
    {{"device", 0, "DEVICE"}},
    {{"security-opt", 0, "OPTION"}},
    {{"pid", 0, "WHICH"}},
    {{"uts", 0, "WHICH"}},
    {{"subuidname", 0, "NAME"}},
    {{"subgidname", 0, "NAME"}},
};

constexpr std::array<std::string_view, 26> kFromRun = {
    "add-host",     "cgroup-parent", "dns",     "dns-opt",    "dns-option",  "dns-search", "gidmap",  "hostname",
    "ip",           "ip6",           "label",   "label-file", "mac-address", "net",        "network", "network-alias",
    "no-hosts",     "publish",       "restart", "shm-size",   "sysctl",      "uidmap",     "userns",  "volume",
    "volumes-from", "domainname"};

std::vector<Option<RunInput>> table() {
  std::vector<Option<RunInput>> rows(std::begin(kPodRows), std::end(kPodRows));
  const auto is_there = [&](std::string_view name) {
    return std::ranges::any_of(rows, [&](const auto& row) { return row.spelling.name == name; });
  };
  for (const Option<RunInput>& row : run_rows([](const Spelling& spelling) {
         return spelling.group == kLimitsGroup || std::ranges::find(kFromRun, spelling.name) != kFromRun.end();
       })) {
    if (!is_there(row.spelling.name)) rows.push_back(row);
  }
  return rows;
}

}  // namespace

Result<PodCommandLine> parse_pod_create(const std::vector<std::string>& arguments, const Caller& caller) {
  PodInput input{RunInput{.options = {}, .caller = caller}};
  Parsed parsed = TRY(parse(table(), static_cast<RunInput&>(input), arguments, Order::kAnywhere));
  input.options.labels.merge(input.file_labels);
  if (input.line.infra) TRY(set_default_network(input));
  PodCommandLine line = std::move(input.line);
  line.options = std::move(input.options);
  line.operands = std::move(parsed.operands);
  return line;
}

std::vector<Spelling> pod_create_spellings() { return spellings(table()); }

}  // namespace caisson::cli
