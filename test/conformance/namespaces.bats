# The namespaces of a container: new, joined by path, or the host's.
load helper

KINDS=(pid network ipc uts mount)
file_of() { case $1 in network) echo net ;; mount) echo mnt ;; *) echo "$1" ;; esac; }

# Has the container of the working directory these namespaces: KIND, or KIND=PATH for one that is joined.
namespaces() {
  WORDS="$*" config 'linux.namespaces = [dict(zip(("type", "path"), word.split("="))) for word in environ["WORDS"].split()]'
}

# A container whose namespaces others join; the directory of theirs is $ns.
target() {
  sleeper target
  ns=/proc/$(field target pid)/ns
  another_bundle other
}

@test "namespaces: new ones of every kind that the config names" {
  namespaces "${KINDS[@]}" cgroup
  sleeper box
  pid=$(field box pid)
  for kind in pid net ipc uts mnt cgroup; do
    [ "$(readlink "/proc/$pid/ns/$kind")" != "$(readlink /proc/self/ns/$kind)" ]
  done
  run -0 runtime exec box cat /proc/1/comm /proc/self/cgroup
  [ "${lines[0]}" = sleep ]
  [[ "${lines[-1]}" = *:/ ]]
}

@test "namespaces: what the config does not name is the host's" {
  namespaces mount
  config 'del linux.readonlyPaths'
  sleeper box
  pid=$(field box pid)
  for kind in pid net ipc uts cgroup user; do
    [ "$(readlink "/proc/$pid/ns/$kind")" = "$(readlink /proc/self/ns/$kind)" ]
  done
}

@test "namespaces: joined by path, one at a time" {
  target
  for kind in pid network ipc uts; do
    # shellcheck disable=SC2046 # several words
    namespaces $(printf '%s\n' "${KINDS[@]}" | grep -v $kind) "$kind=$ns/$(file_of $kind)"
    process sh -c 'cd /proc/self/ns; for kind in pid net ipc uts; do readlink $kind; done'
    run -0 runtime run box </dev/null
    for other in pid net ipc uts; do
      if [ $other = "$(file_of $kind)" ]; then
        grep -qxF "$(readlink "$ns/$other")" <<<"$output"
      else
        [[ "$output" != *"$(readlink "$ns/$other")"* ]]
      fi
    done
  done
}

@test "namespaces: joined by path, all but the mount namespace at once" {
  target
  namespaces mount "pid=$ns/pid" "network=$ns/net" "ipc=$ns/ipc" "uts=$ns/uts"
  process sh -c 'cd /proc/self/ns; for kind in pid net ipc uts; do readlink $kind; done'
  run -0 runtime run box </dev/null
  [ "$output" = "$(for kind in pid net ipc uts; do readlink "$ns/$kind"; done)" ]
}

@test "namespaces: a path may be a file that one is bound to" {
  touch "$T/net"
  # In a mount namespace of its own, so that the host sees nothing of the binding.
  # shellcheck disable=SC2016 # for the shell in the new namespaces
  run -0 unshare --mount --propagation private sh -ec '
    unshare --net=$0/net true
    echo "bound: $(nsenter --net=$0/net readlink /proc/self/ns/net)"
    '"$PYTHON $HERE/config.py"' edit config.json "[n for n in linux.namespaces if n.type == \"network\"][0].path = \"$0/net\""
    '"$PYTHON $HERE/config.py"' args config.json readlink /proc/self/ns/net
    '"${RUNTIME_IN_T[*]}"' run box </dev/null' "$T"
  [ "${lines[0]}" = "bound: ${lines[1]}" ]
}

@test "namespaces: a shared pid namespace: each sees the other's processes; the end of the second is not the first's" {
  target
  namespaces network ipc uts mount "pid=$ns/pid"
  script 'ps; sleep 1000 & exit 3'
  run -3 runtime run box </dev/null
  [[ "$output" == *"1 root     sleep 1000"* ]]
  [ "$(status target)" = running ]
  run -0 runtime exec target true
  # Nothing but its cgroup says that what the second left behind was its.
  within 5 eval '[ $(own_processes | grep -c " sleep$") -eq 1 ]'
}

@test "namespaces: a container in another's pid namespace is killed as a whole" {
  target
  namespaces network ipc uts mount "pid=$ns/pid"
  script 'sleep 1001 & sleep 1002 & exec sleep 1003'
  create box
  runtime start box
  within 5 eval '[ $(runtime ps -f json box | tr , "\n" | wc -l) -eq 3 ]'
  runtime delete --force box
  [ "$(status target)" = running ]
  within 5 eval '[ $(own_processes | grep -c " sleep$") -eq 1 ]'
}

@test "namespaces: the mount namespace that is joined is another container's" {
  not_on_runc "it cannot join a mount namespace"
  target
  namespaces pid network ipc uts "mount=$ns/mnt"
  process readlink /proc/self/ns/mnt
  run runtime run box </dev/null
  # Joined, or refused in words: nothing between.
  [ "$status" -eq 0 ] && [ "$output" = "$(readlink "$ns/mnt")" ] || said mount
}

@test "namespaces: one that stands there twice, or of a kind that there is not, is refused" {
  namespaces "${KINDS[@]}" pid
  run -1 runtime create box </dev/null
  [[ "$output" =~ (duplicated|twice|more than once) ]]
  said pid
  namespaces "${KINDS[@]}" nothing
  run -1 runtime create box </dev/null
  said nothing
  nothing_kept
}

