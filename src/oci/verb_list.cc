#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/log.h"
#include "kernel/files.h"
#include "oci/command.h"
#include "oci/state_json.h"

namespace caisson::oci {

namespace {

struct ListOptions {
  bool json = false;
  bool quiet = false;
};

Result<> set_format(ListOptions& options, const Use& use) {
  if (use.value != "table" && use.value != "json")
    return fail(complaint(fmt::format("'{}' is no format: table or json", use.value)));
  options.json = use.value == "json";
  return {};
}

constexpr std::array kOptions = {
    Option<ListOptions>{{"format", 'f', "FORMAT", {}, "table or json (default table)"}, set_format},
    Option<ListOptions>{{"quiet", 'q', {}, {}, "Print the ids alone"}, set_flag<ListOptions, &ListOptions::quiet>},
};

void print_table(const std::vector<runtime::Container>& containers) {
  std::vector<std::array<std::string, 6>> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const auto& [record, status] : containers) {
    rows.push_back({record.id, std::to_string(status == runtime::Status::kStopped ? 0 : record.process.pid),
                    std::string(runtime::status_word(status)), record.bundle, rfc3339(record.created_ns),
                    owner_name(record.owner)});
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  constexpr std::size_t kGap = 4, kLeast = 8;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}", row[i], std::max(widths[i] + kGap, kLeast));
    std::puts(line.c_str());
  }
}

void print_json(const std::vector<runtime::Container>& containers) {
  if (containers.empty()) return void(std::puts("null"));  // as runc: its callers decode it to an empty list
  std::vector<std::string> entries;
  for (const runtime::Container& container : containers)
    entries.push_back(state_json(container, owner_name(container.record.owner), JsonForm::kLine));
  std::puts(fmt::format("[{}]", fmt::join(entries, ",")).c_str());
}

}  // namespace

int verb_list(const Command& command) {
  ListOptions options;
  int status = 0;
  if (!read_options(command, kOptions, options, Order::kAnywhere, {0, 0}, status)) return status;
  if (command.root_is_given && !kernel::exists(command.root.path))  // a default one is made when a container is
    return refuse(command, complaint(fmt::format("--root: there is no directory {}", command.root.path)));
  const Result<std::vector<std::string>> ids = runtime::container_ids(command.root);
  if (!ids) return refuse(command, ids.error());
  std::vector<runtime::Container> containers;
  for (const std::string& id : *ids) {
    Result<runtime::Container> container = runtime::find_container(command.root, id);
    if (container) {
      containers.push_back(std::move(*container));
    } else {
      command.report.error(fmt::format("load container {}: {}", id, container.error().text()), {});
    }
  }
  if (options.quiet) {
    for (const runtime::Container& container : containers) std::puts(container.record.id.c_str());
  } else if (options.json) {
    print_json(containers);
  } else {
    print_table(containers);
  }
  return 0;
}

}  // namespace caisson::oci
