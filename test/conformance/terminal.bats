# A container with a terminal: over a console socket, or tied to the caller's.
load helper

on_terminal() { "$PYTHON" "$HERE/../system/on_terminal.py" "$@"; }

# Takes the terminal in the background: receive [WAIT SEND]…; what it was given and read is in $T/received.
receive() {
  rm -f "$T/console"
  "$PYTHON" "$HERE/console_receiver.py" "$T/console" "$@" >"$T/received" 2>&1 3>&- 4>&- &
  receiver=$!
  within 5 test -S "$T/console"
}

received() { within 5 has_line "$T/received" "$1"; }

@test "terminal: a console socket gets it at create; the process's streams are it, and its controlling terminal" {
  config 'process.terminal = True'
  script 'tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all three; (echo controlling >/dev/tty); read line; echo "read $line"'
  receive "all three" 'hello\n'
  create box --console-socket "$T/console"
  received '^/dev/.*: 0x0, adds carriage returns$'
  runtime start box
  wait $receiver
  tr -d '\r' <"$T/received" >"$T/text"
  has_line "$T/text" '^/dev/pts/0$'
  has_line "$T/text" '^all three$'
  has_line "$T/text" '^controlling$'
  has_line "$T/text" '^read hello$'
  [ ! -s "$T/box.out" ]
}

@test "terminal: run --detach with a console socket" {
  config 'process.terminal = True'
  script 'echo started; exec sleep 1000'
  receive
  runtime run --detach --console-socket "$T/console" box </dev/null >"$T/said" 2>&1 3>&- 4>&-
  received started
  [ ! -s "$T/said" ]
  runtime kill box KILL
  wait $receiver
}

@test "terminal: it has the config's size, and changes" {
  config 'process.terminal = True' 'process.consoleSize = {"height": 31, "width": 97}'
  script 'stty size; until stty size | grep -q "40 100"; do sleep 0.02; done; echo changed'
  receive "31 97" size:40x100
  create box --console-socket "$T/console"
  received ': 31x97,'
  runtime start box
  wait $receiver
  has_line "$T/received" '^31 97'
  has_line "$T/received" '^changed'
}

@test "terminal: a size without a terminal is ignored" {
  config 'process.consoleSize = {"height": 31, "width": 97}'
  run -0 runtime run box </dev/null
}

@test "terminal: the process hears of a change of size" {
  config 'process.terminal = True'
  script 'trap "echo heard; exit" WINCH; echo ready; while :; do sleep 0.02; done'
  receive ready size:40x100
  create box --console-socket "$T/console"
  runtime start box
  wait $receiver
  has_line "$T/received" '^heard'
}

@test "terminal: /dev/console is the same terminal, owned by the process's user; without a terminal there is none" {
  config 'process.terminal = True' 'process.user = {"uid": 1000, "gid": 1000}'
  script 'stat -L -c "%t:%T %u" /dev/console; stat -c "%t:%T %u" $(tty)'
  receive
  create box --console-socket "$T/console"
  runtime start box
  wait $receiver
  tr -d '\r' <"$T/received" | sed 1d >"$T/text"
  [ "$(cat "$T/text")" = $'88:0 1000\n88:0 1000' ]
  config 'process.terminal = False' 'linux.cgroupsPath += "2"'
  process test -e /dev/console
  run -1 runtime run other </dev/null
}

@test "terminal: hung up when its master is closed" {
  config 'process.terminal = True'
  script 'trap "echo hung up >/tmp/said; exit" HUP; echo ready; while :; do sleep 0.02; done'
  receive
  create box --console-socket "$T/console"
  runtime start box
  received ready
  kill $receiver
  within 5 has_text rootfs/tmp/said
}

@test "terminal: create and run --detach want a socket for it, and have no use for one without" {
  config 'process.terminal = True'
  for verb in create "run -d"; do
    # shellcheck disable=SC2086 # an option of the verb
    run -1 runtime $verb box </dev/null
    [[ "$output" =~ "cannot allocate tty if "[a-z-]+" will detach without setting console socket" ]]
  done
  run -1 runtime run --console-socket "$T/console" box </dev/null
  [[ "$output" =~ "cannot use console socket if "[a-z-]+" will not detach or allocate tty" ]]
  config 'process.terminal = False'
  receive
  run -1 runtime create --console-socket "$T/console" box </dev/null
  [[ "$output" =~ "cannot use console socket if "[a-z-]+" will not detach or allocate tty" ]]
  nothing_kept
}

