# What comes back after a boot: of a machine that is a system container of caisson's, with systemd from its first process
# on, over the same disk twice, and caisson installed in it as --prefix=/usr/local does.
# time limit: 600 s
load helper
load debian

setup() {
  caisson_setup
  require_root
}

teardown() {
  caisson rm -f machine >/dev/null 2>&1 || true
  caisson_teardown
}

# Its containers lie on file systems of their own: an overlay's changes cannot lie on another.
boot_machine() {
  local system=$BATS_FILE_TMPDIR/boots
  unpack boots systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps,uidmap,libcurl4,libisal2,libzstd1,libssl3,libstdc++6
  mkdir "$T/state" "$T/home"
  caisson run -d --name machine --privileged --restart on-failure -e "CAISSON_NETWORK=$CAISSON_NETWORK" \
    -v "$BUILD:/usr/local:ro" -v "$T/state:/var/lib/caisson" -v "$T/home:/home/user" "$system:O" /sbin/init >/dev/null 2>&1
  await is_up
  at sh -c 'useradd --shell /bin/sh user && chown user: /home/user && loginctl enable-linger user
    echo DefaultEnvironment=CAISSON_NETWORK='"$CAISSON_NETWORK"' | tee -a /etc/systemd/system.conf >>/etc/systemd/user.conf
    mkdir -p /etc/systemd/system-generators /etc/systemd/user-generators
    ln -s /usr/local/libexec/caisson/generator /etc/systemd/system-generators/caisson-generator
    ln -s /usr/local/libexec/caisson/generator /etc/systemd/user-generators/caisson-generator
    cp /usr/local/units/system/caisson-restart.service /etc/systemd/system
    cp /usr/local/units/user/caisson-restart.service /etc/systemd/user
    systemctl daemon-reexec'
  await user_is_up
}

at() { caisson exec -i machine "$@"; }
# A service that has ended takes along who is left in its cgroup, unless it says otherwise.
inside() { at systemd-run --quiet --wait --pipe --collect -p KillMode=process "$@" </dev/null; }
inside_user() { at systemd-run --quiet --machine=user@.host --user --wait --pipe --collect -p KillMode=process "$@" </dev/null; }
engine() { inside /usr/local/bin/caisson "$@"; }
user_engine() { inside_user /usr/local/bin/caisson "$@"; }

is_up() { [[ "$(at systemctl is-system-running 2>/dev/null)" = @(running|degraded) ]]; }
user_is_up() { inside_user systemctl --user is-system-running --wait 2>&1 | grep -qE '^(running|degraded)$'; }
await() {
  local _
  for _ in {1..60}; do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.5
  done
  echo "waited for: $*"
  return 1
}

# Into a file of the machine, from standard input: put PATH.
put() { at sh -c 'mkdir -p "$(dirname "$0")" && cat >"$0"' "$1"; }
put_user() { at sh -c 'mkdir -p "$(dirname "$0")" && cat >"$0" && chown -R user: /home/user' "/home/user/$1"; }

