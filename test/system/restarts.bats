# Containers that are created, started, restarted, paused, renamed, updated and attached to.
load helper

# The value of a field of `inspect`.
state() { caisson inspect -f "{{.State.$2}}" "$1"; }
is_status() { [ "$(state "$1" Status)" = "$2" ]; }
# What `ps` says of it fits the pattern.
listed_as() { [[ "$(caisson ps -a --filter name="$1" --format '{{.Status}}')" = $2 ]]; }
restarted() { [ "$(caisson inspect -f '{{.RestartCount}}' "$1")" -ge "$2" ]; }

@test "create: makes a container that does not run; start runs it, again and again, with its files" {
  id=$(caisson create --name made builtin:busybox sh -c 'echo x >>/times; wc -l </times')
  [ "${#id}" -eq 64 ]
  is_status made created
  [ "$(caisson start -a made)" = 1 ]
  [ "$(caisson start --attach made)" = 2 ]
  is_status made exited
  [ "$(caisson start made)" = made ]
  [ "$(caisson wait made)" = 0 ]
  [ "$(caisson logs made)" = $'1\n2\n3' ]
  caisson rm made
}

@test "create: has the options of run, and what they asked for holds at each start" {
  echo from-host >"$T/file"
  caisson create --name opts -m 64m -e A=b --hostname box --user 7:8 -w /tmp -v "$T/file:/file:ro" --cap-drop all builtin:busybox \
    sh -c 'echo $A $(hostname) $(id -u) $(id -g) $(pwd) $(cat /file); grep CapBnd /proc/self/status; cat /proc/self/cgroup >/dev/null' >/dev/null
  for _ in 1 2; do
    run -0 caisson start -a opts
    [ "${lines[0]}" = "b box 7 8 /tmp from-host" ]
    [ "${lines[1]}" = $'CapBnd:\t0000000000000000' ]
  done
  caisson rm opts
}

@test "start: what cannot start says why, keeps the container, and is its ending" {
  caisson create --name nope builtin:busybox /no/such/program >/dev/null
  run -1 caisson start nope
  [[ "$output" = *"/no/such/program"* ]]
  run -127 caisson start -a nope
  is_status nope exited
  [ "$(state nope ExitCode)" = 127 ]
  [[ "$(state nope Reason)" = "could not be started: "* ]]
  caisson rm nope
  run -1 caisson start nothere
  [[ "$output" = *"no such container: nothere"* ]]
}

@test "start: one that runs is fine; names are worked on each by itself" {
  caisson run -d --name on builtin:busybox sleep 60 >/dev/null
  caisson create --name off builtin:busybox sleep 60 >/dev/null
  run -1 --separate-stderr caisson start on off nothere
  [ "$output" = $'on\noff' ]
  [[ "$stderr" = *"no such container: nothere"* ]]
  is_status off running
  caisson rm -f on off
}

@test "start -i: gives it this command's input" {
  caisson create -i --name reads builtin:busybox cat >/dev/null
  [ "$(echo hello | caisson start -i reads)" = hello ]
  [ "$(echo again | caisson start -ai reads)" = again ]
  caisson rm reads
}

@test "restart: stops and starts, one that does not run too, and one with --rm is kept" {
  caisson run -d --name back builtin:busybox sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done' >/dev/null
  within 10 [ -n "$(caisson logs back)" ]
  before=$(state back Pid)
  [ "$(caisson restart back)" = back ]
  [ "$(state back Pid)" != "$before" ]
  caisson stop back >/dev/null
  caisson restart back >/dev/null
  is_status back running
  caisson rm -f back >/dev/null
  caisson run -d --rm --name gone builtin:busybox sleep 60 >/dev/null
  caisson restart -t 0 gone >/dev/null
  is_status gone running
  caisson stop -t 0 gone >/dev/null
  run -1 caisson inspect --type container gone
}

@test "restart policy: on-failure with a number of retries, always, and stop ends it" {
  caisson run -d --name fails --restart on-failure:2 builtin:busybox sh -c 'echo run; exit 3' >/dev/null
  [ "$(caisson wait fails)" = 3 ]
  [ "$(caisson logs fails)" = $'run\nrun\nrun' ]
  [ "$(caisson inspect -f '{{.RestartCount}}' fails)" = 2 ]
  caisson run -d --name fine --restart on-failure builtin:busybox true >/dev/null
  [ "$(caisson wait fine)" = 0 ]
  [ "$(caisson inspect -f '{{.RestartCount}}' fine)" = 0 ]
  caisson run -d --name always --restart always builtin:busybox sh -c 'exit 1' >/dev/null
  within 10 restarted always 2
  caisson stop always >/dev/null
  is_status always exited
  sleep 1
  is_status always exited
  caisson rm fails fine always >/dev/null
}

