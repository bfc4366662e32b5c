#include "cgroup/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caisson::cgroup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

HostFacts v1_host() {
  return {.cgroup_mode = CgroupMode::kV1,
          .hierarchies = {{.path = "/sys/fs/cgroup/cpu,cpuacct", .controllers = {"cpu", "cpuacct"}, .caller = ""},
                          {.path = "/sys/fs/cgroup/memory", .controllers = {"memory"}, .caller = "/own/a"}}};
}

HostFacts v2_host() {
  return {.cgroup_mode = CgroupMode::kV2,
          .hierarchies = {{.path = "/sys/fs/cgroup", .controllers = {"cpu"}, .unified = true, .caller = "/own/a"}}};
}

TEST(Place, OfAnAbsolutePathBeginsAtTheRoots) {
  EXPECT_THAT(place_of("/x/y", "ID", v1_host())->paths, ElementsAre("/x/y", "/x/y"));
  EXPECT_THAT(place_of("//x/./y/", "ID", v2_host())->paths, ElementsAre("/x/y"));
  EXPECT_FALSE(place_of("/x", "ID", v2_host())->is_default);
}

TEST(Place, OfARelativePathBeginsAtTheCallersCgroup) {
  EXPECT_THAT(place_of("x/y", "ID", v1_host())->paths, ElementsAre("/x/y", "/own/a/x/y"));
  EXPECT_THAT(place_of("x/y", "ID", v2_host())->paths, ElementsAre("/own/x/y")) << "beside it: it has processes";
  HostFacts top = v2_host();
  top.hierarchies[0].caller = "";
  EXPECT_THAT(place_of("x", "ID", top)->paths, ElementsAre("/x"));
}

TEST(Place, OfNoPathIsTheIdBelowTheCallers) {
  EXPECT_THAT(place_of("", "ID", v1_host())->paths, ElementsAre("/ID", "/own/a/ID"));
  EXPECT_THAT(place_of("", "ID", v2_host())->paths, ElementsAre("/own/ID"));
  EXPECT_TRUE(place_of("", "ID", v1_host())->is_default);
}

TEST(Place, ThatLeadsElsewhereIsRefused) {
  for (const char* path : {"/", "//", ".", "..", "/../x", "x/../../y", "/x\ny"}) {
    const Result<Place> place = place_of(path, "ID", v1_host());
    ASSERT_FALSE(place.has_value()) << path;
    EXPECT_EQ(place.error().item, "linux.cgroupsPath");
  }
}

const std::vector<std::string> kDirectories = {"/sys/fs/cgroup/cpu,cpuacct/c", "/sys/fs/cgroup/memory/c"};

TEST(SubCgroups, OfOnePathAreBelowEachOfTheContainers) {
  EXPECT_THAT(*sub_cgroups({}, kDirectories, v1_host()), ElementsAre(kDirectories[0], kDirectories[1]));
  for (const char* path : {"a/b", "/a/b", "./a//b/"}) {
    EXPECT_THAT(*sub_cgroups({path}, kDirectories, v1_host()),
                ElementsAre(kDirectories[0] + "/a/b", kDirectories[1] + "/a/b"))
        << path;
  }
  EXPECT_THAT(*sub_cgroups({"/"}, kDirectories, v1_host()), ElementsAre(kDirectories[0], kDirectories[1]));
}

TEST(SubCgroups, OfControllersLeaveTheOthersAlone) {
  EXPECT_THAT(*sub_cgroups({"memory:m"}, kDirectories, v1_host()),
              ElementsAre(kDirectories[0], kDirectories[1] + "/m"));
  EXPECT_THAT(*sub_cgroups({"cpu,cpuacct:a", "memory:m"}, kDirectories, v1_host()),
              ElementsAre(kDirectories[0] + "/a", kDirectories[1] + "/m"));
}

struct BadSubCgroup {
  std::vector<std::string> options;
  const char* text;
};

TEST(SubCgroups, OutsideOfTheContainerAreRefused) {
  for (const BadSubCgroup& row : {BadSubCgroup{{".."}, "bad sub cgroup path: .."},
                                  {{"a/../../x"}, "bad sub cgroup path: a/../../x"},
                                  {{"memory:../x"}, "bad sub cgroup path: ../x"},
                                  {{"a\nb"}, "bad sub cgroup path: "},
                                  {{"pids:a"}, "unknown controller pids"},
                                  {{":a"}, "unknown controller "},
                                  {{"a:b:c"}, "invalid --cgroup argument: a:b:c"},
                                  {{"a", "memory:b"}, "invalid --cgroup argument: a (missing <controller>: prefix)"}}) {
    const auto joined = sub_cgroups(row.options, kDirectories, v1_host());
    ASSERT_FALSE(joined.has_value()) << row.text;
    EXPECT_THAT(joined.error().text(), HasSubstr(row.text));
  }
}

}  // namespace
}  // namespace caisson::cgroup
