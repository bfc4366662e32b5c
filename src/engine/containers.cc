#include "engine/containers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/freezer.h"
#include "engine/events.h"
#include "engine/own_ids.h"
#include "engine/volumes.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  (void)!::getrandom(&number, sizeof number, 0);
  return number;
}

constexpr std::string_view kNoSuchContainer = "no such container: ";

Error no_such_container(const std::string& reference) {
  return complaint(fmt::format("{}{}", kNoSuchContainer, reference));
}

Result<> remove_link(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(os_error("unlink", path));
}

// Whoever holds the lock keeps the container. A shared lock tells whether somebody does, and is let go at once.
Result<bool> has_keeper(const std::string& lock_path) {
  const Result<Fd> lock = kernel::open_file(lock_path, O_RDONLY);
  if (!lock && lock.error().number == ENOENT) return false;
  if (!lock) return fail(lock.error());
  return ::flock(lock->get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<Container> load(const Places& places, const std::string& id) {
  const std::string directory = places.container(id);
  Container container;
  container.record =
      TRY_IN("container " + short_id(id), read_record(TRY(kernel::read_file(directory + "/" + kRecordFile))));
  if (TRY(has_keeper(places.live(id) + "/lock"))) {
    const auto text = kernel::read_file(places.live(id) + "/" + kStateFile);
    if (!text && text.error().number != ENOENT) return fail(text.error());
    container.live = text ? TRY_IN("container " + short_id(id), read_live(*text)) : Live{};  // it is being made
    container.is_paused = container.live->process.pid != 0 && cgroup::is_frozen(container.record.cgroup_directories);
    if (container.live->next_start_ns == 0) return container;
  }
  if (const auto text = kernel::read_file(directory + "/" + kEndingFile)) {
    if (Result<Ending> ending = read_ending(*text)) container.ending = std::move(*ending);
  }
  return container;
}

}  // namespace

std::string made_up_name() {
  constexpr std::array kFirst = {"amber", "brisk", "calm",  "deep",  "eager", "fair",  "grand", "honest",
                                 "ivory", "jolly", "keen",  "lucid", "mild",  "noble", "olive", "proud",
                                 "quiet", "rapid", "sharp", "tidal", "upper", "vivid", "warm",  "young"};
  constexpr std::array kSecond = {"anchor",  "barge", "beacon", "bollard", "bridge", "buoy",   "canal", "crane",
                                  "culvert", "dock",  "ferry",  "harbor",  "jetty",  "keel",   "lock",  "mast",
                                  "mooring", "pier",  "pylon",  "quay",    "rudder", "sluice", "spar",  "weir"};
  const std::uint64_t number = random_number();
  return fmt::format("{}_{}_{:04x}", kFirst[number % kFirst.size()], kSecond[number / 64 % kSecond.size()],
                     number >> 48);
}

std::string notify_directory(const Places& places, const std::string& id) { return places.live(id) + "/notify"; }

bool is_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 128 && plain(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '_' || c == '.' || c == '-'; });
}

std::string new_id() {
  std::array<char, 32> bytes{};
  (void)!::getrandom(bytes.data(), bytes.size(), 0);
  return hex(std::string_view(bytes.data(), bytes.size()));
}

Result<> reserve_name(const Places& places, const std::string& name, const std::string& id) {
  if (!is_name(name)) return fail(complaint(fmt::format("'{}' is not a name: [a-zA-Z0-9][a-zA-Z0-9_.-]* is", name)));
  TRY(kernel::make_directories(places.root + "/names", 0700));
  if (::symlink(id.c_str(), places.name(name).c_str()) == 0) return {};
  if (errno != EEXIST) return fail(os_error("symlink", places.name(name)));
  const std::string holder = kernel::read_link(places.name(name)).value_or("");
  if (!holder.empty() &&
      !kernel::exists(places.container(holder))) {  // left by one that was killed while it was removed
    ::unlink(places.name(name).c_str());
    return reserve_name(places, name, id);
  }
  return fail(complaint(fmt::format("the name '{}' is in use by container {}", name, short_id(holder)),
                        fmt::format("remove it with: caisson rm {}", name)));
}

