# criu itself, where it gets on with the kernel: what it dumps goes on when it is restored. runc, which is there, says what
# images are like.
load ../system/helper

OCI=$BUILD/bin/caisson-oci
oci() { "$OCI" --root "$T/oci" "$@"; }

# Counts, and tells of it when it gets USR1: files that are open when it is dumped have to stay as they are.
COUNTER='i=0; trap "echo \$i >/tmp/count" USR1; echo >/tmp/ready; while :; do i=$((i+1)); sleep 0.1; done'

setup() {
  caisson_setup
  criu check >/dev/null 2>&1 || skip "criu check fails"
  rootfs >/dev/null
  cd "$T"
  oci spec
  change 'c["process"].update(terminal=False)' 'c["root"]["readonly"] = False'
  script "$COUNTER"
}

teardown() {
  local id
  for id in $(oci list -q); do oci delete --force "$id"; done
  caisson_teardown
}

# change LINE…: each line of Python changes the configuration `c`.
change() {
  python3 - "$@" <<'EOF'
import json, sys
c = json.load(open("config.json"))
for line in sys.argv[1:]:
    exec(line)
json.dump(c, open("config.json", "w"))
EOF
}
script() { SCRIPT=$1 change 'import os; c["process"]["args"] = ["sh", "-c", os.environ["SCRIPT"]]'; }

begin() { oci "$@" run --detach box </dev/null >/dev/null 2>&1 && is_ready; }
is_ready() { within 10 test -e rootfs/tmp/ready && rm rootfs/tmp/ready; }
checkpoint() { oci checkpoint --image-path "$T/images" "$@" box; }
restore() { oci "${GLOBAL[@]}" restore --image-path "$T/images" --detach "$@" box </dev/null >/dev/null; }
GLOBAL=()

