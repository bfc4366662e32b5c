# Containers that boot: systemd, and what it asks of whoever runs it, from the first process to an orderly end; OpenRC.
load helper
load debian

# In the virtual machine, its own system without the service that runs these tests; made before the host is looked at.
setup_file() {
  [ -d /payload ] || return 0
  local top=$BATS_FILE_TMPDIR
  mkdir "$top/systemd" "$top/changes"
  mount -t tmpfs changes "$top/changes"
  mkdir -p "$top/changes/etc/systemd/system"
  ln -s /dev/null "$top/changes/etc/systemd/system/payload.service"
  mount -t overlay -o "lowerdir=$top/changes:/" system "$top/systemd"
}

setup() {
  caisson_setup
  require_root
}

# $SYSTEM, with systemd.
require_system() {
  SYSTEM=$BATS_FILE_TMPDIR/systemd
  unpack systemd systemd-sysv,dbus,procps
}

# $OPENRC, with OpenRC as sysvinit's runlevels and as an init of its own, and a service that notes how it was stopped.
require_openrc() {
  OPENRC=$BATS_FILE_TMPDIR/openrc
  unpack openrc sysvinit-core,openrc,procps
  cat >"$OPENRC/etc/init.d/worker" <<'END'
#!/sbin/openrc-run
command=/bin/sleep
command_args=100000
command_background=yes
pidfile=/run/worker.pid
stop_post() { echo stopped >>/var/log/worker; }
END
  chmod +x "$OPENRC/etc/init.d/worker"
  ln -sf /etc/init.d/worker "$OPENRC/etc/runlevels/default/worker"
}

teardown_file() {
  ! mountpoint -q "$BATS_FILE_TMPDIR/systemd" || umount "$BATS_FILE_TMPDIR/systemd" "$BATS_FILE_TMPDIR/changes"
}

is_up() { [[ "$(caisson exec "$1" systemctl is-system-running 2>/dev/null)" = @(running|degraded) ]]; }
reached() { caisson exec "$1" systemctl is-active --quiet multi-user.target; }
works() { caisson exec "$1" rc-service worker status; }
stopped() { caisson cp "$1:/var/log/worker" - | tar -xO; }

@test "system: Debian's systemd boots to multi-user, has a journal and units, and shuts down by stop" {
  require_system
  caisson run -d --name debian "$SYSTEM:O" /sbin/init >/dev/null
  within 60 reached debian
  within 60 is_up debian
  [ "$(caisson inspect -f '{{.Config.SystemdMode}} {{.Config.StopSignal}}' debian)" = "true 37" ]
  [ "$(caisson exec debian cat /proc/1/comm)" = systemd ]
  # Cgroups of its own, below the container's.
  run -0 caisson exec debian systemctl show -P ControlGroup systemd-journald.service
  [ "$output" = /system.slice/systemd-journald.service ]
  run -0 caisson exec debian systemd-run --quiet --wait --pipe echo from a unit
  [ "$output" = "from a unit" ]
  run -0 caisson exec debian journalctl -q -b -o cat
  [[ "$output" = *"Reached target multi-user.target"* ]]
  caisson exec debian systemd-run --quiet --unit=worker sleep 1000
  run -0 caisson top debian args
  [[ "$output" = *"sleep 1000"* ]]
  for directory in /run /tmp /run/lock; do
    [ "$(caisson exec debian stat -f -c %T $directory)" = tmpfs ]
  done
  # What is asked of it comes with its limits, which it cannot lift.
  SECONDS=0
  run -0 --separate-stderr caisson stop debian
  [ -z "$stderr" ]
  [ $SECONDS -lt 10 ]
  [ "$(caisson inspect -f '{{.State.ExitCode}}' debian)" = 0 ]
  # The same again, from what it has written.
  caisson start debian >/dev/null
  within 60 reached debian
  caisson rm -f debian >/dev/null
}

@test "system: its limits stay its own, and nothing of the host's cgroups can be written to" {
  require_system
  caisson run -d --name limited -m 300m --pids-limit 200 "$SYSTEM:O" /sbin/init >/dev/null
  within 60 reached limited
  if on_cgroup_v2; then
    caisson exec limited sh -c 'echo max >/sys/fs/cgroup/memory.max' 2>"$T/error" || true
    [ "$(cat "/sys/fs/cgroup/caisson-$(caisson inspect -f '{{.Id}}' limited)/memory.max")" = 314572800 ]
    caisson exec limited mkdir /sys/fs/cgroup/more
  else
    run ! caisson exec limited sh -c 'echo 1000000000 >/sys/fs/cgroup/memory/memory.limit_in_bytes'
    run ! caisson exec limited mkdir /sys/fs/cgroup/pids/more
    caisson exec limited mkdir /sys/fs/cgroup/systemd/more
    caisson exec limited rmdir /sys/fs/cgroup/systemd/more
    run ! caisson exec limited test -e /sys/fs/cgroup/systemd/release_agent
  fi
  caisson rm -f limited >/dev/null
}

