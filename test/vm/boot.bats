# A user's containers that boot: systemd without root, in the part of the cgroups that is the user's.
load ../system/helper
load helper

setup() { caisson_setup; }

teardown() {
  mapfile -t left < <(as_user "$BIN" ps -aq)
  [ "${#left[@]}" -eq 0 ] || as_user "$BIN" rm -f "${left[@]}"
  as_user rm -rf .local/share/caisson system.tar
  caisson_teardown
}

# Where the user's cgroups can be written to.
delegated() { as_user systemd-run --user --scope --quiet "$BIN" "$@"; }
reached() { delegated exec "$1" systemctl is-active --quiet multi-user.target; }

@test "boot: a user's systemd reaches multi-user, has cgroups below its own, and shuts down by stop" {
  local system=/home/user/system.tar
  tar -C / --one-file-system --exclude=./payload --exclude=./lib/modules --exclude=./usr/lib/modules --exclude=./usr/share/doc \
    --exclude=./var/lib/caisson --exclude=./var/cache --exclude=./var/lib/apt --exclude=./boot --exclude=./tmp/* --exclude=./home/* \
    --exclude=./etc/systemd/system/payload.service -cf "$system" .
  delegated run -d --name mine "$system" /sbin/init
  for _ in {1..60}; do ! reached mine || break; done
  reached mine
  [ "$(delegated exec mine systemctl show -P ControlGroup systemd-journald.service)" = /system.slice/systemd-journald.service ]
  [ "$(delegated exec mine systemd-run --quiet --wait --pipe echo from a unit)" = "from a unit" ]
  run -0 delegated exec mine journalctl -q -b -o cat
  [[ "$output" = *"Reached target multi-user.target"* ]]
  pid=$(as_user "$BIN" inspect -f '{{.State.Pid}}' mine)
  [[ "$(cat "/proc/$pid/cgroup")" = *"/user@$(id -u user).service/"* ]]
  # From a login, which may move nothing to where the user's systemd made the container.
  run -0 --separate-stderr as_user "$BIN" exec mine systemctl is-active multi-user.target
  [ "$output" = active ]
  [[ "$stderr" = *"warning: the process is not in the container's cgroup"* ]]
  as_user "$BIN" stop -t 60 mine
  [ "$(as_user "$BIN" inspect -f '{{.State.ExitCode}}' mine)" = 0 ]
}

@test "boot: where the user may make no cgroup, the error says what helps" {
  run -125 as_user "$BIN" run --rm --systemd=always builtin:busybox true
  [[ "$output" = *"systemd needs a cgroup of its own"*"systemd-run --user --scope"* ]]
}
