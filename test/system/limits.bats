# Limits: that they are set, that they act, and what is said when they do.
load helper

# The cgroup file of a running container: cgroup_file CONTAINER CONTROLLER FILE.
cgroup_file() {
  local where=$2
  on_cgroup_v2 && where=
  cat "/sys/fs/cgroup/$where$(cgroup_path "$1" "$where")/$3"
}
# Where a running container is in a hierarchy: cgroup_path CONTAINER CONTROLLER, v2 without one.
cgroup_path() {
  sed -n "s/^[0-9]*:$2:\(.*\)/\1/p" "/proc/$(caisson inspect --format '{{.State.Pid}}' "$1")/cgroup"
}

# What a container reads of its own cgroup, with options: inside V1-FILE V2-FILE OPTION….
inside() {
  local file=$1
  ! on_cgroup_v2 || file=$2
  shift 2
  box "$@" cat "/sys/fs/cgroup/$file"
}

# Allocates for ever, a megabyte at a time.
EATER='x=$(head -c 1000000 /dev/zero | tr "\0" x); while :; do x=$x$x; done'

@test "limits: memory without swap kills, and what happened is told" {
  require_controller memory
  run -137 caisson run --name eater -m 20m --memory-swap 20m builtin:busybox sh -c "$EATER"
  [[ "$output" = *"20 MiB"* ]] || { echo "$output" && false; }
  [[ "$output" = *"memory limit"* && "$output" = *sh* ]]
  run -0 caisson inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Signal}} {{.State.Reason}}' eater
  [[ "$output" = "true 137 9 "*"20 MiB"* ]]
  [[ "$(caisson ps -a)" = *137* ]]
}

@test "limits: a child killed in a container that lived on is reported" {
  require_controller memory
  run -0 caisson run --name parent -m 20m --memory-swap 20m builtin:busybox sh -c "sh -c '$EATER'; echo \"child: \$?\"; exit 0"
  [[ "$output" = *"child: 137"* ]]
  [[ "$output" = *"20 MiB"* ]] || { echo "$output" && false; }
  [[ "$(caisson inspect --format '{{.State.Reason}}' parent)" = *"20 MiB"* ]]
}

@test "limits: memory, swap and the others of memory are written" {
  require_controller memory
  [ "$(inside memory/memory.limit_in_bytes memory.max -m64m)" = 67108864 ]
  [ "$(inside memory/memory.limit_in_bytes memory.max --memory=0.5g)" = 536870912 ]
  [ "$(inside memory/memory.soft_limit_in_bytes memory.low --memory-reservation=32m)" = 33554432 ]
  if on_cgroup_v2; then
    [ "$(inside '' memory.swap.max -m64m)" = 67108864 ] # of swap alone
    [ "$(inside '' memory.swap.max -m64m --memory-swap=100m)" = 37748736 ]
    run -125 box -m64m --memory-swappiness=7 true
    [[ "${lines[0]}" = "caisson: error: "*"--memory-swappiness"*"cgroup v2 has no swappiness"* ]]
  else
    [ "$(inside memory/memory.swappiness '' -m64m --memory-swappiness=7)" = 7 ]
    if [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]; then
      [ "$(inside memory/memory.memsw.limit_in_bytes '' -m64m)" = 134217728 ]
      [ "$(inside memory/memory.memsw.limit_in_bytes '' -m64m --memory-swap=100m)" = 104857600 ]
    fi
  fi
}

@test "limits: processes" {
  require_controller pids
  [ "$(inside pids/pids.max pids.max)" = 2048 ]
  [ "$(inside pids/pids.max pids.max --pids-limit=50)" = 50 ]
  [ "$(inside pids/pids.max pids.max --pids-limit=-1)" = max ]
  run box --pids-limit=5 sh -c 'i=0; while [ $i -lt 10 ]; do sleep 5 & i=$((i + 1)); done'
  [[ "$output" = *"fork"*"Resource temporarily unavailable"* ]] || { echo "$output" && false; }
}

@test "limits: CPU time, shares and sets" {
  require_controller cpu
  require_controller cpuset
  if on_cgroup_v2; then
    [ "$(inside '' cpu.max --cpus=0.5)" = "50000 100000" ]
    [ "$(inside '' cpu.max --cpu-quota=20000 --cpu-period=50000)" = "20000 50000" ]
    [ "$(inside '' cpu.weight -c512)" = 59 ]
  else
    [ "$(inside cpu/cpu.cfs_quota_us '' --cpus=0.5)" = 50000 ]
    [ "$(inside cpu/cpu.cfs_period_us '' --cpus=0.5)" = 100000 ]
    [ "$(inside cpu/cpu.cfs_quota_us '' --cpu-quota=20000 --cpu-period=50000)" = 20000 ]
    [ "$(inside cpu/cpu.cfs_period_us '' --cpu-quota=20000 --cpu-period=50000)" = 50000 ]
    [ "$(inside cpu/cpu.shares '' -c512)" = 512 ]
  fi
  [ "$(inside cpuset/cpuset.cpus cpuset.cpus --cpuset-cpus=0)" = 0 ]
  [ "$(inside cpuset/cpuset.mems cpuset.mems --cpuset-mems=0)" = 0 ]
  [ "$(box --cpuset-cpus=0 nproc)" = 1 ]
}

