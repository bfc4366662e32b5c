#include "explain/shell.h"

#include <linux/sched.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "explain/names.h"
#include "explain/shell_steps.h"
#include "explain/words.h"
#include "spec/capability.h"

namespace caisson::explain {

namespace {

using plan::Lane;
using plan::Plan;
using plan::Step;

constexpr std::string_view kWorkplace = R"(set -eu
umask 022
work=$(mktemp -d /tmp/container.XXXXXX)  # the new root, a second view of the host, and two pipes for messages
root=$work/root empty=$work/empty
chmod 711 "$work"
mkdir "$root" "$work/host" "$empty"
mkfifo -m 600 "$work/says" "$work/answers"
exec 8<>"$work/says" 9<>"$work/answers"
helper=
export work root empty

# DIRECTORY: makes a cgroup and those above it. On v1 (tasks) a cpuset takes its parent's processors: an empty one admits nobody.
make_cgroup() {
  [ ! -d "$1" ] || return 0
  make_cgroup "${1%/*}"
  mkdir "$1"
  echo "$1" >>"$work/made"
  for file in cpuset.cpus cpuset.mems; do
    [ ! -w "$1/$file" ] || [ ! -e "$1/tasks" ] || cat "${1%/*}/$file" >"$1/$file"
  done
}

# DIRECTORY, and FILE with CONTENT: what is mounted later, made with what is missing above it.
make_directory() {
  [ ! -d "$1" ] || return 0
  make_directory "${1%/*}"
  mkdir "$1"
  echo "$1" >>"$work/sources"
}
make_file() {
  make_directory "${1%/*}"
  printf '%s' "$2" >"$1"
  echo "$1" >>"$work/sources"
}

# What is left at the end: the helper, processes in the container's cgroups, the cgroups (the last made first), mount sources.
clean_up() {
  status=$?
  trap - EXIT
  if [ -n "$helper" ]; then kill "$helper" 2>/dev/null || :; fi
  [ ! -e "$work/made" ] || tac "$work/made" | while read -r each; do
    for try in 1 2 3 4 5 6 7 8 9 10; do
      while read -r pid; do kill -9 "$pid" || :; done <"$each/cgroup.procs"
      ! rmdir "$each" || break
      sleep 0.05
    done
  done 2>/dev/null
  [ ! -e "$work/sources" ] || tac "$work/sources" | while read -r each; do rm -rf "$each"; done
  rm -r "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
)";

constexpr std::string_view kInsideFunctions = R"(set -eu
umask 022
# Makes what is missing to mount on: a directory, or what the source is.
directory() { [ -d "$1" ] || mkdir -p "$1"; }
like() { if [ -d "$1" ]; then directory "$2"; elif [ ! -e "$2" ]; then mkdir -p "${2%/*}"; : >"$2"; fi; }
# Hides a directory behind the empty one and a file behind the null device; what is missing needs no hiding.
mask() {
  if [ -d "$1" ]; then mount --bind "$empty" "$1"; elif [ -e "$1" ]; then mount --bind /dev/null "$1"; fi
  [ ! -e "$1" ] || mount --make-private "$1"
}
read_only() { [ ! -e "$1" ] || { mount --rbind "$1" "$1" && mount -o remount,bind,ro "$1"; }; }
)";

// pivot_root(2) moves every process whose root is the old one. The program's process waits in a shell that needs no
// more tools; another one, whose root is a second view of the host, pivots below its feet.
constexpr std::string_view kPivotFromOutside =
    R"(  # The process that becomes the program has done all that needs the host's tools and waits. pivot_root moves its
  # root along; the old root is taken off by tools from a second view of the host, which does not need the first.
  read -r pid <&8
  nsenter --mount="/proc/$pid/ns/mnt" sh -euc '
    exec 7</
    mount --rbind / "$1/host"
    chroot "$1/host" sh -euc "
      nsenter --root=/proc/self/fd/7 --wd=/proc/self/fd/7$1/root pivot_root . .
      umount -l -c /proc/self/fd/7"' sh "$work"
  echo go >&9
)";

// Only what dash does without tools: from the answer on there may be none.
constexpr std::string_view kWaitAndExecute = R"(dash -c '
  read -r pid rest </proc/self/stat
  echo "$pid" >&8
  read -r answer <&9
  [ "$answer" = go ] || exit 125
  exec 8>&- 9<&-
  cd "$1"
  shift
  unset {}
  exec "$@")";

