// What each kind of step does. Runs in the parent, the launcher and the child alike: nothing here allocates, logs or
// throws.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>

#include "execute/channel.h"
#include "plan/failure.h"
#include "plan/plan.h"

namespace caisson::execute {

/// How an action went: kNone, or the call that failed with its errno and which operand it was.
struct Outcome {
  plan::Call call = plan::Call::kNone;
  std::uint16_t operand = 0;
  std::int16_t error = 0;
  bool ok() const { return call == plan::Call::kNone; }
};

inline Outcome done() { return {}; }

/// The failure of `call` with the errno of this moment.
inline Outcome failed(plan::Call call, std::size_t operand = 0) {
  return {call, static_cast<std::uint16_t>(operand), static_cast<std::int16_t>(errno)};
}
inline Outcome failed_with(plan::Call call, int error, std::size_t operand = 0) {
  return {call, static_cast<std::uint16_t>(operand), static_cast<std::int16_t>(error)};
}

/// A list of C strings with its terminating null, made before the clone: argv and envp.
struct Pointers {
  char* const* arguments = nullptr;
  char** environment = nullptr;
};

/// A step that a test wants to fail, without being done; error 0: none.
struct Forced {
  plan::Lane lane = plan::Lane::kParent;
  std::uint16_t step = 0;
  std::int16_t error = 0;
};

/// What a lane's process works with. Each process has its own copy after the clone.
struct Context {
  const plan::Plan* plan = nullptr;
  int* slots = nullptr;    ///< descriptors and pids by slot
  int channel = -1;        ///< this process's end
  int other_channel = -1;  ///< the other end, while both are open
  plan::Lane lane = plan::Lane::kParent;
  Pointers pointers;
  std::int64_t* marks = nullptr;  ///< shared: when each step of each lane was done, nanoseconds; null: nobody asks
  Forced forced;
  bool in_directory = false;                                 ///< ChangeDirectory has been let in
  char home[sizeof "HOME=" + plan::kLongestHome] = "HOME=";  ///< the variable that FindHome makes
  std::uint16_t step = 0;                                    ///< the step being run
  plan::StepFailure received;                                ///< the other side's failure, when a wait ended with one
  plan::Lane received_lane = plan::Lane::kParent;
  char said[kSaidBytes] = "";  ///< Failure::said

  const char* c_str(plan::Text text) const { return plan->c_str(text); }

  /// Whether the options give a value to `key`: "mode=".
  bool has_option(plan::Range options, const char* key) const {
    for (const plan::Text option : plan->texts(options)) {
      if (std::strncmp(c_str(option), key, std::strlen(key)) == 0) return true;
    }
    return false;
  }

