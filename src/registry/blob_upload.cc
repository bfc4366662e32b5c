#include "registry/blob_upload.h"

#include <algorithm>

#include <fmt/format.h>

#include "registry/answer_words.h"
#include "registry/retry.h"

namespace caisson::registry {

namespace {

constexpr long kCreated = 201;
constexpr long kAccepted = 202;
constexpr long kNoContent = 204;
constexpr long kNotFound = 404;

// Where an upload goes on, as the answer says.
Result<Url> location_of(const HttpResponse& response) {
  const std::optional<std::string_view> location = response.header("location");
  if (!location) return fail(in(response.url.shown(), complaint("the registry does not say where the upload goes on")));
  return TRY_IN(response.url.shown(), response.url.resolve(*location));
}

class Upload {
 public:
  Upload(Session& session, const Scopes& scopes, Url location, const image::Descriptor& blob, int file)
      : session_(session), scopes_(scopes), location_(std::move(location)), blob_(blob), file_(file) {}

  Result<> send_bytes() {
    Patience patience(session_.limits());
    while (at_ < blob_.size) {
      const HttpRequest request = patch();
      const HttpOutcome outcome = session_.send(request, scopes_);
      if (outcome && (outcome->status == kAccepted || outcome->status == kNoContent)) {
        location_ = TRY(location_of(*outcome));
        at_ = blob_.size;
        return {};
      }
      if (!patience.wait_after(outcome)) {
        return fail(outcome ? session_.error_of(request, *outcome) : outcome.error().error);
      }
      const std::int64_t before = at_;
      TRY(find_out_where());
      if (at_ > before) patience.gained();
    }
    return {};
  }

  Result<> finish() {
    HttpRequest request{.method = "PUT", .url = TRY(location_.with_query("digest", blob_.digest))};
    request.headers = {"Content-Type: application/octet-stream"};
    const HttpOutcome outcome = session_.send_persistently(request, scopes_);
    if (!outcome) return fail(outcome.error().error);
    if (outcome->status == kNotFound && is_there()) return {};  // it was finished before the answer was cut
    if (outcome->status != kCreated && outcome->status != kNoContent) return fail(session_.error_of(request, *outcome));
    const std::string_view digest = outcome->header("docker-content-digest").value_or(blob_.digest);
    if (digest == blob_.digest) return {};
    return fail(in(request.url.shown(), complaint(fmt::format("the registry has it as {}", shown_words(digest)))));
  }

  void take_back() { (void)session_.send({.method = "DELETE", .url = location_}, scopes_); }

 private:
  HttpRequest patch() const {
    HttpRequest request{.method = "PATCH", .url = location_};
    request.file = FilePart{.file = file_, .offset = at_, .size = blob_.size - at_};
    request.headers = {"Content-Type: application/octet-stream"};
    // Some registries take the header for what goes on alone.
    if (at_ > 0) request.headers.push_back(fmt::format("Content-Range: {}-{}", at_, blob_.size - 1));
    return request;
  }

  bool is_there() const {
    const Result<Url> url = session_.url("blobs/" + blob_.digest);
    const HttpOutcome outcome = url ? session_.send({.method = "HEAD", .url = *url}, scopes_) : HttpResponse();
    return outcome && outcome->status == 200;
  }

  // How much has come; an upload that the registry does not know any more, or has nothing of, begins again.
  Result<> find_out_where() {
    const HttpOutcome state = session_.send_persistently({.url = location_}, scopes_);
    const std::optional<std::int64_t> has = state && (state->status == kNoContent || state->status == kAccepted)
                                                ? uploaded_bytes(state->header("range").value_or(""))
                                                : std::nullopt;
    if (has && *has > 0 && *has <= blob_.size) {
      if (state->header("location")) location_ = TRY(location_of(*state));
      at_ = *has;
      return {};
    }
    take_back();
    location_ = *TRY(begin_upload(session_, scopes_, TRY(session_.url("blobs/uploads/"))));
    at_ = 0;
    return {};
  }

  Session& session_;
  const Scopes& scopes_;
  Url location_;
  const image::Descriptor& blob_;
  int file_;
  std::int64_t at_ = 0;
};

}  // namespace

Result<std::optional<Url>> begin_upload(Session& session, const Scopes& scopes, const Url& uploads) {
  const HttpRequest request{.method = "POST", .url = uploads};
  const HttpOutcome outcome = session.send_persistently(request, scopes);
  if (!outcome) return fail(outcome.error().error);
  if (outcome->status == kCreated && request.url.text().find("mount=") != std::string::npos) return std::nullopt;
  if (outcome->status != kAccepted) return fail(session.error_of(request, *outcome));
  return TRY(location_of(*outcome));
}

Result<> upload_blob(Session& session, const Scopes& scopes, Url location, const image::Descriptor& blob, int file) {
  Upload upload(session, scopes, std::move(location), blob, file);
  Result<> sent = upload.send_bytes();
  if (sent) sent = upload.finish();
  if (!sent) upload.take_back();
  return sent;
}

}  // namespace caisson::registry
