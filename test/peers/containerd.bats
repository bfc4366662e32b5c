# containerd 1.6 with the runtime under test, by io.containerd.runc.v2 with its BinaryName, as Kubernetes has it: see
# docs/kubernetes.md.
load helper

setup_file() {
  require_world
  export CONTAINERD=$FILES/containerd
  mkdir -p "$CONTAINERD"
  cat >"$CONTAINERD/config.toml" <<END
version = 2
root = "$CONTAINERD/root"
state = "$CONTAINERD/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$CONTAINERD/socket"
[plugins."io.containerd.internal.v1.opt"]
path = "$CONTAINERD/opt"
END
  containerd --config "$CONTAINERD/config.toml" >"$CONTAINERD/log" 2>&1 3>&- &
  echo $! >"$CONTAINERD/pid"
  within 20 ctr version
  image "$CONTAINERD/busybox.tar" example.org/busybox:1 FROM_IMAGE=yes
  ctr image import "$CONTAINERD/busybox.tar" >/dev/null
}

teardown_file() {
  [ ! -s "$CONTAINERD/pid" ] || kill "$(cat "$CONTAINERD/pid")"
}

teardown() {
  local name
  for name in $(ctr task ls --quiet); do ctr task delete --force "$name" >/dev/null 2>&1 || :; done
  for name in $(ctr container ls --quiet); do ctr container rm "$name"; done
  [ -z "$(ls "$CONTAINERD/state-of-runtime/test" 2>/dev/null)" ]
  peers_teardown
}

ctr() { command ctr --address "$CONTAINERD/socket" --namespace test "$@"; }
# A container of the runtime under test: ctr_run OPTION… IMAGE ID COMMAND….
ctr_run() { ctr run --runtime io.containerd.runc.v2 --runc-binary "$CAISSON_OCI" --runc-root "$CONTAINERD/state-of-runtime" "$@"; }
IMAGE=example.org/busybox:1
box() { ctr_run --rm "$IMAGE" box "$@"; }
started() { ctr_run --detach "$@" "$IMAGE" box sh -c "${run_this:-exec sleep 1000}"; }
inside() { ctr task exec --exec-id "exec-$((RANDOM))" box "$@"; }
is() { ctr task ls | grep -Eq "^box +[0-9]+ +$1"; }

@test "containerd: run gives the command what the image and the caller say, and its status" {
  run ctr_run --rm --env A=1 --cwd /tmp "$IMAGE" box sh -c 'echo $A $FROM_IMAGE; pwd; echo $$; exit 4'
  [ "$status" -eq 4 ]
  [[ "$output" == $'1 yes\n/tmp\n1'* ]]
  [ "$(echo words | box head -n 1)" = words ]
  run ! box no-such-program
  [[ "$output" == *no-such-program*"executable file not found in \$PATH"* ]]
  run ! box /etc
  [[ "$output" == *"permission denied"* ]]
}

@test "containerd: the runtime under test is the one that runs" {
  started
  [ -e "$CONTAINERD/state-of-runtime/test/box" ]
  "$CAISSON_OCI" --root "$CONTAINERD/state-of-runtime/test" list --quiet | grep -qx box
}

@test "containerd: exec runs in the container; with a terminal too" {
  started
  run inside sh -c 'cat /proc/1/cmdline | tr "\0" " "; exit 5'
  [ "$status" -eq 5 ]
  [[ "$output" == "sleep 1000 "* ]]
  [ "$(echo words | inside head -n 1)" = words ]
  run ! inside no-such-program
  [[ "$output" == *no-such-program* ]]
  run -0 inside true
  export -f ctr
  run on_terminal bash -c "ctr task exec --tty --exec-id with-tty box sh -c 'tty; exit 6'"
  [ "$status" -eq 6 ]
  [[ "$output" == */dev/pts/* ]]
}

@test "containerd: run with a terminal" {
  export -f ctr ctr_run
  export CAISSON_OCI
  run on_terminal bash -c "ctr_run --rm --tty $IMAGE box sh -c 'tty; test -t 0 && echo yes; exit 6'"
  [ "$status" -eq 6 ]
  [[ "$output" == */dev/pts/0*yes* ]]
}

