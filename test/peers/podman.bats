# podman 4.3 with the runtime under test: containers of root.
load helper

setup_file() {
  require_world
  podman_ready podman FROM_IMAGE=yes
  box true  # what podman makes once is there
}

teardown() {
  podman rm --all --force --time 0 >/dev/null
  podman volume prune --force >/dev/null
  peers_teardown
}

box() { podman run --rm --network none localhost/busybox:1 "$@"; }
# A container that stays: started NAME [OPTION…], with the COMMAND of $run instead of `sleep 1000`, if there is one.
started() { podman run --detach --network none --name "$1" "${@:2}" localhost/busybox:1 sh -c "${run_this:-exec sleep 1000}" >/dev/null; }
state() { podman inspect --format "{{.State.$2}}" "$1"; }
is() { [ "$(state "$1" "$2")" = "$3" ]; }

@test "podman: run gives the command its environment, its user, its host name, its standard input, and no more" {
  run podman run --rm --network none --hostname over-there --user 1000:2000 --group-add 3000 --env A=1 --workdir /tmp \
    localhost/busybox:1 sh -c 'hostname; id -u; id -G; echo $A $FROM_IMAGE; pwd; echo $$'
  [ "$status" -eq 0 ]
  [ "$output" = $'over-there\n1000\n2000 3000\n1 yes\n/tmp\n1' ]
  [ "$(echo words | podman run --rm -i --network none localhost/busybox:1 cat)" = words ]
  [ "$(box sh -c 'echo a >&2' 2>&1 >/dev/null)" = a ]
}

@test "podman: exit statuses are the command's, 128 and its signal, 126, 127 and 125" {
  run -3 box sh -c 'exit 3'
  run -137 podman run --rm --init --network none localhost/busybox:1 sh -c 'kill -9 $$'
  run -143 podman run --rm --init --network none localhost/busybox:1 sh -c 'kill -15 $$'
  run -127 box no-such-program
  [[ "$output" == *no-such-program* ]]
  run -127 box /no/such/program
  run -126 box /etc
  run -126 podman run --rm --network none --user 1000 --tmpfs /t:mode=700 --entrypoint /t/x localhost/busybox:1
  run -125 podman run --rm --network none --sysctl kernel.nothing=1 localhost/busybox:1 true
}

@test "podman: the same where it has the runtime write no JSON" {
  sed '/^runtime_supports_json/d' "$CONTAINERS_CONF" >"$T/containers.conf"
  export CONTAINERS_CONF=$T/containers.conf
  run -3 box sh -c 'exit 3'
  run -127 box no-such-program
  run -126 box /etc
}

@test "podman: --runtime takes the runtime by its path" {
  sed '/^runtime/d' "$CONTAINERS_CONF" >"$T/containers.conf"
  export CONTAINERS_CONF=$T/containers.conf
  podman --runtime "$CAISSON_OCI" run --name by-path --network none localhost/busybox:1 true
  [ "$(podman inspect --format '{{.OCIRuntime}}' by-path)" = "$CAISSON_OCI" ]
  [ "$(podman --runtime "$CAISSON_OCI" info --format '{{.Host.OCIRuntime.Path}}')" = "$CAISSON_OCI" ]
}

@test "podman: a terminal has its size, and is the command's own" {
  run on_terminal podman run --rm -it --network none localhost/busybox:1 sh -c 'tty; stty size; test -t 0 && test -t 1 && echo yes; exit 4'
  [ "$status" -eq 4 ]
  [[ "$output" == */dev/pts/0* ]]
  [[ "$output" == *yes* ]]
  run podman run --rm -t --network none localhost/busybox:1 tty
  [[ "$output" == *dev/pts/0* ]]
}

@test "podman: exec runs in the container, with what it asks for, and gives its status" {
  started one --env A=1
  run podman exec --env B=2 --user 1000:1000 --workdir /tmp one sh -c 'echo $A $B; id -u; pwd; hostname; exit 5'
  [ "$status" -eq 5 ]
  [ "$output" = $'1 2\n1000\n/tmp\n'"$(podman exec one hostname)" ]
  [ "$(echo words | podman exec -i one cat)" = words ]
  [ "$(podman exec one cat /proc/1/cmdline | tr '\0' ' ')" = "sleep 1000 " ]
  run -127 podman exec one no-such-program
  run -126 podman exec one /etc
  podman exec --detach one touch /tmp/detached
  within 5 podman exec one test -e /tmp/detached
  podman exec one true 3<"$FILES/busybox.tar"
  [ "$(podman exec --preserve-fds 1 one sh -c 'cat <&3' 3<<<through)" = through ]
  podman exec --privileged one grep -q 'CapEff:.*[1-9a-f]' /proc/self/status
}

