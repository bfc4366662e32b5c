#include "systemd/bus.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

namespace caisson::systemd {

namespace {

constexpr const char* kSystemSocket = "/run/systemd/private";

// Of this process on the host, or in the namespace above: the user's directories are named by it.
unsigned outer_uid() {
  std::ifstream map("/proc/self/uid_map");
  const unsigned own = ::geteuid();
  unsigned inside = 0, outside = 0, count = 0;
  while (map >> inside >> outside >> count) {
    if (own >= inside && own - inside < count) return outside + (own - inside);
  }
  return own;
}

std::string runtime_directory() {
  const char* directory = std::getenv("XDG_RUNTIME_DIR");
  return directory != nullptr && *directory != '\0' ? directory : fmt::format("/run/user/{}", outer_uid());
}

Error no_system() {
  return complaint(fmt::format("no systemd to talk to: there is neither {} nor a system bus", kSystemSocket),
                   "without systemd as the first process of the host, leave out --systemd-cgroup");
}

Error no_user(int number) {
  const std::string directory = runtime_directory();
  std::string hint;
  if (std::getenv("XDG_RUNTIME_DIR") == nullptr && std::getenv("DBUS_SESSION_BUS_ADDRESS") == nullptr) {
    hint =
        "neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set, as a login does: su and sudo make no session, "
        "ssh and machinectl shell do";
  } else if (::access(directory.c_str(), F_OK) != 0) {
    hint = fmt::format("there is no {0}, which a login makes: loginctl enable-linger {1} has it there always",
                       directory, outer_uid());
  } else {
    hint = fmt::format(
        "there is neither {0}/systemd/private nor {0}/bus: systemctl --user status; the package "
        "dbus-user-session has the bus there",
        directory);
  }
  return Error{
      .call = {},
      .operand = fmt::format("the systemd of user {} cannot be talked to: {}", outer_uid(), errno_words(number)),
      .hint = std::move(hint)};
}

Result<Bus> connect_directly(const std::string& socket, Which which) {
  sd_bus* made = nullptr;
  int result = sd_bus_new(&made);
  Bus bus{.connection = decltype(Bus::connection)(made), .which = which, .is_direct = true};
  if (result >= 0) result = sd_bus_set_address(made, ("unix:path=" + socket).c_str());
  if (result >= 0) result = sd_bus_start(made);
  if (result < 0) return fail(bus_error("connect to " + socket, result, SD_BUS_ERROR_NULL));
  return bus;
}

}  // namespace

Which own_manager() {
  struct stat socket{};
  if (::geteuid() != 0) return Which::kUser;
  const bool is_seen = ::stat(kSystemSocket, &socket) == 0;
  return !is_seen || socket.st_uid == 0 ? Which::kSystem : Which::kUser;
}

Result<Bus> connect(Which which) {
  const std::string socket =
      which == Which::kSystem ? std::string(kSystemSocket) : runtime_directory() + "/systemd/private";
  if (::access(socket.c_str(), W_OK) == 0) return connect_directly(socket, which);
  sd_bus* opened = nullptr;
  const int result = which == Which::kSystem ? sd_bus_open_system(&opened) : sd_bus_open_user(&opened);
  if (result < 0) return fail(which == Which::kSystem ? no_system() : no_user(-result));
  return Bus{.connection = decltype(Bus::connection)(opened), .which = which};
}

Error bus_error(std::string_view what, int result, const sd_bus_error& error) {
  const char* said = error.message;
  Error made = complaint(fmt::format("{}: {}", what, said != nullptr && *said != '\0' ? said : errno_words(-result)));
  if (result == -ETIMEDOUT || result == -ETIME) {
    made.hint =
        fmt::format("there was no answer in {} s: see systemctl status, systemctl list-jobs", kTimeoutUs / 1'000'000);
  }
  return made;
}

Result<std::string> string_property(const Bus& bus, const char* path, const char* interface, const char* name) {
  FreeError error;
  char* value = nullptr;
  const int result = sd_bus_get_property_string(bus.get(), kService, path, interface, name, &error.value, &value);
  if (result < 0) return fail(bus_error(fmt::format("ask for {}", name), result, error.value));
  std::string text(value);
  std::free(value);
  return text;
}

}  // namespace caisson::systemd
