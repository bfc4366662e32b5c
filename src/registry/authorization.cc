#include "registry/authorization.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "registry/base64.h"
#include "registry/retry.h"
#include "registry/token.h"

namespace caisson::registry {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t kMostScopes = 16;  // of one request
constexpr std::size_t kMostOfToken = 256U << 10;

bool is_known(const Challenge& challenge) { return challenge.scheme == "bearer" || challenge.scheme == "basic"; }

// Bearer before Basic, where there is a choice.
std::optional<Challenge> best_challenge(const HttpResponse& answer) {
  std::optional<Challenge> best;
  for (const auto& [name, value] : answer.headers) {
    if (name != "www-authenticate") continue;
    for (Challenge& challenge : parse_challenges(value)) {
      const bool is_better = !best || (best->scheme == "basic" && challenge.scheme == "bearer");
      if (is_known(challenge) && is_better) best = std::move(challenge);
    }
  }
  return best;
}

// As application/x-www-form-urlencoded has it.
std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                          c == '.' || c == '_' || c == '~';
    result += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

}  // namespace

std::string basic_authorization(const Credentials& credentials) {
  return "Basic " + encode_base64(credentials.user + ":" + credentials.password);
}

Result<std::string> Authorization::value(const Scopes& scopes) {
  const std::lock_guard lock(mutex_);  // who needs the same token waits for it
  if (!challenge_) return std::string();
  if (challenge_->scheme == "bearer") return "Bearer " + TRY(token(scopes));
  if (!credentials_) return fail(complaint("the registry wants a user and a password", hint()));
  if (credentials_->password.empty() && !credentials_->identity_token.empty()) {
    return fail(complaint("the registry wants a user and a password, and there is an identity token alone"));
  }
  return basic_authorization(*credentials_);
}

Result<bool> Authorization::challenged(const HttpResponse& answer, const Scopes& scopes, const std::string& used) {
  const std::lock_guard lock(mutex_);
  std::optional<Challenge> wanted = best_challenge(answer);
  if (!wanted) {
    if (answer.header("www-authenticate")) return fail(complaint("the registry wants neither a password nor a token"));
    return false;
  }
  const bool is_first = !challenge_ || challenge_->scheme != wanted->scheme;
  Scopes wider = scopes;
  for (const std::string_view scope : split(wanted->scope, ' ')) {
    const bool is_new = !scope.empty() && std::ranges::find(wider, scope) == wider.end();
    if (is_new && wider.size() < kMostScopes) wider.emplace_back(scope);
  }
  const bool is_wider = wider.size() > scopes.size() && wider != wider_[scopes];
  if (is_wider) wider_[scopes] = wider;
  // Another thread may have got a new one meanwhile.
  const auto granted = tokens_.find(scopes);
  const bool is_old = granted == tokens_.end() || "Bearer " + granted->second.value == used;
  if (granted != tokens_.end() && is_old) tokens_.erase(granted);
  challenge_ = std::move(wanted);
  return is_first || is_wider || used.empty() || challenge_->scheme == "bearer";
}

Result<HttpRequest> Authorization::token_request(const Scopes& scopes) const {
  Url realm = TRY_IN("the registry's token server", Url::parse(challenge_->realm));
  if (http_.verifies() && !realm.is_https()) {
    return fail(complaint(fmt::format("the registry's token server {} is not encrypted", realm.shown())));
  }
  HttpRequest request{.body_limit_bytes = kMostOfToken};
  const auto wanted = wider_.find(scopes);
  const Scopes& all = wanted != wider_.end() ? wanted->second : scopes;
  if (credentials_ && !credentials_->identity_token.empty()) {
    request.method = "POST";
    request.url = std::move(realm);
    request.headers = {"Content-Type: application/x-www-form-urlencoded"};
    request.body =
        fmt::format("grant_type=refresh_token&client_id=caisson&service={}&scope={}&refresh_token={}",
                    encoded(challenge_->service), encoded(join(all, " ")), encoded(credentials_->identity_token));
    return request;
  }
  if (!challenge_->service.empty()) realm = TRY(realm.with_query("service", challenge_->service));
  for (const std::string& scope : all) realm = TRY(realm.with_query("scope", scope));
  if (credentials_) {
    realm = TRY(realm.with_query("account", credentials_->user));
    request.authorization = basic_authorization(*credentials_);
  }
  request.url = std::move(realm);
  return request;
}

Result<std::string> Authorization::token(const Scopes& scopes) {
  const auto granted = tokens_.find(scopes);
  if (granted != tokens_.end() && steady_clock::now() < granted->second.until) return granted->second.value;
  const HttpRequest request = TRY(token_request(scopes));
  const HttpOutcome outcome = persist(http_.limits(), [&] { return http_.send(request); });
  if (!outcome) return fail(outcome.error().error);
  if (outcome->status < 200 || outcome->status >= 300) {
    Error error = answer_error(request, *outcome);
    if (outcome->status == 401 || outcome->status == 403) {
      error.hint = credentials_ ? "the credentials are refused: caisson login " + registry_ : hint();
    }
    return fail(std::move(error));
  }
  const Token token = TRY_IN(request.url.shown(), read_token(outcome->body));
  // A tenth of its life is left for the request that it is for.
  tokens_[scopes] = {token.value, steady_clock::now() + seconds(token.lifetime_s - token.lifetime_s / 10)};
  return token.value;
}

}  // namespace caisson::registry
