#include "image/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caisson::image {
namespace {

using Kind = Requirement::Kind;

Policy policy(std::string_view json) {
  const Result<Policy> read = read_policy(json, "policy.json");
  EXPECT_TRUE(read) << read.error().text();
  return read.value_or(Policy());
}
std::string error(std::string_view json) {
  const Result<Policy> read = read_policy(json, "policy.json");
  return read ? "" : read.error().text();
}

TEST(Policy, TheFirstRuleThatFitsCounts) {
  const Policy read = policy(R"({"default": "reject", "rules": [
    {"match": "registry.example/team/open:*", "default": "accept"},
    {"match": "registry.example/team/*", "cosign": ["/a.pub", "/b.pub"]},
    {"match": "/srv/*.tar", "gpg": ["/ring.gpg"], "signatures": "/sigs"}]})");
  EXPECT_EQ(read.of("registry.example/team/open:1").kind, Kind::kAccept);
  EXPECT_EQ(read.of("registry.example/team/tool:1"), (Requirement{Kind::kCosign, {"/a.pub", "/b.pub"}}));
  EXPECT_EQ(read.of("/srv/a/b.tar"), (Requirement{Kind::kGpg, {"/ring.gpg"}, "/sigs"}));
  EXPECT_EQ(read.of("docker.io/library/busybox:1").kind, Kind::kReject);
  EXPECT_EQ(policy("{}").of("anything").kind, Kind::kAccept);
}

TEST(Policy, WhatCannotBeMeantIsRefused) {
  EXPECT_THAT(error("{"), testing::StartsWith("policy.json"));
  EXPECT_THAT(error(R"({"defualt": "reject"})"), testing::HasSubstr("/defualt: unknown key: did you mean 'default'?"));
  EXPECT_THAT(error(R"({"default": "ask"})"), testing::HasSubstr("'ask' is neither 'accept' nor 'reject'"));
  EXPECT_THAT(error(R"({"rules": [{"match": "*"}]})"), testing::HasSubstr("/rules/0/default: missing"));
  EXPECT_THAT(error(R"({"rules": [{"default": "reject"}]})"), testing::HasSubstr("/rules/0/match: missing"));
  EXPECT_THAT(error(R"({"rules": [{"match": "*", "cosign": ["key.pub"]}]})"), testing::HasSubstr("no absolute path"));
  EXPECT_THAT(error(R"({"rules": [{"match": "*", "cosign": []}]})"), testing::HasSubstr("a list of files is expected"));
  EXPECT_THAT(error(R"({"rules": [{"match": "*", "cosign": ["/a"], "gpg": ["/b"]}]})"),
              testing::HasSubstr("/rules/0/gpg: a rule says one thing"));
  EXPECT_THAT(error(R"({"rules": [{"match": "*", "cosign": ["/a"], "signatures": "/b"}]})"),
              testing::HasSubstr("it belongs to gpg"));
}

TEST(Policy, Patterns) {
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_TRUE(fits_pattern("a*c*e", "abcde"));
  EXPECT_TRUE(fits_pattern("a*b", "aXbYb"));
  EXPECT_TRUE(fits_pattern("?b", "ab"));
  EXPECT_FALSE(fits_pattern("a*c", "abcd"));
  EXPECT_FALSE(fits_pattern("", "a"));
  EXPECT_FALSE(fits_pattern("a", ""));
  EXPECT_TRUE(fits_pattern("docker.io/*", "docker.io/library/busybox:1"));
  EXPECT_FALSE(fits_pattern("docker.io/*", "docker.io.evil/x"));
}

}  // namespace
}  // namespace caisson::image
