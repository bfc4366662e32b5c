# The floor program makes the container that runc makes of `runc spec`'s default config: what can be seen from inside is
# compared, so that nothing that costs time is left out. The one difference is on purpose: a cgroup namespace.

setup_file() {
  export FLOOR=${CAISSON_BUILD:-$BATS_TEST_DIRNAME/../../build/release}/bench/floor
  export BUNDLE=$BATS_FILE_TMPDIR/bundle
  export ID=caisson-test-$$
  mkdir -p "$BUNDLE"/rootfs/{bin,dev,etc,proc,sys}
  cp /bin/busybox "$BUNDLE/rootfs/bin/busybox"
  for applet in $(/bin/busybox --list | grep -vx busybox); do ln -s busybox "$BUNDLE/rootfs/bin/$applet"; done
  cat >"$BUNDLE/rootfs/etc/look" <<'END'
exec 2>&1
section() { echo "== $1"; }
section mounts; cat /proc/self/mountinfo
section devices; ls -ln /dev /dev/pts /dev/shm | grep -v ^total
section process; cat /proc/1/status
section limits; cat /proc/self/limits
section environment; env
section cgroups; cat /proc/self/cgroup
section cgroup_files; cat /sys/fs/cgroup/devices/devices.list /sys/fs/cgroup/cpuset/cpuset.cpus /sys/fs/cgroup/cpuset/cpuset.mems
section cgroup_mount; ls -ln /sys/fs/cgroup
section host; hostname; ip addr; umask; pwd; id; ps -o args
section namespaces; ls -l /proc/self/ns
END
  cgroups_before=$(find /sys/fs/cgroup -name 'floor-*' | wc -l)
  mounts_before=$(wc -l </proc/self/mountinfo)
  export cgroups_before mounts_before
  if command -v runc >/dev/null; then look_from_both; fi
}

# What /etc/look says in runc's container and in the floor's, a file for each section: runc.mounts, floor.mounts, …
look_from_both() {
  cd "$BUNDLE"
  runc spec
  python3 -c '
import json, sys
config = json.load(open("config.json"))
config["process"].update(terminal=False, args=["sh", "/etc/look"])
config["linux"]["cgroupsPath"] = "/" + sys.argv[1]
json.dump(config, open("config.json", "w"))' "$ID"
  cd "$BATS_FILE_TMPDIR"
  runc run --bundle "$BUNDLE" "$ID" >runc
  "$FLOOR" "$BUNDLE/rootfs" sh /etc/look >floor
  awk '/^== / { file = FILENAME "." $2; next } { print > file }' runc floor
}

# Compares section $1 of both as filter $2 leaves it.
same() {
  command -v runc >/dev/null || skip "runc is not installed"
  cd "$BATS_FILE_TMPDIR"
  [ -s "floor.$1" ]
  diff -u <("${@:2}" "runc.$1") <("${@:2}" "floor.$1")
}

# Without what names the mount, and with the cgroup as its own namespace shows it.
mounts() { sed -E "s/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/^\/$ID /\/ /" "$1" | sort; }
listing() { awk '{ $6 = $7 = $8 = ""; print }' "$1" | sort; }

@test "floor: the mounts are runc's, with masked and read-only paths" { same mounts mounts; }

@test "floor: /dev holds runc's devices and links" { same devices listing; }

@test "floor: capabilities, groups, no new privileges, umask, filters are runc's" {
  same process grep -E '^(Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigBlk|SigIgn|NSpid|NSsid|PPid)'
}

@test "floor: resource limits and environment are runc's" {
  same limits cat
  same environment sort
}

@test "floor: the process is in the same hierarchies, with the same device rules and cpuset" {
  same cgroups sed "s|:/$ID\$|:/|"
  same cgroup_files sort
  same cgroup_mount listing
}

@test "floor: host name, loopback, directory, ids, processes are runc's" { same host cat; }

@test "floor: all namespaces but the user's and time's are new" {
  run "$FLOOR" "$BUNDLE/rootfs" sh -c 'for name in /proc/self/ns/*; do echo "${name##*/} $(readlink $name)"; done'
  [ "$status" -eq 0 ]
  shared=
  while read -r name link; do
    [ "$(readlink "/proc/self/ns/$name")" != "$link" ] || shared="$shared $name"
  done <<<"$output"
  [ "$shared" = " time time_for_children user" ]
}

