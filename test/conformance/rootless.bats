# Containers of an ordinary user, made for the tests: with subordinate ids, and with none but its own.
load helper

USER_NAME=caisson-oci-user
FIRST=4000000

setup_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  useradd --no-create-home --home-dir /nonexistent --shell /bin/sh "$USER_NAME"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  usermod --add-subuids "$FIRST-$((FIRST + 65535))" --add-subgids "$FIRST-$((FIRST + 65535))" "$USER_NAME"
  export INSTALLED
  INSTALLED=$(mktemp -d /dev/shm/caisson-installed.XXXXXX)
  mkdir "$INSTALLED/bin"
  cp "$(command -v "$RUNTIME")" "$INSTALLED/bin"
  [ ! -d "$BUILD/libexec" ] || cp -r "$BUILD/libexec" "$INSTALLED"
  chmod -R a+rX "$INSTALLED"
}

teardown_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  userdel "$USER_NAME"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  rm -rf "$INSTALLED"
}

setup() {
  command -v newuidmap >/dev/null || skip "needs newuidmap"
  conformance_setup
  U=$(id -u "$USER_NAME")
  G=$(id -g "$USER_NAME")
  chown -R "$USER_NAME:" "$BUNDLE"
  install -d -o "$USER_NAME" "$T/run" "$ROOT"
  rm config.json
  as_user "$INSTALLED/bin/$(runtime_name)" spec --rootless
  config 'process.terminal = False' 'root.readonly = False'
}

# Runs a command as the ordinary user, in the bundle.
as_user() {
  setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --init-groups --reset-env \
    env XDG_RUNTIME_DIR="$T/run" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
user_runtime() { as_user "$INSTALLED/bin/$(runtime_name)" --root "$ROOT" "$@"; }

# The ids of the container are the user's own and the subordinate ones.
many_ids() {
  U=$U G=$G FIRST=$FIRST config \
    'ids = lambda own: [{"containerID": 0, "hostID": int(environ[own]), "size": 1},
                        {"containerID": 1, "hostID": int(environ["FIRST"]), "size": 65535}]' \
    'linux.uidMappings = ids("U")' 'linux.gidMappings = ids("G")' 'del ids'
}

@test "rootless: what spec --rootless writes runs" {
  script 'id -u; cat /proc/self/uid_map /proc/self/setgroups | tr -s " "; ls -d /proc/1 /sys/kernel; touch /new; stat -c %u /new'
  run -0 --separate-stderr user_runtime run box </dev/null
  [ "$output" = "0
 0 $U 1
deny
/proc/1
/sys/kernel
0" ]
  [ "$(stat -c %u rootfs/new)" = "$U" ]
}

@test "rootless: subordinate ids are mapped by newuidmap and newgidmap" {
  many_ids
  [ "$(runtime_name)" = runc ] || config 'process.user.additionalGids = [5]'  # to root alone, there
  config 'process.capabilities.bounding += ["CAP_CHOWN"]' \
    'process.capabilities.effective += ["CAP_CHOWN"]' 'process.capabilities.permitted += ["CAP_CHOWN"]'
  script 'cat /proc/self/uid_map | tr -s " "; touch /new; chown 7:8 /new; id -G'
  groups=$([ "$(runtime_name)" = runc ] && echo 0 || echo '0 5')
  run -0 --separate-stderr user_runtime run box </dev/null
  [ "$output" = " 0 $U 1
 1 $FIRST 65535
$groups" ]
  [ "$(stat -c %u:%g rootfs/new)" = "$((FIRST + 6)):$((FIRST + 7))" ]
}

@test "rootless: ids that are not the user's are refused, with what newuidmap says" {
  many_ids
  config 'linux.uidMappings[1].hostID = 500000000'
  run user_runtime run box </dev/null
  [ "$status" -ne 0 ]
  said newuidmap
}

@test "rootless: a limit that is not the user's to set is refused, one that is not asked for is not missed" {
  config 'linux.resources.pids.limit = 10'
  run user_runtime run box </dev/null
  [ "$status" -ne 0 ]
  said cgroup
  config 'del linux.resources' 'process.args = ["true"]'
  run -0 user_runtime run box </dev/null
}

@test "rootless: created, started, executed in, killed and deleted" {
  process sleep 1000
  user_runtime create box </dev/null >"$T/out" 2>&1 3>&- 4>&- || { cat "$T/out" && return 1; }
  user_runtime start box
  run -0 user_runtime exec box id -u
  [ "$output" = 0 ]
  run -0 user_runtime state box
  said '"status": "running"'
  user_runtime kill box KILL
  within 5 user_runtime delete box
}

@test "rootless: groups cannot be added where only one is mapped" {
  config 'process.user.additionalGids = [5]'
  run user_runtime run box </dev/null
  [ "$status" -ne 0 ]
}

@test "rootless: flags that the host's mounts have are not taken off" {
  not_on_runc "asks for fewer flags than are locked: runc#3805"
  mkdir "$T/locked"
  mount -t tmpfs -o nosuid,nodev,noexec caisson-test "$T/locked"
  export T
  config 'mounts.append({"destination": "/kept", "type": "bind", "source": environ["T"] + "/locked", "options": ["rbind", "ro"]})'
  process grep ' /kept ' /proc/self/mountinfo
  run --separate-stderr user_runtime run box </dev/null
  kept=$output
  config 'mounts[-1].options = ["rbind", "suid", "exec"]'
  run user_runtime run box </dev/null
  umount "$T/locked"
  [[ "$kept" == *ro,*nosuid,nodev,noexec* ]]
  [ "$status" -ne 0 ]
  said 'cannot clear locked flags nosuid,noexec'
}

@test "rootless: network devices and owners of mounts are root's to change" {
  not_on_runc "has neither"
  config 'linux.netDevices = {"lo": {"name": "lo1"}}' 'linux.namespaces.append({"type": "network"})'
  run user_runtime run box </dev/null
  [ "$status" -ne 0 ]
  said root
  config 'del linux.netDevices' 'mounts.append({"destination": "/m", "type": "bind", "source": "/tmp", "options": ["bind"],
    "uidMappings": [{"containerID": 0, "hostID": 5, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 5, "size": 1}]})'
  run user_runtime run box </dev/null
  [ "$status" -ne 0 ]
  said root
}

