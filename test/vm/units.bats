# What comes back after a boot, and what outlives a logout. The boots are those of a machine inside the machine: systemd from
# its first process on, over the same disk twice.
load ../system/helper
load helper

INSIDE=caisson-boots

# A machine whose disk is this one's with changes of its own; caisson is installed in it, as --prefix=/usr/local does.
boot_machine() {
  local top=$T/disk etc
  mkdir "$top"
  mount -t tmpfs -o size=1g disk "$top"
  mkdir -p "$top"/{tree,upper,work,state,home}
  mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" disk "$top/tree"
  etc=$top/tree/etc
  ln -sf /dev/null "$etc/systemd/system/payload.service"
  mkdir -p "$etc/systemd/system-generators" "$etc/systemd/user-generators"
  ln -s /usr/local/libexec/caisson/generator "$etc/systemd/system-generators/caisson-generator"
  ln -s /usr/local/libexec/caisson/generator "$etc/systemd/user-generators/caisson-generator"
  cp "$BUILD/units/system/caisson-restart.service" "$etc/systemd/system/"
  cp "$BUILD/units/user/caisson-restart.service" "$etc/systemd/user/"
  chown user: "$top/home"
  # Nothing of /proc and /sys is covered: a user's containers could have none of their own otherwise.
  systemd-run --quiet --unit=$INSIDE -p Delegate=yes -p KillMode=mixed \
    -p RestartForceExitStatus=133 -p SuccessExitStatus=133 \
    -E SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes -E SYSTEMD_SECCOMP=0 \
    systemd-nspawn --quiet --machine=$INSIDE --boot --keep-unit --directory="$top/tree" --capability=all \
    --bind-ro="$BUILD:/usr/local" --bind="$top/state:/var/lib/caisson" --bind="$top/home:/home/user"
  await_boot
}

# A service that has ended takes along who is left in its cgroup, unless it says otherwise.
inside() { systemd-run --quiet --machine=$INSIDE --wait --pipe --collect -p KillMode=process "$@"; }
inside_user() { systemd-run --quiet --machine=user@$INSIDE --user --wait --pipe --collect -p KillMode=process -p Delegate=yes "$@"; }
engine() { inside /usr/local/bin/caisson "$@"; }
user_engine() { inside_user /usr/local/bin/caisson "$@"; }

is_down() { ! inside true 2>/dev/null; }
is_up() { inside systemctl is-system-running --wait 2>&1 | grep -qE '^(running|degraded)$'; }
user_is_up() { inside_user systemctl --user is-system-running --wait 2>&1 | grep -qE '^(running|degraded)$'; }
await() {
  local _
  for _ in $(seq 240); do
    ! "$@" || return 0
    sleep 1
  done
  echo "waited for: $*"
  return 1
}
await_boot() { await is_up && await user_is_up; }

# Into a file of the machine: put PATH, from standard input.
put() { mkdir -p "$(dirname "$T/disk/tree$1")" && cat >"$T/disk/tree$1"; }
put_user() { mkdir -p "$(dirname "$T/disk/home/$1")" && cat >"$T/disk/home/$1" && chown -R user: "$T/disk/home"; }

teardown() {
  if [ -d "$T/disk" ]; then
    systemctl stop $INSIDE.service 2>/dev/null || true
    umount "$T/disk/tree" || true
    umount "$T/disk" || true
  fi
  loginctl enable-linger user
  mapfile -t left < <(as_user "$BIN" ps -aq)
  [ "${#left[@]}" -eq 0 ] || as_user "$BIN" rm -f "${left[@]}"
  as_user rm -rf .local/share/caisson
  caisson_teardown
}

@test "units: what should run comes back after a boot, root's and a user's, and stopped stays stopped" {
  [ "$(systemd-detect-virt --vm)" != qemu ] || skip "a machine in this emulated one takes too long to boot"
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

  # loose is nobody's unit: what the host ends takes no time either, though its policy is to start it again.
  engine run -d --init --name loose --restart always builtin:busybox sleep 1000
  SECONDS=0
  inside systemctl reboot || true
  await is_down
  [ $SECONDS -lt 80 ]
  await_boot

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

@test "units: a user's container outlives the logout and the terminal that it was made from" {
  as_user "$BIN" run -d --name kept builtin:busybox sleep 1000
  # A terminal that goes away, with all that it was that of.
  python3 -B - "$BIN" <<'END'
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp("su", ["su", "--login", "user", "--command", f"{sys.argv[1]} run -d --name hung builtin:busybox sleep 1000; sleep 100"])
said = b""
while b"\n" not in said:
    said += os.read(terminal, 4096)
os.close(terminal)
os.waitpid(child, 0)
END
  run -0 as_user "$BIN" ps --format '{{.Names}} {{.State}}'
  [ "$(sort <<<"$output" | paste -sd ' ')" = "hung running kept running" ]
  [ "$(as_user "$BIN" exec kept echo reached)" = reached ]
}

@test "units: without lingering, a user's container runs on after the logout, and is found after the next login" {
  loginctl disable-linger user
  as_user "$BIN" run -d --name kept builtin:busybox sleep 1000
  # logind waits ten seconds before it takes a user's systemd and directory away.
  sleep 20
  [ "$(loginctl show-user user -p State --value)" = closing ]
  run -0 as_user "$BIN" ps --format '{{.Names}} {{.State}}'
  [ "$output" = "kept running" ]
  [ "$(as_user "$BIN" exec kept echo reached)" = reached ]
}