// The directory of a user, from the file of users in the root.
constexpr std::string_view kFindHome = R"(home=/
while IFS=: read -r _ _ uid _ _ directory _; do
  [ "$uid" != {} ] || {{ home=${{directory:-/}} && break; }}
done <"$root/etc/passwd" 2>/dev/null || :
)";

class Script {
 public:
  explicit Script(const Plan& plan) : plan_(plan) {}

  std::string write();

 private:
  std::string introduction() const;
  std::string outside();
  std::string helper() const;
  std::string inside();
  std::string final_command() const;
  std::string start() const;
  std::string joins() const;

  template <class T, class F>
  void each(F visit) const {
    for (const Lane lane : {Lane::kParent, Lane::kLauncher, Lane::kChild}) {
      for (const Step& step : plan_.lane(lane)) {
        if (const auto* action = std::get_if<T>(&step.action)) visit(*action);
      }
    }
  }
  template <class T>
  const T* last() const {
    const T* found = nullptr;
    each<T>([&](const T& action) { found = &action; });
    return found;
  }
  bool has(plan::Attribute attribute) const {
    bool found = false;
    each<plan::SetAttribute>([&](const plan::SetAttribute& a) { found = found || a.attribute == attribute; });
    return found;
  }
  std::uint64_t new_namespaces() const {
    std::uint64_t flags = 0;
    each<plan::Spawn>([&](const plan::Spawn& a) { flags |= a.flags; });
    each<plan::Unshare>([&](const plan::Unshare& a) { flags |= a.flags; });
    if (last<plan::MakeTimeNamespace>() != nullptr) flags |= CLONE_NEWTIME;
    return flags;
  }

  const Plan& plan_;
};

std::string section(std::string_view title) {
  return fmt::format("\n# --- {} {}\n", title, std::string(title.size() < 110 ? 112 - title.size() : 0, '-'));
}

std::string Script::introduction() const {
  std::vector<std::string> differences;
  for (const Lane lane : {Lane::kParent, Lane::kLauncher, Lane::kChild}) {
    for (const Step& step : plan_.lane(lane)) {
      std::string difference = shell_difference(step.action);
      if (difference.empty() || std::find(differences.begin(), differences.end(), difference) != differences.end())
        continue;
      differences.push_back(std::move(difference));
    }
  }
  std::string text =
      "#!/bin/sh\n"
      "# The same container by hand, from caisson's plan. Needs root and Debian 12's util-linux, coreutils, dash, "
      "hostname, iproute2.\n"
      "# What a shell does differently:\n";
  for (const std::string& difference : differences) text += fmt::format("#   - {}\n", difference);
  return text;
}

// What the parent does in the host's view.
std::string Script::outside() {
  std::string text;
  for (const Step& step : plan_.lane(Lane::kParent)) {
    if (const auto* cgroup = std::get_if<plan::MakeCgroup>(&step.action)) {
      text += shell_comment(plan_, step);
      for (const plan::Text directory : plan_.texts(cgroup->directories)) {
        text += fmt::format("make_cgroup {}\n", shell_quote(plan_.view(directory)));
      }
    } else if (std::holds_alternative<plan::WriteFile>(step.action) ||
               std::holds_alternative<plan::EnableControllers>(step.action) ||
               std::holds_alternative<plan::MakeMountSource>(step.action)) {
      text += shell_comment(plan_, step) + shell_commands(plan_, step);
    }
  }
  return text.empty() ? text : section("on the host") + text;
}

// What others do to the container's process when it asks for it.
std::string Script::helper() const {
  std::string text = "(\n  trap 'echo failed >&9' EXIT\n";
  if (const auto* maps = last<plan::MapIds>()) {
    text += "  # An id is nobody's until it is mapped, and only a process outside may map it.\n  read -r pid <&8\n";
    if (maps->deny_setgroups) text += "  echo deny >\"/proc/$pid/setgroups\"\n";
    const auto map = [&](plan::Text lines, plan::Text program, std::string_view file) {
      std::string value(plan_.view(lines));
      while (value.ends_with('\n')) value.pop_back();
      if (program) {
        std::replace(value.begin(), value.end(), '\n', ' ');
        return fmt::format("  {} \"$pid\" {}\n", plan_.view(program), value);
      }
      return fmt::format("  echo {} >\"/proc/$pid/{}\"\n", shell_quote(value), file);
    };
    text += map(maps->uid_map, maps->uid_program, "uid_map") + map(maps->gid_map, maps->gid_program, "gid_map") +
            "  echo mapped >&9\n";
  }
  text += last<plan::Pivot>() != nullptr ? kPivotFromOutside : "  read -r pid <&8\n  echo go >&9\n";
  return section("what is done to it from outside, in the background") + text + "  trap - EXIT\n) &\nhelper=$!\n";
}

