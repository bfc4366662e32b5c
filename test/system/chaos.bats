# Everything at once, and SIGKILL for all of it: afterwards nothing is left that is not whole.
# CAISSON_TEST_CHAOS: for how many seconds (180); CAISSON_TEST_SEED repeats the choices of a run.
# time limit: 4200 s
load helper

@test "chaos: random commands, several at once, with containers, keepers and commands killed, leave nothing behind" {
  local seed=${CAISSON_TEST_SEED:-$RANDOM}
  echo "CAISSON_TEST_SEED=$seed"
  caisson run --rm builtin:busybox true
  python3 -B "$BATS_TEST_DIRNAME/chaos.py" "${CAISSON_TEST_CHAOS:-180}" "$seed" "$T" "$BUILTIN" -- "${CAISSON[@]}"
  caisson system check
  caisson rm -f --all
  caisson image prune -af >/dev/null
  caisson system check
  nothing_kept
  [ -z "$(ls "$T/root/containers" "$T/root/names" "$T/run/containers" 2>/dev/null | grep -v ':$')" ]
}
