# The life of a container, from create to delete, and what its state says of it.
load helper

# Runs the container in the foreground and beside the test: its process is $beside, its words are in $T/said.
run_beside() {
  "${RUNTIME_IN_T[@]}" run box </dev/null >"$T/said" 2>&1 3>&- 4>&- &
  beside=$!
}

# --- create, start, state --------------------------------------------------------------------------------------------

@test "create leaves a container that has not started: created, with a process that waits" {
  script 'echo started >/tmp/started; exec sleep 1000'
  create box
  [ "$(status box)" = created ]
  [ ! -e rootfs/tmp/started ]
  pid=$(field box pid)
  [ -d "/proc/$pid" ]
  runtime start box
  within 5 has_text rootfs/tmp/started
  [ "$(status box)" = running ]
  [ "$(field box pid)" = "$pid" ]
  within 5 grep -qx sleep "/proc/$pid/comm"
}

@test "a container whose process has ended is stopped, and has no process any more" {
  process true
  create box
  runtime start box
  within 5 is box stopped
  [ "$(field box pid)" -eq 0 ]
}

@test "a container whose process is killed before its start is stopped" {
  create box
  kill -9 "$(field box pid)"
  within 5 is box stopped
  run -1 runtime start box
  [[ "$output" == *"cannot start a container that has stopped"* ]]
}

@test "state: what the specification asks for, and when, where and by whom it was created" {
  config 'annotations = {"org.example.answer": "42", "org.example.empty": ""}'
  sleeper box
  runtime state box >"$T/state.json"
  run -0 "$PYTHON" - "$T/state.json" "$BUNDLE" <<'CODE'
import json, re, sys
state = json.load(open(sys.argv[1]))
assert re.fullmatch(r"1\.\d+\.\d+(-.*)?", state["ociVersion"]), state["ociVersion"]
assert (state["id"], state["status"], state["bundle"]) == ("box", "running", sys.argv[2]), state
assert state["rootfs"] == sys.argv[2] + "/rootfs", state
assert type(state["pid"]) is int and state["pid"] > 1, state
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", state["created"]), state["created"]
assert state["owner"] == "", state
assert state["annotations"] == {"org.example.answer": "42", "org.example.empty": ""}, state
CODE
}

@test "the bundle is named by a path from the working directory, or is the working directory; the state has it whole" {
  process sleep 1000
  cd "$T"
  create box --bundle bundle
  [ "$(field box bundle)" = "$BUNDLE" ]
  runtime delete --force box
  cd bundle
  create box
  [ "$(field box bundle)" = "$BUNDLE" ]
}

@test "what happens to the bundle's config after create is of no importance" {
  process sleep 1000
  create box
  echo '{' >config.json
  runtime start box
  [ "$(status box)" = running ]
}

@test "started twice: refused, and the container runs on" {
  sleeper box
  run -1 runtime start box
  [[ "$output" == *"cannot start an already running container"* ]]
  [ "$(status box)" = running ]
}

@test "started when it has stopped: refused" {
  create box
  runtime start box
  within 5 is box stopped
  run -1 runtime start box
  [[ "$output" == *"cannot start a container that has stopped"* ]]
}

@test "a container that does not exist: every verb says so" {
  for verb in state start kill delete pause resume ps "events --stats" update; do
    # shellcheck disable=SC2086 # an option of the verb
    run -1 runtime $verb missing
    [[ "$output" == *"container does not exist"* ]]
  done
  run -255 runtime exec missing true
  [[ "$output" == *"container does not exist"* ]]
}

# --- ids and pid files -----------------------------------------------------------------------------------------------

@test "ids: letters, digits and _ + - . make one" {
  create A.b_c+d-9
  [ "$(field A.b_c+d-9 id)" = A.b_c+d-9 ]
}

@test "ids: nothing that could be a path, or is not of these characters" {
  for id in ../up . .. a/b 'a b' 'ä' 'a$' 'a:b'; do
    run -1 runtime create "$id" </dev/null
    [[ "$output" == *"invalid"*"format"* ]]
  done
  run -1 runtime create '' </dev/null
  nothing_kept
}

