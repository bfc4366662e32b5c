# bench/compare: who takes part, what is printed, what is left behind.

setup() {
  export TMPDIR=$BATS_TEST_TMPDIR
  COMPARE=${CAISSON_BUILD:-$BATS_TEST_DIRNAME/../../build/release}/bench/compare
}

@test "compare: prints a row for each contender, with its ratio to the floor" {
  run "$COMPARE" -n 2 --warm-up 1 --only true,floor
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 3 ]
  [[ "${lines[0]}" = *median*"÷ floor" ]]
  [[ "${lines[1]}" =~ ^true\ .*\ [0-9]+\.[0-9][0-9]$ ]]  # less than 1, unless something else runs just then
  [[ "${lines[2]}" =~ ^floor\ .*\ 1\.00$ ]]
}

@test "compare: --json holds every sample" {
  run "$COMPARE" -n 3 --warm-up 1 --only floor,true --json "$BATS_TEST_TMPDIR/json"
  [ "$status" -eq 0 ]
  python3 -c '
import json, sys
document = json.load(open(sys.argv[1]))
assert document["rounds"] == 3 and document["ratios_to"] == "floor"
assert [one["name"] for one in document["contenders"]] == ["floor", "true"]
for one in document["contenders"]:
    assert len(one["samples_ms"]) == 3 and min(one["samples_ms"]) == one["min_ms"] <= one["median_ms"] <= one["max_ms"]
    assert one["max_rss_kib"] > 0 and one["command"][0].startswith("/")' "$BATS_TEST_TMPDIR/json"
}

@test "compare: who is not there is left out, with the reason" {
  mkdir -p "$BATS_TEST_TMPDIR/empty"
  run "$COMPARE" -n 1 --only caisson,true --build "$BATS_TEST_TMPDIR/empty"
  [ "$status" -eq 0 ]
  [[ "${lines[0]}" = *"÷ true" ]]
  [ "${lines[2]}" = "caisson           left out: not built: $BATS_TEST_TMPDIR/empty/bin/caisson" ]
}

@test "compare: crun and runc run the default bundle, and nothing of them stays" {
  command -v crun >/dev/null || skip "crun is not installed"
  command -v runc >/dev/null || skip "runc is not installed"
  run "$COMPARE" -n 1 --warm-up 1 --only crun,runc
  [ "$status" -eq 0 ]
  [[ "${lines[1]}" = crun\ * ]]
  [[ "${lines[2]}" = runc\ * ]]
  [ -z "$(find /sys/fs/cgroup -name 'caisson-bench-*')" ]
  [ -z "$(ls /run/runc /run/crun | grep caisson-bench)" ]
}

@test "compare: a signal ends it, and it cleans up" {
  "$COMPARE" -n 100000 --only true 3>&- &
  local compare=$!
  until [ -n "$(ls "$BATS_TEST_TMPDIR")" ]; do sleep 0.02; done
  kill -TERM "$compare"
  local status=0
  wait "$compare" || status=$?
  [ "$status" -eq 143 ]
  [ -z "$(ls "$BATS_TEST_TMPDIR")" ]
}

@test "compare: a wrong command line is refused with status 2" {
  for wrong in "-n 0" "-n 1x" "-n" "--only flor" "--nonsense"; do
    run "$COMPARE" $wrong
    echo "$wrong: $status $output"
    [ "$status" -eq 2 ]
  done
  run "$COMPARE" --only flor
  [ "${lines[1]}" = "hint: did you mean 'floor'?" ]
}

@test "compare: --help names every option" {
  run "$COMPARE" --help
  [ "$status" -eq 0 ]
  for option in --rounds --warm-up --only --json --build --list; do [[ "$output" = *"$option"* ]]; done
}