@test "system: --systemd takes a program that is called otherwise, or leaves systemd alone, and says what it cannot" {
  run -0 box --systemd=always sh -c 'stat -f -c %T /run; echo $container_uuid'
  [ "${lines[0]}" = tmpfs ]
  [[ "${lines[1]}" =~ ^[0-9a-f]{32}$ ]]
  rootfs >"$T/where"
  rm -f "$T/rootfs/sbin/init"
  printf '#!/bin/sh\nstat -f -c %%T /run\n' >"$T/rootfs/sbin/init"
  chmod +x "$T/rootfs/sbin/init"
  [ "$(caisson run --rm "$T/rootfs" /sbin/init)" = tmpfs ]
  [ "$(caisson run --rm --systemd=false "$T/rootfs" /sbin/init)" != tmpfs ]
  [ "$(caisson run --rm --init "$T/rootfs" /sbin/init)" != tmpfs ]
  run -125 --separate-stderr box --systemd=always --pid=host true
  [[ "$stderr" = *"--systemd always"*"first process of a PID namespace"* ]]
  run -125 --separate-stderr box --systemd=always --cgroupns=host true
  [[ "$stderr" = *"--cgroupns"* ]]
  run -125 box --systemd=perhaps true
}

@test "system: an init that does not know systemd's signal is told that power fails; its own signal wins" {
  rootfs >"$T/where"
  rm -f "$T/rootfs/sbin/init"
  printf '#!/bin/sh\ntrap "echo power; exit 3" PWR\ntrap "echo interrupt; exit 4" INT\necho up\nwhile :; do sleep 0.1; done\n' >"$T/rootfs/sbin/init"
  chmod +x "$T/rootfs/sbin/init"
  caisson run -d --name other "$T/rootfs" /sbin/init >/dev/null
  within 10 eval '[ "$(caisson logs other)" = up ]'
  run -0 --separate-stderr caisson stop other
  [ -z "$stderr" ]
  [ "$(caisson inspect -f '{{.State.ExitCode}}' other)" = 3 ]
  [ "$(caisson logs -n 1 other)" = power ]
  caisson run -d --name own --stop-signal INT "$T/rootfs" /sbin/init >/dev/null
  within 10 eval '[ "$(caisson logs own)" = up ]'
  caisson stop own >/dev/null
  [ "$(caisson inspect -f '{{.State.ExitCode}}' own)" = 4 ]
  caisson rm other own >/dev/null
}

@test "system: sysvinit with OpenRC boots to its runlevel, and stops its services and itself" {
  require_openrc
  caisson run -d --name rc "$OPENRC:O" /sbin/init >/dev/null
  within 60 works rc
  [ "$(caisson exec rc cat /proc/1/comm)" = init ]
  within 10 eval '[ "$(caisson exec rc runlevel)" = "N 2" ]'
  [ "$(caisson exec rc rc-status -r)" = default ]
  run -0 caisson top rc args
  [[ "$output" = *"sleep 100000"* ]]
  [ "$(caisson exec rc stat -f -c %T /run)" = tmpfs ]
  SECONDS=0
  run -0 --separate-stderr caisson stop -t 60 rc
  [ -z "$stderr" ]
  [ $SECONDS -lt $((10 * PATIENCE)) ]
  [ "$(caisson inspect -f '{{.State.ExitCode}}' rc)" = 0 ]
  [ "$(stopped rc)" = stopped ]
  caisson start rc >/dev/null
  within 60 works rc
  caisson exec rc poweroff
  [ "$(caisson wait rc)" = 0 ]
  run -0 stopped rc
  [ "$output" = $'stopped\nstopped' ]
  # A reboot ends it as well, and is no success, so that a restart policy may start it again.
  caisson start rc >/dev/null
  within 60 works rc
  caisson exec rc reboot
  [ "$(caisson wait rc)" = 129 ]
  caisson rm rc >/dev/null
}

@test "system: openrc-init boots and shuts down" {
  require_openrc
  caisson run -d --name rc --systemd=always "$OPENRC:O" /sbin/openrc-init >/dev/null
  within 60 works rc
  [ "$(caisson exec rc cat /proc/1/comm)" = openrc-init ]
  run -0 --separate-stderr caisson stop -t 60 rc
  [ -z "$stderr" ]
  [ "$(caisson inspect -f '{{.State.ExitCode}}' rc)" = 0 ]
  [ "$(stopped rc)" = stopped ]
  caisson rm rc >/dev/null
}
