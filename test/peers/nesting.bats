# The runtime under test in a container of podman's with podman's default profile: no capability to mount or to make a
# namespace, a read-only /sys/fs/cgroup, parts of /proc masked. What is left is what any user has: a user namespace.
load helper

setup_file() {
  require_world
  podman_ready nesting
  local rootfs=$FILES/nesting/bundle/rootfs
  mkdir -p "$rootfs"/{dev,proc,tmp}
  tar -xzf "$BUILTIN" -C "$rootfs"
  cat >"$FILES/nesting/bundle/config.json" <<END
{
  "ociVersion": "1.0.2",
  "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"],
              "args": ["sh", "-c", "id -u; test -c /dev/null && echo y >/dev/null; readlink /proc/self/ns/pid; exit 7"]},
  "root": {"path": "rootfs"},
  "mounts": [{"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]},
             {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}],
  "linux": {"namespaces": [{"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]}
}
END
}

setup() {
  peers_setup
  cp -a "$FILES/nesting/bundle" "$T/bundle"
}

teardown() {
  podman rm --all --force --time 0 >/dev/null
  peers_teardown
}

# A script in a container that has the bundle at /bundle, and the host's programs, the runtime among them, at /host.
in_podman() {
  podman run --rm --network none -v "$(dirname "$CAISSON_OCI"):/host:ro" -v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro \
    -v "$T/bundle:/bundle" --env RUNTIME="/host/$(basename "$CAISSON_OCI")" localhost/busybox:1 sh -c "$1"
}

@test "nesting: in podman's container, a container runs in a user namespace, without a cgroup" {
  run -7 in_podman 'exec /usr/bin/unshare --user --map-root-user $RUNTIME --root /tmp/state run --bundle /bundle one'
  [ "${lines[0]}" = 0 ]
  [[ "${lines[1]}" == pid:* ]]
}

@test "nesting: in podman's container, create, start, exec, kill and delete" {
  sed -i 's/id -u;.*exit 7/exec sleep 1000/' "$T/bundle/config.json"
  run -0 in_podman 'exec /usr/bin/unshare --user --map-root-user sh -ec "
    r() { $RUNTIME --root /tmp/state \"\$@\"; }
    r create --bundle /bundle one </dev/null >/dev/null
    r start one
    r exec one sh -c \"echo from inside; id -u\"
    r kill one KILL
    while r state one | grep -q running; do sleep 0.05; done
    r delete one
    rmdir /tmp/state"'
  [[ "$output" == *$'from inside\n0'* ]]
}

@test "nesting: in podman's container, root's containers with a user namespace run without anything before" {
  [ "$(basename "$CAISSON_OCI")" = caisson-oci ] || skip "runc and crun insist on a cgroup"
  sed -i 's/"namespaces": \[/"uidMappings": [ONE], "gidMappings": [ONE], "namespaces": [{"type": "user"}, /
    s/ONE/{"containerID": 0, "hostID": 0, "size": 1}/g' "$T/bundle/config.json"
  run -7 in_podman 'exec $RUNTIME --root /tmp/state run --bundle /bundle one'
  [ "${lines[0]}" = 0 ]
}

@test "nesting: in podman's container, what would need more is refused in one line that says so" {
  run ! in_podman 'exec $RUNTIME --root /tmp/state run --bundle /bundle one'
  [ -n "$output" ]
  [[ "$output" =~ ([Oo]peration not permitted|[Rr]ead-only file system|[Pp]ermission denied) ]]
}
