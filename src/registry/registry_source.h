// Images of registries (distribution specification 1.1, "Pull"), as a place to read from.
#pragma once

#include <memory>
#include <string_view>

#include "image/reference.h"
#include "registry/options.h"
#include "registry/resolve.h"
#include "registry/session.h"
#include "transport/source.h"

namespace caisson::registry {

class RegistrySource : public transport::Source {
 public:
  /// The image `name`, which may be short, as registries.conf has it. Nothing is asked yet. Error: it is no name, is
  /// blocked or ambiguous; registries.conf cannot be read.
  static Result<std::unique_ptr<RegistrySource>> open(std::string_view name, Options options);

  /// What it is called: with several candidates, once top() has found one of them.
  const image::Reference& reference() const { return reference_; }

  std::string text() const override { return reference_.text(); }

  /// Tries the candidates in their order, each at its mirrors and then at its own place. Comes before the others.
  Result<transport::Document> top() override;
  Result<transport::Document> document(const image::Descriptor& descriptor) override;

  /// A layer that need not be distributed is looked for at its own addresses if the registry does not have it.
  Result<> blob(const image::Descriptor& descriptor, std::int64_t offset, transport::Sink& sink) override;

 private:
  RegistrySource(Options options, RegistriesConf conf, Candidates candidates);

  Result<transport::Document> top_of(const Endpoint& endpoint);
  Result<> check_found() const;

  Options options_;
  RegistriesConf conf_;
  Candidates candidates_;
  image::Reference reference_;
  std::unique_ptr<Session> session_;
};

}  // namespace caisson::registry
