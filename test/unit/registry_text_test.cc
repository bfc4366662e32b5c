#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/answer_words.h"
#include "registry/auth_file.h"
#include "registry/base64.h"
#include "registry/challenge.h"
#include "registry/tag_list.h"
#include "registry/token.h"

namespace caisson::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Base64, IsThatOfTheRfc) {
  // RFC 4648, section 10
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
  EXPECT_EQ(encode_base64("\xff\xfe\x00"), "//4=");  // a string ends at its null byte
  EXPECT_EQ(decode_base64("Zg"), "f");
  for (const char* wrong : {"Z", "Zg=", "Zg===", "Zg==Zg==", "Z=g=", "Zm 9v", "Zm9v\n", "Zm-_", "="}) {
    EXPECT_EQ(decode_base64(wrong), std::nullopt) << wrong;
  }
}

std::string shown(const std::vector<Challenge>& challenges) {
  std::string text;
  for (const Challenge& one : challenges) {
    text += one.scheme + "[" + one.realm + "|" + one.service + "|" + one.scope + "|" + one.error + "]";
  }
  return text;
}

TEST(Challenge, IsReadAsTheRfcHasIt) {
  for (const auto& [header, expected] : {
           std::pair{"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x/y:pull,push\"",
                     "bearer[https://a/t|s|repository:x/y:pull,push|]"},
           {"Basic realm=\"Registry Realm\"", "basic[Registry Realm|||]"},
           {"bearer REALM = t , Service=s,error=insufficient_scope", "bearer[t|s||insufficient_scope]"},
           {"Basic", "basic[|||]"},
           {"Negotiate, Basic realm=\"a, b\", Bearer realm=\"c\"", "negotiate[|||]basic[a, b|||]bearer[c|||]"},
           {"Basic realm=\"a \\\"b\\\" \\\\c\"", "basic[a \"b\" \\c|||]"},
           {"Bearer realm=\"a\",,service=\"b\",", "bearer[a|b||]"},
           {"Basic charset=\"UTF-8\", realm=\"a\"", "basic[a|||]"},
           {"", ""},
           {" , ,", ""},
           {"\"", ""},
           {"Bearer realm=\"never ends", "bearer[|||]"},
           {"Negotiate YII==, Basic realm=x", "negotiate[|||]"},
       }) {
    EXPECT_EQ(shown(parse_challenges(header)), expected) << header;
  }
}

TEST(AnswerWords, AreThoseOfTheRegistry) {
  EXPECT_EQ(error_words(R"({"errors":[{"code":"DENIED","message":"requested access is denied","detail":{"a":1}}]})"),
            "denied: requested access is denied");
  EXPECT_EQ(error_words(R"({"errors":[{"code":"NAME_UNKNOWN"},{"code":"X","message":"y","detail":"z"}]})"),
            "name unknown; x: y: z");
  EXPECT_EQ(error_words(R"({"error":"invalid_grant","error_description":"no"})"), "invalid grant: no");
  EXPECT_EQ(error_words(R"({"details":"incorrect username or password"})"), "incorrect username or password");
  EXPECT_EQ(error_words(R"({"message":"gone"})"), "gone");
  for (const char* nothing : {"", "<html>", "[]", "{}", R"({"errors":{}})", R"({"errors":[1,{"code":2}]})"}) {
    EXPECT_EQ(error_words(nothing), "") << nothing;
  }
  EXPECT_EQ(error_words(R"({"message":"a\n\u001b[31mb\u007f"})"), "a  [31mb");
  EXPECT_LT(shown_words(std::string(10000, 'x')).size(), 500);
}

TEST(AnswerWords, WarningsAreThoseOf299) {
  EXPECT_EQ(warning_text("299 - \"it \\\"moves\\\"\""), "it \"moves\"");
  EXPECT_EQ(warning_text("299 - \"no end"), "no end");
  EXPECT_EQ(warning_text("199 - \"x\""), std::nullopt);
  EXPECT_EQ(warning_text("299 host \"x\""), std::nullopt);
}

TEST(ContentRange, IsReadOrIsNone) {
  const auto range = parse_content_range("bytes 100-199/1000");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 100);
  EXPECT_EQ(range->last, 199);
  EXPECT_EQ(range->size, 1000);
  EXPECT_EQ(parse_content_range("bytes 0-0/*")->size, std::nullopt);
  for (const char* wrong :
       {"", "bytes", "bytes */1000", "bytes 5-4/10", "bytes 0-10/10", "bytes -1/2", "bytes 0-1", "items 0-1/2",
        "bytes 0-1/x", "bytes 0-99999999999999999999/*", "bytes 0-1/9223372036854775808"}) {
    EXPECT_FALSE(parse_content_range(wrong)) << wrong;
  }
}