Result<Reservation> Reservation::make(const Places& places, const std::string& name) {
  if (!name.empty() && !is_name(name)) {
    return fail(in("--name", complaint(fmt::format("'{}' is not a name: [a-zA-Z0-9][a-zA-Z0-9_.-]* is", name))));
  }
  // Locked before anything else is there, so that no other command takes it for one that was left behind. One that does
  // before it is locked clears it away: it was not to be.
  constexpr int kTries = 100;
  std::optional<Fd> lock;
  std::string id;
  for (int tries = 0; !lock; ++tries) {
    if (tries == kTries) return fail(complaint("other commands keep taking a new container for one that was left"));
    id = new_id();
    lock = TRY(lock_container(places, id));
  }
  Reservation reservation;
  reservation.places_ = &places;
  reservation.id_ = std::move(id);
  reservation.live_directory_ = places.live(reservation.id_);
  reservation.lock_ = std::move(*lock);
  reservation.directory_ = places.container(reservation.id_);
  TRY(kernel::make_directories(reservation.directory_, 0700));
  std::string wanted = name.empty() ? made_up_name() : name;
  Result<> reserved = reserve_name(places, wanted, reservation.id_);
  // One that is made up may be another's already: rare, but not with thousands of containers.
  for (int tries = 0; !reserved && name.empty() && tries < kTries; ++tries) {
    wanted = made_up_name();
    reserved = reserve_name(places, wanted, reservation.id_);
  }
  TRY(reserved);
  reservation.name_ = std::move(wanted);
  return reservation;
}

Result<Reservation> Reservation::again(const Places& places, const Record& record) {
  std::optional<Fd> lock = TRY(lock_container(places, record.id));
  if (!lock) return fail(complaint(fmt::format("container {} is running, or another command has it", record.name)));
  if (!kernel::exists(places.container(record.id) + "/" + kRecordFile)) {
    (void)kernel::remove_tree(places.live(record.id));
    return fail(no_such_container(record.name));
  }
  return held(places, record, std::move(*lock));
}

Reservation Reservation::held(const Places& places, const Record& record, Fd lock) {
  Reservation reservation;
  reservation.places_ = &places;
  reservation.is_new_ = false;
  reservation.id_ = record.id;
  reservation.name_ = record.name;
  reservation.directory_ = places.container(record.id);
  reservation.live_directory_ = places.live(record.id);
  reservation.lock_ = std::move(lock);
  return reservation;
}

Reservation::Reservation(Reservation&& other) noexcept
    : places_(std::exchange(other.places_, nullptr)),
      is_new_(other.is_new_),
      id_(std::move(other.id_)),
      name_(std::move(other.name_)),
      directory_(std::move(other.directory_)),
      live_directory_(std::move(other.live_directory_)),
      lock_(std::move(other.lock_)) {}

Reservation::~Reservation() {
  if (places_ == nullptr) return;
  if (is_new_ && !name_.empty()) ::unlink(places_->name(name_).c_str());
  if (is_new_ && !directory_.empty()) {
    if (const auto text = kernel::read_file(directory_ + "/" + kRecordFile)) {
      if (const Result<Record> record = read_record(*text)) (void)remove_anonymous_volumes(*places_, *record);
    }
    (void)remove_container_tree(directory_);
  }
  if (!live_directory_.empty()) (void)kernel::remove_tree(live_directory_);
}

Fd Reservation::keep() && {
  places_ = nullptr;
  return std::move(lock_);
}

std::string log_path(const Places& places, const Record& record) {
  if (record.log.driver != LogDriver::kLines && record.log.driver != LogDriver::kJson) return {};
  return record.log.path.empty() ? places.container(record.id) + "/log" : record.log.path;
}

bool starts_with_boot(const Container& container) {
  const bool ran = container.live || (container.record.started && !container.ending);
  return restarts_after_boot(container.record.restart, ran, container.ending && container.ending->asked_for);
}

std::string_view status_word(const Container& container) {
  if (!container.live) return container.ending || container.record.started ? "exited" : "created";
  if (container.live->next_start_ns != 0) return "restarting";
  if (container.live->process.pid == 0) return "created";
  return container.is_paused ? "paused" : "running";
}

