# A host that has run out of something: a clear error, and nothing half-done.
load helper

# Makes a cgroup of v1 or v2 that a controller limits, and says where it is.
new_group() {
  local top=/sys/fs/cgroup/$1
  [ -d "$top" ] || top=/sys/fs/cgroup
  mkdir "$top/caisson-test-$$" && echo "$top/caisson-test-$$"
}

errors() { grep -c '^caisson: error: ' <<<"$1"; }
# Fails unless the last `run` printed one error line that holds the words.
refused_with() {
  [ "$status" -ne 0 ] && [ "$(errors "$output")" -eq 1 ] && grep -qF -- "$1" <<<"$output" && return
  echo "status $status: $output" && return 1
}

@test "exhaustion: no processes left" {
  require_controller pids
  box true
  local group
  group=$(new_group pids)
  if [ -e "$group/cgroup.controllers" ]; then # a container is born in its own cgroup
    echo 0 >"$group/pids.max"
    run caisson run --rm --cgroup-parent "/${group##*/}" builtin:busybox true
  else
    echo 1 >"$group/pids.max"
    run bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$group" "${CAISSON[@]}" run --rm builtin:busybox true
  fi
  rmdir "$group"
  refused_with "Resource temporarily unavailable"
  [[ "$output" = *"pids"* ]]
  nothing_kept
}

@test "exhaustion: no memory left" {
  require_controller memory
  box true
  local group file
  group=$(new_group memory)
  file=$group/memory.max
  [ -e "$file" ] || file=$group/memory.limit_in_bytes
  for limit in 100k 300k 600k 1m 2m; do
    echo "$limit" >"$file" 2>/dev/null || continue
    run bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$group" "${CAISSON[@]}" run --rm --name tight builtin:busybox true
    # Killed by the kernel without a word, or an error, or it fits; the next command clears what is left.
    [ "$status" -eq 137 ] || [ "$status" -eq 0 ] || [ "$(errors "$output")" -eq 1 ]
    caisson ps
    nothing_kept
    host_unchanged || { rmdir "$group" && host_unchanged && mkdir "$group"; }
  done
  rmdir "$group"
}

@test "exhaustion: address space is refused" {
  box true
  run bash -c 'ulimit -v 12000 && exec "$@"' bash "${CAISSON[@]}" run --rm builtin:busybox true
  [ "$status" -eq 0 ] || [ "$(errors "$output")" -eq 1 ] || [ "$status" -ge 125 ]
  nothing_kept
}

@test "exhaustion: a full disk" {
  mkdir "$T/small"
  mount -t tmpfs -o size=64k tmpfs "$T/small"
  run "$BIN" --root "$T/small/root" --runroot "$T/run" run --rm builtin:busybox true
  local said=$output ended=$status left
  left=$(cd "$T/small/root" && find containers names layers/tmp layers/sha256 -mindepth 1 2>/dev/null || true)
  umount "$T/small"
  [ "$ended" -eq 125 ]
  [ "$(errors "$said")" -eq 1 ]
  [[ "$said" = *"No space left on device"* ]]
  [ -z "$left" ]
}

@test "exhaustion: a disk that is full once the layer is there, and when the container has begun" {
  mkdir "$T/small"
  mount -t tmpfs -o size=8m tmpfs "$T/small"
  local small=("$BIN" --root "$T/small/root" --runroot "$T/run")
  "${small[@]}" run --rm builtin:busybox true
  dd if=/dev/zero of="$T/small/fill" bs=4k 2>/dev/null || true
  run "${small[@]}" run --rm builtin:busybox true
  local said=$output ended=$status left
  left=$(find "$T/small/root/containers" "$T/small/root/names" -mindepth 1)
  rm "$T/small/fill"
  "${small[@]}" run --rm builtin:busybox true
  local again=$?
  umount "$T/small"
  [ "$ended" -eq 125 ]
  [[ "$said" = *"No space left on device"* ]]
  [ -z "$left" ]
  [ "$again" -eq 0 ]
}

@test "exhaustion: no descriptors left" {
  box true
  local limit
  for limit in 3 4 5 6 8 10 12 16 20 24 128; do
    run bash -c 'ulimit -n "$1" && shift && exec "$@"' bash "$limit" "${CAISSON[@]}" run --rm builtin:busybox true
    [ "$status" -eq 0 ] || refused_with "Too many open files"
    caisson ps  # without a descriptor a directory cannot be emptied: the next command does it
    nothing_kept
  done
  [ "$status" -eq 0 ]
}

@test "exhaustion: a read-only store" {
  box true
  mount --bind -o ro "$T/root" "$T/root"
  run "${CAISSON[@]}" run --rm builtin:busybox true
  umount "$T/root"
  refused_with "Read-only file system"
  [[ "$output" = *"$STATE/root"* || "$output" = *"$T/root"* ]]
  nothing_kept
}

@test "exhaustion: standard output that takes nothing is an error" {
  run bash -c '"$@" >/dev/full' bash "${CAISSON[@]}" run --rm builtin:busybox echo hello
  refused_with "No space left on device"
  run bash -c '"$@" >/dev/full' bash "${CAISSON[@]}" ps
  refused_with "No space left on device"
  nothing_kept
}

@test "exhaustion: a container's record written by a newer version is left as it is" {
  caisson run --name kept builtin:busybox true
  local file
  file=$(echo "$T"/root/containers/*/container.json)
  sed -i 's/"version":1/"version":2/; s/}$/,"more":[1]}/' "$file"
  cp "$file" "$T/before"
  run -0 caisson ps -a
  [ "$(grep -c 'written by a newer caisson' <<<"$output")" -eq 1 ]
  run ! caisson rm -f kept
  refused_with "written by a newer caisson"
  run ! caisson inspect kept
  [[ "$output" = *"written by a newer caisson"* ]]
  box true
  cmp "$file" "$T/before"
  sed -i 's/"version":2/"version":1/; s/,"more":\[1\]}$/}/' "$file"
  caisson rm kept
}

@test "exhaustion: a running state written by a newer version is left as it is" {
  caisson run -d --name kept builtin:busybox sleep 1000
  local file
  file=$(echo "$T"/run/containers/*/state.json)
  cp "$file" "$T/before"
  sed -i 's/"version":1/"version":2/' "$file"
  run caisson exec kept true
  local exec=$status:$output
  run caisson stop kept
  local stop=$status:$output
  box true
  cat "$T/before" >"$file"  # before anything is judged: it has to end
  caisson rm -f kept
  [[ "$exec" = "125:caisson: error: "*"written by a newer caisson" ]]
  [[ "$stop" = "1:caisson: error: "*"written by a newer caisson" ]]
}
