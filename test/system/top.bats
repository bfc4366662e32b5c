# The processes of a container, and what it uses.
load helper

STATE_TOP=/dev/shm
sleeper() { caisson run -d --name "$1" "${@:2}" builtin:busybox sleep 1000 >/dev/null; }
of() { caisson inspect --format "$2" "$1"; }

@test "top: as ps -ef, with the host's pids" {
  sleeper one
  caisson exec -d one sh -c 'sleep 77; true'
  within 5 eval "caisson top one | grep -q 'sleep 77'"
  run -0 caisson top one
  [[ "${lines[0]}" =~ ^UID\ +PID\ +PPID\ +C\ +STIME\ +TTY\ +TIME\ +CMD$ ]]
  [ "${#lines[@]}" -eq 4 ]
  grep -qE "^root +$(of one '{{.State.Pid}}') .* sleep 1000$" <<<"$output"
}

@test "top: columns as ps has them" {
  sleeper one
  local pid
  pid=$(of one '{{.State.Pid}}')
  [ "$(caisson top one -o pid=,args= | tail -1 | xargs)" = "$pid sleep 1000" ]
  [ "$(caisson top one -o 'pid,comm=WHAT IS IT' | head -1 | tr -s ' ')" = "PID WHAT IS IT" ]
  run -0 caisson top one aux
  [[ "${lines[0]}" =~ ^USER\ +PID\ +%CPU\ +%MEM\ +VSZ\ +RSS\ +TTY\ +STAT\ +START\ +TIME\ +COMMAND$ ]]
  if command -v ps >/dev/null; then
    local column
    for column in ppid pgid sid tty stat nice rss vsz comm args user uid gid nlwp stime time; do
      [ "$(caisson top one -o "$column=" | tail -1 | xargs)" = "$(ps -o "$column=" -p "$pid" | xargs)" ] || {
        echo "$column: $(caisson top one -o "$column=" | tail -1), and ps: $(ps -o "$column=" -p "$pid")" && false
      }
    done
  fi
}

@test "top: podman's columns: pids and users of the container, what confines it" {
  sleeper one --user 1000 --cap-drop ALL
  run -0 caisson top one pid user,huser capeff capbnd seccomp hpid args
  [[ "${lines[0]}" =~ ^"PID"\ +"USER"\ +"HUSER"\ +"EFFECTIVE CAPS"\ +"BOUNDING CAPS"\ +"SECCOMP"\ +"HPID"\ +"COMMAND"$ ]]
  [[ "${lines[1]}" =~ ^1\ +1000\ +[^\ ]+\ +none\ +none\ +filter\ +$(of one '{{.State.Pid}}')\ +"sleep 1000"$ ]]
  sleeper two --cap-drop ALL --cap-add CHOWN
  [ "$(caisson top two capeff | tail -1)" = CHOWN ]
  [ "$(caisson top -l user | tail -1)" = root ]
}

@test "top: what is not there is told" {
  sleeper one
  run -125 caisson top one pdi
  [[ "$output" = *"there is no column 'pdi'"* ]]
  run -125 caisson top one -ez
  [[ "$output" = *"-z"* ]]
  caisson kill one
  caisson wait one
  run -125 caisson top one
  [[ "$output" = *"container one is not running"* ]]
  run -125 caisson top nobody
}

@test "stats: a line for each that runs, at once; memory is the working set" {
  caisson run -d --name one -m 64m --pids-limit 100 builtin:busybox sh -c 'while :; do :; done' >/dev/null
  sleeper two
  caisson run --name three builtin:busybox true
  SECONDS=0
  run -0 caisson stats --no-stream
  [ "$SECONDS" -lt 2 ]
  [[ "${lines[0]}" =~ ^"CONTAINER ID"\ +NAME\ +"CPU %"\ +"MEM USAGE / LIMIT"\ +"MEM %"\ +"NET I/O"\ +"BLOCK I/O"\ +PIDS$ ]]
  [ "${#lines[@]}" -eq 3 ]
  [ "$(caisson stats --no-stream -a | wc -l)" -eq 4 ]
  [ "$(caisson stats --no-stream --format '{{.Name}}' two three | tr '\n' ' ')" = "two three " ]
  [[ "$(caisson stats --no-stream --format '{{.MemUsage}}' one)" =~ ^[0-9.]+[KM]iB\ /\ 64MiB$ ]]
  [ "$(caisson stats --no-stream --format '{{.PIDs}}' two)" = 1 ]
  [[ "$(caisson stats --no-stream --no-trunc --format '{{.ID}}' two)" =~ ^[0-9a-f]{64}$ ]]
  # The busy one is shown to be; a second table is of the time since the first.
  timeout 3.5 "${CAISSON[@]}" stats --format '{{.CPUPerc}}' one >"$T/busy" 3>&- || true
  [ "$(wc -l <"$T/busy")" -ge 2 ]
  awk 'NR == 2 { exit !($1 + 0 > 5) }' "$T/busy"
  caisson stats --no-stream --format json one | python3 -B -c '
import json, sys
assert set(json.load(sys.stdin)) == set("BlockIO CPUPerc Container ID MemPerc MemUsage Name NetIO PIDs".split())'
}

@test "stats: the cache of files is no memory in use" {
  local directory megabytes
  directory=$(mktemp -d /var/tmp/caisson-test.XXXXXX) # on a disk
  caisson run -d --name one -v "$directory:/data" builtin:busybox sh -c 'dd if=/dev/zero of=/data/big bs=1M count=60 2>/dev/null; touch /data/done; sleep 1000' >/dev/null
  within 20 test -e "$directory/done"
  megabytes=$(caisson stats --no-stream --format '{{.MemUsage}}' one | sed -nE 's/^([0-9]+)[.0-9]*MiB .*/\1/p')
  rm -r "$directory"
  [ "${megabytes:-0}" -lt 50 ]
}

@test "stats: ends when those that were named have" {
  caisson run -d --name one builtin:busybox sleep 2 >/dev/null
  run -0 timeout 10 "${CAISSON[@]}" stats --format '{{.Name}}' one
  [ "${lines[0]}" = one ]
  run -125 caisson stats nobody
}

@test "port: nothing is published, and that is said of a port" {
  sleeper one
  run -0 caisson port one
  [ -z "$output" ]
  run -125 caisson port one 80
  [[ "$output" = *"port 80/tcp of container one is not published"* ]]
  run -125 caisson port one eighty
  run -125 caisson port nobody
}

@test "info: what there is, where, on what host" {
  sleeper one
  caisson run --name two builtin:busybox true
  [ "$(caisson info -f '{{.Containers}} {{.ContainersRunning}} {{.ContainersStopped}} {{.KernelVersion}}')" = "2 1 1 $(uname -r)" ]
  [ "$(caisson info -f '{{.CgroupVersion}}')" = "$(on_cgroup_v2 && echo 2 || echo 1)" ]
  caisson system info --format json | python3 -B -c 'import json, os, sys; assert json.load(sys.stdin)["NCPU"] == os.sysconf("SC_NPROCESSORS_ONLN")'
  run -0 caisson info
  [[ "$output" = *"Containers:   2 (1 running, 0 paused, 1 stopped)"* ]]
}
