#include <fcntl.h>
#include <sys/mman.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/container_tree.h"
#include "cli/transfer.h"
#include "engine/container_image.h"
#include "engine/frozen.h"
#include "image/change.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

enum class Pause { kIfPossible, kYes, kNo };

struct CommitOptions {
  std::string author;
  std::vector<std::string> changes;
  std::string message;
  Pause pause = Pause::kIfPossible;
  bool quiet = false;
};

const Option<CommitOptions> kOptions[] = {
    {{"author", 'a', "TEXT", {}, "Who made the image: 'A. Person <person@example.com>'"},
     [](CommitOptions& options, const Use& use) -> Result<> { return options.author = use.value, Result<>(); }},
    {{"change", 'c', "LINE", {}, "An instruction of a Dockerfile for the image's config: 'CMD [\"sh\"]'", true},
     [](CommitOptions& options, const Use& use) -> Result<> {
       return options.changes.emplace_back(use.value), Result<>();
     }},
    {{"message", 'm', "TEXT", {}, "What the image's history says"},
     [](CommitOptions& options, const Use& use) -> Result<> { return options.message = use.value, Result<>(); }},
    {{"pause", 'p', {}, {}, "The container stands still meanwhile (the default, where that can be done)"},
     [](CommitOptions& options, const Use& use) -> Result<> {
       return options.pause = use.value == "true" ? Pause::kYes : Pause::kNo, Result<>();
     }},
    {{"quiet", 'q', {}, {}, "No progress"},
     [](CommitOptions& options, const Use& use) -> Result<> {
       return options.quiet = use.value == "true", Result<>();
     }},
};

// Holds `text` under a name that a child finds, which is in no list of processes as words would be.
Result<Fd> hand_down(const std::string& text) {
  const Fd made(::memfd_create("config", MFD_CLOEXEC));
  if (!made) return fail(os_error("memfd_create", "config"));
  TRY(kernel::write_all(made.get(), text, "config"));
  // Above the few that a child gets anew.
  Fd inherited(::fcntl(made.get(), F_DUPFD, 10));
  if (!inherited) return fail(os_error("fcntl", "F_DUPFD"));
  return inherited;
}

Result<std::optional<engine::Frozen>> freeze(const Command& command, const engine::Container& container, Pause pause) {
  if (!container.live || pause == Pause::kNo) return std::nullopt;
  Result<engine::Frozen> frozen = engine::Frozen::freeze(container.record.cgroup_directories);
  if (frozen) return std::optional(std::move(*frozen));
  if (pause == Pause::kYes) return fail(in("--pause", std::move(frozen).error()));
  command.log.warning(fmt::format("container {} runs on meanwhile: {}", container.record.name, frozen.error().text()));
  return std::nullopt;
}

Result<image::ReportedImage> commit(const Command& command, const CommitOptions& options,
                                    const std::vector<std::string>& operands) {
  if (operands.empty() || operands.size() > 2)
    return fail(complaint("a container is needed, and perhaps a name", "caisson commit CONTAINER [NAME[:TAG]]"));
  std::vector<std::string> words;
  if (operands.size() == 2) add_option(words, "name", TRY(name_of_made_image(operands[1])));
  const engine::Container container = TRY(engine::find_container(command.places, operands[0]));
  const engine::ContainerTree tree = TRY(engine::find_container_tree(command.places, container));
  if (!tree.directory.empty()) {
    return fail(in(operands[0],
                   complaint("its root is the directory " + tree.directory + ", used in place: there is no layer of it",
                             "caisson export, and then import, make an image of what is there")));
  }
  image::ImageConfig config = TRY(engine::config_below(command.places, container.record));
  engine::say_choices(container.record, config);
  TRY_IN("--change", image::apply_changes(config.defaults, options.changes));
  if (!options.author.empty()) config.author = options.author;
  config.history.push_back({.created = {},
                            .created_by = join(container.record.command, " "),
                            .author = config.author,
                            .comment = options.message});
  const Fd document = TRY(hand_down(image::write_image_config(config)));
  add_option(words, "config", fmt::format("/proc/self/fd/{}", document.get()));
  if (container.record.image) add_option(words, "base", container.record.image->digest);
  if (options.quiet) words.emplace_back("--quiet");

  std::optional<engine::Frozen> frozen = TRY(freeze(command, container, options.pause));
  const Result<image::Report> report = read_container_tree(command, "commit", tree, words, "committed " + operands[0]);
  if (const Result<> thawed = frozen ? frozen->thaw() : Result<>(); !thawed)
    command.log.warning(
        fmt::format("container {} still stands still: {}", container.record.name, thawed.error().text()));
  if (!report) return fail(report.error());
  return report->images.at(0);
}

}  // namespace

Manual commit_manual() {
  return {"[OPTION…] CONTAINER [NAME[:TAG]]", "Makes an image of a container: what it has changed is one more layer.",
          spellings(kOptions)};
}

int verb_commit(const Command& command) {
  CommitOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<image::ReportedImage> image = commit(command, options, parsed->operands);
  if (!image) return refuse(command, image.error());
  std::printf("%s\n", image->id.c_str());
  return 0;
}

}  // namespace caisson::cli
