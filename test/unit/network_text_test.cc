// Addresses, ports, networks, leases: as text and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/choice.h"
#include "network/holding.h"
#include "network/lease.h"
#include "network/link_messages.h"
#include "network/network_record.h"
#include "network/port.h"

namespace caisson::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Address address(std::string_view text) { return parse_address(text).value_or(Address{}); }
Subnet subnet(std::string_view text) { return parse_subnet(text).value_or(Subnet{}); }

TEST(Addresses, AreReadWhole) {
  for (const char* text : {"10.0.0.1", "0.0.0.0", "::1", "fd00::1:2", "::"}) EXPECT_EQ(to_text(address(text)), text);
  for (const char* text : {"", "10.0.0", "10.0.0.256", "1.2.3.4 ", "[::1]", "fe80::1%eth0", "x"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Addresses, AdvanceAcrossBytes) {
  EXPECT_EQ(advance(address("10.0.0.255"), 1), address("10.0.1.0"));
  EXPECT_EQ(advance(address("fd00::ffff"), 2), address("fd00::1:1"));
  EXPECT_EQ(advance(address("255.255.255.255"), 1), std::nullopt);
}

TEST(Subnets, HaveNoHostBits) {
  EXPECT_EQ(to_text(subnet("10.89.0.0/16")), "10.89.0.0/16");
  const auto wrong = parse_subnet("10.89.0.1/24");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().hint, HasSubstr("10.89.0.0/24"));
  for (const char* text : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "/24", "::/129"})
    EXPECT_FALSE(parse_subnet(text)) << text;
}

TEST(Subnets, ContainAndOverlap) {
  EXPECT_TRUE(contains(subnet("10.1.0.0/16"), address("10.1.255.255")));
  EXPECT_FALSE(contains(subnet("10.1.0.0/16"), address("10.2.0.0")));
  EXPECT_FALSE(contains(subnet("0.0.0.0/0"), address("::1")));
  EXPECT_TRUE(overlap(subnet("10.0.0.0/8"), subnet("10.1.0.0/16")));
  EXPECT_TRUE(overlap(subnet("10.1.0.0/16"), subnet("10.0.0.0/8")));
  EXPECT_FALSE(overlap(subnet("10.1.0.0/16"), subnet("10.2.0.0/16")));
  EXPECT_EQ(last_address(subnet("10.1.2.0/23")), address("10.1.3.255"));
}

TEST(LowestFree, LeavesOutEndsAndWhatIsTaken) {
  const Subnet small = subnet("10.1.0.0/29");
  EXPECT_EQ(lowest_free(small, small, {}), address("10.1.0.1"));
  EXPECT_EQ(lowest_free(small, small, {address("10.1.0.1"), address("10.1.0.2"), address("10.1.0.4")}),
            address("10.1.0.3"));
  std::vector<Address> all;
  for (unsigned i = 1; i <= 6; ++i) all.push_back(*advance(small.base, i));
  EXPECT_EQ(lowest_free(small, small, all), std::nullopt);  // the seventh is the broadcast address
  EXPECT_EQ(lowest_free(small, subnet("10.1.0.4/31"), {address("10.1.0.1"), address("10.1.0.4")}), address("10.1.0.5"));
  EXPECT_EQ(lowest_free(subnet("fd00::/64"), subnet("fd00::/64"), {address("fd00::1")}), address("fd00::2"));
}

std::string port(std::string_view text) {
  const auto read = read_port(text);
  return read ? to_text(*read) : "error: " + read.error().text();
}

TEST(Ports, AreReadInTheirWholeGrammar) {
  EXPECT_EQ(port("80"), "80/tcp");
  EXPECT_EQ(port("8080:80"), "8080:80/tcp");
  EXPECT_EQ(port("8080:80/udp"), "8080:80/udp");
  EXPECT_EQ(port("127.0.0.1:8080:80"), "127.0.0.1:8080:80/tcp");
  EXPECT_EQ(port("127.0.0.1::80"), "127.0.0.1::80/tcp");
  EXPECT_EQ(port("[::1]:8080:80"), "[::1]:8080:80/tcp");
  EXPECT_EQ(port(":80"), "80/tcp");
  EXPECT_EQ(port("8000-8009:80-89"), "8000-8009:80-89/tcp");
  EXPECT_EQ(port("8000-8009:80"), "8000-8009:80/tcp");
  EXPECT_EQ(port("80-82"), "80-82/tcp");
  EXPECT_EQ(port("53:53/sctp"), "53:53/sctp");
  for (const char* text : {"", "x", "0:80", "80:0", "8080:80/icmp", "65536:1", "9-8:9-8", "a:80:80", "[::1]:80",
                           "[::1:80:80", "1:2:3:4", "80/", "8000-8001:80-82", "-80:80", "80:80:", "[127.0.0.1]:80:80"})
    EXPECT_THAT(port(text), HasSubstr("error: ")) << text;
}

