# A second process in a running container (exec), and in whatever else has namespaces (enter).
load helper

setup() {
  caisson_setup
  caisson run -d --name one -e FROM=run -w /usr --hostname box builtin:busybox sleep 1000
}
pid_of() { caisson inspect --format '{{.State.Pid}}' "$1"; }

@test "exec: is in all namespaces and the cgroup of the container" {
  local inside of_init
  inside=$(caisson exec one sh -c 'for name in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$name; done')
  of_init=$(for name in cgroup ipc mnt net pid user uts; do readlink "/proc/$(pid_of one)/ns/$name"; done)
  [ "$inside" = "$of_init" ]
  diff <(caisson exec one cat /proc/1/cgroup) <(caisson exec one cat /proc/self/cgroup)
  [ "$(caisson exec one hostname)" = box ]
  [[ "$(caisson exec one ps -o args)" = *"sleep 1000"* ]]
}

@test "exec: environment, directory and user are the container's, or those asked for" {
  run -0 caisson exec one sh -c 'echo $FROM; pwd; id -u; echo $HOME'
  [ "${lines[*]}" = "run /usr 0 /root" ]
  run -0 caisson exec -e FROM=exec -e MORE=1 -w /tmp -u www-data one sh -c 'echo $FROM $MORE; pwd; id -u; id -g'
  [ "${lines[*]}" = "exec 1 /tmp 33 33" ]
  [ "$(caisson exec -u 12:34 one sh -c 'id -u; id -g' | xargs)" = "12 34" ]
}

@test "exec: a directory that is not there is not made" {
  run ! caisson exec -w /missing one pwd
  [[ "$output" = */missing* ]]
  run ! caisson exec one ls -d /missing
}

@test "exec: exit statuses" {
  run -7 caisson exec one sh -c 'exit 7'
  run -127 caisson exec one no-such-command
  [[ "$output" = *no-such-command* ]]
  run -126 caisson exec one /etc/passwd
  run -137 caisson exec one sh -c 'kill -KILL $$'
  run ! caisson exec no-such-container true
  caisson run --name ended builtin:busybox true
  run ! caisson exec ended true
  [[ "$output" = *"not running"* ]]
}

@test "exec: standard input with -i; output and error apart" {
  [ "$(echo given | caisson exec -i one cat)" = given ]
  run -0 --separate-stderr caisson exec one sh -c 'echo out; echo error >&2'
  [ "$output" = out ]
  [ "$stderr" = error ]
}

@test "exec: -d does not wait" {
  run -0 timeout $((5 * PATIENCE)) "${CAISSON[@]}" exec -d one sh -c 'touch /begun; sleep 1000'
  within 5 caisson exec one test -e /begun
  [[ "$(caisson exec one ps -o args)" = *"sleep 1000"* ]]
}

@test "exec: capabilities are the container's, --privileged gives all" {
  local all
  all=$(sed -n 's/^CapBnd:\t//p' /proc/self/status)
  [ "$(caisson exec one sed -n 's/^CapEff:\t//p' /proc/self/status)" = 00000000800405fb ]
  [ "$(caisson exec --privileged one sed -n 's/^CapEff:\t//p' /proc/self/status)" = "$all" ]
}

@test "exec: only standard streams are open" {
  exec 8</etc/passwd
  run -0 caisson exec one sh -c 'ls /proc/$$/fd; true'
  exec 8<&-
  [[ "$(xargs <<<"$output")" = "0 1 2" ]]
}

@test "exec: twenty at once" {
  local pids=() i
  for i in {1..20}; do
    caisson exec one echo "$i" >"$T/out.$i" 2>&1 3>&- &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  for i in {1..20}; do [ "$(cat "$T/out.$i")" = "$i" ]; done
}

@test "exec: what it started ends with the container" {
  caisson exec -d one sleep 4714
  within 5 pgrep -fx 'sleep 4714'
  caisson rm -f one
  run ! pgrep -fx 'sleep 4714'
}

