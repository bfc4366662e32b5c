# bench/compare: who takes part, what is printed, what is left behind.

setup() {
  export TMPDIR=$BATS_TEST_TMPDIR
  export BUILD=${CAISSON_BUILD:-$BATS_TEST_DIRNAME/../../build/release}
  COMPARE=$BUILD/bench/compare
}

# What a comparison may leave behind: nothing of it.
nothing_is_left() {
  [ -z "$(find /sys/fs/cgroup -maxdepth 2 -name 'caisson-bench-*')" ]
  [ -z "$(find /dev/shm -maxdepth 1 -name 'caisson-bench-*')" ]
  [ -z "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'caisson-bench-*')" ]
  [ -z "$(grep caisson-bench- /proc/self/mountinfo)" ]
  [ -z "$(pgrep -fa 'caisson-bench-|^sleep 31557600$')" ]
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
  nothing_is_left
}

@test "compare: each deed is done, with both bundles" {
  command -v runc >/dev/null || skip "runc is not installed"
  for deed in run create exec many memory; do
    for bundle in default seccomp; do
      run "$COMPARE" --do $deed --bundle $bundle --at-once 3 -n 2 --warm-up 1 --only floor,runc,caisson-oci
      echo "$deed, $bundle: $output"
      [ "$status" -eq 0 ]
      [ "${#lines[@]}" -eq 4 ]
      [[ "${lines[3]}" =~ ^caisson-oci\ +[0-9] ]]
      [[ "${lines[0]}" = *"runc ÷   ÷ floor" ]]
      [[ "${lines[1]}" =~ ^floor\ .*\ 1\.00$ ]]
      [[ "${lines[2]}" =~ ^runc\ .*\ 1\.00\ +[0-9.]+$ ]]
    done
  done
  nothing_is_left
}

@test "compare: memory tells the peak and the smallest limit of each runtime" {
  command -v crun >/dev/null || skip "crun is not installed"
  "$COMPARE" --do memory -n 2 --warm-up 1 --only floor,crun --json "$BATS_TEST_TMPDIR/json"
  python3 -c '
import json, sys
document = json.load(open(sys.argv[1]))
assert document["unit"] == "kib"
floor, crun = document["contenders"]
assert 100 < floor["median_kib"] < crun["median_kib"] < 100000
for one in (floor, crun): assert 4 <= one["least_limit_kib"] < 4096' "$BATS_TEST_TMPDIR/json"
  nothing_is_left
}

@test "compare: the mounts are there for everybody, and not on the host" {
  before=$(wc -l </proc/self/mountinfo)
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\ngrep -c " %s/caisson-bench-[^/]*/mounts" /proc/self/mountinfo >%s\n' \
    "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/seen" >"$BATS_TEST_TMPDIR/bin/bwrap"
  chmod +x "$BATS_TEST_TMPDIR/bin/bwrap"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH run "$COMPARE" --mounts 30 -n 1 --warm-up 1 --only bwrap
  [ "$status" -eq 0 ]
  [ "$(cat "$BATS_TEST_TMPDIR/seen")" -eq 30 ]
  [ "$(wc -l </proc/self/mountinfo)" -eq "$before" ]
  nothing_is_left
}

@test "compare: other containers run while it measures, and are gone afterwards" {
  command -v runc >/dev/null || skip "runc is not installed"
  "$COMPARE" --containers 3 -n 100000 --warm-up 1 --only floor,runc,caisson-oci 2>"$BATS_TEST_TMPDIR/words" 3>&- &
  compare=$!
  until [ "$(pgrep -fc '^sleep 31557600$')" -eq 3 ]; do
    kill -0 "$compare"
    sleep 0.05
  done
  [ "$(cat "$BATS_TEST_TMPDIR/words")" = "compare: caisson-oci starts 3 containers" ]
  [ "$(find /sys/fs/cgroup -maxdepth 2 -path '*/pids/*' -name "caisson-bench-$compare-caisson-oci-other-*" | wc -l)" -eq 3 ]
  kill -INT "$compare"
  local status=0
  wait "$compare" || status=$?
  [ "$status" -eq 130 ]
  nothing_is_left
}

@test "compare: a signal ends each deed at any moment, and it cleans up" {
  command -v runc >/dev/null || skip "runc is not installed"
  for deed in run create exec many memory; do
    for signal in INT TERM; do
      for delay in 0.03 0.5; do
        "$COMPARE" --do $deed --at-once 4 -n 100000 --warm-up 1 --only floor,runc,caisson-oci 3>&- &
        local compare=$!
        sleep $delay
        kill -$signal "$compare"
        local status=0
        wait "$compare" || status=$?
        echo "$deed, $signal after $delay s: $status"
        [[ "$signal $status" = "INT 130" || "$signal $status" = "TERM 143" ]]
        nothing_is_left
      done
    done
  done
}

