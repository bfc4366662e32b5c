# A detached container from its start to its removal, and what a killed keeper leaves.
load helper

sleeper() { caisson run -d --name "$1" "${@:2}" builtin:busybox sleep 1000; }
state() { caisson inspect --format "{{.State.$2}}" "$1"; }
is_running() { [ "$(state "$1" Status)" = running ]; }
has_ended() { [ "$(state "$1" Status)" = exited ]; }
pid_alive() { [ -e "/proc/$1" ]; }
gone() { ! pid_alive "$1"; }
# The process that keeps a detached container: its init's parent.
keeper_of() { awk '/^PPid:/ { print $2 }' "/proc/$(state "$1" Pid)/status"; }
no_cgroup_of() { [ -z "$(find /sys/fs/cgroup -path '*/process_api' -prune -o -name "*$1*" -print)" ]; }

@test "lifecycle: -d prints the id, and the container runs" {
  local id
  id=$(sleeper one)
  [[ "$id" =~ ^[0-9a-f]{64}$ ]]
  is_running one
  pid_alive "$(state one Pid)"
  [ "$(state one Running)" = true ]
}

@test "lifecycle: a command that cannot be started is an error of run -d too" {
  run -127 caisson run -d --name none builtin:busybox no-such-command
  [[ "$output" = *no-such-command* ]]
}

@test "lifecycle: ps shows those that run, -a all, -q ids" {
  local one two
  one=$(sleeper one)
  caisson run --name two builtin:busybox sh -c 'exit 4' || true
  two=$(caisson inspect --format '{{.Id}}' two)
  run -0 caisson ps
  [ "${#lines[@]}" -eq 2 ]
  [[ "${lines[0]}" = "CONTAINER ID "*"IMAGE "*"COMMAND "*"CREATED "*"STATUS "*NAMES ]]
  [[ "${lines[1]}" = "${one:0:12} "*"builtin:busybox "*sleep*Up*" one" ]]
  run -0 caisson ps -a
  [ "${#lines[@]}" -eq 3 ]
  [[ "$output" = *"Exited (4)"*two* ]]
  [ "$(caisson ps -q)" = "${one:0:12}" ]
  [ "$(caisson ps -aq | sort)" = "$(printf '%s\n' "${one:0:12}" "${two:0:12}" | sort)" ]
  [ "$(caisson ps -q --no-trunc)" = "$one" ]
}

@test "lifecycle: ps --format, a template, a table, JSON" {
  sleeper one
  [ "$(caisson ps --format '{{.Names}} is {{.Image}}')" = "one is builtin:busybox" ]
  run -0 caisson ps --format 'table {{.Names}}\t{{.Command}}'
  [[ "${lines[0]}" =~ ^NAMES\ +COMMAND$ && "${lines[1]}" =~ ^one\ +.*sleep ]]
  caisson ps --format json | python3 -c 'import json, sys; row = json.load(sys.stdin); row = row[0] if isinstance(row, list) else row; assert row["Names"] in ("one", ["one"]), row'
  caisson ps --format '{{json .}}' | python3 -m json.tool
}

@test "lifecycle: names and unique prefixes of ids are taken, ambiguous and unknown ones are not" {
  local one
  one=$(sleeper one)
  [ "$(caisson inspect --format '{{.Id}}' "${one:0:6}")" = "$one" ]
  [ "$(caisson inspect --format '{{.Name}}' "$one")" = one ]
  run ! caisson inspect no-such-container
  [[ "${lines[-1]}" = *no-such-container* || "${lines[0]}" = *no-such-container* ]]
  # Seventeen ids have two that begin alike.
  local ids first
  for _ in {1..16}; do caisson run --cidfile "$T/cid" builtin:busybox true && rm "$T/cid"; done
  ids=$(caisson ps -aq)
  first=$(cut -c1 <<<"$ids" | sort | uniq -d | head -n 1)
  run ! caisson inspect "$first"
  [[ "$output" = *"$first"* ]]
}