TEST(UploadedBytes, AreOneMoreThanTheLast) {
  EXPECT_EQ(uploaded_bytes("0-99"), 100);
  EXPECT_EQ(uploaded_bytes("bytes=0-99"), 100);
  EXPECT_EQ(uploaded_bytes("0-0"), 0);
  for (const char* wrong : {"", "0", "1-9", "0-", "0-x", "0-9223372036854775807"}) {
    EXPECT_FALSE(uploaded_bytes(wrong)) << wrong;
  }
}

TEST(TagList, IsReadOrRefused) {
  EXPECT_THAT(read_tags(R"({"name": "a", "tags": ["1", "latest", "v1.0_x-y"]})").value(),
              ElementsAre("1", "latest", "v1.0_x-y"));
  EXPECT_TRUE(read_tags(R"({"tags": null})")->empty());
  EXPECT_TRUE(read_tags(R"({"tags": []})")->empty());
  for (const char* wrong : {"", "[]", "{}", R"({"tags": "1"})", R"({"tags": {"1": "2"}})"})
    EXPECT_EQ(read_tags(wrong).error().text(), "the answer is no list of tags") << wrong;
  for (const char* wrong : {R"(["1", 2])", R"(["a/b"])", R"(["../x"])", R"([""])", R"(["a@sha256:b"])", R"(["a:b"])",
                            R"(["-a"])", R"(["a b"])", R"(["\u001b[2J"])"}) {
    const Result<std::vector<std::string>> tags = read_tags(R"({"tags": )" + std::string(wrong) + "}");
    ASSERT_FALSE(tags) << wrong;
    EXPECT_THAT(tags.error().text(), HasSubstr("lists a tag that is none"));
    EXPECT_EQ(tags.error().text().find('\033'), std::string::npos);
  }
}

TEST(TagList, LeadsToTheNextPage) {
  EXPECT_EQ(next_page(R"(</v2/a/tags/list?last=x&n=2>; rel="next")"), "/v2/a/tags/list?last=x&n=2");
  EXPECT_EQ(next_page(R"(<http://h/p>;rel=next)"), "http://h/p");
  EXPECT_EQ(next_page(R"(</a>; rel="prev", </b,;c>; title="x"; rel="last next")"), "/b,;c");
  for (const char* none : {"", "</a>", R"(</a>; rel="prev")", R"(</a; rel="next")", R"(rel="next")",
                           R"(</a>; rev="next")", R"(</a>; rel="nextly")"})
    EXPECT_EQ(next_page(none), std::nullopt) << none;
}

TEST(Token, HoldsAMinuteAtLeastAndADayAtMost) {
  EXPECT_EQ(read_token(R"({"token":"a"})")->lifetime_s, 60);
  EXPECT_EQ(read_token(R"({"token":"a","expires_in":1})")->lifetime_s, 60);
  EXPECT_EQ(read_token(R"({"token":"a","expires_in":300.5})")->lifetime_s, 300);
  EXPECT_EQ(read_token(R"({"token":"a","expires_in":1e300})")->lifetime_s, 86400);
  EXPECT_EQ(read_token(R"({"token":"a","expires_in":-1e300})")->lifetime_s, 60);
  EXPECT_EQ(read_token(R"({"access_token":"b","expires_in":"300"})")->value, "b");
  EXPECT_EQ(read_token(R"({"access_token":"b","token":"a"})")->value, "a");
}

TEST(Token, IsNothingThatAHeaderCannotHold) {
  for (const char* wrong : {"", "[]", "{}", R"({"token":""})", R"({"token":1})", R"({"token":"secret\r\nX: y"})",
                            R"({"token":"secret x"})", R"({"token":"secret\u00e9"})"}) {
    const Result<Token> token = read_token(wrong);
    ASSERT_FALSE(token) << wrong;
    EXPECT_THAT(token.error().text(), Not(HasSubstr("secret")));
  }
}

const std::string kAuth = encode_base64("me:word:with:colons");

Result<Found> look(const std::string& file, const std::string& name, AuthFormat format = AuthFormat::kAuths) {
  return look_up(file, format, name);
}

TEST(AuthFile, TheMostSpecificNamespaceWins) {
  EXPECT_THAT(namespaces_of("quay.io/a/b"), ElementsAre("quay.io/a/b", "quay.io/a", "quay.io"));
  const std::string file = R"({"auths":{"quay.io":{"auth":")" + encode_base64("host:1") +
                           R"("},"quay.io/a":{"auth":")" + encode_base64("team:2") + R"("},"quay.io/a/b":{}}})";
  EXPECT_EQ(look(file, "quay.io/a/b"), Found(Credentials{.user = "team", .password = "2"}));
  EXPECT_EQ(look(file, "quay.io/ab"), Found(Credentials{.user = "host", .password = "1"}));
  EXPECT_EQ(look(file, "quay.io:443/a"), Found());
  EXPECT_EQ(look(file, "io/a"), Found());
}

