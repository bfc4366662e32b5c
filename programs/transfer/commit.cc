// commit: an image of the store, made of a container's layers and its changes.
#include "changes/commit.h"

#include "container_tree.h"
#include "image/limits.h"
#include "kernel/files.h"

namespace caisson::transfer {

namespace {

struct CommitOptions : TreeOptions {
  std::string config;
  std::string base;
  std::vector<std::string> names;
};
using CommitWords = Words<CommitOptions>;

// The config is in a file: the environment in it is not for who lists processes. Its history ends with the new layer's.
constexpr const char* kUsage =
    "usage: transfer commit --root DIR --upper DIR --lower DIR… --config FILE [--base DIGEST] [--userxattr] "
    "[--uids MAP --gids MAP] [--mount-point PATH]… [--name NAME]… [--quiet] [--report]";

Result<Brought> commit_tree(const CommitOptions& options) {
  changes::CommitOptions commit{.tree = options.tree, .base = options.base, .names = options.names};
  commit.config = TRY(image::read_image_config(TRY(kernel::read_file(options.config, image::kConfigBytes))));
  commit.config.created = now();
  if (commit.config.history.empty()) return fail(in("--config", complaint("its history says nothing of the layer")));
  commit.history = std::move(commit.config.history.back());
  commit.config.history.pop_back();
  commit.history.created = commit.config.created;
  const image::ImageStore store = TRY(open_store(options.root));
  transport::Board board(style_of(options.quiet));
  transport::Fetched made = TRY(changes::commit_container(store, commit, board));
  return Brought{.images = {{.manifest = made.manifest.digest, .id = made.image_id, .names = options.names}},
                 .warnings = std::move(made.warnings)};
}

}  // namespace

Ending commit(const std::vector<std::string>& arguments) {
  CommitWords words;
  auto table = tree_options<CommitOptions>();
  table.push_back({{.name = "config", .argument = "FILE"}, set_text<&CommitOptions::config>});
  table.push_back({{.name = "base", .argument = "DIGEST"}, set_text<&CommitOptions::base>});
  table.push_back({{.name = "name", .argument = "NAME", .repeated = true}, add_text<&CommitOptions::names>});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  const CommitOptions& options = words.options;
  if (parsed->help || !parsed->operands.empty() || options.root.empty() || options.config.empty() ||
      !has_layers(options))
    return refused(complaint(kUsage));
  return ending_of(commit_tree(options), words.report);
}

}  // namespace caisson::transfer
