// Messages of netlink: their lengths, their order, and elements as the kernel lists them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <cstring>

#include "network/filter_messages.h"
#include "network/link_messages.h"

namespace caisson::network {
namespace {

using testing::HasSubstr;

std::vector<nlmsghdr> headers(const Batch& batch) {
  std::vector<nlmsghdr> found;
  for (std::size_t at = 0; at < batch.buffer().size();) {
    nlmsghdr header{};
    std::memcpy(&header, batch.buffer().data() + at, sizeof header);
    found.push_back(header);
    at += NLMSG_ALIGN(header.nlmsg_len);
    if (header.nlmsg_len < sizeof header) break;
  }
  return found;
}

TEST(Batch, HoldsWholeMessagesInOrder) {
  Batch batch;
  begin_transaction(batch);
  change_bridge(batch, Change::kAdd, "caisson0", {});
  change_port(batch, Change::kRemove, {.host_port = 8080, .container_port = 80}, *parse_address("10.1.0.2"));
  end_transaction(batch);
  const std::vector<nlmsghdr> found = headers(batch);
  ASSERT_EQ(found.size(), batch.about().size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].nlmsg_seq, i + 1);
    EXPECT_EQ((found[i].nlmsg_flags & NLM_F_ACK) != 0, !batch.about()[i].empty());
  }
  EXPECT_THAT(batch.about()[found.size() - 2], HasSubstr("0.0.0.0:8080/tcp"));
}

TEST(Batch, NestsAttributes) {
  Batch batch;
  batch.begin(1, 0, std::uint32_t{0}, "test");
  batch.open(1);
  batch.number8(2, 7);
  batch.close();
  batch.number16(3, 9);
  const std::vector<nlmsghdr> found = headers(batch);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].nlmsg_len, batch.buffer().size());
  nlattr nested{};
  std::memcpy(&nested, batch.buffer().data() + sizeof(nlmsghdr) + 4, sizeof nested);
  EXPECT_EQ(nested.nla_len, 4 + 8);
  EXPECT_EQ(nested.nla_type, 1 | NLA_F_NESTED);
}

TEST(Table, IsOneTransactionThatFitsTheKernel) {
  Batch batch;
  add_table(batch);
  EXPECT_LT(batch.buffer().size(), 64U << 10);
  EXPECT_THAT(batch.about(), testing::Each(testing::Not(testing::IsEmpty())));
}

// What an element is written as is what is read of it: the list of elements in a request has the same form as in an
// answer.
std::vector<PortElement> written_and_read(std::string_view map, const Published& port, const Address& container) {
  Batch batch;
  change_port(batch, Change::kAdd, port, container);
  constexpr std::size_t kHeads = sizeof(nlmsghdr) + 4;
  return read_elements(map, std::string_view(batch.buffer()).substr(kHeads));
}

TEST(Elements, AreReadAsTheyAreWritten) {
  struct Case {
    std::string_view map;
    Published port;
    const char* container;
  };
  const Case cases[] = {
      {"ports4", {.host_port = 8080, .container_port = 80}, "10.1.0.2"},
      {"bound4",
       {.host_address = parse_address("127.0.0.1"),
        .host_port = 53,
        .container_port = 5353,
        .protocol = Protocol::kUdp},
       "10.1.0.2"},
      {"ports6", {.host_port = 65535, .container_port = 1}, "fd00::2"},
      {"bound6", {.host_address = parse_address("::1"), .host_port = 443, .container_port = 443}, "fd00::2"},
  };
  for (const Case& each : cases) {
    const auto read = written_and_read(each.map, each.port, *parse_address(each.container));
    ASSERT_EQ(read.size(), 1U) << each.map;
    EXPECT_EQ(read[0].port, each.port) << each.map;
    EXPECT_EQ(to_text(read[0].container), each.container);
  }
}

TEST(Elements, OfAnotherMapAreNone) {
  EXPECT_TRUE(
      written_and_read("bound4", {.host_port = 8080, .container_port = 80}, *parse_address("10.1.0.2")).empty());
  EXPECT_TRUE(read_elements("ports4", "\xff\xff\xff\xff\x01").empty());
  EXPECT_TRUE(read_elements("bridges", "").empty());
}

}  // namespace
}  // namespace caisson::network