@test "restart policy: stop and rm -f end it while it waits, run or not" {
  caisson run -d --name waits --restart always builtin:busybox true >/dev/null
  within 10 is_status waits restarting
  within 10 listed_as waits "Restarting*"
  begin=$EPOCHSECONDS
  caisson stop waits >/dev/null
  [ $((EPOCHSECONDS - begin)) -lt 5 ]
  is_status waits exited
  caisson start waits >/dev/null
  within 10 is_status waits restarting
  caisson rm -f waits >/dev/null
  run -1 caisson start waits
}

@test "restart policy: kept by update, and wrong ones are refused" {
  caisson run -d --name p builtin:busybox sleep 60 >/dev/null
  caisson update --restart on-failure:5 p >/dev/null
  [ "$(caisson inspect -f '{{.HostConfig.RestartPolicy.Name}}' p)" = on-failure ]
  run -125 caisson run --restart sometimes builtin:busybox true
  [[ "$output" = *"--restart sometimes: 'sometimes' is no restart policy"* ]]
  run -125 caisson run --restart always --rm builtin:busybox true
  [[ "$output" = *"--restart"*"--rm"* ]]
  caisson rm -f p >/dev/null
}

@test "pause: all stands still until unpause, and stop, kill and rm end what is paused" {
  caisson run -d --name p builtin:busybox sh -c 'trap "exit 9" TERM; i=0; while :; do echo $((i += 1)) >/n; sleep 0.02; done' >/dev/null
  within 10 caisson exec p test -s /n
  caisson pause p >/dev/null
  is_status p paused
  run -1 caisson pause p
  [[ "$output" = *"is paused already"* ]]
  before=$(cat "/proc/$(state p Pid)/root/n")
  sleep 0.3
  [ "$(cat "/proc/$(state p Pid)/root/n")" = "$before" ]
  caisson unpause p >/dev/null
  is_status p running
  run -1 caisson unpause p
  caisson pause p >/dev/null
  caisson stop p >/dev/null
  [ "$(state p ExitCode)" = 9 ]
  caisson start p >/dev/null
  caisson pause p >/dev/null
  caisson kill p >/dev/null
  [ "$(caisson wait p)" = 137 ]
  caisson start p >/dev/null
  caisson pause --all >/dev/null
  caisson rm -f p >/dev/null
}

@test "keeper: told to end it stops the container as stop would, so that a host goes down in time" {
  caisson run -d --name deaf --restart always --stop-timeout 1 builtin:busybox sleep 60 >/dev/null
  caisson run -d --name hears --stop-signal USR1 builtin:busybox sh -c 'trap "exit 7" USR1; echo up; while :; do sleep 0.1; done' >/dev/null
  within 5 eval '[ "$(caisson logs hears)" = up ]'
  kill -TERM "$(state deaf ConmonPid)" "$(state hears ConmonPid)"
  [ "$(caisson wait hears)" = 7 ]
  [ "$(caisson wait deaf)" = 137 ]
  is_status deaf exited
  caisson rm deaf hears >/dev/null
}

@test "rename: the new name is its, the old one free" {
  caisson run -d --name a builtin:busybox sleep 60 >/dev/null
  caisson create --name taken builtin:busybox true >/dev/null
  caisson rename a b
  is_status b running
  run -125 caisson rename b taken
  [[ "$output" = *"the name 'taken' is in use"* ]]
  run -125 caisson rename b 'no name'
  caisson create --name a builtin:busybox true >/dev/null
  caisson rm -f a b taken >/dev/null
}

@test "update: limits change at once, and hold at the next start" {
  caisson run -d --name u -m 64m --pids-limit 50 builtin:busybox sleep 60 >/dev/null
  caisson update -m 96m --pids-limit 60 u >/dev/null
  [ "$(caisson exec u sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null')" = $((96 << 20)) ]
  caisson restart -t 0 u >/dev/null
  [ "$(caisson exec u sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null')" = $((96 << 20)) ]
  caisson stop -t 0 u >/dev/null
  caisson update --memory 128m u >/dev/null
  caisson start u >/dev/null
  [ "$(caisson exec u sh -c 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null')" = 60 ]
  [ "$(caisson exec u sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null')" = $((128 << 20)) ]
  run -125 caisson update u
  run -1 caisson update --cpus 1000 u
  caisson rm -f u >/dev/null
}

