# The virtual machine is what the tests in it take it for.
load ../system/helper
load helper

@test "machine: Debian's kernel, older than what caisson is developed on" {
  [[ "$(uname -r)" = 6.1.*-cloud-amd64 ]]
  [[ "$(cat /proc/cmdline)" = *CAISSON_TEST_PATIENCE* ]]
}

@test "machine: cgroup v2 alone, with its controllers, under systemd" {
  [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
  for controller in cpuset cpu io memory hugetlb pids; do grep -qw $controller /sys/fs/cgroup/cgroup.controllers; done
  [ "$(cat /proc/1/comm)" = systemd ]
  [[ "$(cat /proc/self/cgroup)" = 0::/system.slice/payload.service* ]]
}

@test "machine: AppArmor is on" {
  [ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]
}

@test "machine: a user logs in, with a systemd of their own and subordinate ids" {
  run -0 as_user sh -c 'id -un; echo "$XDG_RUNTIME_DIR"; cat /proc/self/cgroup; systemctl --user is-system-running --wait'
  [ "${lines[0]}" = user ]
  [ "${lines[1]}" = "/run/user/$(id -u user)" ]
  [[ "${lines[2]}" = 0::/user.slice/user-*.slice/session-*.scope ]]
  [ "${lines[3]}" = running ]
  grep -q '^user:' /etc/subuid /etc/subgid
  run -3 as_user sh -c 'exit 3'
}
