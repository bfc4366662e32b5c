# A service manager hears of a container (sd_notify(3)): --sdnotify.
load helper

PYTHON=$(command -v python3)

# A manager's socket, whose messages stand in $T/notified.
manager() {
  "$PYTHON" "$BATS_TEST_DIRNAME/../conformance/notify_listener.py" "$T/notify" >"$T/notified" 3>&- &
  within 5 test -S "$T/notify"
  export NOTIFY_SOCKET=$T/notify
}
said() { grep -qxF "$1" "$T/notified"; }
keeper() { caisson inspect -f '{{.State.ConmonPid}}' "$1"; }
# busybox has no datagrams for unix sockets: the test says it in the container's place.
tell() { "$PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), sys.argv[1])' "$@"; }
inside() { echo "/proc/$(caisson inspect -f '{{.State.Pid}}' "$1")/root/run/notify/notify.sock"; }

@test "sdnotify conmon: the manager hears that it runs, and of its keeper" {
  manager
  caisson run -d --name box --sdnotify conmon builtin:busybox sleep 1000
  within 5 said "MAINPID=$(keeper box)"
  said READY=1
  [ -z "$(caisson exec box sh -c 'echo $NOTIFY_SOCKET')" ]
}

@test "sdnotify container: the manager hears it when the program says so, and nothing else that it says" {
  manager
  caisson run -d --name box --sdnotify container builtin:busybox sleep 1000 >"$T/id" 3>&- &
  local starting=$!
  within 5 eval '[ -S "$(inside box)" ]'
  [ "$(caisson exec box sh -c 'echo $NOTIFY_SOCKET')" = /run/notify/notify.sock ]
  tell "$(inside box)" "STATUS=soon"
  tell "$(inside box)" "MAINPID=1"
  sleep 0.3
  [ ! -s "$T/notified" ]
  [ ! -s "$T/id" ]
  tell "$(inside box)" "READY=1"
  wait $starting
  within 5 said "MAINPID=$(keeper box)"
  said READY=1
  run ! said MAINPID=1
  # and again, with the next start
  caisson stop -t 0 box
  : >"$T/notified"
  caisson start box >/dev/null 3>&- &
  starting=$!
  within 5 eval '[ -S "$(inside box)" ]'
  tell "$(inside box)" "READY=1"
  wait $starting
}

@test "sdnotify container: one that ends first is not waited for; where nobody listens, nobody waits" {
  manager
  caisson run -d --rm --sdnotify container builtin:busybox true
  sleep 0.2
  [ ! -s "$T/notified" ]
  unset NOTIFY_SOCKET
  run -0 box --sdnotify=container sh -c 'echo $NOTIFY_SOCKET; ls -A /run/notify'
  [ "$output" = /run/notify/notify.sock ]
}

@test "sdnotify: a container in the foreground is its command's" {
  manager
  "${CAISSON[@]}" run --rm --name box --sdnotify conmon builtin:busybox sleep 1000 3>&- &
  local command=$!
  within 5 said "MAINPID=$command"
  caisson rm -f box
  wait $command || true
}

@test "sdnotify: who tells the manager keeps nothing open that others wait for" {
  manager
  run -0 timeout 5 "${CAISSON[@]}" run --rm -i --sdnotify container builtin:busybox cat <<<there
  [ "$output" = there ]
}

@test "sdnotify healthy: the manager hears it with the first check that succeeds" {
  manager
  caisson run -d --name box --sdnotify healthy --health-cmd 'test -e /well' --health-interval 100ms builtin:busybox sleep 1000 >"$T/id" 3>&- &
  local starting=$!
  within 5 caisson exec box true
  sleep 0.5
  [ ! -s "$T/notified" ]
  caisson exec box touch /well
  wait $starting
  within 5 said READY=1
  run -125 caisson run --rm --sdnotify healthy builtin:busybox true
  [[ "$output" = *"--sdnotify healthy: it has no health check"* ]]
}

@test "sdnotify: a manager that has gone is said, and the container runs" {
  NOTIFY_SOCKET=$T/gone run -0 --separate-stderr caisson run -d --name box --sdnotify conmon builtin:busybox sleep 1000
  [[ "$stderr" = *"NOTIFY_SOCKET: connect($T/gone): No such file or directory" ]]
  [ "$(caisson inspect -f '{{.State.Running}}' box)" = true ]
}

@test "sdnotify: what is none of its words is refused" {
  run -125 caisson run --rm --sdnotify maybe builtin:busybox true
  [[ "$output" = *"'maybe' is none of container, conmon, healthy, ignore"* ]]
}