@test "attach: hears what is written from now on, types, detaches by keys, and ends with its exit status" {
  caisson run -d -i --name talk builtin:busybox sh -c 'while read -r line; do echo "got $line"; [ "$line" = end ] && exit 4; done' >/dev/null
  run -4 caisson attach talk <<<$'one\nend'
  [ "$output" = $'got one\ngot end' ]
  run -125 caisson attach talk
  [[ "$output" = *"is not running"* ]]
  caisson rm talk >/dev/null
}

@test "attach: several at once all hear it, and no output is lost or doubled" {
  caisson run -d -i --name many builtin:busybox sh -c 'read -r go; i=0; while [ $i -lt 2000 ]; do echo line $((i += 1)); done' >/dev/null
  for n in 1 2 3; do
    "${CAISSON[@]}" attach --no-stdin many >"$T/out.$n" 3>&- &
    pids[n]=$!
  done
  sleep 0.5
  echo go | caisson attach many >"$T/out.4"
  for n in 1 2 3; do wait "${pids[n]}"; done
  seq -f 'line %g' 2000 >"$T/wanted"
  for n in 1 2 3 4; do cmp "$T/wanted" "$T/out.$n"; done
  caisson logs many | cmp - "$T/wanted"
  caisson rm many >/dev/null
}

@test "run --replace: removes the one that has the name" {
  caisson run -d --name r builtin:busybox sleep 60 >/dev/null
  run -125 caisson run -d --name r builtin:busybox sleep 60
  caisson run -d --replace --name r builtin:busybox sleep 61 >/dev/null
  [ "$(caisson inspect -f '{{json .Args}}' r)" = '["61"]' ]
  caisson rm -f r >/dev/null
}

@test "all, latest, cidfile, ignore: which containers a verb is about" {
  caisson run -d --name one --cidfile "$T/cid" builtin:busybox sleep 60 >/dev/null
  caisson run -d --name two builtin:busybox sleep 60 >/dev/null
  caisson create --name three builtin:busybox sleep 60 >/dev/null
  [ "$(caisson stop -t 0 --latest)" = "$(caisson inspect -f '{{.Id}}' three)" ]
  [ "$(caisson stop -t 0 --all | wc -l)" -eq 2 ]
  [ "$(caisson start --all | wc -l)" -eq 3 ]
  caisson kill --cidfile "$T/cid" >/dev/null
  [ "$(caisson wait one)" = 137 ]
  caisson stop --ignore nothere
  caisson rm -f nothere
  run -1 caisson rm nothere
  run -125 caisson stop --all one
  run -125 caisson stop
  caisson start one >/dev/null
  [ -z "$(caisson rm --all)" ]
  [ "$(caisson ps -aq | wc -l)" -eq 3 ]
  caisson rm -f --all >/dev/null
  [ -z "$(caisson ps -aq)" ]
}

@test "wait --condition: for what else a container may become" {
  caisson create --name c builtin:busybox sleep 60 >/dev/null
  [ "$(caisson wait c)" = 0 ]
  "${CAISSON[@]}" wait --condition running -i 20ms c >"$T/out" 3>&- &
  local waits=$!
  caisson start c >/dev/null
  wait "$waits"
  [ "$(cat "$T/out")" = -1 ]
  run -125 caisson wait --condition rich c
  caisson rm -f c >/dev/null
}

@test "the keeper of one that starts again is killed: the next command says so, and it can be started" {
  caisson run -d --name k --restart always builtin:busybox sleep 60 >/dev/null
  keeper=$(sed -n 's/.*"keeper":{"pid":\([0-9]*\).*/\1/p' "$T/run/containers/$(caisson inspect -f '{{.Id}}' k)/state.json")
  kill -9 "$keeper"
  within 10 caisson ps -a
  is_status k exited
  [[ "$(state k Reason)" = *"its keeper was killed"* ]]
  caisson start k >/dev/null
  is_status k running
  caisson rm -f k >/dev/null
}
