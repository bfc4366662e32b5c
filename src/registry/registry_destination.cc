#include "registry/registry_destination.h"

#include <fmt/format.h>

#include "registry/blob_upload.h"
#include "registry/files.h"

namespace caisson::registry {

namespace {

constexpr int kMostHolders = 3;  // that are asked for one blob

std::string repository_scope(const std::string& path, std::string_view actions) {
  return fmt::format("repository:{}:{}", path, actions);
}

Scopes push_scopes(const Session& session) { return {repository_scope(session.reference().path, "pull,push")}; }

}  // namespace

Result<std::unique_ptr<RegistryDestination>> RegistryDestination::open(std::string_view name, const Options& options) {
  const image::Reference reference = image::with_default_tag(TRY(image::parse_reference(name)));
  const RegistriesConf conf = TRY(read_registries_conf());
  const Endpoint endpoint = TRY(push_endpoint(conf, reference));
  // Before the `new`: what it has allocated would be lost with an error.
  std::unique_ptr<Session> session = TRY(Session::open(options, conf, endpoint));
  return std::unique_ptr<RegistryDestination>(new RegistryDestination(std::move(session)));
}

Result<bool> RegistryDestination::has(const image::Descriptor& blob) {
  const HttpRequest request{.method = "HEAD", .url = TRY(session_->url("blobs/" + blob.digest))};
  const HttpOutcome outcome = session_->send_persistently(request, push_scopes(*session_));
  if (!outcome) return fail(outcome.error().error);
  if (outcome->status == 200) return true;
  if (outcome->status == 404) return false;
  return fail(session_->error_of(request, *outcome));
}

// Nothing: it has been mounted from an image that has it. A registry that cannot begins an upload instead.
Result<std::optional<Url>> RegistryDestination::mount_or_begin(const image::Descriptor& blob) {
  const Url uploads = TRY(session_->url("blobs/uploads/"));
  int asked = 0;
  for (const image::Reference& holder : holders_ ? holders_(blob) : std::vector<image::Reference>()) {
    const bool may_have_it = holder.domain == reference().domain && holder.path != reference().path;
    if (!may_have_it || asked++ == kMostHolders) continue;
    Scopes scopes = push_scopes(*session_);
    scopes.push_back(repository_scope(holder.path, "pull"));
    const Url mount = TRY(TRY(uploads.with_query("mount", blob.digest)).with_query("from", holder.path));
    Result<std::optional<Url>> begun = begin_upload(*session_, scopes, mount);
    if (begun) return begun;  // otherwise this user may not read there, say: it is sent
  }
  return begin_upload(*session_, push_scopes(*session_), uploads);
}

Result<> RegistryDestination::put_blob(const image::Descriptor& blob, int file) {
  const std::optional<Url> location = TRY(mount_or_begin(blob));
  if (location) TRY(upload_blob(*session_, push_scopes(*session_), *location, blob, file));
  return {};
}

Result<> RegistryDestination::put_document(const image::Descriptor& document, std::string_view bytes,
                                           const std::vector<std::string>& names) {
  const image::Reference& own = reference();
  if (!names.empty() && !own.digest.empty() && own.digest != document.digest) {
    return fail(complaint(fmt::format("the image has the digest {}, and cannot be called another", document.digest)));
  }
  const std::string& name = names.empty() || own.tag.empty() ? document.digest : own.tag;
  const HttpRequest request{.method = "PUT",
                            .url = TRY(session_->url("manifests/" + name)),
                            .headers = {"Content-Type: " + document.media_type},
                            .body = std::string(bytes)};
  const HttpOutcome outcome = session_->send_persistently(request, push_scopes(*session_));
  if (!outcome) return fail(outcome.error().error);
  if (outcome->status < 200 || outcome->status >= 300) return fail(session_->error_of(request, *outcome));
  if (outcome->header("docker-content-digest").value_or(document.digest) == document.digest) return {};
  return fail(in(request.url.shown(), complaint("the registry has stored it with another digest")));
}

}  // namespace caisson::registry
