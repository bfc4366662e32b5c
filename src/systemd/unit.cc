#include "systemd/unit.h"

#include <time.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "systemd/message.h"

namespace caisson::systemd {

namespace {

constexpr const char* kUnitExists = "org.freedesktop.systemd1.UnitExists";
constexpr const char* kNoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";
constexpr const char* kJob = "org.freedesktop.systemd1.Job";
constexpr const char* kScope = "org.freedesktop.systemd1.Scope";

std::uint64_t now_us() {
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

struct UnrefSlot {
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};

Result<Message> method_call(const Bus& bus, const char* method) {
  sd_bus_message* made = nullptr;
  const int result = sd_bus_message_new_method_call(bus.get(), &made, kService, kManagerPath, kManager, method);
  if (result < 0) return fail(bus_error(method, result, SD_BUS_ERROR_NULL));
  return Message(made);
}

// The answer to a call, or which error systemd gave: its name in `name`.
Result<Message> call(const Bus& bus, sd_bus_message* message, std::string* name = nullptr) {
  FreeError error;
  sd_bus_message* reply = nullptr;
  const int result = sd_bus_call(bus.get(), message, kTimeoutUs, &error.value, &reply);
  if (result >= 0) return Message(reply);
  if (name != nullptr && error.value.name != nullptr) *name = error.value.name;
  return fail(bus_error(sd_bus_message_get_member(message), result, error.value));
}

// The end of jobs, listened for from before the first is there.
class Jobs {
 public:
  explicit Jobs(const Bus& bus) : bus_(bus) {}

  Result<> listen() {
    sd_bus_slot* slot = nullptr;
    const int result =
        sd_bus_match_signal(bus_.get(), &slot, kService, kManagerPath, kManager, "JobRemoved", removed, this);
    slot_.reset(slot);
    if (result < 0) return fail(bus_error("listen for JobRemoved", result, SD_BUS_ERROR_NULL));
    if (!bus_.is_direct) TRY(call(bus_, TRY(method_call(bus_, "Subscribe")).get()));
    return {};
  }

  /// Until the job that `reply` names has ended.
  Result<> await(sd_bus_message* reply, const std::string& what) {
    const char* path = nullptr;
    if (const int result = sd_bus_message_read(reply, "o", &path); result < 0) {
      return fail(bus_error(what, result, SD_BUS_ERROR_NULL));
    }
    awaited_ = path;
    const std::uint64_t end = now_us() + kTimeoutUs;
    while (result_.empty()) {
      const int processed = sd_bus_process(bus_.get(), nullptr);
      if (processed < 0) return fail(bus_error(what, processed, SD_BUS_ERROR_NULL));
      if (processed > 0) continue;
      const std::uint64_t now = now_us();
      if (now >= end) return fail(late(what));
      sd_bus_wait(bus_.get(), end - now);
    }
    if (result_ == "done") return {};
    return fail(complaint(fmt::format("{}: its job ended as '{}'", what, result_), "journalctl tells why"));
  }

 private:
  static int removed(sd_bus_message* message, void* self, sd_bus_error*) {
    std::uint32_t id = 0;
    const char *path = nullptr, *unit = nullptr, *result = nullptr;
    auto& jobs = *static_cast<Jobs*>(self);
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && jobs.awaited_ == path)
      jobs.result_ = result;
    return 0;
  }

  Error late(const std::string& what) const {
    const Result<std::string> state = string_property(bus_, awaited_.c_str(), kJob, "State");
    return complaint(fmt::format("{}: its job was not done in {} s, it is '{}'", what, kTimeoutUs / 1'000'000,
                                 state ? *state : "unknown"),
                     "systemctl list-jobs shows what it waits for");
  }

  const Bus& bus_;
  std::unique_ptr<sd_bus_slot, UnrefSlot> slot_;
  std::string awaited_;
  std::string result_;
};

void forget_failure(const Bus& bus, const std::string& unit) {
  Result<Message> message = method_call(bus, "ResetFailedUnit");
  if (message && sd_bus_message_append(message->get(), "s", unit.c_str()) >= 0) {
    const Result<Message> answer = call(bus, message->get());  // refused where it has not failed
    (void)answer;
  }
}

std::string object_path(const std::string& unit) {
  char* path = nullptr;
  if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path) < 0) return {};
  std::string text(path);
  std::free(path);
  return text;
}

