#include "runtime/image_terminal.h"

#include <algorithm>
#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernel/files.h"

namespace caisson::runtime {

namespace {

constexpr std::string_view kFile = "/caisson-terminal.json";

TerminalState from_json(const nlohmann::json& json) {
  TerminalState state;
  const auto modes = json.at("modes").get<std::array<tcflag_t, 4>>();
  state.settings.c_iflag = modes[0];
  state.settings.c_oflag = modes[1];
  state.settings.c_cflag = modes[2];
  state.settings.c_lflag = modes[3];
  const auto characters = json.at("characters").get<std::array<cc_t, NCCS>>();
  std::copy(characters.begin(), characters.end(), state.settings.c_cc);
  state.size.ws_row = json.at("rows").get<unsigned short>();
  state.size.ws_col = json.at("columns").get<unsigned short>();
  return state;
}

}  // namespace

Result<TerminalState> state_of_terminal(int terminal) {
  TerminalState state;
  if (::tcgetattr(terminal, &state.settings) != 0) return fail(os_error("tcgetattr", std::to_string(terminal)));
  if (::ioctl(terminal, TIOCGWINSZ, &state.size) != 0) return fail(os_error("ioctl", "TIOCGWINSZ"));
  return state;
}

Result<> apply_to_terminal(int terminal, const TerminalState& state) {
  struct termios settings{};
  if (::tcgetattr(terminal, &settings) != 0) return fail(os_error("tcgetattr", std::to_string(terminal)));
  settings.c_iflag = state.settings.c_iflag;
  settings.c_oflag = state.settings.c_oflag;
  settings.c_cflag = state.settings.c_cflag;
  settings.c_lflag = state.settings.c_lflag;
  std::copy(std::begin(state.settings.c_cc), std::end(state.settings.c_cc), settings.c_cc);
  if (::tcsetattr(terminal, TCSANOW, &settings) != 0) return fail(os_error("tcsetattr", std::to_string(terminal)));
  if (::ioctl(terminal, TIOCSWINSZ, &state.size) != 0) return fail(os_error("ioctl", "TIOCSWINSZ"));
  return {};
}

Result<> write_terminal(const std::string& image_path, const TerminalState& state) {
  const struct termios& settings = state.settings;
  const nlohmann::json json = {
      {"modes", {settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag}},
      {"characters", std::vector<int>(std::begin(settings.c_cc), std::end(settings.c_cc))},
      {"rows", state.size.ws_row},
      {"columns", state.size.ws_col},
  };
  return kernel::replace_file(image_path + std::string(kFile), json.dump(), 0600);
}

Result<std::optional<TerminalState>> read_terminal(const std::string& image_path) {
  const std::string path = image_path + std::string(kFile);
  if (!kernel::exists(path)) return std::nullopt;
  const std::string text = TRY(kernel::read_file(path));
  try {
    return from_json(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    return fail(in(path, complaint(error.what())));
  }
}

}  // namespace caisson::runtime
