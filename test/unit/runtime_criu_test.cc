#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "runtime/checkpoint.h"
#include "runtime/criu_arguments.h"
#include "runtime/external_mounts.h"
#include "runtime/image_streams.h"
#include "temporary_directory.h"

namespace caisson::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string dump_line(const CriuDumpOptions& options,
                      const DumpedContainer& container = {.pid = 42, .rootfs = "/b/rootfs"}) {
  return join(criu_dump_arguments(options, container), " ");
}

CriuDumpOptions dump_options() {
  CriuDumpOptions options;
  options.image_path = "/images";
  return options;
}

TEST(CriuDump, TellsWhatAndWhere) {
  EXPECT_EQ(dump_line(dump_options()),
            "criu dump --tree 42 --images-dir /images --log-file dump.log -v4 --manage-cgroups=soft --empty-ns net "
            "--root /b/rootfs");
}

struct DumpCase {
  std::string_view expected;
  void (*change)(CriuDumpOptions& options);
};
void PrintTo(const DumpCase& c, std::ostream* out) { *out << c.expected; }

class CriuDumpOption : public testing::TestWithParam<DumpCase> {};

TEST_P(CriuDumpOption, IsPassedOn) {
  CriuDumpOptions options = dump_options();
  const std::string without = dump_line(options);
  GetParam().change(options);
  EXPECT_THAT(dump_line(options) + " ", HasSubstr(" " + std::string(GetParam().expected) + " "));
  EXPECT_THAT(without + " ", testing::Not(HasSubstr(" " + std::string(GetParam().expected) + " ")));
}

INSTANTIATE_TEST_SUITE_P(
    All, CriuDumpOption,
    testing::Values(DumpCase{"--work-dir /work", [](auto& o) { o.work_path = "/work"; }},
                    DumpCase{"--config /etc/c", [](auto& o) { o.config_file = "/etc/c"; }},
                    DumpCase{"--tcp-established", [](auto& o) { o.tcp_established = true; }},
                    DumpCase{"--skip-in-flight", [](auto& o) { o.tcp_skip_in_flight = true; }},
                    DumpCase{"--ext-unix-sk", [](auto& o) { o.ext_unix_sk = true; }},
                    DumpCase{"--shell-job", [](auto& o) { o.shell_job = true; }},
                    DumpCase{"--file-locks", [](auto& o) { o.file_locks = true; }},
                    DumpCase{"--link-remap", [](auto& o) { o.link_remap = true; }},
                    DumpCase{"--auto-dedup", [](auto& o) { o.auto_dedup = true; }},
                    DumpCase{"--lazy-pages", [](auto& o) { o.lazy_pages = true; }},
                    DumpCase{"--manage-cgroups=full", [](auto& o) { o.manage_cgroups = "full"; }},
                    DumpCase{"--network-lock nftables", [](auto& o) { o.network_lock = "nftables"; }},
                    DumpCase{"--leave-running", [](auto& o) { o.leave_running = true; }},
                    DumpCase{"pre-dump", [](auto& o) { o.pre_dump = true; }},
                    DumpCase{"--prev-images-dir ../one --track-mem", [](auto& o) { o.parent_path = "../one"; }},
                    DumpCase{"--page-server --address ::1 --port 99",
                             [](auto& o) {
                               o.page_server_address = "::1";
                               o.page_server_port = "99";
                             }},
                    DumpCase{"--status-fd 7", [](auto& o) { o.status_fd = 7; }}));

TEST(CriuDump, NamesWhatIsOutside) {
  EXPECT_THAT(
      dump_line(dump_options(), {.pid = 1,
                                 .rootfs = "/r",
                                 .freezer = "/sys/fs/cgroup/freezer/box",
                                 .mounts = {{"/etc/hosts", "/etc/hosts"}, {"/proc/kcore", "/dev/null"}},
                                 .externals = {"net[99]:extRootNetNS", "tty[8801:2a]"}}),
      HasSubstr("--root /r --freeze-cgroup /sys/fs/cgroup/freezer/box --external mnt[/etc/hosts]:/etc/hosts "
                "--external mnt[/proc/kcore]:/dev/null --external net[99]:extRootNetNS --external tty[8801:2a]"));
}

// A pre-dump leaves it running in any case, and criu knows no such option of it.
TEST(CriuDump, OfMemoryAloneIsNotToldToLeaveItRunning) {
  CriuDumpOptions options = dump_options();
  options.pre_dump = options.leave_running = true;
  EXPECT_THAT(dump_line(options), testing::Not(HasSubstr("leave-running")));
}