// What the child does in its namespaces, with the host's tools, while the host can still be seen.
std::string Script::inside() {
  std::string text =
      section("inside: run in the new namespaces, before the host is let go") + "cat >\"$work/inside\" <<'INSIDE'\n";
  text += kInsideFunctions;
  std::string group;  // steps of one item and kind have one comment
  for (const Step& step : plan_.lane(Lane::kChild)) {
    if (std::holds_alternative<plan::Pivot>(step.action))
      text += "# In the plan the pivot is here; what follows is done from outside the new root.\n";
    const std::string commands = shell_commands(plan_, step);
    if (commands.empty()) continue;
    const std::string here = fmt::format("{}/{}", plan_.view(step.item), kind_name(step.action));
    const bool alike =
        std::holds_alternative<plan::MakeDevice>(step.action) || std::holds_alternative<plan::MakeLink>(step.action);
    if (here != group || !alike) text += shell_comment(plan_, step);
    group = here;
    text += commands;
  }
  return text + final_command() + "INSIDE\n";
}

std::string list(std::uint64_t mask) {
  std::string text = "-all";
  for (const std::string& name : capability_words(mask)) text += ",+" + name;
  return text;
}

// setpriv(1) for the ids, the sets and no_new_privs.
std::string privileges(const Plan& plan, const plan::SetIds& a, bool no_new_privileges) {
  std::vector<std::string> groups;
  for (const std::uint32_t group : plan.numbers(a.groups)) groups.push_back(fmt::format("{}", group));
  std::string text = fmt::format("setpriv --reuid={} --regid={} ", a.uid, a.gid);
  if (a.set_groups) text += groups.empty() ? "--clear-groups " : fmt::format("--groups={} ", join(groups, ","));
  if (!a.set_groups) text += "--keep-groups ";
  if (no_new_privileges) text += "--no-new-privs ";
  if (!a.set_capabilities) return text;
  text += "\\\n  ";
  if ((a.bounding & spec::all_capabilities()) != spec::all_capabilities())
    text += fmt::format("--bounding-set={} \\\n  ", list(a.bounding));
  return text + fmt::format("--inh-caps={} --ambient-caps={} ", list(a.inheritable), list(a.ambient));
}

