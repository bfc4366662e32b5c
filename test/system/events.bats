# What happens, written down and followed.
load helper

STATE_TOP=/dev/shm
past() { caisson events --since 1h --no-stream "$@"; }
# The actions on a container, in their order.
actions() { past --filter "container=$1" --format '{{.Action}}' | tr '\n' ' '; }

@test "events: the life of a container" {
  caisson run --name one --label tier=front builtin:busybox sh -c 'exit 3' || true
  [ "$(actions one)" = "create attach start die " ]
  [ "$(past -f event=die --format '{{.Actor.Attributes.exitCode}} {{.Name}} {{.Image}} {{.Attributes.tier}}')" = "3 one builtin:busybox front" ]
  caisson rm one
  [ "$(actions one)" = "create attach start die remove " ]
  caisson run -d --name two builtin:busybox sleep 1000
  caisson exec two true
  caisson stop -t 0 two
  [ "$(actions two)" = "create start exec_create: true exec_start: true exec_die die stop " ]
  caisson run -d --rm --name three builtin:busybox sleep 1000
  caisson kill three
  within 5 nothing_of three
  [[ "$(actions three)" =~ ^"create start "("kill die"|"die kill")" remove "$ ]]
}
nothing_of() { past -f "container=$1" -f event=remove | grep -q remove; }

@test "events: filters, JSON, the line" {
  caisson run --name one --label tier=front builtin:busybox true
  caisson run --name two builtin:busybox true
  [ "$(past -f label=tier=front -f event=start --format '{{.Name}}')" = one ]
  [ "$(past -f event=start -f event=die | wc -l)" -eq 4 ]
  [ "$(past -f type=image | wc -l)" -eq 0 ]
  [ "$(past -f image=builtin:busybox -f event=start | wc -l)" -eq 2 ]
  past --format json | python3 -B -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    assert {"time", "timeNano", "Type", "Action", "Actor", "scope", "status", "id", "from"} <= set(event), event'
  [[ "$(past -f event=start -f container=one)" =~ ^[0-9T:.-]+Z\ container\ start\ [0-9a-f]{64}\ \(image=builtin:busybox,\ name=one,\ tier=front\)$ ]]
  run -125 caisson events -f colour=red
  [[ "$output" = *"'colour' is no filter for events"* ]]
}

@test "events: followed as they happen, and until when" {
  "${CAISSON[@]}" events --format '{{.Action}} {{.Name}}' >"$T/seen" 3>&- &
  local follower=$!
  within 5 test -d "$T/root/events"
  sleep 0.3
  caisson run --rm --name one builtin:busybox true
  within 5 grep -q 'remove one' "$T/seen"
  kill "$follower"
  wait "$follower" || true
  [ "$(tr '\n' ' ' <"$T/seen")" = "create one attach one start one die one remove one " ]
  SECONDS=0
  run -0 caisson events --since 1h --until "$(date -d '2 seconds' +%s)"
  [ "$SECONDS" -ge 1 ]
  [ "${#lines[@]}" -eq 5 ]
  run -0 caisson events --since 2h --until 1h
  [ -z "$output" ]
}

@test "events: of images" {
  caisson import "$BUILTIN" mine:1 >/dev/null
  caisson tag mine:1 mine:2
  caisson save -o "$T/saved.tar" mine:1
  caisson rmi mine:2 >/dev/null
  caisson rmi mine:1 >/dev/null
  caisson load -i "$T/saved.tar" >/dev/null
  run -0 past -f type=image --format '{{.Action}}'
  [ "$(tr '\n' ' ' <<<"$output")" = "import tag save untag untag remove load " ]
}
