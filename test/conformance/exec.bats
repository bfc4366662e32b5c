# A further process in a container.
load helper

setup() {
  conformance_setup
  cat >"$T/process.json" <<'JSON'
{
  "args": ["sh", "-c", "id; env; pwd; ulimit -n; grep -E '^(Cap|NoNew)' /proc/self/status"],
  "cwd": "/tmp",
  "env": ["PATH=/bin", "COLOUR=blue"],
  "user": {"uid": 5, "gid": 6, "additionalGids": [7, 8]},
  "capabilities": {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"]},
  "noNewPrivileges": true,
  "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 60, "hard": 60}]
}
JSON
}

# --- what it is ------------------------------------------------------------------------------------------------------

@test "exec: a process of the container: its namespaces, its cgroups, its root; its streams are the caller's" {
  sleeper box
  pid=$(field box pid)
  for name in pid net ipc uts mnt; do
    run -0 runtime exec box readlink /proc/self/ns/$name
    [ "$output" = "$(readlink "/proc/$pid/ns/$name")" ]
  done
  [ "$(runtime exec box cat /proc/self/cgroup)" = "$(cat "/proc/$pid/cgroup")" ]
  run -0 --separate-stderr runtime exec box sh -c 'cat; echo error >&2; ls -d /etc/passwd' <<<"from the caller"
  [ "$output" = $'from the caller\n/etc/passwd' ]
  [ "$stderr" = error ]
}

@test "exec: it has no other descriptors, neither the caller's nor the runtime's" {
  sleeper box
  run -0 runtime exec box sh -c 'for n in $(seq 0 63); do [ ! -e /proc/$$/fd/$n ] || echo $n; done' 7</etc/passwd 8</
  [ "$output" = $'0\n1\n2' ]
}

@test "exec: it has the environment, the user, the directory and the capabilities that the container's process began with" {
  config 'process.env += ["COLOUR=red"]' 'process.cwd = "/tmp"' 'process.user = {"uid": 1000, "gid": 50}'
  sleeper box
  run -0 runtime exec box sh -c 'echo $COLOUR $HOME; pwd; id -u; id -g; grep CapBnd /proc/self/status'
  [ "${lines[0]}" = "red /home/guest" ]
  [ "${lines[1]}" = /tmp ]
  [ "${lines[2]}" = 1000 ]
  [ "${lines[3]}" = 50 ]
  [ "${lines[4]}" = "CapBnd:	0000000020000420" ]
}

@test "exec: no signal is blocked" {
  sleeper box
  run -0 runtime exec box grep '^SigBlk' /proc/self/status
  [ "$output" = $'SigBlk:\t0000000000000000' ]
}

# --- its end ---------------------------------------------------------------------------------------------------------

@test "exec: its exit status, or 128 and the number of the signal, is the runtime's" {
  sleeper box
  run -7 runtime exec box sh -c 'exit 7'
  run -137 runtime exec box sh -c 'kill -KILL $$'
  run -143 runtime exec box sh -c 'kill -TERM $$'
}

@test "exec: 255 for what cannot be executed, with the reason" {
  sleeper box
  run -255 runtime exec box no-such-program
  said 'exec: "no-such-program": executable file not found in $PATH'
  run -255 runtime exec box /no/such/program
  said '/no/such/program'
  said 'no such file or directory'
  run -255 runtime exec box /etc/passwd
  said 'exec: "/etc/passwd": permission denied'
  run -255 runtime exec box /tmp
  [[ "$output" == *"/tmp"* ]]
  run -255 runtime exec box
  [[ "$output" == *arg* ]]
}

@test "exec: the container has to run: not in one that has stopped" {
  create box
  runtime start box
  within 5 is box stopped
  run -255 runtime exec box true
  said 'cannot exec in a stopped container'
}

@test "exec: in one that has been created and not started" {
  create box
  run -0 runtime exec box echo inside
  [ "$output" = inside ]
  [ "$(status box)" = created ]
}

@test "exec: not in a paused one, unless told to; then it waits" {
  sleeper box
  runtime pause box
  run -255 runtime exec box true
  said 'cannot exec in a paused container (use --ignore-paused to override)'
  runtime exec --ignore-paused box sh -c 'echo done >/tmp/done' </dev/null >/dev/null 2>&1 3>&- 4>&- &
  sleep 0.3
  [ ! -e rootfs/tmp/done ]
  runtime resume box
  within 5 has_text rootfs/tmp/done
  wait
}

@test "exec: signals to the runtime go to the process" {
  sleeper box
  "${RUNTIME_IN_T[@]}" exec box sh -c 'trap "echo heard; exit 9" TERM; echo ready; while :; do sleep 0.02; done' \
    </dev/null >"$T/said" 2>&1 3>&- 4>&- &
  running=$!
  within 5 has_line "$T/said" ready
  kill -TERM $running
  status=0
  wait $running || status=$?
  [ $status -eq 9 ]
  has_line "$T/said" heard
}

@test "exec: many at once, each with its own status" {
  sleeper box
  for number in {1..8}; do
    "${RUNTIME_IN_T[@]}" exec box sh -c "exit 2$number" </dev/null >/dev/null 2>&1 3>&- 4>&- &
    running[number]=$!
  done
  for number in {1..8}; do
    status=0
    wait "${running[number]}" || status=$?
    [ "$status" -eq "2$number" ]
  done
}

# --- its options -----------------------------------------------------------------------------------------------------

@test "exec --env: further variables, where the last of a name counts" {
  sleeper box
  run -0 runtime exec -e A=1 -e B=2=3 -e A=4 -e C= box sh -c 'echo "$A $B <$C>"; echo $PATH'
  [ "${lines[0]}" = "4 2=3 <>" ]
  [ "${lines[1]}" = /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ]
  run -0 runtime exec --env A=5 box sh -c 'echo $A'
  [ "$output" = 5 ]
  run -255 runtime exec -e A box true
  [[ "$output" == *environment*A* ]]
}

@test "exec --env PATH: programs are looked for there" {
  sleeper box
  cp rootfs/bin/busybox rootfs/tmp/true
  run -0 runtime exec -e PATH=/tmp box true
  run -255 runtime exec -e PATH=/nowhere box true
  said 'executable file not found in $PATH'
}

@test "exec --cwd: an absolute path" {
  sleeper box
  run -0 runtime exec --cwd /tmp box pwd
  [ "$output" = /tmp ]
  run -255 runtime exec --cwd tmp box pwd
  [[ "$output" == *"absolute path"* ]]
  run -255 runtime exec --cwd /missing box pwd
  [ ! -e rootfs/missing ]
}

@test "exec --user: a number, with a group's if there is one; HOME is that user's" {
  sleeper box
  run -0 runtime exec --user 1000:50 box sh -c 'id -u; id -g; id -G; echo $HOME'
  [ "$output" = $'1000\n50\n50\n/home/guest' ]
  run -0 runtime exec -u 1000 box sh -c 'id -u; id -g'
  [ "$output" = $'1000\n0' ]
  run -0 runtime exec -u 4000 box sh -c 'echo $HOME'
  [ "$output" = / ]
}

@test "exec --user: no names, nothing missing, nothing more" {
  sleeper box
  for user in guest 1x 1: :1 1:2:3 1:x; do
    run -255 runtime exec --user "$user" box true
    [ -n "$output" ]
  done
}

@test "exec --user: what is not a number of 32 bits is refused" {
  not_on_runc "it takes the lower bits"
  sleeper box
  for user in -1 +1 ' 1' 4294967296 4294967295; do
    run -255 runtime exec --user="$user" box true
    [ -n "$output" ]
  done
}

@test "exec --additional-gids: once or several times" {
  sleeper box
  run -0 runtime exec -u 1000:1000 --additional-gids 50 box id -G
  [ "$output" = "1000 50" ]
  run -0 runtime exec -u 1000:1000 -g 7 -g 50 box id -G
  [ "$output" = "1000 7 50" ]
}

@test "exec --cap: added to the bounding, permitted and effective sets; never inheritable" {
  sleeper box
  run -0 runtime exec -c CAP_SYS_ADMIN -c CAP_CHOWN box grep ^Cap /proc/self/status
  [ "${lines[0]}" = "CapInh:	0000000000000000" ]
  [ "${lines[1]}" = "CapPrm:	0000000020200421" ]
  [ "${lines[2]}" = "CapEff:	0000000020200421" ]
  [ "${lines[3]}" = "CapBnd:	0000000020200421" ]
  run -0 runtime exec box grep ^CapEff /proc/self/status
  [ "$output" = "CapEff:	0000000020000420" ]
}

@test "exec --cap: an unknown one is a warning" {
  sleeper box
  run -0 --separate-stderr runtime exec --cap CAP_NOTHING box true
  [[ "$stderr" == *CAP_NOTHING* ]]
}

@test "exec --no-new-privs: where the container's process may gain privileges" {
  config 'process.noNewPrivileges = False'
  sleeper box
  run -0 runtime exec box grep NoNewPrivs /proc/self/status
  [ "$output" = "NoNewPrivs:	0" ]
  run -0 runtime exec --no-new-privs box grep NoNewPrivs /proc/self/status
  [ "$output" = "NoNewPrivs:	1" ]
}

@test "exec --detach and --pid-file: returns at once; the file has the number outside" {
  sleeper box
  runtime exec -d --pid-file "$T/pid" box sleep 1005 </dev/null >/dev/null 2>&1 3>&- 4>&-
  pid=$(cat "$T/pid")
  [ "$(xxd -p "$T/pid")" = "$(printf %s "$pid" | xxd -p)" ]
  within 5 grep -qx sleep "/proc/$pid/comm"
  [ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink "/proc/$(field box pid)/ns/pid")" ]
}

@test "exec --pid-file: relative to the working directory; where it cannot be written, nothing runs on" {
  sleeper box
  cd "$T"
  runtime exec --pid-file pid box true
  [[ "$(cat "$T/pid")" =~ ^[0-9]+$ ]]
  run -255 runtime exec -d --pid-file "$T/missing/pid" box sleep 1006 </dev/null
  [[ "$output" == *"no such file or directory"* ]]
  run -0 runtime ps box
  [[ "$output" != *1006* ]]
}

@test "exec --preserve-fds: those after the standard streams" {
  sleeper box
  echo 'in three' >"$T/three"
  echo 'in four' >"$T/four"
  run -0 runtime exec --preserve-fds 2 box sh -c 'cat <&3; cat <&4' 3<"$T/three" 4<"$T/four"
  [ "$output" = $'in three\nin four' ]
  run -0 runtime exec --preserve-fds 1 box sh -c 'cat <&3; [ ! -e /proc/self/fd/4 ]' 3<"$T/three" 4<"$T/four"
  [ "$output" = 'in three' ]
}

@test "exec --cgroup: in one below the container's, of all controllers or of one" {
  sleeper box
  find /sys/fs/cgroup -type d -path "*$CGROUP/box" ! -path '*/cpuset/*' -exec mkdir '{}/below' \;
  run -0 runtime exec --cgroup pids:below box cat /proc/self/cgroup
  grep -q "pids:$CGROUP/box/below$" <<<"$output"
  grep -q "memory:$CGROUP/box$" <<<"$output"
}

@test "exec --cgroup: one that is not there, or not below the container's, or of no controller, is refused" {
  sleeper box
  run -255 runtime exec --cgroup missing box true
  [[ "$output" == *missing* ]]
  run -255 runtime exec --cgroup ../.. box true
  [[ "$output" == *"bad sub cgroup path: "* ]]
  run -255 runtime exec --cgroup nothing:below box true
  [[ "$output" == *nothing* ]]
}

@test "exec --apparmor, --process-label: refused where the host has no such thing" {
  sleeper box
  [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || {
    run -255 runtime exec --apparmor some-profile box true
    [[ "$output" == *[Aa]pp[Aa]rmor* ]]
  }
  [ -d /sys/fs/selinux ] || {
    run -255 runtime exec --process-label some:label box true
    [[ "$output" == *[Ss][Ee][Ll]inux* ]]
  }
}

# --- a process from a file -------------------------------------------------------------------------------------------

@test "exec --process: all of it from the file, nothing from the container's own process" {
  config 'process.env += ["COLOUR=red", "OTHER=x"]'
  sleeper box
  run -0 runtime exec --process "$T/process.json" box
  grep -q 'uid=5 gid=6 groups=7,8' <<<"$output"
  grep -qx COLOUR=blue <<<"$output"
  [[ "$output" != *OTHER* ]]
  grep -qx /tmp <<<"$output"
  grep -qx 60 <<<"$output"
  grep -qx 'CapBnd:	0000000000000020' <<<"$output"
  grep -qx 'NoNewPrivs:	1' <<<"$output"
}

@test "exec --process: its umask and its score for the OOM killer" {
  not_on_runc "neither is set for a further process"
  sleeper box
  echo '{"args": ["sh", "-c", "umask; cat /proc/self/oom_score_adj"], "cwd": "/", "env": ["PATH=/bin"], "user": {"umask": 7}, "oomScoreAdj": 77}' >"$T/p.json"
  run -0 runtime exec -p "$T/p.json" box
  [ "$output" = $'0007\n77' ]
}

@test "exec --process: a file that is missing, no JSON, or without arguments or directory is refused" {
  sleeper box
  run -255 runtime exec -p "$T/missing.json" box
  [[ "$output" == *missing.json*"no such file or directory"* ]]
  for text in '{' '{"args": [], "cwd": "/"}' '{"args": ["true"], "cwd": ""}' '{"args": ["true"], "cwd": "tmp"}'; do
    echo "$text" >"$T/p.json"
    run -255 runtime exec -p "$T/p.json" box
    [ -n "$output" ]
  done
}

@test "exec --process: a relative name of the file is looked for in the working directory" {
  sleeper box
  cd "$T"
  run -0 runtime exec -p process.json box
  grep -qx COLOUR=blue <<<"$output"
}