// prlimit(1) with the limits that the process sets itself, or those that the parent raises for it.
std::string limits(const std::vector<plan::SetAttribute>& attributes, bool raised) {
  std::string text;
  for (const plan::SetAttribute& a : attributes) {
    if (a.attribute != plan::Attribute::kLimit || (a.pid != plan::kNoSlot) != raised) continue;
    std::string option = limit_name(a.which).substr(7);
    std::transform(option.begin(), option.end(), option.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    text += fmt::format("--{}={}:{} ", option, limit_value(static_cast<std::uint64_t>(a.value)),
                        limit_value(static_cast<std::uint64_t>(a.second)));
  }
  return text.empty() ? text : "prlimit " + text + "\\\n  ";
}

// The last command inside: with each tool the process gives something up; the last one waits for the pivot and
// executes.
std::string Script::final_command() const {
  std::vector<plan::SetAttribute> attributes;
  each<plan::SetAttribute>([&](const plan::SetAttribute& a) { attributes.push_back(a); });
  std::string text = "# The process gives up what the plan takes from it, and waits to become the program.\n";
  for (const plan::SetAttribute& a : attributes) {
    if (a.attribute == plan::Attribute::kUmask) text += fmt::format("umask {:04o}\n", a.value);
  }
  const auto* home = last<plan::FindHome>();
  if (home != nullptr) text += fmt::format(kFindHome, home->uid);
  text += "exec ";
  if (has(plan::Attribute::kNewSession) && last<plan::Console>() == nullptr) text += "setsid ";
  text += limits(attributes, /*raised=*/false);
  if (const auto* ids = last<plan::SetIds>())
    text += privileges(plan_, *ids, has(plan::Attribute::kNoNewPrivileges)) + "\\\n  ";

  text += "env -i ";
  std::string own = "PWD OLDPWD";  // dash sets them in passing
  if (const auto* exec = last<plan::Exec>()) {
    for (const plan::Text variable : plan_.texts(exec->environment)) {
      const bool found = home != nullptr && plan_.view(variable) == "HOME=";
      text += (found ? "HOME=\"$home\"" : shell_quote(plan_.view(variable))) + " ";
      if (plan_.view(variable).starts_with("PWD=")) own = "OLDPWD";
    }
  }
  const auto* directory = last<plan::ChangeDirectory>();
  return text + fmt::format(kWaitAndExecute, own) +
         fmt::format("' dash {} \"$@\"\n", directory == nullptr ? "/" : shell_quote(plan_.view(directory->path)));
}

// unshare(1)'s and nsenter(1)'s options.
std::string namespace_options(std::uint64_t flags) {
  std::vector<std::string> options;
  for (const std::string& word : namespace_words(flags)) options.push_back("--" + (word == "network" ? "net" : word));
  return join(options, " ");
}

// "monotonic 86400 0\n": whole seconds are what unshare(1) takes.
std::string clock_options(std::string_view offsets) {
  std::string text;
  for (const std::string_view line : split(offsets, '\n')) {
    const std::vector<std::string_view> fields = split(line, ' ');
    if (fields.size() == 3) text += fmt::format(" --{} {}", fields[0], fields[1]);
  }
  return text;
}

std::string Script::joins() const {
  std::string text;
  each<plan::JoinNamespace>([&](const plan::JoinNamespace& a) {
    const std::string path = slot_path(plan_, a.descriptor);
    if (!path.empty()) text += fmt::format(" {}={}", namespace_options(a.flags), shell_quote(path));
  });
  return text.empty() ? text : "nsenter" + text + " ";
}

std::string Script::start() const {
  std::string text = section("start") + "(\n";
  std::vector<std::string> directories;
  each<plan::MakeCgroup>([&](const plan::MakeCgroup& a) {
    for (const plan::Text directory : plan_.texts(a.directories))
      directories.push_back(shell_quote(plan_.view(directory)));
  });
  for (const std::string& directory : directories) text += fmt::format("  echo 0 >{}/cgroup.procs\n", directory);
  const std::uint64_t flags = new_namespaces();
  std::string options = namespace_options(flags);
  if (const auto* time = last<plan::MakeTimeNamespace>()) options += clock_options(plan_.view(time->offsets));
  if ((flags & (CLONE_NEWPID | CLONE_NEWTIME)) != 0) options += " --fork --kill-child";
  if ((flags & CLONE_NEWNS) != 0) options += " --propagation unchanged";
  if ((flags & CLONE_NEWUSER) != 0) options += " --keep-caps";
  std::vector<plan::SetAttribute> attributes;
  each<plan::SetAttribute>([&](const plan::SetAttribute& a) { attributes.push_back(a); });
  text += fmt::format("  exec {}{}unshare {} \\\n    ", limits(attributes, /*raised=*/true), joins(), options);
  text += last<plan::MapIds>() == nullptr
              ? "dash \"$work/inside\" \"$@\"\n"
              : "dash -euc '\n"
                "      read -r pid rest </proc/self/stat\n"
                "      echo \"$pid\" >&8\n"
                "      read -r answer <&9\n"
                "      [ \"$answer\" = mapped ]\n"
                "      exec setpriv --reuid=0 --regid=0 --clear-groups dash \"$0\" \"$@\"' \"$work/inside\" \"$@\"\n";
  return text + ")\n";
}

std::string Script::write() {
  std::string text = introduction();
  text += kWorkplace;
  text += outside();
  text += inside();
  text += helper();
  const auto* exec = last<plan::Exec>();
  text += section("the program");
  text += "set --";
  if (exec != nullptr) {
    for (const plan::Text argument : plan_.texts(exec->arguments)) text += " " + shell_quote(plan_.view(argument));
  }
  return text + "\n" + start();
}

}  // namespace

std::string as_shell(const Plan& plan) { return Script(plan).write(); }

}  // namespace caisson::explain
