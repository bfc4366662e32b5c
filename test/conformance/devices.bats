# Devices: the nodes and links of every container, those of the config, and the host's network devices.
load helper
load mounts

teardown() {
  [ -z "${NETWORK:-}" ] || kill "$NETWORK" "$OTHER_NETWORK" 2>/dev/null || true
  unmount_host_tmpfs
  conformance_teardown
}

# --- nodes -------------------------------------------------------------------------------------------------------------

@test "devices: those that every container has, and their links" {
  script 'cd /dev; for d in null zero full random urandom tty; do stat -c "%n %t:%T %a %u:%g %F" $d; done
          for l in fd stdin stdout stderr ptmx; do readlink $l; done; ls console 2>/dev/null; head -c 4 /dev/zero | wc -c; echo x >/dev/full'
  run runtime run box </dev/null
  [ "${lines[0]}" = "null 1:3 666 0:0 character special file" ]
  [ "${lines[1]}" = "zero 1:5 666 0:0 character special file" ]
  [ "${lines[2]}" = "full 1:7 666 0:0 character special file" ]
  [ "${lines[3]}" = "random 1:8 666 0:0 character special file" ]
  [ "${lines[4]}" = "urandom 1:9 666 0:0 character special file" ]
  [ "${lines[5]}" = "tty 5:0 666 0:0 character special file" ]
  [ "${lines[*]:6:5}" = "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx" ]
  [ "${lines[11]}" = 4 ]
  [[ "${lines[12]}" == *"No space left"* ]]
}

@test "devices: those of the config, with mode and owner, in directories that are made" {
  config 'linux.devices = [
    {"path": "/dev/deep/er/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 12, "gid": 34},
    {"path": "/dev/block", "type": "b", "major": 7, "minor": 0},
    {"path": "/dev/buffered", "type": "u", "major": 1, "minor": 5, "fileMode": 0o600},
    {"path": "/opt/fifo", "type": "p", "fileMode": 0o622}]'
  process stat -c '%n %t:%T %a %u:%g %F' /dev/deep/er/null /dev/block /dev/buffered /opt/fifo
  run -0 runtime run box </dev/null
  [ "${lines[0]}" = "/dev/deep/er/null 1:3 640 12:34 character special file" ]
  [[ "${lines[1]}" == "/dev/block 7:0 "*" block special file" ]]
  [ "${lines[2]}" = "/dev/buffered 1:5 600 0:0 character special file" ]
  [ "${lines[3]}" = "/opt/fifo 0:0 622 0:0 fifo" ]
}

