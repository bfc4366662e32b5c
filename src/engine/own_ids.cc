#include "engine/own_ids.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/removal.h"
#include "explain/hints.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "kernel/processes.h"

namespace caisson::engine {

namespace {

std::string user_name(std::uint32_t uid) {
  const std::string text = kernel::read_file("/etc/passwd").value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() > 2 && parse_unsigned(fields[2]) == uid) return std::string(fields[0]);
  }
  return {};
}

IdRanges row(std::uint32_t own, const IdRanges& subordinate) {
  IdRanges ranges = {{own, 1}};
  ranges.insert(ranges.end(), subordinate.begin(), subordinate.end());
  return ranges;
}

std::string lacking(const HostFacts& facts, const IdRanges& users, const IdRanges& groups, const std::string& who) {
  if (users.empty() || groups.empty())
    return fmt::format("{} has no range in {}", who, users.empty() ? "/etc/subuid" : "/etc/subgid");
  if (facts.newuidmap.empty() || facts.newgidmap.empty())
    return fmt::format("{} is not installed", facts.newuidmap.empty() ? "newuidmap" : "newgidmap");
  return {};
}

// Which call of a plan it would have been; kNone for another error than those of kernel::fork_in_user_namespace.
plan::Call call_of(const Error& error, const kernel::IdMaps& maps) {
  if (error.call == "unshare") return plan::Call::kUnshare;
  if (error.call == "write" &&
      (error.operand == "uid_map" || error.operand == "gid_map" || error.operand == "setgroups"))
    return plan::Call::kWrite;
  if (!maps.uid_program.empty() && error.call == maps.uid_program) return plan::Call::kNewuidmap;
  if (!maps.gid_program.empty() && error.call == maps.gid_program) return plan::Call::kNewgidmap;
  return plan::Call::kNone;
}

}  // namespace

OwnIds own_ids(const HostFacts& facts) {
  const std::string name = user_name(facts.effective_uid);
  std::string unread;
  const auto ranges = [&](const char* file) {
    const Result<std::string> text = kernel::read_file(file);
    if (!text && text.error().number != ENOENT) unread = text.error().text();
    return subordinate_ranges(text.value_or(""), name, facts.effective_uid);
  };
  const IdRanges users = ranges("/etc/subuid");
  const IdRanges groups = ranges("/etc/subgid");
  OwnIds own{.lacking =
                 lacking(facts, users, groups, name.empty() ? fmt::format("user {}", facts.effective_uid) : name)};
  if (!unread.empty()) own.lacking = unread;
  const bool alone = !own.lacking.empty();
  own.users = row(facts.effective_uid, alone ? IdRanges() : users);
  own.groups = row(facts.effective_gid, alone ? IdRanges() : groups);
  own.maps = {.uid_map = mapping_lines(whole_row(own.users)),
              .gid_map = mapping_lines(whole_row(own.groups)),
              .uid_program = alone ? "" : facts.newuidmap,
              .gid_program = alone ? "" : facts.newgidmap,
              .deny_setgroups = alone};
  return own;
}

void say_once_what_is_lacking(const OwnIds& own, const Places& places, const Log& log) {
  if (own.lacking.empty()) return;
  const std::string said = places.root + "/one-id.said";
  if (kernel::exists(said) || !kernel::make_directories(places.root, 0700)) return;
  (void)kernel::write_new_file(said, own.lacking, 0600);
  log.warning(fmt::format(
      "{}: this user's containers have one user and one group, to whom all files belong (said once)", own.lacking));
  log.hint("as root: apt install uidmap; usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
}

Error with_namespace_hint(Error error, const OwnIds& own) {
  const plan::Call call = call_of(error, own.maps);
  if (call == plan::Call::kNone) return error;
  plan::Plan plan;
  plan.append(plan::Lane::kParent, "", "", plan::Unshare{CLONE_NEWUSER});
  plan.append(plan::Lane::kParent, "", "",
              plan::MapIds{.pid = plan.new_slot("pid"),
                           .uid_map = plan.add(own.maps.uid_map),
                           .gid_map = plan.add(own.maps.gid_map),
                           .uid_program = plan.add(own.maps.uid_program),
                           .gid_program = plan.add(own.maps.gid_program),
                           .deny_setgroups = own.maps.deny_setgroups});
  plan::Failure failure;
  failure.what = {.step = static_cast<std::uint16_t>(call == plan::Call::kUnshare ? 0 : 1),
                  .call = call,
                  .error = static_cast<std::int16_t>(error.number)};
  HostFacts facts = host::probe();
  host::probe_for_hints(facts);
  error.hint = explain::hint(plan, failure, facts);
  return error;
}

Result<> as_root_of(const OwnIds& own, const std::function<Result<>()>& work) {
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  const Result<pid_t> child = kernel::fork_in_user_namespace(own.maps);
  if (!child) return fail(with_namespace_hint(child.error(), own));
  if (*child == 0) {
    const Result<> done = work();
    if (!done) (void)kernel::write_all(pipe.write.get(), done.error().text(), "pipe");
    ::_exit(done ? 0 : 1);
  }
  pipe.write = Fd();
  const std::string words = kernel::read_all(pipe.read.get(), "pipe").value_or("");
  const int status = TRY(kernel::wait_for(*child));
  if (status == 0) return {};
  return fail(complaint(words.empty() ? "a process in a user namespace of its own was killed" : words));
}

namespace {

// What an ordinary user may not do alone is done as root of a namespace with its ids.
Result<> by_whoever_may(const std::function<Result<>()>& work) {
  Result<> done = work();
  const bool refused = !done && (done.error().number == EACCES || done.error().number == EPERM);
  if (!refused || ::geteuid() == 0) return done;
  return as_root_of(own_ids(host::probe()), work);
}

}  // namespace

Result<> remove_container_tree(const std::string& path) {
  return by_whoever_may([&] { return kernel::remove_tree(path); });
}

Result<> remove_container_cgroups(const std::vector<std::string>& directories) {
  return by_whoever_may([&] { return cgroup::kill_and_remove(directories); });
}

}  // namespace caisson::engine
