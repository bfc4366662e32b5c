# What cgroup v2 has of its own: controllers from the top down, devices by a program, pressure, delegation, nesting.
load ../system/helper
load helper

# A root filesystem that needs no program of the host to be unpacked, for containers inside containers.
inner() { tar -xzf "$BUILTIN" -C "$(mkdir -p "$STATE/inner" && echo "$STATE/inner")"; }

# A command in a service of the machine's systemd, with properties of it: in_service [-p PROPERTY]… COMMAND…
in_service() { systemd-run --quiet --wait --pipe -E CAISSON_NETWORK "$@"; }

# The machine's own disk, which no container is to get at: a device that is there, by its numbers.
DISK="b $(stat -c '%Hr %Lr' /dev/vda)"

# Allocates for ever, in a child of the first process.
EATER='sh -c "x=\$(head -c 1000000 /dev/zero | tr \"\\0\" x); while :; do x=\$x\$x; done"; echo lived on'

@test "cgroup v2: a container is born in its cgroup, which is the root of its namespace" {
  run -0 caisson explain run builtin:busybox true
  [[ "$output" = *"born in the cgroup of slot /sys/fs/cgroup/caisson-"* ]]
  [[ "$output" = *"enable +pids +memory for the cgroups below /sys/fs/cgroup"* ]]
  [ "$(box cat /proc/self/cgroup)" = 0::/ ]
  [ "$(box cat /sys/fs/cgroup/cgroup.type)" = domain ]
}

@test "cgroup v2: where clone3 is refused the container joins its cgroup" {
  run -0 in_service -p SystemCallFilter=~clone3 -p SystemCallErrorNumber=ENOSYS "${CAISSON[@]}" run --rm -m 30m builtin:busybox cat /proc/self/cgroup /sys/fs/cgroup/memory.max
  [ "$output" = "0::/
31457280" ]
}

@test "cgroup v2: of devices those alone that are given can be used" {
  run -0 box --cap-add=MKNOD sh -c "mknod /tmp/null c 1 3 && echo x >/tmp/null && mknod /tmp/disk $DISK"
  run ! box --cap-add=MKNOD sh -c "mknod /tmp/disk $DISK && head -c 1 /tmp/disk"
  [[ "$output" = *"Operation not permitted"* ]]
  run -0 box --device=/dev/vda:/dev/disk:r sh -c 'head -c 1 /dev/disk | wc -c'
  [ "$output" = 1 ]
  run ! box --device=/dev/vda:/dev/disk:r sh -c 'echo x >>/dev/disk'
  [[ "$output" = *"Operation not permitted"* ]]
  run -0 box --privileged sh -c 'head -c 1 /dev/vda | wc -c'
}

@test "cgroup v2: an exec is held to the same devices" {
  caisson run -d --name held --cap-add=MKNOD builtin:busybox sleep 1000
  run ! caisson exec held sh -c "mknod /tmp/disk $DISK && head -c 1 /tmp/disk"
  [[ "$output" = *"Operation not permitted"* ]]
}

@test "cgroup v2: memory.oom.group takes all of a container's processes together" {
  run -137 caisson run --name grouped -m 20m --memory-swap 20m --cgroup-conf memory.oom.group=1 builtin:busybox sh -c "$EATER"
  [[ "$output" = *"the memory limit of 20 MiB was reached"*"of all processes together"* ]] || { echo "$output" && false; }
  run -0 caisson run --name alone -m 20m --memory-swap 20m builtin:busybox sh -c "$EATER"
  [[ "$output" = *"lived on"*"1 process inside was killed at the memory limit of 20 MiB"* ]]
}

@test "cgroup v2: files by name, and those that are not there" {
  [ "$(box --cgroup-conf=memory.high=12345678 cat /sys/fs/cgroup/memory.high)" = 12345344 ] # whole pages
  run -125 box --cgroup-conf=memory.nonsense=1 true
  [[ "${lines[0]}" = "caisson: error: "*"memory.nonsense"* ]]
  run -125 box --cgroup-conf=cgroup.procs=1 true
  [[ "${lines[0]}" = *"caisson's own to write"* ]]
}

@test "cgroup v2: inspect tells of pressure" {
  caisson run -d --name pressed builtin:busybox sh -c 'while :; do :; done'
  within 10 sh -c "[ \"\$($(printf '%q ' "${CAISSON[@]}") inspect -f '{{.Pressure.cpu.Some.TotalUs}}' pressed)\" -ge 0 ]"
  [[ "$(caisson inspect -f '{{json .Pressure}}' pressed)" = *'"io":{"Some":{"Avg10":'*'"memory":{"Some":'* ]]
}

@test "cgroup v2: rm -f kills whatever a container holds at once" {
  caisson run -d --name crowd builtin:busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do (trap "" TERM; sleep 1000) & done; wait'
  within 5 sh -c '[ "$(pgrep -fxc "sleep 1000")" -ge 8 ]'
  caisson rm -f crowd
  run ! pgrep -fx 'sleep 1000'
}

@test "cgroup v2: a cgroup with processes of its own is refused as a parent, with the file and the way out" {
  local own
  own=$(sed s/0::// /proc/self/cgroup)
  run -125 box "--cgroup-parent=$own" true
  [[ "${lines[0]}" = "caisson: error: "*"write(\"/sys/fs/cgroup$own/cgroup.subtree_control\""*"busy" ]]
  [[ "${lines[1]}" = "hint: processes are in /sys/fs/cgroup$own itself"* ]]
}

@test "cgroup v2: in a service with a delegated cgroup" {
  run -0 in_service -p Delegate=yes "${CAISSON[@]}" run --rm -m 30m builtin:busybox cat /sys/fs/cgroup/memory.max
  [ "$output" = 31457280 ]
}

@test "cgroup v2: caisson in a container of caisson has limits, devices and a namespace of its own" {
  inner
  run -0 --separate-stderr box --privileged "-v=$BUILD:/caisson" "-v=$STATE/inner:/inner" "--env=DISK=$DISK" --env=CAISSON_NETWORK sh -ec '
    inner() { /caisson/bin/caisson --root /run/a --runroot /run/b run --rm "$@"; }
    cat /proc/self/cgroup
    inner -m 30m /inner cat /proc/self/cgroup /sys/fs/cgroup/memory.max
    cat /proc/self/cgroup
    inner --cap-add MKNOD /inner sh -c "mknod /dev/disk $DISK; head -c 1 /dev/disk" && exit 1
    inner -m 16m --memory-swap 16m /inner tail /dev/zero && exit 1
    find /sys/fs/cgroup -mindepth 1 -type d'
  [ "$output" = "0::/
0::/
31457280
0::/caisson.processes
/sys/fs/cgroup/caisson.processes" ]
  [[ "$stderr" = *"the memory limit of 16 MiB was reached"* ]] || { echo "$stderr" && false; }
  [[ "$stderr" = *"Operation not permitted"* ]]
}

@test "cgroup v2: in a container whose cgroups are read-only it says so" {
  inner
  run ! box "-v=$BUILD:/caisson" "-v=$STATE/inner:/inner" --cap-add=ALL --env=CAISSON_NETWORK \
    /caisson/bin/caisson --root /tmp/a --runroot /tmp/b run --rm /inner true
  [[ "$output" = *"mkdir(\"/sys/fs/cgroup/caisson-"*"Read-only file system"*"hint: the cgroup file system is mounted read-only"* ]] ||
    { echo "$output" && false; }
}
