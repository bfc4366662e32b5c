load helper
load cgroup

# The cgroups of this shell's child in every hierarchy: in_own COMMAND…, with the cgroups $CGROUP/caller, which a bats file
# may leave only for good.
in_own() {
  local directory
  for directory in $(tops); do
    mkdir -p "$directory$CGROUP/caller"
    case $directory in */cpuset) fill_cpuset "$directory$CGROUP" && fill_cpuset "$directory$CGROUP/caller" ;; esac
  done
  bash -c 'for top in $1; do echo 0 >"$top$2/caller/cgroup.procs"; done; shift 2; exec "$@"' - "$(tops)" "$CGROUP" "$@"
}
tops() {
  if on_v2; then echo /sys/fs/cgroup; else printf '%s\n' /sys/fs/cgroup/{blkio,cpu,cpuacct,cpuset,devices,freezer,memory,pids}; fi
}
fill_cpuset() {
  cat "${1%/*}/cpuset.cpus" >"$1/cpuset.cpus"
  cat "${1%/*}/cpuset.mems" >"$1/cpuset.mems"
}
remove_own() {
  local directory
  for directory in $(tops); do rmdir "$directory$CGROUP/caller"; done
}

# Where the container is by its memory hierarchy, or by the one: seen from outside, while it waits to be started.
place() { sed -nE 's/^([0-9]+:memory|0:):(.*)/\2/p' "/proc/$(field "$1" pid)/cgroup" | head -n1; }

@test "cgroupsPath: absolute from the root of each hierarchy, wherever the caller is" {
  in_own "${RUNTIME_IN_T[@]}" create box </dev/null >"$T/out" 2>&1 3>&- 4>&-
  [ "$(place box)" = "$CGROUP/box" ]
  on_v2 || for controller in blkio cpu cpuacct cpuset devices freezer pids; do
    grep -qE "[:,]$controller[,:].*$CGROUP/box\$" "/proc/$(field box pid)/cgroup"
  done
  runtime delete --force box
  remove_own
}

@test "cgroupsPath: relative below the caller's own cgroup, without one the id" {
  # On v2 beside the caller: a cgroup with processes in it cannot have those that are limited below it.
  local below=$CGROUP/caller
  ! on_v2 || below=$CGROUP
  config 'linux.cgroupsPath = "a/b"'
  in_own "${RUNTIME_IN_T[@]}" create box </dev/null >"$T/out" 2>&1 3>&- 4>&-
  [ "$(place box)" = "$below/a/b" ]
  runtime delete --force box
  config 'del linux.cgroupsPath'
  in_own "${RUNTIME_IN_T[@]}" create box </dev/null >"$T/out" 2>&1 3>&- 4>&-
  [ "$(place box)" = "$below/box" ]
  runtime delete --force box
  for directory in $(tops); do rmdir "$directory$below/a" 2>/dev/null || [ ! -d "$directory$below/a" ]; done
  remove_own
}

@test "devices: denied unless allowed, but for those that every container may use" {
  config 'linux.devices = [{"path": f"/dev/{n}", "type": "c", "major": 10, "minor": m} for n, m in (("tun", 200), ("fuse", 229), ("mine", 237))]' \
    'linux.resources.devices += [{"allow": True, "type": "c", "major": 10, "minor": 237, "access": "rw"}]'
  script 'for d in null zero full random urandom tty tun fuse mine; do
    echo "$d: $( (: </dev/$d) 2>&1 && echo opened)"
  done; head -c 1 /dev/zero | wc -c'
  run runtime run box </dev/null
  for device in null zero full random urandom; do said "$device: opened"; done
  said "can't open /dev/fuse: Operation not permitted"
  [[ "$output" != *"open /dev/tun: Operation not permitted"* ]]
  [[ "$output" != *"open /dev/mine: Operation not permitted"* ]]
}

@test "devices: a config without rules denies as well" {
  config 'linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]' 'del linux.resources.devices'
  script ': </dev/null && : </dev/fuse'
  run runtime run box </dev/null
  said "can't open /dev/fuse: Operation not permitted"
}

@test "devices: a cgroup that has others below it takes the rules that it can" {
  ! on_v2 || skip "v1's files"
  local directory=/sys/fs/cgroup/devices$CGROUP/box
  mkdir -p "$directory"
  echo a >"$directory/devices.deny"
  printf '%s\n' 'c *:* m' 'b *:* m' 'c 1:* rwm' 'c 10:229 rwm' | while read -r rule; do echo "$rule" >"$directory/devices.allow"; done
  mkdir "$directory/below"
  config 'linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]'
  script ': </dev/null && : </dev/fuse'
  run runtime run box </dev/null
  said "can't open /dev/fuse: Operation not permitted"
  rmdir "$directory/below" "$directory" 2>/dev/null || [ ! -d "$directory" ]
}

