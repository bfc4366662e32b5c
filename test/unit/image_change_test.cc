#include "image/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ContainerDefaults changed(const std::vector<std::string>& lines, ContainerDefaults defaults = {}) {
  const Result<> applied = apply_changes(defaults, lines);
  EXPECT_TRUE(applied) << applied.error().text();
  return defaults;
}
std::string error(const std::string& line) {
  ContainerDefaults defaults;
  const Result<> applied = apply_changes(defaults, {line});
  return applied ? "" : applied.error().text();
}

TEST(Change, CommandsAreWordsOrALineForTheShell) {
  EXPECT_THAT(changed({R"(CMD ["a", "b c"])"}).command, ElementsAre("a", "b c"));
  EXPECT_THAT(changed({"cmd echo $HOME  now "}).command, ElementsAre("/bin/sh", "-c", "echo $HOME  now"));
  EXPECT_THAT(changed({R"(SHELL ["/bin/bash", "-ec"])", "ENTRYPOINT true"}).entrypoint,
              ElementsAre("/bin/bash", "-ec", "true"));
  EXPECT_THAT(changed({"CMD [not json"}).command, ElementsAre("/bin/sh", "-c", "[not json"));
}

TEST(Change, AnEntrypointTakesAwayTheCommandOfBefore) {
  EXPECT_THAT(changed({R"(ENTRYPOINT ["a"])"}, {.command = {"old"}}).command, IsEmpty());
  EXPECT_THAT(changed({R"(CMD ["new"])", R"(ENTRYPOINT ["a"])"}, {.command = {"old"}}).command, ElementsAre("new"));
}

TEST(Change, TheEnvironmentAndLabels) {
  const ContainerDefaults before{.environment = {"A=old", "B=1"}};
  EXPECT_THAT(changed({R"(ENV A=new "C D=x" E='1 2' F=a\ b)"}, before).environment,
              ElementsAre("A=new", "B=1", "C D=x", "E=1 2", "F=a b"));
  EXPECT_THAT(changed({"ENV A some  words"}).environment, ElementsAre("A=some  words"));
  EXPECT_THAT(changed({R"(LABEL a.b=c d="e f")"}).labels,
              ElementsAre(testing::Pair("a.b", "c"), testing::Pair("d", "e f")));
}

TEST(Change, PortsVolumesDirectoriesAndTheRest) {
  EXPECT_THAT(changed({"EXPOSE 80 53/udp 8080-8081"}).exposed_ports,
              ElementsAre("80/tcp", "53/udp", "8080/tcp", "8081/tcp"));
  EXPECT_THAT(changed({"VOLUME /a /b", R"(VOLUME ["/c d"])", "VOLUME /a"}).volumes, ElementsAre("/a", "/b", "/c d"));
  EXPECT_EQ(changed({"WORKDIR /a", "WORKDIR b"}).working_directory, "/a/b");
  EXPECT_EQ(changed({"WORKDIR b"}).working_directory, "/b");
  EXPECT_EQ(changed({"USER app:staff"}).user, "app:staff");
  EXPECT_EQ(changed({"STOPSIGNAL SIGQUIT"}).stop_signal, "SIGQUIT");
  EXPECT_THAT(changed({"ONBUILD RUN make"}).on_build, ElementsAre("RUN make"));
}

TEST(Change, Healthchecks) {
  const ContainerDefaults defaults =
      changed({"HEALTHCHECK --interval=1m30s --timeout=1.5s --retries=3 CMD curl -f http://x || exit 1"});
  ASSERT_TRUE(defaults.healthcheck);
  EXPECT_THAT(defaults.healthcheck->test, ElementsAre("CMD-SHELL", "curl -f http://x || exit 1"));
  EXPECT_EQ(defaults.healthcheck->interval_ns, 90'000'000'000);
  EXPECT_EQ(defaults.healthcheck->timeout_ns, 1'500'000'000);
  EXPECT_EQ(defaults.healthcheck->retries, 3);
  EXPECT_THAT(changed({R"(HEALTHCHECK CMD ["a", "b"])"}).healthcheck->test, ElementsAre("CMD", "a", "b"));
  EXPECT_THAT(changed({"HEALTHCHECK none"}).healthcheck->test, ElementsAre("NONE"));
}

TEST(Change, WhatIsWrongIsSaid) {
  EXPECT_THAT(error("RUN make"), testing::StartsWith("RUN make: 'RUN' is none of CMD, ENTRYPOINT, "));
  EXPECT_EQ(error("CMD"), "CMD: CMD says nothing");
  EXPECT_EQ(error("ENV A"), "ENV A: 'A' has no value");
  EXPECT_EQ(error("ENV A=1 B"), "ENV A=1 B: 'B' is not KEY=VALUE");
  EXPECT_EQ(error("ENV A='1"), "ENV A='1: there is no closing '");
  EXPECT_EQ(error("EXPOSE 0"), "EXPOSE 0: '0' is no port, as 80, 80/udp or 80-90");
  EXPECT_EQ(error("EXPOSE 80/http"), "EXPOSE 80/http: '80/http' is no port, as 80, 80/udp or 80-90");
  EXPECT_EQ(error("STOPSIGNAL SIGNO"), "STOPSIGNAL SIGNO: there is no signal 'SIGNO'");
  EXPECT_EQ(error("HEALTHCHECK --every=1s CMD a"), "HEALTHCHECK --every=1s CMD a: '--every=1s' is not understood");
  EXPECT_EQ(error("HEALTHCHECK --interval=1x CMD a"),
            "HEALTHCHECK --interval=1x CMD a: '--interval=1x' is not understood");
}

}  // namespace
}  // namespace caisson::image