# A cgroup mount with this option, alone below /sys, in a container that says how many hierarchies it sees, how many processes
# are in its cgroup, and what it could do there: cgroup_mount OPTION.
cgroup_mount() {
  OPTION=$1 config 'mounts = [m for m in mounts if not m["destination"].startswith("/sys")]' \
    'mounts.append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", environ["OPTION"]]})' \
    'linux.namespaces = [n for n in linux.namespaces if n["type"] != "cgroup"]'
  script 'grep -cE " /sys/fs/cgroup/(memory|pids) .* - cgroup " /proc/self/mountinfo; grep -c . /sys/fs/cgroup/memory/cgroup.procs
    mkdir /sys/fs/cgroup/memory/new 2>/dev/null && echo made; echo 1 2>/dev/null >/sys/fs/cgroup/memory/memory.swappiness && echo written; true'
}

# What it said then: two hierarchies, some processes, and no more.
sees_and_writes_nothing() {
  [ "${#lines[@]}" = 2 ] && [ "${lines[0]}" = 2 ] && [ "${lines[1]}" -ge 1 ] || { echo "$output" && false; }
}

@test "rootless: a cgroup mount shows the cgroups that the container is in" {
  [ -d /sys/fs/cgroup/memory ] || skip "this host has no cgroup v1"
  local option
  for option in ro rw; do
    cgroup_mount $option
    run -0 user_runtime run box </dev/null
    sees_and_writes_nothing
    config 'linux.namespaces.append({"type": "cgroup"})'
    run -0 user_runtime run box </dev/null
    sees_and_writes_nothing
  done
}

@test "rootless: where they are the caller's, the container may not write what the caller may (CVE-2023-25809)" {
  [ -d /sys/fs/cgroup/memory ] || skip "this host has no cgroup v1"
  not_on_runc "it knows no --cgroup-manager"
  local callers=/sys/fs/cgroup/memory$CGROUP/callers
  mkdir -p "$callers"
  chown -R "$USER_NAME:" "$callers"
  cgroup_mount rw
  for _ in 1 2; do
    run -0 in_cgroup "$callers" user_runtime --cgroup-manager disabled run box </dev/null
    sees_and_writes_nothing
    config 'linux.namespaces.append({"type": "cgroup"})'
  done
  within 5 rmdir "$callers"
}

# In a process of that cgroup: in_cgroup DIRECTORY COMMAND….
in_cgroup() {
  # shellcheck disable=SC2016
  (echo "$BASHPID" >"$1/cgroup.procs" && "${@:2}")
}
