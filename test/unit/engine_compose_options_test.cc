// Options of docker's and podman's that change a thing or two each.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine_compose_fixture.h"

namespace caisson::engine {
namespace {

std::string environment(const Composed& composed) { return join(composed.config.process.env, " "); }

Surroundings with_variables() {
  Surroundings around = typical();
  around.environment = {{"http_proxy", "p"}, {"HOME", "/h"}, {"A", "caller"}};
  around.image = ImageFacts{.id = "sha256:1", .defaults = {.environment = {"A=image", "B=image"}}};
  return around;
}

TEST(Options, TheCallersVariablesAreBelowThoseOfTheImage) {
  RunOptions options = command();
  options.host_environment = true;
  options.proxy_variables = false;
  options.unset_variables = {"PATH", "container", "HOSTNAME", "B"};
  EXPECT_EQ(environment(compose_well(options, with_variables())), "HOME=/h A=image http_proxy=p");
}

TEST(Options, ProxiesCanBeLeftOut) {
  RunOptions options = command();
  options.proxy_variables = false;
  EXPECT_EQ(environment(compose_well(options, with_variables())).find("http_proxy"), std::string::npos);
}

TEST(Options, WhatWasAskedForIsNeverUnset) {
  RunOptions options = command();
  options.unset_all_variables = true;
  options.unset_variables = {"C"};
  options.env_files = {{"C", "file"}};
  options.env = {{"D", "option"}};
  EXPECT_EQ(environment(compose_well(options, with_variables())), "C=file D=option");
}

TEST(Options, PersonalityAndTimeZone) {
  RunOptions options = command();
  options.personality = "LINUX32";
  options.typed["personality"] = "--personality LINUX32";
  options.typed["tz"] = "--tz local";
  Surroundings around = typical();
  around.timezone_file = "/etc/localtime";
  const Composed composed = compose_well(options, around);
  EXPECT_EQ(composed.config.linux_.personality->domain, "LINUX32");
  EXPECT_EQ(composed.origins.at("linux.personality.domain"), "--personality LINUX32");
  EXPECT_EQ(show(composed.config.mounts.back()),
            "/etc/localtime /etc/localtime bind bind,ro,nosuid,noexec,nodev,rprivate");
  EXPECT_EQ(composed.origins.at("mounts[7]"), "--tz local");
}

TEST(Options, VolumesOfTheImageInMemoryOrNotAtAll) {
  RunOptions options = command();
  Surroundings around = typical();
  around.image = ImageFacts{.id = "sha256:1", .defaults = {.volumes = {"/data"}}};
  options.image_volumes = ImageVolumes::kMemory;
  const Composed composed = compose_well(options, around);
  EXPECT_EQ(show(composed.config.mounts.back()), "tmpfs /data tmpfs rw,nosuid,nodev,tmpcopyup,rprivate");
  EXPECT_TRUE(composed.volumes.empty());
  options.image_volumes = ImageVolumes::kIgnored;
  EXPECT_EQ(compose_well(options, around).config.mounts.size(), 7U);
}

TEST(Options, ReadOnlyWithoutMemory) {
  RunOptions options = command();
  options.read_only = true;
  options.read_only_tmpfs = false;
  EXPECT_EQ(compose_well(options, typical()).config.mounts.size(), 7U);
  options.read_only = false;
  EXPECT_EQ(compose(options, typical()).error().text(), "--read-only-tmpfs: it is for --read-only");
}

TEST(Options, AnotherInitNeedsInit) {
  RunOptions options = command();
  options.init_path = "/init";
  EXPECT_EQ(compose(options, typical()).error().text(), "--init-path: it is for --init");
}

TEST(Options, RulesForDevices) {
  RunOptions options = command();
  options.device_rules = {{.type = 'c', .major = 42, .minor = std::nullopt, .access = "rw", .typed = "--rule"}};
  const Composed composed = compose_well(options, typical());
  const std::vector<spec::DeviceRule>& rules = composed.config.linux_.resources.devices;
  EXPECT_EQ(show(rules.back()), "allow c 42:* rw");
  EXPECT_EQ(composed.origins.at(fmt::format("linux.resources.devices[{}]", rules.size() - 1)), "--rule");
  Surroundings without = typical();
  without.facts.hierarchies.pop_back();
  EXPECT_EQ(compose(options, without).error().text(), "--rule: this host has no cgroup controller for devices");
}

TEST(Options, LimitsOfDisks) {
  RunOptions options = command();
  options.blkio_weights = {{"/dev/a", 10, "--w"}};
  options.read_bps = {{"/dev/a", 1, "--rb"}};
  options.write_bps = {{"/dev/a", 2, "--wb"}};
  options.read_iops = {{"/dev/a", 3, "--ri"}};
  options.write_iops = {{"/dev/a", 4, "--wi"}};
  Surroundings around = typical();
  around.limited_devices["/dev/a"] = {.path = "/dev/a", .type = 'b', .major = 8, .minor = 1};
  const Composed composed = compose_well(options, around);
  const spec::BlockIo& io = composed.config.linux_.resources.block_io;
  const auto rate = [](const std::vector<spec::ThrottleDevice>& of) {
    return fmt::format("{}:{} {}", of.at(0).major, of.at(0).minor, of.at(0).rate);
  };
  EXPECT_EQ(io.weight_device.at(0).weight, 10);
  EXPECT_EQ(rate(io.throttle_read_bps), "8:1 1");
  EXPECT_EQ(rate(io.throttle_write_bps), "8:1 2");
  EXPECT_EQ(rate(io.throttle_read_iops), "8:1 3");
  EXPECT_EQ(rate(io.throttle_write_iops), "8:1 4");
  EXPECT_EQ(composed.origins.at("linux.resources.blockIO.throttleWriteIOPSDevice[0]"), "--wi");
  around.limited_devices["/dev/a"].type = 'c';
  EXPECT_EQ(compose(options, around).error().text(), "--w: '/dev/a' is no block device of this host");
}

TEST(Options, RealTimeAndOutOfMemory) {
  RunOptions options = command();
  options.cpu_rt_runtime_us = 5;
  options.cpu_rt_period_us = 7;
  options.oom_kill_disable = true;
  const Composed composed = compose_well(options, typical());
  EXPECT_EQ(composed.config.linux_.resources.cpu.realtime_runtime, 5);
  EXPECT_EQ(composed.config.linux_.resources.cpu.realtime_period, 7U);
  EXPECT_EQ(composed.config.linux_.resources.memory.disable_oom_killer, true);
  EXPECT_EQ(composed.warnings.size(), 1U);
  options.memory_bytes = 1 << 30;
  EXPECT_TRUE(compose_well(options, typical()).warnings.empty());
}

}  // namespace
}  // namespace caisson::engine
