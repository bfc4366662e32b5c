// pull: an image, from a registry or from wherever else images are, into the store.
#include <algorithm>
#include <iterator>

#include "image/image_source.h"
#include "image/policy_file.h"
#include "images.h"
#include "registries.h"
#include "registry/registry_source.h"
#include "registry/tags.h"
#include "signatures.h"

namespace caisson::transfer {

namespace {

struct PullOptions : ImageOptions, RegistryOptions {
  bool all_tags = false;
};
using PullWords = Words<PullOptions>;

constexpr std::string_view kRegistryWord = "docker://";
constexpr const char* kUsage =
    "usage: transfer pull --root DIR [--platform P] [--authfile FILE] [--cert-dir DIR] [--tls-verify=false] [--quiet] "
    "[--all-tags] [--report] SOURCE";

// One image of a registry, if the policy has it.
Result<> pull_name(const image::ImageStore& store, const std::string& name, const PullOptions& options,
                   const registry::Options& registries, transport::Board& board, Brought& brought) {
  const auto registry = TRY(registry::RegistrySource::open(name, registries));
  const image::Policy policy = TRY(image::load_policy());
  std::vector<std::string> names;
  const auto accept = [&](const std::vector<transport::FoundDocument>& way) -> Result<> {
    const image::Reference& reference = registry->reference();
    names = {reference.text()};
    const image::Requirement& requirement = policy.of(reference.text());
    if (requirement.kind == image::Requirement::Kind::kAccept) return {};
    const Verdict verdict = TRY(check_signatures(
        options.root, store, {.documents = way, .repositories = {reference.name()}}, requirement, &registries));
    // The index that is signed stays, to be checked again.
    const std::string by_digest = reference.name() + "@" + verdict.digest;
    if (verdict.digest != way.back().descriptor.digest && by_digest != names[0]) names.push_back(by_digest);
    return {};
  };
  return bring(store, *registry, options, [&] { return names; }, board, brought, accept);
}

// What all tags are wanted of. The reference has a tag by now, whether one was typed or not.
std::string repository_in(const image::ImageSource& source, std::string_view typed) {
  if (!source.is_short) typed.remove_prefix(typed.starts_with(kRegistryWord) ? kRegistryWord.size() : 0);
  const image::ReferencePieces pieces = image::cut_reference(typed);
  const bool is_whole = !source.is_short && !pieces.tag && !pieces.digest;
  return is_whole ? source.reference.name() : std::string(typed);
}

Result<Brought> pull_from(const image::ImageSource& source, const std::string& typed, const PullOptions& options,
                          Heard& heard) {
  const image::ImageStore store = TRY(open_store(options.root));
  transport::Board board(style_of(options.quiet));
  Brought brought;
  if (source.transport != image::Transport::kRegistry) {
    if (options.all_tags) return fail(in("--all-tags", complaint("only a registry has tags")));
    for (const archive::ContainedImage& each : TRY(archive::open_images(source, spool_of(store))))
      TRY(bring(store, each, options, board, brought));
    return brought;
  }
  // Whoever knows which registries are searched completes a short name.
  const std::string name = source.is_short ? source.reference.familiar() : source.reference.text();
  const registry::Options registries = registry_options(options, heard);
  if (!options.all_tags) {
    TRY(pull_name(store, name, options, registries, board, brought));
    return brought;
  }
  const std::string repository = repository_in(source, typed);
  for (const image::Reference& tagged : TRY_IN(repository, registry::tags(repository, registries)))
    TRY(pull_name(store, tagged.text(), options, registries, board, brought));
  return brought;
}

Ending pull_image(const PullWords& words, const std::string& typed) {
  Heard heard;
  const Result<image::ImageSource> source = image::parse_image_source(typed);
  Result<Brought> brought = source ? pull_from(*source, typed, words.options, heard) : fail(source.error());
  Ending ending = ending_of(std::move(brought), words.report);
  std::ranges::move(heard.take(), std::back_inserter(ending.report.warnings));
  return ending;
}

}  // namespace

Ending pull(const std::vector<std::string>& arguments) {
  PullWords words;
  auto table = common_options<PullOptions>();
  std::ranges::copy(registry_rows<PullOptions>(), std::back_inserter(table));
  table.push_back({{.name = "all-tags"}, set_true<&PullOptions::all_tags>});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1 || words.options.root.empty()) return refused(complaint(kUsage));
  return pull_image(words, parsed->operands[0]);
}

}  // namespace caisson::transfer
