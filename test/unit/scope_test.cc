#include "cgroup/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caisson::cgroup {
namespace {

const Systemd kSystem{.version = 252};
const Systemd kUser{.version = 252, .is_user = true, .control_group = "/user.slice/user-1000.slice/user@1000.service"};

TEST(Slice, IsInThoseThatItsNameNames) {
  EXPECT_EQ(slice_path("system.slice"), "/system.slice");
  EXPECT_EQ(slice_path("a-b.slice"), "/a.slice/a-b.slice");
  EXPECT_EQ(slice_path("kube-pods-x_1.slice"), "/kube.slice/kube-pods.slice/kube-pods-x_1.slice");
  EXPECT_EQ(slice_path("-.slice"), "");
}

TEST(Slice, OfNoNameIsRefused) {
  for (const char* name : {"", "system", ".slice", "-a.slice", "a-.slice", "a--b.slice", "a/b.slice", "a b.slice",
                           "--.slice", "system.slice/x", "..", "a.scope"}) {
    const Result<std::string> path = slice_path(name);
    ASSERT_FALSE(path) << name;
    EXPECT_THAT(path.error().text(), testing::StartsWith("linux.cgroupsPath: '")) << name;
  }
}

struct Row {
  const char* path;
  const char* slice;
  const char* unit;
  const char* place;
};

TEST(Scope, IsNamedByThePath) {
  for (const Row& row : {
           Row{"machine.slice:libpod:1a2b", "machine.slice", "libpod-1a2b.scope", "/machine.slice/libpod-1a2b.scope"},
           Row{"kube-pods.slice:cri:x", "kube-pods.slice", "cri-x.scope", "/kube.slice/kube-pods.slice/cri-x.scope"},
           Row{":caisson:x", "system.slice", "caisson-x.scope", "/system.slice/caisson-x.scope"},
           Row{"::x", "system.slice", "x.scope", "/system.slice/x.scope"},
           Row{"-.slice:a:x", "-.slice", "a-x.scope", "/a-x.scope"},
           Row{"", "system.slice", "caisson-my\\x2bid.scope", "/system.slice/caisson-my\\x2bid.scope"},
       }) {
    const Result<Scope> made = scope(row.path, "caisson", "my+id", kSystem);
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(made->slice, row.slice);
    EXPECT_EQ(made->unit, row.unit);
    EXPECT_EQ(made->path, row.place);
  }
}

TEST(Scope, OfAUserIsInTheUsersSlice) {
  EXPECT_EQ(scope("", "caisson", "x", kUser)->path, "/user.slice/caisson-x.scope");
  EXPECT_EQ(scope(":a:x", "caisson", "x", kUser)->path, "/user.slice/a-x.scope");
  EXPECT_EQ(scope("b.slice:a:x", "caisson", "x", kUser)->path, "/b.slice/a-x.scope");
}

TEST(Scope, WhatNoUnitIsCalledIsRefused) {
  for (const char* path : {"/caisson/x", "a.slice:x", "a.slice:b:c:d", "a.slice:b:", "a.slice:b:c d", "a.slice:b:../c",
                           "a.slice:b:c.slice", "a:b:c"}) {
    const Result<Scope> made = scope(path, "caisson", "x", kSystem);
    ASSERT_FALSE(made) << path;
    EXPECT_THAT(made.error().text(), testing::StartsWith("linux.cgroupsPath: ")) << path;
  }
  EXPECT_FALSE(scope("a.slice:b:" + std::string(250, 'c'), "caisson", "x", kSystem));
}

TEST(Scope, OfAUserIsBelowTheUsersOwnCgroup) {
  HostFacts facts{.effective_uid = 1000,
                  .cgroup_mode = CgroupMode::kV2,
                  .hierarchies = {{"/sys/fs/cgroup", {"cpu", "memory"}, true, "/user.slice/session-1.scope", false}}};
  facts.systemd = kUser;
  const HostFacts below = below_systemd(facts, "memory pids\n");
  EXPECT_EQ(below.hierarchies[0].place(), "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service");
  EXPECT_TRUE(below.may_limit("pids"));
  EXPECT_FALSE(below.may_limit("cpu"));
}

TEST(Scope, OfTheSystemIsInEveryHierarchy) {
  HostFacts facts{.cgroup_mode = CgroupMode::kV1,
                  .hierarchies = {{"/sys/fs/cgroup/memory", {"memory"}, false, "/init.scope"}}};
  facts.systemd = kSystem;
  const HostFacts below = below_systemd(facts, "");
  EXPECT_EQ(below.hierarchies[0].place(), "/sys/fs/cgroup/memory");
  EXPECT_TRUE(below.may_limit("memory"));
}

}  // namespace
}  // namespace caisson::cgroup
