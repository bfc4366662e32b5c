# Containers in containers: the runtime under test in a container of its own.
load helper

# The container of the working directory gets the runtime as /bin/runtime, and a bundle for it in /inner.
setup() {
  conformance_setup
  [ -n "${T:-}" ] || return 0
  cp "$(command -v "$RUNTIME")" rootfs/bin/runtime
  for library in $(ldd rootfs/bin/runtime 2>/dev/null | grep -o '/[^ ]*'); do
    mkdir -p "rootfs$(dirname "$library")"
    cp "$library" "rootfs$library"
  done
  mkdir rootfs/inner
  cp -a "$ONCE/rootfs" rootfs/inner/rootfs
  sed 's|/CGROUP/|/inner/|' "$ONCE/config.json" >rootfs/inner/config.json
  mkdir -p rootfs/sys/fs/cgroup
  # What a runtime needs, and no more.
  config 'process.capabilities = {kind: ["CAP_" + name for name in """AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER KILL MKNOD NET_ADMIN
      NET_BIND_SERVICE SETGID SETPCAP SETUID SYS_ADMIN SYS_CHROOT SYS_PTRACE""".split()] for kind in ("bounding", "effective", "permitted")}' \
    'mounts.append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev"]})' \
    'linux.namespaces.append({"type": "cgroup"})'
}

# The outer container, with nothing in the cgroup that is its cgroups' root: version 2 wants that of one with others below.
outer() {
  sleeper box
  # shellcheck disable=SC2016 # for the container's shell
  runtime exec box sh -c '[ ! -e /sys/fs/cgroup/cgroup.controllers ] || { mkdir /sys/fs/cgroup/init &&
    for pid in 1 $$; do echo $pid >/sys/fs/cgroup/init/cgroup.procs; done; }'
}
inner() { runtime exec box /bin/runtime --root /run/state "$@"; }
in_inner() { (cd rootfs/inner && "$@"); }

@test "nesting: a container runs in a container, as any other does" {
  in_inner script 'echo "$$ $(id -u)"; test -c /dev/null && echo y >/dev/null; exit 5'
  outer
  run -5 inner run --bundle /inner one
  [ "$output" = "1 0" ]
  in_inner process sleep 1000
  runtime exec box sh -c 'exec /bin/runtime --root /run/state create --bundle /inner two </dev/null >/tmp/said 2>&1'
  inner start two
  [ "$(inner list -q)" = two ]
  run -0 inner exec two cat /proc/1/comm
  [ "$output" = sleep ]
  inner kill two KILL
  within 5 eval 'inner state two | grep -q stopped'
  inner delete two
  run -0 runtime exec box ls /run/state
  [ -z "$output" ]
}

@test "nesting: the inner container's cgroup is below the outer's, with limits of its own" {
  in_inner config 'linux.resources.pids.limit = 20'
  in_inner process sleep 1000
  outer
  runtime exec box sh -c 'exec /bin/runtime --root /run/state run --detach --bundle /inner one </dev/null >/tmp/said 2>&1'
  local cgroups
  cgroups=$(own_cgroups | grep "$CGROUP/box/inner/box$")
  [ "$(for cgroup in $cgroups; do cat "$cgroup/pids.max" 2>/dev/null || true; done)" = 20 ]
  # The outer's end is the inner's.
  runtime delete --force box
  [ -z "$(own_cgroups)" ]
}

@test "nesting: in a user namespace, without a cgroup of its own where none can be made" {
  config 'linux.namespaces.append({"type": "user"})' 'del linux.maskedPaths' 'del linux.readonlyPaths' \
    'linux.uidMappings = linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
  chown -Rh 100000:100000 rootfs
  in_inner config 'del linux.cgroupsPath' 'del linux.resources'
  in_inner script 'cat /proc/self/uid_map; test -c /dev/null && echo y >/dev/null; ps | grep -c [s]leep; exit 6'
  sleeper box
  run -6 inner run --bundle /inner one
  [[ "$output" =~ ^\ +0\ +100000\ +65536$'\n'0$ ]]
  # One that is asked for, or a limit, is refused in words.
  in_inner config 'linux.resources.pids.limit = 20'
  run -1 inner run --bundle /inner one
  [[ "$output" =~ cgroup ]]
  run -0 runtime exec box ls /run/state
  [ -z "$output" ]
}
