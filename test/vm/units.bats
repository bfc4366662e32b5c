# What outlives a logout.
load ../system/helper
load helper

setup() { caisson_setup; }

teardown() {
  loginctl enable-linger user
  mapfile -t left < <(as_user "$BIN" ps -aq)
  [ "${#left[@]}" -eq 0 ] || as_user "$BIN" rm -f "${left[@]}"
  as_user rm -rf .local/share/caisson
  caisson_teardown
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