@test "containerd: pause freezes, resume thaws" {
  run_this='while :; do echo x >>/dev/shm/counter; sleep 0.02; done' started
  local shm
  shm=/proc/$(ctr task ls | awk '$1 == "box" { print $2 }')/root/dev/shm/counter
  within 5 test -s "$shm"
  ctr task pause box
  is PAUSED
  local size
  size=$(stat -c %s "$shm")
  sleep 0.3
  [ "$(stat -c %s "$shm")" -eq "$size" ]
  ctr task resume box
  is RUNNING
  sleep 0.3
  [ "$(stat -c %s "$shm")" -gt "$size" ]
}

@test "containerd: kill sends the signal; what has ended can be deleted, with its exit status" {
  run_this='trap "exit 9" USR1; touch /ready; while :; do sleep 0.05; done' started
  within 5 inside test -e /ready
  ctr task kill --signal USR1 box
  within 5 is STOPPED
  run ctr task delete box
  [ "$status" -eq 9 ] || [[ "$output" == *"code 9"* ]]
  run ! ctr task kill box
  ctr task start --detach box
  ctr task kill --all --signal KILL box
  within 5 is STOPPED
}

@test "containerd: limits, metrics, and the processes of a task" {
  started --memory-limit $((32 << 20)) --cpu-period 100000 --cpu-quota 50000
  local metrics
  metrics=$(ctr task metrics box)
  echo "$metrics"
  echo "$metrics" | grep -Eq "^(memory.limit_in_bytes|memory.usage_limit) +$((32 << 20))"
  echo "$metrics" | grep -Eq '^pids.current +1'
  ctr task exec --detach --exec-id beside box sleep 1000
  [ "$(ctr task ps box | wc -l)" -eq 3 ]
  within 5 sh -c 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" " " | grep -q "sleep 1000 .*sleep 1000 "'
  # What Kubernetes does to change the limits of a pod that runs.
  echo '{"memory": {"limit": 67108864}, "cpu": {"quota": 20000, "period": 100000}}' |
    "$CAISSON_OCI" --root "$CONTAINERD/state-of-runtime/test" update --resources - box
  ctr task metrics box | grep -Eq "^(memory.limit_in_bytes|memory.usage_limit) +$((64 << 20))"
}

@test "containerd: who takes more memory than it may is killed, and everybody is told" {
  ctr events >"$T/events" 3>&- &
  local listener=$!
  run_this='sleep 0.5; tail /dev/zero; exit 3' started --memory-limit $((16 << 20))
  within 10 is STOPPED
  within 5 grep -q '/tasks/oom' "$T/events"
  kill $listener
}

@test "containerd: read-only root, mounts, capabilities, privileged, seccomp, the host's network, a user namespace" {
  run ! ctr_run --rm --read-only "$IMAGE" box touch /file
  mkdir "$T/bound"
  ctr_run --rm --mount "type=bind,src=$T/bound,dst=/b,options=rbind:rw" "$IMAGE" box touch /b/file
  [ -e "$T/bound/file" ]
  ctr_run --rm --privileged "$IMAGE" box mount -t tmpfs none /mnt
  run ! box mount -t tmpfs none /mnt
  ctr_run --rm --cap-add CAP_SYS_ADMIN "$IMAGE" box mount -t tmpfs none /mnt
  [ "$(ctr_run --rm --seccomp "$IMAGE" box awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ]
  [ "$(ctr_run --rm --net-host "$IMAGE" box readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
  [ "$(ctr_run --rm --snapshotter native --remap-labels=false --uidmap 0:500000:1000 --gidmap 0:500000:1000 "$IMAGE" box \
    awk '{ print $2 }' /proc/self/uid_map)" = 500000 ]
}

@test "containerd: containers share a namespace by its path" {
  started
  local pid
  pid=$(ctr task ls | awk '$1 == "box" { print $2 }')
  [ "$(ctr_run --rm --with-ns "network:/proc/$pid/ns/net" --with-ns "pid:/proc/$pid/ns/pid" "$IMAGE" beside \
    sh -c 'readlink /proc/self/ns/net; ps -o args | grep -c "^sleep 1000"')" = "$(readlink "/proc/$pid/ns/net")"$'\n1' ]
}

@test "containerd: takes the configuration of docs/kubernetes.md" {
  sed -n '/^```toml containerd/,/^```/p' "$BATS_TEST_DIRNAME/../../docs/kubernetes.md" | grep -v '^```' >"$T/config.toml"
  grep -q '/usr/local/bin/caisson-oci' "$T/config.toml"
  run containerd --config "$T/config.toml" config dump
  [ "$status" -eq 0 ]
  [[ "$output" == *'runtimes.caisson.options]'*'BinaryName = "/usr/local/bin/caisson-oci"'* ]]
}
