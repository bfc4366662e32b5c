# Many at once: containers know nothing of each other, and a tarball is unpacked once.
# time limit: 600 s
load helper

# Runs COMMAND 200 times at once, and prints how many of them ended with 0.
at_once() {
  local pids=() pid good=0
  for _ in {1..200}; do
    "$@" >>"$T/out" 2>>"$T/err" 3>&- &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" && good=$((good + 1)); done
  echo "$good"
}

@test "parallel: 200 runs from one tarball that is not unpacked yet: unpacked once, none fails" {
  local tarball=$T/one.tar.gz
  cp "$BUILTIN" "$tarball"
  [ "$(at_once caisson run --rm "$tarball" echo hello)" -eq 200 ] || { cat "$T/err" && false; }
  [ "$(grep -c '^hello$' "$T/out")" -eq 200 ]
  [ ! -s "$T/err" ]
  # One layer, and its tree is the one that was made first: it is older than the end of the first container.
  [ "$(find -H "$T/root/layers/sha256" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
  [ -z "$(find -H "$T/root/layers/tmp" -mindepth 1)" ]
  nothing_kept
}

@test "parallel: ... seen by who unpacks: of all of them one makes the layer" {
  require_program strace
  local tarball=$T/one.tar.gz
  cp "$BUILTIN" "$tarball"
  local pids=() pid
  for i in {1..20}; do
    strace -f -qq -e trace=renameat2 -e signal=none -o "$T/trace.$i" "${CAISSON[@]}" run --rm "$tarball" true 3>&- &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  # A layer appears by being renamed to its digest.
  [ "$(cat "$T"/trace.* | grep -cE 'renameat2\([0-9]+, "[0-9a-f]{64}", ')" -eq 1 ]
}

@test "parallel: 200 runs of a directory" {
  local directory
  directory=$(rootfs)
  [ "$(at_once caisson run --rm "$directory" echo hello)" -eq 200 ] || { cat "$T/err" && false; }
  [ "$(grep -c '^hello$' "$T/out")" -eq 200 ]
  nothing_kept
}

@test "parallel: 50 containers that run are removed by one command, and by fifty" {
  local i pids=() pid
  for i in {1..50}; do caisson run -d --name "c$i" builtin:busybox sleep 1000 >/dev/null; done
  [ "$(caisson ps -q | wc -l)" -eq 50 ]
  for i in {1..25}; do
    caisson rm -f "c$i" >/dev/null 3>&- &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  caisson rm -f $(caisson ps -q) >/dev/null
  nothing_kept
}
