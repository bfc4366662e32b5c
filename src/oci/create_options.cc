#include "oci/create_options.h"

#include <array>

#include "oci/global_options.h"
#include "runtime/systemd.h"

namespace caisson::oci {

namespace {

using runtime::CreateOptions;

template <std::string CreateOptions::* member>
Result<> set_path(CreateInput& input, const Use& use) {
  input.create.*member = std::string(use.value);
  return {};
}

template <bool runtime::Choices::* member>
Result<> set_off(CreateInput& input, const Use& use) {
  input.create.choices.*member = use.value != "true";
  return {};
}

Result<> set_preserved(CreateInput& input, const Use& use) {
  input.create.preserve_fds = TRY(read_count(use));
  return {};
}

constexpr Option<CreateInput> kBundle{{"bundle", 'b', "DIR", {}, "The bundle (default: the working directory)"},
                                      set_path<&CreateOptions::bundle>};
constexpr Option<CreateInput> kConfig{
    {"config", 'f', "FILE", {}, "Read the configuration from FILE (default: the bundle's config.json)"},
    set_path<&CreateOptions::config_file>};
constexpr Option<CreateInput> kConsole{
    {"console-socket", 0, "SOCKET", {}, "Send the terminal's master to the Unix socket at SOCKET"},
    set_path<&CreateOptions::console_socket>};
constexpr Option<CreateInput> kPidfd{
    {"pidfd-socket", 0, "SOCKET", {}, "Send a pidfd of its process to the socket there"},
    set_path<&CreateOptions::pidfd_socket>};
constexpr Option<CreateInput> kPidFile{{"pid-file", 0, "FILE", {}, "Write its process's pid to FILE"},
                                       set_path<&CreateOptions::pid_file>};
constexpr Option<CreateInput> kNoPivot{{"no-pivot", 0, {}, {}, "Do not use pivot_root(2): for a root on the initramfs"},
                                       set_off<&runtime::Choices::pivot>};
constexpr Option<CreateInput> kNoKeyring{{"no-new-keyring", 0, {}, {}, "Keep the caller's session keyring"},
                                         set_off<&runtime::Choices::new_keyring>};
constexpr Option<CreateInput> kPreserve{{"preserve-fds", 0, "N", {}, "Pass on N more open files, from number 3"},
                                        set_preserved};
constexpr Option<CreateInput> kNoSubreaper{
    {"no-subreaper", 0, {}, {}, "Do not reap what loses its parent while this command waits"},
    [](CreateInput& input, const Use& use) -> Result<> {
      input.subreaper = use.value != "true";
      return {};
    }};

constexpr std::array kCreate = {kBundle,  kConfig,    kConsole,     kPidfd,   kPidFile,
                                kNoPivot, kNoKeyring, kNoSubreaper, kPreserve};
constexpr std::array kRun = {kBundle,
                             kConfig,
                             kConsole,
                             kPidfd,
                             kPidFile,
                             kNoPivot,
                             kNoKeyring,
                             kNoSubreaper,
                             kPreserve,
                             Option<CreateInput>{{"detach", 'd', {}, {}, "Do not wait for its end"},
                                                 set_flag<CreateInput, &CreateInput::detach>},
                             Option<CreateInput>{{"keep", 0, {}, {}, "Do not remove it when it has ended"},
                                                 set_flag<CreateInput, &CreateInput::keep>},
                             Option<CreateInput>{{"timings", 0, {}, {}, "Print what each step of the start took"},
                                                 set_flag<CreateInput, &CreateInput::timings>}};

}  // namespace

std::span<const Option<CreateInput>> create_table() { return kCreate; }
std::span<const Option<CreateInput>> run_table() { return kRun; }

void choose_cgroups(const Command& command, CreateOptions& create) {
  switch (command.cgroup_manager) {
    case CgroupManager::kCgroupfs: break;
    case CgroupManager::kSystemd: create.choices.systemd_program = runtime::systemd_program(own_path(command)); break;
    case CgroupManager::kDisabled: create.makes_cgroup = false; break;
  }
}

}  // namespace caisson::oci
