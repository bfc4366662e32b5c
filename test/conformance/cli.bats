# The command line: global options, logs, help, and the verbs that have no container: spec, features.
load helper

# The program's own name, as its messages have it: runc, caisson-oci.
setup() {
  conformance_setup
  NAME=$(runtime_name)
}

# --- version, help, mistakes -----------------------------------------------------------------------------------------

@test "--version, -v: the program's, and that of the specification, on lines that callers look for" {
  for option in --version -v; do
    run -0 "$RUNTIME" $option
    [[ "${lines[0]}" =~ ^$NAME\ version\ [0-9]+\.[0-9]+ ]]
    grep -qE '^spec: 1\.[0-9]+\.[0-9]+(-.+)?$' <<<"$output"
  done
}

@test "--help, -h, help, no verb at all: what verbs there are" {
  for words in --help -h help ''; do
    # shellcheck disable=SC2086 # no word where there is none
    run -0 "$RUNTIME" $words
    for verb in create start state kill delete run exec list ps pause resume update events spec features checkpoint restore; do
      grep -qE "^ +$verb\b" <<<"$output"
    done
  done
}

@test "-h, --help and help: of every verb" {
  for verb in create start state kill delete run exec list ps pause resume update events spec features checkpoint restore; do
    run -0 runtime $verb --help
    long=$output
    [[ "$long" == *"$NAME "*"$verb"* ]]
    run -0 runtime $verb -h
    [ "$output" = "$long" ]
  done
  run -0 runtime help list
  [[ "$output" == *"$NAME "*list* ]]
}

@test "a verb that there is not: No help topic for it" {
  run runtime no-such-verb
  [ "$status" -ne 0 ]
  said "No help topic for 'no-such-verb'"
}

@test "an option that there is not is an error, of the program and of a verb" {
  run -1 runtime --no-such-option list
  said 'no-such-option'
  run -1 runtime create --no-such-option box
  said 'no-such-option'
  nothing_kept
}

@test "too few and too many arguments are errors, before anything happens" {
  for words in create run state start delete "create a b" "run a b" "state a b" "delete a b" "start a b" "spec a" "list a" kill exec ps; do
    # shellcheck disable=SC2086 # several words
    run -1 runtime $words </dev/null
    [ -n "$output" ]
  done
  nothing_kept
}

@test "a value that is no number is an error" {
  run -1 runtime create --preserve-fds many box </dev/null
  [ -n "$output" ]
  nothing_kept
}

@test "options with one dash, and with =" {
  process sleep 1000
  create box -bundle="$BUNDLE" --pid-file="$T/pid"
  [ "$(cat "$T/pid")" = "$(field box pid)" ]
}

# --- logs ------------------------------------------------------------------------------------------------------------

