# A container with a terminal: its own, tied to the caller's.
load helper

on_terminal() { python3 "$BATS_TEST_DIRNAME/on_terminal.py" "$@"; }

@test "terminal: -t gives the command a terminal of the container's own, as its console too" {
  box true # where unpacking takes its time, a bar would come before what the container says
  run -0 on_terminal 24x80 -- "${CAISSON[@]}" run --rm -it builtin:busybox sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && test -c /dev/console && echo all'
  [ "${lines[0]}" = /dev/pts/0 ]
  [ "${lines[1]}" = all ]
}

@test "terminal: without -t there is none" {
  run on_terminal 24x80 -- "${CAISSON[@]}" run --rm -i builtin:busybox tty
  [[ "$output" == *"not a tty"* ]]
}

@test "terminal: it has the size of the caller's, and follows it" {
  run -0 on_terminal 31x97 "31 97" size:40x100 -- \
    "${CAISSON[@]}" run --rm -it builtin:busybox sh -c 'until stty size | grep -q "40 100"; do stty size; sleep 0.05; done'
}

@test "terminal: the exit status comes through, also that of a signal typed" {
  run -7 on_terminal 24x80 -- "${CAISSON[@]}" run --rm -it builtin:busybox sh -c 'exit 7'
  run -0 on_terminal 24x80 ready '\x03' -- "${CAISSON[@]}" run --rm -it builtin:busybox sh -c 'trap "echo interrupted; exit 0" INT; echo ready; while :; do sleep 0.1; done'
  [[ "$output" == *interrupted* ]]
}

@test "terminal: the detach keys leave the container running, other control keys reach it" {
  run -0 on_terminal 24x80 ready '\x10x' '^Px' '\x10\x11' -- \
    "${CAISSON[@]}" run -it --name left builtin:busybox sh -c 'echo ready; exec cat'
  [ "$(caisson inspect -f '{{.State.Running}}' left)" = true ]
  caisson rm -f left
}

@test "terminal: other detach keys can be chosen" {
  run -0 on_terminal 24x80 ready '\x01' -- "${CAISSON[@]}" run -it --detach-keys ctrl-a --name left builtin:busybox sh -c 'echo ready; exec cat'
  [ "$(caisson inspect -f '{{.State.Running}}' left)" = true ]
}

@test "terminal: the caller's is as it was afterwards" {
  run -0 on_terminal 24x80 -- sh -c 'stty -g >"$0/before"; "$@" run --rm -it builtin:busybox true; stty -g >"$0/after"; cmp "$0/before" "$0/after"' "$T" "${CAISSON[@]}"
}

@test "terminal: an ordinary user owns it" {
  run -0 on_terminal 24x80 -- "${CAISSON[@]}" run --rm -it -u nobody builtin:busybox sh -c 'echo written >"$(tty)"; stat -c %U "$(tty)"'
  [[ "$output" == *written*nobody* ]]
}

@test "terminal: exec has one of its own" {
  caisson run -d --name other builtin:busybox sleep 100
  run -5 on_terminal 33x66 -- "${CAISSON[@]}" exec -it other sh -c 'stty size; tty; exit 5'
  [ "${lines[0]}" = "33 66" ]
  [[ "${lines[1]}" == /dev/pts/* ]]
}

@test "terminal: job control works inside" {
  # The job says it itself: before it is in the foreground what is typed to stop it would be the shell's.
  run -0 on_terminal 24x80 '# ' "sh -c 'echo g\"\"o; exec sleep 100'\n" go '\x1a' Stopped 'exit 0\n' 'stopped jobs' 'exit 0\n' -- \
    "${CAISSON[@]}" run --rm -it builtin:busybox sh
}