@test "limits: --blkio-weight is set, or refused where the kernel cannot" {
  run box --blkio-weight=300 sh -c 'cd /sys/fs/cgroup; if [ -d blkio ]; then cat blkio/blkio*.weight; else cat io*.weight; fi'
  if [ "$status" -eq 125 ]; then
    [[ "${lines[0]}" = "caisson: error: "*--blkio-weight* ]]
  elif on_cgroup_v2; then
    [[ "$output" = "default 300" || "$output" = "default 2930" ]] # of BFQ, or of any scheduler
  else
    [ "$output" = 300 ]
  fi
}

@test "limits: ulimits" {
  [ "$(box --ulimit=nofile=100:200 sh -c 'ulimit -Sn; ulimit -Hn' | xargs)" = "100 200" ]
  [ "$(box --ulimit=core=0 sh -c 'ulimit -c')" = 0 ]
  [ "$(box --ulimit=nproc=77 grep processes /proc/self/limits | awk '{ print $3, $4 }')" = "77 77" ]
  run -125 box --ulimit=nonsense=1 true
  [[ "${lines[0]}" = "caisson: error: "*--ulimit*nonsense* ]]
  run -125 box --ulimit=nofile=200:100 true
  [[ "${lines[0]}" = "caisson: error: "*--ulimit* ]]
}

@test "limits: --oom-score-adj" {
  [ "$(box --oom-score-adj=321 cat /proc/self/oom_score_adj)" = 321 ]
  run -125 box --oom-score-adj=5000 true
  [[ "${lines[0]}" = "caisson: error: "*--oom-score-adj* ]]
}

@test "limits: those that cannot be are errors that name the option" {
  local option
  for option in --memory=nonsense --memory=-5 --cpus=0.0001 --cpus=nonsense --cpuset-cpus=999 --cpuset-cpus=x \
    --cpuset-mems=77 --pids-limit=x --memory-swappiness=101 --cpu-shares=x --cpu-period=1 --blkio-weight=5 --shm-size=x; do
    run -125 box -m64m "$option" true
    [[ "${lines[0]}" = "caisson: error: "*"${option%%=*}"* ]] || { echo "$option: $status $output" && false; }
  done
  run -125 box -m64m --memory-swap=32m true
  [[ "${lines[0]}" = "caisson: error: "*--memory-swap* ]] || { echo "$output" && false; }
  run -125 box --memory-swap=32m true
  nothing_kept
}

@test "limits: the cgroup has them while it runs, is below --cgroup-parent, and is gone afterwards" {
  require_controller pids
  caisson run -d --name parented --cgroup-parent /caisson-test-parent --pids-limit 9 builtin:busybox sleep 100
  local controller=pids
  ! on_cgroup_v2 || controller=
  [[ "$(cgroup_path parented "$controller")" = /caisson-test-parent/* ]]
  [ "$(cgroup_file parented pids pids.max)" = 9 ]
  caisson rm -f parented
  [ -z "$(find /sys/fs/cgroup -path '*/process_api' -prune -o -path '*caisson-test-parent/*' -type d -print)" ]
  find /sys/fs/cgroup -name 'caisson-test-parent' -type d -exec rmdir {} +
}

@test "limits: the cgroup is removed also with processes left in it" {
  local root id
  root=$(rootfs)
  # With the host's PID namespace, what the command started outlives it.
  caisson run --name leaver --pid host "$root" sh -c 'sleep 4713 >/dev/null 2>&1 & sleep 4713 >/dev/null 2>&1 & exit 0'
  id=$(caisson inspect --format '{{.Id}}' leaver)
  within 5 sh -c '! pgrep -fx "sleep 4713"'
  [ -z "$(find /sys/fs/cgroup -path '*/process_api' -prune -o -name "*$id*" -print)" ]
}

@test "limits: exec is in the same cgroup" {
  caisson run -d --name grouped builtin:busybox sleep 100
  diff <(caisson exec grouped cat /proc/1/cgroup) <(caisson exec grouped cat /proc/self/cgroup)
  caisson exec grouped sh -c 'cd /sys/fs/cgroup; [ ! -d pids ] || cd pids; grep -c . cgroup.procs'
  [ "$(cgroup_file grouped pids cgroup.procs | wc -l)" -eq 1 ]
}