// Where the processes are is what everything else relies on.
Result<> check_control_group(const Bus& bus, const std::string& unit, const std::string& wanted) {
  if (wanted.empty()) return {};
  const std::string found = TRY(string_property(bus, object_path(unit).c_str(), kScope, "ControlGroup"));
  if (found == wanted) return {};
  return fail(complaint(fmt::format("{} is in the cgroup {}, and not in {}", unit, found, wanted)));
}

Result<Message> ask_to_start(const Bus& bus, const std::string& unit, std::span<const std::string> properties,
                             std::string& error_name) {
  Message message = TRY(method_call(bus, "StartTransientUnit"));
  int result = sd_bus_message_append(message.get(), "ss", unit.c_str(), "replace");
  if (result >= 0) {
    TRY(append_properties(message.get(), properties));
    result = sd_bus_message_append(message.get(), "a(sa(sv))", 0);
  }
  if (result < 0) return fail(bus_error("StartTransientUnit", result, SD_BUS_ERROR_NULL));
  return call(bus, message.get(), &error_name);
}

}  // namespace

Result<Manager> query(const Bus& bus) {
  const std::string version = TRY(string_property(bus, kManagerPath, kManager, "Version"));
  Manager manager{.control_group = TRY(string_property(bus, kManagerPath, kManager, "ControlGroup"))};
  if (manager.control_group == "/") manager.control_group.clear();
  // "252.39-1~deb12u1", "v239"
  const std::size_t begin = version.find_first_of("0123456789");
  if (begin != std::string::npos) {
    const std::size_t end = version.find_first_not_of("0123456789", begin);
    manager.version = static_cast<unsigned>(parse_unsigned(version.substr(begin, end - begin)).value_or(0));
  }
  if (manager.version == 0) return fail(complaint(fmt::format("'{}' is not a version of systemd", version)));
  return manager;
}

Result<> start(const Bus& bus, const std::string& unit, const std::string& control_group,
               std::span<const std::string> properties) {
  Jobs jobs(bus);
  TRY(jobs.listen());
  std::string error_name;
  Result<Message> reply = ask_to_start(bus, unit, properties, error_name);
  if (!reply && error_name == kUnitExists) {
    forget_failure(bus, unit);
    reply = ask_to_start(bus, unit, properties, error_name);
    if (!reply && error_name == kUnitExists) {
      Error error = reply.error();
      error.hint = fmt::format("see systemctl {}status {}", bus.which == Which::kUser ? "--user " : "", unit);
      return fail(std::move(error));
    }
  }
  const Message job = TRY(std::move(reply));
  Result<> started = jobs.await(job.get(), "start " + unit);
  if (started) started = check_control_group(bus, unit, control_group);
  if (!started) {
    const Result<> stopped = stop(bus, unit);  // whatever came of it, nothing is left
    (void)stopped;
  }
  return started;
}

Result<> set_properties(const Bus& bus, const std::string& unit, std::span<const std::string> properties) {
  const Message message = TRY(method_call(bus, "SetUnitProperties"));
  if (const int result = sd_bus_message_append(message.get(), "sb", unit.c_str(), 1); result < 0) {
    return fail(bus_error("SetUnitProperties", result, SD_BUS_ERROR_NULL));
  }
  TRY(append_properties(message.get(), properties));
  TRY(call(bus, message.get()));
  return {};
}

Result<> stop(const Bus& bus, const std::string& unit) {
  Jobs jobs(bus);
  TRY(jobs.listen());
  const Message message = TRY(method_call(bus, "StopUnit"));
  if (const int result = sd_bus_message_append(message.get(), "ss", unit.c_str(), "replace"); result < 0) {
    return fail(bus_error("StopUnit", result, SD_BUS_ERROR_NULL));
  }
  std::string error_name;
  Result<Message> reply = call(bus, message.get(), &error_name);
  if (!reply) {
    if (error_name == kNoSuchUnit) return {};
    return fail(reply.error());
  }
  TRY(jobs.await(reply->get(), "stop " + unit));
  forget_failure(bus, unit);
  return {};
}

Result<> attach(const Bus& bus, const std::string& unit, const std::string& below, std::uint32_t pid) {
  const Message message = TRY(method_call(bus, "AttachProcessesToUnit"));
  if (const int result = sd_bus_message_append(message.get(), "ssau", unit.c_str(), below.c_str(), 1, pid);
      result < 0) {
    return fail(bus_error("AttachProcessesToUnit", result, SD_BUS_ERROR_NULL));
  }
  TRY(call(bus, message.get()));
  return {};
}

}  // namespace caisson::systemd
