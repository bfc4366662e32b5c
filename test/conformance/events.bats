load helper
load cgroup

was_throttled() {
  runtime events --stats box >"$T/stats"
  grep -q throttledTime "$T/stats"
}

@test "events --stats: one line of JSON about what the container uses" {
  config 'linux.resources.memory.limit = 64 << 20' 'linux.resources.pids.limit = 20' \
    'linux.resources.cpu = {"quota": 20000, "period": 100000}'
  script 'echo x >/tmp/x; while :; do :; done'
  create
  runtime start box
  within 20 was_throttled
  [ "$(wc -l <"$T/stats")" -eq 1 ]
  python3 - "$T/stats" <<'EOF'
import json, sys
event = json.load(open(sys.argv[1]))
assert event["type"] == "stats" and event["id"] == "box", event
data = event["data"]
assert set(data) >= {"cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"}, data
usage = data["cpu"]["usage"]
assert usage["total"] > 1_000_000 and "kernel" in usage and "user" in usage, usage
assert data["cpu"]["throttling"]["periods"] > 0 and data["cpu"]["throttling"]["throttledTime"] > 0, data["cpu"]
assert data["memory"]["usage"]["limit"] == 64 << 20 and data["memory"]["usage"]["usage"] > 0, data["memory"]
assert data["memory"]["raw"], data["memory"]
assert data["pids"] == {"current": 1, "limit": 20}, data["pids"]
EOF
}

@test "events --stats: has the members and types that runc's have" {
  command -v runc >/dev/null || skip "runc is not installed"
  sleeper
  another_bundle other
  process sleep 1000
  runc --root "$T/runc" run -d other </dev/null >"$T/out" 2>&1 3>&- 4>&-
  runc --root "$T/runc" events --stats other >"$T/theirs"
  runc --root "$T/runc" delete --force other
  runtime events --stats box >"$T/ours"
  python3 - "$T/ours" "$T/theirs" <<'EOF'
import json, sys
ours, theirs = (json.load(open(name)) for name in sys.argv[1:])
# What is left out when it is nothing depends on the moment.
MAY_BE_NOTHING = {"total", "usage", "max", "cache", "periods", "throttledPeriods", "throttledTime", "psi"}
def compare(a, b, path):
    assert type(a) is type(b) or {type(a), type(b)} <= {int, float}, (path, a, b)
    if isinstance(a, dict):
        if path.endswith("/raw") or path.endswith("/blkio"):
            assert path.endswith("/blkio") or set(a) == set(b), (path, set(a) ^ set(b))
            return
        assert not (set(a) ^ set(b)) - MAY_BE_NOTHING, (path, set(a) ^ set(b))
        assert [k for k in a if k in b] == [k for k in b if k in a], (path, "order", list(a), list(b))
        for key in set(a) & set(b):
            compare(a[key], b[key], path + "/" + key)
    if isinstance(a, list):
        assert len(a) == len(b), (path, a, b)
compare(ours, theirs, "")
for path in ("cpuset", ):
    assert ours["data"][path] == theirs["data"][path], path
for entry in ("usage", "swap", "kernel", "kernelTCP"):
    a, b = ours["data"]["memory"][entry], theirs["data"]["memory"][entry]
    assert a["limit"] == b["limit"] and a["failcnt"] == b["failcnt"], (entry, a, b)
EOF
}

@test "events: a line each interval, until the container ends" {
  sleeper
  "${RUNTIME_IN_T[@]}" events --interval 100ms box >"$T/events" 2>&1 3>&- 4>&- &
  within 10 three_lines
  runtime kill box KILL
  within 10 is box stopped
  runtime delete box
  local pid=$!
  within 20 not_running "$pid"
  wait "$pid"
  [ "$(grep -c '"type":"stats"' "$T/events")" -ge 3 ]
}
three_lines() { [ "$(wc -l <"$T/events")" -ge 3 ]; }
not_running() { ! kill -0 "$1" || [ "$(cut -d' ' -f3 "/proc/$1/stat")" = Z ]; }

@test "events: says when the container is out of memory" {
  config 'linux.resources.memory = {"limit": 8 << 20, "swap": 8 << 20}'
  # What is killed is the child: the container lives on.
  script 'while [ ! -e /go ]; do sleep 0.05; done; (x=$(head -c 50000000 /dev/zero | tr "\0" x)); sleep 1000'
  create
  runtime start box
  "${RUNTIME_IN_T[@]}" events --interval 1h box >"$T/events" 2>&1 3>&- 4>&- &
  sleep 0.5
  touch rootfs/go
  within 20 grep -q '"type":"oom"' "$T/events"
  [ "$(head -n1 "$T/events")" = '{"type":"oom","id":"box"}' ]
}

@test "events: of a container that does not exist, or has stopped; of a time that is none" {
  run runtime events --stats nosuch
  [ "$status" -eq 1 ]
  said 'container does not exist'
  run runtime events
  [ "$status" -eq 1 ]
  sleeper
  run runtime events --interval 0s box
  [ "$status" -eq 1 ]
  said 'duration interval must be greater than 0'
  run runtime events --interval soon box
  [ "$status" -eq 1 ]
  runtime kill box KILL
  within 10 is box stopped
  run runtime events --stats box
  [ "$status" -eq 1 ]
  said 'container with id box is not running'
}

@test "events --stats: of a paused container" {
  sleeper
  runtime pause box
  runtime events --stats box | grep -q '"pids":{"current":1'
}
