# Pods: containers that share namespaces and lie below one cgroup; their life from outside.
load helper

teardown() {
  caisson pod rm -af >/dev/null 2>&1 || true
  caisson_teardown
}

# The namespace of a container: space NAME TYPE.
space() { readlink "/proc/$(caisson inspect -f '{{.State.Pid}}' "$1")/ns/$2"; }
infra() { caisson pod inspect -f '{{.InfraContainerID}}' "$1"; }
state() { caisson pod inspect -f '{{.State}}' "$1"; }
member() { caisson run -d --pod "$@"; }
nothing_kept_of_pods() {
  nothing_kept && [ -z "$(ls -A "$T/root/pods")" ] && ! compgen -G '/sys/fs/cgroup/*/caisson-pod-*' >/dev/null
}

@test "pods: share network, IPC and name; a container may have its own PIDs, or the pod's" {
  caisson pod create --name web >"$T/id"
  member web --name one builtin:busybox sleep 1000
  member web --name two builtin:busybox sleep 1000
  for type in net ipc uts; do
    [ "$(space one $type)" = "$(space two $type)" ]
    [ "$(space one $type)" = "$(space "$(infra web)" $type)" ]
    [ "$(space one $type)" != "$(readlink /proc/self/ns/$type)" ]
  done
  [ "$(space one pid)" != "$(space two pid)" ]
  [ "$(caisson exec one hostname)" = web ]
  [ "$(caisson exec one cat /etc/hostname)" = web ]
  caisson exec one sh -c 'echo hello >/dev/shm/x'
  [ "$(caisson exec two cat /dev/shm/x)" = hello ]
  caisson exec -d one nc -l -p 8080 -e echo reached
  within 5 caisson exec two sh -c 'nc -w 1 127.0.0.1 8080 </dev/null | grep -q reached'
  [ "$(state web)" = Running ]
  [ "$(caisson ps -q --filter pod=web | wc -l)" -eq 3 ]
  [[ "$(caisson ps --pod --filter name=one --format '{{.Pod}} {{.PodName}}')" == "$(head -c 12 "$T/id") web" ]]
  caisson pod rm -f web
  nothing_kept_of_pods
}

