#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/container_filter.h"
#include "cli/container_stats.h"

namespace caisson::cli {
namespace {

using Json = nlohmann::ordered_json;

engine::Container container() {
  engine::Container made;
  made.record = {.id = std::string(64, 'a'), .name = "web", .created_ns = 50, .source = "busybox", .network = "none"};
  made.record.restart = {.when = engine::RestartWhen::kAlways};
  made.record.labels = {{"tier", "front"}, {"empty", ""}};
  made.record.image = engine::ImageRecord{.exposed_ports = {"80/tcp", "5000-5010/udp"}};
  made.record.mounts = {{.type = "volume", .name = "data", .source = "/v/data", .destination = "/srv"}};
  made.ending = engine::Ending{.exit_code = 3};
  return made;
}

bool passes(std::initializer_list<const char*> filters) {
  ContainerFilters all;
  for (const char* each : filters) EXPECT_TRUE(all.add(each)) << each;
  return all.pass(container(), {.health = [] { return std::string("healthy"); }});
}

TEST(ContainerFilters, LetThroughWhatTheySay) {
  for (const auto& yes : std::initializer_list<std::initializer_list<const char*>>{{},
                                                                                   {"name=we"},
                                                                                   {"name=^/web$"},
                                                                                   {"name=x", "name=web"},
                                                                                   {"id=aaa"},
                                                                                   {"label=tier"},
                                                                                   {"label=tier=front"},
                                                                                   {"label=empty="},
                                                                                   {"label!=none"},
                                                                                   {"status=exited"},
                                                                                   {"status=stopped"},
                                                                                   {"status=running", "status=exited"},
                                                                                   {"exited=3"},
                                                                                   {"expose=80"},
                                                                                   {"expose=5005/udp"},
                                                                                   {"expose=79-81"},
                                                                                   {"network=none"},
                                                                                   {"ancestor=busybox"},
                                                                                   {"volume=/srv"},
                                                                                   {"volume=data"},
                                                                                   {"is-task=0"},
                                                                                   {"health=healthy"},
                                                                                   {"restart-policy=always"},
                                                                                   {"until=1970-01-02"}})
    EXPECT_TRUE(passes(yes)) << (yes.size() == 0 ? "" : *yes.begin());
  for (const auto& no : std::initializer_list<std::initializer_list<const char*>>{{"name=db"},
                                                                                  {"name=^eb"},
                                                                                  {"id=b"},
                                                                                  {"label=tier=back"},
                                                                                  {"label=tier", "label=none"},
                                                                                  {"label!=tier"},
                                                                                  {"status=running"},
                                                                                  {"exited=0"},
                                                                                  {"expose=81"},
                                                                                  {"expose=5005"},
                                                                                  {"network=host"},
                                                                                  {"volume=/other"},
                                                                                  {"publish=80"},
                                                                                  {"health=none"},
                                                                                  {"restart-policy=no"},
                                                                                  {"is-task=true"},
                                                                                  {"name=web", "exited=1"},
                                                                                  {"ancestor=debian"}})
    EXPECT_FALSE(passes(no)) << *no.begin();
}

TEST(ContainerFilters, RefuseWhatIsNone) {
  for (const char* text : {"", "name", "colour=red", "exited=x", "status=asleep", "health=fine", "expose=x",
                           "expose=90-80", "publish=70000", "is-task=maybe", "name=(", "until=soon"})
    EXPECT_FALSE(ContainerFilters().add(text)) << text;
}

TEST(ContainerFilters, ShowThoseThatHaveEndedWhereTheyAskForThem) {
  ContainerFilters filters;
  ASSERT_TRUE(filters.add("name=x"));
  EXPECT_FALSE(filters.shows_ended());
  ASSERT_TRUE(filters.add("exited=1"));
  EXPECT_TRUE(filters.shows_ended());
}

TEST(Stats, CountTheNetworkWithoutLo) {
  const NetworkBytes bytes = network_bytes(
      "Inter-|   Receive\n face |bytes packets\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
      "  eth0: 100 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\n eth1:5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\nbroken: 1 2\n");
  EXPECT_EQ(bytes.received, 105U);
  EXPECT_EQ(bytes.sent, 26U);
}

TEST(Stats, AreOfTheTimeBetweenTwoSamples) {
  engine::Container running = container();
  running.live = engine::Live{.started_ns = 0};
  const UsageSample first{.moment_ns = 1'000'000'000, .cpu_ns = 500'000'000};
  const UsageSample second{.moment_ns = 2'000'000'000,
                           .cpu_ns = 2'000'000'000,
                           .memory_bytes = 1536 << 10,
                           .memory_limit_bytes = 3 << 20,
                           .received_bytes = 1000,
                           .processes = 2};
  const Json row = stats_row(running, first, second, false);
  EXPECT_EQ(row["CPUPerc"], "150.00%");
  EXPECT_EQ(row["MemUsage"], "1.5MiB / 3MiB");
  EXPECT_EQ(row["MemPerc"], "50.00%");
  EXPECT_EQ(row["NetIO"], "1kB / 0B");
  EXPECT_EQ(row["PIDs"], "2");
  EXPECT_EQ(stats_row(running, std::nullopt, first, false)["CPUPerc"], "50.00%");
  EXPECT_EQ(stats_row(container(), std::nullopt, std::nullopt, false)["CPUPerc"], "0.00%");
}

}  // namespace
}  // namespace caisson::cli
