# A host with many mounts: a container's are copied from a mount namespace with few, which is made once and kept.
load helper

setup() {
  conformance_setup
  not_on_runc "it copies all mounts of the host"
}

# Runs a script on a host with 150 mounts more, and a /run of its own, where the mount namespace is kept.
crowded() {
  cat >"$T/crowd.sh" <<'EOF'
mount -t tmpfs crowd /mnt
mkdir /mnt/shown
echo "of the host" >/mnt/shown/file
for i in $(seq 150); do mkdir "/mnt/$i" && mount --bind /mnt/shown "/mnt/$i" || exit; done
mount -t tmpfs run /run
EOF
  declare -f runtime >>"$T/crowd.sh"
  RUNTIME=$RUNTIME ROOT=$ROOT unshare --mount bash -euc ". '$T/crowd.sh'; $1"
}
is_kept='grep -q "/run/caisson-mounts/namespace .* nsfs " /proc/self/mountinfo'

@test "many mounts: the namespace is made once; containers have what they have elsewhere" {
  process sh -c 'cut -d " " -f 5 /proc/self/mountinfo; ls /; cat /proc/sys/kernel/hostname; pwd'
  config 'hostname = "inside"'
  runtime run box >"$T/alone"
  crowded "runtime run box >'$T/first'; $is_kept; stat -Lc %i /run/caisson-mounts/namespace
           runtime run box >'$T/second'; stat -Lc %i /run/caisson-mounts/namespace
           grep -c nsfs /proc/self/mountinfo" >"$T/kept"
  cmp "$T/alone" "$T/first"
  cmp "$T/alone" "$T/second"
  [ "$(uniq "$T/kept" | wc -l)" -eq 2 ]
  [ "$(tail -n 1 "$T/kept")" -eq 1 ]
}

@test "many mounts: it holds an empty root, and /proc, /sys and /dev" {
  crowded "runtime run box; nsenter --mount=/run/caisson-mounts/namespace cut -d ' ' -f 5 /proc/self/mountinfo" >"$T/held" || true
  crowded "runtime run box; exec 3</run/caisson-mounts/namespace
           python3 -c 'import ctypes, os
assert ctypes.CDLL(None).setns(3, 0) == 0
print(sorted(os.listdir(\"/\")), len(open(\"/proc/self/mountinfo\").readlines()))'" >"$T/held"
  [ "$(cat "$T/held")" = "['dev', 'proc', 'sys'] 4" ]
}

@test "many mounts: binds, their later mounts, kernel parameters, the oom score, a terminal's size, a user namespace" {
  config 'linux.sysctl = {"net.ipv4.ping_group_range": "0 5"}' 'process.oomScoreAdj = 77' \
    'mounts.append({"destination": "/shown", "type": "bind", "source": "/mnt/shown", "options": ["rbind", "rslave", "ro"]})'
  script 'cat /shown/file /proc/sys/net/ipv4/ping_group_range /proc/self/oom_score_adj; [ ! -e /mnt/1 ]; touch /shown/x || echo ro'
  run -0 crowded "runtime run box; $is_kept"
  [ "${lines[0]}" = "of the host" ]
  [[ "${lines[1]}" =~ ^0.5$ ]]
  [ "${lines[2]}" = 77 ]
  [ "${lines[4]}" = ro ]
  config 'linux.namespaces.append({"type": "user"})' 'linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]' \
    'linux.gidMappings = linux.uidMappings' 'linux.sysctl = {}'
  chown -R 100000:100000 rootfs
  script 'id -u; cat /proc/self/uid_map /shown/file; ls /sys >/dev/null'
  run -0 crowded "runtime run box; $is_kept"
  [ "${lines[0]}" = 0 ]
  [[ "${lines[1]}" =~ ^\ +0\ +100000\ +65536$ ]]
  [ "${lines[2]}" = "of the host" ]
}

@test "many mounts: who was called in a root and a directory of its own is there afterwards" {
  config 'hooks.poststart = [{"path": "/bin/sh", "args": ["sh", "-c", "cat only-here >>seen"]}]'
  run -0 crowded "mount --rbind / /mnt/1; echo there >/mnt/1/run/only-here
    chroot /mnt/1 bash -euc '$(declare -f runtime); cd /run; RUNTIME=$RUNTIME ROOT=$ROOT; runtime run -b $BUNDLE box'; cat /mnt/1/run/seen; $is_kept"
  [ "$output" = there ]
}

@test "many mounts: created, started, joined; a process is put into it" {
  process sleep 1000
  run -0 crowded "runtime create box </dev/null >/dev/null 2>&1; runtime start box; $is_kept
    runtime exec box sh -c '[ ! -e /mnt ] && hostname'
    runtime kill box KILL; while runtime state box | grep -q running; do :; done; runtime delete box"
  [ "${#lines[@]}" -eq 1 ]
}

@test "many mounts: namespaces that are joined, with a launcher between" {
  unshare --net --pid --fork sleep 1000 3>&- 4>&- &
  local child
  within 5 pgrep -P $!
  child=$(pgrep -P $!)
  config 'linux.namespaces = [n for n in linux.namespaces if n["type"] not in ("network", "pid")]' \
    "linux.namespaces += [{'type': 'network', 'path': '/proc/$child/ns/net'}, {'type': 'pid', 'path': '/proc/$child/ns/pid'}]"
  process sh -c 'readlink /proc/self/ns/net; readlink /proc/self/ns/pid'
  run -0 crowded "runtime run box; $is_kept"
  [ "$output" = "$(readlink "/proc/$child/ns/net" "/proc/$child/ns/pid")" ]
  kill -9 "$child"
}

@test "many mounts: the host's are copied where it takes the host's paths, and where the namespace cannot be kept" {
  run -0 crowded "mount -o remount,ro /run; runtime run box; ! ls /run/caisson-mounts"
  config 'hooks.createContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "cat /mnt/150/file >&2"]}]' 
  run -0 crowded "runtime run box; ! ls /run/caisson-mounts"
  config 'hooks = {}'
  mkdir -p "$T"/layer/{upper,work}
  config 'mounts.append({"destination": "/tmp", "type": "overlay", "source": "overlay", "options": ["lowerdir=/mnt/1", "upperdir='"$T"'/layer/upper", "workdir='"$T"'/layer/work"]})'
  process cat /tmp/file
  run -0 crowded "runtime run box; ! ls /run/caisson-mounts"
  [[ "$output" == *"of the host"* ]]
}

@test "many mounts: explain tells of it, and makes nothing; few mounts need none" {
  run -0 crowded "runtime explain; ! ls /run/caisson-mounts"
  [[ "$output" == *"from inside slot 'mount namespace with few mounts'"* ]]
  run -0 runtime explain
  [[ "$output" != *"few mounts"* ]]
}

@test "many mounts: of twenty at once one makes the namespace" {
  for i in $(seq 20); do another_bundle "b$i"; done
  run -0 crowded "for i in \$(seq 20); do runtime run -b '$T'/b\$i b\$i & done; wait; grep -c nsfs /proc/self/mountinfo"
  [ "$output" = 1 ]
}