@test "compare: the default bundle is the config of runc spec" {
  command -v runc >/dev/null || skip "runc is not installed"
  "$COMPARE" --make-bundle "$BATS_TEST_TMPDIR/ours"
  mkdir "$BATS_TEST_TMPDIR/theirs"
  runc spec --bundle "$BATS_TEST_TMPDIR/theirs"
  python3 -c '
import json, sys
ours, theirs = (json.load(open(name + "/config.json")) for name in sys.argv[1:])
theirs["process"].update(terminal=False, args=["true"])
theirs["root"]["path"] = sys.argv[1] + "/rootfs"
theirs["linux"]["cgroupsPath"] = "/ours"
assert ours == theirs, (ours, theirs)' "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
}

@test "compare: the bundle with a filter refuses what podman refuses, by runc and by the floor" {
  command -v runc >/dev/null || skip "runc is not installed"
  bundle=$BATS_TEST_TMPDIR/caisson-bench-filtered
  "$COMPARE" --bundle seccomp --make-bundle "$bundle"
  python3 -c '
import json, sys
name = sys.argv[1] + "/config.json"
config = json.load(open(name))
filter = config["linux"]["seccomp"]
assert filter["defaultAction"] == "SCMP_ACT_ERRNO" and len(filter["architectures"]) == 3
config["process"]["args"] = ["sh", "-c", "grep Seccomp: /proc/self/status; unshare -i true 2>&1; echo $?"]
json.dump(config, open(name, "w"))' "$bundle"
  ln -s busybox "$bundle/rootfs/bin/grep"
  ln -s busybox "$bundle/rootfs/bin/unshare"
  run runc --root "$BATS_TEST_TMPDIR/runc" run --bundle "$bundle" caisson-bench-filtered
  by_runc=$output
  run "$BUILD/bench/floor" --filter "$bundle/filter" "$bundle/rootfs" \
    sh -c 'grep Seccomp: /proc/self/status; unshare -i true 2>&1; echo $?'
  echo "runc: $by_runc, floor: $output"
  [ "$output" = "$by_runc" ]
  [[ "$output" = *Seccomp:*2*"not permitted"*1 ]]
}

@test "plot: draws a picture for each file" {
  "$COMPARE" -n 2 --warm-up 1 --only floor,true --json "$BATS_TEST_TMPDIR/a"
  "$COMPARE" --do memory -n 2 --warm-up 1 --only floor --json "$BATS_TEST_TMPDIR/b"
  run "$BATS_TEST_DIRNAME/../../bench/plot" "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
  [ "$status" -eq 0 ]
  [ "$(grep -c '<circle' <<<"$output")" -eq 3 ]
  [[ "$output" = *">peak of resident memory<"* ]]
  python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.stdin)' <<<"$output"
  echo '{}' >"$BATS_TEST_TMPDIR/c"
  run "$BATS_TEST_DIRNAME/../../bench/plot" "$BATS_TEST_TMPDIR/c"
  [ "$status" -eq 1 ]
  [[ "$output" = "plot: $BATS_TEST_TMPDIR/c: not what script/bench --json writes"* ]]
}

@test "compare: a wrong command line is refused with status 2" {
  for wrong in "-n 0" "-n 1x" "-n" "--only flor" "--nonsense" "--do nothing" "--bundle big" "--mounts 0" "--containers x"; do
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
  for option in --do --bundle --at-once --mounts --containers --rounds --warm-up --only --json --build --make-bundle --list; do [[ "$output" = *"$option"* ]]; done
}

# What a container start may keep resident is what the smallest memory limit and hosts of many containers rest on. The goal
# is 2 MiB; most of it are pages of the program, and script/order writes anew which of them are needed.
@test "memory: caisson-oci run has at most 3 MiB resident, and its containers run with half a MiB" {
  "$COMPARE" --do memory -n 5 --warm-up 2 --only caisson-oci --json "$BATS_TEST_TMPDIR/json"
  python3 -c '
import json, sys
oci, = json.load(open(sys.argv[1]))["contenders"]
print("resident:", oci["median_kib"], "KiB; least limit:", oci["least_limit_kib"], "KiB")
assert 100 < oci["median_kib"] <= 3 * 1024 and oci["least_limit_kib"] <= 512' "$BATS_TEST_TMPDIR/json"
  nothing_is_left
}

@test "bench: images measures tar and caisson's own unpacking, and leaves nothing" {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  run "$BATS_TEST_DIRNAME/../../bench/images" -n 1 --build "$BUILD" --only tar,load,unpack "$BUILD/share/caisson/busybox.tar.gz"
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 4 ]
  [[ "${lines[1]}" =~ ^tar\ +[0-9.]+\ .*\ 1\.00\ +-$ ]]
  run "$BATS_TEST_DIRNAME/../../bench/images" -n 1 --build "$BUILD" --only none "$BUILD/share/caisson/busybox.tar.gz"
  [ "$status" -eq 1 ]
  run ! ls -d /dev/shm/caisson-bench-images-*
}
