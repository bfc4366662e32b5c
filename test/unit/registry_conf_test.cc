#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/registries_conf.h"
#include "registry/resolve.h"

namespace caisson::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RegistriesConf conf_of(const std::string& text) {
  Result<RegistriesConf> conf = parse_registries_conf(text, "registries.conf");
  if (!conf) ADD_FAILURE() << conf.error().text();
  return conf ? *std::move(conf) : RegistriesConf();
}

std::vector<std::string> endpoints_of(const RegistriesConf& conf, const std::string& name) {
  const auto endpoints = pull_endpoints(conf, *image::parse_reference(name));
  if (!endpoints) return {"error: " + endpoints.error().text()};
  std::vector<std::string> texts;
  for (const Endpoint& one : *endpoints) texts.push_back(one.reference.text() + (one.is_insecure ? " insecure" : ""));
  return texts;
}

std::vector<std::string> candidates_of(const RegistriesConf& conf, const std::string& name) {
  const auto found = candidates(conf, name);
  if (!found) return {"error: " + found.error().text()};
  std::vector<std::string> texts;
  for (const image::Reference& one : found->references) texts.push_back(one.text());
  return texts;
}

TEST(RegistriesConf, APrefixEndsWhereAPartOfANameDoes) {
  for (const auto& [prefix, name, length] : {
           std::tuple{"a.io", "a.io/x:1", 4},
           {"a.io", "a.io:5000/x", 4},
           {"a.io/x", "a.io/x:1", 6},
           {"a.io/x", "a.io/x/y", 6},
           {"a.io/x:1", "a.io/x:1", 8},
           {"a.io/x", "a.io/xy", -1},
           {"a.io", "a.iot/x", -1},
           {"a.io/x:1", "a.io/x:12", -1},
           {"*.b.io", "a.b.io/x", 6},
           {"*.b.io", "c.a.b.io:5000/x", 8},
           {"*.b.io", "b.io/x", -1},
           {"*.b.io", "ab.io/x", -1},
           {"*.b.io", "evil.com/a.b.io/x", -1},
           {"*.b.io", "evil.com/x.b.io", -1},
       }) {
    EXPECT_EQ(match_prefix(prefix, name), length < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(length)))
        << prefix << " " << name;
  }
}

TEST(RegistriesConf, TheLongestPrefixDecidesWhere) {
  const RegistriesConf conf = conf_of(R"(
[[registry]]
location = "a.io"
insecure = true
[[registry]]
prefix = "a.io/team"
location = "b.io/moved"
[[registry]]
prefix = "*.c.io"
[[registry]]
prefix = "*.d.io"
location = "d.io/all"
[[registry]]
prefix = "docker.io/library"
location = "mirror.io:5000/hub/"
)");
  EXPECT_THAT(endpoints_of(conf, "a.io/x:1"), ElementsAre("a.io/x:1 insecure"));
  EXPECT_THAT(endpoints_of(conf, "a.io/team/x:1"), ElementsAre("b.io/moved/x:1"));
  EXPECT_THAT(endpoints_of(conf, "x.c.io/y"), ElementsAre("x.c.io/y"));
  EXPECT_THAT(endpoints_of(conf, "x.y.d.io/z:1"), ElementsAre("d.io/all/z:1"));
  EXPECT_THAT(endpoints_of(conf, "busybox:1"), ElementsAre("mirror.io:5000/hub/busybox:1"));
  EXPECT_THAT(endpoints_of(conf, "e.io/x"), ElementsAre("e.io/x"));
  // A push goes where the name says.
  EXPECT_EQ(push_endpoint(conf, *image::parse_reference("a.io/team/x:1"))->reference.text(), "a.io/team/x:1");
  EXPECT_TRUE(push_endpoint(conf, *image::parse_reference("a.io/x"))->is_insecure);
}

