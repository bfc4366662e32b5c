load helper
load cgroup

# A container with limits of all kinds that lives until it is killed.
limited() {
  config 'linux.resources.memory = {"limit": 64 << 20, "reservation": 32 << 20}' \
    'linux.resources.cpu = {"shares": 512, "quota": 50000, "period": 100000}' 'linux.resources.pids.limit = 20'
  sleeper
}

@test "update: each option changes its limit, and nothing else" {
  limited
  set_to memory memory.limit_in_bytes $((64 * MiB)) memory.max $((64 * MiB))
  runtime update --memory 48M box
  set_to memory memory.limit_in_bytes $((48 * MiB)) memory.max $((48 * MiB))
  runtime update --memory-reservation $((16 * MiB)) box
  set_to memory memory.soft_limit_in_bytes $((16 * MiB)) memory.low $((16 * MiB))
  runtime update --cpu-share 1024 box
  set_to cpu cpu.shares 1024 cpu.weight 100
  runtime update --pids-limit 11 box
  set_to pids pids.max 11 pids.max 11
  runtime update --cpuset-cpus 0 --cpuset-mems 0 box
  set_to cpuset cpuset.cpus 0 cpuset.cpus 0
  set_to cpuset cpuset.mems 0 cpuset.mems 0
  runtime update --blkio-weight 500 box
  weight_set_to 500 4950
  set_to memory memory.limit_in_bytes $((48 * MiB)) memory.max $((48 * MiB))
  set_to cpu cpu.cfs_quota_us 50000 cpu.max "50000 100000"
}

@test "update: quota and period alone or together; -1 lifts the quota" {
  limited
  runtime update --cpu-quota 30000 box
  set_to cpu cpu.cfs_quota_us 30000 cpu.max "30000 100000"
  runtime update --cpu-period 60000 box
  set_to cpu cpu.cfs_quota_us 30000 cpu.max "30000 60000"
  set_to cpu cpu.cfs_period_us 60000 cpu.max "30000 60000"
  runtime update --cpu-quota 200000 --cpu-period 900000 box
  set_to cpu cpu.cfs_period_us 900000 cpu.max "200000 900000"
  runtime update --cpu-quota 5000 --cpu-period 9000 box
  set_to cpu cpu.cfs_quota_us 5000 cpu.max "5000 9000"
  runtime update --cpu-quota -1 box
  set_to cpu cpu.cfs_quota_us -1 cpu.max "max 9000"
}

@test "update: memory and swap go up and down together, whatever the order needed" {
  limited
  [ -e "$(cgroup memory)/memory.memsw.limit_in_bytes" ] || [ -e "$(cgroup memory)/memory.swap.max" ] || skip "no swap is counted"
  runtime update --memory 80M --memory-swap 160M box
  set_to memory memory.memsw.limit_in_bytes $((160 * MiB)) memory.swap.max $((80 * MiB))
  runtime update --memory 200M --memory-swap 200M box
  set_to memory memory.memsw.limit_in_bytes $((200 * MiB)) memory.swap.max 0
  runtime update --memory 30M --memory-swap 60M box
  set_to memory memory.limit_in_bytes $((30 * MiB)) memory.max $((30 * MiB))
  runtime update --memory 40M --memory-swap -1 box
  on_v2 || [ "$(setting memory memory.memsw.limit_in_bytes)" -gt $((1 << 50)) ]
  runtime update --memory -1 box
  on_v2 || [ "$(setting memory memory.limit_in_bytes)" -gt $((1 << 50)) ]
  ! on_v2 || [ "$(setting memory x memory.max)" = max ]
}

@test "update: resources as JSON, from a file and from standard input, whichever the form of the option" {
  limited
  echo '{"memory": {"limit": 33554432}, "cpu": {"shares": 256}, "pids": {"limit": 9}}' >"$T/resources"
  runtime update --resources "$T/resources" box
  set_to memory memory.limit_in_bytes 33554432 memory.max 33554432
  set_to cpu cpu.shares 256 cpu.weight 35
  set_to pids pids.max 9 pids.max 9
  echo '{"pids": {"limit": -1}}' | runtime update --resources - box
  set_to pids pids.max max pids.max max
  echo '{"pids": {"limit": 7}}' | runtime update -r - box
  set_to pids pids.max 7 pids.max 7
  runtime update --resources="$T/resources" box
  set_to pids pids.max 9 pids.max 9
}

@test "update: devices stay as they were made" {
  limited
  on_v2 || cp "$(cgroup devices)/devices.list" "$T/devices"
  echo '{"devices": [{"allow": true, "type": "a", "access": "rwm"}], "pids": {"limit": 8}}' | runtime update -r - box
  set_to pids pids.max 8 pids.max 8
  on_v2 || cmp "$(cgroup devices)/devices.list" "$T/devices"
  run runtime exec box sh -c 'mknod /dev/x c 10 229 && echo >/dev/x'
  said 'peration not permitted'
}