@test "cpuset: cgroups above that others made, and left empty, are filled" {
  ! on_v2 || skip "v1's files"
  mkdir -p "/sys/fs/cgroup/cpuset$CGROUP/above"
  [ -z "$(cat "/sys/fs/cgroup/cpuset$CGROUP/above/cpuset.cpus")" ]
  config "linux.cgroupsPath = '$CGROUP/above/box'"
  script 'grep ^Cpus_allowed_list /proc/self/status'
  run runtime run box </dev/null
  [ "$status" -eq 0 ]
  said Cpus_allowed_list
  [ "$(cat "/sys/fs/cgroup/cpuset$CGROUP/above/cpuset.cpus")" = "$(cat /sys/fs/cgroup/cpuset/cpuset.cpus)" ]
  find /sys/fs/cgroup -maxdepth 3 -type d -path "*$CGROUP/above" -exec rmdir {} +
}

@test "resources: all of a config are there before the program is" {
  config 'linux.resources.memory = {"limit": 64 << 20, "swap": 96 << 20, "reservation": 32 << 20}' \
    'linux.resources.cpu = {"shares": 512, "quota": 50000, "period": 100000, "cpus": "0", "mems": "0"}' \
    'linux.resources.pids.limit = 20' 'linux.resources.blockIO.weight = 300'
  process sleep 1000
  create
  set_to memory memory.limit_in_bytes $((64 * MiB)) memory.max $((64 * MiB))
  set_to memory memory.memsw.limit_in_bytes $((96 * MiB)) memory.swap.max $((32 * MiB))
  set_to memory memory.soft_limit_in_bytes $((32 * MiB)) memory.low $((32 * MiB))
  set_to cpu cpu.shares 512 cpu.weight 59
  set_to cpu cpu.cfs_quota_us 50000 cpu.max '50000 100000'
  set_to cpuset cpuset.cpus 0 cpuset.cpus 0
  set_to pids pids.max 20 pids.max 20
  weight_set_to 300 2930
}

@test "resources: files of v2 by name are refused where there are none, and escape nowhere" {
  config 'linux.resources.unified = {"memory.high": "50000000"}'
  if on_v2; then
    process sleep 1000
    create
    set_to memory x x memory.high 49999872
    runtime delete --force box
  else
    run runtime run box </dev/null
    [ "$status" -eq 1 ]
  fi
  config 'linux.resources.unified = {"../memory.high": "50000000"}'
  run runtime run box </dev/null
  [ "$status" -eq 1 ]
}

# --- of crun's ---------------------------------------------------------------------------------------------------------

@test "--cgroup-manager disabled: no cgroup is made, the container is in its caller's" {
  not_on_runc "it knows no --cgroup-manager"
  config 'linux.namespaces.append({"type": "cgroup"})'
  process sleep 1000
  runtime --cgroup-manager disabled create box </dev/null >"$T/out" 2>&1 3>&- 4>&-
  diff /proc/self/cgroup "/proc/$(field box pid)/cgroup"
  [ -z "$(own_cgroups)" ]
  runtime start box
  [ "$(runtime exec box readlink /proc/self/ns/cgroup)" = "$(readlink "/proc/$(field box pid)/ns/cgroup")" ]
  run ! runtime pause box
  said "no cgroup"
  run ! runtime update --memory 50M box
  said "no cgroup"
  runtime kill box KILL
  within 5 is box stopped
  runtime delete box
  nothing_kept
}

@test "--cgroup-manager disabled: a limit is refused, not forgotten" {
  not_on_runc "it knows no --cgroup-manager"
  local limit
  for limit in 'memory.limit = 1 << 26' 'pids.limit = 10' 'cpu.shares = 100' 'unified = {"pids.max": "10"}'; do
    cp config.json "$T/config.json"
    config "linux.resources.$limit"
    run ! runtime --cgroup-manager disabled run box </dev/null
    said "no limit without a cgroup"
    nothing_kept
    mv "$T/config.json" config.json
  done
  config 'linux.resources.pids.limit = -1'
  runtime --cgroup-manager disabled run box </dev/null
}

@test "--cgroup-manager: one that there is not is an error; so is a cgroup below systemd's scope" {
  not_on_runc "it knows no --cgroup-manager"
  run ! runtime --cgroup-manager none run box </dev/null
  said "none of cgroupfs, systemd, disabled"
  config 'annotations = {"run.oci.systemd.subgroup": "inner"}'
  run ! runtime --systemd-cgroup run box </dev/null
  said "run.oci.systemd.subgroup"
  nothing_kept
  runtime run box </dev/null  # it is about systemd's alone
}