@test "lifecycle: logs has both streams, --tail, --timestamps" {
  caisson run --name writer builtin:busybox sh -c 'echo one; echo two >&2; printf three'
  run -0 --separate-stderr caisson logs writer
  [ "$output" = "one
three" ]
  [ "$stderr" = two ]
  run -0 --separate-stderr caisson logs -t writer
  [[ "${lines[0]}" =~ ^20[0-9-]+T[0-9:.]+Z?.*\ one$ ]]
  caisson run --name counter builtin:busybox seq 5
  [ "$(caisson logs -n 2 counter | xargs)" = "4 5" ]
}

@test "lifecycle: logs -f goes on until the container ends" {
  caisson run -d --name writer builtin:busybox sh -c 'echo first; while [ ! -e /go ]; do sleep 0.02; done; echo second'
  "${CAISSON[@]}" logs -f writer >"$T/followed" 3>&- &
  local follower=$!
  within 5 grep -q first "$T/followed"
  caisson exec writer touch /go || [ $? -eq 137 ] # the container may be gone before touch is
  wait "$follower"
  [ "$(cat "$T/followed")" = "first
second" ]
}

@test "lifecycle: wait gives the exit status, of one that ends and one that has ended" {
  caisson run -d --name later builtin:busybox sh -c 'while [ ! -e /go ]; do sleep 0.02; done; exit 9'
  caisson wait later >"$T/waited" 3>&- &
  local waiting=$!
  caisson exec later touch /go || [ $? -eq 137 ] # the container may be gone before touch is
  wait "$waiting"
  [ "$(cat "$T/waited")" = 9 ]
  [ "$(caisson wait later)" = 9 ]
  [ "$(state later ExitCode)" = 9 ]
}

@test "lifecycle: stop asks, and kills what does not end" {
  caisson run -d --name polite builtin:busybox sh -c 'trap "exit 3" TERM; touch /ready; while :; do sleep 0.02; done'
  within 5 caisson exec polite test -e /ready
  run -0 caisson stop polite
  [ "$output" = polite ]
  [ "$(state polite ExitCode)" = 3 ]
  sleeper deaf
  local begin=$EPOCHSECONDS
  caisson stop -t 1 deaf
  [ $((EPOCHSECONDS - begin)) -lt $((5 * PATIENCE)) ]
  [ "$(state deaf ExitCode) $(state deaf Signal)" = "137 9" ]
  caisson stop deaf
}

@test "lifecycle: --stop-signal and stop -s" {
  caisson run -d --name other --stop-signal USR1 builtin:busybox sh -c 'trap "exit 5" USR1; trap "exit 6" USR2; touch /ready; while :; do sleep 0.02; done'
  within 5 caisson exec other test -e /ready
  caisson stop other
  [ "$(state other ExitCode)" = 5 ]
  caisson rm other
  caisson run -d --name other --stop-timeout 1 builtin:busybox sh -c 'trap "exit 6" USR2; touch /ready; while :; do sleep 0.02; done'
  within 5 caisson exec other test -e /ready
  caisson stop -s USR2 other
  [ "$(state other ExitCode)" = 6 ]
}

@test "lifecycle: kill sends KILL or another, by name or number" {
  sleeper one
  caisson kill one
  within 5 has_ended one
  [ "$(state one ExitCode) $(state one Signal)" = "137 9" ]
  [[ "$(caisson ps -a)" = *"Exited (137)"* ]]
  run ! caisson kill one
  caisson run -d --name two builtin:busybox sh -c 'trap "exit 7" HUP; touch /ready; while :; do sleep 0.02; done'
  within 5 caisson exec two test -e /ready
  run ! caisson kill -s NONSENSE two
  caisson kill -s HUP two
  within 5 has_ended two
  [ "$(state two ExitCode)" = 7 ]
  run -0 caisson kill -s 0 two || [ "$status" -ne 0 ]
}

@test "lifecycle: what was killed can be removed at once" {
  for name in {1..8}; do
    caisson run -d --name "$name" builtin:busybox sleep 1000 >/dev/null
    caisson kill "$name"
    caisson rm "$name"
  done
}

@test "lifecycle: stop says nothing of an init, which waits for signals" {
  caisson run -d --init --name box builtin:busybox sleep 1000
  run -0 caisson stop -t 5 box
  [ "$output" = box ]
  caisson rm box
}

@test "lifecycle: rm removes what has ended, -f what runs, and everything of it" {
  local id
  id=$(sleeper one)
  run ! caisson rm one
  [[ "$output" = *"-f"* ]]
  is_running one
  local pid
  pid=$(state one Pid)
  run -0 caisson rm -f one
  [ "$output" = one ]
  gone "$pid"
  no_cgroup_of "$id"
  run ! caisson rm one
  run ! caisson inspect one
  nothing_kept
}

@test "lifecycle: rm takes several, and goes on after one that fails" {
  sleeper one && sleeper two
  caisson kill one two >/dev/null
  caisson wait one two >/dev/null
  run ! caisson rm one no-such two
  run -0 caisson ps -aq
  [ -z "$output" ]
}

@test "lifecycle: --rm removes a detached container when it ends" {
  local id
  id=$(caisson run -d --rm --name brief builtin:busybox sh -c 'while [ ! -e /go ]; do sleep 0.02; done')
  caisson exec brief touch /go || [ $? -eq 137 ] # the container may be gone before touch is
  within 5 nothing_kept
  no_cgroup_of "$id"
}

@test "lifecycle: a keeper killed by SIGKILL: the next command sees to the container" {
  local id pid keeper
  id=$(sleeper orphan)
  pid=$(state orphan Pid) keeper=$(keeper_of orphan)
  [ "$keeper" -gt 1 ]
  kill -KILL "$keeper"
  run -0 --separate-stderr caisson ps -q
  [ -z "$output" ]
  within 5 gone "$pid"
  has_ended orphan
  no_cgroup_of "$id"
  caisson rm orphan
  sleeper orphan
}

@test "lifecycle: a caisson in the foreground killed by SIGKILL: the next command sees to the container" {
  local running pid id
  "${CAISSON[@]}" run --name orphan builtin:busybox sleep 1000 3>&- &
  running=$!
  within 10 is_running orphan
  pid=$(state orphan Pid) id=$(caisson inspect --format '{{.Id}}' orphan)
  kill -KILL "$running"
  wait "$running" || true
  run -0 --separate-stderr caisson ps -q
  [ -z "$output" ]
  within 5 gone "$pid"
  no_cgroup_of "$id"
  caisson rm -f orphan
  caisson run --name orphan builtin:busybox true
}

@test "lifecycle: ... with --rm it is removed as if it had ended" {
  local running
  "${CAISSON[@]}" run --rm --name orphan builtin:busybox sleep 1000 3>&- &
  running=$!
  within 10 is_running orphan
  kill -KILL "$running"
  wait "$running" || true
  caisson ps
  caisson run --rm --name orphan builtin:busybox true
  within 5 nothing_kept
}

@test "lifecycle: twenty at once" {
  local pids=() i
  for i in {1..20}; do
    caisson run --rm --name "many-$i" builtin:busybox sh -c "echo $i" >"$T/out.$i" 2>&1 3>&- &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  for i in {1..20}; do [ "$(cat "$T/out.$i")" = "$i" ] || { cat "$T/out.$i" && false; }; done
  nothing_kept
}

@test "lifecycle: of ten with one name, one is made" {
  local pids=() i made=0
  for i in {1..10}; do
    caisson run -d --name contested builtin:busybox sleep 1000 >"$T/out.$i" 2>&1 3>&- &
    pids+=($!)
  done
  for i in "${pids[@]}"; do if wait "$i"; then made=$((made + 1)); fi; done
  [ "$made" -eq 1 ] || { cat "$T"/out.* && false; }
  [ "$(caisson ps -aq | wc -l)" -eq 1 ]
}

@test "lifecycle: inspect is JSON, and --format picks from it" {
  sleeper one --hostname given
  caisson inspect one | python3 -c '
import json, sys
one = json.load(sys.stdin)[0]
assert one["Name"] == "one" and one["State"]["Status"] == "running" and one["Config"]["Hostname"] == "given", one
assert one["Path"] == "sleep" and one["Args"] == ["1000"], one'
  [ "$(caisson inspect --format '{{.Name}} {{.State.Status}} {{.Config.Hostname}}' one)" = "one running given" ]
  [ "$(caisson inspect --format '{{json .Args}}' one)" = '["1000"]' ]
  run ! caisson inspect --format '{{.No.Such.Field}}' one
}

@test "lifecycle: how it died is told: a signal, a limit, a status" {
  sleeper one
  caisson kill -s ABRT one || true
  caisson kill one
  within 5 has_ended one
  run -0 caisson inspect --format '{{.State.Signal}} {{.State.Reason}}' one
  [[ "$output" = "9 "*KILL* ]] || { echo "$output" && false; }
}