@test "terminal: a console socket that is not there, or that nobody listens on, is an error that leaves nothing" {
  config 'process.terminal = True'
  run -1 runtime create --console-socket "$T/missing" box </dev/null
  [[ "$output" == *"$T/missing"*"no such file or directory"* ]]
  touch "$T/plain"
  run -1 runtime create --console-socket "$T/plain" box </dev/null
  [[ "$output" == *"$T/plain"*"connection refused"* ]]
  nothing_kept
  host_unchanged
}

# --- in the foreground -----------------------------------------------------------------------------------------------

@test "terminal: in the foreground it is tied to the caller's, has its size and follows it" {
  config 'process.terminal = True'
  script 'tty; until stty size 2>/dev/null | grep "31 97"; do sleep 0.02; done; until stty size | grep "40 100"; do sleep 0.02; done; exit 6'
  run -6 on_terminal 31x97 "31 97" size:40x100 -- "${RUNTIME_IN_T[@]}" run box
  [ "${lines[0]}" = /dev/pts/0 ]
  [[ "$output" == *"40 100"* ]]
}

@test "terminal: in the foreground the container's adds no carriage returns: the caller's does" {
  config 'process.terminal = True'
  # The caller sets it once it has the terminal: a program may be quicker.
  script 'for i in 1 2 3 4 5 6 7 8 9; do stty -a | grep -qw -e -onlcr && echo none are added && exit; sleep 0.1; done'
  run -0 on_terminal 24x80 -- "${RUNTIME_IN_T[@]}" run box
  [[ "$output" == *"none are added"* ]]
}

@test "terminal: in the foreground, what is typed arrives, control characters as signals" {
  config 'process.terminal = True'
  script 'trap "echo interrupted; exit 3" INT; echo ready; read line; echo "<$line>"; while :; do sleep 0.02; done'
  run -3 on_terminal 24x80 ready 'typed\n' '<typed>' '\x03' -- "${RUNTIME_IN_T[@]}" run box
  [[ "$output" == *interrupted* ]]
  nothing_kept
}

@test "terminal: the caller's is as it was when the container is gone" {
  config 'process.terminal = True'
  printf '%s\n' 'stty -g >before' "${RUNTIME_IN_T[*]} run box" 'stty -g >after' 'cmp before after' >"$T/script.sh"
  cd "$T"
  mv bundle/config.json bundle/rootfs .
  run -0 on_terminal 24x80 -- sh -e "$T/script.sh"
}

@test "terminal: without one, neither on the standard streams nor as controlling terminal, a foreground run is refused" {
  config 'process.terminal = True'
  run -1 setsid --wait "${RUNTIME_IN_T[@]}" run box </dev/null
  [[ "$output" == *tty* ]]
  nothing_kept
}

# --- exec ------------------------------------------------------------------------------------------------------------

@test "terminal: exec --tty ties it to the caller's" {
  sleeper box
  run -9 on_terminal 31x97 ready 'typed\n' -- "${RUNTIME_IN_T[@]}" exec --tty box sh -c \
    'tty; until stty size 2>/dev/null | grep "31 97"; do sleep 0.02; done; echo ready; read line; echo "<$line>"; exit 9'
  [ "${lines[0]}" = /dev/pts/0 ]
  [[ "$output" == *"31 97"*"<typed>"* ]]
}

@test "terminal: exec --detach --tty gives it to a console socket; one of the process file has the size that stands there" {
  sleeper box
  receive ready 'typed\n'
  runtime exec -d -t --console-socket "$T/console" box sh -c 'tty; echo ready; read line; echo "<$line>"' </dev/null 3>&- 4>&-
  wait $receiver
  has_line "$T/received" '^/dev/pts/0'
  has_line "$T/received" '^<typed>'
  echo '{"terminal": true, "consoleSize": {"height": 20, "width": 70}, "args": ["stty", "size"], "cwd": "/", "env": ["PATH=/bin"]}' >"$T/p.json"
  receive
  runtime exec -d --process "$T/p.json" --console-socket "$T/console" box </dev/null 3>&- 4>&-
  wait $receiver
  has_line "$T/received" '^20 70'
}

@test "terminal: exec refuses sockets that are missing or in vain as create does" {
  sleeper box
  run -255 runtime exec -d -t box true
  [[ "$output" =~ "cannot allocate tty if "[a-z-]+" will detach without setting console socket" ]]
  run -255 runtime exec --console-socket "$T/console" box true
  [[ "$output" =~ "cannot use console socket if "[a-z-]+" will not detach or allocate tty" ]]
  run -255 runtime exec -d -t --console-socket "$T/missing" box true
  [[ "$output" == *"no such file or directory"* ]]
}
