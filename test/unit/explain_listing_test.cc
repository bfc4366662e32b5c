// A whole plan as text and as JSON: goldens of a small plan made by hand.
#include <gtest/gtest.h>
#include <linux/mount.h>
#include <linux/sched.h>

#include <cerrno>

#include <nlohmann/json.hpp>

#include "explain/json.h"
#include "explain/listing.h"

namespace caisson::explain {
namespace {

using plan::Lane;
using plan::Plan;

Plan small_plan() {
  Plan plan;
  const plan::Slot pid = plan.new_slot("pid");
  const plan::Slot tree = plan.new_slot("tree of /sys");
  plan.give_slot("standard output");
  plan.append(Lane::kParent, "mounts[5]", "in case a fresh sysfs is refused",
              plan::OpenTree{.source = plan.add("/sys"), .recursive = true, .slot = tree});
  plan.append(Lane::kParent, "linux.namespaces", "the container's first process",
              plan::Spawn{.flags = CLONE_NEWNS | CLONE_NEWUSER, .pid = pid})
      .undo = plan::Undo::kKill;
  plan.append(Lane::kParent, "linux.uidMappings", "", plan::Signal{plan::Tag::kPrepared});
  plan.append(Lane::kParent, "process", "", plan::Await{plan::Tag::kReady});

  plan.append(Lane::kChild, "linux.uidMappings", "an id is nobody's until it is mapped",
              plan::Await{plan::Tag::kPrepared});
  plan::Step& sysfs =
      plan.append(Lane::kChild, "mounts[5]", "a file system of the container's own",
                  plan::Mount{.type = plan.add("sysfs"), .target = plan.add("/sys"), .set = MOUNT_ATTR_RDONLY});
  plan.add_fallback(sysfs, plan::Mount{.tree = tree, .target = plan.add("/sys"), .set = MOUNT_ATTR_RDONLY},
                    {EPERM, EINVAL});
  plan.append(Lane::kChild, "linux.sysctl.net.ipv4.ip_unprivileged_port_start", "a file system of the container's own",
              plan::WriteFile{.path = plan.add("/proc/sys/x"), .value = plan.add("\"0\"")});
  plan.append(Lane::kChild, "process", "", plan::Signal{plan::Tag::kReady});
  plan.append(Lane::kChild, "process", "", plan::AwaitStart{plan.give_slot("socket to be started at")});
  return plan;
}

TEST(Listing, IsForPeople) {
  EXPECT_EQ(as_text(small_plan()),
            "The plan: steps 4 in the parent, 5 in the child. Nothing of it has been done.\n"
            "Given by the caller: standard output, socket to be started at.\n"
            "\n"
            "Parent: the calling process, in the host's namespaces\n"
            "  P01  mounts[5]          take a detached copy of /sys with the mounts below it → slot 'tree of /sys'\n"
            "                            why: in case a fresh sysfs is refused\n"
            "  P02  linux.namespaces   clone with new mount, user namespaces → slot pid\n"
            "                            why: the container's first process\n"
            "                            if a later step fails, it is killed and reaped\n"
            "  P03  linux.uidMappings  say 'prepared' → C01 (child)\n"
            "  P04  process            wait for 'ready' ← C04 (child)\n"
            "\n"
            "Child: the process that becomes the program\n"
            "  C01  linux.uidMappings  wait for 'prepared' ← P03 (parent)\n"
            "                            why: an id is nobody's until it is mapped\n"
            "  C02  mounts[5]          mount sysfs at /sys (ro)\n"
            "                            why: a file system of the container's own\n"
            "                            or, on EPERM, EINVAL: bind /sys at /sys (ro)\n"
            "  C03  linux.sysctl.net.ipv4.ip_unprivileged_port_start\n"
            "                          write \"\"0\"\" to /proc/sys/x\n"
            "  C04  process            say 'ready' → P04 (parent)\n"
            "  C05  process            wait to be started, by whoever connects to slot 'socket to be started at'\n");
}

TEST(Listing, JoinsTheEndsOfSeveralMessagesOfOneKind) {
  Plan plan;
  const plan::Slot slots[] = {plan.new_slot("a"), plan.new_slot("b"), plan.new_slot("c"), plan.new_slot("d")};
  plan.append(Lane::kParent, "", "", plan::ReceiveDescriptor{.descriptor = slots[0]});
  plan.append(Lane::kParent, "", "", plan::ReceiveDescriptor{.descriptor = slots[1]});
  plan.append(Lane::kLauncher, "", "", plan::SendDescriptor{.descriptor = slots[2]});
  plan.append(Lane::kChild, "", "", plan::SendDescriptor{.descriptor = slots[3]});
  const std::string text = as_text(plan);
  EXPECT_NE(text.find("P01    receive a descriptor → slot a ← L01 (launcher)"), std::string::npos) << text;
  EXPECT_NE(text.find("P02    receive a descriptor → slot b ← C01 (child)"), std::string::npos) << text;
  EXPECT_NE(text.find("C01    send slot d → P02 (parent)"), std::string::npos) << text;
}

TEST(Json, HasEveryStepWithItsOperandsByName) {
  const nlohmann::json json = nlohmann::json::parse(as_json(small_plan()));
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["given"][0], "standard output");
  ASSERT_EQ(json["lanes"].size(), 2U);
  const nlohmann::json& spawn = json["lanes"][0]["steps"][1];
  EXPECT_EQ(spawn["step"], "P02");
  EXPECT_EQ(spawn["kind"], "Spawn");
  EXPECT_EQ(spawn["undo"], "kill");
  EXPECT_EQ(spawn["item"], "linux.namespaces");
  EXPECT_EQ(spawn["reason"], "the container's first process");
  EXPECT_EQ(spawn["operands"]["namespaces"], (std::vector<std::string>{"mount", "user"}));
  EXPECT_EQ(spawn["operands"]["pid"], "pid");
  EXPECT_FALSE(spawn.contains("fallback"));
  const nlohmann::json& sysfs = json["lanes"][1]["steps"][1];
  EXPECT_EQ(sysfs["operands"]["set"][0], "ro");
  EXPECT_EQ(sysfs["fallback"]["errnos"], (std::vector<std::string>{"EPERM", "EINVAL"}));
  EXPECT_EQ(sysfs["fallback"]["operands"]["tree"], "tree of /sys");
  EXPECT_EQ(json["lanes"][1]["steps"][2]["operands"]["value"], "\"0\"");
}

TEST(Json, TakesEveryKindOfStep) {
  Plan plan;
  const auto add = [&](const plan::Action& action) { plan.append(Lane::kChild, "", "", action); };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (add(std::variant_alternative_t<I, plan::Action>{}), ...);
  }(std::make_index_sequence<std::variant_size_v<plan::Action>>());
  const nlohmann::json json = nlohmann::json::parse(as_json(plan));
  EXPECT_EQ(json["lanes"][0]["steps"].size(), std::variant_size_v<plan::Action>);
  EXPECT_FALSE(as_text(plan).empty());
}

}  // namespace
}  // namespace caisson::explain
