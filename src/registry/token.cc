#include "registry/token.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace caisson::registry {

namespace {

using Json = nlohmann::json;

constexpr int kShortestLifetime_s = 60;
constexpr int kLongestLifetime_s = 24 * 60 * 60;

// What may stand in a header: anything else would end it, and begin another.
bool is_printable(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<Token> read_token(std::string_view body) {
  const Json document = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return fail(complaint("the token server's answer is not a JSON object"));
  Token token;
  for (const char* key : {"access_token", "token"}) {
    const auto found = document.find(key);
    if (found != document.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) {
      token.value = found->get<std::string>();
    }
  }
  if (token.value.empty()) return fail(complaint("there is no token in the token server's answer"));
  if (!is_printable(token.value)) return fail(complaint("the token server's token has characters that no token has"));
  if (const auto found = document.find("expires_in"); found != document.end() && found->is_number()) {
    const double seconds = found->get<double>();
    token.lifetime_s = static_cast<int>(std::clamp<double>(seconds, kShortestLifetime_s, kLongestLifetime_s));
  }
  return token;
}

}  // namespace caisson::registry
