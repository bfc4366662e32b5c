# Plans run step by step, by a program of the tests: each step made to fail, and the hooks; runc says what hooks have to do.
load helper

@test "launch: each step that fails is named, with the right exit status, and leaves nothing on the host; hooks" {
  [ -x "$BUILD/test/system_launch" ] || skip "$BUILD/test/system_launch is not built"
  unshare --mount --propagation private "$BUILD/test/system_launch" --gtest_brief=1 --gtest_filter=-OrdinaryUser.* "$(rootfs)"
}

@test "launch: the same for an ordinary user" {
  [ -x "$BUILD/test/system_launch" ] || skip "$BUILD/test/system_launch is not built"
  local place
  place=$(mktemp -d "$STATE/user.XXXXXX")
  cp "$BUILD/test/system_launch" "$place"
  tar -xzf "$BUILTIN" -C "$place"
  chmod -R a+rX "$STATE"
  unshare --mount --propagation private setpriv --reuid 12345 --regid 12345 --clear-groups \
    "$place/system_launch" --gtest_brief=1 --gtest_filter=OrdinaryUser.* "$place"
}

@test "launch: runc runs the hooks in the same order, states and namespaces" {
  require_program runc
  local root bundle=$T/bundle
  mkdir "$bundle" && root=$(rootfs bundle/rootfs)
  (cd "$bundle" && runc spec)
  python3 - "$bundle/config.json" "$root" <<'PYTHON'
import json, os, sys
path, root = sys.argv[1:]
config = json.load(open(path))
config["process"].update(terminal=False, args=["/bin/sh", "-c", "echo program >>/record"])
config["process"].pop("rlimits", None)
config["root"]["readonly"] = False
config["hostname"] = "h"
def hook(name, directory):
    script = ("state=$(cat); status=${state#*status\\\":\\\"}; pid=none; case $state in *'\"pid\":'[1-9]*) pid=some;; esac; "
              "case $(readlink /proc/self/ns/uts) in '" + os.readlink("/proc/self/ns/uts") + "') uts=host;; *) uts=container;; esac; "
              f"echo \"{name} ${{status%%\\\"*}} $pid $uts\" >>{directory}/record")
    return [{"path": "/bin/sh", "args": ["sh", "-c", script], "env": ["PATH=/bin:/usr/bin"]}]
config["hooks"] = {name: hook(name, "" if name == "startContainer" else root)
                   for name in ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]}
json.dump(config, open(path, "w"))
PYTHON
  runc run --bundle "$bundle" "caisson-oracle-$$" </dev/null
  # Only runc 1.1 tells a poststart hook that the container is "created": the specification says "running".
  sort "$root/record" >"$T/sorted"
  diff "$T/sorted" - <<'END'
createContainer creating some container
createRuntime creating some host
poststart created some host
poststop stopped none host
prestart creating some host
program
startContainer created some container
END
  diff <(grep -v poststart "$root/record") - <<'END'
prestart creating some host
createRuntime creating some host
createContainer creating some container
startContainer created some container
program
poststop stopped none host
END
}

@test "launch: runc finds HOME in the image, takes the last of a variable and sets the oom score, too" {
  require_program runc
  local bundle=$T/bundle
  mkdir "$bundle" && rootfs bundle/rootfs >"$T/where"
  (cd "$bundle" && runc spec)
  python3 - "$bundle/config.json" <<'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))
config["process"].update(terminal=False, oomScoreAdj=500, env=["PATH=/bin:/usr/bin", "TWICE=first", "TWICE=second", "HOME="],
                         args=["/bin/sh", "-c", "echo $HOME $TWICE $(cat /proc/self/oom_score_adj)"])
config["process"]["user"].update(uid=33, gid=33, username="ignored")
config["process"].pop("rlimits", None)
json.dump(config, open(sys.argv[1], "w"))
PYTHON
  run runc run --bundle "$bundle" "caisson-oracle-$$" </dev/null
  [ "$status" -eq 0 ]
  [ "$output" = "/var/www second 500" ]
}
