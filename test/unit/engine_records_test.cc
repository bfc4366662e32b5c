#include <gtest/gtest.h>

#include "engine/container_image.h"
#include "engine/network_files.h"
#include "engine/networking.h"
#include "engine/recipe.h"
#include "engine/record.h"

namespace caisson::engine {
namespace {

TEST(Record, IsReadAsItWasWritten) {
  const Record record{.id = std::string(64, 'a'),
                      .name = "web",
                      .created_ns = 123456789,
                      .source = "/srv/root fs",
                      .digest = "sha256:00",
                      .image = ImageRecord{.id = "sha256:00",
                                           .name = "docker.io/library/web:1",
                                           .digest = "sha256:11",
                                           .exposed_ports = {"80/tcp"},
                                           .healthcheck = image::Healthcheck{.test = {"CMD", "true"}, .retries = 3}},
                      .command = {"sh", "-c", "echo \"hi\"\n"},
                      .choices = {.entrypoint = {{"sh"}},
                                  .command = {"-c", "echo \"hi\"\n"},
                                  .environment = {"A=B"},
                                  .working_directory = "/srv",
                                  .user = "nobody"},
                      .rootfs = {.path = "/m", .lower = {"/l1", "/l2"}, .upper = "/u", .work = "/w"},
                      .mounts = {{.type = "volume",
                                  .name = "data",
                                  .source = "/v/data/_data",
                                  .destination = "/data",
                                  .options = {"ro"},
                                  .writable = false,
                                  .propagation = "rprivate",
                                  .anonymous = true},
                                 {.type = "image", .name = "web", .destination = "/i", .layers = {"/l1"}}},
                      .secrets = {{.name = "pass", .target = "/run/secrets/pass", .uid = 7, .mode = 0400, .typed = {}}},
                      .started = true,
                      .remove = true,
                      .restart = {.when = RestartWhen::kOnFailure, .retries = 3},
                      .terminal = true,
                      .interactive = true,
                      .stop_signal = 37,
                      .stop_timeout_s = -1,
                      .timeout_s = 5,
                      .network = "host",
                      .labels = {{"a", "b"}},
                      .cgroup_directories = {"/sys/fs/cgroup/memory/caisson-x"}};
  const Result<Record> read = read_record(to_json(record));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(to_json(*read), to_json(record));
  EXPECT_EQ(read->choices, record.choices);
  EXPECT_EQ(read->mounts, record.mounts);
  EXPECT_EQ(read->secrets, record.secrets);
}

TEST(Record, OfAnOlderCaissonKnowsNoImage) {
  std::string text = to_json(Record{});
  text.replace(text.find("\"image\":null,"), 13, "");
  text.replace(text.find("\"choices\":null,"), 15, "");
  text.replace(text.find("\"mounts\":[],"), 12, "");
  text.replace(text.find("\"secrets\":[],"), 13, "");
  ASSERT_TRUE(read_record(text));
  EXPECT_EQ(read_record(text)->image, std::nullopt);
}

TEST(Record, OfANewerCaissonIsRefused) {
  std::string text = to_json(Record{});
  text.replace(text.find("\"version\":1"), 11, "\"version\":2");
  ASSERT_FALSE(read_record(text));
  EXPECT_EQ(read_record(text).error().text(), "written by a newer caisson");
}

TEST(Record, ThatIsDamagedIsAnErrorAndNoException) {
  EXPECT_FALSE(read_record(""));
  EXPECT_FALSE(read_record("[]"));
  EXPECT_FALSE(read_record("{\"version\":1}"));
  EXPECT_FALSE(read_record("{\"version\":\"1\"}"));
  EXPECT_FALSE(read_live("{\"keeper\":1}"));
  EXPECT_FALSE(read_ending("{\"exitCode\":\"x\"}"));
}

TEST(ImageOfAContainer, SaysWhatItsOptionsSaid) {
  const image::ImageConfig base{.platform = {.os = "linux", .architecture = "amd64"},
                                .defaults = {.user = "web",
                                             .environment = {"PATH=/bin", "A=1"},
                                             .entrypoint = {"/start"},
                                             .command = {"serve"},
                                             .labels = {{"a", "image"}},
                                             .stop_signal = "SIGQUIT"}};
  image::ImageConfig same = base;
  say_choices({.stop_signal = 3, .labels = {{"a", "image"}}}, same);
  EXPECT_EQ(same, base);

  image::ImageConfig config = base;
  say_choices({.choices = {.command = {"check"}, .environment = {"A=2", "B=3"}, .working_directory = "/w", .user = "5"},
               .stop_signal = 15,
               .labels = {{"a", "mine"}, {"b", ""}}},
              config);
  EXPECT_EQ(config.defaults.entrypoint, std::vector<std::string>{"/start"});
  EXPECT_EQ(config.defaults.command, std::vector<std::string>{"check"});
  EXPECT_EQ(config.defaults.environment, (std::vector<std::string>{"PATH=/bin", "A=2", "B=3"}));
  EXPECT_EQ(config.defaults.working_directory, "/w");
  EXPECT_EQ(config.defaults.user, "5");
  EXPECT_EQ(config.defaults.labels, (std::map<std::string, std::string>{{"a", "mine"}, {"b", ""}}));
  EXPECT_EQ(config.defaults.stop_signal, "SIGTERM");

  // The image's command is not for another entrypoint.
  config = base;
  say_choices({.choices = {.entrypoint = std::vector<std::string>()}, .stop_signal = 3}, config);
  EXPECT_EQ(config.defaults.entrypoint, std::vector<std::string>());
  EXPECT_EQ(config.defaults.command, std::vector<std::string>());
}

TEST(Record, WithBytesThatAreNoTextIsWrittenAllTheSame) {
  EXPECT_TRUE(read_record(to_json(Record{.command = {"\xff\xfe"}})));
}

TEST(Live, IsReadAsItWasWritten) {
  const Live live{.keeper = {10, 20}, .process = {30, 40}, .started_ns = 50};
  EXPECT_EQ(to_json(read_live(to_json(live)).value_or(Live{})), to_json(live));
}

TEST(Ending, IsReadAsItWasWritten) {
  const Ending ending{
      .exit_code = 137, .signal = 9, .oom_killed = true, .reason = "why", .started_ns = 1, .finished_ns = 2};
  EXPECT_EQ(to_json(read_ending(to_json(ending)).value_or(Ending{})), to_json(ending));
}

TEST(Hosts, BeginWithWhatWasAdded) {
  EXPECT_EQ(
      hosts_text({{.names = {"db", "database"}, .address = "10.0.0.1"}}, "", "c1", "web"),
      "10.0.0.1\tdb database\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\tc1 web\n");
}

TEST(Hosts, OfTheHostsNetworkAreTheHosts) {
  EXPECT_EQ(hosts_text({}, "192.0.2.1 gate", "box", "web"), "192.0.2.1 gate\n127.0.0.1\tbox web\n");
}

TEST(Hosts, FollowTheNetworksAndKeepWhatIsTheUsers) {
  const auto holding = [](const char* address) {
    network::Attachment attachment;
    attachment.addresses.push_back({.address = *network::parse_address(address), .prefix = 16, .gateway = {}});
    return network::Holding{.attachments = {attachment}};
  };
  const std::string added = "127.0.0.1\tmine\n127.0.0.1\tlocalhost\n";
  const std::string alone = added + "127.0.0.1\tc1 web\n";
  const std::string front = added + "10.1.0.2\tc1 web\n";
  const std::string back = added + "10.2.0.2\tc1 web\n";
  EXPECT_EQ(hosts_after(alone, {}, holding("10.1.0.2")), front);
  EXPECT_EQ(hosts_after(front, holding("10.1.0.2"), holding("10.2.0.2")), back);
  EXPECT_EQ(hosts_after(back, holding("10.2.0.2"), {}), alone);
  EXPECT_EQ(hosts_after("127.0.0.1\tlocalhost\n", {}, holding("10.1.0.2")), "127.0.0.1\tlocalhost\n");
}

TEST(ResolvConf, LeavesOutServersThatOnlyTheHostCanReach) {
  EXPECT_EQ(resolv_conf_text(
                {}, "# by hand\nsearch example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver ::1\n"),
            "search example.org\nnameserver 192.0.2.1\n");
}

TEST(ResolvConf, TakesTheServersThatWereAskedFor) {
  EXPECT_EQ(resolv_conf_text({.servers = {"192.0.2.9"}}, "nameserver 192.0.2.1\noptions edns0\n"),
            "nameserver 192.0.2.9\noptions edns0\n");
}

TEST(ResolvConf, SearchesAndIsToldWhatWasAskedFor) {
  constexpr std::string_view kHost = "domain example.org\nsearch example.net\nnameserver 192.0.2.1\noptions edns0\n";
  EXPECT_EQ(resolv_conf_text({.search = {"a.example", "b.example"}, .options = {"ndots:2", "rotate"}}, kHost),
            "search a.example b.example\noptions ndots:2 rotate\nnameserver 192.0.2.1\n");
  EXPECT_EQ(resolv_conf_text({.search = {"."}}, kHost), "nameserver 192.0.2.1\noptions edns0\n");
}

TEST(Recipe, IsReadAsItWasWritten) {
  const Recipe recipe{.origins = {{"mounts[7]", "-v /a:/b"}},
                      .sources = {{"/c/hosts", "127.0.0.1 a\n"}, {"/c/upper", {}, true}},
                      .joined = {{std::string(64, 'a'), 17}}};
  const Result<Recipe> read = read_recipe(to_json(recipe));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(to_json(*read), to_json(recipe));
  EXPECT_EQ(read->joined, recipe.joined);
  EXPECT_TRUE(read->sources[1].directory);
  EXPECT_FALSE(read_recipe("[]"));
  EXPECT_FALSE(read_recipe("{}"));
}

TEST(Recipe, WhatIsSharedFollowsTheOtherContainersNewProcess) {
  spec::Config config;
  config.linux_.namespaces = {{spec::NamespaceType::kNetwork, "/proc/12/ns/net"},
                              {spec::NamespaceType::kIpc, "/proc/123/ns/ipc"},
                              {spec::NamespaceType::kPid, ""}};
  config.mounts.push_back({.destination = "/dev/shm", .source = "/proc/12/root/dev/shm"});
  rejoin(config, 12, 99);
  EXPECT_EQ(config.linux_.namespaces[0].path, "/proc/99/ns/net");
  EXPECT_EQ(config.linux_.namespaces[1].path, "/proc/123/ns/ipc");
  EXPECT_EQ(config.mounts[0].source, "/proc/99/root/dev/shm");
}

}  // namespace
}  // namespace caisson::engine
