# Which capabilities a container has, and who in it.
load helper

# Bits by number: `mask 0 5` is capabilities 0 and 5, as /proc/PID/status prints them.
mask() {
  local value=0 bit
  for bit; do value=$((value | 1 << bit)); done
  printf '%016x' "$value"
}
# Chown DacOverride Fowner Fsetid Kill Setgid Setuid Setpcap NetBindService SysChroot Setfcap
DEFAULT=(0 1 3 4 5 6 7 8 10 18 31)

# The capability lines of /proc/self/status in a container: Inh Prm Eff Bnd Amb.
sets() { box "$@" sed -n 's/^Cap...:\t//p' /proc/self/status | paste -sd ' '; }

# What a container should have: expect "OPTIONS" INHERITABLE PERMITTED EFFECTIVE BOUNDING AMBIENT.
expect() {
  local options got
  read -ra options <<<"$1"
  got=$(sets "${options[@]}")
  [ "$got" = "${*:2}" ] || { printf '%s\n' "$1" "got      $got" "expected ${*:2}" && false; }
}
none=$(mask)

@test "capabilities: the default is podman's eleven" {
  local default
  default=$(mask "${DEFAULT[@]}")
  expect "" "$none" "$default" "$default" "$default" "$none"
}

@test "capabilities: --cap-add and --cap-drop, in any spelling" {
  local with without
  with=$(mask "${DEFAULT[@]}" 12) without=$(mask 1 3 4 5 6 7 8 10 18 31)
  expect --cap-add=NET_ADMIN "$none" "$with" "$with" "$with" "$none"
  expect --cap-add=cap_net_admin "$none" "$with" "$with" "$with" "$none"
  expect --cap-drop=chown "$none" "$without" "$without" "$without" "$none"
}

@test "capabilities: ALL" {
  local all one all_but
  all=$(sed -n 's/^CapBnd:\t//p' /proc/self/status)
  one=$(mask 10)
  all_but=$(printf '%016x' $((0x$all & ~(1 << 21))))
  expect --cap-add=ALL "$none" "$all" "$all" "$all" "$none"
  expect --cap-drop=ALL "$none" "$none" "$none" "$none" "$none"
  expect "--cap-drop=ALL --cap-add=NET_BIND_SERVICE" "$none" "$one" "$one" "$one" "$none"
  expect "--cap-add=all --cap-drop=SYS_ADMIN" "$none" "$all_but" "$all_but" "$all_but" "$none"
}

@test "capabilities: an ordinary user has those that were added, and they stay over exec" {
  local default one
  default=$(mask "${DEFAULT[@]}") one=$(mask 10)
  expect -u1000 "$none" "$none" "$none" "$default" "$none"
  expect "-u1000 --cap-add=NET_BIND_SERVICE" "$one" "$one" "$one" "$default" "$one"
}

@test "capabilities: an ordinary user binds port 80 with NET_BIND_SERVICE, and not without" {
  # httpd goes into the background once it has its port.
  run -0 box --sysctl=net.ipv4.ip_unprivileged_port_start=1024 -uwww-data --cap-add=net_bind_service httpd -p 127.0.0.1:80
  run -1 box --sysctl=net.ipv4.ip_unprivileged_port_start=1024 -uwww-data httpd -p 127.0.0.1:80
  [[ "$output" = *"ermission denied"* ]]
}

@test "capabilities: chown is refused without CAP_CHOWN" {
  run -0 box sh -c 'touch /file && chown 1000 /file'
  run -1 box --cap-drop=CHOWN sh -c 'touch /file && chown 1000 /file'
  [[ "$output" = *"Operation not permitted"* ]]
}

@test "capabilities: what they are for is refused without them" {
  run -1 box mount -t tmpfs tmpfs /mnt
  run -1 box hostname other
  run -1 box mknod /device c 1 3
  run ! box ip link set lo down
  run ! box -u1000 chroot / true
  run -0 box --cap-add=sys_admin --cap-add=mknod sh -c 'hostname other && mknod /device c 1 3'
}

@test "capabilities: --privileged is everything the caller has" {
  local all
  all=$(sed -n 's/^CapBnd:\t//p' /proc/self/status)
  expect --privileged "$none" "$all" "$all" "$all" "$none"
  run -0 box --privileged sh -c 'mount -t tmpfs tmpfs /mnt && grep -q " /sys rw" /proc/self/mountinfo && [ -b /dev/loop0 -o -c /dev/kmsg ]'
  run -0 box --privileged grep -c . /proc/keys /proc/timer_list
}

@test "capabilities: no new privileges, only when asked" {
  [ "$(box sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)" = 0 ]
  [ "$(box --security-opt=no-new-privileges sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)" = 1 ]
  [ "$(box --security-opt=no-new-privileges=true sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)" = 1 ]
  [ "$(box --security-opt=no-new-privileges=false sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)" = 0 ]
}

@test "capabilities: a set-uid program gives an ordinary user nothing with no-new-privileges" {
  local root
  root=$(rootfs)
  mkdir "$root/suid" && cp /bin/busybox "$root/suid/cat" && chmod 4755 "$root/suid/cat"
  echo secret >"$root/secret" && chmod 600 "$root/secret"
  [ "$(caisson run --rm -u 1000 "$root" /suid/cat /secret)" = secret ] || skip "busybox gives up what set-uid gives it"
  run -1 caisson run --rm -u 1000 --security-opt no-new-privileges "$root" /suid/cat /secret
  [[ "$output" = *"Permission denied"* ]]
}

@test "capabilities: an unknown one is an error with a suggestion" {
  run -125 box --cap-add=NET_ADMINN true
  [[ "${lines[0]}" = "caisson: error: "*--cap-add*NET_ADMINN* ]]
  [[ "$output" = *"NET_ADMIN"* ]]
  run -125 box --cap-drop=nonsense true
  [[ "${lines[0]}" = "caisson: error: "*--cap-drop*nonsense* ]]
}

@test "capabilities: those that exec gives are the container's" {
  caisson run -d --name held --cap-add NET_ADMIN builtin:busybox sleep 100
  local with
  with=$(mask "${DEFAULT[@]}" 12)
  [ "$(caisson exec held sed -n 's/^CapEff:\t//p' /proc/self/status)" = "$with" ]
}
