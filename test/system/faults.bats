# Every command with a fault in it: each of its system calls fails, and it or its container is killed at each of them. What
# is looked at and what has to hold is told in test/faults/sweep.py. Here a sample of the points, another one every day;
# CAISSON_TEST_FAULTS=all takes every point (an hour).
# time limit: 7200 s
load helper

sweep() {
  local seconds=$1
  shift
  [ -x "$BUILD/test/inject" ] || skip "$BUILD/test/inject is not built"
  [ "${CAISSON_TEST_FAULTS:-}" = all ] && seconds=0
  python3 -B "$BATS_TEST_DIRNAME/../faults/sweep.py" --build "$BUILD" --seconds "$seconds" "$@"
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

@test "faults: what is wrong is found" {
  # As if the command failed without a word.
  run ! sweep 2 --mode fail --deaf run
  [[ "$output" = *"a failure without one error line"* ]]
}
