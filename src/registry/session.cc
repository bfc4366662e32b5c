#include "registry/session.h"

#include <fmt/format.h>

#include "registry/answer_words.h"
#include "registry/files.h"
#include "registry/find_credentials.h"
#include "registry/retry.h"

namespace caisson::registry {

namespace {

constexpr int kMostChallenges = 2;  // one for how, and one for what in particular
constexpr std::size_t kMostWarnings = 16;

using Kind = HttpFailure::Kind;

// Where docker.io's registry is, which is not what it is called.
std::string host_of(const image::Reference& reference) {
  return reference.domain == "docker.io" ? "registry-1.docker.io" : reference.domain;
}

Result<Trust> trust_in(const Options& options, const Endpoint& endpoint) {
  Trust trust{.verifies = options.tls_verify.value_or(!endpoint.is_insecure),
              .authority = host_of(endpoint.reference),
              .certificate_tops = certificate_tops()};
  if (options.certificates) {
    trust.certificates = TRY_IN("--cert-dir", certificates_in(*options.certificates));
  } else {
    trust.certificates = TRY(certificates_for(trust.certificate_tops, endpoint.reference.domain));
  }
  return trust;
}

HttpFailure refused(const HttpRequest& request, Error error) {
  return {Kind::kRefused, in(request.url.origin(), std::move(error))};
}

}  // namespace

Session::Session(const Options& options, Trust trust, std::optional<Credentials> credentials, Endpoint endpoint)
    : options_(options),
      endpoint_(std::move(endpoint)),
      http_(std::move(trust), options.limits),
      authorization_(http_, endpoint_.reference.domain, std::move(credentials)) {}

Result<std::unique_ptr<Session>> Session::open(const Options& options, const RegistriesConf& conf, Endpoint endpoint) {
  Trust trust = TRY(trust_in(options, endpoint));
  std::optional<Credentials> credentials = TRY(find_credentials(options, conf, endpoint.reference.name()));
  const bool may_be_plain = !trust.verifies;
  std::unique_ptr<Session> session(new Session(options, std::move(trust), std::move(credentials), std::move(endpoint)));
  TRY(session->find(may_be_plain));
  return session;
}

HttpOutcome Session::ping(const std::string& scheme) {
  Result<Url> base = Url::parse(fmt::format("{}://{}/v2/", scheme, host_of(endpoint_.reference)));
  if (!base) return std::unexpected(HttpFailure{Kind::kRefused, std::move(base).error()});
  base_ = *base;
  Patience patience(http_.limits());
  for (;;) {
    HttpOutcome outcome = http_.send({.url = base_});
    // Where nobody is to be found at first, nobody will be.
    const bool is_nowhere = !outcome && outcome.error().kind == Kind::kUnreachable;
    if (is_nowhere || !patience.wait_after(outcome)) return outcome;
  }
}

Result<> Session::find(bool may_be_plain) {
  HttpOutcome outcome = ping("https");
  const bool has_no_tls =
      !outcome && (outcome.error().kind == Kind::kUnreachable || outcome.error().kind == Kind::kUntrusted);
  if (has_no_tls && may_be_plain) {
    outcome = ping("http");
  } else if (has_no_tls && outcome.error().kind == Kind::kUntrusted) {
    outcome.error().error.hint = fmt::format(
        "an authority of its own goes to /etc/containers/certs.d/{}/ca.crt; a registry without TLS wants "
        "--tls-verify=false, or insecure = true in registries.conf",
        endpoint_.reference.domain);
  }
  if (!outcome) return fail(outcome.error().error);
  // What it is asked for will show whether it is one, unless it fails altogether.
  if (is_worth_another_try(outcome)) return fail(answer_error({.url = base_}, *outcome));
  pass_warnings_on(*outcome);
  if (outcome->status == 401) TRY_IN(base_.origin(), authorization_.challenged(*outcome, {}, ""));
  return {};
}

Result<Url> Session::url(std::string_view what) const {
  return base_.resolve(fmt::format("{}/{}", endpoint_.reference.path, what));
}

HttpOutcome Session::send(HttpRequest request, const Scopes& scopes) {
  const bool is_its_own = request.url.origin() == base_.origin();
  for (int challenges = 0;; ++challenges) {
    if (is_its_own) {
      Result<std::string> value = authorization_.value(scopes);
      if (!value) return std::unexpected(refused(request, std::move(value).error()));
      request.authorization = *std::move(value);
    }
    HttpOutcome outcome = http_.send(request);
    if (!outcome) return outcome;
    pass_warnings_on(*outcome);
    // A 401 of somebody else, whom a redirect led to, is not about what is shown here.
    const bool may_ask = is_its_own && outcome->url.origin() == base_.origin() && challenges < kMostChallenges;
    if (outcome->status != 401 || !may_ask) return outcome;
    const Result<bool> again = authorization_.challenged(*outcome, scopes, request.authorization);
    if (!again) return std::unexpected(refused(request, again.error()));
    if (!*again) return outcome;
  }
}

HttpOutcome Session::send_persistently(const HttpRequest& request, const Scopes& scopes) {
  return persist(http_.limits(), [&] { return send(request, scopes); });
}

Error Session::error_of(const HttpRequest& request, const HttpResponse& response) const {
  Error error = answer_error(request, response);
  if (response.status == 401 || response.status == 403) error.hint = authorization_.hint();
  return error;
}

Result<> Session::check_credentials() {
  const HttpRequest request{.url = base_};
  const HttpOutcome outcome = send_persistently(request, {});
  if (!outcome) return fail(outcome.error().error);
  if (outcome->status == 401 || outcome->status == 403) {
    return fail(in(base_.origin(), complaint("the registry refuses this user or this password")));
  }
  if (outcome->status != 200) return fail(answer_error(request, *outcome));
  return {};
}

void Session::pass_warnings_on(const HttpResponse& response) {
  if (!options_.warn) return;
  for (const auto& [name, value] : response.headers) {
    const std::optional<std::string> text = name == "warning" ? warning_text(value) : std::nullopt;
    if (!text || text->empty()) continue;
    const std::lock_guard lock(warnings_mutex_);
    if (warnings_.size() < kMostWarnings && warnings_.insert(*text).second) {
      options_.warn(fmt::format("{} says: {}", base_.authority(), *text));
    }
  }
}

}  // namespace caisson::registry