TEST(Ports, AreReadAgainAsTheyAreWritten) {
  for (const char* text :
       {"80/tcp", "127.0.0.1:8080:80/udp", "[::1]:80-90:80-90/tcp", "8000-8009:80/tcp", "127.0.0.1::80/tcp"})
    EXPECT_EQ(port(text), text);
}

TEST(Ports, SayWhatTheyReach) {
  EXPECT_EQ(reach({.host_port = 80}), "every interface of the host");
  EXPECT_EQ(reach({.host_address = address("127.0.0.1")}), "this host alone (127.0.0.1)");
  EXPECT_EQ(reach({.host_address = address("192.0.2.1")}), "the interface with 192.0.2.1");
  EXPECT_EQ(host_side({.host_port = 80}, Family::kIpv6), "[::]:80");
}

TEST(NetworkChoices, AreReadWithTheirOptions) {
  const auto choice =
      read_network_choice("web:ip=10.1.0.9,ip6=fd00::9,mac=02:00:00:00:00:09,alias=a,alias=b,interface_name=lan0");
  ASSERT_TRUE(choice) << choice.error().text();
  EXPECT_EQ(to_text(*choice), "web:ip=10.1.0.9,ip6=fd00::9,mac=02:00:00:00:00:09,interface_name=lan0,alias=a,alias=b");
  EXPECT_EQ(read_network_choice("name=web,alias=a").value_or(NetworkChoice{}).network, "web");
  for (const char* text : {"", "none", "-x", "a b", "web:x", "web:ip=fd00::1", "web:ip6=10.0.0.1",
                           "web:mac=01:00:00:00:00:00", "web:colour=red", "web:interface_name=far-too-long-for-one"})
    EXPECT_FALSE(read_network_choice(text)) << text;
}

TEST(Macs, AreOfOneDevice) {
  EXPECT_EQ(mac_text(*parse_mac("02:AB:00:00:00:01")), "02:ab:00:00:00:01");
  for (const char* text :
       {"", "02:00:00:00:00", "03:00:00:00:00:01", "00:00:00:00:00:00", "02:00:00:00:00:0g", "2:0:0:0:0:1"})
    EXPECT_FALSE(parse_mac(text)) << text;
}

TEST(Devices, AreNamedAfterTheirContainer) {
  const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  EXPECT_EQ(host_device_name(id, 0), "cs0123456789a0");
  EXPECT_EQ(host_device_name(id, 35), "cs0123456789az");
  EXPECT_TRUE(is_host_device_name("cs0123456789a0"));
  for (const char* name : {"cs", "cscsi0", "cs0123456789g0", "eth0"}) EXPECT_FALSE(is_host_device_name(name)) << name;
  EXPECT_EQ(made_mac(id, 0)[0], 0x02);
  EXPECT_NE(made_mac(id, 0), made_mac(id, 1));
}

NetworkRecord network() {
  NetworkRecord record{.name = "web", .id = "aa", .device = "caisson1"};
  record.subnets =
      arrange_subnets({.subnets = {subnet("fd00::/64"), subnet("10.1.0.0/29")}, .gateways = {}, .ranges = {}})
          .value_or(std::vector<NetworkSubnet>());
  return record;
}

TEST(Networks, ArrangeTheirSubnets) {
  const NetworkRecord record = network();
  ASSERT_EQ(record.subnets.size(), 2U);
  EXPECT_EQ(record.subnets[0].gateway, address("10.1.0.1"));  // IPv4 first
  EXPECT_EQ(record.subnets[1].gateway, address("fd00::1"));
  EXPECT_FALSE(arrange_subnets({.subnets = {subnet("10.1.0.0/24")}, .gateways = {address("10.2.0.1")}, .ranges = {}}));
  EXPECT_FALSE(
      arrange_subnets({.subnets = {subnet("10.1.0.0/24"), subnet("10.2.0.0/24")}, .gateways = {}, .ranges = {}}));
  EXPECT_FALSE(arrange_subnets({.subnets = {subnet("10.1.0.0/31")}, .gateways = {}, .ranges = {}}));
  EXPECT_FALSE(
      arrange_subnets({.subnets = {subnet("10.1.0.0/24")}, .gateways = {}, .ranges = {subnet("10.1.0.0/16")}}));
}

TEST(Networks, AreReadAsTheyAreWritten) {
  NetworkRecord record = network();
  record.options = {{"mtu", "1400"}};
  record.labels = {{"tier", "front"}};
  record.internal = true;
  record.subnets[0].range = subnet("10.1.0.4/30");
  const auto read = read_network_record(to_json(record));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, record);
  EXPECT_FALSE(read_network_record("{}"));
  EXPECT_FALSE(read_network_record(R"({"version":99})"));
}

