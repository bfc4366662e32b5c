#include "registry/registry_source.h"

#include <fmt/format.h>

#include "image/digest.h"
#include "image/limits.h"
#include "image/media_type.h"
#include "registry/all_errors.h"
#include "registry/blob_fetch.h"
#include "registry/files.h"

namespace caisson::registry {

namespace {

Scopes pull_scopes(const Session& session) { return {"repository:" + session.reference().path + ":pull"}; }

std::string accepted_types() {
  std::string types;
  for (const std::string_view type : image::kReadableManifests)
    types += (types.empty() ? "" : ", ") + std::string(type);
  return types;
}

Result<transport::Document> get_manifest(Session& session, const std::string& tag_or_digest) {
  const HttpRequest request{.url = TRY(session.url("manifests/" + tag_or_digest)),
                            .headers = {"Accept: " + accepted_types()},
                            .body_limit_bytes = image::kManifestBytes};
  HttpOutcome outcome = session.send_persistently(request, pull_scopes(session));
  if (!outcome) return fail(std::move(outcome).error().error);
  if (outcome->status != 200) return fail(session.error_of(request, *outcome));
  return transport::Document{.bytes = std::move(outcome->body),
                             .media_type = std::string(outcome->header("content-type").value_or(""))};
}

}  // namespace

RegistrySource::RegistrySource(Options options, RegistriesConf conf, Candidates candidates)
    : options_(std::move(options)),
      conf_(std::move(conf)),
      candidates_(std::move(candidates)),
      reference_(candidates_.references.front()) {}

Result<std::unique_ptr<RegistrySource>> RegistrySource::open(std::string_view name, Options options) {
  RegistriesConf conf = TRY(read_registries_conf());
  Candidates found = TRY(candidates(conf, name));
  for (const image::Reference& reference : found.references) TRY(pull_endpoints(conf, reference));
  return std::unique_ptr<RegistrySource>(new RegistrySource(std::move(options), std::move(conf), std::move(found)));
}

Result<transport::Document> RegistrySource::top_of(const Endpoint& endpoint) {
  session_ = TRY(Session::open(options_, conf_, endpoint));
  const image::Reference& there = session_->reference();
  transport::Document document = TRY(get_manifest(*session_, there.digest.empty() ? there.tag : there.digest));
  const std::string digest = TRY(image::digest_of(document.bytes));
  if (!there.digest.empty() && digest != there.digest) {
    return fail(complaint(fmt::format("the registry gives a manifest with another digest, {}", digest)));
  }
  return document;
}

Result<transport::Document> RegistrySource::top() {
  if (!candidates_.warning.empty() && options_.warn) options_.warn(candidates_.warning);
  std::vector<Error> errors;
  for (const image::Reference& reference : candidates_.references) {
    for (const Endpoint& endpoint : TRY(pull_endpoints(conf_, reference))) {
      Result<transport::Document> document = top_of(endpoint);
      if (document) {
        reference_ = reference;
        return document;
      }
      errors.push_back(std::move(document).error());
    }
  }
  session_ = nullptr;
  return fail(all_of(errors));
}

Result<> RegistrySource::check_found() const {
  if (session_ == nullptr) return fail(complaint("the image has not been looked for"));
  return {};
}

Result<transport::Document> RegistrySource::document(const image::Descriptor& descriptor) {
  TRY(check_found());
  return get_manifest(*session_, descriptor.digest);
}

Result<> RegistrySource::blob(const image::Descriptor& descriptor, std::int64_t offset, transport::Sink& sink) {
  TRY(check_found());
  std::int64_t next = offset;
  const Url url = TRY(session_->url("blobs/" + descriptor.digest));
  const auto ask_registry = [&](HttpRequest request) {
    return session_->send(std::move(request), pull_scopes(*session_));
  };
  auto fetched = fetch_blob(session_->limits(), ask_registry, url, descriptor, next, sink);
  if (fetched) return {};
  if (fetched.error().status != 404 || !image::is_nondistributable(descriptor.media_type)) {
    return fail(std::move(fetched).error().error);
  }
  std::vector<Error> errors = {std::move(fetched).error().error};
  for (const std::string& address : descriptor.urls) {
    Result<Url> elsewhere = Url::parse(address);
    if (!elsewhere) {
      errors.push_back(std::move(elsewhere).error());
      continue;
    }
    const auto ask_others = [&](const HttpRequest& request) { return session_->send_elsewhere(request); };
    fetched = fetch_blob(session_->limits(), ask_others, *elsewhere, descriptor, next, sink);
    if (fetched) return {};
    errors.push_back(std::move(fetched).error().error);
    // The sink holds what came of it, and nobody knows of how much: the next begins anew.
    TRY(sink.restart());
    next = 0;
  }
  return fail(all_of(errors));
}

}  // namespace caisson::registry
