// What of networks is decided without the kernel beside what asks it: helpers' words, tables of sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "network/foreign_messages.h"
#include "network/listeners.h"
#include "network/user_network.h"

namespace caisson::network {
namespace {

using testing::IsSupersetOf;

const UserNetwork kWanted{.program = "pasta", .options = {"--mtu=1400"}, .network_namespace = 7, .directory = "/run/x"};
const HeldPort kPort{.port = {.host_address = parse_address("127.0.0.1"), .host_port = 8080, .container_port = 80},
                     .containers = {}};

TEST(Pasta, IsGivenPortsOfBothProtocols) {
  const std::vector<std::string> words = pasta_words(kWanted, "/run/x/x.netns", {kPort});
  EXPECT_THAT(words, IsSupersetOf({"--config-net", "-t", "127.0.0.1/8080:80", "-u", "none", "--mtu=1400"}));
  EXPECT_EQ(words.back(), "/run/x/x.netns");
  // Without any, none of the host's is let in, which would be its own default.
  EXPECT_EQ(std::ranges::count(pasta_words(kWanted, "", {}), "none"), 4);
}

TEST(Pasta, WantsADefaultRoute) {
  const std::string head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
  EXPECT_FALSE(has_way_out(head + "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", ""));
  EXPECT_TRUE(has_way_out(head + "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", ""));
  const std::string route = std::string(32, '0') + " 00 " + std::string(32, '0') + " 00 fd01 00000400 1 0 3 ";
  EXPECT_TRUE(has_way_out("", route + "eth0\n"));
  EXPECT_FALSE(has_way_out("", route + "      lo\n"));
}

TEST(Slirp, IsAskedForPortsOneByOne) {
  EXPECT_EQ(
      slirp_request(kPort, "10.0.2.100"),
      R"({"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"127.0.0.1","host_port":8080,"guest_addr":"10.0.2.100","guest_port":80}})");
  EXPECT_THAT(
      slirp_words(kWanted, "slirp", true),
      IsSupersetOf({"--ready-fd=3", "--api-socket=slirp", "--disable-host-loopback", "--userns-path=/proc/self/fd/5"}));
}

TEST(Listeners, AreThoseThatWaitForOthers) {
  const char* const tcp =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 "
      "0\n"
      "   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 "
      "0\n"
      "   2: nonsense\n";
  const std::vector<Listener> found = read_listeners(tcp, Protocol::kTcp, Family::kIpv4);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].port, 8080);
  EXPECT_EQ(to_text(found[0].address), "127.0.0.1");
  EXPECT_EQ(found[0].inode, "4711");
  EXPECT_TRUE(read_listeners(tcp, Protocol::kTcp, Family::kIpv6).empty());
  EXPECT_TRUE(read_listeners("", Protocol::kUdp, Family::kIpv4).empty());
}

TEST(ForeignRules, AreKnownByTheirMark) {
  EXPECT_EQ(own_rule("", "caisson0"), std::nullopt);
  EXPECT_EQ(own_rule("\xff\xff\xff\xff", "caisson0"), std::nullopt);
  EXPECT_FALSE(is_dropping(""));
}

}  // namespace
}  // namespace caisson::network