@test "namespaces: a path that does not exist, or is of another kind, is refused" {
  target
  namespaces network ipc uts mount pid=/no/such/namespace
  run -1 runtime create box </dev/null
  said /no/such/namespace
  said 'no such file or directory'
  namespaces network ipc uts mount "pid=$ns/net"
  run -1 runtime create box </dev/null
  [ -n "$output" ]
  namespaces network ipc uts mount pid=/etc/passwd
  run -1 runtime create box </dev/null
  [ -n "$output" ]
  gone box
}

@test "namespaces: a container that shares the host's network has the host's devices" {
  namespaces pid ipc uts mount
  process ls /sys/class/net
  run -0 runtime run box </dev/null
  [ "$output" = "$(ls /sys/class/net)" ]
}

@test "namespaces: a new network namespace has lo, which is up" {
  process ip -o link
  run -0 runtime run box </dev/null
  [[ "$output" == "1: lo: <LOOPBACK,UP"* ]]
}

# --- user namespaces -------------------------------------------------------------------------------------------------

# With mappings for it: mapped [SIZE].
user_namespace() {
  config 'linux.namespaces.append({"type": "user"})' \
    "linux.uidMappings = linux.gidMappings = [{'containerID': 0, 'hostID': 100000, 'size': ${1:-65536}}]"
  chown -hR 100000:100000 rootfs
}

@test "user namespace: its mappings; root in it is nobody outside" {
  user_namespace
  script 'cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /tmp/made; cat /proc/self/setgroups'
  run -0 runtime run box </dev/null
  [[ "${lines[0]}" =~ ^\ *0\ +100000\ +65536$ ]]
  [[ "${lines[1]}" =~ ^\ *0\ +100000\ +65536$ ]]
  [ "${lines[2]}" = 0 ]
  [ "${lines[3]}" = allow ]
  [ "$(stat -c %u:%g rootfs/tmp/made)" = 100000:100000 ]
}

@test "user namespace: several mappings, and a user other than root" {
  config 'linux.namespaces.append({"type": "user"})' \
    'linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 1000, "hostID": 200000, "size": 1}]' \
    'linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 2000}]' \
    'process.user = {"uid": 1000, "gid": 1000, "additionalGids": [50]}'
  chmod 777 rootfs/tmp
  chown -hR 100000:100000 rootfs
  script 'id -u; id -G; touch /tmp/made'
  run -0 runtime run box </dev/null
  [ "$output" = $'1000\n1000 50' ]
  [ "$(stat -c %u:%g rootfs/tmp/made)" = 200000:101000 ]
}

@test "user namespace: devices are there and work, proc and sys are mounted" {
  user_namespace
  script 'echo x >/dev/null; head -c 3 /dev/zero | wc -c; ls -d /proc/1 /sys/class; stat -c %t:%T /dev/null'
  run -0 runtime run box </dev/null
  [ "$output" = $'3\n/proc/1\n/sys/class\n1:3' ]
}

@test "user namespace: exec and its standard streams" {
  user_namespace
  sleeper box
  run -0 --separate-stderr runtime exec box sh -c 'readlink /proc/self/ns/user; echo again >&2; id -u'
  [ "$output" = "$(readlink "/proc/$(field box pid)/ns/user")"$'\n0' ]
  [ "$stderr" = again ]
}

@test "user namespace: without mappings, or with a user that is not among them, it is refused" {
  config 'linux.namespaces.append({"type": "user"})'
  run -1 runtime create box </dev/null
  said appings
  user_namespace 10
  config 'process.user.uid = 1000' 'del linux.namespaces[-1]'
  run -1 runtime create box </dev/null
  said 'unmapped'
  nothing_kept
}

@test "user namespace: joined by path" {
  not_on_runc "it wants mappings, and its newer versions do not"
  user_namespace
  sleeper target
  ns=/proc/$(field target pid)/ns
  another_bundle other
  config 'del linux.uidMappings' 'del linux.gidMappings'
  namespaces "${KINDS[@]}" "user=$ns/user"
  process readlink /proc/self/ns/user
  run -0 runtime run box </dev/null
  [ "$output" = "$(readlink "$ns/user")" ]
}

# --- newer than the oracle -------------------------------------------------------------------------------------------

@test "time namespace: the clocks are ahead by its offsets" {
  not_on_runc "it has no time namespaces"
  namespaces "${KINDS[@]}" time
  config 'linux.timeOffsets = {"boottime": {"secs": 1000000, "nanosecs": 500}, "monotonic": {"secs": 2000000}}'
  script 'cut -d. -f1 /proc/uptime; cat /proc/1/timens_offsets'
  run -0 runtime run box </dev/null
  [ "${lines[0]}" -ge 1000000 ]
  [[ "$output" =~ monotonic\ +2000000\ +0 ]]
  [[ "$output" =~ boottime\ +1000000\ +500 ]]
}

@test "time namespace: offsets without one of its own, or of a clock that there is not, are refused" {
  not_on_runc "it has no time namespaces"
  config 'linux.timeOffsets = {"boottime": {"secs": 1}}'
  run -1 runtime create box </dev/null
  said 'time'
  namespaces "${KINDS[@]}" time
  config 'linux.timeOffsets = {"wallclock": {"secs": 1}}'
  run -1 runtime create box </dev/null
  said wallclock
  nothing_kept
}

@test "time namespace: joined by path" {
  not_on_runc "it has no time namespaces"
  namespaces "${KINDS[@]}" time
  sleeper target
  ns=/proc/$(field target pid)/ns
  another_bundle other
  namespaces "${KINDS[@]}" "time=$ns/time"
  process readlink /proc/self/ns/time
  run -0 runtime run box </dev/null
  [ "$output" = "$(readlink "$ns/time")" ]
}
