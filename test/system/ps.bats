# What is listed of containers, and what of each.
load helper

STATE_TOP=/dev/shm
sleeper() { caisson run -d --name "$1" "${@:2}" builtin:busybox sleep 1000 >/dev/null; }
ended() { caisson run --name "$1" "${@:2}" || true; }
# The names that `ps` lists, sorted, on one line.
names() { caisson ps --format '{{.Names}}' "$@" | sort | tr '\n' ' '; }

@test "ps: filters choose, those of one key any, of several keys all" {
  sleeper web --label tier=front --label x=1
  sleeper db --label tier=back
  ended job --label tier=back builtin:busybox sh -c 'exit 3'
  local id
  id=$(caisson inspect -f '{{.Id}}' web)
  [ "$(names)" = "db web " ]
  [ "$(names -a)" = "db job web " ]
  [ "$(names -f name=we)" = "web " ]
  [ "$(names -f 'name=^/web$' -f name=db)" = "db web " ]
  [ "$(names -f "id=${id:0:5}")" = "web " ]
  [ "$(names -f label=tier=back)" = "db " ]
  [ "$(names -a -f label=tier=back)" = "db job " ]
  [ "$(names -f label=tier -f label=x=1)" = "web " ]
  [ "$(names -f 'label!=x')" = "db " ]
  [ "$(names -f status=exited)" = "job " ]
  [ "$(names -f exited=3)" = "job " ]
  [ "$(names -f exited=0)" = "" ]
  [ "$(names -f status=running -f name=db)" = "db " ]
  [ "$(names -a -f before=db)" = "web " ]
  [ "$(names -a -f since=web)" = "db job " ]
  [ "$(names -a -f until=1h)" = "" ]
  [ "$(names -f network=none)" = "db web " ]
  [ "$(names -f ancestor=builtin:busybox)" = "db web " ]
  [ "$(names -f health=none -f restart-policy=no -f is-task=false)" = "db web " ]
  [ "$(names -f publish=80)" = "" ]
  run -125 caisson ps -f colour=red
  [[ "$output" = *"'colour' is no filter for containers"* ]]
  run -125 caisson ps -f status=asleep
  [[ "$output" = *"'asleep' is none of created, running"* ]]
  run -125 caisson ps -f since=nobody
  [[ "$output" = *"no such container: nobody"* ]]
}

@test "ps: -n and -l are the newest, running or not; --sort; --noheading" {
  sleeper one
  ended two builtin:busybox true
  sleeper three
  [ "$(names -l)" = "three " ]
  [ "$(names -n 2)" = "three two " ]
  [ "$(caisson ps -a --format '{{.Names}}' | tr '\n' ' ')" = "three two one " ]
  [ "$(caisson ps -a --sort names --format '{{.Names}}' | tr '\n' ' ')" = "one three two " ]
  run -0 caisson ps --noheading
  [ "${#lines[@]}" -eq 2 ]
  run -125 caisson ps --sort colour
}

@test "ps: volumes are filtered by and shown, sizes are those of what was written" {
  mkdir "$STATE/data"
  sleeper one -v "$STATE/data:/data"
  sleeper two
  caisson exec two dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null
  [ "$(names -f "volume=$STATE/data")" = "one " ]
  [ "$(names -f volume=/data)" = "one " ]
  [ "$(caisson ps --no-trunc -f name=one --format '{{.Mounts}} {{.LocalVolumes}}')" = "$STATE/data 0" ]
  [[ "$(caisson ps -f name=two --format '{{.Size}}')" = "3.15MB (virtual "*"MB)" ]]
  run -0 caisson ps -s
  [[ "${lines[0]}" = *" NAMES "*SIZE ]]
  [ "$(caisson ps --sort size --format '{{.Names}}' | tail -1)" = two ]
}

@test "ps: fields of docker's, labels by name; the same JSON keys as docker's" {
  sleeper web --label tier=front --label a=b
  [ "$(caisson ps --format '{{.Labels}} {{.Label "tier"}} {{.State}} {{.Image}}')" = "a=b,tier=front front running builtin:busybox" ]
  caisson ps --format json | python3 -B -c '
import json, sys
row = json.loads(sys.stdin.readline())
wanted = "Command CreatedAt ID Image Labels LocalVolumes Mounts Names Networks Ports RunningFor Size State Status".split()
assert not set(wanted) - set(row), set(wanted) - set(row)
assert all(isinstance(row[each], str) for each in wanted), row'
}

@test "ps: a thousand containers, each read once" {
  ended one builtin:busybox true
  mkfifo "$T/in"
  (ulimit -n 4000 && exec python3 -B "$BATS_TEST_DIRNAME/records.py" "$T/root" "$T/run" one 1000 --running) <"$T/in" >"$T/out" 3>&- &
  local keeper=$!
  exec 9>"$T/in"
  within 20 grep -q ready "$T/out"
  run -0 caisson ps -q
  [ "${#lines[@]}" -eq 1000 ]
  [ "$(caisson ps -a --format '{{.Names}}' | wc -l)" -eq 1001 ]
  exec 9>&-
  wait "$keeper"
  run -0 caisson ps -aq
  [ "${#lines[@]}" -eq 1 ]
}
