// Who a container's users are on the host: by what was asked for and by the ids that the caller has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/user_namespace.h"

namespace caisson::engine {
namespace {

using testing::HasSubstr;

IdFacts ordinary_user() {
  return {.ordinary = true,
          .uid = 1000,
          .gid = 1000,
          .users = {.own = {{1000, 1}, {100000, 65536}}},
          .groups = {.own = {{1000, 1}, {200000, 1000}, {300000, 1000}}}};
}

std::string shown(const Result<UserNamespace>& chosen) {
  if (!chosen) return chosen.error().text();
  return chosen->own ? mapping_words(chosen->uids) + " " + mapping_words(chosen->gids) : "the host's";
}

RunOptions with(const UserNamespaceChoice& choice) {
  RunOptions options;
  options.userns = choice;
  return options;
}

TEST(UserNamespace, OfRootIsTheHosts) {
  EXPECT_EQ(shown(choose_user_namespace({}, {})), "the host's");
  EXPECT_EQ(shown(choose_user_namespace(with({.kind = UserNamespaceKind::kHost}), {})), "the host's");
}

TEST(UserNamespace, OfAnOrdinaryUserHasAllOfItsIds) {
  EXPECT_EQ(shown(choose_user_namespace({}, ordinary_user())),
            "0:1000:1,1:100000:65536 0:1000:1,1:200000:1000,1001:300000:1000");
  IdFacts alone = ordinary_user();
  alone.users.own = alone.groups.own = {{1000, 1}};
  EXPECT_EQ(shown(choose_user_namespace({}, alone)), "0:1000:1 0:1000:1");
}

TEST(UserNamespace, KeepsTheCallersIdInItsPlace) {
  const auto keep = [](std::optional<std::uint32_t> uid, std::optional<std::uint32_t> gid) {
    return shown(
        choose_user_namespace(with({.kind = UserNamespaceKind::kKeepId, .uid = uid, .gid = gid}), ordinary_user()));
  };
  EXPECT_EQ(keep({}, {}), "0:100000:1000,1000:1000:1,1001:101000:64536 0:200000:1000,1000:1000:1,1001:300000:1000");
  EXPECT_EQ(keep(0, 0), "0:1000:1,1:100000:65536 0:1000:1,1:200000:1000,1001:300000:1000");
  EXPECT_EQ(keep(70000, 5000), "0:100000:65536,70000:1000:1 0:200000:1000,1000:300000:1000,5000:1000:1");
  EXPECT_THAT(shown(choose_user_namespace(with({.kind = UserNamespaceKind::kKeepId}), {})),
              HasSubstr("ordinary users"));
}

TEST(UserNamespace, OfItsOwnHasIdsThatNobodyElseHas) {
  IdFacts facts{.users = {.own = {{1000000, 200000}}}, .groups = {.own = {{1000000, 200000}}}};
  const RunOptions wanted = with({.kind = UserNamespaceKind::kAuto});
  EXPECT_EQ(shown(choose_user_namespace(wanted, facts)), "0:1000000:65536 0:1000000:65536");
  facts.users.taken = {{1065536, 65536}, {1000000, 65536}};
  EXPECT_EQ(shown(choose_user_namespace(wanted, facts)), "0:1131072:65536 0:1000000:65536");
  facts.users.taken.push_back({1131072, 10000});
  EXPECT_THAT(shown(choose_user_namespace(wanted, facts)), HasSubstr("no 65536 ids in a row left"));
  EXPECT_EQ(shown(choose_user_namespace(with({.kind = UserNamespaceKind::kAuto, .size = 100}), facts)),
            "0:1141072:100 0:1000000:100");
  EXPECT_THAT(shown(choose_user_namespace(wanted, {})), HasSubstr("'containers' has no ids in /etc/subuid"));
  // Never the user itself.
  EXPECT_EQ(shown(choose_user_namespace(with({.kind = UserNamespaceKind::kAuto, .size = 1000}), ordinary_user())),
            "0:100000:1000 0:200000:1000");
}

TEST(UserNamespace, IsMappedAsAskedFor) {
  RunOptions options;
  options.uidmaps = {{.container_id = 0, .host_id = 5000, .size = 10, .typed = "--uidmap 0:5000:10"}};
  EXPECT_EQ(shown(choose_user_namespace(options, {})), "0:5000:10 0:5000:10");
  options.gidmaps = {{.container_id = 0, .host_id = 999, .size = 4, .typed = "--gidmap 0:999:4"}};
  EXPECT_EQ(shown(choose_user_namespace(options, {})), "0:5000:10 0:999:4");
  EXPECT_EQ(shown(choose_user_namespace(options, ordinary_user())), "0:104999:10 0:200998:2,2:300000:2");
  options.uidmaps[0].host_id = 65530;
  EXPECT_THAT(shown(choose_user_namespace(options, ordinary_user())), HasSubstr("you have 65537"));
  options.userns = {.kind = UserNamespaceKind::kAuto};
  EXPECT_THAT(shown(choose_user_namespace(options, {})), HasSubstr("exclude each other"));
}

TEST(UserNamespace, RefusesMappingsThatOverlap) {
  RunOptions options;
  options.uidmaps = {{0, 5000, 10, "--uidmap 0:5000:10"}, {9, 6000, 10, "--uidmap 9:6000:10"}};
  EXPECT_THAT(shown(choose_user_namespace(options, {})),
              HasSubstr("--uidmap 0:5000:10 and --uidmap 9:6000:10 overlap"));
}

TEST(UserNamespace, IsJoinedWithTheNetworkThatItOwns) {
  IdFacts facts = ordinary_user();
  facts.joined = "/proc/7/ns/user";
  facts.users.joined = {{0, 1000, 1}};
  const auto chosen = choose_user_namespace({}, facts);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->path, "/proc/7/ns/user");
  EXPECT_TRUE(chosen->has_user(0));
  EXPECT_FALSE(chosen->has_user(5));
  EXPECT_TRUE(chosen->has_group(5)) << "nothing is known of its groups";
}

TEST(SubordinateIds, AreThoseOfTheNameAndOfTheNumber) {
  const std::string text =
      "ann:100000:65536\nbob:165536:65536\n1000:300000:10\n#\nann:x:1\nann:5:0\nann:4294967295:9\n";
  EXPECT_EQ(subordinate_ranges(text, "ann", 1000), (IdRanges{{100000, 65536}, {300000, 10}}));
  EXPECT_EQ(subordinate_ranges(text, "", 7), IdRanges());
}

TEST(Positions, TakeThePlaceOfHostIds) {
  const IdFacts facts = ordinary_user();
  const auto keep = choose_user_namespace(with({.kind = UserNamespaceKind::kKeepId}), facts);
  ASSERT_TRUE(keep);
  EXPECT_EQ(mapping_words(by_position(keep->uids, facts.users.own)), "1000:0:1,0:1:1000,1001:1001:64536");
  EXPECT_EQ(host_id(keep->uids, 5), 100005U);
  EXPECT_EQ(host_id(keep->uids, 1000), 1000U);
  EXPECT_EQ(host_id(keep->uids, 70000), std::nullopt);
}

}  // namespace
}  // namespace caisson::engine