Result<std::optional<Container>> find_by_name(const Places& places, const std::string& name) {
  if (!is_name(name)) return std::nullopt;
  // Only what is not there is none: whoever passes over that must not pass over a disk error.
  const auto is_missing = [](const Error& error) { return error.number == ENOENT || error.number == ENOTDIR; };
  const Result<std::string> id = kernel::read_link(places.name(name));
  if (!id && is_missing(id.error())) return std::nullopt;
  if (!id) return fail(id.error());
  Result<Container> container = load(places, *id);
  if (!container && is_missing(container.error())) return std::nullopt;
  if (!container) return fail(std::move(container).error());
  return std::optional(std::move(*container));
}

bool is_no_such_container(const Error& error) { return error.text().starts_with(kNoSuchContainer); }

Result<Container> find_container(const Places& places, const std::string& reference) {
  if (std::optional<Container> named = TRY(find_by_name(places, reference))) return std::move(*named);
  std::vector<std::string> matches;
  for (const std::string& id : TRY(kernel::list_directory(places.root + "/containers"))) {
    if (!reference.empty() && id.starts_with(reference)) matches.push_back(id);
  }
  if (matches.empty()) return fail(no_such_container(reference));
  if (matches.size() > 1)
    return fail(complaint(fmt::format("{} containers have an id that begins with '{}'", matches.size(), reference)));
  return load(places, matches[0]);
}

Result<Listing> list_containers(const Places& places) {
  Listing listing;
  for (const std::string& id : TRY(kernel::list_directory(places.root + "/containers"))) {
    Result<Container> container = load(places, id);
    if (container) {
      listing.containers.push_back(std::move(*container));
    } else if (container.error().number != ENOENT) {  // that one is being made or removed at this moment
      listing.damaged.push_back(container.error().text());
    }
  }
  std::sort(listing.containers.begin(), listing.containers.end(),
            [](const Container& a, const Container& b) { return a.record.created_ns > b.record.created_ns; });
  return listing;
}

Result<Ending> last_words(int lock) {
  if (::flock(lock, LOCK_SH) != 0) return fail(os_error("flock", "lock"));
  const std::string words = TRY(kernel::read_all(lock, "lock"));
  if (words.empty()) return fail(complaint("the container's keeper was killed"));
  return read_ending(words);
}

Result<Ending> wait_for_end(const Places& places, const Container& container) {
  if (const Result<Fd> lock = kernel::open_file(places.live(container.record.id) + "/lock", O_RDONLY))
    return last_words(lock->get());
  return read_ending(TRY(kernel::read_file(places.container(container.record.id) + "/" + kEndingFile)));
}

Result<std::optional<Fd>> lock_container(const Places& places, const std::string& id) {
  for (;;) {
    TRY(kernel::make_directories(places.live(id), 0700));
    Result<std::optional<Fd>> lock = kernel::lock_file(places.live(id) + "/lock", kernel::Lock::kTry);
    // An empty directory may be swept away before there is a lock in it.
    if (lock || lock.error().number != ENOENT) return lock;
  }
}

// The record goes last: who is killed on the way leaves a container that is listed, and can be removed again.
Result<> remove_container(const Places& places, const Record& record) {
  const std::string directory = places.container(record.id);
  for (const std::string& name : TRY(kernel::list_directory(directory))) {
    if (name != kRecordFile && name != kEndingFile) TRY(remove_container_tree(directory + "/" + name));
  }
  TRY(remove_link(places.name(record.name)));
  TRY(kernel::remove_tree(directory + "/" + kRecordFile));
  TRY(kernel::remove_tree(directory));
  note_event(places, record, "remove");
  return kernel::remove_tree(places.live(record.id));
}

Result<> remove_remains(const Places& places, const std::string& id) {
  for (const std::string& name : TRY(kernel::list_directory(places.root + "/names"))) {
    if (kernel::read_link(places.name(name)).value_or("") == id) TRY(remove_link(places.name(name)));
  }
  TRY(remove_container_tree(places.container(id)));
  return kernel::remove_tree(places.live(id));
}

}  // namespace caisson::engine