TEST(RegistriesConf, MirrorsAreForTagsOrDigestsOrBoth) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  const RegistriesConf conf = conf_of(R"(
[[registry]]
location = "a.io"
[[registry.mirror]]
location = "all.io"
insecure = true
[[registry.mirror]]
location = "digests.io"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.io/x"
pull-from-mirror = "tag-only"
[[registry]]
location = "b.io"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.io"
)");
  EXPECT_THAT(endpoints_of(conf, "a.io/x:1"), ElementsAre("all.io/x:1 insecure", "tags.io/x/x:1", "a.io/x:1"));
  EXPECT_THAT(endpoints_of(conf, "a.io/x" + digest),
              ElementsAre("all.io/x" + digest + " insecure", "digests.io/x" + digest, "a.io/x" + digest));
  EXPECT_THAT(endpoints_of(conf, "b.io/x:1"), ElementsAre("b.io/x:1"));
  EXPECT_THAT(endpoints_of(conf, "b.io/x" + digest), ElementsAre("m.io/x" + digest, "b.io/x" + digest));
}

TEST(RegistriesConf, WhatIsBlockedIsNeitherPulledNorPushed) {
  const RegistriesConf conf =
      conf_of("[[registry]]\nlocation = 'a.io'\nblocked = true\n[[registry]]\nlocation = 'a.io/good'");
  EXPECT_THAT(endpoints_of(conf, "a.io/x:1"), ElementsAre("error: a.io/x:1: registries.conf blocks a.io"));
  EXPECT_FALSE(push_endpoint(conf, *image::parse_reference("a.io/x")));
  EXPECT_THAT(endpoints_of(conf, "a.io/good:1"), ElementsAre("a.io/good:1"));
}

std::vector<std::string> local_of(const RegistriesConf& conf, std::string_view text) {
  std::vector<std::string> names;
  const auto found = local_candidates(conf, text);
  for (const image::Reference& each : found.value()) names.push_back(each.text());
  return names;
}

TEST(RegistriesConf, ShortNamesAreAliasesOrLookedForOrDockers) {
  EXPECT_THAT(candidates_of({}, "busybox"), ElementsAre("docker.io/library/busybox:latest"));
  EXPECT_THAT(candidates_of(conf_of("unqualified-search-registries = []"), "a/b:1"), ElementsAre("docker.io/a/b:1"));
  const RegistriesConf conf = conf_of(R"(
unqualified-search-registries = ["a.io", "docker.io", "b.io:5000/team"]
[aliases]
"tool" = "quay.io/me/tool"
"gone" = ""
)");
  EXPECT_THAT(candidates_of(conf, "tool:2"), ElementsAre("quay.io/me/tool:2"));
  EXPECT_THAT(candidates_of(conf, "tool"), ElementsAre("quay.io/me/tool:latest"));
  EXPECT_THAT(candidates_of(conf, "gone"),
              ElementsAre("a.io/gone:latest", "docker.io/library/gone:latest", "b.io:5000/team/gone:latest"));
  EXPECT_THAT(local_of(conf, "tool:2"),
              ElementsAre("quay.io/me/tool:2", "localhost/tool:2", "a.io/tool:2", "docker.io/library/tool:2",
                          "b.io:5000/team/tool:2", "docker.io/library/tool:2"));
  EXPECT_THAT(local_of({}, "a/b"), ElementsAre("localhost/a/b:latest", "docker.io/a/b:latest"));
  EXPECT_THAT(local_of(conf, "c.io/tool"), ElementsAre("c.io/tool:latest"));
  EXPECT_THAT(candidates_of(conf, "c.io/tool"), ElementsAre("c.io/tool:latest"));
  EXPECT_THAT(candidates_of(conf, "localhost/tool"), ElementsAre("localhost/tool:latest"));
  EXPECT_THAT(candidates_of(conf, "Tool")[0], HasSubstr("is not the name of an image"));
}

TEST(RegistriesConf, AmbiguousNamesAreSaidToBe) {
  const std::string two = "unqualified-search-registries = ['a.io', 'b.io']\nshort-name-mode = ";
  EXPECT_EQ(candidates(conf_of(two + "'disabled'"), "x")->warning, "");
  EXPECT_EQ(candidates(conf_of(two + "'permissive'"), "x:1")->warning,
            "'x:1' may be each of a.io/x:1, b.io/x:1: they are tried in this order");
  const auto refused = candidates(conf_of(two + "'enforcing'"), "x:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(),
            "'x:1' may be each of a.io/x:1, b.io/x:1, and registries.conf has short-name-mode = \"enforcing\"");
  EXPECT_TRUE(candidates(conf_of(two + "'enforcing'"), "a.io/x"));
  EXPECT_TRUE(candidates(conf_of("unqualified-search-registries = ['a.io']\nshort-name-mode = 'enforcing'"), "x"));
}

