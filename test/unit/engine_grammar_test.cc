#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/isolation_grammar.h"
#include "engine/mount_grammar.h"
#include "engine/value_grammar.h"

namespace caisson::engine {
namespace {

using testing::ElementsAre;

// A mount as one line: "bind /a → /b [ro rslave] +norecurse".
std::string show(const Result<MountChoice>& mount) {
  if (!mount) return "error: " + mount.error().text();
  const char* kind = mount->kind == MountKind::kBind      ? "bind"
                     : mount->kind == MountKind::kOverlay ? "overlay"
                     : mount->kind == MountKind::kVolume  ? "volume"
                     : mount->kind == MountKind::kImage   ? "image"
                                                          : "tmpfs";
  std::string more = mount->copy ? "" : " nocopy";
  if (mount->overlay) more += " O";
  if (!mount->subpath.empty()) more += " below " + mount->subpath;
  for (const auto& [key, value] : mount->volume_options) more += fmt::format(" opt {}={}", key, value);
  for (const auto& [key, value] : mount->volume_labels) more += fmt::format(" label {}={}", key, value);
  return fmt::format("{} {} -> {} [{}]{}{}{}{}", kind, mount->source, mount->destination, join(mount->options, " "),
                     mount->recursive ? "" : " norecurse", mount->change_owner ? " U" : "", mount->relabel ? " z" : "",
                     more);
}

struct MountCase {
  const char* text;
  const char* shown;
};
void PrintTo(const MountCase& row, std::ostream* out) { *out << row.text; }

class VolumeTest : public testing::TestWithParam<MountCase> {};
TEST_P(VolumeTest, IsReadAsDockerDoes) { EXPECT_EQ(show(read_volume(GetParam().text)), GetParam().shown); }
INSTANTIATE_TEST_SUITE_P(
    Volumes, VolumeTest,
    testing::Values(
        MountCase{"/a:/b", "bind /a -> /b []"}, MountCase{"/a:/b/:ro", "bind /a -> /b [ro]"},
        MountCase{"/a/../c:/x/./y//z/../w", "bind /a/../c -> /x/y/w []"},
        MountCase{"/a:/b:ro,rslave,noexec", "bind /a -> /b [ro rslave noexec]"},
        MountCase{"/a:/b:rro,rnosuid,rnodev,rnoexec", "bind /a -> /b [rro rnosuid rnodev rnoexec]"},
        MountCase{"/a:/b:rw,z,U,nocopy", "bind /a -> /b [rw] U z nocopy"}, MountCase{"/a:/b:Z", "bind /a -> /b [] z"},
        MountCase{"/a:/b:O", "overlay /a -> /b []"}, MountCase{"/a:/b:bind", "bind /a -> /b [] norecurse"},
        MountCase{"/a:/b:rbind", "bind /a -> /b []"}, MountCase{"./a:/b", "bind ./a -> /b []"},
        MountCase{".:/b", "bind . -> /b []"}, MountCase{"a/b:/b", "bind a/b -> /b []"},
        MountCase{"/a:/b:ro,ro", "bind /a -> /b [ro]"}, MountCase{"/a:/b:cached", "bind /a -> /b []"},
        MountCase{"data:/b", "volume data -> /b []"}, MountCase{"/b", "volume  -> /b []"},
        MountCase{"data:/b:ro,nocopy,U", "volume data -> /b [ro] U nocopy"},
        MountCase{"data:/b:O", "volume data -> /b [] O"},
        MountCase{"data:/b:O,ro", "error: 'O' and 'ro' exclude each other: an overlay is there to be written to"},
        MountCase{"/a:/b:idmap=uids=0-1-10;gids=0-1-10", "bind /a -> /b [idmap=uids=0-1-10;gids=0-1-10]"},
        MountCase{"da ta:/b", "error: 'da ta' is neither a path nor the name of a volume: [a-zA-Z0-9][a-zA-Z0-9_.-]*"},
        MountCase{":/b", "error: the source is missing"}, MountCase{"/a:", "error: the destination is missing"},
        MountCase{"/a:b", "error: the destination 'b' is not absolute"},
        MountCase{"/a:/", "error: the destination cannot be '/', the container's own root"},
        MountCase{"/a:/b/..", "error: the destination cannot be '/', the container's own root"},
        MountCase{"/a:/b:ro,rw", "error: 'ro' and 'rw' exclude each other"},
        MountCase{"/a:/b:rshared,rslave", "error: 'rshared' and 'rslave' exclude each other"},
        MountCase{"/a:/b:O,ro", "error: 'O' and 'ro' exclude each other: an overlay is there to be written to"},
        MountCase{"/a:/b:roo", "error: unknown mount option 'roo'"},
        MountCase{"/a:/b:", "error: unknown mount option ''"}, MountCase{"/a:/b:idmap", "bind /a -> /b [idmap]"},
        MountCase{"/a:/b:size=1m", "error: unknown mount option 'size=1m'"},
        MountCase{"/a:/b:ro:x", "error: '/a:/b:ro:x' has more than SOURCE:DESTINATION:OPTIONS"}));

class MountTest : public testing::TestWithParam<MountCase> {};
TEST_P(MountTest, IsReadAsDockerDoes) { EXPECT_EQ(show(read_mount(GetParam().text)), GetParam().shown); }
INSTANTIATE_TEST_SUITE_P(
    Mounts, MountTest,
    testing::Values(
        MountCase{"type=bind,source=/a,destination=/b", "bind /a -> /b []"},
        MountCase{"src=/a,dst=/b,type=bind,ro", "bind /a -> /b [ro]"},
        MountCase{"type=bind,src=/a,target=/b,readonly=false", "bind /a -> /b []"},
        MountCase{"type=bind,src=/a,dst=/b,ro=true,bind-propagation=rslave", "bind /a -> /b [rslave ro]"},
        MountCase{"type=bind,src=/a,dst=/b,bind-recursive=disabled", "bind /a -> /b [] norecurse"},
        MountCase{"type=bind,src=/a,dst=/b,bind-nonrecursive", "bind /a -> /b [] norecurse"},
        MountCase{"type=bind,src=/a,dst=/b,ro,bind-recursive=readonly", "bind /a -> /b [rro]"},
        MountCase{"type=bind,src=/a,dst=/b,ro,bind-recursive=writable", "bind /a -> /b [ro]"},
        MountCase{"type=bind,src=/a,dst=/b,relabel=shared,U", "bind /a -> /b [] U z"},
        MountCase{"type=bind,\"src=/a,b\",dst=/c", "bind /a,b -> /c []"},
        MountCase{"type=bind,\"src=/a\"\"b\",dst=/c", "bind /a\"b -> /c []"},
        MountCase{"type=bind,src=a=b,dst=/c", "bind a=b -> /c []"},
        MountCase{"type=bind,src=data,dst=/c", "bind data -> /c []"},
        MountCase{"type=bind,src=/a,dst=/b,noexec", "bind /a -> /b [noexec]"},
        MountCase{"type=tmpfs,dst=/t", "tmpfs  -> /t []"},
        MountCase{"type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770,ro", "tmpfs  -> /t [size=1048576 mode=1770 ro]"},
        MountCase{"type=tmpfs,dst=/t,tmpcopyup", "tmpfs  -> /t [tmpcopyup]"},
        MountCase{"src=/a,dst=/b",
                  "error: '/a' is neither a path nor the name of a volume: [a-zA-Z0-9][a-zA-Z0-9_.-]*"},
        MountCase{"src=a,dst=/b", "volume a -> /b []"}, MountCase{"type=volume,dst=/b", "volume  -> /b []"},
        MountCase{"type=volume,src=a,dst=/b,ro,volume-nocopy,volume-subpath=x/../y",
                  "volume a -> /b [ro] nocopy below y"},
        MountCase{"type=volume,src=a,dst=/b,volume-label=l=1,volume-opt=type=tmpfs,volume-opt=device=tmpfs",
                  "volume a -> /b [] opt device=tmpfs opt type=tmpfs label l=1"},
        MountCase{"type=volume,src=a,dst=/b,volume-opt=type=tmpfs", "error: a volume with options needs 'device'"},
        MountCase{"type=volume,src=a,dst=/b,volume-driver=nfs", "error: there is no volume driver 'nfs': local is"},
        MountCase{"type=volume,src=a,dst=/b,volume-subpath=../x",
                  "error: volume-subpath: '../x' is not a path below it"},
        MountCase{"type=volume,src=a,dst=/b,volume-subpath=/x", "error: volume-subpath: '/x' is not a path below it"},
        MountCase{"type=image,src=a:1,dst=/b", "image a:1 -> /b []"},
        MountCase{"type=image,src=a,dst=/b,rw=true", "image a -> /b [] O"},
        MountCase{"type=image,src=a,dst=/b,subpath=etc", "image a -> /b [] below etc"},
        MountCase{"type=image,src=a,dst=/b,U", "error: the files of an image keep their owners: no 'U' for type=image"},
        MountCase{"type=bind,src=/a,dst=/b,volume-nocopy", "error: 'volume-nocopy' is not a key of type=bind"},
        MountCase{"type=npipe,src=a,dst=/b", "error: type=npipe is not there yet; volume, bind, tmpfs and image are"},
        MountCase{"type=nfs,src=a,dst=/b",
                  "error: no such type of mount: 'nfs'; there are volume, bind, tmpfs and image"},
        MountCase{"type=bind,dst=/b", "error: the source is missing"},
        MountCase{"type=bind,src=,dst=/b", "error: 'src' needs a value"},
        MountCase{"type=bind,src=/a", "error: the destination is missing"},
        MountCase{"type=tmpfs,src=/a,dst=/t", "error: a tmpfs has no source"},
        MountCase{"type=bind,src=/a,dst=/b,tmpfs-size=1m", "error: 'tmpfs-size' is not a key of type=bind"},
        MountCase{"type=tmpfs,dst=/b,bind-propagation=slave", "error: 'bind-propagation' is not a key of type=tmpfs"},
        MountCase{"type=bind,src=/a,dst=/b,bind-propagation=up",
                  "error: 'up' is not a propagation: it is one of private, rprivate, shared, rshared, slave, rslave, "
                  "unbindable, runbindable"},
        MountCase{"type=bind,src=/a,dst=/b,bind-recursive=readonly", "error: bind-recursive=readonly needs readonly"},
        MountCase{"type=bind,src=/a,dst=/b,bind-recursive=no",
                  "error: bind-recursive is one of enabled, disabled, writable, readonly; not 'no'"},
        MountCase{"type=tmpfs,dst=/t,tmpfs-size=x", "error: tmpfs-size: not a size: 'x'"},
        MountCase{"type=tmpfs,dst=/t,tmpfs-mode=9", "error: tmpfs-mode: not an octal mode: '9'"},
        MountCase{"type=bind,src=/a,dst=/b,ro=maybe", "error: ro: not true or false: 'maybe'"},
        MountCase{"type=bind,\"src=/a,dst=/b", "error: a quoted field has no closing quote"},
        MountCase{"type=bind,\"src=/a\"b,dst=/b", "error: a quoted field goes on after its closing quote"},
        MountCase{"type=bind,src=\"/a\",dst=/b",
                  "error: a quote in the middle of a field; quote the whole field: \"source=/a,b\""},
        MountCase{"type=bind,src=/a,dst=/b,", "error: '' is not a key of type=bind"}));

class TmpfsTest : public testing::TestWithParam<MountCase> {};
TEST_P(TmpfsTest, IsReadAsDockerDoes) { EXPECT_EQ(show(read_tmpfs(GetParam().text)), GetParam().shown); }
INSTANTIATE_TEST_SUITE_P(
    Tmpfs, TmpfsTest,
    testing::Values(MountCase{"/t", "tmpfs  -> /t []"},
                    MountCase{"/t:size=64m,mode=700,exec", "tmpfs  -> /t [size=64m mode=700 exec]"},
                    MountCase{"/t:rw,uid=1,gid=2,nr_inodes=9", "tmpfs  -> /t [rw uid=1 gid=2 nr_inodes=9]"},
                    MountCase{"/t:tmpcopyup,U", "tmpfs  -> /t [tmpcopyup] U"},
                    MountCase{"/t:notmpcopyup", "tmpfs  -> /t []"},
                    MountCase{"t", "error: the destination 't' is not absolute"},
                    MountCase{"/", "error: the destination cannot be '/', the container's own root"},
                    MountCase{"/t:size", "error: unknown mount option 'size'"},
                    MountCase{"/t:exec,noexec", "error: 'exec' and 'noexec' exclude each other"},
                    MountCase{"/t:lowerdir=/etc", "error: unknown mount option 'lowerdir=/etc'"}));

class DeviceTest : public testing::TestWithParam<MountCase> {};
TEST_P(DeviceTest, IsReadAsDockerDoes) {
  const Result<DeviceChoice> device = read_device(GetParam().text);
  EXPECT_EQ(device ? fmt::format("{} -> {} {}", device->source, device->destination, device->access)
                   : "error: " + device.error().text(),
            GetParam().shown);
}
INSTANTIATE_TEST_SUITE_P(
    Devices, DeviceTest,
    testing::Values(
        MountCase{"/dev/kvm", "/dev/kvm -> /dev/kvm rwm"}, MountCase{"/dev/kvm:/dev/x", "/dev/kvm -> /dev/x rwm"},
        MountCase{"/dev/kvm:r", "/dev/kvm -> /dev/kvm r"}, MountCase{"/dev/kvm:/dev/x:rw", "/dev/kvm -> /dev/x rw"},
        MountCase{"/dev/kvm:/dev/x:rx", "error: 'rx' is not made of r, w and m"},
        MountCase{"/dev/kvm:/dev/x:", "error: '' is not made of r, w and m"},
        MountCase{"/dev/kvm:x", "error: the destination 'x' is not absolute"},
        MountCase{"/dev/kvm:", "error: the destination is missing"},
        MountCase{"kvm", "error: 'kvm' is not the absolute path of a device"},
        MountCase{"vendor.com/gpu=all", "error: 'vendor.com/gpu=all' is a CDI device; those are not there yet"},
        MountCase{"/a:/b:r:m", "error: '/a:/b:r:m' has more than SOURCE:DESTINATION:ACCESS"}));

TEST(CleanPath, WorksOnTextAlone) {
  EXPECT_EQ(clean_path("/a/./b//c/../d/"), "/a/b/d");
  EXPECT_EQ(clean_path("/../.."), "/");
  EXPECT_EQ(clean_path("/"), "/");
  EXPECT_EQ(clean_path("../a/../b"), "../b");
  EXPECT_EQ(clean_path("a/.."), ".");
}

// Everything that is read as one number, or not at all.
struct NumberCase {
  const char* text;
  std::optional<std::int64_t> number;
};
void PrintTo(const NumberCase& row, std::ostream* out) { *out << row.text; }
std::optional<std::int64_t> value_of(const Result<std::int64_t>& result) {
  return result ? std::optional(*result) : std::nullopt;
}

class CpusTest : public testing::TestWithParam<NumberCase> {};
TEST_P(CpusTest, AreReadInThousandMillionths) {
  EXPECT_EQ(value_of(read_nano_cpus(GetParam().text)), GetParam().number);
}
INSTANTIATE_TEST_SUITE_P(Cpus, CpusTest,
                         testing::Values(NumberCase{"1", 1000000000}, NumberCase{"1.5", 1500000000},
                                         NumberCase{".5", 500000000}, NumberCase{"2.", 2000000000}, NumberCase{"0", 0},
                                         NumberCase{"0.000000001", 1}, NumberCase{"0.0000000001", std::nullopt},
                                         NumberCase{"", std::nullopt}, NumberCase{".", std::nullopt},
                                         NumberCase{"-1", std::nullopt}, NumberCase{"1e3", std::nullopt},
                                         NumberCase{"1,5", std::nullopt}, NumberCase{"99999999999", std::nullopt}));

TEST(CpuList, IsCheckedAndKept) {
  for (const char* good : {"0", "0-3", "0-3,5,7-9"}) EXPECT_EQ(read_cpu_list(good), good);
  for (const char* bad : {"", "a", "3-1", "1-", "-1", "1,,2", "1;2", "99999", " 1", "1-2-3"})
    EXPECT_FALSE(read_cpu_list(bad)) << bad;
}

struct UlimitCase {
  const char* text;
  const char* shown;
};
void PrintTo(const UlimitCase& row, std::ostream* out) { *out << row.text; }
class UlimitTest : public testing::TestWithParam<UlimitCase> {};
TEST_P(UlimitTest, IsReadAsDockerDoes) {
  const Result<Ulimit> limit = read_ulimit(GetParam().text);
  EXPECT_EQ(limit ? fmt::format("{} {} {}", limit->name, static_cast<std::int64_t>(limit->soft),
                                static_cast<std::int64_t>(limit->hard))
                  : "error: " + limit.error().text(),
            GetParam().shown);
}
INSTANTIATE_TEST_SUITE_P(
    Limits, UlimitTest,
    testing::Values(UlimitCase{"nofile=1024", "nofile 1024 1024"}, UlimitCase{"nofile=1024:2048", "nofile 1024 2048"},
                    UlimitCase{"core=-1", "core -1 -1"}, UlimitCase{"core=0:unlimited", "core 0 -1"},
                    UlimitCase{"nofile=2:1", "error: the soft limit is above the hard one: '2:1'"},
                    UlimitCase{"core=-1:0", "error: the soft limit is above the hard one: '-1:0'"},
                    UlimitCase{"nofile", "error: 'nofile' needs a value: nofile=SOFT[:HARD]"},
                    UlimitCase{"nofile=", "error: not SOFT[:HARD] in whole numbers, or -1 for no limit: ''"},
                    UlimitCase{"nofile=1:", "error: not SOFT[:HARD] in whole numbers, or -1 for no limit: '1:'"},
                    UlimitCase{"nofile=-2", "error: not SOFT[:HARD] in whole numbers, or -1 for no limit: '-2'"},
                    UlimitCase{"nofiles=1", "error: no such limit: 'nofiles'"},
                    UlimitCase{"", "error: no such limit: ''"}));

TEST(Umask, IsOctal) {
  EXPECT_EQ(read_umask("0022"), 0022U);
  EXPECT_EQ(read_umask("77"), 077U);
  for (const char* bad : {"", "8", "00022", "-1", "0x1", "u=rwx"}) EXPECT_FALSE(read_umask(bad)) << bad;
}

TEST(DetachKeys, AreTheBytesOfATerminal) {
  EXPECT_EQ(read_detach_keys("ctrl-p,ctrl-q"), "\x10\x11");
  EXPECT_EQ(read_detach_keys("a,ctrl-],ctrl-_"), "a\x1d\x1f");
  EXPECT_EQ(read_detach_keys("ctrl-@"), std::string(1, '\0'));
  EXPECT_EQ(read_detach_keys(""), "");
  for (const char* bad : {"ctrl-", "ctrl-P", "ctrl-pp", "ab", "a,", ",a", "^p"})
    EXPECT_FALSE(read_detach_keys(bad)) << bad;
}

TEST(Names, AreChecked) {
  for (const char* good : {"a", "web-1", "A_b.c", "0"}) EXPECT_EQ(read_name(good), good);
  for (const char* bad : {"", "-a", ".a", "_a", "a b", "a/b", "..", "ä"}) EXPECT_FALSE(read_name(bad)) << bad;
  EXPECT_EQ(read_host_name("box.example"), "box.example");
  EXPECT_TRUE(read_host_name(std::string(64, 'a')));
  for (const std::string& bad :
       {std::string(65, 'a'), std::string(), std::string("a b"), std::string("-a"), std::string("a\nb")}) {
    EXPECT_FALSE(read_host_name(bad)) << bad;
  }
}

TEST(Sha256, HasSixtyFourDigits) {
  EXPECT_EQ(read_sha256("sha256:" + std::string(64, 'F')), std::string(64, 'f'));
  EXPECT_FALSE(read_sha256(std::string(63, 'f')));
  EXPECT_FALSE(read_sha256(std::string(64, 'g')));
}

TEST(HostAddress, HasNamesAndAnAddress) {
  EXPECT_EQ(read_host_address("a:1.2.3.4"), (HostAddress{{"a"}, "1.2.3.4"}));
  EXPECT_EQ(read_host_address("a;b:::1"), (HostAddress{{"a", "b"}, "::1"}));
  EXPECT_EQ(read_host_address("a=[fe80::1]"), (HostAddress{{"a"}, "fe80::1"}));
  for (const char* bad : {"a", "a:", ":1.2.3.4", "a:1.2.3", "a b:1.2.3.4", "a:host", "a\n:1.2.3.4"}) {
    EXPECT_FALSE(read_host_address(bad)) << bad;
  }
}

TEST(Entrypoint, IsAWordOrAnArray) {
  EXPECT_THAT(*read_entrypoint("/bin/sh -c"), ElementsAre("/bin/sh -c"));
  EXPECT_THAT(*read_entrypoint(R"(["/bin/sh","-c"])"), ElementsAre("/bin/sh", "-c"));
  for (const char* bad : {"[", "[1]", R"(["a",null])", R"(["a"] x)"}) EXPECT_FALSE(read_entrypoint(bad)) << bad;
}

std::optional<std::string> caller(const std::string& name) {
  return name == "EDITOR" ? std::optional<std::string>("vi") : std::nullopt;
}

// The file's variables as "NAME=VALUE|…", or the error.
struct FileCase {
  const char* name;
  std::string text;
  const char* shown;
};
void PrintTo(const FileCase& row, std::ostream* out) { *out << row.name; }
class EnvironmentFileTest : public testing::TestWithParam<FileCase> {};
TEST_P(EnvironmentFileTest, IsReadAsDockerDoes) {
  const auto variables = read_environment_file(GetParam().text, caller);
  if (!variables) {
    EXPECT_EQ(variables.error().text(), GetParam().shown);
    return;
  }
  std::string shown;
  for (const EnvironmentVariable& variable : *variables) shown += variable.name + "=" + variable.value + "|";
  EXPECT_EQ(shown, GetParam().shown);
}
INSTANTIATE_TEST_SUITE_P(
    Files, EnvironmentFileTest,
    testing::Values(FileCase{"Empty", "", ""}, FileCase{"Plain", "A=1\nB=2\n", "A=1|B=2|"},
                    FileCase{"NoNewlineAtTheEnd", "A=1", "A=1|"},
                    FileCase{"Comments", "# A=1\n  # B=2\n\n \t\nC=3", "C=3|"},
                    FileCase{"QuotesAndBlanksBelongToTheValue", "A=\"x y\" \n", "A=\"x y\" |"},
                    FileCase{"HashInTheValue", "A=1 # x", "A=1 # x|"}, FileCase{"LeadingBlanks", "  \tA=1", "A=1|"},
                    FileCase{"EqualsInTheValue", "A=b=c", "A=b=c|"}, FileCase{"EmptyValue", "A=", "A=|"},
                    FileCase{"CarriageReturns", "A=1\r\nB=2\r\n", "A=1|B=2|"},
                    FileCase{"ByteOrderMark",
                             "\xef\xbb\xbf"
                             "A=1",
                             "A=1|"},
                    FileCase{"FromTheCaller", "EDITOR\nMISSING\n", "EDITOR=vi|"}, FileCase{"Utf8", "A=é€😀", "A=é€😀|"},
                    FileCase{"NoName", "A=1\n=2", "line 2: '=2' has no name before its '='"},
                    FileCase{"BlanksInTheName", "A B=1", "line 1: the name 'A B' has blanks in it"},
                    FileCase{"BlankBeforeEquals", "A =1", "line 1: the name 'A ' has blanks in it"},
                    FileCase{"NotUtf8", "A=\xff", "line 1: not UTF-8"},
                    FileCase{"CutShort", "A=\xe2\x82", "line 1: not UTF-8"},
                    FileCase{"Overlong", "A=\xc0\xaf", "line 1: not UTF-8"},
                    FileCase{"Surrogate", "A=\xed\xa0\x80", "line 1: not UTF-8"},
                    FileCase{"NullByte", std::string("A=\0", 3), "line 1: a null byte"}),
    [](const auto& row) { return row.param.name; });

TEST(Variable, ComesFromTheCallerWithoutAValue) {
  EXPECT_EQ((*read_variable("A=", caller))->value, "");
  EXPECT_EQ((*read_variable("EDITOR", caller))->value, "vi");
  EXPECT_EQ(*read_variable("MISSING", caller), std::nullopt);
  EXPECT_FALSE(read_variable("=x", caller));
  EXPECT_FALSE(read_variable("", caller));
}

std::string show(const Result<NamespaceChoice>& choice) {
  if (!choice) return "error: " + choice.error().text();
  constexpr std::array kKinds = {"private", "shareable", "none", "host", "container", "path"};
  return fmt::format("{} {}", kKinds[static_cast<std::size_t>(choice->kind)], choice->target);
}
TEST(Namespaces, AreReadByKind) {
  EXPECT_EQ(show(read_network("none")), "none ");
  EXPECT_EQ(show(read_network("host")), "host ");
  EXPECT_EQ(show(read_network("container:web")), "container web");
  EXPECT_EQ(show(read_network("ns:/run/netns/x")), "path /run/netns/x");
  EXPECT_EQ(show(read_network("private")), "private ");
  for (const char* name : {"bridge", "mynet", "pasta", "slirp4netns", ""}) {
    EXPECT_FALSE(is_network_word(name)) << name;
    EXPECT_THAT(show(read_network(name)), testing::HasSubstr("no such namespace"));
  }
  EXPECT_EQ(show(read_network("container:")), "error: container: needs the name of a container");
  EXPECT_EQ(show(read_network("ns:x")), "error: ns: needs the absolute path of a namespace file");
  EXPECT_EQ(show(read_namespace("private")), "private ");
  EXPECT_EQ(show(read_namespace("shareable")), "error: no such namespace: 'shareable'");
  EXPECT_EQ(show(read_ipc("shareable")), "shareable ");
  EXPECT_EQ(show(read_ipc("none")), "none ");
  EXPECT_EQ(show(read_ipc("hosts")), "error: no such namespace: 'hosts'");
}

TEST(Namespaces, OfUsersAreTheHostsOrOnesOwn) {
  using Kind = UserNamespaceKind;
  EXPECT_EQ(read_user_namespace("host"), UserNamespaceChoice{.kind = Kind::kHost});
  EXPECT_EQ(read_user_namespace("keep-id"), UserNamespaceChoice{.kind = Kind::kKeepId});
  EXPECT_EQ(read_user_namespace("keep-id:uid=7,gid=8"),
            (UserNamespaceChoice{.kind = Kind::kKeepId, .uid = 7, .gid = 8}));
  EXPECT_EQ(read_user_namespace("auto:size=1024"), (UserNamespaceChoice{.kind = Kind::kAuto, .size = 1024}));
  EXPECT_EQ(read_user_namespace("container:db"), (UserNamespaceChoice{.kind = Kind::kContainer, .target = "db"}));
  EXPECT_EQ(read_user_namespace("ns:/proc/7/ns/user"),
            (UserNamespaceChoice{.kind = Kind::kPath, .target = "/proc/7/ns/user"}));
  for (const char* wrong : {"private", "nomap", "", "keep-id:size=1", "keep-id:uid", "auto:size=0", "auto:uid=1",
                            "auto:", "container:", "ns:proc", "keep-id:uid=-1"})
    EXPECT_FALSE(read_user_namespace(wrong)) << wrong;
}

TEST(IdMappings, AreTwoOrThreeNumbers) {
  const auto mapping = read_id_mapping("0:100000:65536");
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->container_id, 0U);
  EXPECT_EQ(mapping->host_id, 100000U);
  EXPECT_EQ(mapping->size, 65536U);
  EXPECT_EQ(read_id_mapping("5:6")->size, 1U);
  for (const char* wrong :
       {"", "1", "1:2:0", "1:2:3:4", "a:b:c", "0:1:4294967296", "4294967295:0:1", "0:4294967290:100"})
    EXPECT_FALSE(read_id_mapping(wrong)) << wrong;
}

TEST(Capabilities, AreReadInAnySpelling) {
  CapabilityChoice choice;
  for (const char* name : {"CHOWN", "cap_kill", "CAP_NET_RAW"}) ASSERT_TRUE(read_capability(name, choice));
  EXPECT_EQ(choice.mask, 1U << 0 | 1U << 5 | 1U << 13);
  EXPECT_FALSE(choice.all);
  ASSERT_TRUE(read_capability("all", choice));
  EXPECT_TRUE(choice.all);
  const Result<> unknown = read_capability("net_rwa", choice);
  EXPECT_EQ(unknown.error().text(), "no such capability: 'net_rwa'");
  EXPECT_EQ(unknown.error().hint, "did you mean NET_RAW?");
  EXPECT_FALSE(read_capability("", choice));
}

TEST(Security, OptionsAddUp) {
  SecurityChoice choice;
  for (const char* text : {"no-new-privileges", "seccomp=unconfined", "apparmor:unconfined", "label=disable",
                           "mask=/a:/b/", "unmask=/proc/*:/sys/firmware"}) {
    ASSERT_TRUE(read_security(text, choice)) << text;
  }
  EXPECT_TRUE(choice.no_new_privileges && choice.seccomp_unconfined && choice.apparmor_unconfined &&
              choice.label_disabled);
  // The last profile counts.
  ASSERT_TRUE(read_security("seccomp=dir/mine.json", choice));
  EXPECT_FALSE(choice.seccomp_unconfined);
  EXPECT_EQ(choice.seccomp_profile, "dir/mine.json");
  ASSERT_TRUE(read_security("seccomp=builtin", choice));
  EXPECT_EQ(choice.seccomp_profile, "");
  EXPECT_FALSE(choice.unmask_all);
  EXPECT_THAT(choice.masked, ElementsAre("/a", "/b"));
  EXPECT_THAT(choice.unmasked, ElementsAre("/proc/*", "/sys/firmware"));
  ASSERT_TRUE(read_security("no-new-privileges=false", choice));
  EXPECT_FALSE(choice.no_new_privileges);
  for (const char* text : {"unmask=ALL", "systempaths=unconfined"}) {
    SecurityChoice all;
    ASSERT_TRUE(read_security(text, all));
    EXPECT_TRUE(all.unmask_all);
  }
}

TEST(Security, RefusesWhatIsNotThereYet) {
  SecurityChoice choice;
  const std::pair<const char*, const char*> rows[] = {
      {"apparmor=mine", "apparmor=mine: profiles are not there yet"},
      {"label=type:x_t", "label=type:x_t: SELinux labels are not there yet"},
      {"seccomp", "'seccomp' needs a value"},
      {"seccomp=", "'seccomp' needs a value"},
      {"mask=relative", "'relative' is not an absolute path"},
      {"mask=/a:", "'' is not an absolute path"},
      {"systempaths=confined", "no such security option: 'systempaths'"},
      {"no-new-privilege", "no such security option: 'no-new-privilege'"},
      {"no-new-privileges=maybe", "not true or false: 'maybe'"},
      {"", "no such security option: ''"},
  };
  for (const auto& [text, error] : rows) {
    const Result<> result = read_security(text, choice);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().text(), error);
  }
}

}  // namespace
}  // namespace caisson::engine
