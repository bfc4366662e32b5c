// Images of registries (distribution specification 1.1, "Push"), as a place to write to.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "image/reference.h"
#include "registry/options.h"
#include "registry/session.h"
#include "transport/destination.h"

namespace caisson::registry {

/// The images that are known to hold a blob: where they are of the same registry, the blob need not be sent.
using Holders = std::function<std::vector<image::Reference>(const image::Descriptor& blob)>;

class RegistryDestination : public transport::Destination {
 public:
  /// The image `name` (latest, if it says no tag; docker.io's, if it says no registry). Finds the registry. Error: it
  /// is no name, is blocked, or the registry cannot be reached or trusted.
  static Result<std::unique_ptr<RegistryDestination>> open(std::string_view name, const Options& options);

  /// Who may be asked from several threads. Without it, every blob that is not there is sent.
  void set_holders(Holders holders) { holders_ = std::move(holders); }

  const image::Reference& reference() const { return session_->reference(); }
  std::string text() const override { return reference().text(); }
  bool wants_compressed_layers() const override { return true; }  // as everybody else sends them

  Result<bool> has(const image::Descriptor& blob) override;
  Result<> put_blob(const image::Descriptor& blob, int file) override;

  /// What has names gets that of the destination: its tag, or its digest, which has to be the document's.
  Result<> put_document(const image::Descriptor& document, std::string_view bytes,
                        const std::vector<std::string>& names) override;
  Result<> finish() override { return {}; }

 private:
  explicit RegistryDestination(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  Result<std::optional<Url>> mount_or_begin(const image::Descriptor& blob);

  std::unique_ptr<Session> session_;
  Holders holders_;
};

}  // namespace caisson::registry