TEST(AuthFile, KeysMayBeAddresses) {
  const std::string entry = R"({"auth":")" + kAuth + R"("})";
  const Credentials mine{.user = "me", .password = "word:with:colons"};
  for (const char* key :
       {"docker.io", "https://index.docker.io/v1/", "index.docker.io", "https://registry-1.docker.io"}) {
    EXPECT_EQ(look(R"({"auths":{")" + std::string(key) + R"(":)" + entry + "}}", "docker.io/library/x"), Found(mine))
        << key;
  }
  EXPECT_EQ(look(R"({"auths":{"http://r:5000/v2/":)" + entry + "}}", "r:5000/x"), Found(mine));
  EXPECT_EQ(look(R"({"https://r/v1/":)" + entry + "}", "r/x", AuthFormat::kDockercfg), Found(mine));
  EXPECT_EQ(look(R"({"r/v1/":)" + entry + "}", "r/x", AuthFormat::kDockercfg), Found(mine));
  EXPECT_EQ(look(R"({"auths":{"r/v1/":)" + entry + "}}", "r/x"), Found());
}

TEST(AuthFile, EntriesHaveTokensAndPlainWordsToo) {
  EXPECT_EQ(look(R"({"auths":{"r.io":{"auth":"","identitytoken":"t"}}})", "r.io/x"),
            Found(Credentials{.user = "", .password = "", .identity_token = "t"}));
  EXPECT_EQ(look(R"({"auths":{"r.io":{"username":"u","password":"p"}}})", "r.io/x"),
            Found(Credentials{.user = "u", .password = "p"}));
}

TEST(AuthFile, HelpersAreOfANamespaceOrOfAll) {
  const std::string file =
      R"({"credsStore":"pass","credHelpers":{"quay.io":"keys","r.io/a":"other"},"auths":{"r.io":{"auth":")" + kAuth +
      R"("},"https://index.docker.io/v1/":{}}})";
  EXPECT_EQ(look(file, "quay.io/x"), Found(HelperUse{"keys", "quay.io"}));
  EXPECT_EQ(look(file, "r.io/a/x"), Found(HelperUse{"other", "r.io/a"}));
  EXPECT_EQ(look(file, "r.io/x"), Found(Credentials{.user = "me", .password = "word:with:colons"}));
  EXPECT_EQ(look(file, "docker.io/library/x"), Found(HelperUse{"pass", "https://index.docker.io/v1/"}));
  EXPECT_EQ(look(file, "gcr.io/x"), Found(HelperUse{"pass", "gcr.io"}));
  EXPECT_EQ(*helper_for(file, "quay.io"), (HelperUse{"keys", "quay.io"}));
  EXPECT_EQ(*helper_for("{}", "quay.io"), std::nullopt);
}

TEST(AuthFile, WhatIsWrongIsNamedAndNotShown) {
  for (const char* file : {R"({"auths":{"r.io":{"auth":"c2VjcmV0"}}})", R"({"auths":{"r.io":{"auth":"s3cr3t!"}}})",
                           R"([{"s3cr3t":)", R"("s3cr3t")"}) {
    const Result<Found> found = look(file, "r.io/x");
    ASSERT_FALSE(found) << file;
    EXPECT_THAT(found.error().text(),
                Not(testing::AnyOf(HasSubstr("s3cr3t"), HasSubstr("c2VjcmV0"), HasSubstr("secret"))));
  }
  EXPECT_EQ(look("", "r.io/x"), Found());
  EXPECT_EQ(look(R"({"auths":[],"credHelpers":3})", "r.io/x"), Found());
}

TEST(AuthFile, LoginsComeAndGoAndTheRestStays) {
  const std::string before = R"({"zeta":1,"auths":{"a.io":{"auth":"eDp5","email":"e"}},"alpha":{"b":null}})";
  const Result<std::string> with = with_credentials(before, "r.io", {.user = "u", .password = "p"});
  ASSERT_TRUE(with);
  EXPECT_EQ(look(*with, "r.io/x"), Found(Credentials{.user = "u", .password = "p"}));
  EXPECT_THAT(*with, HasSubstr("\"email\": \"e\""));
  EXPECT_LT(with->find("zeta"), with->find("alpha"));
  EXPECT_THAT(*keys_in(*with), ElementsAre("a.io", "r.io"));
  const auto without = without_credentials(*with, "r.io");
  ASSERT_TRUE(without && *without);
  EXPECT_EQ(**without, **without_credentials(*with_credentials(**without, "r.io", {}), "r.io"));
  EXPECT_EQ(look(**without, "r.io/x"), Found());
  EXPECT_EQ(*without_credentials(**without, "r.io"), std::nullopt);
  EXPECT_TRUE(with_credentials("", "r.io", {.user = "u"}));
  // docker.io by all its names.
  EXPECT_EQ(look(**without_credentials(R"({"auths":{"https://index.docker.io/v1/":{"auth":"eDp5"}}})", "docker.io"),
                 "docker.io/x"),
            Found());
}

}  // namespace
}  // namespace caisson::registry