@test "update: a created container and a paused one are changed as well" {
  process sleep 1000
  create
  runtime update --pids-limit 12 box
  set_to pids pids.max 12 pids.max 12
  runtime start box
  runtime pause box
  runtime update --pids-limit 13 box
  set_to pids pids.max 13 pids.max 13
  is box paused
  runtime resume box
}

@test "update: what is refused changes nothing, and says which limit it is" {
  config 'linux.resources.memory.limit = 64 << 20' 'linux.resources.pids.limit = 20'
  sleeper
  on_v2 || {
    run runtime update --memory 10 --pids-limit 5 box
    [ "$status" -eq 1 ]
    said 'unable to set memory limit to 10 (current usage: '
    [ "$(runtime_name)" = runc ] || set_to pids pids.max 20
    set_to memory memory.limit_in_bytes $((64 * MiB))
  }
  run runtime update --cpuset-cpus 4000 box
  [ "$status" -eq 1 ]
  said cpuset.cpus
  run runtime update --cpu-quota x box
  [ "$status" -eq 1 ]
  said 'invalid value for cpu-quota'
  run runtime update --memory 1x2 box
  [ "$status" -eq 1 ]
  said 'invalid value for memory'
  set_to pids pids.max 20 pids.max 20
}

@test "update: without a container, or one that runs; without its operand" {
  run runtime update --pids-limit 5 nosuch
  [ "$status" -eq 1 ]
  said 'container does not exist'
  run runtime update
  [ "$status" -eq 1 ]
  sleeper
  run runtime update --resources "$T/nothing" box
  [ "$status" -eq 1 ]
  said 'no such file or directory' || said 'No such file or directory'
  runtime kill box KILL
  within 10 is box stopped
  run runtime update --pids-limit 5 box
  [ "$status" -eq 1 ]
  said 'container not running'
}

@test "update: shares of the cache are refused where there are none" {
  [ ! -d /sys/fs/resctrl/info ] || skip "this host has them"
  sleeper
  run runtime update --l3-cache-schema 'L3:0=f' box
  [ "$status" -eq 1 ]
  said 'l3 cache schema is not enabled'
  run runtime update --mem-bw-schema 'MB:0=20' box
  [ "$status" -eq 1 ]
  said 'memory bandwidth schema is not enabled'
}

@test "update: real-time limits, where the kernel shares real time out" {
  ! on_v2 || skip "cgroup v2 has none"
  [ "$(cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us 2>/dev/null || echo 0)" -gt 0 ] || skip "no real time"
  sleeper
  # What the cgroup above has, it can hand down.
  echo 5000 >"/sys/fs/cgroup/cpu$CGROUP/cpu.rt_runtime_us"
  runtime update --cpu-rt-period 800001 box
  set_to cpu cpu.rt_period_us 800001
  runtime update --cpu-rt-runtime 500 box
  set_to cpu cpu.rt_runtime_us 500
}

@test "update: a burst, an idle group" {
  not_on_runc "neither"
  limited
  runtime update --cpu-burst 20000 box
  set_to cpu cpu.cfs_burst_us 20000 cpu.max.burst 20000
  runtime update --cpu-burst 0 --cpu-quota 10000 box
  set_to cpu cpu.cfs_burst_us 0 cpu.max.burst 0
  # A burst above the quota goes with the higher quota.
  runtime update --cpu-burst 30000 --cpu-quota 40000 box
  set_to cpu cpu.cfs_burst_us 30000 cpu.max.burst 30000
  runtime update --cpu-idle 1 box
  set_to cpu cpu.idle 1 cpu.idle 1
  # Shares are refused by an idle group, so they come after.
  runtime update --cpu-idle 0 --cpu-share 300 box
  set_to cpu cpu.idle 0 cpu.idle 0
  on_v2 || set_to cpu cpu.shares 300
}

@test "update: starts from what the one before has left" {
  not_on_runc "forgets what it is not given"
  limited
  runtime update --cpu-quota 30000 --memory 48M box
  runtime update --cpu-period 60000 box
  python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))["linux"]["resources"]
assert (r["cpu"]["quota"], r["cpu"]["period"], r["cpu"]["shares"]) == (30000, 60000, 512), r
assert r["memory"]["limit"] == 48 << 20 and r["pids"]["limit"] == 20 and r["devices"], r' "$ROOT/box/config.json"
}

@test "update: settings without a file are warned of and left out" {
  limited
  echo '{"memory": {"kernel": 5000000}, "pids": {"limit": 6}}' >"$T/resources"
  run runtime --log "$T/log" update --resources "$T/resources" box
  [ "$status" -eq 0 ]
  grep -qi 'kernel' "$T/log"
  set_to pids pids.max 6 pids.max 6
}