@test "ids: one that is taken is refused by create and run, and its owner lives on" {
  sleeper box
  run -1 runtime create box
  [[ "$output" == *"container with given ID already exists"* ]]
  run -1 runtime run box
  [[ "$output" == *"container with given ID already exists"* ]]
  [ "$(status box)" = running ]
}

@test "ids: one is free again after delete" {
  for _ in 1 2; do
    create box
    runtime delete --force box
  done
}

@test "pid-file: the process's number in the runtime's own namespace, and not a character more" {
  create box --pid-file "$T/pid"
  [ "$(xxd -p "$T/pid")" = "$(printf %s "$(field box pid)" | xxd -p)" ]
}

@test "pid-file: relative to the working directory, not to the bundle" {
  cd "$T"
  create box --bundle bundle --pid-file pid
  [ "$(cat "$T/pid")" = "$(field box pid)" ]
  [ ! -e "$BUNDLE/pid" ]
}

@test "pid-file: it replaces what was there; where it cannot be written, nothing is left" {
  echo 'something much longer than a number' >"$T/pid"
  create box --pid-file "$T/pid"
  [ "$(cat "$T/pid")" = "$(field box pid)" ]
  runtime delete --force box
  run -1 runtime create --pid-file "$T/missing/pid" box </dev/null
  [[ "$output" == *"no such file or directory"* ]]
  nothing_kept
  host_unchanged
}

# --- kill ------------------------------------------------------------------------------------------------------------

@test "kill: TERM without a name; a name with and without SIG, in any case; a number" {
  script 'for name in TERM HUP USR1 USR2; do trap "echo $name" $name; done; echo ready; while :; do sleep 0.02; done'
  create box
  runtime start box
  within 5 has_line "$T/box.out" ready
  runtime kill box
  within 5 has_line "$T/box.out" TERM
  runtime kill box HUP
  within 5 has_line "$T/box.out" HUP
  runtime kill box SIGUSR1
  within 5 has_line "$T/box.out" USR1
  runtime kill box 12
  within 5 has_line "$T/box.out" USR2
  runtime kill box sigkill
  within 5 is box stopped
}

@test "kill: a signal that there is not is an error" {
  sleeper box
  for signal in SIGNOTHING nothing; do
    run -1 runtime kill box $signal
    [[ "$output" == *signal* ]]
  done
  [ "$(status box)" = running ]
}

@test "kill: a container that has been created can be killed; one that has stopped cannot" {
  create box
  runtime kill box KILL
  within 5 is box stopped
  run -1 runtime kill box KILL
  [[ "$output" == *"container not running"* ]]
}

@test "kill: 0 asks whether there is somebody to send a signal to" {
  sleeper box
  runtime kill box 0
  is box running
  runtime kill box KILL
  within 5 is box stopped
  run -1 runtime kill box 0
  said "container not running"
  runtime kill --all box 0
}

@test "kill: TERM ends a container that has been created" {
  create box
  runtime kill box TERM
  within 5 is box stopped
}

no_sleeper() { [ -z "$(own_processes | grep sleep)" ]; }

@test "kill KILL: one that shares the host's process ids, and may be gone before it is told itself" {
  config 'linux.namespaces = [n for n in linux.namespaces if n["type"] != "pid"]'
  for n in {1..20}; do
    sleeper "box$n"
    runtime kill "box$n" KILL
    within 5 is "box$n" stopped
    runtime delete "box$n"
  done
}

@test "kill KILL: those that are left of one that shares the host's process ids" {
  config 'linux.namespaces = [n for n in linux.namespaces if n["type"] != "pid"]'
  sleeper box
  runtime exec -d box sleep 1000 3>&- 4>&- >/dev/null 2>&1
  kill -9 "$(field box pid)"
  within 5 is box stopped
  runtime kill box KILL
  within 5 no_sleeper
  run -1 runtime kill box KILL
  said "container not running"
}