TEST(CriuRestore, TellsWhatAndHow) {
  CriuRestoreOptions options;
  options.image_path = "/images";
  options.tcp_close = true;
  options.lsm_profile = "apparmor:box";
  options.lsm_mount_context = "system_u:object_r:x";
  const RestoredContainer container{.root = "/run/o/box/criu-root",
                                    .pid_file = "/run/o/box/criu.pid",
                                    .cgroup_roots = {"memory:/box", "/own"},
                                    .mounts = {{"/data", "/srv/data"}},
                                    .descriptors = {{7, "pipe:[4711]"}, {8, "extRootNetNS"}},
                                    .joined = {"ipc:/run/ipc"}};
  EXPECT_EQ(join(criu_restore_arguments(options, container), " "),
            "criu restore --restore-detached --restore-sibling --pidfile /run/o/box/criu.pid --images-dir /images "
            "--log-file restore.log -v4 --manage-cgroups=soft --empty-ns net --root /run/o/box/criu-root "
            "--evasive-devices --tcp-close --lsm-profile apparmor:box --lsm-mount-context system_u:object_r:x "
            "--cgroup-root memory:/box --cgroup-root /own --join-ns ipc:/run/ipc --external mnt[/data]:/srv/data "
            "--inherit-fd fd[7]:pipe:[4711] --inherit-fd fd[8]:extRootNetNS");
}

TEST(CriuComplaints, AreTheLastErrorsOnOneLine) {
  const std::string_view log =
      "(00.000001) Warn  (criu/a.c:1): careful\n"
      "(00.000002) Error (criu/a.c:2): one\n"
      "(00.000003) Error (criu/mount.c:3): mnt: two\tof it\n"
      "(00.000004) something\n"
      "(00.000005) Error (criu/a.c:4): three\n"
      "(00.000006) Error (criu/cr-dump.c:5): Dumping FAILED.\n";
  EXPECT_EQ(criu_complaints(log), "mnt: two of it; three; Dumping FAILED.");
  EXPECT_EQ(criu_complaints("(00.1) all is well\n"), "");
  EXPECT_EQ(criu_complaints(""), "");
}

TEST(Mountinfo, IsReadByLines) {
  const auto mounts = read_mountinfo(
      "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw\n"
      "37 36 0:5 / /dev/pts rw - devpts devpts rw\n"
      "broken\n");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].id, "36");
  EXPECT_EQ(mounts[0].point, "/mnt 2");
  EXPECT_EQ(mounts[0].type, "ext3");
  EXPECT_EQ(mounts[1].type, "devpts");
}

TEST(ImageStreams, AreKeptInBothForms) {
  const TemporaryDirectory directory;
  const std::string path = directory.path();
  ASSERT_TRUE(
      write_streams(path, {.targets = {"/dev/null", "pipe:[4]", "/dev/pts/0"}, .keys = {"", "pipe:[4]", "tty[1:2]"}}));
  EXPECT_THAT(read_stream_keys(path).value(), ElementsAre("", "pipe:[4]", "tty[1:2]"));
  // Another runtime's images have its form alone.
  std::filesystem::remove(path + "/caisson-streams.json");
  EXPECT_THAT(read_stream_keys(path).value(), ElementsAre("", "pipe:[4]", ""));
  std::ofstream(path + "/descriptors.json") << "[1]";
  EXPECT_FALSE(read_stream_keys(path));
  std::filesystem::remove(path + "/descriptors.json");
  EXPECT_EQ(read_stream_keys(path).error().number, ENOENT);
}

TEST(ImageStreams, OfAProcess) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int saved = ::dup(0);
  ::dup2(ends[0], 0);
  const ProcessStreams streams = streams_of(::getpid(), "");
  ::dup2(saved, 0);
  for (const int fd : {ends[0], ends[1], saved}) ::close(fd);
  EXPECT_THAT(streams.keys[0], testing::MatchesRegex("pipe:\\[[0-9]+\\]"));
  EXPECT_EQ(streams.keys[0], streams.targets[0]);
}

TEST(CriuConfig, IsTheAnnotations) {
  spec::Config config;
  config.annotations["org.criu.config"] = "";
  EXPECT_EQ(criu_config_file(config).value(), "");
  config.annotations["org.criu.config"] = "/dev/null";
  EXPECT_EQ(criu_config_file(config).value(), "/dev/null");
  config.annotations["org.criu.config"] = "/nosuch";
  EXPECT_THAT(criu_config_file(config).error().text(), HasSubstr("annotations.org.criu.config"));
}

}  // namespace
}  // namespace caisson::runtime
