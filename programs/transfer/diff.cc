// diff: what a container has changed of its layers, a line for each on standard output, as docker has them.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "archive/tar_writer.h"
#include "base/log.h"
#include "changes/list_changes.h"
#include "container_tree.h"
#include "image/quoted.h"

namespace caisson::transfer {

namespace {

struct DiffOptions : TreeOptions {
  bool json = false;  ///< podman's object of lists
};

using DiffWords = Words<DiffOptions>;

constexpr const char* kUsage =
    "usage: transfer diff --root DIR --upper DIR --lower DIR… [--userxattr] [--mount-point PATH]… [--json] [--report]";

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

// A list at a time: there may be more changes than fit in memory.
Result<> write_object(const DiffOptions& options, archive::FileSink& sink) {
  TRY(sink.write("{"));
  for (const auto& [wanted, name] :
       {std::pair(changes::ChangeKind::kChanged, "changed"), std::pair(changes::ChangeKind::kAdded, "added"),
        std::pair(changes::ChangeKind::kDeleted, "deleted")}) {
    TRY(sink.write(fmt::format("{}\"{}\":[", wanted == changes::ChangeKind::kChanged ? "" : ",", name)));
    bool first = true;
    TRY(changes::list_changes(options.tree, [&, sought = wanted](changes::ChangeKind kind, const std::string& path) {
      if (kind != sought) return Result<>();
      return sink.write(fmt::format("{}{}", std::exchange(first, false) ? "" : ",", json_quote(path)));
    }));
    TRY(sink.write("]"));
  }
  return sink.write("}\n");
}

Result<Brought> list(const DiffOptions& options) {
  archive::FileSink sink(STDOUT_FILENO, "standard output");
  if (options.json) {
    TRY(write_object(options, sink));
    TRY(sink.flush());
    return Brought();
  }
  // What a container calls its files is not to command a terminal.
  const bool careful = ::isatty(STDOUT_FILENO) == 1;
  TRY(changes::list_changes(options.tree, [&](changes::ChangeKind kind, const std::string& path) {
    const bool quoted = careful && std::ranges::any_of(path, is_control);
    return sink.write(fmt::format("{} {}\n", static_cast<char>(kind), quoted ? image::quoted_name(path) : path));
  }));
  TRY(sink.flush());
  return Brought();
}

}  // namespace

Ending diff(const std::vector<std::string>& arguments) {
  auto table = tree_options<DiffOptions>();
  table.push_back({{.name = "json"}, [](DiffWords& words, const command_line::Use& use) -> Result<> {
                     return words.options.json = use.value == "true", Result<>();
                   }});
  DiffWords words;
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || !parsed->operands.empty() || words.options.root.empty() || !has_layers(words.options))
    return refused(complaint(kUsage));
  return ending_of(list(words.options), words.report);
}

}  // namespace caisson::transfer