@test "pods: pause holds what is shared, is small, and reaps as PID 1 of a shared PID namespace" {
  caisson pod create --name web --share +pid
  member web --name one builtin:busybox sleep 1000
  local pid
  pid=$(caisson inspect -f '{{.State.Pid}}' "$(infra web)")
  [ "$(space one pid)" = "$(space "$(infra web)" pid)" ]
  [ "$(caisson exec one sh -c 'tr "\0" " " </proc/1/cmdline')" = "/pause " ]
  # An orphan becomes the child of pause, and is gone when it has ended.
  caisson exec one sh -c '(sleep 0.1 &) ; true'
  within 5 sh -c "! ps -o stat= --ppid $pid | grep -q Z && [ -z \"\$(ps -o pid= --ppid $pid)\" ]"
  # Private memory, in KiB.
  local private
  private=$(awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$pid/smaps_rollup")
  echo "pause: $private KiB private"
  [ "$private" -le 100 ]
  caisson pod stop -t 5 web
  [ "$(caisson inspect -f '{{.State.ExitCode}}' "$(infra web)")" = 0 ]
}

@test "pods: states are told, and all containers are started, stopped, paused, signalled and removed together" {
  [ "$(caisson pod create web)" = "$(caisson pod inspect -f '{{.Id}}' web)" ]
  [ "$(state web)" = Created ]
  caisson create --pod web --name one builtin:busybox sleep 1000
  caisson create --pod web --name two builtin:busybox sh -c 'trap "exit 3" TERM; sleep 1000 & wait'
  [ "$(state web)" = Created ]
  caisson pod start web
  [ "$(state web)" = Running ]
  caisson stop -t 0 one
  [ "$(state web)" = Degraded ]
  caisson start one
  caisson pod pause web
  [ "$(state web)" = Paused ]
  caisson pod unpause web
  [ "$(state web)" = Running ]
  caisson pod kill -s TERM web
  within 5 sh -c "[ \"\$('$BIN' --root '$T/root' --runroot '$T/run' inspect -f '{{.State.ExitCode}}' two)\" = 3 ]"
  caisson pod restart web
  [ "$(state web)" = Running ]
  [ "$(caisson pod ps --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}')" = "web Running 3" ]
  [ "$(caisson pod ps | head -n 1 | tr -s ' ')" = "POD ID NAME STATUS CREATED INFRA ID # OF CONTAINERS" ]
  [ -z "$(caisson pod ps -q --filter status=exited)" ]
  [ -n "$(caisson pod ps -q --filter ctr-names=two --filter status=running)" ]
  run -1 caisson pod rm web
  [[ "$output" == *"has containers that run"* ]]
  # Nobody asks for the infra container.
  caisson pod create other
  caisson pod start other
  caisson pod rm other
  caisson pod stop -t 1 web
  [ "$(state web)" = Exited ]
  local id
  id=$(caisson pod inspect -f '{{.Id}}' web)
  [ "$(caisson pod prune -f)" = "$id" ]
  run -1 caisson pod exists web
  nothing_kept_of_pods
}

@test "pods: a container's start starts the infra container, and a stopped pod runs again" {
  caisson pod create web
  caisson run --rm --pod web builtin:busybox true
  [ "$(caisson ps --filter pod=web --format '{{.Status}}' | cut -c1-2)" = Up ]
  caisson create --pod web --name one builtin:busybox sleep 1000
  caisson pod stop -t 1 web
  caisson start one
  [ "$(space one net)" = "$(space "$(infra web)" net)" ]
  run -1 caisson rm -f "$(infra web)"
  [[ "$output" == *"is the infra container of pod web"* ]]
}

@test "pods: limits hold for all containers together, in one cgroup that goes with the last" {
  caisson pod create --name web -m 64m --cpus 0.5 --pids-limit 100
  member web --name one builtin:busybox sleep 1000
  local cgroup
  cgroup=$(caisson pod inspect -f '{{.CgroupPath}}' web)
  local memory=/sys/fs/cgroup/memory$cgroup
  if [ -d /sys/fs/cgroup/memory ]; then
    [ "$(cat "$memory/memory.limit_in_bytes")" -eq $((64 << 20)) ]
    [ -d "$memory/$(caisson inspect -f '{{.Id}}' one)" ]
    [ "$(cat "/sys/fs/cgroup/cpu$cgroup/cpu.cfs_quota_us")" -eq 50000 ]
    [ "$(cat "/sys/fs/cgroup/pids$cgroup/pids.max")" -eq 100 ]
  fi
  # More than the pod may have, though the container itself has no limit.
  run caisson run --rm --pod web --name big builtin:busybox sh -c 'dd if=/dev/zero of=/dev/shm/big bs=1M count=100'
  [ "$status" -ne 0 ]
  caisson pod stop -t 1 web
  [ ! -d "$memory" ]
  caisson pod start web
  [ -d "$memory" ] || [ ! -d /sys/fs/cgroup/memory ]
}

@test "pods: volumes, names and ids of the pod are its containers' too" {
  mkdir "$T/data"
  caisson pod create --name web --hostname inner --volume "$T/data:/data" --volume kept:/kept --add-host other:10.1.2.3 \
    --dns 10.9.9.9 --dns-search example.org
  caisson run --rm --pod web builtin:busybox sh -c 'echo x >/data/x; echo y >/kept/y; cat /etc/hosts /etc/resolv.conf; hostname' >"$T/out"
  [ "$(cat "$T/data/x")" = x ]
  grep -q '10.1.2.3.*other' "$T/out"
  grep -q 'nameserver 10.9.9.9' "$T/out"
  [ "$(tail -n 1 "$T/out")" = inner ]
  run -125 caisson run --rm --pod web --hostname x builtin:busybox true
  [[ "$output" == *"share its name"* ]]
  run -125 caisson run --rm --pod web --network host builtin:busybox true
  [[ "$output" == *"share its network"* ]]
  run -125 caisson run --rm --pod nothing builtin:busybox true
  [[ "$output" == *"no such pod: nothing"* ]]
}

@test "pods: --pod new:NAME makes the pod, --pod-id-file finds it, --infra=false shares the cgroup alone" {
  caisson run -d --pod new:web --name one builtin:busybox sleep 1000
  [ "$(caisson pod ps --format '{{.Name}}')" = web ]
  caisson pod create --name other --infra=false --pod-id-file "$T/id"
  caisson run -d --pod-id-file "$T/id" --name two builtin:busybox sleep 1000
  [ "$(caisson pod inspect -f '{{.NumContainers}}' other)" = 1 ]
  [ "$(state other)" = Running ]
  caisson pod rm -f --pod-id-file "$T/id"
  run -1 caisson pod exists other
  run -125 caisson pod create --name web
  [[ "$output" == *"in use by another pod"* ]]
  caisson pod create --name web --replace
  [ "$(caisson pod inspect -f '{{.NumContainers}}' web)" = 1 ]
}

@test "pods: init containers run to their end before the others" {
  mkdir "$T/data"
  caisson pod create --name web -v "$T/data:/data"
  caisson create --pod web --name later builtin:busybox sh -c 'echo later >>/data/order; sleep 1000'
  caisson create --pod web --init-ctr once --name first builtin:busybox sh -c 'sleep 0.2; echo first >>/data/order'
  caisson create --pod web --init-ctr always --name second builtin:busybox sh -c 'echo second >>/data/order'
  caisson pod start web
  within 5 grep -q later "$T/data/order"
  [ "$(tr '\n' ' ' <"$T/data/order")" = "first second later " ]
  run -1 caisson inspect first
  caisson pod restart web >/dev/null
  within 5 sh -c "[ \$(grep -c later '$T/data/order') = 2 ]"
  [ "$(grep -c first "$T/data/order")" = 1 ]
  [ "$(grep -c second "$T/data/order")" = 2 ]
  caisson create --pod web --init-ctr always --name failing builtin:busybox false
  caisson pod stop -t 0 web
  run -1 caisson pod start web
  [[ "$output" == *"init container failing ended with exit status 1"* ]]
}

@test "pods: with --exit-policy stop the infra container ends with the last of the others" {
  caisson pod create --name web --exit-policy stop
  caisson run --rm --pod web builtin:busybox true
  within 5 sh -c "[ \"\$('$BIN' --root '$T/root' --runroot '$T/run' pod inspect -f '{{.State}}' web)\" = Exited ]"
  within 5 sh -c "! ls -d /sys/fs/cgroup/*/caisson-pod-* 2>/dev/null"
}

@test "pods: logs, top and stats are of all containers" {
  caisson pod create --name web
  member web --name one builtin:busybox sh -c 'echo from one; sleep 1000'
  member web --name two builtin:busybox sh -c 'echo from two; sleep 1000'
  within 5 sh -c "'$BIN' --root '$T/root' --runroot '$T/run' pod logs --names web | sort | tr '\n' ' ' | grep -q 'one from one two from two'"
  [ "$(caisson pod logs -c two web)" = "from two" ]
  [ "$(caisson pod top web args | grep -c sleep)" -ge 2 ]
  caisson pod top web args | grep -q '^/pause'
  [ "$(caisson pod stats --no-stream --format '{{.Name}}' web | sort | tr '\n' ' ' | grep -c 'one two')" = 1 ]
  [ "$(caisson pod stats --no-stream web | head -n 1 | cut -c1-3)" = POD ]
}

@test "pods: whoever is killed at making or removing one leaves nothing that the next command does not clear" {
  caisson pod create --name web
  member web --name one builtin:busybox sleep 1000
  # The infra container's keeper: what it kept is ended by the next command, and comes back with the next start.
  kill -KILL "$(grep -oE '"keeper":\{"pid":[0-9]+' "$T/run/containers/$(infra web)/state.json" | grep -oE '[0-9]+$')"
  within 5 sh -c "'$BIN' --root '$T/root' --runroot '$T/run' pod inspect -f '{{.State}}' web 2>/dev/null | grep -q Degraded"
  caisson pod start web
  [ "$(state web)" = Running ]
  for delay in 0.000 0.002 0.004 0.006 0.008 0.010 0.015 0.020; do
    timeout -s KILL "$delay" "${CAISSON[@]}" pod create --name "killed" >/dev/null 2>&1 || true
    caisson pod ps >/dev/null 2>&1
    caisson pod rm -f killed >/dev/null 2>&1 || true
  done
  for delay in 0.000 0.002 0.004 0.006 0.008 0.010 0.015 0.020; do
    caisson run -d --pod new:killed builtin:busybox sleep 1000 >/dev/null
    timeout -s KILL "$delay" "${CAISSON[@]}" pod rm -f killed >/dev/null 2>&1 || true
    caisson pod rm -f killed >/dev/null 2>&1 || true
    run -1 caisson pod exists killed
  done
  caisson pod rm -f web
  nothing_kept_of_pods
}
