// The keeper of a container that its caller does not wait for: `run -d`, and everything with a terminal.
//
// usage: monitor --pid=N [--OPTION=VALUE …] [CHECK …] [-- CLEAN-UP [ARGUMENT …]]
//
//     --pid=N            the container's process, a child of this one
//     --pidfd=FD         a descriptor of it
//     --input=FD --output=FD --error=FD   the far ends of its pipes
//     --terminal=FD      or the master of its terminal
//     --listener=FD      the socket for those who attach
//     --log=PATH --log-bytes=N --log-files=N   its log, the length of one file, how many are kept
//     --log-json         the log is docker's json-file
//     --journal=FIELDS   its log is systemd's journal, with these fields, each ended by a newline
//     --check-interval=MS --check-start-interval=MS --check-start-period=MS   when CHECK is executed: what looks after
//                        its health (keeper/checks.h); its words hold no "--"
//     --timeout=SECONDS  kill it after so long
//     --stop-signal=N --stop-timeout=SECONDS   what it is sent for a SIGTERM to the monitor, and how long it has then
//
// It is executed by whoever made the container, with the container's process as its child and the descriptors open.
// At the end it becomes CLEAN-UP, with every argument `{status}` replaced by the wait status as waitpid(2) gave it (or
// `unknown`), and `{told}` by `told` if SIGTERM has come to the monitor, or by `-`. Exit status: 125 for a wrong
// command line, or when CLEAN-UP cannot be executed.
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cstdint>

#include "keeper/keep.h"

namespace caisson::keeper {
namespace {

constexpr int kFailed = 125;

// The whole of `text` as a number; -1 if it is none.
std::int64_t number(const char* text) {
  std::int64_t value = 0;
  const char* at = text;
  for (; *at >= '0' && *at <= '9' && value < INT64_MAX / 10 - 1; ++at) value = value * 10 + (*at - '0');
  return at != text && *at == '\0' ? value : -1;
}

// The value of `argument` if it is `name` ("--pid=").
const char* value_of(const char* argument, const char* name) {
  const std::size_t length = strlen(name);
  return strncmp(argument, name, length) == 0 ? argument + length : nullptr;
}

// A descriptor that was handed to this program, and is nobody's beyond it.
Fd inherited(std::int64_t descriptor) {
  ::fcntl(static_cast<int>(descriptor), F_SETFD, FD_CLOEXEC);
  return Fd(static_cast<int>(descriptor));
}

struct CheckTime {
  const char* name;
  std::int64_t CheckSettings::* milliseconds;
};

bool take_option(const char* argument, Kept& kept) {
  if (const char* path = value_of(argument, "--log=")) {
    kept.log.path = path;
    return *path == '/';
  }
  if (strcmp(argument, "--log-json") == 0) {
    kept.log.format = EntryFormat::kJson;
    return true;
  }
  if (const char* fields = value_of(argument, "--journal=")) {
    kept.log.journal = fields;
    return true;
  }
  const char* equals = strchr(argument, '=');
  const std::int64_t value = equals != nullptr ? number(equals + 1) : -1;
  if (value < 0) return false;
  if (value_of(argument, "--log-bytes=")) {
    kept.log.file_bytes = value;
    return true;
  }
  for (const auto& [name, milliseconds] : {CheckTime{"--check-interval=", &CheckSettings::interval_ms},
                                           CheckTime{"--check-start-interval=", &CheckSettings::start_interval_ms},
                                           CheckTime{"--check-start-period=", &CheckSettings::start_period_ms}}) {
    if (!value_of(argument, name)) continue;
    kept.check.*milliseconds = value;
    return true;
  }
  if (value > INT32_MAX) return false;
  if (value_of(argument, "--pid=")) {
    kept.pid = static_cast<pid_t>(value);
  } else if (value_of(argument, "--pidfd=")) {
    kept.pidfd = inherited(value);
  } else if (value_of(argument, "--input=")) {
    kept.input = inherited(value);
  } else if (value_of(argument, "--output=")) {
    kept.output = inherited(value);
  } else if (value_of(argument, "--error=")) {
    kept.error = inherited(value);
  } else if (value_of(argument, "--terminal=")) {
    kept.terminal = inherited(value);
  } else if (value_of(argument, "--listener=")) {
    kept.listener = inherited(value);
  } else if (value_of(argument, "--log-files=")) {
    kept.log.files = static_cast<int>(value);
  } else if (value_of(argument, "--timeout=")) {
    kept.timeout_seconds = static_cast<unsigned>(value);
  } else if (value_of(argument, "--stop-signal=")) {
    kept.stop_signal = static_cast<int>(value);
  } else if (value_of(argument, "--stop-timeout=")) {
    kept.stop_timeout_s = static_cast<int>(value);
  } else {
    return false;
  }
  return true;
}

// Lets go of what belongs to the caller: whoever reads the end of `caisson run -d` must not wait for the container.
void detach() {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {0, 1, 2}) {
    if (null) ::dup2(null.get(), standard);
  }
  (void)!::chdir("/");
}

// `status` in decimal, in `text`.
void print(int status, char* text) {
  char digits[12];
  int count = 0;
  unsigned rest = static_cast<unsigned>(status);
  do digits[count++] = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) > 0);
  while (count > 0) *text++ = digits[--count];
  *text = '\0';
}

int run(char** arguments) {
  Kept kept;
  kept.leave_clients = true;
  for (; *arguments != nullptr && strcmp(*arguments, "--") != 0; ++arguments) {
    if (strncmp(*arguments, "--", 2) != 0) {
      kept.check.command = arguments;
      while (*arguments != nullptr && strcmp(*arguments, "--") != 0) ++arguments;
      break;
    }
    if (!take_option(*arguments, kept)) return kFailed;
  }
  if (kept.pid <= 0) return kFailed;
  if (*arguments != nullptr) *arguments++ = nullptr;  // the "--" ends the check's command
  detach();
  const std::optional<int> status = keep(kept);

  if (*arguments == nullptr) return 0;
  char text[12] = "unknown";
  char told[] = "told";
  char not_told[] = "-";
  if (status) print(*status, text);
  for (char** argument = arguments; *argument != nullptr; ++argument) {
    if (strcmp(*argument, "{status}") == 0) *argument = text;
    if (strcmp(*argument, "{told}") == 0) *argument = kept.told_to_end ? told : not_told;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(arguments[0], arguments);
  return kFailed;
}

}  // namespace
}  // namespace caisson::keeper

int main(int argc, char** argv) { return argc > 0 ? caisson::keeper::run(argv + 1) : caisson::keeper::kFailed; }
