// diff: what a container has changed of its layers, a line for each on standard output, as docker has them.
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "archive/tar_writer.h"
#include "changes/list_changes.h"
#include "container_tree.h"
#include "image/quoted.h"

namespace caisson::transfer {

namespace {

using DiffWords = Words<TreeOptions>;

constexpr const char* kUsage =
    "usage: transfer diff --root DIR --upper DIR --lower DIR… [--userxattr] [--mount-point PATH]… [--report]";

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

Result<Brought> list(const TreeOptions& options) {
  archive::FileSink sink(STDOUT_FILENO, "standard output");
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
  DiffWords words;
  const auto parsed =
      command_line::parse(tree_options<TreeOptions>(), words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || !parsed->operands.empty() || words.options.root.empty() || !has_layers(words.options))
    return refused(complaint(kUsage));
  return ending_of(list(words.options), words.report);
}

}  // namespace caisson::transfer
