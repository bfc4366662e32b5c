#include <gtest/gtest.h>

#include <unistd.h>

#include "inspect/host_summary.h"
#include "inspect/process.h"
#include "inspect/process_columns.h"
#include "inspect/ps_options.h"

namespace caisson::inspect {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Shown shown() {
  const auto number = [](std::uint32_t id) { return "in" + std::to_string(id); };
  const auto outer = [](std::uint32_t id) { return "out" + std::to_string(id); };
  return {.clock = {.ticks_per_second = 100,
                    .now_ns = 1'700'000'000 * kSecond,  // 2023-11-14 22:13:20
                    .uptime_ns = 1'000'000 * kSecond,
                    .memory_bytes = 1 << 30},
          .user = number,
          .group = number,
          .host_user = outer,
          .host_group = outer,
          .all_capabilities = 0xFF};
}

ProcessFacts process() {
  return {.pid = 4000,
          .inner_pids = {40, 1},
          .parent = 3999,
          .group = 4000,
          .session = 4000,
          .state = 'S',
          .name = "sh",
          .arguments = {"sh", "-c", "a\nb"},
          .uid = 5,
          .gid = 6,
          .groups = {6, 7},
          .cpu_ticks = 6200,
          .start_ticks = (1'000'000 - 620) * 100UL,
          .terminal = 0x8803,
          .nice = 5,
          .threads = 2,
          .virtual_bytes = 4096,
          .resident_bytes = 107'374'182,
          .effective = 0x03,
          .bounding = 0xFF,
          .seccomp = 2,
          .label = "unconfined"};
}

std::string text(std::string_view column, View view, const ProcessFacts& facts = process()) {
  const Result<Column> found = find_column(column, view);
  return found ? cell(*found, view, facts, shown()) : "none";
}

TEST(Columns, AreWhatPsAndPodmanSay) {
  EXPECT_EQ(text("pid", View::kHost), "4000");
  EXPECT_EQ(text("pid", View::kContainer), "1");
  EXPECT_EQ(text("hpid", View::kContainer), "4000");
  EXPECT_EQ(text("user", View::kHost), "out5");
  EXPECT_EQ(text("user", View::kContainer), "in5");
  EXPECT_EQ(text("huser", View::kContainer), "out5");
  EXPECT_EQ(text("groups", View::kContainer), "in6,in7");
  EXPECT_EQ(text("args", View::kContainer), "sh -c a?b");
  EXPECT_EQ(text("capeff", View::kContainer), "CHOWN,DAC_OVERRIDE");
  EXPECT_EQ(text("capbnd", View::kContainer), "full");
  EXPECT_EQ(text("capinh", View::kContainer), "none");
  EXPECT_EQ(text("seccomp", View::kContainer), "filter");
  EXPECT_EQ(text("label", View::kContainer), "unconfined");
  EXPECT_EQ(text("etime", View::kHost), "10:20");
  EXPECT_EQ(text("etimes", View::kHost), "620");
  EXPECT_EQ(text("time", View::kHost), "00:01:02");
  EXPECT_EQ(text("pcpu", View::kHost), "10.0");
  EXPECT_EQ(text("%mem", View::kHost), "9.9");
  EXPECT_EQ(text("tty", View::kHost), "pts/3");
  EXPECT_EQ(text("stat", View::kHost), "SNsl");
  EXPECT_EQ(text("stime", View::kHost), "22:03");
  EXPECT_EQ(text("rss", View::kHost), "104857");
  EXPECT_EQ(text("%cpu", View::kContainer), "none");
  ProcessFacts old = process();
  old.start_ticks = 0;
  EXPECT_EQ(text("etime", View::kHost, old), "11-13:46:40");
  EXPECT_EQ(text("stime", View::kHost, old), "Nov03");
  old.arguments.clear();
  old.terminal = 0;
  EXPECT_EQ(text("cmd", View::kHost, old), "[sh]");
  EXPECT_EQ(text("tty", View::kHost, old), "?");
}

std::string headings(const std::vector<std::string>& words) {
  const Result<Table> table = read_table(words);
  if (!table) return "error: " + table.error().text();
  std::string line;
  for (const Column& column : table->columns) line += column.heading + "|";
  return line;
}

TEST(PsOptions, ChooseColumns) {
  EXPECT_EQ(headings({}), "UID|PID|PPID|C|STIME|TTY|TIME|CMD|");
  EXPECT_EQ(headings({"-ef"}), "UID|PID|PPID|C|STIME|TTY|TIME|CMD|");
  EXPECT_EQ(headings({"aux"}), "USER|PID|%CPU|%MEM|VSZ|RSS|TTY|STAT|START|TIME|COMMAND|");
  EXPECT_EQ(headings({"-o", "pid,comm"}), "PID|COMMAND|");
  EXPECT_EQ(headings({"-eo", "pid=,args=What it is"}), "|What it is|");
  EXPECT_EQ(headings({"-opid", "-o", "ppid="}), "PID||");
  EXPECT_EQ(headings({"user", "pid,hpid", "capeff"}), "USER|PID|HPID|EFFECTIVE CAPS|");
  EXPECT_EQ(headings({"-o"}), "error: -o needs columns: -o pid,args");
  EXPECT_EQ(headings({"-ez"}), "error: '-ez' has an option of ps that is not there: -z");
  EXPECT_EQ(headings({"pdi"}), "error: there is no column 'pdi'");
  EXPECT_EQ(headings({"-o", "pid,nope"}), "error: there is no column 'nope'");
}

TEST(Names, AreReadByTheirNumbers) {
  const auto names = names_by_id("root:x:0:0::/:\nbroken\nx:y:no:1\nuser:x:1000:1000::/:\n:x:5:\ntoo:x:99999999999:\n");
  EXPECT_EQ(names.size(), 2U);
  EXPECT_EQ(names.at(0), "root");
  EXPECT_EQ(names.at(1000), "user");
}

TEST(Process, IsReadAsItIs) {
  const auto self = read_process(::getpid());
  ASSERT_TRUE(self);
  EXPECT_EQ(self->parent, ::getppid());
  EXPECT_EQ(self->uid, ::geteuid());
  EXPECT_EQ(self->state, 'R');
  EXPECT_FALSE(self->arguments.empty());
  EXPECT_GT(self->resident_bytes, 0U);
  EXPECT_FALSE(read_process(0x3FFFFFFF));
  const HostClock clock = read_clock();
  EXPECT_LT(self->start_ticks / clock.ticks_per_second, static_cast<std::uint64_t>(clock.uptime_ns / kSecond) + 1);
}

TEST(Host, IsSummarized) {
  const HostSummary host = summarize_host();
  EXPECT_FALSE(host.kernel.empty());
  EXPECT_GE(host.processors, 1U);
  EXPECT_GT(host.memory_bytes, 0U);
}

}  // namespace
}  // namespace caisson::inspect