@test "kill --all: every process of a container that shares the host's process ids" {
  config 'linux.namespaces = [n for n in linux.namespaces if n.type != "pid"]'
  script 'sleep 1001 & sleep 1002 & exec sleep 1003'
  create box
  runtime start box
  procs=$(find /sys/fs/cgroup -path "*/pids$CGROUP/box/cgroup.procs" -o -path "/sys/fs/cgroup$CGROUP/box/cgroup.procs")
  within 5 eval "[ \$(wc -l <$procs) -eq 3 ]"
  runtime kill --all box KILL
  within 5 is box stopped
  within 5 eval "[ \$(wc -l <$procs) -eq 0 ]"
}

@test "kill --all: of one that has stopped it is no error" {
  create box
  runtime start box
  within 5 is box stopped
  runtime kill --all box KILL
}

# --- delete ----------------------------------------------------------------------------------------------------------

@test "delete: refused while the container runs, by name and state; with --force it is killed" {
  sleeper box
  pid=$(field box pid)
  run -1 runtime delete box
  [[ "$output" == *"cannot delete container box that is not stopped: running"* ]]
  [ "$(status box)" = running ]
  runtime delete --force box
  [ ! -d "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status"
  nothing_kept
  host_unchanged
}

@test "delete: a created container goes without --force" {
  create box
  runtime delete box
  nothing_kept
  host_unchanged
}

@test "delete: nothing is left of one that has stopped; the bundle stays as it is" {
  before=$(find . | sort; md5sum config.json)
  create box
  runtime start box
  within 5 is box stopped
  runtime delete box
  nothing_kept
  host_unchanged
  [ "$(find . ! -path './rootfs/*/*' | sort)" = "$(sed '$d' <<<"$before" | grep -v '^./rootfs/.*/')" ]
  md5sum -c <<<"${before##*$'\n'}"
}

@test "delete --force: of one that does not exist it is a success; without it is none" {
  runtime delete --force missing
  run -1 runtime delete missing
  [[ "$output" == *"container does not exist"* ]]
}

@test "delete: the container's sub-cgroups go with it" {
  sleeper box
  find /sys/fs/cgroup -type d -path "*$CGROUP/box" ! -path '*/cpuset/*' -exec mkdir -p '{}/below/below' \;
  runtime delete --force box
  host_unchanged
}

@test "delete --force: a paused container too" {
  sleeper box
  runtime pause box
  runtime delete --force box
  nothing_kept
  host_unchanged
}

# --- pause, resume ---------------------------------------------------------------------------------------------------

@test "pause and resume: the state says so, nothing runs meanwhile; the wrong one of them is an error" {
  script 'while :; do date +%s%N >/tmp/now; sleep 0.01; done'
  create box
  runtime start box
  run -1 runtime resume box
  [[ "$output" == *"container not paused"* ]]
  runtime pause box
  [ "$(status box)" = paused ]
  then=$(cat rootfs/tmp/now)
  sleep 0.2
  [ "$(cat rootfs/tmp/now)" = "$then" ]
  run -1 runtime delete box
  [[ "$output" == *"cannot delete container box that is not stopped: paused"* ]]
  runtime resume box
  [ "$(status box)" = running ]
  within 5 eval "[ \"\$(cat rootfs/tmp/now)\" != '$then' ]"
}

@test "pause: a container that has stopped cannot be" {
  create box
  runtime start box
  within 5 is box stopped
  run -1 runtime pause box
  [[ "$output" == *"container not running"* ]]
}

# --- failing, and being killed ---------------------------------------------------------------------------------------

@test "a create that fails leaves nothing: no such program, no such source of a mount, no rootfs" {
  process /no/such/program
  run -1 runtime create box </dev/null
  [[ "$output" == *"/no/such/program"*"no such file or directory"* ]]
  nothing_kept
  host_unchanged
  process true
  config 'mounts.append({"destination": "/mnt", "type": "bind", "source": "/no/such/source", "options": ["bind"]})'
  run -1 runtime create box </dev/null
  [[ "$output" == *"/no/such/source"* ]]
  nothing_kept
  host_unchanged
  config 'del mounts[-1]' 'root.path = "nowhere"'
  run -1 runtime create box </dev/null
  [[ "$output" == *nowhere* ]]
  nothing_kept
  host_unchanged
}

@test "a run that fails leaves nothing either, and ends with 1" {
  process no-such-program
  run -1 runtime run box </dev/null
  said 'exec: "no-such-program": executable file not found in $PATH'
  nothing_kept
  host_unchanged
}

@test "a config that is missing, or is no JSON, is an error" {
  mv config.json kept.json
  run -1 runtime create box </dev/null
  [[ "$output" == *config.json* ]]
  echo '{"ociVersion": ' >config.json
  run -1 runtime create box </dev/null
  [ -n "$output" ]
  nothing_kept
}

@test "a create that is killed half-way can be deleted, and leaves nothing then" {
  config 'hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "echo > '"$T"'/hook; exec sleep 1000"]}]'
  "${RUNTIME_IN_T[@]}" create box </dev/null >/dev/null 2>&1 3>&- 4>&- &
  creating=$!
  within 5 has_text "$T/hook"
  kill -9 $creating
  wait $creating || true
  # The hook was the runtime's child, and is nobody's now: it is the test that ends it.
  own_processes | awk '$2 == "sleep" { print $1 }' | xargs -r kill -9
  runtime delete --force box
  nothing_kept
  # runc 1.1 writes down where its cgroups are only after the hooks.
  [ "$(runtime_name)" != runc ] || own_cgroups | sort -r | xargs rmdir
  host_unchanged
}

@test "a container that is created twice at the same time is created once" {
  for number in 1 2 3 4; do
    "${RUNTIME_IN_T[@]}" create box </dev/null >"$T/said.$number" 2>&1 3>&- 4>&- &
    creating[number]=$!
  done
  made=0
  for number in 1 2 3 4; do
    if wait "${creating[number]}"; then made=$((made + 1)); else grep "already exists" "$T/said.$number"; fi
  done
  [ $made -eq 1 ]
  [ "$(status box)" = created ]
}

# --- run -------------------------------------------------------------------------------------------------------------

@test "run: the exit status is the process's, 128 and the number for a signal; then nothing is left" {
  script 'exit 42'
  run -42 runtime run box </dev/null
  script 'kill -KILL $$'
  run runtime run box </dev/null
  # An init does not hear a KILL of its own namespace: it goes on, and ends well.
  [ "$status" -eq 0 ]
  config 'linux.namespaces = [n for n in linux.namespaces if n.type != "pid"]'
  run -137 runtime run box </dev/null
  script 'kill -TERM $$'
  run -143 runtime run box </dev/null
  nothing_kept
  host_unchanged
}

@test "run: standard input, output and error are the caller's" {
  script 'cat; echo error >&2'
  run -0 --separate-stderr runtime run box <<<"from the caller"
  [ "$output" = "from the caller" ]
  [ "$stderr" = error ]
}

@test "create: its standard streams are those of the container" {
  script 'cat; echo error >&2'
  echo "from the creator" >"$T/in"
  runtime create box <"$T/in" >"$T/out" 2>"$T/err" 3>&- 4>&-
  [ ! -s "$T/out" ]
  runtime start box </dev/null >/dev/null
  within 5 is box stopped
  [ "$(cat "$T/out")" = "from the creator" ]
  [ "$(cat "$T/err")" = error ]
}

@test "run --detach: returns when the container runs, with its process in the pid file" {
  process sleep 1000
  runtime run --detach --pid-file "$T/pid" box </dev/null >"$T/said" 2>&1 3>&- 4>&-
  [ "$(status box)" = running ]
  [ "$(cat "$T/pid")" = "$(field box pid)" ]
}

@test "run --keep: the container is there when it has stopped" {
  script 'exit 3'
  run -3 runtime run --keep box </dev/null
  [ "$(status box)" = stopped ]
  runtime delete box
  run -3 runtime run box </dev/null
  gone box
}

@test "run: signals go to the container's process" {
  script 'for name in TERM HUP INT USR1 USR2 QUIT CONT; do trap "echo $name" $name; done; echo ready
    trap "exit 5" ALRM; while :; do sleep 0.02; done'
  run_beside
  within 5 has_line "$T/said" ready
  for signal in HUP INT USR1 USR2 QUIT TERM; do
    kill -$signal $beside
    within 5 has_line "$T/said" "^$signal$"
  done
  kill -ALRM $beside
  status=0
  wait $beside || status=$?
  [ $status -eq 5 ]
}

@test "run: a container that is deleted from elsewhere ends it" {
  process sleep 1000
  run_beside
  within 5 is box running
  runtime delete --force box
  status=0
  wait $beside || status=$?
  [ $status -eq 137 ]
}

@test "run: a process that leaves children behind takes them along" {
  script 'sleep 1000 & exit 4'
  run -4 runtime run box </dev/null
  host_unchanged
}

# --- list, ps --------------------------------------------------------------------------------------------------------

@test "list: a table of all containers, whatever their state" {
  sleeper box
  another_bundle other
  create other
  run -0 runtime list
  [[ "${lines[0]}" =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
  [ ${#lines[@]} -eq 3 ]
  [[ "${lines[1]}" =~ ^box\ +$(field box pid)\ +running\ +$BUNDLE\ +20[0-9-]+T[0-9:.]+Z\ +root$ ]]
  [[ "${lines[2]}" =~ ^other\ +$(field other pid)\ +created\ +$T/other\ +20[0-9-]+T[0-9:.]+Z\ +root$ ]]
  kill -9 "$(field other pid)"
  within 5 is other stopped
  run -0 runtime list
  [[ "${lines[2]}" =~ ^other\ +0\ +stopped\  ]]
}

@test "list: as JSON the same as state says, and the owner's name; only the ids with -q" {
  config 'annotations = {"a": "b"}'
  sleeper box
  runtime list --format json >"$T/list.json"
  [ "$(wc -l <"$T/list.json")" -eq 1 ]
  runtime state box >"$T/state.json"
  run -0 "$PYTHON" - "$T" <<'CODE'
import json, sys
[one], state = json.load(open(sys.argv[1] + "/list.json")), json.load(open(sys.argv[1] + "/state.json"))
assert one.pop("owner") == "root", one
state.pop("owner")
assert one == state, (one, state)
CODE
  run -0 runtime list --quiet
  [ "$output" = box ]
  run -0 runtime list -q -f json
  [ "$output" = box ]
}

@test "list: none is a head without a body, null, nothing; a format that there is not is an error" {
  mkdir -p "$ROOT"
  run -0 runtime list
  [ ${#lines[@]} -eq 1 ]
  [[ "$output" = ID*OWNER* ]]
  run -0 runtime list -f json
  [ "$output" = null ]
  run -0 runtime list -q
  [ -z "$output" ]
  run -1 runtime list -f yaml
  [[ "$output" == *format* ]]
  not_on_runc "in newer versions a root that is named has to be there"
  run -1 "$RUNTIME" --root "$T/nowhere" list
  [[ "$output" == *nowhere* ]]
}

@test "list: what cannot be read is named, and the others are listed" {
  sleeper box
  mkdir "$ROOT/broken"
  echo '{' >"$ROOT/broken/state.json"
  run -0 --separate-stderr runtime list -q
  [ "$output" = box ]
  [[ "$stderr" == *broken* ]]
  rm -r "$ROOT/broken"
}

@test "ps: a table as ps has it, with its options after the id; an array of numbers as JSON" {
  script 'sleep 1001 & exec sleep 1002'
  create box
  runtime start box
  pid=$(field box pid)
  within 5 eval '[ $(runtime ps --format json box | tr , "\n" | wc -l) -eq 2 ]'
  within 5 grep -qx sleep "/proc/$pid/comm"
  run -0 runtime ps box
  [[ "${lines[0]}" == *PID*CMD* ]]
  [ ${#lines[@]} -eq 3 ]
  [[ "$output" == *"sleep 1001"* && "$output" == *"sleep 1002"* ]]
  run -0 runtime ps box -eo pid,args
  [[ "${lines[0]}" =~ ^\ *PID\ COMMAND$ ]]
  [[ "$output" =~ $pid\ sleep\ 1002 ]]
  runtime ps -f json box >"$T/ps.json"
  run -0 "$PYTHON" -c 'import json, sys; pids = json.load(open(sys.argv[1])); assert int(sys.argv[2]) in pids and len(pids) == 2, pids' "$T/ps.json" "$pid"
}
