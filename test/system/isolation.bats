# What a container shares with the host and with others: each namespace by itself, mounts, processes, network.
load helper

# The namespace $1 of a process of the host, here this shell.
host_namespace() { readlink "/proc/${2:-self}/ns/$1"; }
inside() { box "${@:2}" readlink "/proc/self/ns/$1"; }
pid_of() { caisson inspect --format '{{.State.Pid}}' "$1"; }

@test "isolation: mount, pid, network, ipc, uts and cgroup namespaces are new, user and time the host's" {
  run -0 box sh -c 'for name in cgroup ipc mnt net pid uts user time; do echo "$name $(readlink /proc/self/ns/$name)"; done'
  [ "${#lines[@]}" -eq 8 ]
  local name link shared=
  while read -r name link; do
    [ "$(host_namespace "$name")" != "$link" ] || shared="$shared $name"
  done <<<"$output"
  [ "$shared" = " user time" ]
}

@test "isolation: each namespace can be the host's, and the others stay new" {
  local row option name other
  for row in network:net pid:pid ipc:ipc uts:uts cgroupns:cgroup; do
    option=${row%:*} name=${row#*:}
    run -0 box "--$option=host" sh -c 'for name in cgroup ipc mnt net pid uts; do echo "$name $(readlink /proc/self/ns/$name)"; done'
    while read -r other link; do
      if [ "$other" = "$name" ]; then
        [ "$link" = "$(host_namespace "$name")" ] || { echo "--$option=host: not the host's $name" && false; }
      else
        [ "$link" != "$(host_namespace "$other")" ] || { echo "--$option=host: the host's $other" && false; }
      fi
    done <<<"$output"
  done
}

@test "isolation: each namespace can be another container's" {
  caisson run -d --name first builtin:busybox sleep 100
  local pid row
  pid=$(pid_of first)
  for row in network:net pid:pid ipc:ipc uts:uts cgroupns:cgroup; do
    run -0 inside "${row#*:}" "--${row%:*}=container:first"
    [ "$output" = "$(host_namespace "${row#*:}" "$pid")" ] || { echo "$row: $output" && false; }
  done
  run -125 box --network=container:nobody true
  [[ "${lines[0]}" = *--network*nobody* ]]
}

@test "isolation: each namespace can be joined by path" {
  caisson run -d --name first builtin:busybox sleep 100
  local pid row
  pid=$(pid_of first)
  for row in network:net pid:pid ipc:ipc uts:uts cgroupns:cgroup; do
    run -0 inside "${row#*:}" "--${row%:*}=ns:/proc/$pid/ns/${row#*:}"
    [ "$output" = "$(host_namespace "${row#*:}" "$pid")" ] || { echo "$row: $output" && false; }
  done
  run -125 box "--network=ns:$T/nowhere" true
  [[ "$output" = *"$T/nowhere"* ]]
  run -125 box "--network=ns:/proc/self/ns/uts" true
}

@test "isolation: several containers in one: network, pid and ipc at once" {
  caisson run -d --name first --ipc shareable builtin:busybox sleep 4711
  run -0 box --network=container:first --pid=container:first --ipc=container:first sh -c '
    readlink /proc/self/ns/net; readlink /proc/self/ns/pid; readlink /proc/self/ns/ipc; ps -o args'
  local pid
  pid=$(pid_of first)
  [ "${lines[0]} ${lines[1]} ${lines[2]}" = "$(host_namespace net "$pid") $(host_namespace pid "$pid") $(host_namespace ipc "$pid")" ]
  [[ "$output" = *"sleep 4711"* ]]
}

@test "isolation: /proc shows the container's processes alone" {
  run -0 box sh -c 'echo /proc/[0-9]*; cat /proc/1/cmdline | tr "\0" " "'
  [ "${lines[0]}" = /proc/1 ] || [ "${lines[0]}" = "/proc/1 /proc/2" ]
  [[ "${lines[1]}" = "sh -c "* ]]
}

@test "isolation: a process of the host cannot be killed, with --pid host it is seen" {
  sleep 300 3>&- &
  local sleeper=$!
  run ! box kill -0 "$sleeper"
  run -0 box --pid=host sh -c "tr '\0' ' ' </proc/$sleeper/cmdline"
  [ "$output" = "sleep 300 " ]
  kill "$sleeper"
}

@test "isolation: loopback is up, and there is nothing else" {
  run -0 box ip -o link
  [ "${#lines[@]}" -eq 1 ]
  [[ "${lines[0]}" = *" lo: "*LOOPBACK,UP* ]]
  box --cap-add=net_raw ping -c 1 -W 2 127.0.0.1
  run ! box wget -T 2 -q -O - http://192.0.2.1/
}

@test "isolation: with --network host a server inside is reached from the host" {
  caisson run -d --name web --network host builtin:busybox sh -c 'mkdir /www; echo served >/www/page; exec httpd -f -p 127.0.0.1:18473 -h /www'
  within 10 sh -c '[ "$(python3 -c "import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:18473/page\").read().decode())")" = served ]' ||
    { caisson logs web && false; }
}

@test "isolation: a network that is not there is no network, and none publishes no port, with a warning" {
  run -125 box --network=some-network true
  [[ "${lines[0]}" = "caisson: error: "*some-network* ]]
  run -0 box --network=none -p8080:80 true
  [[ "${lines[0]}" = "caisson: warning: "*8080:80* ]]
}

@test "isolation: no mount of the host is visible" {
  mkdir "$T/host-mount" && mount -t tmpfs hidden-from-containers "$T/host-mount"
  run -0 box cat /proc/self/mountinfo
  umount "$T/host-mount"
  [[ "$output" != *hidden-from-containers* ]]
  [ -z "$(grep -vE ' (/|/(proc|dev|sys|etc/(hosts|hostname|resolv.conf))(/[^ ]*)?) (rw|ro)' <<<"$output")" ] || { echo "$output" && false; }
}

@test "isolation: mounts made inside stay inside" {
  run -0 box --cap-add=sys_admin --security-opt=seccomp=unconfined sh -c 'mount -t tmpfs inner-mount /mnt && grep -c inner-mount /proc/self/mountinfo'
  [ "$output" = 1 ]
  mkdir "$T/shown"
  caisson run -d --name holder --privileged -v "$T/shown:/shown" builtin:busybox sh -c 'mount -t tmpfs inner-mount /shown; echo done; sleep 100'
  within 10 sh -c "[ \"\$(\"$BIN\" --root '$T/root' --runroot '$T/run' logs holder)\" = done ]"
  run ! grep inner-mount /proc/self/mountinfo
}

@test "isolation: the host's name stays, whatever is done inside" {
  local before
  before=$(hostname)
  box --cap-add=sys_admin hostname changed-inside
  box --hostname=other true
  [ "$(hostname)" = "$before" ]
}

@test "isolation: the cgroup namespace's root is the container's own cgroup" {
  run -0 box cat /proc/self/cgroup
  [ -z "$(grep -vE ':/$' <<<"$output")" ] || { echo "$output" && false; }
  run -0 box --cgroupns=host cat /proc/self/cgroup
  [[ "$output" = *:/*caisson* ]]
}

@test "isolation: System V and POSIX shared memory are its own" {
  local id
  id=$(ipcmk -M 4096 | grep -o '[0-9]*$')
  run -0 box cat /proc/sysvipc/shm
  ipcrm -m "$id"
  [ "${#lines[@]}" -eq 1 ]
  run -0 box ls /dev/shm
  [ -z "$output" ]
}

@test "isolation: two containers on one directory share it, and nothing else" {
  local root
  root=$(rootfs)
  caisson run -d --name one "$root" sleep 100
  caisson run --rm "$root" sh -c 'echo seen >/tmp/file'
  [ "$(caisson exec one cat /tmp/file)" = seen ]
  [ "$(caisson exec one readlink /proc/self/ns/pid)" != "$(caisson run --rm "$root" readlink /proc/self/ns/pid)" ]
}

@test "isolation: a tarball's containers share nothing they write" {
  box sh -c 'echo mine >/tmp/file'
  run ! box cat /tmp/file
}