TEST(RegistriesConf, LaterFilesChangeEarlierOnes) {
  RegistriesConf conf = conf_of(
      "unqualified-search-registries = ['a.io']\n[aliases]\nx = 'q.io/x'\ny = 'q.io/y'\n"
      "[[registry]]\nlocation = 'a.io'\nblocked = true");
  add_registries_conf(conf,
                      conf_of("[aliases]\nx = ''\n[[registry]]\nlocation = 'a.io'\n[[registry]]\nlocation = 'b.io'"));
  EXPECT_THAT(candidates_of(conf, "x"), ElementsAre("a.io/x:latest"));
  EXPECT_THAT(candidates_of(conf, "y"), ElementsAre("q.io/y:latest"));
  EXPECT_THAT(endpoints_of(conf, "a.io/x"), ElementsAre("a.io/x"));
  add_registries_conf(conf, conf_of("unqualified-search-registries = []\ncredential-helpers = ['pass']"));
  EXPECT_THAT(candidates_of(conf, "x"), ElementsAre("docker.io/library/x:latest"));
  EXPECT_THAT(*conf.credential_helpers, ElementsAre("pass"));
}

TEST(RegistriesConf, WhatIsWrongIsSaidWithItsLine) {
  for (const auto& [text, expected] : {
           std::pair{"a = 1\nunqualified-search-registries = 'a.io'",
                     "registries.conf:2: unqualified-search-registries is not a list"},
           {"unqualified-search-registries = [1]",
            "registries.conf:1: unqualified-search-registries is not a list of texts"},
           {"short-name-mode = 'sometimes'", "registries.conf:1: short-name-mode is 'sometimes', and"},
           {"[[registry]]\nblocked = true", "[[registry]] has neither a prefix nor a location"},
           {"[[registry]]\nlocation = 'a.io'\ninsecure = 'yes'",
            "registries.conf:3: insecure is neither true nor false"},
           {"[[registry]]\nlocation = 'https://a.io'", "'https://a.io' is an address: leave the scheme out"},
           {"[[registry]]\nprefix = '*.a.io/x'\nlocation = 'b.io'", "'*.a.io/x': the one wildcard is"},
           {"[[registry]]\nprefix = 'a.*.io'\nlocation = 'b.io'", "'a.*.io': the one wildcard is"},
           {"[[registry]]\nlocation = 'a.io'\n[[registry]]\nlocation = 'a.io'", "the prefix 'a.io' stands there twice"},
           {"[registry]\nlocation = 'a.io'", "[[registry]] has to be tables"},
           {"[[registry]]\nlocation = 'a.io'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "
            "'b.io'\npull-from-mirror = 'all'",
            "pull-from-mirror cannot be set where mirror-by-digest-only is"},
           {"[[registry]]\nlocation = 'a.io'\n[[registry.mirror]]\ninsecure = true",
            "[[registry.mirror]] has no location"},
           {"[aliases]\nx = 'y'", "registries.conf:2: the alias 'x' has to stand for a name with a registry"},
           {"[aliases]\nx = 'a.io/y:1'", "registries.conf:2: the alias 'x' has to stand for"},
           {"[registries.search]\nregistries = ['a.io']", "version 1 of registries.conf is not read"},
           {"\n[aliases", "registries.conf:2: "},
           {"x = \n", "registries.conf:1: "},
       }) {
    const Result<RegistriesConf> conf = parse_registries_conf(text, "registries.conf");
    ASSERT_FALSE(conf) << text;
    EXPECT_THAT(conf.error().text(), HasSubstr(expected));
    EXPECT_EQ(conf.error().text().find('\n'), std::string::npos) << conf.error().text();
  }
  const RegistriesConf conf = conf_of("[[registry]]\nprefix = 'a.io'\nlocation = 'B.io/UPPER'");
  EXPECT_THAT(endpoints_of(conf, "a.io/x")[0], HasSubstr("registries.conf, location 'B.io/UPPER': "));
}

}  // namespace
}  // namespace caisson::registry
