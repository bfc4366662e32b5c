#include "image/digest_name.h"

#include <fmt/format.h>

#include "base/text.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr std::string_view kAlgorithm = "sha256:";
constexpr std::size_t kDigits = 64;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

bool is_digest(std::string_view text) {
  return text.starts_with(kAlgorithm) && is_whole_id(text.substr(kAlgorithm.size()));
}

Result<> check_digest(std::string_view text) {
  if (is_digest(text)) return {};
  if (!text.starts_with(kAlgorithm)) {
    return fail(complaint(fmt::format("{} is not a sha256: digest, and others are not known", quoted_name(text))));
  }
  const std::string_view digits = text.substr(kAlgorithm.size());
  if (digits.size() != kDigits) {
    return fail(
        complaint(fmt::format("the digest {} has {} digits, not {}", quoted_name(text), digits.size(), kDigits)));
  }
  return fail(complaint(fmt::format("the digest {} has other digits than 0-9 and a-f", quoted_name(text))));
}

std::string_view hex_of(std::string_view digest) { return digest.substr(digest.find(':') + 1); }

std::string short_digest(std::string_view digest) { return short_id(hex_of(digest)); }

std::optional<std::string_view> id_prefix(std::string_view text) {
  if (text.starts_with(kAlgorithm)) text.remove_prefix(kAlgorithm.size());
  if (text.empty() || text.size() > kDigits || !is_hexadecimal(text)) return std::nullopt;
  return text;
}

std::vector<std::string> digests_in(std::string_view text) {
  std::vector<std::string> digests;
  for (std::size_t at = text.find(kAlgorithm); at != std::string_view::npos; at = text.find(kAlgorithm, at + 1)) {
    const std::string_view digest = text.substr(at, kAlgorithm.size() + kDigits);
    if (is_digest(digest)) digests.emplace_back(digest);
  }
  return digests;
}

bool is_whole_id(std::string_view text) { return text.size() == kDigits && is_hexadecimal(text); }

}  // namespace caisson::image
