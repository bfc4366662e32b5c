// export: a container's root filesystem, as a tar archive.
#include <unistd.h>

#include "archive/output_file.h"
#include "archive/tree_writer.h"
#include "changes/shown_root.h"
#include "container_tree.h"

namespace caisson::transfer {

namespace {

struct ExportOptions : TreeOptions {
  std::string output;
};
using ExportWords = Words<ExportOptions>;

constexpr const char* kUsage =
    "usage: transfer export --root DIR (--directory DIR|--upper DIR --lower DIR… [--userxattr]) [--uids MAP --gids "
    "MAP] "
    "[--output FILE] [--report]";

Result<std::vector<std::string>> write_to(archive::FileSink& sink, int root, const image::OwnerMaps& owners) {
  archive::TarWriter out(sink);
  std::vector<std::string> notes = TRY(archive::write_tree(root, {.owners = owners}, out));
  TRY(out.finish());
  return notes;
}

Result<Brought> export_tree(const ExportOptions& options) {
  // First of all: what is opened before is of another mount namespace, and could not be linked.
  const Fd root = TRY(changes::open_shown_root(options.tree));
  if (options.output.empty()) {
    archive::FileSink sink(STDOUT_FILENO, "standard output");
    std::vector<std::string> notes = TRY(write_to(sink, root.get(), options.tree.owners));
    TRY(sink.flush());
    return Brought{.warnings = std::move(notes)};
  }
  const auto file = TRY(archive::OutputFile::create(options.output, options.root));
  std::vector<std::string> notes = TRY(write_to(file->sink(), root.get(), options.tree.owners));
  TRY(file->finish());
  return Brought{.warnings = std::move(notes)};
}

}  // namespace

Ending export_container(const std::vector<std::string>& arguments) {
  ExportWords words;
  auto table = tree_options<ExportOptions>();
  table.push_back({{.name = "output", .argument = "FILE"}, set_text<&ExportOptions::output>});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || !parsed->operands.empty() || words.options.root.empty() ||
      has_layers(words.options) == !words.options.tree.directory.empty())
    return refused(complaint(kUsage));
  return ending_of(export_tree(words.options), words.report);
}

}  // namespace caisson::transfer
