# How what a container writes is kept, and what is read of it.
load helper

lines() { seq -f "$1 %g" "$2"; }

@test "logs: json-file has docker's lines, k8s-file Kubernetes'; both are read alike" {
  for driver in k8s-file json-file; do
    caisson run -d --name "$driver" --log-driver "$driver" builtin:busybox sh -c 'echo "a \"b\""; echo err >&2; printf "no end"' >/dev/null
    caisson wait "$driver" >/dev/null
    [ "$(caisson logs "$driver" 2>/dev/null)" = $'a "b"\nno end' ]
    [ "$(caisson logs "$driver" 2>&1 >/dev/null)" = err ]
  done
  local log
  log=$(caisson inspect -f '{{.LogPath}}' json-file)
  [ "$(head -n 1 "$log" | python3 -c 'import json, sys; o = json.load(sys.stdin); print(o["log"], o["stream"], sorted(o))')" = $'a "b"\n stdout ['"'log', 'stream', 'time']" ]
  [ "$(caisson inspect -f '{{.HostConfig.LogConfig.Type}}' json-file)" = json-file ]
  [ "$(caisson logs --names k8s-file json-file 2>/dev/null)" = $'k8s-file a "b"\nk8s-file no endjson-file a "b"\njson-file no end' ]
  caisson rm --all >/dev/null
}

@test "logs: files are set aside at max-size, max-file of them are kept, and no line is cut" {
  for driver in k8s-file json-file; do
    caisson run -d --name "$driver" --log-driver "$driver" --log-opt max-size=10k --log-opt max-file=2 builtin:busybox \
      sh -c 'i=0; while [ $i -lt 1000 ]; do echo line $((i += 1)); done' >/dev/null
    caisson wait "$driver" >/dev/null
    local log
    log=$(caisson inspect -f '{{.LogPath}}' "$driver")
    [ "$(ls "$log"* | wc -l)" -eq 2 ]
    [ "$(stat -c %s "$log.1")" -le 10240 ]
    caisson logs "$driver" >"$T/read"
    [ "$(tail -n 1 "$T/read")" = "line 1000" ]
    first=$(head -n 1 "$T/read")
    seq -f 'line %g' "${first#line }" 1000 | cmp - "$T/read"
  done
  caisson rm --all >/dev/null
}

@test "logs: none keeps none, and says so; a path of one's own; what a driver does not know" {
  caisson run -d --name none --log-driver none builtin:busybox echo x >/dev/null
  run -1 caisson logs none
  [[ "$output" = *"keeps no log"* ]]
  caisson run --name own --log-opt "path=$T/own.log" builtin:busybox echo mine
  [[ "$(cat "$T/own.log")" = *" stdout F mine" ]]
  [ "$(caisson logs own)" = mine ]
  run -125 caisson run --log-driver syslog builtin:busybox true
  [[ "$output" = *"there is no log driver 'syslog'"* ]]
  run -125 caisson run --log-driver journald --log-opt max-size=1m builtin:busybox true
  [[ "$output" = *"--log-opt max-size: the log driver journald has no such option"* ]]
  caisson rm --all >/dev/null
}

@test "logs: of a container that starts again and again, one after the other" {
  caisson create --name again builtin:busybox sh -c 'echo run' >/dev/null
  for _ in 1 2 3; do caisson start -a again >/dev/null; done
  [ "$(caisson logs again)" = $'run\nrun\nrun' ]
  [ "$(caisson logs -n 1 again)" = run ]
  [ "$(caisson logs --latest)" = $'run\nrun\nrun' ]
  caisson rm again >/dev/null
}

@test "logs: what is followed ends at the moment of --until" {
  caisson run -d --name on builtin:busybox sh -c 'while :; do echo line; sleep 0.1; done' >/dev/null
  local moment
  moment=$(date -d '1 second' +%s.%N)
  run -0 timeout 20 "${CAISSON[@]}" logs -f -t --until "$moment" on
  [ "${#lines[@]}" -ge 2 ]
  [ "$(date -d "${lines[-1]%% *}" +%s.%N)" \< "$moment" ]
  [ "$(date +%s.%N)" \> "$moment" ]
  caisson rm -f on >/dev/null
}
