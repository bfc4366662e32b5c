# Docker 20.10 with the runtime under test: dockerd on a socket of its own, the runtime added and made the default.
# time limit: 400 s
load helper

setup_file() {
  require_world
  docker_start
  image "$FILES/busybox.tar" busybox:1 FROM_IMAGE=yes
  docker load --quiet --input "$FILES/busybox.tar" >/dev/null
}
teardown_file() { docker_stop; }

teardown() {
  local left
  mapfile -t left < <(docker ps --all --quiet)
  [ "${#left[@]}" -eq 0 ] || docker rm --force --volumes "${left[@]}" >/dev/null
  docker network prune --force >/dev/null
  peers_teardown
}

box() { docker run --rm --network none busybox:1 "$@"; }
started() { docker run --detach --network none --name "$1" "${@:2}" busybox:1 sh -c "${run_this:-exec sleep 1000}" >/dev/null; }
state() { docker inspect --format "{{.State.$2}}" "$1"; }
is() { [ "$(state "$1" "$2")" = "$3" ]; }

@test "docker: the runtime is the one that was added, and the default" {
  run docker info --format '{{.DefaultRuntime}} {{(index .Runtimes "under-test").Path}}'
  [ "$output" = "under-test $CAISSON_OCI" ]
  started one
  [ "$(docker inspect --format '{{.HostConfig.Runtime}}' one)" = under-test ]
  docker run --rm --network none --runtime under-test busybox:1 true
}

@test "docker: run gives the command its environment, user, host name, standard input, and no more" {
  run docker run --rm --network none --hostname over-there --user 1000:2000 --group-add 3000 --env A=1 --workdir /tmp \
    busybox:1 sh -c 'hostname; id -u; id -G; echo $A $FROM_IMAGE; pwd; echo $$'
  [ "$status" -eq 0 ]
  [ "$output" = $'over-there\n1000\n2000 3000\n1 yes\n/tmp\n1' ]
  [ "$(echo words | docker run --rm -i --network none busybox:1 cat)" = words ]
}

@test "docker: exit statuses are the command's, 128 and its signal, 126, 127 and 125" {
  run -3 box sh -c 'exit 3'
  run -137 docker run --rm --init --network none busybox:1 sh -c 'kill -9 $$'
  run -127 box no-such-program
  [[ "$output" == *'exec: "no-such-program": executable file not found in $PATH'* ]]
  run -127 box /no/such/program
  run -126 box /etc
  [[ "$output" == *"permission denied"* ]]
  run ! docker run --rm --network none -v /etc/passwd:/bin busybox:1 true
  [[ "$output" == *"Are you trying to mount a directory onto a file"* ]]
  run -125 docker run --rm --network none --no-such-option busybox:1 true
  run -125 docker run --rm --network none --sysctl kernel.nothing=1 busybox:1 true
}