field() { oci state box | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
is() { [ "$(field status)" = "$1" ]; }
count() {
  rm -f rootfs/tmp/count
  oci kill box USR1
  within 10 test -s rootfs/tmp/count
  cat rootfs/tmp/count
}
# goes_on NUMBER: it has not begun anew, and counts beyond it.
goes_on() { [ ! -e rootfs/tmp/ready ] && sleep 1 && [ "$(count)" -gt "$1" ]; }
# What a process of the container sees of its mounts: where, what, and with which options.
mounts() { oci exec box cat /proc/self/mountinfo | awk '{ i = 7; while ($i != "-") i++; print $5, $4, $6, (i > 7 ? $7 : ""), $(i + 1) }' | sort; }

@test "checkpoint: a container is dumped, and goes on from there with its cgroup, its limits and its mounts" {
  mkdir data
  echo theirs >hosts
  change 'c["linux"]["resources"] = {"memory": {"limit": 104857600}, "pids": {"limit": 77}}' \
    'c["linux"]["cgroupsPath"] = "/caisson-checkpoint/box"' 'c["linux"]["maskedPaths"].append("/proc/version")' \
    "bind = lambda at, what, how: c['mounts'].append({'destination': at, 'type': 'bind', 'source': '$T/' + what, 'options': ['bind', how]})" \
    'bind("/data", "data", "rprivate"); bind("/etc/hosts", "hosts", "ro")' \
    'c["mounts"].append({"destination": "/memory", "type": "tmpfs", "source": "memory", "options": ["size=1m"]})'
  script "echo kept >/memory/file; echo mine >/data/file; $COUNTER"
  begin
  local before at
  before=$(mounts)
  at=$(count)
  checkpoint
  run ! oci state box
  [[ "$output" = *"does not exist"* ]]
  restore --pid-file "$T/pid"
  is running
  [ "$(field pid)" = "$(cat pid)" ]
  goes_on "$at"
  [ "$(cat "/proc/$(cat pid)/cgroup")" = 0::/caisson-checkpoint/box ]
  [ "$(oci exec box cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max)" = "104857600
77" ]
  [ "$(oci exec box cat /memory/file /data/file /etc/hosts /proc/version)" = "kept
mine
theirs" ]
  diff <(echo "$before") <(mounts)
  oci kill box KILL
  within 10 is stopped
  oci delete box
  rmdir /sys/fs/cgroup/caisson-checkpoint
}

@test "checkpoint: left running it goes on, and its images bring it back once it is gone" {
  begin
  local pid at
  pid=$(field pid)
  at=$(count)
  checkpoint --leave-running
  is running
  [ "$(field pid)" = "$pid" ]
  goes_on "$at"
  oci delete --force box
  restore
  goes_on "$at"
}

@test "checkpoint: of a paused container" {
  begin
  local at
  at=$(count)
  oci pause box
  checkpoint
  restore
  is running
  goes_on "$at"
}

@test "checkpoint: memory that is dumped before, while it runs, is not dumped again" {
  # It forks once, before it is ready: a process that is dumped between its fork and its exec has the whole memory anew.
  script "x=\$(head -c 3000000 /dev/zero | tr '\\0' x); trap 'echo \${#x} >/tmp/count' USR1; sleep 100000 & echo >/tmp/ready; while :; do wait \$!; done"
  begin
  oci checkpoint --pre-dump --image-path "$T/first" box
  is running
  oci checkpoint --pre-dump --image-path "$T/second" --parent-path ../first box
  is running
  checkpoint --parent-path ../second
  [ "$(readlink images/parent)" = ../second ]
  local first last
  first=$(cat first/pages-*.img | wc -c)
  last=$(cat images/pages-*.img | wc -c)
  [ "$first" -gt 3000000 ]
  [ "$last" -lt 1000000 ] || { echo "first $first, last $last" && false; }
  restore
  [ "$(count)" = 3000000 ]
}

@test "checkpoint: with systemd's cgroups, it goes on in a scope of its own" {
  GLOBAL=(--systemd-cgroup)
  change 'c["linux"]["resources"] = {"memory": {"limit": 104857600}}'
  begin "${GLOBAL[@]}"
  local at
  at=$(count)
  checkpoint
  [ "$(systemctl show caisson-box.scope -p LoadState --value)" = not-found ]
  restore
  goes_on "$at"
  [ "$(systemctl show caisson-box.scope -p MemoryMax --value)" = 104857600 ]
  [ "$(cat "/proc/$(field pid)/cgroup")" = 0::/system.slice/caisson-box.scope ]
  oci delete --force box
  [ "$(systemctl show caisson-box.scope -p LoadState --value)" = not-found ]
}

@test "checkpoint: prestart and createRuntime hooks find the namespaces of what is restored" {
  begin
  checkpoint
  cat >hook <<'EOF'
#!/bin/sh
cat >"$1"
pid=$(sed -E 's/.*"pid": ?([0-9]+).*/\1/' "$1")
[ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ] || exit 4
nsenter -t "$pid" -n ip link add "$2" type dummy
EOF
  chmod 755 hook
  change "h = lambda name: [{'path': '$T/hook', 'args': ['hook', '$T/told.' + name, name]}]" \
    'c["hooks"] = {"prestart": h("first"), "createRuntime": h("second")}'
  restore
  [[ "$(cat told.first)" = *'"status":"creating"'*"\"pid\":$(field pid)"* ]]
  [ "$(oci exec box ls /sys/class/net | tr '\n' ' ')" = "first lo second " ]
  checkpoint
  change 'c["hooks"]["createRuntime"] = [{"path": "/bin/sh", "args": ["sh", "-c", "echo no such luck >&2; exit 3"]}]'
  run -1 oci restore --image-path "$T/images" --detach box </dev/null
  [[ "${lines[0]}" = *"hooks.createRuntime[0]: "*"exit status 3"*"no such luck"* ]] || { echo "$output" && false; }
  [ -z "$(oci list -q)" ]
}

@test "checkpoint: a terminal is a new one in the state of the old, and goes to the console socket" {
  local receiver="$PWD/console_receiver.py"
  cp "$BATS_TEST_DIRNAME/../conformance/console_receiver.py" "$receiver"
  change 'c["process"].update(terminal=True)'
  script 'stty -echo rows 33 cols 99; echo ready; echo >/tmp/ready; while read -r line; do echo "$line: $(stty size)"; done; echo end'
  python3 "$receiver" "$T/console" ready x >before 2>&1 3>&- &
  within 10 test -S console
  oci run --detach --console-socket "$T/console" box
  is_ready
  checkpoint
  wait
  rm console
  python3 "$receiver" "$T/console" >after 2>&1 "" 'hello\n\004' 3>&- &
  within 10 test -S console
  oci restore --image-path "$T/images" --detach --console-socket "$T/console" box
  within 10 is stopped
  wait
  tr -d '\r' <after >output
  [ "$(sed 1d output)" = "hello: 33 99
end" ] || { cat output && false; }
}

@test "checkpoint: in the foreground, what is restored ends with its status, and its pipes are the command's" {
  script 'echo >/tmp/ready; while read -r line; do echo "got $line"; done; exit 7'
  { echo $BASHPID >holder && exec sleep 1000; } 3>&- | "$OCI" --root "$T/oci" run box 2>&1 3>&- | cat >first 3>&- &
  is_ready
  checkpoint
  run -7 sh -c 'echo line | "$@"' sh "$OCI" --root "$T/oci" restore --image-path "$T/images" box
  [ "$output" = "got line" ]
  [ -z "$(oci list -q)" ]
  kill "$(cat holder)"
  wait
}

@test "checkpoint: of streams that were files, those of the same size alone are taken, which is said" {
  oci run --detach box </dev/null >file 2>&1
  is_ready
  checkpoint
  echo more >>file
  run -1 sh -c 'exec "$@" </dev/null >>file' sh "$OCI" --root "$T/oci" restore --image-path "$T/images" --detach box
  [[ "$output" = *"has bad size"*"standard streams were files"* ]] || { echo "$output" && false; }
  [ -z "$(oci list -q)" ]
  : >file
  oci restore --image-path "$T/images" --detach box </dev/null >>file 2>&1
  is running
}

@test "checkpoint: images of runc are restored, and runc restores those that are made here" {
  # It lets criu take the options from the host's cgroups.
  by_runc() { runc --root "$T/runc" "$@" && mount -o remount,nsdelegate,memory_recursiveprot /sys/fs/cgroup; }
  change 'c["ociVersion"] = "1.0.2"'
  by_runc run --detach box </dev/null >/dev/null 2>&1
  is_ready
  by_runc checkpoint --image-path "$T/images" box
  restore
  local at
  at=$(count)
  [ ! -e rootfs/tmp/ready ]
  checkpoint
  by_runc restore --image-path "$T/images" --detach box </dev/null >/dev/null 2>&1
  by_runc kill box USR1
  within 10 sh -c "[ \$(cat rootfs/tmp/count) -gt $at ]"
  [ ! -e rootfs/tmp/ready ]
  by_runc delete --force box
}
