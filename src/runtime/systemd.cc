#include "runtime/systemd.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "cgroup/scope.h"
#include "cgroup/unit_properties.h"
#include "kernel/files.h"

namespace caisson::runtime {

namespace {

// Each with a null byte behind it, as the program reads them.
Result<Fd> request_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(word).push_back('\0');
  Fd file(::memfd_create("request", MFD_CLOEXEC));
  if (!file) return fail(os_error("memfd_create", "request"));
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail(os_error("write", "request"));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

Result<pid_t> spawn(const std::string& program, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  char* const arguments[] = {const_cast<char*>(program.c_str()), nullptr};
  pid_t pid = 0;
  errno = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  const Error error = os_error("posix_spawn", program);
  posix_spawn_file_actions_destroy(&actions);
  if (error.number != 0) return fail(error);
  return pid;
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 1024> piece{};
  for (;;) {
    const ssize_t length = ::read(file, piece.data(), piece.size());
    if (length > 0) text.append(piece.data(), static_cast<std::size_t>(length));
    if (length == 0 || (length < 0 && errno != EINTR)) return text;
  }
}

// What the program answers; or the error that it tells of, with its hint.
Result<std::string> ask(const std::string& program, const std::vector<std::string>& words) {
  const Fd request = TRY(request_of(words));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(os_error("pipe2", program));
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t pid = TRY(spawn(program, request.get(), write_end.get()));
  write_end = Fd();
  std::string said = read_all(read_end.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return said;
  const Cut lines = cut(said, '\n');
  if (lines.head.empty()) return fail(complaint(fmt::format("{} ended without a word", program)));
  return fail(complaint(std::string(lines.head), std::string(cut(lines.tail.value_or(""), '\n').head)));
}

Result<Systemd> query(const std::string& program) {
  const std::string said = TRY(ask(program, {"query"}));
  const std::vector<std::string_view> lines = split(said, '\n');
  const auto version = parse_unsigned(lines[0]);
  if (lines.size() < 3 || !version) return fail(complaint(fmt::format("{} said something else: '{}'", program, said)));
  return Systemd{.version = static_cast<unsigned>(*version),
                 .is_user = lines[1] == "user",
                 .control_group = std::string(lines[2])};
}

}  // namespace

std::string systemd_program(const std::string& own_program) {
  const std::string directory = own_program.substr(0, own_program.rfind('/'));
  return directory.substr(0, directory.rfind('/')) + "/libexec/caisson/systemd";
}

Result<> use_systemd(const std::string& program, HostFacts& facts) {
  facts.systemd = TRY_IN("--systemd-cgroup", query(program));
  std::string controllers;
  if (facts.cgroup_mode == CgroupMode::kV2 && !facts.hierarchies.empty()) {
    const std::string top = facts.hierarchies.front().path + facts.systemd->control_group;
    controllers = TRY_IN("--systemd-cgroup", kernel::read_file(top + "/cgroup.controllers"));
  }
  facts = cgroup::below_systemd(std::move(facts), controllers);
  return {};
}

Result<> stop_unit(const Record& record) {
  if (!record.systemd_unit.empty()) TRY(ask(record.choices.systemd_program, {"stop", record.systemd_unit}));
  return {};
}

Result<> update_unit(const Record& record, const spec::Resources& resources, const HostFacts& facts) {
  const std::vector<std::string> properties = cgroup::request_words(TRY(cgroup::resource_properties(resources, facts)));
  if (properties.empty()) return {};
  std::vector<std::string> words = {"set", record.systemd_unit};
  words.insert(words.end(), properties.begin(), properties.end());
  TRY(ask(record.choices.systemd_program, words));
  return {};
}

}  // namespace caisson::runtime