@test "podman: exec with a terminal" {
  started one
  run on_terminal podman exec -it one sh -c 'tty; test -t 1 && echo yes; exit 6'
  [ "$status" -eq 6 ]
  [[ "$output" == */dev/pts/* && "$output" == *yes* ]]
}

@test "podman: logs hold both streams; attach shows what comes" {
  run_this='echo to out; echo to err >&2; sleep 0.5; echo later' started one
  podman wait one
  run podman logs one
  [ "$output" = $'to out\nto err\nlater' ] || [ "$output" = $'to err\nto out\nlater' ]
  [ "$(podman logs one 2>/dev/null)" = $'to out\nlater' ]
  podman create --name two --network none localhost/busybox:1 echo attached
  [ "$(podman start --attach two)" = attached ]
}

@test "podman: stop sends TERM, and KILL to who does not care; restart makes another process" {
  run_this='trap "exit 7" TERM; touch /ready; while :; do sleep 0.05; done' started polite
  within 5 podman exec polite test -e /ready
  podman stop --time 30 polite
  [ "$(state polite ExitCode)" -eq 7 ]
  started stubborn
  podman stop --time 0 stubborn
  [ "$(state stubborn ExitCode)" -eq 137 ]
  podman start polite
  local before
  before=$(state polite Pid)
  podman restart --time 0 polite
  is polite Status running
  [ "$(state polite Pid)" -ne "$before" ]
}

@test "podman: kill sends the signal it is told to" {
  run_this='trap "exit 9" USR1; touch /ready; while :; do sleep 0.05; done' started one
  within 5 podman exec one test -e /ready
  podman kill --signal USR1 one
  [ "$(podman wait one)" -eq 9 ]
  started two --init
  podman kill two
  [ "$(podman wait two)" -eq 137 ]
  run -125 podman kill two
  [[ "$output" == *"not running"* || "$output" == *"state improper"* ]]
}

@test "podman: a container of the host's PID namespace ends with all of its processes" {
  run_this='sleep 4321 & sleep 4321' started one --pid host
  podman rm --force --time 0 one
  run pgrep -f 'sleep 4321'
  [ "$status" -eq 1 ]
}

@test "podman: pause freezes, unpause thaws; a paused container takes no exec" {
  run_this='while :; do echo x >>/counter; sleep 0.02; done' started one
  within 5 podman exec one test -s /counter
  podman pause one
  is one Status paused
  local size
  size=$(counter_size one)
  sleep 0.3
  [ "$(counter_size one)" -eq "$size" ]
  run ! podman exec one true
  podman unpause one
  is one Status running
  sleep 0.3
  [ "$(counter_size one)" -gt "$size" ]
}
counter_size() { wc -c <"$(podman inspect --format '{{.GraphDriver.Data.UpperDir}}' "$1")/counter"; }

# The value that the container itself sees: its_limit CONTAINER FILE-OF-VERSION-1 FILE-OF-VERSION-2.
its_limit() {
  if on_cgroup_v2; then podman exec "$1" cat "/sys/fs/cgroup/$3"; else podman exec "$1" cat "/sys/fs/cgroup/$2"; fi
}

@test "podman: limits are the kernel's, and update changes them while the container runs" {
  started one --memory 64m --pids-limit 50 --cpu-period 100000 --cpu-quota 50000 --cpuset-cpus 0
  [ "$(its_limit one memory/memory.limit_in_bytes memory.max)" -eq $((64 << 20)) ]
  [ "$(its_limit one pids/pids.max pids.max)" -eq 50 ]
  [[ "$(its_limit one cpu/cpu.cfs_quota_us cpu.max)" == 50000* ]]
  [ "$(its_limit one cpuset/cpuset.cpus cpuset.cpus)" = 0 ]
  podman update --memory 96m --cpu-quota 20000 --cpuset-cpus 0-1 one
  [ "$(its_limit one memory/memory.limit_in_bytes memory.max)" -eq $((96 << 20)) ]
  [[ "$(its_limit one cpu/cpu.cfs_quota_us cpu.max)" == 20000* ]]
  [ "$(its_limit one cpuset/cpuset.cpus cpuset.cpus)" = 0-1 ]
  [ "$(its_limit one pids/pids.max pids.max)" -eq 50 ]
}

@test "podman: stats and top" {
  run_this='while :; do :; done' started one --memory 64m
  sleep 0.3
  run podman stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one
  [ "$status" -eq 0 ]
  [[ "$output" == "one 1 "*"67.11MB" ]]
  run podman top one pid args
  [[ "${lines[1]}" =~ ^1\ +sh\ -c ]]
}

@test "podman: privileged containers have the host's devices and may mount; others have neither" {
  run -0 podman run --rm --network none --privileged localhost/busybox:1 sh -c 'mount -t tmpfs none /mnt && test -c /dev/kmsg && echo >/proc/sys/kernel/domainname'
  run ! box mount -t tmpfs none /mnt
  run ! box test -e /dev/kmsg
  run ! box sh -c 'echo >/proc/sys/kernel/domainname'
  [ "$(podman run --rm --network none --cap-drop all localhost/busybox:1 awk '/CapEff/ { print $2 }' /proc/self/status)" = 0000000000000000 ]
  [ "$(podman run --rm --network none --cap-drop all --cap-add net_raw localhost/busybox:1 awk '/CapEff/ { print $2 }' /proc/self/status)" = 0000000000002000 ]
}

@test "podman: devices, ulimits, sysctls, read-only root, seccomp" {
  [ "$(podman run --rm --network none --device /dev/zero:/dev/nil localhost/busybox:1 head -c 2 /dev/nil | od -An -tx1)" = " 00 00" ]
  [ "$(podman run --rm --network none --ulimit nofile=100:200 --ulimit nproc=99:100 localhost/busybox:1 sh -c 'ulimit -Sn; ulimit -Hn' | paste -sd ' ')" = "100 200" ]
  [ "$(podman run --rm --network none --sysctl net.ipv4.ip_forward=1 localhost/busybox:1 cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
  run ! podman run --rm --network none --read-only localhost/busybox:1 touch /file
  podman run --rm --network none --read-only localhost/busybox:1 touch /tmp/file
  echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' >"$T/profile.json"
  run podman run --rm --network none --security-opt seccomp="$T/profile.json" localhost/busybox:1 mkdir /tmp/d
  [[ "$output" == *"Operation not permitted"* ]]
  [ "$(box awk '/^Seccomp:|NoNewPrivs/ { print $2 }' /proc/self/status | paste -sd ' ')" = "0 2" ]
  [ "$(podman run --rm --network none --security-opt no-new-privileges localhost/busybox:1 awk '/NoNewPrivs/ { print $2 }' /proc/self/status)" = 1 ]
}

@test "podman: volumes, binds and tmpfs, with their options" {
  podman volume create kept >/dev/null
  podman run --rm --network none -v kept:/v localhost/busybox:1 sh -c 'echo stays >/v/file'
  [ "$(podman run --rm --network none -v kept:/v:ro localhost/busybox:1 cat /v/file)" = stays ]
  run ! podman run --rm --network none -v kept:/v:ro localhost/busybox:1 touch /v/other
  mkdir "$T/bound"
  podman run --rm --network none -v "$T/bound:/b" -v "$T/bound/../bound:/deep/er" localhost/busybox:1 sh -c 'echo x >/b/here && cat /deep/er/here'
  [ "$(cat "$T/bound/here")" = x ]
  podman run --rm --network none --tmpfs /t:size=1m,mode=1770,noexec localhost/busybox:1 \
    sh -c 'grep " /t tmpfs" /proc/mounts | grep noexec | grep -q size=1024k && [ "$(stat -c %a /t)" = 1770 ]'
  # The parts of a volume that the image has are copied to it.
  [ "$(podman run --rm --network none -v filled:/etc localhost/busybox:1 ls /etc | wc -l)" -gt 0 ]
}

@test "podman: a health check runs in the container" {
  started one --health-cmd 'test -e /healthy' --health-interval disable --health-retries 1
  run -1 podman healthcheck run one
  is one Health.Status unhealthy
  podman exec one touch /healthy
  podman healthcheck run one
  is one Health.Status healthy
}

@test "podman: commit and cp; build runs its steps with the runtime" {
  run_this='touch /made; sleep 1000' started one
  within 5 podman exec one test -e /made
  echo copied >"$T/file"
  podman cp "$T/file" one:/file
  [ "$(podman exec one cat /file)" = copied ]
  podman commit --quiet --pause one localhost/committed >/dev/null
  podman run --rm --network none localhost/committed sh -c 'test -e /made && test -e /file'
  printf 'FROM localhost/busybox:1\nRUN echo built >/built\n' >"$T/Containerfile"
  podman build --runtime "$CAISSON_OCI" --isolation oci --network none --quiet --tag localhost/built "$T" >/dev/null
  [ "$(podman run --rm --network none localhost/built cat /built)" = built ]
  podman rmi --force localhost/committed localhost/built >/dev/null
}

@test "podman: events and ps tell what was" {
  started one
  podman kill one
  podman wait one
  run podman events --stream=false --filter container=one --format '{{.Status}}'
  [[ "$output" == *create*start*kill*died* || "$output" == *create*start*died*kill* ]]
  run podman ps --all --format '{{.Names}} {{.Status}}'
  [[ "$output" == "one Exited (137)"* ]]
}