@test "errors: a line of text with level and message on standard error, nothing on standard output" {
  run -1 --separate-stderr runtime state missing
  [ -z "$output" ]
  [[ "${stderr_lines[-1]}" =~ ^time=\"20.*\"\ level=error\ msg=\"container\ does\ not\ exist\"$ ]]
}

@test "--log: errors stand in the file, at its end, and on standard error too" {
  echo "what was there" >"$T/log"
  run -1 --separate-stderr runtime --log "$T/log" state missing
  [[ "$stderr" == *"container does not exist"* ]]
  [ "$(head -n 1 "$T/log")" = "what was there" ]
  [[ "$(tail -n 1 "$T/log")" =~ ^time=\"20.*\"\ level=error\ msg=\"container\ does\ not\ exist\"$ ]]
}

@test "--log-format json: a line of JSON for each, with level, msg and time" {
  process no-such-program
  run -1 runtime --log "$T/log" --log-format json run box </dev/null
  run -1 runtime --log "$T/log" --log-format json state missing
  run -0 "$PYTHON" - "$T/log" <<'CODE'
import datetime, json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
for line in lines:
    assert set(line) == {"level", "msg", "time"}, line
    datetime.datetime.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")
    assert line["time"][19:] == "Z" or line["time"][-6] in "+-" or line["time"].endswith("Z"), line
errors = [line["msg"] for line in lines if line["level"] == "error"]
assert 'exec: "no-such-program": executable file not found in $PATH' in errors[0], errors
assert errors[-1] == "container does not exist", errors
CODE
}

@test "--log-format: one that there is not is an error; --log: so is a file that cannot be written" {
  run -1 runtime --log-format xml list
  said xml
  run -1 runtime --log "$T/missing/log" list
  said "$T/missing/log"
  said 'no such file or directory'
}

@test "--debug: lines of level debug, in the log where there is one" {
  run -0 --separate-stderr runtime --debug run box </dev/null
  [[ "$stderr" == *"level=debug"* ]]
  run -0 --separate-stderr runtime --debug --log "$T/log" run box </dev/null
  grep -q level=debug "$T/log"
  run -0 --separate-stderr runtime run box </dev/null
  [ -z "$stderr" ]
}

# --- roots -----------------------------------------------------------------------------------------------------------

@test "--root: containers of one are not those of another; a directory that is missing is made" {
  sleeper box
  mkdir "$T/empty"
  run -0 "$RUNTIME" --root "$T/empty" list -q
  [ -z "$output" ]
  run -1 "$RUNTIME" --root "$T/elsewhere/deep" state box
  said 'container does not exist'
  config "linux.cgroupsPath = '$CGROUP/other'"
  "$RUNTIME" --root "$T/elsewhere/deep" create other </dev/null >/dev/null 2>&1 3>&- 4>&-
  run -0 "$RUNTIME" --root "$T/elsewhere/deep" list -q
  [ "$output" = other ]
  "$RUNTIME" --root "$T/elsewhere/deep" delete --force other
}

@test "--root: a relative one is of the working directory" {
  sleeper box
  cd "$T"
  run -0 "$RUNTIME" --root state list -q
  [ "$output" = box ]
}

@test "the state is nobody else's to read" {
  sleeper box
  [[ "$(stat -c %a "$ROOT/box")" =~ ^7[01][01]$ ]]
}

# --- descriptors -----------------------------------------------------------------------------------------------------

@test "--preserve-fds: those after the standard streams, and no others" {
  echo 'in three' >"$T/three"
  echo 'in four' >"$T/four"
  script 'cat <&3; cat <&4; for n in 5 6 7 8 9; do [ ! -e /proc/1/fd/$n ] || echo $n; done'
  run -0 runtime run --preserve-fds 2 box </dev/null 3<"$T/three" 4<"$T/four" 7</etc/passwd
  [ "$output" = $'in three\nin four' ]
}

@test "--preserve-fds: one that is not open is an error" {
  not_on_runc "the descriptors are looked for in newer versions"
  run -1 runtime run --preserve-fds 3 box </dev/null 3<"$T" 4<"$T" 5<&-
  said 5
  run -1 runtime run --preserve-fds -1 box </dev/null
  [ -n "$output" ]
  nothing_kept
}

@test "LISTEN_FDS: sockets of a service manager are the container's, before those of --preserve-fds; its process is 1" {
  echo 'in three' >"$T/three"
  echo 'in four' >"$T/four"
  script 'cat <&3; echo "$LISTEN_FDS $LISTEN_PID"; [ ! -e /proc/1/fd/4 ] || cat <&4'
  # shellcheck disable=SC2016 # for the shell
  run -0 env LISTEN_FDS=1 sh -c 'LISTEN_PID=$$ exec "$@"' - "${RUNTIME_IN_T[@]}" run box </dev/null 3<"$T/three" 4<"$T/four"
  [ "$output" = $'in three\n1 1' ]
  # shellcheck disable=SC2016
  run -0 env LISTEN_FDS=1 sh -c 'LISTEN_PID=$$ exec "$@"' - "${RUNTIME_IN_T[@]}" run --preserve-fds 1 box </dev/null 3<"$T/three" 4<"$T/four"
  [ "$output" = $'in three\n1 1\nin four' ]
}

@test "LISTEN_FDS: those of another process are not" {
  script 'echo "<$LISTEN_FDS>"; [ ! -e /proc/1/fd/3 ] || echo open'
  run -0 env LISTEN_FDS=1 LISTEN_PID=1 "${RUNTIME_IN_T[@]}" run box </dev/null 3<"$T"
  [ "$output" = "<>" ]
}

@test "--pidfd-socket: a descriptor of the process goes there, at create and at exec" {
  not_on_runc "newer versions have it"
  process sleep 1000
  receive_pidfd
  create box --pidfd-socket "$T/pidfd"
  within 5 has_text "$T/received"
  [ "$(cat "$T/received")" = "standard $(field box pid)" ]
  rm "$T/pidfd" "$T/received"
  runtime start box
  receive_pidfd
  runtime exec --pidfd-socket "$T/pidfd" --detach --pid-file "$T/pid" box sleep 1001 </dev/null >/dev/null 2>&1 3>&- 4>&-
  within 5 has_text "$T/received"
  [ "$(cat "$T/received")" = "setns $(cat "$T/pid")" ]
}

# Takes one that comes over a socket, and writes what came with it, and whose it is.
receive_pidfd() {
  "$PYTHON" - "$T/pidfd" >"$T/received" 3>&- 4>&- <<'CODE' &
import array, re, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen(1)
connection, _ = server.accept()
words, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
[descriptor] = array.array("i", ancillary[0][2])
print(words.decode(), re.search(r"^Pid:\t(\d+)", open(f"/proc/self/fdinfo/{descriptor}").read(), re.MULTILINE)[1])
CODE
  within 5 test -S "$T/pidfd"
}

@test "--no-pivot: the root is the container's all the same" {
  script 'ls -d /etc/passwd; ls -d '"$T"' 2>/dev/null || echo nothing; grep -c " / " /proc/mounts'
  run -0 runtime run --no-pivot box </dev/null
  [ "${lines[*]:0:2}" = "/etc/passwd nothing" ]
}

# --- telling a service manager ---------------------------------------------------------------------------------------

@test "NOTIFY_SOCKET: the container's READY=1 reaches the service manager, with the process that is the main one" {
  "$PYTHON" "$HERE/notify_listener.py" "$T/notify" >"$T/notified" 3>&- 4>&- &
  within 5 test -S "$T/notify"
  # busybox has no datagrams for unix sockets: the test says it in the container's place.
  script 'echo "$NOTIFY_SOCKET" >/tmp/socket; ls -d $(dirname $NOTIFY_SOCKET) >>/tmp/socket; exec sleep 1000'
  NOTIFY_SOCKET=$T/notify runtime create --pid-file "$T/pid" box </dev/null >"$T/said" 2>&1 3>&- 4>&-
  NOTIFY_SOCKET=$T/notify "${RUNTIME_IN_T[@]}" start box </dev/null >"$T/started" 2>&1 3>&- 4>&- &
  starting=$!
  within 5 eval '[ $(wc -l <rootfs/tmp/socket) -eq 2 ]'
  socket=/proc/$(cat "$T/pid")/root$(head -n 1 rootfs/tmp/socket)
  within 5 test -S "$socket"
  tell "$socket" 'STATUS=not yet'
  tell "$socket" 'READY=1'
  within 8 has_line "$T/notified" "^MAINPID=$(cat "$T/pid")\$"
  has_line "$T/notified" '^READY=1$'
  run -1 grep STATUS "$T/notified"
  wait $starting
}

tell() { "$PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), sys.argv[1])' "$@"; }

# --- spec ------------------------------------------------------------------------------------------------------------

@test "spec: a cgroup namespace where there is one hierarchy" {
  mkdir "$T/new"
  runtime spec --bundle "$T/new"
  run -0 "$PYTHON" -IS -c 'import json, sys; print({"type": "cgroup"} in json.load(sys.stdin)["linux"]["namespaces"])' <"$T/new/config.json"
  [ "$output" = "$(if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo True; else echo False; fi)" ]
}

@test "spec: a config that runs; one that is there is not replaced" {
  mkdir "$T/new"
  cp -a rootfs "$T/new"
  cd "$T/new"
  run -0 runtime spec
  [ -z "$output" ]
  run -0 "$PYTHON" - <<'CODE'
import json
config = json.load(open("config.json"))
assert config["process"]["terminal"] is True and config["process"]["args"] == ["sh"], config["process"]
assert config["root"] == {"path": "rootfs", "readonly": True}, config["root"]
assert {n["type"] for n in config["linux"]["namespaces"]} >= {"pid", "network", "ipc", "uts", "mount"}, config["linux"]["namespaces"]
CODE
  before=$(md5sum config.json)
  run -1 runtime spec
  said 'config.json'
  said 'exists'
  [ "$(md5sum config.json)" = "$before" ]
  config 'process.terminal = False' "linux.cgroupsPath = '$CGROUP/box'"
  process hostname
  run -0 runtime run box </dev/null
  [ "$output" = "${NAME%-oci}" ]
}

@test "spec --bundle: for that directory; one that does not exist is an error" {
  mkdir "$T/new"
  run -0 runtime spec --bundle "$T/new"
  [ -s "$T/new/config.json" ]
  [ ! -e "$T/new/rootfs" ]
  run -1 runtime spec -b "$T/missing"
  said "$T/missing"
}

@test "spec --rootless: a config for an ordinary user, which root can run too" {
  mkdir "$T/new"
  cp -a rootfs "$T/new"
  cd "$T/new"
  run -0 runtime spec --rootless
  run -0 "$PYTHON" - <<'CODE'
import json
linux = json.load(open("config.json"))["linux"]
kinds = {n["type"] for n in linux["namespaces"]}
assert "user" in kinds and "network" not in kinds, kinds
assert linux["uidMappings"] == [{"containerID": 0, "hostID": 0, "size": 1}], linux["uidMappings"]
assert "resources" not in linux, linux["resources"]
CODE
  config 'process.terminal = False' "linux.cgroupsPath = '$CGROUP/box'"
  process id -u
  run -0 runtime run box </dev/null
  [ "$output" = 0 ]
}

# --- features --------------------------------------------------------------------------------------------------------

@test "features: what this program can do, as features.md has it" {
  runtime features >"$T/features.json"
  run -0 "$PYTHON" - "$T/features.json" <<'CODE'
import json, re, sys
features = json.load(open(sys.argv[1]))
for name in "ociVersionMin", "ociVersionMax":
    assert re.fullmatch(r"1\.\d+\.\d+(-.+)?", features[name]), features[name]
assert set(features["hooks"]) == {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}, features["hooks"]
assert {"bind", "rbind", "ro", "rw", "nosuid", "nodev", "noexec", "rslave", "rshared", "rprivate", "rro", "tmpcopyup"} <= set(features["mountOptions"])
linux = features["linux"]
assert {"pid", "network", "ipc", "uts", "mount", "user", "cgroup"} <= set(linux["namespaces"]), linux["namespaces"]
assert {"CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"} <= set(linux["capabilities"]), linux["capabilities"]
assert linux["cgroup"]["v1"] is True and linux["cgroup"]["v2"] is True, linux["cgroup"]
for name in "systemd", "systemdUser":
    assert type(linux["cgroup"][name]) is bool, linux["cgroup"]
seccomp = linux["seccomp"]
assert seccomp["enabled"] is True
assert {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE"} <= set(seccomp["actions"]), seccomp["actions"]
assert {"SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ"} <= set(seccomp["operators"]), seccomp["operators"]
assert {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"} <= set(seccomp["archs"]), seccomp["archs"]
assert linux["apparmor"]["enabled"] is True and linux["selinux"]["enabled"] is True, linux
CODE
}

# --- beyond the oracle -----------------------------------------------------------------------------------------------

@test "a key that there is not: a warning with the nearest known one; an error with --strict" {
  not_on_runc "it does not look for unknown keys"
  config 'process.noNewPrivilege = True'
  run -0 --separate-stderr runtime run box </dev/null
  [[ "$stderr" == *level=warning*noNewPrivilege*noNewPrivileges* ]]
  run -1 runtime --strict run box </dev/null
  said 'noNewPrivilege'
  said 'noNewPrivileges'
  nothing_kept
}

@test "several mistakes in a config are said at once, by JSON pointer" {
  not_on_runc "it says the first one"
  config 'process.cwd = "relative"' 'process.args = []' 'linux.namespaces.append({"type": "nothing"})'
  run -1 runtime create box </dev/null
  for pointer in /process/cwd /process/args /linux/namespaces/5; do said $pointer; done
  nothing_kept
}