TEST(NetworkSettings, AreThoseOfTheDriver) {
  EXPECT_EQ(
      network_settings(Driver::kBridge, {{"com.docker.network.driver.mtu", "1400"}}).value_or(NetworkSettings{}).mtu,
      1400U);
  EXPECT_FALSE(network_settings(Driver::kBridge, {{"mode", "l2"}}));
  EXPECT_FALSE(network_settings(Driver::kBridge, {{"mtu", "12"}}));
  EXPECT_FALSE(network_settings(Driver::kMacvlan, {{"masquerade", "true"}}));
  EXPECT_FALSE(network_settings(Driver::kMacvlan, {{"mode", "l2"}}));
  EXPECT_EQ(network_settings(Driver::kIpvlan, {{"mode", "l3"}, {"parent", "eth0"}}).value_or(NetworkSettings{}).device,
            "eth0");
}

TEST(Leases, GiveEachTheLowestAddress) {
  const NetworkRecord record = network();
  Leases leases;
  EXPECT_THAT(leases.take(record, "a", {}, {.names = {"one"}})->addresses,
              ElementsAre(address("10.1.0.2"), address("fd00::2")));
  EXPECT_THAT(leases.take(record, "b", {}, {})->addresses, ElementsAre(address("10.1.0.3"), address("fd00::3")));
  EXPECT_TRUE(leases.give_back("a"));
  EXPECT_FALSE(leases.give_back("a"));
  EXPECT_THAT(leases.take(record, "c", {}, {})->addresses, ElementsAre(address("10.1.0.2"), address("fd00::2")));
  const auto taken = leases.take(record, "d", {.ipv4 = address("10.1.0.3")}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().text(), HasSubstr("container b has the address 10.1.0.3"));
  EXPECT_FALSE(leases.take(record, "d", {.ipv4 = address("10.2.0.3")}, {}));
  EXPECT_FALSE(leases.take(record, "d", {.ipv4 = address("10.1.0.1")}, {}));  // the gateway
  EXPECT_FALSE(leases.take(record, "d", {.ipv4 = address("10.1.0.7")}, {}));  // broadcast
}

TEST(Leases, AreReadAsTheyAreWritten) {
  Leases leases;
  (void)leases.take(network(), "a", {}, {.names = {"one", "two"}});
  (void)leases.take(network(), "b", {}, {});
  const std::vector<Lease> all = leases.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].naming.names, std::vector<std::string>({"one", "two"}));
  EXPECT_THAT(all[1].addresses, ElementsAre(address("10.1.0.3"), address("fd00::3")));
  EXPECT_TRUE(Leases().all().empty());
  EXPECT_TRUE(Leases("half a li").all().empty());
}

TEST(Leases, AreChangedOneByOne) {
  // "a" is the end of another's id, and a name.
  Leases leases("ba 10.1.0.2 a \na 10.1.0.3 b \nhalf a li\nc 10.1.0.5 c ");
  EXPECT_FALSE(leases.rename("d", {}));
  EXPECT_TRUE(leases.rename("a", {.names = {"new"}, .servers = {"9.9.9.9"}}));
  EXPECT_THAT(leases.text(), HasSubstr("\na 10.1.0.3 new 9.9.9.9\nhalf"));
  EXPECT_TRUE(leases.rename("c", {.names = {"last"}}));
  EXPECT_THAT(leases.text(), HasSubstr("\nc 10.1.0.5 last \n"));
  EXPECT_TRUE(leases.give_back("ba"));
  EXPECT_TRUE(leases.give_back("c"));
  EXPECT_EQ(leases.text(), "a 10.1.0.3 new 9.9.9.9\nhalf a li\n");
}

TEST(Leases, AreTheServersFileOfNames) {
  Leases leases;
  (void)leases.take(network(), "a", {}, {.names = {"one", "two"}});
  (void)leases.take(network(), "b", {}, {.names = {"three"}, .servers = {"9.9.9.9", "1.1.1.1"}});
  EXPECT_EQ(names_file(network(), leases.all()),
            "10.1.0.1,fd00::1\na 10.1.0.2 fd00::2 one,two\nb 10.1.0.3 fd00::3 three 9.9.9.9,1.1.1.1\n");
}

TEST(Holdings, AreReadAsTheyAreWritten) {
  const Holding holding{
      .attachments = {{.network = "web",
                       .network_id = "aa",
                       .number = 1,
                       .interface = "eth1",
                       .host_device = "cs1",
                       .mac = {2, 0, 0, 0, 0, 1},
                       .addresses = {{address("10.1.0.2"), 24, address("10.1.0.1")}, {address("fd00::2"), 64, {}}},
                       .aliases = {"x"},
                       .internal = true}},
      .ports =
          {{{.host_address = address("127.0.0.1"), .host_port = 80, .container_port = 81, .protocol = Protocol::kUdp},
            {address("10.1.0.2")}}},
      .helper = "pasta",
      .helper_pid = 7};
  const auto read = read_holding(to_json(holding));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, holding);
  EXPECT_FALSE(read_holding("{}"));
  EXPECT_FALSE(read_holding("[]"));
}

}  // namespace
}  // namespace caisson::network
