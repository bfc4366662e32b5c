#include "signatures.h"

#include <sys/mman.h>

#include <fmt/format.h>

#include "base/text.h"
#include "image/digest_name.h"
#include "image/host_platform.h"
#include "image/stored_image.h"
#include "image/trusted.h"
#include "kernel/files.h"
#include "registry/registry_source.h"
#include "trust/cosign.h"
#include "trust/openpgp.h"

namespace caisson::transfer {

namespace {

using transport::FoundDocument;

constexpr std::int64_t kSignatureBytes = 1 << 20;
constexpr std::size_t kMostSignatures = 100;

class Search {
 public:
  Search(const std::string& root, const image::ImageStore& store, const Subject& subject,
         const image::Requirement& requirement, const registry::Options* options)
      : root_(root), store_(store), subject_(subject), requirement_(requirement), options_(options) {}

  Result<Verdict> cosign() {
    for (auto document = subject_.documents.rbegin(); document != subject_.documents.rend(); ++document) {
      for (const std::string& repository : subject_.repositories) {
        const std::string& digest = document->descriptor.digest;
        const auto signatures = TRY(signatures_at(repository + ":" + trust::signature_tag(digest)));
        if (!signatures) continue;
        for (const std::string& key : requirement_.keys) {
          if (TRY(trust::is_signed(store_, signatures->manifest, digest, TRY(trust::PublicKey::read(key)))))
            return found(key, digest, "signed with " + key);
        }
        refusals_.push_back(fmt::format("the signatures of {} are by other keys", digest));
      }
    }
    return nothing();
  }

  Result<Verdict> openpgp() {
    for (auto document = subject_.documents.rbegin(); document != subject_.documents.rend(); ++document) {
      for (const std::string& file : files_for(document->descriptor.digest)) {
        const Fd data = TRY(in_memory(document->bytes));
        for (const std::string& keyring : requirement_.keys) {
          const auto signature = trust::check_openpgp(data.get(), file, keyring);
          if (signature && signature->digest == document->descriptor.digest)
            return found(keyring, signature->digest, "signed by the OpenPGP key " + signature->fingerprint);
          if (!signature) refusals_.push_back(signature.error().text());
        }
      }
    }
    return nothing();
  }

 private:
  Result<Verdict> found(const std::string& key, const std::string& digest, std::string words) {
    TRY(image::remember_trusted(root_, subject_.manifest(), key));
    return Verdict{.words = std::move(words), .digest = digest};
  }

  Result<Verdict> nothing() const {
    return fail(complaint(refusals_.empty() ? "no signature of it was found" : join(refusals_, "; ")));
  }

  // The manifest with signatures of that name, from the store or the registry.
  Result<std::optional<image::StoredImage>> signatures_at(const std::string& name) {
    const std::vector<image::Platform> any = {image::host_platform()};
    if (auto stored = TRY(image::find_named(store_, name, any))) return stored;
    if (options_ == nullptr) return std::nullopt;
    const auto source = TRY(registry::RegistrySource::open(name, *options_));
    transport::Board board(transport::Board::Style::kQuiet);
    const auto fetched = transport::fetch_image(
        store_, *source,
        {.fitting = any, .names = [&] { return std::vector{name}; }, .is_artifact = true, .accept = check_size}, board);
    if (fetched) return image::find_named(store_, name, any);
    refusals_.push_back(fetched.error().text());
    return std::nullopt;
  }

  static Result<> check_size(const std::vector<FoundDocument>& way) {
    const image::Manifest manifest = TRY(image::read_manifest(way.back().bytes));
    if (manifest.layers.size() > kMostSignatures)
      return fail(complaint(fmt::format("more than {} signatures", kMostSignatures)));
    for (const image::Descriptor& layer : manifest.layers) {
      if (layer.size > kSignatureBytes) return fail(in(layer.digest, complaint("it is too large for a signature")));
    }
    return {};
  }

  std::vector<std::string> files_for(const std::string& digest) const {
    if (!subject_.signature.empty()) return {subject_.signature};
    std::vector<std::string> files;
    for (const char* ending : {".asc", ".sig"}) {
      std::string file = fmt::format("{}/{}{}", requirement_.signatures, image::hex_of(digest), ending);
      if (!requirement_.signatures.empty() && kernel::exists(file)) files.push_back(std::move(file));
    }
    return files;
  }

  static Result<Fd> in_memory(const std::string& bytes) {
    Fd file(::memfd_create("document", MFD_CLOEXEC));
    if (!file) return fail(os_error("memfd_create", "document"));
    TRY(kernel::write_all(file.get(), bytes, "document"));
    return file;
  }

  const std::string& root_;
  const image::ImageStore& store_;
  const Subject& subject_;
  const image::Requirement& requirement_;
  const registry::Options* options_;
  std::vector<std::string> refusals_;
};

}  // namespace

Result<Verdict> check_signatures(const std::string& root, const image::ImageStore& store, const Subject& subject,
                                 const image::Requirement& requirement, const registry::Options* options) {
  Search search(root, store, subject, requirement, options);
  switch (requirement.kind) {
    case image::Requirement::Kind::kAccept: return Verdict{.words = "accepted as it is", .digest = subject.manifest()};
    case image::Requirement::Kind::kReject: return fail(complaint("the policy rejects it"));
    case image::Requirement::Kind::kCosign: return search.cosign();
    case image::Requirement::Kind::kGpg: return search.openpgp();
  }
  return fail(complaint("the policy says nothing"));
}

}  // namespace caisson::transfer
