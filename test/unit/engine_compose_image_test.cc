// What an image's config says of a container, and which options win over it.
#include <gmock/gmock.h>

#include "engine_compose_fixture.h"

namespace caisson::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Surroundings with(image::ContainerDefaults defaults) {
  Surroundings around = typical();
  around.rootfs = {.path = "/c/upper", .lower = {"/l2", "/l1"}, .upper = "/c/upper", .work = "/c/work"};
  around.image =
      ImageFacts{.id = "sha256:0", .name = "docker.io/library/x:latest", .digest = {}, .defaults = std::move(defaults)};
  return around;
}

struct CommandCase {
  std::vector<std::string> entrypoint, command;  // of the image
  std::optional<std::vector<std::string>> option;
  std::vector<std::string> words;  // of the options
  std::vector<std::string> expected;
};

TEST(ComposeImage, EntrypointAndCommand) {
  const std::vector<CommandCase> cases = {
      {{"e"}, {"c"}, std::nullopt, {}, {"e", "c"}},
      {{"e"}, {"c"}, std::nullopt, {"x", "y"}, {"e", "x", "y"}},
      {{}, {"c", "d"}, std::nullopt, {}, {"c", "d"}},
      {{}, {"c"}, std::nullopt, {"x"}, {"x"}},
      {{"e"}, {"c"}, std::vector<std::string>{"o"}, {}, {"o"}},
      {{"e"}, {"c"}, std::vector<std::string>{"o"}, {"x"}, {"o", "x"}},
      {{"e"}, {"c"}, std::vector<std::string>{}, {"x"}, {"x"}},
  };
  for (const CommandCase& each : cases) {
    RunOptions options = command(each.words);
    options.entrypoint = each.option;
    const Surroundings around = with({.entrypoint = each.entrypoint, .command = each.command});
    EXPECT_EQ(compose_well(options, around).config.process.args, each.expected);
  }
  const Result<Composed> none = compose(command({}), with({}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().text(), "no command is given, and the image's config names none");
}

TEST(ComposeImage, VariablesLieBelowTheOptionsAndAboveWhatEveryContainerHas) {
  Surroundings around =
      with({.environment = {"PATH=/image", "HOME=/image", "A=image", "B=image", "C=x=y", "http_proxy="}});
  around.environment = {{"http_proxy", "http://host"}};
  RunOptions options = command();
  options.env_files = {{"B", "file"}};
  options.env = {{"A", "option"}};
  const std::vector<std::string> env = compose_well(options, around).config.process.env;
  for (const char* entry : {"PATH=/image", "HOME=/image", "A=option", "B=file", "C=x=y", "http_proxy="})
    EXPECT_THAT(env, Contains(entry));
}

TEST(ComposeImage, WorkingDirectoryIsBelowTheRoot) {
  const auto directory = [](const std::string& text, const std::string& option = {}) {
    RunOptions options = command();
    options.workdir = option;
    return compose_well(options, with({.working_directory = text})).config.process.cwd;
  };
  EXPECT_EQ(directory(""), "/");
  EXPECT_EQ(directory("/srv/app/"), "/srv/app");
  EXPECT_EQ(directory("app"), "/app");
  EXPECT_EQ(directory("/../../x/./y"), "/x/y");
  EXPECT_EQ(directory("/image", "/option"), "/option");
}

TEST(ComposeImage, VolumesAreOfTheContainersOwn) {
  Surroundings around = with({.volumes = {"/data/", "/data", "cache"}});
  around.id = std::string(64, 'c');
  around.volumes = "/v";
  const Composed composed = compose_well(command(), around);
  EXPECT_THAT(show(composed.config.mounts),
              testing::IsSupersetOf(
                  {"/v/" + std::string(60, 'c') + "0000/_data /data bind bind,copyup,nosuid,nodev,rprivate",
                   "/v/" + std::string(60, 'c') + "0001/_data /cache bind bind,copyup,nosuid,nodev,rprivate"}));
  EXPECT_EQ(composed.volumes.size(), 2U);

  RunOptions options = command();
  options.mounts = {{.kind = MountKind::kBind, .source = "/mine", .destination = "/data", .typed = "-v /mine:/data"}};
  const Composed mine = compose_well(options, with({.volumes = {"/data"}}));
  EXPECT_THAT(show(mine.config.mounts), Not(Contains(HasSubstr("copyup"))));
  EXPECT_THAT(show(mine.config.mounts), Contains(HasSubstr("/mine /data bind")));
}

TEST(ComposeImage, LabelsAndSignal) {
  RunOptions options = command();
  options.labels = {{"a", "option"}};
  const image::ContainerDefaults defaults{.labels = {{"a", "image"}, {"b", "image"}}, .stop_signal = "SIGINT"};
  const Composed composed = compose_well(options, with(defaults));
  EXPECT_EQ(composed.labels, (std::map<std::string, std::string>{{"a", "option"}, {"b", "image"}}));
  EXPECT_EQ(composed.stop_signal, 2);
  options.stop_signal = 10;
  EXPECT_EQ(compose_well(options, with(defaults)).stop_signal, 10);
  EXPECT_EQ(compose_well(command(), typical()).stop_signal, 15);
}

TEST(ComposeImage, WhatIsMalformedIsLeftOutWithAWarning) {
  const Composed composed = compose_well(command(), with({.environment = {"NOVALUE", "=x", std::string("N=\0x", 4)},
                                                          .working_directory = std::string("/a\0b", 4),
                                                          .volumes = {"/", ""},
                                                          .stop_signal = "SIGNONE"}));
  EXPECT_EQ(composed.warnings.size(), 7U);
  EXPECT_THAT(composed.warnings, Contains("the image's StopSignal SIGNONE is left out: it is malformed"));
  EXPECT_EQ(composed.config.process.cwd, "/");
  EXPECT_EQ(composed.stop_signal, 15);
  EXPECT_THAT(composed.directories, IsEmpty());
}

}  // namespace
}  // namespace caisson::engine
