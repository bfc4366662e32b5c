#include "base/text.h"
#include "oci/checkpoint_options.h"
#include "runtime/checkpoint.h"

namespace caisson::oci {

namespace {

struct CheckpointInput {
  runtime::CriuDumpOptions criu;
};
using runtime::CriuDumpOptions;

template <bool CriuDumpOptions::* member>
Result<> set_dump_flag(CheckpointInput& input, const Use& use) {
  input.criu.*member = use.value == "true";
  return {};
}

Result<> set_parent(CheckpointInput& input, const Use& use) {
  input.criu.parent_path = std::string(use.value);
  return {};
}

// "10.0.0.1:99", "[fe80::1]:99"
Result<> set_page_server(CheckpointInput& input, const Use& use) {
  const std::size_t colon = use.value.rfind(':');
  std::string_view address = use.value.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : use.value.substr(colon + 1);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (address.empty() || port.empty()) return fail(complaint("Use --page-server ADDRESS:PORT to specify page server"));
  const auto number = parse_unsigned(port);
  if (!number || *number == 0 || *number > 65535)
    return fail(complaint(fmt::format("Invalid port number: '{}'", port)));
  input.criu.page_server_address = std::string(address);
  input.criu.page_server_port = std::string(port);
  return {};
}

Result<> set_status_fd(CheckpointInput& input, const Use& use) {
  const auto number = parse_signed(use.value);
  if (!number || *number < -1 || *number > 1'000'000)
    return fail(complaint(fmt::format("'{}' is no number of a descriptor", use.value)));
  input.criu.status_fd = static_cast<int>(*number);
  return {};
}

constexpr auto kOptions = joined(
    common_criu_rows<CheckpointInput>(),
    std::array{
        Option<CheckpointInput>{{"leave-running", 0, {}, {}, "Let the container go on"},
                                set_dump_flag<&CriuDumpOptions::leave_running>},
        Option<CheckpointInput>{
            {"pre-dump", 0, {}, {}, "Write its memory alone, and let it go on: the rest is quicker then"},
            set_dump_flag<&CriuDumpOptions::pre_dump>},
        Option<CheckpointInput>{
            {"parent-path", 0, "DIR", {}, "The images of the pre-dump before, relative to those of this one"},
            set_parent},
        Option<CheckpointInput>{{"tcp-skip-in-flight", 0, {}, {}, "Leave out connections that are not yet accepted"},
                                set_dump_flag<&CriuDumpOptions::tcp_skip_in_flight>},
        Option<CheckpointInput>{{"page-server", 0, "ADDRESS:PORT", {}, "Send the memory to a page server of criu's"},
                                set_page_server},
        Option<CheckpointInput>{{"status-fd", 0, "FD", {}, "criu writes a zero byte to FD when pages can be asked for"},
                                set_status_fd},
    });

Result<> check(const CriuDumpOptions& options) {
  if (options.pre_dump && options.lazy_pages) return fail(complaint("--pre-dump and --lazy-pages exclude each other"));
  return {};
}

}  // namespace

int verb_checkpoint(const Command& command) {
  CheckpointInput input;
  int status = 0;
  const auto operands = read_options(command, kOptions, input, Order::kAnywhere, {}, status);
  if (!operands) return status;
  if (const Result<> sensible = check(input.criu); !sensible) return refuse(command, sensible.error());
  if (const Result<> complete = complete_paths(input.criu); !complete) return refuse(command, complete.error());
  const Result<runtime::Container> container = runtime::find_container(command.root, operands->front());
  if (!container) return refuse(command, container.error());
  warn_ordinary_user(command);
  const Result<> done = runtime::checkpoint(command.root, *container, std::move(input.criu), command.report.log());
  return done ? 0 : refuse(command, done.error());
}

}  // namespace caisson::oci
