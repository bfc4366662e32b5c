# Containers of an ordinary user who has logged in, with a systemd of their own, which may hand limits on.
load ../system/helper
load helper

logged_in() { as_user "$BIN" "$@"; }
# The same where limits may be set: in the part of the cgroups that systemd delegates to the user.
delegated() { as_user systemd-run --user --scope --quiet "$BIN" "$@"; }

setup() {
  caisson_setup
  U=$(id -u user)
}

teardown() {
  local left
  [ ! -e "$T/sysctls" ] || sysctl -q --load="$T/sysctls"
  mapfile -t left < <(logged_in ps -aq)
  [ "${#left[@]}" -eq 0 ] || logged_in rm -f "${left[@]}"
  as_user rm -rf .local/share/caisson "/run/user/$U/caisson"
  caisson_teardown
}

@test "login: run, ps, exec, logs, enter, stop, rm, with the directories of the desktop's specification" {
  run -0 logged_in run --rm builtin:busybox cat /proc/self/uid_map
  [ "$(awk '{print $1, $2, $3}' <<<"${lines[0]}")" = "0 $U 1" ]
  [ "$(awk '{print $1, $3}' <<<"${lines[1]}")" = "1 65536" ]
  logged_in run -d --name kept builtin:busybox sh -c 'echo begun; exec sleep 1000'
  [ -d "/run/user/$U/caisson/containers" ]
  [[ "$(logged_in ps --format '{{.Names}} {{.State}}')" = "kept running" ]]
  [ "$(logged_in exec kept id -u)" = 0 ]
  [ "$(logged_in logs kept)" = begun ]
  [ "$(logged_in enter "$(logged_in inspect -f '{{.State.Pid}}' kept)" hostname)" = "$(logged_in inspect -f '{{.Config.Hostname}}' kept)" ]
  [ "$(caisson ps -aq)" = "" ]
  logged_in stop -t 0 kept
  logged_in rm kept
}

@test "login: in a session no limit can be set, which is said with the file" {
  run -0 logged_in run --rm -m 100m builtin:busybox echo ran
  [[ "$output" = *"-m 100m: no such limit is set: user $U may not write to /sys/fs/cgroup/user.slice/user-$U.slice"*ran* ]]
}

# sysctl_for_test NAME VALUE: until the end of the test.
sysctl_for_test() {
  echo "$1=$(sysctl -n "$1")" >>"$T/sysctls"
  sysctl -q "$1=$2"
}

@test "login: on a host whose user namespaces are switched off, that is said, with the sysctl" {
  sysctl_for_test user.max_user_namespaces 0
  run -125 logged_in run --rm builtin:busybox true
  [[ "$output" = *"No space left on device"*"sysctl -w user.max_user_namespaces="* ]]
}

@test "login: on a host where they are for root alone, as Debian's once were, that is said, with the sysctl" {
  sysctl_for_test kernel.unprivileged_userns_clone 0
  run -125 logged_in run --rm builtin:busybox true
  [[ "$output" = *"Operation not permitted"*"sysctl -w kernel.unprivileged_userns_clone=1"* ]]
}

@test "login: below the user's systemd limits hold" {
  run -0 delegated run --rm -m 30m --pids-limit 20 builtin:busybox cat /proc/self/cgroup /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max
  [ "$output" = "0::/
31457280
20" ]
  run -137 delegated run --rm -m 16m --memory-swap 16m builtin:busybox tail /dev/zero
  [[ "$output" = *"the memory limit of 16 MiB was reached"* ]]
}

@test "login: cgroups that a container has given to users of its own go with it" {
  delegated run -d --name giver --systemd=always builtin:busybox sh -c \
    'cd /sys/fs/cgroup && mkdir given && chown 7 given && su -s /bin/sh -c "mkdir given/below" bin; chown 7 given given/below; echo done; exec sleep 1000'
  within 20 eval '[ "$(logged_in logs giver)" = done ]'
  logged_in rm -f giver
  [ -z "$(find /sys/fs/cgroup -name given)" ]
}
