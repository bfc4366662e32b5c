// The containers there are: made, found, listed, removed. One directory and one lock a container; nothing is global.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "engine/places.h"
#include "engine/record.h"

namespace caisson::engine {

// The files of ROOT/containers/ID that others look for.
inline constexpr const char* kRecordFile = "container.json";
inline constexpr const char* kEndingFile = "exit.json";
inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kRecipeFile = "start.json";
// And those of RUNROOT/containers/ID.
inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kAttachSocket = "attach";

/// 64 random hexadecimal digits (getrandom(2)).
std::string new_id();

/// Two words and a number, for who has no name.
std::string made_up_name();

/// The directory that a container has its socket for sd_notify(3) in (Readiness::kSaid).
std::string notify_directory(const Places& places, const std::string& id);

/// Whether containers and pods can have that name: [a-zA-Z0-9][a-zA-Z0-9_.-]*.
bool is_name(std::string_view name);

/// A container that is being made or started: its directories, its name and its lock. What was made is taken back when
/// this goes, unless keep() was called.
class Reservation {
 public:
  /// `name` empty: one is made up. Errors: a name that is taken or is none ([a-zA-Z0-9][a-zA-Z0-9_.-]*).
  static Result<Reservation> make(const Places& places, const std::string& name);

  /// One that is there and does not run, to be started. Errors: it runs; another command starts or removes it.
  static Result<Reservation> again(const Places& places, const Record& record);

  /// The same, by who holds its lock already.
  static Reservation held(const Places& places, const Record& record, Fd lock);

  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&&) = delete;
  ~Reservation();

  bool is_new() const { return is_new_; }
  const std::string& id() const { return id_; }
  const std::string& name() const { return name_; }
  const std::string& directory() const { return directory_; }
  const std::string& live_directory() const { return live_directory_; }

  /// The container is there to stay: the lock is whoever's who keeps it now.
  Fd keep() &&;
  int lock() const { return lock_.get(); }

 private:
  Reservation() = default;

  const Places* places_ = nullptr;
  bool is_new_ = true;
  std::string id_;
  std::string name_;
  std::string directory_;
  std::string live_directory_;
  Fd lock_;
};

/// A container as others see it.
struct Container {
  Record record;
  std::optional<Live> live;      ///< it runs, or is being made
  std::optional<Ending> ending;  ///< it has ended; also of one that waits for its next start
  bool is_paused = false;
};

/// The file of its log; empty: it has none.
std::string log_path(const Places& places, const Record& record);

/// "created", "running", "paused", "restarting" or "exited": docker's words.
std::string_view status_word(const Container& container);

/// Whether its policy starts it with the next boot; one that runs is taken for one that runs until then.
bool starts_with_boot(const Container& container);

/// The container with this name, id, or unique prefix of an id. Errors: none, which is_no_such_container() tells; or
/// several.
Result<Container> find_container(const Places& places, const std::string& reference);
bool is_no_such_container(const Error& error);

/// Makes `name` that of the container `id`. Errors: a name that is taken, or is none ([a-zA-Z0-9][a-zA-Z0-9_.-]*).
Result<> reserve_name(const Places& places, const std::string& name, const std::string& id);

/// The one that has this name; nothing if none has.
Result<std::optional<Container>> find_by_name(const Places& places, const std::string& name);

/// All of them, the newest first. A damaged record is left out and named in `damaged`.
struct Listing {
  std::vector<Container> containers;
  std::vector<std::string> damaged;
};
Result<Listing> list_containers(const Places& places);

/// The end of the container whose lock is open for reading in `lock`: waits until its keeper lets go of it.
Result<Ending> last_words(int lock);

/// Waits until the container has no keeper any more, and gives how it ended: also that of one that removes itself.
Result<Ending> wait_for_end(const Places& places, const Container& container);

/// The lock of a container, with the directory that it lies in; nothing if somebody holds it. What whoever holds it
/// leaves half-done is cleared by the next command.
Result<std::optional<Fd>> lock_container(const Places& places, const std::string& id);

/// Removes the record and the files of a container that does not run. The caller holds its lock.
Result<> remove_container(const Places& places, const Record& record);

/// The same of one that has no record: not yet, or not any more.
Result<> remove_remains(const Places& places, const std::string& id);

}  // namespace caisson::engine
