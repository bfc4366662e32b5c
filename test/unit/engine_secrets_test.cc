#include <gtest/gtest.h>

#include <fmt/format.h>

#include "engine/secret_grammar.h"
#include "engine_compose_fixture.h"

namespace caisson::engine {
namespace {

std::string words(const Result<SecretChoice>& secret) {
  if (!secret) return "error: " + secret.error().text();
  return fmt::format("{} {} {} {}:{} {:04o}", secret->name, secret->is_variable ? "env" : "mount", secret->target,
                     secret->uid, secret->gid, secret->mode);
}

TEST(SecretGrammar, IsPodmans) {
  EXPECT_EQ(words(read_secret("pass")), "pass mount /run/secrets/pass 0:0 0444");
  EXPECT_EQ(words(read_secret("pass,type=mount,target=a/../b,uid=7,gid=8,mode=0400")),
            "pass mount /run/secrets/b 7:8 0400");
  EXPECT_EQ(words(read_secret("source=pass,target=/etc/x")), "pass mount /etc/x 0:0 0444");
  EXPECT_EQ(words(read_secret("pass,type=env")), "pass env pass 0:0 0444");
  EXPECT_EQ(words(read_secret("pass,type=env,target=PASS")), "pass env PASS 0:0 0444");
  EXPECT_EQ(words(read_secret("")), "error: '' is no name of a secret");
  EXPECT_EQ(words(read_secret("../x")), "error: '../x' is no name of a secret");
  EXPECT_EQ(words(read_secret("pass,type=file")), "error: type is mount or env, not 'file'");
  EXPECT_EQ(words(read_secret("pass,uid=-1")), "error: uid: not an id: '-1'");
  EXPECT_EQ(words(read_secret("pass,gid=4294967295")), "error: gid: not an id: '4294967295'");
  EXPECT_EQ(words(read_secret("pass,mode=9")), "error: mode: not an octal mode: '9'");
  EXPECT_EQ(words(read_secret("pass,ro=1")), "error: 'ro' is none of type, target, uid, gid, mode");
  EXPECT_EQ(words(read_secret("pass,target")), "error: 'target' is not KEY=VALUE");
  EXPECT_EQ(words(read_secret("pass,type=env,uid=1")),
            "error: uid, gid and mode are those of a file: a variable has none");
  EXPECT_EQ(words(read_secret("pass,type=env,target=A=B")), "error: 'A=B' is no name of a variable");
  EXPECT_EQ(words(read_secret("pass,target=/..")), "error: the target cannot be '/', the container's own root");
}

TEST(ComposeSecrets, AreFilesOfTheRunningContainer) {
  Surroundings around = typical();
  around.live_directory = "/run/caisson/containers/x";
  RunOptions options = command();
  options.secrets = {{.name = "env", .is_variable = true, .target = "E", .typed = "--secret env,type=env"},
                     {.name = "pass", .target = "/run/secrets/pass", .typed = "--secret pass"}};
  const Composed composed = compose_well(options, around);
  EXPECT_EQ(show(composed.config.mounts.back()),
            "/run/caisson/containers/x/secrets/1 /run/secrets/pass bind bind,ro,nosuid,noexec,nodev,rprivate");
  for (const std::string& entry : composed.config.process.env) EXPECT_FALSE(entry.starts_with("E="));

  options.mounts = {{.source = "/a", .destination = "/run/secrets/pass", .typed = "-v /a:/run/secrets/pass"}};
  EXPECT_EQ(compose(options, around).error().text(),
            "-v /a:/run/secrets/pass and --secret pass are mounted at the same place");
}

}  // namespace
}  // namespace caisson::engine
