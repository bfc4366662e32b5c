#include "cgroup/freezer.h"

#include <fcntl.h>
#include <poll.h>

#include <optional>

#include "cgroup/evidence.h"
#include "kernel/files.h"

namespace caisson::cgroup {

namespace {

using Clock = std::chrono::steady_clock;

std::string first_line(const std::string& path) {
  std::string text = kernel::read_file(path).value_or("");
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

Result<> write_to(const std::string& path, std::string_view value) {
  const Fd file = TRY(kernel::open_file(path, O_WRONLY));
  return kernel::write_all(file.get(), value, path);
}

// The files of the one directory that can be frozen.
struct Freezer {
  std::string directory;
  bool unified = false;

  std::string file() const { return directory + (unified ? "/cgroup.freeze" : "/freezer.state"); }
  Result<> ask(bool frozen) const {
    if (unified) return write_to(file(), frozen ? "1" : "0");
    return write_to(file(), frozen ? "FROZEN" : "THAWED");
  }
  // What it was asked for has come to pass. One that is gone is not frozen: what is let go may end at once.
  bool is(bool frozen) const {
    if (unified) {
      const std::string events = kernel::read_file(directory + "/cgroup.events").value_or("");
      return value_of(events, "frozen").value_or(0) == (frozen ? 1 : 0);
    }
    const std::string state = first_line(file());
    return frozen ? state == "FROZEN" : state == "THAWED" || state.empty();
  }
};

std::optional<Freezer> find(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    if (kernel::exists(directory + "/freezer.state")) return Freezer{directory, false};
    if (kernel::exists(directory + "/cgroup.freeze")) return Freezer{directory, true};
  }
  return std::nullopt;
}

Result<Freezer> need(const std::vector<std::string>& directories) {
  std::optional<Freezer> found = find(directories);
  if (!found) {
    return fail(complaint("the container's processes cannot be frozen: it has no cgroup that can",
                          "v1: mount the freezer hierarchy before the container is made; v2: since Linux 5.2"));
  }
  return std::move(*found);
}

// False if it has not become so in time. A v1 cgroup that shall be frozen is asked again each time, and is let go every
// 50th time, for a process that waits for another that is frozen already.
Result<bool> reach(const Freezer& freezer, bool frozen, std::chrono::milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  TRY(freezer.ask(frozen));
  for (int tries = 1; !freezer.is(frozen); ++tries) {
    if (Clock::now() >= deadline) return false;
    const bool again = frozen && !freezer.unified;
    if (again && tries % 50 == 0) {
      TRY(freezer.ask(false));
      ::poll(nullptr, 0, 10);
    } else if (tries > 10) {
      ::poll(nullptr, 0, 1);
    }
    if (again) TRY(freezer.ask(true));
  }
  return true;
}

}  // namespace

Result<> freeze(const std::vector<std::string>& directories, std::chrono::milliseconds patience) {
  const Freezer freezer = TRY(need(directories));
  const Result<bool> reached = reach(freezer, true, patience);
  if (reached && *reached) return {};
  // Whatever stands still by now goes on. If that fails too, the first error says more.
  const Result<> thawed = freezer.ask(false);
  if (!reached) return fail(reached.error());
  Error error = complaint("unable to freeze: not everything in " + freezer.directory + " stands still",
                          "a process that waits for a disk or a network file system cannot be frozen meanwhile");
  if (!thawed) error.hint = "and it could not be thawed again: " + thawed.error().text();
  return fail(std::move(error));
}

Result<> thaw(const std::vector<std::string>& directories, std::chrono::milliseconds patience) {
  const std::optional<Freezer> freezer = find(directories);
  if (!freezer) return {};
  const Result<bool> thawed = reach(*freezer, false, patience);
  const bool gone = !thawed && (thawed.error().number == ENOENT || thawed.error().number == ENODEV);
  if (gone || TRY(thawed)) return {};
  return fail(complaint(freezer->directory + " stays frozen", "a cgroup above it is frozen: thaw that one"));
}

bool is_frozen(const std::vector<std::string>& directories) {
  // Where v1's hierarchy is mounted as a rule, at the first try: a listing asks this of every container.
  for (const std::string& directory : directories) {
    if (directory.find("/freezer/") == std::string::npos) continue;
    if (const std::string line = first_line(directory + "/freezer.self_freezing"); !line.empty()) return line == "1";
  }
  const std::optional<Freezer> freezer = find(directories);
  if (!freezer) return false;
  if (freezer->unified) return first_line(freezer->file()) == "1";
  return first_line(freezer->directory + "/freezer.self_freezing") == "1";
}

}  // namespace caisson::cgroup
