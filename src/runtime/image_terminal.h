// The terminal that a checkpoint's container had. It is from outside of it, so that criu keeps nothing of its state;
// but a shell that has switched to reading keys takes it to be as it left it.
//
//   IMAGES/caisson-terminal.json   {"modes": [input, output, control, local], "characters": […], "rows": 24, "columns":
//   80}
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace caisson::runtime {

struct TerminalState {
  struct termios settings{};
  struct winsize size{};
};

/// ioctl_tty(2). Error: nobody has its other end, or it is no terminal.
Result<TerminalState> state_of_terminal(int terminal);

/// The speed of a line stays what it is. termios(3).
Result<> apply_to_terminal(int terminal, const TerminalState& state);

Result<> write_terminal(const std::string& image_path, const TerminalState& state);

/// Nothing, where the images have none. Error: it cannot be understood.
Result<std::optional<TerminalState>> read_terminal(const std::string& image_path);

}  // namespace caisson::runtime
