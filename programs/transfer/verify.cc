// verify: whether an image of the store, or a tarball, is signed: as the policy requires, or with the keys given.
#include <algorithm>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>

#include "image/index.h"
#include "image/limits.h"
#include "image/media_type.h"
#include "image/policy_file.h"
#include "image/stored_image.h"
#include "image/trusted.h"
#include "images.h"
#include "kernel/files.h"
#include "registries.h"
#include "registry/short_names.h"
#include "signatures.h"
#include "trust/openpgp.h"

namespace caisson::transfer {

namespace {

struct VerifyOptions : ImageOptions, RegistryOptions {
  std::vector<std::string> cosign;
  std::vector<std::string> gpg;
  std::string signatures;
  std::string signature;
  std::string name;
  bool tarball = false;
  bool offline = false;
};
using VerifyWords = Words<VerifyOptions>;

constexpr const char* kUsage =
    "usage: transfer verify --root DIR [--cosign KEY]… [--gpg KEYRING]… [--signatures DIR] [--signature FILE] "
    "[--name NAME] [--offline] [--platform P] [--authfile FILE] [--cert-dir DIR] [--tls-verify=false] [--report] "
    "(IMAGE|--tarball FILE)";

// What is asked for by options, or by the policy for that name.
Result<image::Requirement> requirement_for(const VerifyOptions& options, const std::string& name) {
  using Kind = image::Requirement::Kind;
  if (!options.cosign.empty() && !options.gpg.empty()) return fail(complaint("--cosign and --gpg exclude each other"));
  if (!options.cosign.empty()) return image::Requirement{.kind = Kind::kCosign, .keys = options.cosign};
  if (!options.gpg.empty())
    return image::Requirement{.kind = Kind::kGpg, .keys = options.gpg, .signatures = options.signatures};
  return TRY(image::load_policy()).of(name);
}

// The indexes of the store that lead to the manifest, and the manifest.
Result<std::vector<transport::FoundDocument>> documents_of(const image::ImageStore& store,
                                                           const image::StoredImage& image) {
  std::vector<transport::FoundDocument> documents;
  for (const image::StoreEntry& entry : TRY(store.index()).entries) {
    if (image::content_of(entry.descriptor.media_type) != image::Content::kIndex) continue;
    const Result<std::string> text = store.read_blob(entry.descriptor, image::kManifestBytes);
    const Result<image::Index> index = text ? image::read_index(*text) : fail(text.error());
    if (!index) continue;
    const auto& manifests = index->manifests;
    if (std::ranges::find(manifests, image.manifest_descriptor.digest, &image::Descriptor::digest) != manifests.end())
      documents.push_back({entry.descriptor, *text});
  }
  documents.push_back(
      {image.manifest_descriptor, TRY(store.read_blob(image.manifest_descriptor, image::kManifestBytes))});
  return documents;
}

std::vector<std::string> repositories_of(const image::StoredImage& image) {
  std::vector<std::string> repositories;
  for (const std::string& name : image.names) {
    const auto reference = image::parse_reference(name);
    if (reference && std::ranges::find(repositories, reference->name()) == repositories.end())
      repositories.push_back(reference->name());
  }
  return repositories;
}

Result<Brought> verify_image(const VerifyOptions& options, const std::string& typed, Heard& heard) {
  const image::ImageStore store = TRY(open_store(options.root));
  const auto image =
      TRY(image::find_image(store, typed, TRY(fitting_platforms(options.platform)), registry::short_names));
  if (!image) return fail(in(typed, complaint("there is no such image in the store")));
  std::vector<std::string> names = image->names;
  if (!options.name.empty()) names = {options.name};
  if (names.empty()) names = {image->id()};
  const Subject subject{.documents = TRY(documents_of(store, *image)),
                        .repositories = repositories_of(*image),
                        .signature = options.signature};
  const registry::Options registries = registry_options(options, heard);
  Brought brought;
  for (const std::string& name : names) {
    const image::Requirement requirement = TRY(requirement_for(options, name));
    const Verdict verdict = TRY_IN(
        name, check_signatures(options.root, store, subject, requirement, options.offline ? nullptr : &registries));
    brought.lines.push_back(fmt::format("{}: {}", name, verdict.words));
  }
  brought.images.push_back({.manifest = subject.manifest(), .id = image->id(), .names = names});
  return brought;
}

// A signature lies beside a tarball.
Result<std::string> signature_beside(const VerifyOptions& options, const std::string& tarball) {
  if (!options.signature.empty()) return options.signature;
  for (const char* ending : {".asc", ".sig"}) {
    if (kernel::exists(tarball + ending)) return tarball + ending;
  }
  return fail(in(
      tarball, complaint(fmt::format("no signature of it was found: neither {0}.asc nor {0}.sig is there", tarball))));
}

Result<Brought> verify_tarball(const VerifyOptions& options, const std::string& path) {
  const std::string tarball = TRY(kernel::absolute_path(path));
  const image::Requirement requirement = TRY(requirement_for(options, tarball));
  Brought brought;
  if (requirement.kind == image::Requirement::Kind::kAccept) {
    brought.lines.push_back(tarball + ": accepted as it is");
    return brought;
  }
  if (requirement.kind == image::Requirement::Kind::kReject)
    return fail(in(tarball, complaint("the policy rejects it")));
  if (requirement.kind == image::Requirement::Kind::kCosign)
    return fail(in(tarball, complaint("a tarball has no signature of cosign's", "a rule with gpg is for tarballs")));
  const std::string signature = TRY(signature_beside(options, tarball));
  const Fd file = TRY(kernel::open_file(tarball, O_RDONLY | O_NOCTTY));
  Error last;
  for (const std::string& keyring : requirement.keys) {
    const auto good = trust::check_openpgp(file.get(), signature, keyring);
    if (!good) {
      last = good.error();
      continue;
    }
    TRY(image::remember_trusted(options.root, good->digest, keyring));
    brought.lines.push_back(fmt::format("{}: signed by the OpenPGP key {}", tarball, good->fingerprint));
    brought.lines.push_back(good->digest);
    return brought;
  }
  return fail(std::move(last));
}

}  // namespace

Ending verify(const std::vector<std::string>& arguments) {
  VerifyWords words;
  auto table = common_options<VerifyOptions>();
  std::ranges::copy(registry_rows<VerifyOptions>(), std::back_inserter(table));
  table.push_back({{.name = "cosign", .argument = "KEY", .repeated = true}, add_text<&VerifyOptions::cosign>});
  table.push_back({{.name = "gpg", .argument = "KEYRING", .repeated = true}, add_text<&VerifyOptions::gpg>});
  table.push_back({{.name = "signatures", .argument = "DIR"}, set_text<&VerifyOptions::signatures>});
  table.push_back({{.name = "signature", .argument = "FILE"}, set_text<&VerifyOptions::signature>});
  table.push_back({{.name = "name", .argument = "NAME"}, set_text<&VerifyOptions::name>});
  table.push_back({{.name = "tarball"}, set_true<&VerifyOptions::tarball>});
  table.push_back({{.name = "offline"}, set_true<&VerifyOptions::offline>});
  const auto parsed = command_line::parse(table, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1 || words.options.root.empty()) return refused(complaint(kUsage));
  Heard heard;
  const std::string& what = parsed->operands[0];
  Ending ending =
      ending_of(words.options.tarball ? verify_tarball(words.options, what) : verify_image(words.options, what, heard),
                words.report);
  std::ranges::move(heard.take(), std::back_inserter(ending.report.warnings));
  return ending;
}

}  // namespace caisson::transfer