  int at(plan::Slot slot) const { return slot == plan::kNoSlot ? -1 : slots[slot]; }
  void put(plan::Slot slot, int value) {
    if (slot != plan::kNoSlot) slots[slot] = value;
  }
};

/// A descriptor of the child's, closed at the end of its block. (base's Fd would do; this one keeps errno.)
class Held {
 public:
  explicit Held(int fd = -1) noexcept : fd_(fd) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { reset(); }
  void reset(int fd = -1) noexcept;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Outcome act(const plan::MakeCgroup&, Context&) noexcept;
Outcome act(const plan::EnableControllers&, Context&) noexcept;
Outcome act(const plan::RestrictDevices&, Context&) noexcept;
Outcome act(const plan::GiveCgroup&, Context&) noexcept;
Outcome act(const plan::MakeMountSource&, Context&) noexcept;
Outcome act(const plan::WriteFile&, Context&) noexcept;
Outcome act(const plan::MapIds&, Context&) noexcept;
Outcome act(const plan::IdMapTree&, Context&) noexcept;
Outcome act(const plan::MakeUserNamespace&, Context&) noexcept;
Outcome act(const plan::MoveNetworkDevice&, Context&) noexcept;
Outcome act(const plan::JoinResctrlGroup&, Context&) noexcept;
Outcome act(const plan::Spawn&, Context&) noexcept;
Outcome act(const plan::Await&, Context&) noexcept;
Outcome act(const plan::AwaitStart&, Context&) noexcept;
Outcome act(const plan::Signal&, Context&) noexcept;
Outcome act(const plan::SendDescriptor&, Context&) noexcept;
Outcome act(const plan::ReceiveDescriptor&, Context&) noexcept;
Outcome act(const plan::RunHook&, Context&) noexcept;
Outcome act(const plan::AskSystemd&, Context&) noexcept;
Outcome act(const plan::OpenFile&, Context&) noexcept;
Outcome act(const plan::JoinNamespace&, Context&) noexcept;
Outcome act(const plan::AttachCgroup&, Context&) noexcept;
Outcome act(const plan::Unshare&, Context&) noexcept;
Outcome act(const plan::MakeTimeNamespace&, Context&) noexcept;
Outcome act(const plan::BringUpLoopback&, Context&) noexcept;
Outcome act(const plan::SetHostname&, Context&) noexcept;
Outcome act(const plan::OpenTree&, Context&) noexcept;
Outcome act(const plan::SetPropagation&, Context&) noexcept;
Outcome act(const plan::MountRoot&, Context&) noexcept;
Outcome act(const plan::MountOverlayRoot&, Context&) noexcept;
Outcome act(const plan::Mount&, Context&) noexcept;
Outcome act(const plan::MakeDevice&, Context&) noexcept;
Outcome act(const plan::BindDevice&, Context&) noexcept;
Outcome act(const plan::MakeLink&, Context&) noexcept;
Outcome act(const plan::Pivot&, Context&) noexcept;
Outcome act(const plan::ChangeRoot&, Context&) noexcept;
Outcome act(const plan::Mask&, Context&) noexcept;
Outcome act(const plan::MakeReadOnly&, Context&) noexcept;
Outcome act(const plan::SetAttribute&, Context&) noexcept;
Outcome act(const plan::SetAffinity&, Context&) noexcept;
Outcome act(const plan::SetScheduler&, Context&) noexcept;
Outcome act(const plan::SetMemoryPolicy&, Context&) noexcept;
Outcome act(const plan::SetLabel&, Context&) noexcept;
Outcome act(const plan::FindHome&, Context&) noexcept;
Outcome act(const plan::RestrictFiles&, Context&) noexcept;
Outcome act(const plan::ConnectStreams&, Context&) noexcept;
Outcome act(const plan::Console&, Context&) noexcept;
Outcome act(const plan::SetIds&, Context&) noexcept;
Outcome act(const plan::ChangeDirectory&, Context&) noexcept;
Outcome act(const plan::CloseDescriptors&, Context&) noexcept;
Outcome act(const plan::LoadFilter&, Context&) noexcept;
Outcome act(const plan::SendListener&, Context&) noexcept;
Outcome act(const plan::FindProgram&, Context&) noexcept;
Outcome act(const plan::Exec&, Context&) noexcept;

/// Asks what `request` says of the step's program, and waits. Also where a step is taken back.
Outcome ask_systemd(const plan::AskSystemd& step, plan::Range request, plan::Slot pid, Context& context) noexcept;
/// What takes back a step of the parent's, after its processes have ended.
Outcome take_back(const plan::MoveNetworkDevice&, Context&) noexcept;
Outcome take_back(const plan::JoinResctrlGroup&, Context&) noexcept;

/// A program starts with the signals as it would from a shell: nothing blocked, nothing ignored by the caller's doing.
void reset_signals() noexcept;

/// Runs the steps of `context.lane` in order. The first failure ends it.
Outcome run_lane(Context& context) noexcept;

/// The body of a cloned process: runs its lane, unless `begun` went wrong already, which is the spawning step's
/// failure; reports a failure and waits until the parent has looked; never returns.
[[noreturn]] void run_process(Context& context, plan::Lane lane, const Outcome& begun) noexcept;

}  // namespace caisson::execute
