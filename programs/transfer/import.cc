// import: a root filesystem's tarball, made an image of the store.
#include "transport/import.h"

#include <fcntl.h>
#include <unistd.h>

#include "image/change.h"
#include "image/host_platform.h"
#include "images.h"
#include "kernel/files.h"

namespace caisson::transfer {

namespace {

struct ImportOptions : ImageOptions {
  std::vector<std::string> names;
  std::vector<std::string> changes;
  std::string message;
};
using ImportWords = Words<ImportOptions>;

constexpr const char* kUsage =
    "usage: transfer import --root DIR [--name NAME]… [--change LINE]… [--message TEXT] [--platform P] [--quiet] "
    "[--report] (FILE|-)";

Result<Brought> import_image(const ImportOptions& options, const std::string& path) {
  const image::Platform host = image::host_platform();
  transport::ImportOptions import{.tarball = STDIN_FILENO,
                                  .label = path == "-" ? "standard input" : path,
                                  .config = {.platform = host, .created = now()},
                                  .comment = options.message.empty() ? "Imported from " + path : options.message,
                                  .names = options.names};
  if (!options.platform.empty())
    import.config.platform = TRY_IN("--platform " + options.platform, image::parse_platform(options.platform, host));
  TRY_IN("--change", image::apply_changes(import.config.defaults, options.changes));
  Fd file;
  if (path != "-") {
    file = TRY(kernel::open_file(path, O_RDONLY | O_NOCTTY));
    import.tarball = file.get();
  }
  const image::ImageStore store = TRY(open_store(options.root));
  transport::Board board(style_of(options.quiet));
  transport::Fetched made = TRY(transport::import_tarball(store, import, board));
  return Brought{.images = {{.manifest = made.manifest.digest, .id = made.image_id, .names = options.names}},
                 .warnings = std::move(made.warnings)};
}

}  // namespace

Ending import(const std::vector<std::string>& arguments) {
  ImportWords words;
  auto table = common_options<ImportOptions>();
  table.push_back({{.name = "name", .argument = "NAME", .repeated = true}, add_text<&ImportOptions::names>});
  table.push_back({{.name = "change", .argument = "LINE", .repeated = true}, add_text<&ImportOptions::changes>});
  table.push_back({{.name = "message", .argument = "TEXT"}, set_text<&ImportOptions::message>});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1 || words.options.root.empty()) return refused(complaint(kUsage));
  return ending_of(import_image(words.options, parsed->operands[0]), words.report);
}

}  // namespace caisson::transfer