@test "boots: what should run comes back after a boot, root's and a user's, and stopped stays stopped" {
  boot_machine
  engine run -d --name policy --restart always builtin:busybox sleep 1000
  engine run -d --name stopped --restart unless-stopped builtin:busybox sleep 1000
  engine stop -t 0 stopped
  engine run -d --name still --restart unless-stopped builtin:busybox sleep 1000
  engine create --name unit builtin:busybox sleep 1000
  engine generate systemd --new --name --container-prefix made unit | put /etc/systemd/system/made-unit.service
  put /etc/containers/systemd/web.container <<'END'
[Container]
Image=builtin:busybox
Exec=sleep 1000
RunInit=yes
Volume=data.volume:/data
[Install]
WantedBy=multi-user.target
END
  printf '[Volume]\n' | put /etc/containers/systemd/data.volume
  put_user .config/containers/systemd/mine.container <<'END'
[Container]
Image=builtin:busybox
Exec=sleep 1000
[Install]
WantedBy=default.target
END
  user_engine run -d --name policy --restart always builtin:busybox sleep 1000
  inside systemctl enable --now caisson-restart.service made-unit.service 2>&1
  inside_user systemctl --user enable --now caisson-restart.service 2>&1

  # loose is nobody's unit, and deaf to SIGTERM: a host that goes down does not wait for it longer than a stop would, and
  # its policy does not start it again then.
  engine run -d --name loose --restart always --stop-timeout 2 builtin:busybox sleep 1000
  SECONDS=0
  inside systemctl reboot || true
  await eval '[ "$(caisson inspect -f "{{.RestartCount}}" machine)" = 1 ]'
  [ $SECONDS -lt 30 ]
  await is_up
  await user_is_up

  run -0 engine ps --format '{{.Names}}'
  [ "$(sort <<<"$output" | paste -sd ' ')" = "loose policy still systemd-web unit" ]
  run -0 user_engine ps --format '{{.Names}}'
  [ "$(sort <<<"$output" | paste -sd ' ')" = "policy systemd-mine" ]
  [ "$(inside systemctl is-active web made-unit caisson-restart data-volume | paste -sd ' ')" = "active active active active" ]
  [ "$(inside_user systemctl --user is-active mine caisson-restart | paste -sd ' ')" = "active active" ]

  # The unit's main process is the keeper of the container.
  pid=$(engine inspect -f '{{.State.Pid}}' systemd-web)
  [ "$(inside systemctl show -P MainPID web)" = "$(inside awk '/^PPid:/ { print $2 }' "/proc/$pid/status")" ]
  # It has the container's end as its own: what dies is started again, and what is stopped has not failed.
  engine kill -s KILL unit
  await eval '[ "$(inside systemctl show -P NRestarts made-unit)" = 1 ] && [ "$(engine inspect -f "{{.State.Running}}" unit)" = true ]'
  inside systemctl stop web made-unit
  [ "$(inside systemctl is-active web || true)" = inactive ]
  run -0 engine ps -a --format '{{.Names}}'
  [ "$(sort <<<"$output" | paste -sd ' ')" = "loose policy still stopped" ]
}

@test "boots: a unit with Notify= is active once its container says so, or is healthy" {
  boot_machine
  put /etc/containers/systemd/says.container <<'END'
[Container]
Image=builtin:busybox
Volume=/usr:/usr:ro
Volume=/lib:/lib:ro
Volume=/lib64:/lib64:ro
Notify=true
Exec=sh -c "touch /begun; until test -e /go; do sleep 0.1; done; /usr/bin/systemd-notify --ready; exec sleep 1000"
END
  put /etc/containers/systemd/healthy.container <<'END'
[Container]
Image=builtin:busybox
Notify=healthy
HealthCmd=test -e /well
HealthInterval=200ms
Exec=sleep 1000
END
  inside systemctl daemon-reload
  inside systemctl start --no-block says healthy
  await engine exec systemd-says test -e /begun
  await engine exec systemd-healthy true
  [ "$(inside systemctl is-active says healthy | paste -sd ' ')" = "activating activating" ]
  engine exec systemd-says touch /go
  engine exec systemd-healthy touch /well
  await inside systemctl is-active says
  await inside systemctl is-active healthy
  pid=$(engine inspect -f '{{.State.Pid}}' systemd-says)
  [ "$(inside systemctl show -P MainPID says)" = "$(inside awk '/^PPid:/ { print $2 }' "/proc/$pid/status")" ]
  inside systemctl stop says healthy
}

@test "boots: what a container writes is in the journal, under its tag, and logs finds it there" {
  boot_machine
  engine run -d --name noted --log-driver journald --log-opt tag=mark builtin:busybox \
    sh -c 'echo err >&2; sleep 1; echo out; echo -n begun; sleep 1000'
  await eval '[ "$(engine logs noted 2>/dev/null)" = "$(printf "out\nbegun")" ]'
  run -0 --separate-stderr engine logs noted
  [ "$output" = $'out\nbegun' ]
  [ "$stderr" = err ]
  run -0 at journalctl -q -o cat --identifier=mark CONTAINER_NAME=noted
  [ "$(sort <<<"$output")" = $'begun\nerr\nout' ]
  [ "$(at journalctl -q -o cat -p err CONTAINER_NAME=noted)" = err ]
  engine logs -f noted >"$T/followed" 2>/dev/null &
  engine stop -t 0 noted
  wait $!
  [ "$(cat "$T/followed")" = $'out\nbegun' ]
  run -0 engine logs --tail 1 --timestamps noted
  [[ "$output" = 20*"Z begun" ]]
}