# As on a host with v2 alone, which a hybrid host can show to one mount namespace.
@test "floor: with cgroup v2 alone the container is born in its cgroup" {
  [ -f /sys/fs/cgroup/unified/cgroup.procs ] || skip "not a hybrid host"
  run unshare -m --propagation private sh -c '
    mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
    "$FLOOR" "$BUNDLE/rootfs" sh -c "tail -n 1 /proc/self/cgroup; grep cgroup /proc/self/mountinfo"'
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "0::/" ]
  [[ "${lines[1]}" = *" / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 "* ]]
  [ "${#lines[@]}" -eq 2 ]
}

@test "floor: exit statuses are the command's, 128 + signal, and 125 with the call that failed" {
  run "$FLOOR" "$BUNDLE/rootfs" sh -c 'exit 7'
  [ "$status" -eq 7 ]
  run "$FLOOR" "$BUNDLE/rootfs" no-such-command
  [ "$status" -eq 125 ]
  [ "$output" = "floor: execve(no-such-command): No such file or directory" ]
  run "$FLOOR" "$BUNDLE/nowhere" true
  [ "$status" -eq 125 ]
  [ "$output" = "floor: mount($BUNDLE/nowhere): No such file or directory" ]
  run "$FLOOR"
  [ "$status" -eq 125 ]
}

@test "floor: a signal ends the container" {
  "$FLOOR" "$BUNDLE/rootfs" sleep 1000 3>&- &
  local floor=$!
  for _ in {1..100}; do
    [ -z "$(find /sys/fs/cgroup -path "*/floor-$floor/cgroup.procs" -exec cat {} +)" ] || break
    sleep 0.02
  done
  kill -TERM "$floor"
  local status=0
  wait "$floor" || status=$?
  [ "$status" -eq 137 ]
}

@test "floor: --timings prints every part" {
  run "$FLOOR" --timings "$BUNDLE/rootfs" true
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 14 ]
  [[ "${lines[13]}" =~ ^\ *[0-9.]+\ us\ \ in\ all$ ]]
}

@test "floor: a container is created, started, joined and deleted in parts" {
  cd "$BATS_TEST_TMPDIR"
  "$FLOOR" --name "floor-$ID" --create fifo --pid-file pid "$BUNDLE/rootfs" sleep 1000
  init=$(cat pid)
  [ "$(tr '\0' ' ' <"/proc/$init/cmdline" | cut -d' ' -f1)" = "$FLOOR" ]
  "$FLOOR" --start fifo
  until [ "$(tr '\0' ' ' <"/proc/$init/cmdline")" = "sleep 1000 " ]; do sleep 0.02; done
  run "$FLOOR" --name "floor-$ID" --exec "$init" sh -c \
    'for n in /proc/self/ns/*; do readlink $n; done; grep -v cpu /proc/self/cgroup; grep ^Cap /proc/self/status; hostname; pwd; exit 3'
  [ "$status" -eq 3 ]
  joined=$output
  for name in cgroup ipc mnt net pid uts; do [[ "$joined" = *"$(readlink "/proc/$init/ns/$name")"* ]]; done
  [[ "$joined" = *memory:/$'\n'* ]]
  [[ "$joined" = *"CapEff:"*20000420* ]]
  kill -KILL "$init"
  "$FLOOR" --name "floor-$ID" --delete fifo
  [ ! -e fifo ]
}

@test "floor: a limit of memory that is too small kills, one that is not does not" {
  run "$FLOOR" --memory 8192 "$BUNDLE/rootfs" true
  [ "$status" -ne 0 ]
  run "$FLOOR" --memory 8388608 "$BUNDLE/rootfs" true
  [ "$status" -eq 0 ]
}

@test "floor: nothing is left on the host" {
  [ "$(find /sys/fs/cgroup -name 'floor-*' | wc -l)" -eq "$cgroups_before" ]
  [ "$(wc -l </proc/self/mountinfo)" -eq "$mounts_before" ]
}
