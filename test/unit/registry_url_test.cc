#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/http.h"
#include "registry/login.h"
#include "registry/url.h"

namespace caisson::registry {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Url, LocationsAreRelativeOrAbsolute) {
  const Url base = *Url::parse("https://R.io:5000/v2/a/blobs/uploads/?x=1");
  for (const auto& [location, expected] : {
           std::pair{"/v2/a/blobs/uploads/1?state=s%3D", "https://R.io:5000/v2/a/blobs/uploads/1?state=s%3D"},
           {"1?_state=a", "https://R.io:5000/v2/a/blobs/uploads/1?_state=a"},
           {"?state=2", "https://R.io:5000/v2/a/blobs/uploads/?state=2"},
           {"../other", "https://R.io:5000/v2/a/blobs/other"},
           {"//s.io/x", "https://s.io/x"},
           {"http://s.io/x?sig=a%2Fb#f", "http://s.io/x?sig=a%2Fb"},
       }) {
    const Result<Url> url = base.resolve(location);
    ASSERT_TRUE(url) << location << " " << url.error().text();
    EXPECT_EQ(url->text(), expected);
  }
}

TEST(Url, QueriesGrowAndAreEncoded) {
  const Url url = *Url::parse("http://r.io/u?state=a%2Bb");
  EXPECT_EQ(url.with_query("digest", "sha256:a b&c")->text(), "http://r.io/u?state=a%2Bb&digest=sha256%3aa+b%26c");
  EXPECT_EQ(Url::parse("http://r.io/u")->with_query("a", "1")->text(), "http://r.io/u?a=1");
  EXPECT_FALSE(url.with_query("a", std::string("b\0c", 3)));
}

TEST(Url, HostsAreComparedWithTheirPorts) {
  EXPECT_EQ(Url::parse("https://R.io/")->origin(), Url::parse("https://r.io:443/x?y")->origin());
  EXPECT_NE(Url::parse("https://r.io/")->origin(), Url::parse("http://r.io/")->origin());
  EXPECT_NE(Url::parse("https://r.io/")->origin(), Url::parse("https://r.io:80/")->origin());
  EXPECT_NE(Url::parse("https://r.io/")->origin(), Url::parse("https://r.io.evil.com/")->origin());
  EXPECT_EQ(Url::parse("http://[::1]:5000/")->authority(), "[::1]:5000");
}

TEST(Url, WhatIsNoneForARegistryIsRefusedAndNotShown) {
  for (const char* wrong : {"", "/v2/", "file:///etc/passwd", "ftp://r.io/", "gopher://r.io/", "https://u:secret@r.io/",
                            "https://r.io/a\nb", "https://r.io:99999/", "javascript:secret"}) {
    const Result<Url> url = Url::parse(wrong);
    EXPECT_FALSE(url) << wrong;
    const Result<Url> next =
        Url::parse("https://r.io/")->resolve(std::string(wrong) == "" || wrong[0] == '/' ? "file:///x" : wrong);
    EXPECT_FALSE(next) << wrong;
  }
  EXPECT_THAT(Url::parse("https://u:secret@r.io/").error().text(), Not(HasSubstr("secret")));
  EXPECT_THAT(Url::parse("nothing://r.io/?secret").error().text(), Not(HasSubstr("secret")));
  EXPECT_EQ(Url::parse("https://r.io/x?secret")->shown(), "https://r.io/x");
  EXPECT_FALSE(Url::parse(std::string("https://r.io/\0x", 15)));
}

TEST(LoginKey, IsARegistryOrANamespaceOfIt) {
  for (const auto& [text, key] : {std::pair{"", "docker.io"},
                                  {"docker.io", "docker.io"},
                                  {"https://index.docker.io/v1/", "docker.io"},
                                  {"https://Quay.io/", "quay.io"},
                                  {"quay.io/team/", "quay.io/team"},
                                  {"localhost:5000", "localhost:5000"},
                                  {"localhost", "localhost"},
                                  {"[::1]:5000", "[::1]:5000"}}) {
    EXPECT_EQ(login_key(text), key) << text;
  }
  for (const char* wrong : {"team", "quay.io/Team", "quay.io/a:1", "a b", "/", "u@quay.io", "quay.io@sha256:00"}) {
    EXPECT_FALSE(login_key(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace caisson::registry