@test "enter: all namespaces, the root and the cgroup of a container" {
  local pid inside of_init
  pid=$(pid_of one)
  inside=$("$BIN" enter "$pid" sh -c 'for name in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$name; done')
  of_init=$(for name in cgroup ipc mnt net pid user uts; do readlink "/proc/$pid/ns/$name"; done)
  [ "$inside" = "$of_init" ]
  [ "$("$BIN" enter "$pid" hostname)" = box ]
  [[ "$("$BIN" enter "$pid" cat /etc/os-release)" = *ID=caisson-builtin* ]]
  [[ "$("$BIN" enter "$pid" ps -o args)" = *"sleep 1000"* ]]
  diff <("$BIN" enter "$pid" cat /proc/self/cgroup) <(caisson exec one cat /proc/1/cgroup)
}

@test "enter: --only chooses" {
  local pid
  pid=$(pid_of one)
  run -0 "$BIN" enter --only net,uts "$pid" sh -c 'for name in ipc mnt net pid uts; do readlink /proc/self/ns/$name; done'
  [ "${lines[0]}" = "$(readlink /proc/self/ns/ipc)" ]
  [ "${lines[1]}" = "$(readlink /proc/self/ns/mnt)" ]
  [ "${lines[2]}" = "$(readlink "/proc/$pid/ns/net")" ]
  [ "${lines[3]}" = "$(readlink /proc/self/ns/pid)" ]
  [ "${lines[4]}" = "$(readlink "/proc/$pid/ns/uts")" ]
  run -125 "$BIN" enter --only nonsense "$pid" true
  [[ "${lines[0]}" = "caisson: error: "*--only*nonsense* ]]
}

@test "enter: exit statuses, streams" {
  local pid
  pid=$(pid_of one)
  run -7 "$BIN" enter "$pid" sh -c 'exit 7'
  run -127 "$BIN" enter "$pid" no-such-command
  [ "$(echo given | "$BIN" enter "$pid" cat)" = given ]
  run -125 "$BIN" enter 4194303 true
  [[ "${lines[0]}" = "caisson: error: "*4194303* ]]
  run -125 "$BIN" enter nonsense true
}

@test "enter: a process that unshare made, with its own root" {
  local root target
  root=$(rootfs)
  mount --rbind /proc "$root/proc" && mount --make-rslave "$root/proc"
  unshare --uts --ipc --net --pid --fork --mount --root "$root" /bin/sleep 4715 3>&- &
  within 5 pgrep -fx '/bin/sleep 4715'
  target=$(pgrep -fx '/bin/sleep 4715' | tail -n 1)
  run -0 "$BIN" enter "$target" sh -c 'for name in ipc mnt net pid uts; do readlink /proc/self/ns/$name; done; cat /etc/os-release'
  local i=0 name
  for name in ipc mnt net pid uts; do
    [ "${lines[$((i++))]}" = "$(readlink "/proc/$target/ns/$name")" ] || { echo "$name: $output" && kill "$target" && false; }
  done
  kill -KILL "$target"
  umount -l "$root/proc"
  [[ "$output" = *ID=caisson-builtin* ]]
}

@test "enter: a process in a user namespace" {
  unshare --user --map-root-user --uts sh -c 'hostname in-user-namespace; exec sleep 4716' 3>&- &
  local target=$!
  within 5 pgrep -fx 'sleep 4716'
  run -0 "$BIN" enter "$target" sh -c 'hostname; readlink /proc/self/ns/user; id -u'
  local user
  user=$(readlink "/proc/$target/ns/user")
  kill -KILL "$target"
  [ "${lines[*]}" = "in-user-namespace $user 0" ]
}

@test "enter: nothing stays behind" {
  "$BIN" enter "$(pid_of one)" true
  caisson rm -f one
  nothing_kept
}
