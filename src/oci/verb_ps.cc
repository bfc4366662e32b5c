#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "cgroup/tree.h"
#include "kernel/files.h"
#include "oci/command.h"

namespace caisson::oci {

namespace {

struct PsOptions {
  bool json = false;
};

Result<> set_format(PsOptions& options, const Use& use) {
  if (use.value != "table" && use.value != "json")
    return fail(complaint(fmt::format("'{}' is neither table nor json", use.value)));
  options.json = use.value == "json";
  return {};
}

constexpr std::array kOptions = {
    Option<PsOptions>{{"format", 'f', "FORMAT", {}, "table or json (default table)"}, set_format},
};

// What the program ps prints with these arguments.
Result<std::string> output_of_ps(const std::vector<std::string>& arguments) {
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  const pid_t pid = ::fork();
  if (pid < 0) return fail(os_error("fork", "ps"));
  if (pid == 0) {
    std::vector<char*> words = {const_cast<char*>("ps")};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    ::dup2(pipe.write.get(), 1);
    ::execvp("ps", words.data());
    ::_exit(127);
  }
  pipe.write = Fd();
  std::string output = TRY(kernel::read_all(pipe.read.get(), "ps"));
  const int status = TRY(kernel::wait_for(pid));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    return fail(complaint("there is no program ps", "apt install procps; --format json does without it"));
  if (status != 0) return fail(complaint("ps ended with an error"));
  return output;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words = split(line, ' ');
  std::erase_if(words, [](std::string_view word) { return word.empty(); });
  return words;
}

// The lines of ps that are about `pids`, and its heading.
Result<> print_table(const std::vector<pid_t>& pids, const std::vector<std::string>& arguments) {
  const std::string output = TRY(output_of_ps(arguments));
  const std::vector<std::string_view> lines = split(output, '\n');
  const std::vector<std::string_view> heading = words_of(lines.front());
  const auto column = std::find(heading.begin(), heading.end(), "PID");
  if (column == heading.end()) return fail(complaint("couldn't find PID field in ps output"));
  const auto index = static_cast<std::size_t>(column - heading.begin());
  const std::set<pid_t> wanted(pids.begin(), pids.end());
  std::puts(std::string(lines.front()).c_str());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> words = words_of(lines[i]);
    if (words.size() <= index) continue;
    const auto pid = parse_unsigned(words[index]);
    if (pid && wanted.contains(static_cast<pid_t>(*pid))) std::puts(std::string(lines[i]).c_str());
  }
  return {};
}

}  // namespace

int verb_ps(const Command& command) {
  PsOptions options;
  int status = 0;
  // What follows the id is for ps, whatever it looks like.
  auto operands = read_options(command, kOptions, options, Order::kBeforeOperands, {1, 100}, status);
  if (!operands) return status;
  const Result<runtime::Container> container = runtime::find_container(command.root, operands->front());
  if (!container) return refuse(command, container.error());
  const std::vector<std::string>& cgroups = container->record.cgroup_directories;
  if (cgroups.empty()) return refuse(command, complaint("the container has no cgroup that says who is in it"));
  const std::vector<pid_t> pids = cgroup::processes_in(cgroups.front());
  if (options.json) {
    std::puts(fmt::format("[{}]", fmt::join(pids, ",")).c_str());
    return 0;
  }
  std::vector<std::string> arguments(operands->begin() + 1, operands->end());
  if (arguments.empty()) arguments = {"-ef"};
  const Result<> printed = print_table(pids, arguments);
  return printed ? 0 : refuse(command, printed.error());
}

}  // namespace caisson::oci
