// Arbitrary text as what registries say and as the files about them: read or refused, in one line, and what is taken
// over into requests holds no more than it may.
#include <cstdint>
#include <string>

#include "expect.h"
#include "registry/answer_words.h"
#include "registry/auth_file.h"
#include "registry/base64.h"
#include "registry/challenge.h"
#include "registry/resolve.h"
#include "registry/tag_list.h"
#include "registry/token.h"

namespace {

using namespace caisson;
using namespace caisson::registry;

bool is_one_line(std::string_view text) { return text.find_first_of(std::string_view("\n\r\033\0", 4)) == text.npos; }

void expect_one_line(const Error& error) {
  expect(!error.text().empty() && is_one_line(error.text()), "one line: " + error.text());
}

void read_answers(std::string_view text) {
  expect(is_one_line(error_words(text)), "an error in one line");
  if (const auto warning = warning_text(text)) expect(is_one_line(*warning), "a warning in one line");
  for (const Challenge& challenge : parse_challenges(text))
    expect(!challenge.scheme.empty(), "a challenge has a scheme");
  if (const auto range = parse_content_range(text)) {
    expect(range->first >= 0 && range->first <= range->last, "a range has an order");
    expect(!range->size || range->last < *range->size, "a range ends within the whole");
  }
  expect(uploaded_bytes(text).value_or(0) >= 0, "nobody has less than nothing");
  if (const Result<std::vector<std::string>> tags = read_tags(text)) {
    for (const std::string& tag : *tags) expect(!tag.empty() && tag.size() <= 128 && is_one_line(tag), "a tag is one");
  } else {
    expect_one_line(tags.error());
  }
  (void)next_page(text);
  if (const Result<Token> token = read_token(text)) {
    expect(token->value.find_first_of("\r\n ") == std::string::npos, "a token fits a header");
    expect(token->lifetime_s >= 60 && token->lifetime_s <= 86400, "a token's life");
  } else {
    expect_one_line(token.error());
  }
}

void read_files(std::string_view text) {
  for (const AuthFormat format : {AuthFormat::kAuths, AuthFormat::kDockercfg}) {
    if (const Result<Found> found = look_up(text, format, "quay.io/team/tool"); !found) expect_one_line(found.error());
  }
  if (const Result<std::string> with = with_credentials(text, "quay.io", {.user = "u", .password = "p"})) {
    const Result<Found> found = look_up(*with, AuthFormat::kAuths, "quay.io");
    const bool is_a_helpers = found && std::holds_alternative<HelperUse>(*found);
    expect(is_a_helpers || found == Found(Credentials{.user = "u", .password = "p"}), "what is kept is found");
    expect(without_credentials(*with, "quay.io").value_or(std::nullopt).has_value(), "what is kept can be forgotten");
  }
  if (const auto bytes = decode_base64(text)) expect(decode_base64(encode_base64(*bytes)) == bytes, "base64");
  const Result<RegistriesConf> conf = parse_registries_conf(text, "registries.conf");
  if (!conf) return expect_one_line(conf.error());
  for (const char* name : {"tool:1", "quay.io/team/tool", "docker.io/library/busybox:1"}) {
    const Result<Candidates> found = candidates(*conf, name);
    if (!found) continue;
    expect(!found->references.empty(), "a name may be something");
    for (const image::Reference& reference : found->references) (void)pull_endpoints(*conf, reference);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_answers(text);
  read_files(text);
  return 0;
}