@test "devices: the caller's umask takes nothing from their modes" {
  config 'linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]'
  process stat -c %a /dev/mine /dev/null
  umask 077
  run -0 runtime run box </dev/null
  [ "$output" = "666
666" ]
}

@test "devices: the config may have a default one its own way" {
  config 'linux.devices = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o662, "gid": 5}]' \
    'linux.resources.devices.append({"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"})'
  process stat -c '%a %u:%g' /dev/null
  run -0 runtime run box </dev/null
  [ "$output" = "662 0:5" ]
}

@test "devices: one that the image has already stays; another file in its place is refused" {
  config 'linux.devices = [{"path": "/opt/null", "type": "c", "major": 1, "minor": 3}]'
  mkdir rootfs/opt
  mknod -m 600 rootfs/opt/null c 1 3
  process stat -c '%t:%T' /opt/null
  run -0 runtime run box </dev/null
  [ "$output" = 1:3 ]
  not_on_runc "takes whatever is there"
  rm rootfs/opt/null
  mknod rootfs/opt/null c 1 5
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said /opt/null
}

@test "devices: a bound /dev is left as it is" {
  mkdir "$T/dev"
  mknod -m 666 "$T/dev/null" c 1 3
  config 'mounts = [m for m in mounts if not m["destination"].startswith("/dev")]'
  add_mount /dev bind "$T/dev" bind
  process ls /dev
  run -0 runtime run box </dev/null
  [ "$output" = null ]
}

@test "devices: no link of the image leads one out of it" {
  mkdir "$T/outside"
  ln -s "$T/outside" rootfs/opt
  config 'linux.devices = [{"path": "/opt/null", "type": "c", "major": 1, "minor": 3}]'
  run runtime run box </dev/null
  [ -z "$(ls -A "$T/outside")" ]
}

@test "devices: in a user namespace the host's own nodes are there" {
  in_user_namespace
  config 'linux.devices = [{"path": "/dev/full", "type": "c", "major": 1, "minor": 7}]'
  [ "$(runtime_name)" = runc ] || config 'linux.devices.append({"path": "/dev/fifo", "type": "p"})'  # it binds the host's
  script 'stat -c "%n %t:%T" /dev/null /dev/tty /dev/full; echo x >/dev/null && head -c 3 /dev/zero | wc -c; ls -l /dev/fifo 2>&1'
  run runtime run box </dev/null
  [ "${lines[*]:0:4}" = "/dev/null 1:3 /dev/tty 5:0 /dev/full 1:7 3" ]
  [ "$(runtime_name)" = runc ] || [[ "${lines[4]}" == p* ]]
}

# --- the devices cgroup ------------------------------------------------------------------------------------------------

@test "devices cgroup: the last rule that fits decides" {
  config 'linux.devices = [{"path": "/dev/own", "type": "c", "major": 10, "minor": 229}]'
  script 'if true </dev/own; then echo read; fi; if true >/dev/own; then echo write; fi'
  rules() { RULES=$1 config 'linux.resources.devices = [{"allow": False, "access": "rwm"}] + [
    {"allow": rule[0] == "+", "type": "c", "major": 10, "minor": 229, "access": rule[1:]} for rule in environ["RULES"].split()]'; }
  rules ''
  run runtime run box </dev/null
  [[ "$output" != *read* ]]
  [[ "$output" != *write* ]]
  rules '+rw'
  run -0 --separate-stderr runtime run box </dev/null
  [ "$output" = "read
write" ]
  rules '+rw -w'
  run --separate-stderr runtime run box </dev/null
  [ "$output" = read ]
  rules '-rw +w'
  run --separate-stderr runtime run box </dev/null
  [ "$output" = write ]
  config 'linux.resources.devices = [{"allow": True, "access": "rwm"}, {"allow": False, "type": "c", "major": 10, "minor": 229, "access": "r"}]'
  run --separate-stderr runtime run box </dev/null
  [ "$output" = write ]
}

@test "devices cgroup: nodes may be made, and the standard ones used, whatever the rules say" {
  config 'process.capabilities.bounding.append("CAP_MKNOD")' 'process.capabilities.effective.append("CAP_MKNOD")' \
    'process.capabilities.permitted.append("CAP_MKNOD")'
  script 'mknod /tmp/disk b 8 0 && echo made; true </tmp/disk || echo refused; echo >/dev/null && head -c1 /dev/urandom | wc -c'
  run -0 --separate-stderr runtime run box </dev/null
  [ "$output" = "made
refused
1" ]
}

# --- network devices ---------------------------------------------------------------------------------------------------

# A network namespace that stands for the host's, with the devices out0 (up, with addresses) and out1 (down).
a_host_network() {
  not_on_runc "has no netDevices"
  unshare --net sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
  NETWORK=$!
  unshare --net sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
  OTHER_NETWORK=$!
  within 5 own_network "$NETWORK"
  within 5 own_network "$OTHER_NETWORK"
  host ip link set lo up
  host ip link add out0 type veth peer name peer0
  host ip link add out1 type veth peer name peer1
  host ip link set peer0 netns "$OTHER_NETWORK"
  host ip link set peer1 netns "$OTHER_NETWORK"
  host ip address add 192.0.2.5/24 dev out0
  host ip address add 2001:db8::5/64 dev out0 nodad
  host ip link set out0 up
}
own_network() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
host() { nsenter --net="/proc/$NETWORK/ns/net" "$@"; }
runtime_there() { host "${RUNTIME_IN_T[@]}" "$@"; }

@test "netDevices: moved, with addresses, and up" {
  a_host_network
  config 'linux.netDevices = {"out0": {}}'
  script 'ip -o address show dev out0; ip link show out0'
  run -0 runtime_there run box </dev/null
  said 'inet 192.0.2.5/24'
  said 'inet6 2001:db8::5/64'
  [[ "$output" == *'out0'*'<'*UP*'>'* ]]
}

@test "netDevices: under another name, or the first that is free" {
  a_host_network
  config 'linux.netDevices = {"out0": {"name": "eth7"}, "out1": {"name": "net%d"}}'
  script 'cd /sys/class/net; echo *; ip -o address show dev eth7'
  run -0 runtime_there run box </dev/null
  [ "${lines[0]}" = "eth7 lo net0" ]
  said '192.0.2.5/24'
}

@test "netDevices: while the container lives the host has them no more" {
  a_host_network
  config 'linux.netDevices = {"out0": {"name": "eth0"}}'
  process sleep 1000
  runtime_there create box </dev/null >"$T/out" 2>&1 3>&- 4>&-
  run ! host ip link show out0
  runtime_there start box
  run -0 runtime exec box ip -o -4 address show dev eth0
  said 192.0.2.5/24
}

@test "netDevices: one that is missing is named; those moved before it come back as they were" {
  a_host_network
  config 'linux.netDevices = {"out0": {"name": "eth0"}, "out1": {}, "zzz": {}}'
  run runtime_there run box </dev/null
  [ "$status" -ne 0 ]
  said zzz
  run -0 host ip -o address show dev out0
  said 192.0.2.5/24
  said 2001:db8::5/64
  [[ "$(host ip link show out0)" == *'<'*,UP*'>'* ]]
  [[ "$(host ip link show out1)" != *,UP* ]]
}

@test "netDevices: back when a later step fails" {
  a_host_network
  config 'linux.netDevices = {"out0": {"name": "eth0"}}'
  process /nonexistent
  run runtime_there run box </dev/null
  [ "$status" -ne 0 ]
  run -0 host ip -o address show dev out0
  said 192.0.2.5/24
}

@test "netDevices: a name that is taken inside is refused, and the device stays the host's" {
  a_host_network
  config 'linux.netDevices = {"out0": {"name": "lo"}}'
  run runtime_there run box </dev/null
  [ "$status" -ne 0 ]
  said lo
  run -0 host ip -o address show dev out0
  said 192.0.2.5/24
}

@test "netDevices: none without a network namespace of the container's" {
  a_host_network
  config 'linux.netDevices = {"out0": {}}' 'linux.namespaces = [n for n in linux.namespaces if n["type"] != "network"]'
  run runtime_there run box </dev/null
  [ "$status" -ne 0 ]
  said network
  run -0 host ip link show out0
}

@test "netDevices: into a network namespace that is joined, and back when it does not come to that" {
  a_host_network
  config 'linux.netDevices = {"out0": {"name": "eth0"}}' \
    "[n for n in linux.namespaces if n['type'] == 'network'][0]['path'] = '/proc/$OTHER_NETWORK/ns/net'"
  process ip -o -4 address show dev eth0
  run -0 runtime_there run box </dev/null
  said 192.0.2.5/24
}
