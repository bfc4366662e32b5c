# User namespaces of root's containers: whose ids they have, and that nothing on the disk changes hands for it.
load helper

STATE_TOP=/var/tmp  # memory shows the owners that a container sees from Linux 6.3 on, a disk before
MAPS=(--uidmap=0:200000:65536 --gidmap=0:300000:65536)

# Runs a command with other subordinate ids than the host's: with_ids TEXT COMMAND….
with_ids() {
  printf '%s\n' "$1" >"$T/ids"
  # shellcheck disable=SC2016 # for the shell in the new mount namespace
  unshare --mount --propagation private sh -c '
    for file in /etc/subuid /etc/subgid; do [ -e "$file" ] || touch "$file"; mount --bind "$0" "$file"; done; exec "$@"' \
    "$T/ids" "${@:2}"
}

@test "userns: --uidmap and --gidmap are the maps, one stands for the other" {
  run -0 --separate-stderr box "${MAPS[@]}" sh -c 'id -u; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; cat /proc/self/setgroups'
  [ "$output" = "0
 0 200000 65536
 0 300000 65536
allow" ]
  [ -z "$stderr" ]
  run -0 box --gidmap=0:5000:1000 --gidmap=1000:9000:1 sh -c 'cat /proc/self/uid_map /proc/self/gid_map | tr -s " "'
  [ "$output" = " 0 5000 1000
 1000 9000 1
 0 5000 1000
 1000 9000 1" ]
}

@test "userns: its processes are the mapped users on the host" {
  caisson run -d --name one "${MAPS[@]}" builtin:busybox sleep 100
  caisson run -d --name two "${MAPS[@]}" -u nobody builtin:busybox sleep 100
  [ "$(stat -c %u:%g "/proc/$(caisson inspect --format '{{.State.Pid}}' one)")" = 200000:300000 ]
  [ "$(stat -c %u:%g "/proc/$(caisson inspect --format '{{.State.Pid}}' two)")" = 265534:365534 ]
}

@test "userns: files keep their owners on the disk" {
  caisson run -d --name one "${MAPS[@]}" builtin:busybox sh -c 'touch /mine /other; chown 7:8 /other; sleep 100'
  within 3 caisson exec one test -e /other
  [ "$(caisson exec one stat -c %u:%g / /etc /bin/busybox /mine /etc/hosts /etc/hostname /etc/resolv.conf | uniq)" = 0:0 ]
  [ "$(caisson exec one stat -c %u:%g /other)" = 7:8 ]
  upper=$(caisson inspect --format '{{.Rootfs.Upper}}' one)
  [ "$(stat -c %u:%g "$upper/mine")" = 0:0 ] || [ "$(stat -c %u:%g "$upper/other")" = 7:8 ]
  [ -z "$(find "$T/root/" -uid +199999 -print -quit)" ]
  [ "$(find "$T/root/layers/" -maxdepth 2 -path '*/sha256/*' | wc -l)" -eq 1 ]
}

@test "userns: nothing of the host's mounts is left inside" {
  run -0 box "${MAPS[@]}" cat /proc/self/mountinfo
  [ "$(awk '$5 == "/"' <<<"$output" | wc -l)" -eq 1 ]
  [[ "$output" != *" /var "* && "$output" != *" /tmp "* ]]
  caisson run -d --name one "${MAPS[@]}" builtin:busybox sleep 100
  [ "$(caisson exec one ls /)" = "$(box "${MAPS[@]}" ls /)" ]
}

@test "userns: a directory of the host, in place or below an overlay, has the container's owners" {
  root=$(rootfs) && chown 33:44 "$root/etc/profile"
  [ "$(caisson run --rm "${MAPS[@]}" "$root" sh -c 'touch /made; stat -c %u:%g /etc/profile /made')" = "33:44
0:0" ]
  [ "$(stat -c %u:%g "$root/made")" = 0:0 ]
  [ "$(caisson run --rm "${MAPS[@]}" "$root:O" sh -c 'touch /more; rm /made; stat -c %u:%g /etc/profile /more')" = "33:44
0:0" ]
  [ -e "$root/made" ]
  [ ! -e "$root/more" ]
}

@test "userns: volumes are not shifted unless that is asked for" {
  mkdir "$T/d" && touch "$T/d/f"
  [ "$(box "${MAPS[@]}" -v"$T/d:/d" stat -c %u:%g /d/f)" = 65534:65534 ]
  run box "${MAPS[@]}" -v"$T/d:/d" touch /d/new
  [[ "$output" = *"Permission denied"* ]]
  [ "$(box "${MAPS[@]}" -v"$T/d:/d:idmap" sh -c 'touch /d/new; stat -c %u:%g /d/f')" = 0:0 ]
  [ "$(stat -c %u:%g "$T/d/new")" = 0:0 ]
  [ "$(box "${MAPS[@]}" -u7:8 -v"$T/d:/d:U" stat -c %u:%g /d/f)" = 7:8 ]
  [ "$(stat -c %u:%g "$T/d/f")" = 200007:300008 ]
  run -125 box -v"$T/d:/d:idmap" true
  [[ "$output" = *"owners can be mapped by root alone"* ]]
}

@test "userns: exec and enter are in it" {
  caisson run -d --name one "${MAPS[@]}" builtin:busybox sleep 100
  users=$(caisson exec one readlink /proc/self/ns/user)
  [ "$users" != "$(readlink /proc/self/ns/user)" ]
  [ "$(caisson exec -u 7:8 one id -u)" = 7 ]
  pid=$(caisson inspect --format '{{.State.Pid}}' one)
  [ "$(caisson enter "$pid" readlink /proc/self/ns/user)" = "$users" ]
  [ "$(caisson enter "$pid" id -u)" = 0 ]
  [ "$(caisson inspect --format '{{.Spec.linux.uidMappings}}' one | tr -d ' \n')" != "" ]
}

@test "userns: another container's is joined" {
  caisson run -d --name one "${MAPS[@]}" builtin:busybox sleep 100
  users=$(caisson exec one readlink /proc/self/ns/user)
  [ "$(box --userns=container:one sh -c 'readlink /proc/self/ns/user; touch /f; stat -c %u /f /etc')" = "$users
0
0" ]
  [ "$(box --userns=container:one --network=container:one readlink /proc/self/ns/net)" = "$(caisson exec one readlink /proc/self/ns/net)" ]
  pid=$(caisson inspect --format '{{.State.Pid}}' one)
  [ "$(caisson run --rm "--userns=ns:/proc/$pid/ns/user" "$(rootfs)" readlink /proc/self/ns/user)" = "$users" ]
  run -125 box --userns=container:none true
  [[ "$output" = *"--userns container:none: no such container: none"* ]]
}

@test "userns: auto takes ids of 'containers' that no other container has, and gives them back" {
  run -125 with_ids "nobody:100000:65536" "${CAISSON[@]}" run --rm --userns=auto builtin:busybox true
  [[ "$output" = *"--userns auto: 'containers' has no ids in /etc/subuid"*"containers:1000000:1048576"* ]]
  with_ids "containers:1000000:200000" "${CAISSON[@]}" run -d --name a --userns=auto builtin:busybox sleep 100
  with_ids "containers:1000000:200000" "${CAISSON[@]}" run -d --name b --userns=auto builtin:busybox sleep 100
  [ "$(caisson exec a cat /proc/self/uid_map /proc/self/gid_map | tr -s ' ' | uniq)" = " 0 1000000 65536" ]
  [ "$(caisson exec b cat /proc/self/uid_map | tr -s ' ')" = " 0 1065536 65536" ]
  run -0 with_ids "containers:1000000:200000" "${CAISSON[@]}" run --rm --userns=auto:size=1000 builtin:busybox sh -c "tr -s ' ' </proc/self/uid_map"
  [ "$output" = " 0 1131072 1000" ]
  run -125 with_ids "containers:1000000:140000" "${CAISSON[@]}" run --rm --userns=auto builtin:busybox true
  [[ "$output" = *"no 65536 ids in a row left"* ]]
  caisson rm -f a
  run -0 with_ids "containers:1000000:140000" "${CAISSON[@]}" run --rm --userns=auto builtin:busybox sh -c "tr -s ' ' </proc/self/uid_map"
  [ "$output" = " 0 1000000 65536" ]
}

@test "userns: many at once with auto are all different" {
  for n in {1..6}; do
    with_ids_at "$n" &
  done
  wait
  [ "$(for n in {1..6}; do caisson exec "c$n" cat /proc/self/uid_map; done | sort -u | wc -l)" -eq 6 ]
}
with_ids_at() {
  mkdir -p "$T/at$1"
  printf 'containers:1000000:1048576\n' >"$T/at$1/ids"
  # shellcheck disable=SC2016 # for the shell in the new mount namespace
  unshare --mount --propagation private sh -c '
    for file in /etc/subuid /etc/subgid; do mount --bind "$0" "$file"; done; exec "$@"' \
    "$T/at$1/ids" "${CAISSON[@]}" run -d --name "c$1" --userns=auto builtin:busybox sleep 100
}

@test "userns: a terminal, devices and limits are there as without" {
  run -0 box "${MAPS[@]}" -t tty
  [[ "$output" = *"/dev/pts/0"* ]]
  box "${MAPS[@]}" sh -c 'echo x >/dev/null && head -c 1 /dev/zero >/dev/null && [ -c /dev/tty ]'
  [ "$(box "${MAPS[@]}" --device=/dev/null:/dev/mine stat -c %t:%T /dev/mine)" = 1:3 ]
  run box "${MAPS[@]}" --cap-add=ALL mknod /null c 1 3
  [[ "$output" = *"Operation not permitted"* ]]
  run -137 box "${MAPS[@]}" -m16m tail /dev/zero
  [[ "$output" = *"the memory limit of 16 MiB was reached"* ]]
}

@test "userns: what cannot be is refused, and leaves nothing" {
  run -125 box --userns=keep-id true
  [[ "$output" = *"keep-id is for ordinary users"* ]]
  run -125 box --userns=auto --uidmap=0:1:1 true
  [[ "$output" = *"--uidmap 0:1:1 and --userns auto exclude each other"* ]]
  run -125 box --uidmap=0:1:10 --uidmap=5:100:10 true
  [[ "$output" = *"overlap"* ]]
  run -125 box --uidmap=0:200000:10 -u50 true
  [[ "$output" = *"has no mapping in the container's user namespace, which has 0 to 9"* ]]
  nothing_kept
}

@test "userns: the same maps as runc makes" {
  require_program runc
  local bundle=$STATE/bundle  # where others get to, as runc wants it
  chmod 755 "$STATE" && mkdir -p "$bundle/rootfs" && tar -xzf "$BUILTIN" -C "$bundle/rootfs"
  runc spec --bundle "$bundle"
  python3 - "$bundle/config.json" <<'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))
config["process"].update(terminal=False, args=["cat", "/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups"])
config["linux"]["namespaces"].append({"type": "user"})
config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 65536}]
config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 300000, "size": 65536}]
json.dump(config, open(sys.argv[1], "w"))
PYTHON
  chown -R 200000:300000 "$bundle/rootfs"
  oracle=$(runc --root "$T/runc" run --bundle "$bundle" "caisson-oracle-$$")
  [ "$(box "${MAPS[@]}" cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups)" = "$oracle" ]
}

@test "userns: a hard limit above the host's is raised from outside, for exec too" {
  prlimit --msgqueue=819201:819201 true 2>/dev/null || skip "root may not raise limits here"
  run -0 box "${MAPS[@]}" --ulimit=msgqueue=819201:819201 grep msgqueue /proc/self/limits
  [[ "$output" = *819201*819201* ]]
  caisson run -d --name raised "${MAPS[@]}" --ulimit msgqueue=819201:819201 builtin:busybox sleep 1000
  run -0 caisson exec raised grep msgqueue /proc/self/limits
  [[ "$output" = *819201*819201* ]]
}
