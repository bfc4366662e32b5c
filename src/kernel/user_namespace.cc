#include "kernel/user_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

constexpr ino_t kFirstUserNamespace = 0xEFFFFFFD;  // its number on every kernel since Linux 3.8 (PROC_USER_INIT_INO)
constexpr std::size_t kMapBytes = 4096;
constexpr std::size_t kMapWords = 3 * 340 + 3;  // the kernel takes 340 lines (user_namespaces(7))

bool is_empty(const char* text) { return *text == '\0'; }

// 0 or errno.
int write_process_file(pid_t pid, const char* name, const char* text) noexcept {
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return retry([&] { return ::write(file.get(), text, std::strlen(text)); }) < 0 ? errno : 0;
}

// "newuidmap PID INSIDE OUTSIDE COUNT …" from the lines of a map.
struct MapperCommand {
  std::array<char, kMapBytes> text;
  std::array<char, 16> pid;
  std::array<char*, kMapWords> words;

  bool set(const char* program, pid_t target, const char* map) noexcept {
    if (std::strlen(map) >= text.size()) return false;
    std::strcpy(text.data(), map);
    ::snprintf(pid.data(), pid.size(), "%d", target);
    std::size_t count = 0;
    words[count++] = const_cast<char*>(program);
    words[count++] = pid.data();
    for (char* at = text.data(); *at != '\0';) {
      const std::size_t length = std::strcspn(at, " \n");
      const bool last = at[length] == '\0';
      at[length] = '\0';
      if (length != 0 && count + 1 < words.size()) words[count++] = at;
      if (last) break;
      at += length + 1;
    }
    words[count] = nullptr;
    return true;
  }
};

// The pid of the program; -1 with errno. What it has to say is said better by who knows the whole of it.
pid_t start_mapper(const char* program, pid_t target, const char* map) noexcept {
  MapperCommand command;
  if (!command.set(program, target, map)) return errno = E2BIG, -1;
  char* const environment[] = {nullptr};
  volatile int error = 0;
  const pid_t pid = ::vfork();
  if (pid == 0) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int stream : {0, 1, 2}) ::dup2(null, stream);
    ::execve(program, command.words.data(), environment);
    error = errno;
    ::_exit(127);
  }
  if (pid > 0 && error != 0) {
    ::waitpid(pid, nullptr, 0);
    return errno = error, -1;
  }
  return pid;
}

// 0 or errno.
int finish_mapper(pid_t pid) noexcept {
  int status = 0;
  if (retry([&] { return ::waitpid(pid, &status, 0); }) != pid) return errno;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EPERM;
}

struct Map {
  const char* file;
  const char* text;
  const char* program;
  MapPart part;
  MapPart program_part;
};

[[noreturn]] void end_child(int report) {
  const int error = errno;
  (void)!::write(report, &error, sizeof error);
  ::_exit(1);
}

// In the child: a namespace of its own, then whoever the maps make it.
void enter_new_namespace(int report, int go, const IdMaps& maps) {
  char word = 0;
  if (::unshare(CLONE_NEWUSER) != 0) end_child(report);
  const int made = 0;
  (void)!::write(report, &made, sizeof made);
  if (retry([&] { return ::read(go, &word, 1); }) != 1) ::_exit(1);
  const auto first = [](const std::string& map) {
    return map.starts_with("0 ") || map.find("\n0 ") != std::string::npos
               ? 0U
               : static_cast<std::uint32_t>(parse_unsigned(cut(map, ' ').head).value_or(0));
  };
  if (!maps.deny_setgroups && set_groups(nullptr, 0) != 0) end_child(report);
  if (set_group_ids(first(maps.gid_map)) != 0 || set_ids(first(maps.uid_map)) != 0) end_child(report);
}

Error map_error(const MapOutcome& outcome, const IdMaps& maps) {
  errno = outcome.error;
  switch (outcome.part) {
    case MapPart::kUidProgram: return os_error(maps.uid_program.c_str(), maps.uid_map);
    case MapPart::kGidProgram: return os_error(maps.gid_program.c_str(), maps.gid_map);
    case MapPart::kSetgroups: return os_error("write", "setgroups");
    case MapPart::kGidMap: return os_error("write", "gid_map");
    case MapPart::kUidMap:
    case MapPart::kNone: break;
  }
  return os_error("write", "uid_map");
}

}  // namespace

bool in_user_namespace() {
  struct stat file{};
  return ::stat("/proc/self/ns/user", &file) == 0 && file.st_ino != kFirstUserNamespace;
}

bool may_copy_mounts() {
  return static_cast<bool>(Fd(::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
}

MapOutcome write_id_maps(pid_t pid, const IdMapTexts& maps) noexcept {
  if (maps.deny_setgroups) {
    if (const int error = write_process_file(pid, "setgroups", "deny"); error != 0) return {MapPart::kSetgroups, error};
  }
  const Map both[] = {{"uid_map", maps.uid_map, maps.uid_program, MapPart::kUidMap, MapPart::kUidProgram},
                      {"gid_map", maps.gid_map, maps.gid_program, MapPart::kGidMap, MapPart::kGidProgram}};
  pid_t mappers[] = {0, 0};
  MapOutcome outcome;
  const auto note = [&](MapPart part, int error) {
    if (error != 0 && outcome.part == MapPart::kNone) outcome = {part, error};
  };
  for (int i = 0; i < 2; ++i) {
    if (is_empty(both[i].program)) {
      note(both[i].part, write_process_file(pid, both[i].file, both[i].text));
    } else {
      mappers[i] = start_mapper(both[i].program, pid, both[i].text);
      if (mappers[i] < 0) note(both[i].program_part, errno);
    }
  }
  for (int i = 0; i < 2; ++i) {
    if (mappers[i] > 0) note(both[i].program_part, finish_mapper(mappers[i]));
  }
  return outcome;
}

Result<pid_t> fork_in_user_namespace(const IdMaps& maps) {
  Pipe report = TRY(make_pipe());
  Pipe go = TRY(make_pipe());
  const pid_t pid = ::fork();
  if (pid < 0) return fail(os_error("fork", ""));
  if (pid == 0) {
    go.write = Fd();  // the parent's end would otherwise never seem closed
    enter_new_namespace(report.write.get(), go.read.get(), maps);
    return 0;
  }
  report.write = Fd();
  int error = EPIPE;
  const bool told = retry([&] { return ::read(report.read.get(), &error, sizeof error); }) == sizeof error;
  MapOutcome outcome;
  if (told && error == 0) {
    outcome = write_id_maps(pid, {maps.uid_map.c_str(), maps.gid_map.c_str(), maps.uid_program.c_str(),
                                  maps.gid_program.c_str(), maps.deny_setgroups});
    if (outcome.part == MapPart::kNone && retry([&] { return ::write(go.write.get(), "", 1); }) == 1) return pid;
  }
  go.write = Fd();
  ::waitpid(pid, nullptr, 0);
  errno = error;
  return fail(error != 0 ? os_error("unshare", "a user namespace") : map_error(outcome, maps));
}

}  // namespace caisson::kernel
