# Every command with a fault in it: each of its system calls fails, and it or its container is killed at each of them. What
# is looked at and what has to hold is told in test/faults/sweep.py. Here a sample of the points;
# CAISSON_TEST_SEED takes another one, and CAISSON_TEST_FAULTS=all takes every point (an hour).
# time limit: 7200 s
load helper

USER_NAME=caisson-test-sweep

teardown() {
  ! id -u "$USER_NAME" >/dev/null 2>&1 || userdel "$USER_NAME"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  caisson_teardown
}

sweep() {
  local seconds=$1
  shift
  [ -x "$BUILD/test/inject" ] || skip "$BUILD/test/inject is not built"
  [ "${CAISSON_TEST_FAULTS:-}" = all ] && seconds=0
  python3 -B "$BATS_TEST_DIRNAME/../faults/sweep.py" --build "$BUILD" --seconds "$seconds" --seed "${CAISSON_TEST_SEED:-1}" "$@"
}

@test "faults: each system call of run fails" { sweep 5 --mode fail run run-options run-shared; }
@test "faults: each system call of run, kept or with a terminal or detached, fails" { sweep 4 --mode fail run-kept run-terminal run-detached; }
@test "faults: each system call of exec fails" { sweep 4 --mode fail exec exec-terminal; }
@test "faults: each system call of rm, stop and kill fails" { sweep 2 --mode fail rm stop kill; }
@test "faults: each system call of a run that unpacks fails" { sweep 5 --mode fail unpack; }
@test "faults: killed at each system call of run" { sweep 5 --mode kill run run-kept run-shared; }
@test "faults: killed at each system call of run with a terminal, and detached" { sweep 5 --mode kill run-terminal run-detached; }
@test "faults: killed at each system call of exec, rm and stop" { sweep 3 --mode kill exec exec-terminal rm stop; }
@test "faults: killed at each system call of a run that unpacks" { sweep 5 --mode kill unpack; }

# An ordinary user with subordinate ids: sweep_as_user SECONDS ….
sweep_as_user() {
  useradd --no-create-home --home-dir /nonexistent --shell /bin/sh "$USER_NAME"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  usermod --add-subuids 3100000-3165535 --add-subgids 3100000-3165535 "$USER_NAME"
  sweep "$1" --user "$USER_NAME" "${@:2}"
}

@test "faults: each system call of an ordinary user's run and exec fails" { sweep_as_user 4 --mode fail run run-options run-terminal exec rm; }
@test "faults: killed at each system call of an ordinary user's run and exec" { sweep_as_user 4 --mode kill run run-terminal run-detached exec rm; }
@test "faults: an ordinary user's run that unpacks" { sweep_as_user 5 unpack; }

@test "faults: what is wrong is found" {
  # As if the command failed without a word.
  run ! sweep 2 --mode fail --deaf run
  [[ "$output" = *"a failure without one error line"* ]]
}
