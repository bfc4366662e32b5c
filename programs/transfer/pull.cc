// pull: an image, from a registry or from wherever else images are, into the store.
#include <algorithm>
#include <iterator>

#include "image/image_source.h"
#include "image/policy_file.h"
#include "images.h"
#include "registries.h"
#include "registry/registry_source.h"
#include "signatures.h"

namespace caisson::transfer {

namespace {

struct PullOptions : ImageOptions, RegistryOptions {};
using PullWords = Words<PullOptions>;

constexpr const char* kUsage =
    "usage: transfer pull --root DIR [--platform P] [--authfile FILE] [--cert-dir DIR] [--tls-verify=false] [--quiet] "
    "[--report] SOURCE";

Result<Brought> pull_from(const image::ImageSource& source, const PullOptions& options, Heard& heard) {
  const image::ImageStore store = TRY(open_store(options.root));
  transport::Board board(style_of(options.quiet));
  Brought brought;
  if (source.transport != image::Transport::kRegistry) {
    for (const archive::ContainedImage& each : TRY(archive::open_images(source, spool_of(store))))
      TRY(bring(store, each, options, board, brought));
    return brought;
  }
  // Whoever knows which registries are searched completes a short name.
  const std::string name = source.is_short ? source.reference.familiar() : source.reference.text();
  const registry::Options registries = registry_options(options, heard);
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
  TRY(bring(store, *registry, options, [&] { return names; }, board, brought, accept));
  return brought;
}

Ending pull_image(const PullWords& words, const std::string& typed) {
  Heard heard;
  const Result<image::ImageSource> source = image::parse_image_source(typed);
  Result<Brought> brought = source ? pull_from(*source, words.options, heard) : fail(source.error());
  Ending ending = ending_of(std::move(brought), words.report);
  std::ranges::move(heard.take(), std::back_inserter(ending.report.warnings));
  return ending;
}

}  // namespace

Ending pull(const std::vector<std::string>& arguments) {
  PullWords words;
  auto table = common_options<PullOptions>();
  std::ranges::copy(registry_rows<PullOptions>(), std::back_inserter(table));
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1 || words.options.root.empty()) return refused(complaint(kUsage));
  return pull_image(words, parsed->operands[0]);
}

}  // namespace caisson::transfer
