#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/accounts.h"

namespace caisson::engine {
namespace {

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# a comment:x:1:1::/:\n"
    "\n"
    "www:x:33:34:web:/var/www:/bin/false\n"
    "short:x:40:41\n"
    "homeless:x:42:42:::\n"
    "odd:x:43:43::relative/home:\n"
    "bell:x:44:44::/a\x07:\n"
    "evil:x:::no ids:/root:\n"
    "minus:x:-1:0::/:\n"
    "huge:x:4294967296:0::/:\n"
    "www:x:99:99:second:/second:\n"
    "1000:x:2000:2000:a name of digits:/digits:\n"
    "last:x:50:50::/last:/bin/sh";
constexpr std::string_view kGroup =
    "root:x:0:\n"
    "adm:x:4:www,last\n"
    "www:x:34:www\n"
    "bad:x:none:www\n"
    "disk:x:6:root,www\n"
    "audio:x:29:wwwx,\n"
    "tail:x:60:last";

Account account(std::uint32_t uid, std::uint32_t gid, std::string name, std::string home,
                std::vector<std::uint32_t> groups) {
  return {.uid = uid, .gid = gid, .name = std::move(name), .home = std::move(home), .groups = std::move(groups)};
}

struct AccountCase {
  const char* name;
  const char* user;
  std::vector<std::string> more;
  Account expected;
};
void PrintTo(const AccountCase& row, std::ostream* out) { *out << row.name; }
class AccountTest : public testing::TestWithParam<AccountCase> {};
TEST_P(AccountTest, IsResolved) {
  const Result<Account> resolved = resolve_account(GetParam().user, GetParam().more, kPasswd, kGroup);
  ASSERT_TRUE(resolved) << resolved.error().text();
  const Account& expected = GetParam().expected;
  EXPECT_EQ(resolved->uid, expected.uid);
  EXPECT_EQ(resolved->gid, expected.gid);
  EXPECT_EQ(resolved->name, expected.name);
  EXPECT_EQ(resolved->home, expected.home);
  EXPECT_EQ(resolved->groups, expected.groups);
}
INSTANTIATE_TEST_SUITE_P(
    Users, AccountTest,
    testing::Values(AccountCase{"Nobody", "", {}, account(0, 0, "root", "/root", {0, 6})},
                    AccountCase{"Name", "www", {}, account(33, 34, "www", "/var/www", {34, 4, 6})},
                    AccountCase{"Number", "33", {}, account(33, 34, "www", "/var/www", {34, 4, 6})},
                    AccountCase{"NumberWithoutEntry", "1234", {}, account(1234, 0, "", "/", {0})},
                    AccountCase{"NumberIsNeverAName", "1000", {}, account(1000, 0, "", "/", {0})},
                    AccountCase{"LargestNumber", "2147483647", {}, account(2147483647, 0, "", "/", {0})},
                    AccountCase{"OwnGroupAlone", "www:disk", {}, account(33, 6, "www", "/var/www", {6})},
                    AccountCase{"GroupNumberWithoutEntry", "www:77", {}, account(33, 77, "www", "/var/www", {77})},
                    AccountCase{"NumbersWithoutEntries", "7:8", {}, account(7, 8, "", "/", {8})},
                    AccountCase{"EmptyGroup", "www:", {}, account(33, 34, "www", "/var/www", {34, 4, 6})},
                    AccountCase{"GroupOfRoot", ":disk", {}, account(0, 6, "root", "/root", {6})},
                    AccountCase{"MoreGroups",
                                "www",
                                {"audio", "6", "500", "audio"},
                                account(33, 34, "www", "/var/www", {34, 4, 6, 29, 500})},
                    AccountCase{
                        "MoreGroupsBesideOwn", "www:34", {"tail"}, account(33, 34, "www", "/var/www", {34, 60})},
                    AccountCase{"ShortLine", "short", {}, account(40, 41, "short", "/", {41})},
                    AccountCase{"NoHome", "homeless", {}, account(42, 42, "homeless", "/", {42})},
                    AccountCase{"RelativeHome", "odd", {}, account(43, 43, "odd", "/", {43})},
                    AccountCase{"HomeWithControlByte", "bell", {}, account(44, 44, "bell", "/", {44})},
                    AccountCase{"LastLineWithoutNewline", "last", {}, account(50, 50, "last", "/last", {50, 4, 60})}),
    [](const auto& row) { return row.param.name; });

struct UnknownCase {
  const char* name;
  const char* user;
  std::vector<std::string> more;
  const char* text;
};
void PrintTo(const UnknownCase& row, std::ostream* out) { *out << row.name; }
class UnknownAccountTest : public testing::TestWithParam<UnknownCase> {};
TEST_P(UnknownAccountTest, IsAnError) {
  const Result<Account> resolved = resolve_account(GetParam().user, GetParam().more, kPasswd, kGroup);
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().text(), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    Users, UnknownAccountTest,
    testing::Values(UnknownCase{"Name", "nobody", {}, "no user 'nobody' in the container's /etc/passwd"},
                    UnknownCase{"NoIdsIsNotRoot", "evil", {}, "no user 'evil' in the container's /etc/passwd"},
                    UnknownCase{"NegativeId", "minus", {}, "no user 'minus' in the container's /etc/passwd"},
                    UnknownCase{"IdThatWouldWrapToZero", "huge", {}, "no user 'huge' in the container's /etc/passwd"},
                    UnknownCase{"Comment", "# a comment", {}, "no user '# a comment' in the container's /etc/passwd"},
                    UnknownCase{"TooLargeNumber", "2147483648", {}, "the user id 2147483648 is above 2147483647"},
                    UnknownCase{"TooLargeGroup", "0:4294967296", {}, "the group id 4294967296 is above 2147483647"},
                    UnknownCase{"Group", "www:nogroup", {}, "no group 'nogroup' in the container's /etc/group"},
                    UnknownCase{"GroupWithoutNumber", "www:bad", {}, "no group 'bad' in the container's /etc/group"},
                    UnknownCase{"MoreGroups", "www", {"nogroup"}, "no group 'nogroup' in the container's /etc/group"},
                    UnknownCase{"NegativeNumber", "-1", {}, "no user '-1' in the container's /etc/passwd"}),
    [](const auto& row) { return row.param.name; });

TEST(Accounts, NeedNoFiles) {
  const Result<Account> root = resolve_account("", {}, "", "");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(root->home, "/");
  EXPECT_THAT(root->groups, testing::ElementsAre(0));
}

TEST(Accounts, BearAnyText) {
  const std::string long_line = std::string(1 << 20, 'x') + ":x:1:1::/" + std::string(1 << 20, 'h');
  EXPECT_EQ(resolve_account("1", {}, long_line, long_line)->home, "/");
  const std::string bytes("a\0b:\xff:::::\n:::\n::::::::\nu:x:7:7::/h\0me:", 42);
  EXPECT_EQ(resolve_account("u", {}, bytes, bytes)->home, "/");
  EXPECT_TRUE(resolve_account("0", {}, std::string(10000, ':'), std::string(10000, '\n')));
}

}  // namespace
}  // namespace caisson::engine