@test "docker: a terminal, for run and for exec" {
  run on_terminal docker run --rm -it --network none busybox:1 sh -c 'tty; test -t 0 && test -t 1 && echo yes; exit 4'
  [ "$status" -eq 4 ]
  [[ "$output" == */dev/pts/0*yes* ]]
  started one
  run on_terminal docker exec -it one sh -c 'tty; test -t 1 && echo yes; exit 6'
  [ "$status" -eq 6 ]
  [[ "$output" == */dev/pts/*yes* ]]
}

@test "docker: what it saves is read as an archive, and it loads what is written" {
  [ -x "$BUILD/test/system_archive" ] || skip "$BUILD/test/system_archive is not built"
  archive() { "$BUILD/test/system_archive" "$FILES" "$@"; }
  started one
  docker exec one touch /more
  docker commit one more:1 >/dev/null
  docker rm --force one >/dev/null
  docker save --output "$FILES/saved.tar" busybox:1 more:1
  # Docker writes them in any order.
  [ "$(archive any "$FILES/saved.tar" | cut -d' ' -f2 | sort | tr '\n' ' ')" = "docker-archive docker.io/library/busybox:1 docker.io/library/more:1 " ]
  local before
  before=$(docker images --no-trunc --quiet more:1)
  docker rmi more:1 >/dev/null
  # Through a layout, and by standard input.
  archive copy "docker-archive:$FILES/saved.tar" "oci:$FILES/layout"
  archive copy "oci:$FILES/layout:docker.io/library/more:1" docker-archive:- | docker load
  [ "$(docker images --no-trunc --quiet more:1)" = "$before" ]
  docker run --rm --network none more:1 test -e /more
  docker rmi more:1 >/dev/null
  rm -r "$FILES/saved.tar" "$FILES/layout"
}

@test "docker: exec runs in the container, and gives its status" {
  started one --env A=1
  run docker exec --env B=2 --user 1000:1000 --workdir /tmp one sh -c 'echo $A $B; id -u; pwd; exit 5'
  [ "$status" -eq 5 ]
  [ "$output" = $'1 2\n1000\n/tmp' ]
  [ "$(echo words | docker exec -i one cat)" = words ]
  run -126 docker exec one /no/such/program  # what Docker makes of it
  [[ "$output" == *"no such file or directory"* ]]
  run -126 docker exec one /etc
  docker exec --detach one touch /detached
  within 5 docker exec one test -e /detached
}

@test "docker: logs, stop, kill, restart, wait" {
  run_this='echo to out; echo to err >&2; trap "exit 7" TERM; touch /ready; while :; do sleep 0.05; done' started polite
  within 5 docker exec polite test -e /ready
  [ "$(docker logs polite 2>/dev/null)" = "to out" ]
  [ "$(docker logs polite 2>&1 >/dev/null)" = "to err" ]
  docker stop --time 30 polite
  [ "$(state polite ExitCode)" -eq 7 ]
  started stubborn
  docker stop --time 1 stubborn
  [ "$(state stubborn ExitCode)" -eq 137 ]
  docker start polite
  local before
  before=$(state polite Pid)
  docker restart --time 0 polite
  is polite Status running
  [ "$(state polite Pid)" -ne "$before" ]
  docker kill --signal KILL polite
  [ "$(docker wait polite)" -eq 137 ]
}

@test "docker: who ends is started again, where that was asked for" {
  run_this='echo x; sleep 0.3; exit 1' started one --restart on-failure:2
  within 20 sh -c '[ "$(/usr/bin/docker inspect --format "{{.RestartCount}} {{.State.Status}}" one)" = "2 exited" ]'
  [ "$(docker logs one | wc -l)" -eq 3 ]
}

@test "docker: pause freezes, unpause thaws; a paused container takes no exec" {
  run_this='while :; do echo x >>/dev/shm/counter; sleep 0.02; done' started one
  local counter
  counter=/proc/$(state one Pid)/root/dev/shm/counter
  within 5 test -s "$counter"
  docker pause one
  is one Status paused
  local size
  size=$(stat -c %s "$counter")
  sleep 0.3
  [ "$(stat -c %s "$counter")" -eq "$size" ]
  run ! docker exec one true
  docker unpause one
  sleep 0.3
  [ "$(stat -c %s "$counter")" -gt "$size" ]
}

its_limit() {
  if on_cgroup_v2; then docker exec "$1" cat "/sys/fs/cgroup/$3"; else docker exec "$1" cat "/sys/fs/cgroup/$2"; fi
}

@test "docker: limits are the kernel's, and update changes them while the container runs" {
  started one --memory 64m --memory-swap 128m --pids-limit 50 --cpu-period 100000 --cpu-quota 50000 --cpuset-cpus 0
  [ "$(its_limit one memory/memory.limit_in_bytes memory.max)" -eq $((64 << 20)) ]
  [ "$(its_limit one pids/pids.max pids.max)" -eq 50 ]
  [[ "$(its_limit one cpu/cpu.cfs_quota_us cpu.max)" == 50000* ]]
  docker update --memory 96m --memory-swap 192m --cpu-quota 20000 --cpuset-cpus 0-1 --pids-limit 60 one
  [ "$(its_limit one memory/memory.limit_in_bytes memory.max)" -eq $((96 << 20)) ]
  [[ "$(its_limit one cpu/cpu.cfs_quota_us cpu.max)" == 20000* ]]
  [ "$(its_limit one cpuset/cpuset.cpus cpuset.cpus)" = 0-1 ]
  [ "$(its_limit one pids/pids.max pids.max)" -eq 60 ]
}

@test "docker: who takes more memory than it may is killed, and docker is told" {
  run_this='sleep 0.5; tail /dev/zero; sleep 0.5; exit 3' started one --memory 16m --memory-swap 16m
  [ "$(docker wait one)" -eq 3 ]
  is one OOMKilled true
}

@test "docker: stats and top" {
  run_this='while :; do :; done' started one --memory 64m
  run docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one
  [[ "$output" == "one 1 "*"64MiB" ]]
  run docker top one
  [[ "${lines[1]}" == *"sh -c while"* ]]
}

@test "docker: privileged containers have the host's devices and may mount" {
  # Docker asks for every capability that the kernel knows, also for those that root has not on this host.
  [ "$(basename "$CAISSON_OCI")" != runc ] || skip "runc refuses where a capability cannot be had"
  docker run --rm --network none --privileged busybox:1 sh -c 'mount -t tmpfs none /mnt && test -c /dev/kmsg'
  # A further process has the capabilities, but stays under the container's filter.
  started one --security-opt seccomp=unconfined
  run ! docker exec one mount -t tmpfs none /mnt
  docker exec --privileged one mount -t tmpfs none /mnt
}

@test "docker: other containers have no devices of the host's, may not mount, and have the capabilities they are given" {
  run ! box mount -t tmpfs none /mnt
  run ! box test -e /dev/kmsg
  [ "$(docker run --rm --network none --cap-drop all busybox:1 awk '/CapEff/ { print $2 }' /proc/self/status)" = 0000000000000000 ]
}

@test "docker: volumes, binds, tmpfs, devices, ulimits, read-only root, seccomp, the host's namespaces" {
  docker run --rm --network none -v kept:/v busybox:1 sh -c 'echo stays >/v/file'
  [ "$(docker run --rm --network none -v kept:/v:ro busybox:1 cat /v/file)" = stays ]
  run ! docker run --rm --network none -v kept:/v:ro busybox:1 touch /v/other
  docker volume rm kept >/dev/null
  mkdir "$T/bound"
  docker run --rm --network none -v "$T/bound:/deep/er" busybox:1 touch /deep/er/file
  [ -e "$T/bound/file" ]
  docker run --rm --network none --tmpfs /t:size=1m,mode=1770,noexec busybox:1 grep -q ' /t tmpfs .*noexec.*size=1024k' /proc/mounts
  [ "$(docker run --rm --network none --device /dev/zero:/dev/nil busybox:1 head -c 2 /dev/nil | od -An -tx1)" = " 00 00" ]
  [ "$(docker run --rm --network none --ulimit nofile=100:200 busybox:1 sh -c 'ulimit -Sn; ulimit -Hn' | paste -sd ' ')" = "100 200" ]
  run ! docker run --rm --network none --read-only busybox:1 touch /file
  [ "$(box awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ]
  [ "$(docker run --rm --network none --pid host --ipc host --uts host busybox:1 readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
}

@test "docker: networks and published ports" {
  docker network create --subnet 10.98.0.0/24 between >/dev/null
  docker run --detach --name server --network between --ip 10.98.0.7 --publish 127.0.0.1:8098:80 busybox:1 \
    sh -c 'mkdir /w && echo page >/w/index.html && exec httpd -f -p 80 -h /w' >/dev/null
  within 5 docker run --rm --network between busybox:1 wget -qO- http://10.98.0.7/
  [ "$(docker run --rm --network container:server busybox:1 wget -qO- http://127.0.0.1/)" = page ]
  [ "$(curl --silent --max-time 5 http://127.0.0.1:8098/)" = page ]
}

@test "docker: build runs its steps with the runtime" {
  printf 'FROM busybox:1\nRUN echo built >/built\n' >"$T/Dockerfile"
  docker build --quiet --network none --tag built "$T" >/dev/null
  [ "$(docker run --rm --network none built cat /built)" = built ]
  docker rmi built >/dev/null
}

@test "docker: compose brings services up, scales them, and takes them down" {
  cat >"$T/docker-compose.yml" <<END
version: "2.4"
services:
  web:
    image: busybox:1
    command: sh -c 'mkdir /w && echo page >/w/index.html && exec httpd -f -p 80 -h /w'
    runtime: under-test
    stop_grace_period: 0s
    mem_limit: 32m
  client:
    image: busybox:1
    command: sh -c 'until wget -qO- http://web/; do sleep 0.1; done'
    depends_on: [web]
END
  cd "$T"
  local compose=(docker-compose --project-name together)
  "${compose[@]}" up --detach --scale web=2
  [ "$(docker ps --quiet --filter name=together_web | wc -l)" -eq 2 ]
  within 20 sh -c '/usr/bin/docker logs together_client_1 | grep -qx page'
  [ "$("${compose[@]}" exec -T web hostname | wc -c)" -eq 13 ]
  "${compose[@]}" down --timeout 0
  [ -z "$(docker ps --all --quiet)" ]
}
