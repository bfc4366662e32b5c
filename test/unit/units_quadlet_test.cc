#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "units/quadlet.h"

namespace caisson::units {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const QuadletContext kContext{.program = "/usr/bin/caisson",
                              .has_option = [](std::string_view option) { return option != "dns-option"; },
                              .volumes = {{"data.volume", "systemd-data"}},
                              .pods = {{"web.pod", {"systemd-web", "web-pod.service", {"one.service"}}}}};

Result<GeneratedUnit> generate(const std::string& name, const std::string& text,
                               const QuadletContext& context = kContext) {
  return generate_unit(name, {{"/etc/containers/systemd/" + name, text}}, context);
}
/// The unit of a container with an image and these lines.
std::string container(const std::string& lines) {
  const auto unit = generate("web.container", "[Container]\nImage=nginx\n" + lines + "\n");
  return unit ? unit->text : unit.error().text();
}
/// What stands behind `caisson run` for these lines, without what always stands there.
std::string options(const std::string& lines) {
  const std::string text = container(lines);
  const std::string before =
      "\nExecStart=/usr/bin/caisson run --name=systemd-%N --cidfile=%t/%N.cid --replace --rm -d ";
  const std::size_t begin = text.find(before);
  if (begin == text.npos) return text;
  return text.substr(begin + before.size(), text.find('\n', begin + before.size()) - begin - before.size());
}

TEST(Container, IsAUnitThatRunsIt) {
  const auto unit = generate("web.container",
                             "[Unit]\n"
                             "Description=The web\n"
                             "[Container]\n"
                             "Image=nginx\n"
                             "Exec=nginx -g \"daemon off;\"\n"
                             "[Service]\n"
                             "Restart=always\n"
                             "[Install]\n"
                             "WantedBy=multi-user.target default.target\n"
                             "Alias=www.service\n");
  ASSERT_TRUE(unit) << unit.error().text();
  EXPECT_EQ(unit->name, "web.service");
  EXPECT_EQ(unit->text,
            "[Unit]\n"
            "Description=The web\n"
            "SourcePath=/etc/containers/systemd/web.container\n"
            "Wants=network-online.target\n"
            "After=network-online.target\n"
            "RequiresMountsFor=%t\n"
            "\n"
            "[X-Container]\n"
            "Image=nginx\n"
            "Exec=nginx -g \"daemon off;\"\n"
            "\n"
            "[Service]\n"
            "Restart=always\n"
            "KillMode=mixed\n"
            "Delegate=yes\n"
            "SuccessExitStatus=143\n"
            "SyslogIdentifier=%N\n"
            "Type=forking\n"
            "ExecStartPre=-/bin/rm -f %t/%N.cid\n"
            "ExecStart=/usr/bin/caisson run --name=systemd-%N --cidfile=%t/%N.cid --replace --rm -d nginx nginx -g "
            "\"daemon off;\"\n"
            "ExecStop=/usr/bin/caisson stop --ignore --cidfile=%t/%N.cid\n"
            "ExecStopPost=-/usr/bin/caisson rm -f -v --ignore --cidfile=%t/%N.cid\n"
            "\n"
            "[Install]\n"
            "WantedBy=multi-user.target default.target\n"
            "Alias=www.service\n");
  EXPECT_THAT(unit->links, ElementsAre(Link{"multi-user.target.wants/web.service", "../web.service"},
                                       Link{"default.target.wants/web.service", "../web.service"},
                                       Link{"www.service", "web.service"}));
}

struct KeyCase {
  std::string lines;
  std::string expected;  ///< of the options, before the image
};
void PrintTo(const KeyCase& c, std::ostream* out) { *out << c.lines; }
class Key : public testing::TestWithParam<KeyCase> {};

TEST_P(Key, IsAnOption) { EXPECT_EQ(options(GetParam().lines), GetParam().expected + " nginx"); }

INSTANTIATE_TEST_SUITE_P(
    Each, Key,
    testing::Values(
        KeyCase{"AddCapability=CAP_A CAP_B\nAddCapability=CAP_C", "--cap-add=CAP_A --cap-add=CAP_B --cap-add=CAP_C"},
        KeyCase{"DropCapability=all", "--cap-drop=all"}, KeyCase{"AddDevice=/dev/fuse", "--device=/dev/fuse"},
        KeyCase{"AddHost=a:10.0.0.1\nAddHost=b:10.0.0.2", "--add-host=a:10.0.0.1 --add-host=b:10.0.0.2"},
        KeyCase{"Annotation=a=b c=d", "--annotation=a=b --annotation=c=d"}, KeyCase{"DNS=10.0.0.1", "--dns=10.0.0.1"},
        KeyCase{"Entrypoint=/bin/sh", "--entrypoint=/bin/sh"},
        KeyCase{"Environment=A=b \"C=d e\"", "--env=A=b \"--env=C=d e\""},
        KeyCase{"Environment=A=b\nEnvironment=\nEnvironment=C=d", "--env=C=d"},
        KeyCase{"EnvironmentFile=/etc/e", "--env-file=/etc/e"},
        KeyCase{"EnvironmentFile=./e", "--env-file=/etc/containers/systemd/e"},
        KeyCase{"EnvironmentHost=yes", "--env-host"}, KeyCase{"GroupAdd=audio", "--group-add=audio"},
        KeyCase{"HealthCmd=curl localhost", "\"--health-cmd=curl localhost\""},
        KeyCase{"HealthInterval=10s\nHealthRetries=3", "--health-interval=10s --health-retries=3"},
        KeyCase{"HostName=h", "--hostname=h"}, KeyCase{"Label=a=b \"c=d e\"", "--label=a=b \"--label=c=d e\""},
        KeyCase{"LogDriver=journald\nLogOpt=tag=x", "--log-driver=journald --log-opt=tag=x"},
        KeyCase{"Mask=/proc/a:/proc/b", "--security-opt=mask=/proc/a:/proc/b"}, KeyCase{"Memory=1g", "--memory=1g"},
        KeyCase{"Mount=type=bind,source=./x,destination=/y",
                "--mount=type=bind,source=/etc/containers/systemd/x,destination=/y"},
        KeyCase{"Network=none", "--network=none"}, KeyCase{"NoNewPrivileges=true", "--security-opt=no-new-privileges"},
        KeyCase{"PidsLimit=20", "--pids-limit=20"}, KeyCase{"PodmanArgs=--a --b=\"c d\"", "--a \"--b=c d\""},
        KeyCase{"PublishPort=80:80", "--publish=80:80"}, KeyCase{"Pull=never", "--pull=never"},
        KeyCase{"ReadOnly=true", "--read-only"}, KeyCase{"ReadOnly=no", "--read-only=false"},
        KeyCase{"RunInit=1", "--init"}, KeyCase{"SeccompProfile=/p", "--security-opt=seccomp=/p"},
        KeyCase{"Secret=s,type=env", "--secret=s,type=env"},
        KeyCase{"SecurityLabelDisable=true", "--security-opt=label=disable"}, KeyCase{"ShmSize=1m", "--shm-size=1m"},
        KeyCase{"StopSignal=INT", "--stop-signal=INT"}, KeyCase{"StopTimeout=5", "--stop-timeout=5"},
        KeyCase{"Sysctl=a=1 b=2", "--sysctl=a=1 --sysctl=b=2"}, KeyCase{"Timezone=UTC", "--tz=UTC"},
        KeyCase{"Tmpfs=/run", "--tmpfs=/run"}, KeyCase{"UIDMap=0:1:2", "--uidmap=0:1:2"},
        KeyCase{"Ulimit=nofile=1", "--ulimit=nofile=1"}, KeyCase{"Unmask=ALL", "--security-opt=unmask=ALL"},
        KeyCase{"User=1", "--user=1"}, KeyCase{"User=1\nGroup=2", "--user=1:2"},
        KeyCase{"UserNS=keep-id", "--userns=keep-id"}, KeyCase{"Volume=/a:/b:ro", "--volume=/a:/b:ro"},
        KeyCase{"Volume=./a:/b", "--volume=/etc/containers/systemd/a:/b"}, KeyCase{"Volume=/b", "--volume=/b"},
        KeyCase{"Volume=data.volume:/b", "--volume=systemd-data:/b"}, KeyCase{"WorkingDir=/w", "--workdir=/w"},
        KeyCase{"HostName=a\nHostName=b", "--hostname=b"}, KeyCase{"Pod=web.pod", "--pod=systemd-web"}));

struct WrongCase {
  std::string lines;
  std::string expected;  ///< behind the file's name
};
void PrintTo(const WrongCase& c, std::ostream* out) { *out << c.lines; }
class Wrong : public testing::TestWithParam<WrongCase> {};

TEST_P(Wrong, IsSaidByFileAndLine) {
  EXPECT_EQ(container(GetParam().lines), "/etc/containers/systemd/web.container:" + GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Wrong,
    testing::Values(
        WrongCase{"Hostname=x", "3: Hostname=x: there is no such key"},
        WrongCase{"\n\nNonsense=1", "5: Nonsense=1: there is no such key"},
        WrongCase{"AutoUpdate=registry",
                  "3: AutoUpdate=registry: images are not updated by themselves: Pull=newer looks at each start"},
        WrongCase{"DNSOption=x", "3: DNSOption=x: caisson run --dns-option is not there yet"},
        WrongCase{"Pod=a.pod", "3: Pod=a.pod: there is no file a.pod"},
        WrongCase{"Pod=a", "3: Pod=a: the name of a .pod file is needed"},
        WrongCase{"StartWithPod=no", "3: StartWithPod=no: it needs Pod= as well"},
        WrongCase{"ReadOnly=maybe", "3: ReadOnly=maybe: not true or false"},
        WrongCase{"Environment=\"A=b", "3: Environment=\"A=b: a \" is not closed"},
        WrongCase{"Group=1", "3: Group=1: it needs User= as well"},
        WrongCase{"Network=a.network", "3: Network=a.network: networks of files are not there yet"},
        WrongCase{"Volume=x.volume:/y", "3: Volume=x.volume:/y: there is no file x.volume"},
        WrongCase{"Rootfs=/x", "3: Rootfs=/x: and Image= exclude each other"},
        WrongCase{"Image=a.image", "3: Image=a.image: images of files are not there yet"},
        WrongCase{"StopTimeout=x", "3: StopTimeout=x: not a number of seconds"},
        WrongCase{"EnvironmentFile=-/x", "3: EnvironmentFile=-/x: a file that may be missing ('-') is not there yet"},
        WrongCase{"AddDevice=-/dev/x", "3: AddDevice=-/dev/x: a device that may be missing ('-') is not there yet"},
        WrongCase{"[Service]\nType=simple",
                  "4: Type=simple: a container's unit is forking, notify with Notify=, or oneshot"},
        WrongCase{"[Service]\nKillMode=none", "4: KillMode=none: a container's unit needs mixed or control-group"},
        WrongCase{"[Install]\nWantedBy=../x", "4: WantedBy=../x: not the name of a unit"},
        WrongCase{"[Nonsense]\nA=b", "3: there is no section [Nonsense] here"}));

TEST(Container, NeedsAnImage) {
  EXPECT_EQ(generate("a.container", "[Container]\nExec=x\n").error().text(),
            "/etc/containers/systemd/a.container:1: [Container] has no Image=");
  EXPECT_EQ(generate("a.container", "[Unit]\nA=b\n").error().text(),
            "/etc/containers/systemd/a.container: there is no section [Container]");
  EXPECT_EQ(generate("a.container", "").error().text(),
            "/etc/containers/systemd/a.container: there is no section [Container]");
  EXPECT_EQ(generate("a.container", "x\n").error().text(),
            "/etc/containers/systemd/a.container: line 1: 'x' is no section, assignment or comment");
}

TEST(Container, HasWhatServiceSaysInThePlaceOfItsOwn) {
  const std::string text = container("StopTimeout=100\n[Service]\nType=oneshot\nKillMode=control-group\nDelegate=no");
  EXPECT_THAT(text, HasSubstr("TimeoutStopSec=160\n"));
  EXPECT_THAT(text, HasSubstr("KillMode=control-group\nDelegate=no\n"));
  EXPECT_THAT(text, Not(HasSubstr("Delegate=yes")));
  EXPECT_THAT(text, Not(HasSubstr("Type=forking")));
  EXPECT_THAT(text, HasSubstr("--replace --rm --stop-timeout=100 nginx\n"));  // oneshot: it is waited for
}

TEST(Container, IsCalledAsItSays) {
  EXPECT_THAT(container("ContainerName=%p-1"), HasSubstr("run --name=%p-1 "));
  const auto unit =
      generate("web.container", "[Container]\nImage=x\nServiceName=other\n[Install]\nWantedBy=a.target\n");
  ASSERT_TRUE(unit);
  EXPECT_EQ(unit->name, "other.service");
  EXPECT_THAT(unit->links, ElementsAre(Link{"a.target.wants/other.service", "../other.service"}));
  EXPECT_THAT(container("GlobalArgs=--root /x"), HasSubstr("ExecStop=/usr/bin/caisson --root /x stop "));
  EXPECT_THAT(container("ReloadSignal=HUP"),
              HasSubstr("ExecReload=/usr/bin/caisson kill --cidfile=%t/%N.cid --signal HUP\n"));
}

TEST(Container, WaitsForTheNetworkUnlessItIsAUsers) {
  EXPECT_THAT(container("[Quadlet]\nDefaultDependencies=no"), Not(HasSubstr("network-online")));
  QuadletContext user = kContext;
  user.is_user = true;
  EXPECT_THAT(generate("a.container", "[Container]\nImage=x\n", user)->text, Not(HasSubstr("network-online")));
}

TEST(Container, HasTheUnitsOfItsVolumesBeforeIt) {
  const std::string text = container("Volume=data.volume:/data:ro\nVolume=/host:/there");
  EXPECT_THAT(text, HasSubstr("Requires=data-volume.service\nAfter=data-volume.service\n"));
  EXPECT_THAT(text, HasSubstr("RequiresMountsFor=/host\n"));
}

TEST(Container, MayBeATemplate) {
  const auto without = generate("web@.container", "[Container]\nImage=x\n[Install]\nWantedBy=a.target\n");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->name, "web@.service");
  EXPECT_THAT(without->text, HasSubstr("--name=systemd-%p_%i "));
  EXPECT_THAT(without->links, IsEmpty());
  const auto with =
      generate("web@.container", "[Container]\nImage=x\n[Install]\nWantedBy=a.target\nDefaultInstance=1\n");
  EXPECT_THAT(with->links, ElementsAre(Link{"a.target.wants/web@1.service", "../web@.service"}));
}

TEST(Container, HasDropIns) {
  const auto unit = generate_unit("web.container",
                                  {{"/a/web.container", "[Container]\nImage=x\nEnvironment=A=1\n"},
                                   {"/a/web.container.d/10.conf", "[Container]\nEnvironment=B=2\nImage=y\n"}},
                                  kContext);
  ASSERT_TRUE(unit) << unit.error().text();
  EXPECT_THAT(unit->text, HasSubstr("--env=A=1 --env=B=2 y\n"));
  EXPECT_THAT(unit->text, HasSubstr("SourcePath=/a/web.container\n"));
  EXPECT_EQ(generate_unit("web.container", {{"/a", "[Container]\nImage=x\n"}, {"/b", "[Container]\nX=1\n"}}, kContext)
                .error()
                .text(),
            "/b:2: X=1: there is no such key");
}

TEST(Volume, IsAUnitThatMakesIt) {
  const auto unit = generate("data.volume",
                             "[Volume]\n"
                             "Label=a=b c=d\n"
                             "Device=/dev/sdb1\n"
                             "Type=ext4\n"
                             "Options=noatime\n"
                             "User=7\n"
                             "Group=8\n");
  ASSERT_TRUE(unit) << unit.error().text();
  EXPECT_EQ(unit->name, "data-volume.service");
  EXPECT_THAT(unit->text, HasSubstr("Type=oneshot\nRemainAfterExit=yes\n"));
  EXPECT_THAT(unit->text,
              HasSubstr("ExecStart=/usr/bin/caisson volume create --opt device=/dev/sdb1 --opt type=ext4 --opt "
                        "o=uid=7,gid=8,noatime --label a=b --label c=d systemd-data\n"));
  EXPECT_EQ(volume_name("data.volume", {{"x", "[Volume]\nVolumeName=other\n"}}).value(), "other");
  EXPECT_EQ(volume_name("data.volume", {{"x", ""}}).value(), "systemd-data");
  EXPECT_THAT(generate("data.volume", "")->text, HasSubstr("volume create systemd-data\n"));
}

TEST(Volume, SaysWhatIsWrong) {
  const auto wrong = [](const std::string& lines) { return generate("d.volume", "[Volume]\n" + lines).error().text(); };
  const std::string file = "/etc/containers/systemd/d.volume:2: ";
  EXPECT_EQ(wrong("Labels=x"), file + "Labels=x: there is no such key");
  EXPECT_EQ(wrong("Options=x"), file + "Options=x: it needs Device= as well");
  EXPECT_EQ(wrong("Image=x"), file + "Image=x: this key is not there yet");
  EXPECT_EQ(wrong("Copy=no"), file + "Copy=no: a new volume always begins with what the image has there");
}

TEST(Quadlet, OtherFilesAreRefused) {
  EXPECT_TRUE(is_quadlet_name("a.container"));
  EXPECT_TRUE(is_quadlet_name("a.pod"));
  EXPECT_FALSE(is_quadlet_name(".container"));
  EXPECT_FALSE(is_quadlet_name("a.service"));
  EXPECT_EQ(generate("a.network", "[Network]\n").error().text(),
            "/etc/containers/systemd/a.network: networks are not there yet");
  EXPECT_FALSE(generate("a.kube", ""));
}

TEST(Pod, IsAUnitThatMakesItAndStartsIt) {
  const auto unit = generate(
      "web.pod",
      "[Pod]\nVolume=data.volume:/d\nAddHost=a:1.2.3.4\nPodmanArgs=--cpus 1\n[Install]\nWantedBy=default.target\n");
  ASSERT_TRUE(unit) << unit.error().text();
  EXPECT_EQ(unit->name, "web-pod.service");
  EXPECT_THAT(unit->text, HasSubstr("\nWants=one.service\nBefore=one.service\n"));
  EXPECT_THAT(unit->text, HasSubstr("\nRequires=data-volume.service\n"));
  EXPECT_THAT(
      unit->text,
      HasSubstr("\nExecStartPre=/usr/bin/caisson pod create --pod-id-file=%t/%N.pod-id --replace --exit-policy=stop "
                "--add-host=a:1.2.3.4 --volume=systemd-data:/d --cpus 1 --name=systemd-web\n"
                "ExecStart=/usr/bin/caisson pod start --pod-id-file=%t/%N.pod-id\n"
                "ExecStop=/usr/bin/caisson pod stop --ignore --time=10 --pod-id-file=%t/%N.pod-id\n"
                "ExecStopPost=-/usr/bin/caisson pod rm -f --ignore --pod-id-file=%t/%N.pod-id\n"));
  EXPECT_THAT(unit->links, ElementsAre(Link{"default.target.wants/web-pod.service", "../web-pod.service"}));
  EXPECT_THAT(container("Pod=web.pod"), HasSubstr("\nBindsTo=web-pod.service\nAfter=web-pod.service\n"));
}

TEST(Pod, KnowsItsContainers) {
  const auto member = [](const std::string& lines) {
    return pod_member("one.container", {{"/x/one.container", "[Container]\nImage=i\n" + lines}}).value();
  };
  ASSERT_TRUE(member("Pod=web.pod\n"));
  EXPECT_EQ(member("Pod=web.pod\n")->service, "one.service");
  EXPECT_EQ(member("Pod=web.pod\nServiceName=other\n")->service, "other.service");
  EXPECT_FALSE(member("Pod=web.pod\nStartWithPod=no\n"));
  EXPECT_FALSE(member(""));
  EXPECT_EQ(pod_of("a.pod", {{"/x/a.pod", "[Pod]\nPodName=b\nServiceName=c\n"}})->service, "c.service");
}

TEST(Pod, SaysWhatIsWrong) {
  const auto wrong = [](const std::string& lines) { return generate("d.pod", "[Pod]\n" + lines).error().text(); };
  const std::string file = "/etc/containers/systemd/d.pod:2: ";
  EXPECT_EQ(wrong("Hostnam=x"), file + "Hostnam=x: there is no such key");
  EXPECT_EQ(wrong("SubUIDMap=x"), file + "SubUIDMap=x: names of maps are not there yet: UIDMap= is");
  EXPECT_EQ(wrong("Volume=x.volume:/a"), file + "Volume=x.volume:/a: there is no file x.volume");
  EXPECT_EQ(wrong("StopTimeout=x"), file + "StopTimeout=x: not a number of seconds");
}

TEST(Kube, IsAUnitThatPlaysIt) {
  const auto unit =
      generate("web.kube", "[Kube]\nYaml=web.yaml\nConfigMap=/c.yaml\nKubeDownForce=yes\nSetWorkingDirectory=yaml\n");
  ASSERT_TRUE(unit) << unit.error().text();
  EXPECT_EQ(unit->name, "web.service");
  EXPECT_THAT(unit->text, HasSubstr("\nWorkingDirectory=/etc/containers/systemd\n"));
  EXPECT_THAT(unit->text, HasSubstr("\nExecStart=/usr/bin/caisson kube play --replace --configmap=/c.yaml "
                                    "/etc/containers/systemd/web.yaml\n"
                                    "ExecStop=/usr/bin/caisson kube down --force /etc/containers/systemd/web.yaml\n"));
  EXPECT_EQ(generate("web.kube", "[Kube]\n").error().text(), "/etc/containers/systemd/web.kube: [Kube] has no Yaml=");
  EXPECT_EQ(generate("web.kube", "[Kube]\nYaml=a\nExitCodePropagation=all\n").error().text(),
            "/etc/containers/systemd/web.kube:3: ExitCodePropagation=all: not there yet");
}

}  // namespace
}  // namespace caisson::units
