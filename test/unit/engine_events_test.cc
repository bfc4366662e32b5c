#include "engine/events.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "kernel/files.h"
#include "temporary_directory.h"

namespace caisson::engine {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> events(const Places& places, const EventQuery& query = {}) {
  std::vector<Json> list;
  EXPECT_TRUE(
      read_events(places, query, [&](const Json& event) -> Result<bool> { return list.push_back(event), true; }));
  return list;
}

TEST(Events, AreReadAsTheyWereWritten) {
  const TemporaryDirectory directory;
  const Places places{.root = directory.path()};
  EXPECT_TRUE(events(places).empty());
  const Record record{.id = "12", .name = "web", .source = "busybox", .labels = {{"tier", "a\"b\n"}}};
  note_event(places, record, "die", {{"exitCode", "3"}});
  note_event(places, {.type = "image", .action = "pull", .id = "busybox:latest"});
  const std::vector<Json> list = events(places);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["Actor"],
            Json({{"ID", "12"},
                  {"Attributes", {{"exitCode", "3"}, {"image", "busybox"}, {"name", "web"}, {"tier", "a\"b\n"}}}}));
  EXPECT_EQ(list[0]["from"], "busybox");
  EXPECT_EQ(list[0]["status"], "die");
  EXPECT_EQ(list[1]["Type"], "image");
  EXPECT_NEAR(static_cast<double>(list[0]["timeNano"]), static_cast<double>(now_nanoseconds()), 60e9);
}

TEST(Events, AreThoseOfTheirTime) {
  const TemporaryDirectory directory;
  const Places places{.root = directory.path()};
  note_event(places, {.type = "image", .action = "pull", .id = "1"});
  const std::int64_t between = now_nanoseconds();
  note_event(places, {.type = "image", .action = "pull", .id = "2"});
  const auto ids = [&](const EventQuery& query) {
    std::string text;
    for (const Json& event : events(places, query)) text += event["id"].get<std::string>();
    return text;
  };
  EXPECT_EQ(ids({.since_ns = between}), "2");
  EXPECT_EQ(ids({.until_ns = between}), "1");
  EXPECT_EQ(ids({}), "12");
}

TEST(Events, WithHalfALineAmongThemAreReadOn) {
  const TemporaryDirectory directory;
  const Places places{.root = directory.path()};
  note_event(places, {.type = "image", .action = "pull", .id = "1"});
  std::ofstream(directory.path() + "/events/events.log", std::ios::app)
      << "{\"timeNano\":5,\"half\n{\"timeNano\":6,[]\nx\n";
  note_event(places, {.type = "image", .action = "pull", .id = "2"});
  EXPECT_EQ(events(places).size(), 2U);
}

TEST(Events, TakeTwoMegabytesAtTheMost) {
  const TemporaryDirectory directory;
  const Places places{.root = directory.path()};
  const std::string long_name(10'000, 'x');
  for (int i = 0; i < 350; ++i)
    note_event(places,
               {.type = "image", .action = "tag", .id = std::to_string(i), .attributes = {{"name", long_name}}});
  const auto size = [&](const char* name) { return kernel::status_of(directory.path() + "/events/" + name)->st_size; };
  EXPECT_LT(size("events.log"), 1'020'000);
  EXPECT_LT(size("events.log.1"), 1'020'000);
  const std::vector<Json> list = events(places);
  EXPECT_GT(list.size(), 100U);
  EXPECT_EQ(list.back()["id"], "349");
  for (std::size_t i = 1; i < list.size(); ++i)
    EXPECT_EQ(std::stoi(list[i]["id"].get<std::string>()), std::stoi(list[i - 1]["id"].get<std::string>()) + 1);
}

// A reader behind one that writes 3 MB, while the files are renamed under it.
TEST(Events, AreFollowedAcrossRotation) {
  const TemporaryDirectory directory;
  const Places places{.root = directory.path()};
  constexpr int kCount = 300;
  std::jthread writer([&] {
    const std::string long_name(10'000, 'x');
    for (int i = 0; i < kCount; ++i) {
      note_event(places,
                 {.type = "image", .action = "tag", .id = std::to_string(i), .attributes = {{"name", long_name}}});
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  int next = 0;
  const EventQuery query{.until_ns = now_nanoseconds() + 30'000'000'000, .follow = true};
  const Result<> read = read_events(places, query, [&](const Json& event) -> Result<bool> {
    EXPECT_EQ(event["id"].get<std::string>(), std::to_string(next));
    return ++next < kCount;
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(next, kCount);
}

// 2.5 MB are written while the reader is busy with the first line.
TEST(Events, AreFollowedAcrossTwoRotationsAtOnce) {
  const TemporaryDirectory directory;
  const Places places{.root = directory.path()};
  constexpr int kCount = 250;
  const auto note = [&](int i) {
    note_event(places, {.type = "image",
                        .action = "tag",
                        .id = std::to_string(i),
                        .attributes = {{"name", std::string(10'000, 'x')}}});
  };
  note(0);
  int next = 0;
  const EventQuery query{.until_ns = now_nanoseconds() + 30'000'000'000, .follow = true};
  const Result<> read = read_events(places, query, [&](const Json& event) -> Result<bool> {
    EXPECT_EQ(event["id"].get<std::string>(), std::to_string(next));
    if (next == 0) {
      for (int i = 1; i < kCount; ++i) note(i);
    }
    return ++next < kCount;
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(next, kCount);
}

TEST(Events, ThatCannotBeWrittenAreNoConcern) {
  note_event({.root = "/proc/nowhere"}, {.type = "image", .action = "pull", .id = "1"});
}

}  // namespace
}  // namespace caisson::engine
