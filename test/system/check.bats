# system check: unpacked layers compared with the images that they are of.
load helper

setup() {
  caisson_setup
  require_program python3
  mkdir -p "$T/upper/dir"
  echo words >"$T/upper/dir/file"
  ln "$T/upper/dir/file" "$T/upper/dir/other"
  tar -C "$T/upper" -cf "$T/a.tar" dir/file dir/other # dir is described by no entry
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" docker.io/library/one:latest '{}' "$BUILTIN" "$T/a.tar" >"$T/made"
  read -r MANIFEST ID <"$T/made"
  caisson run --rm one true
  mapfile -t CHAINS <"$T/root/layers/images/${ID#sha256:}"
  LOWER=$T/root/layers/chain/${CHAINS[0]#sha256:}
  UPPER=$T/root/layers/chain/${CHAINS[1]#sha256:}
}

# The next check finds exactly one thing, "layer HEX: WORDS": damaged HEX WORDS.
damaged() {
  run -125 caisson system check
  [ "$(grep -c ^layer <<<"$output")" -eq 1 ]
  grep -qxF "layer $(basename "$1"): $2" <<<"$output"
}
mended() {
  run -0 caisson system check --repair
  grep -qxF "layer $(basename "$1"): $2 (unpacked anew)" <<<"$output"
  run -0 caisson system check
  [[ "$output" != *layer\ * ]]
}

@test "system check: clean layers are well, and nothing is left in tmp" {
  run -0 caisson system check
  [[ "$output" != *layer* ]]
  [ -z "$(ls -A "$T/root/layers/tmp/")" ]
}

@test "system check: what differs in a layer is named, and mended with --repair" {
  printf W | dd of="$UPPER/tree/dir/file" conv=notrunc status=none
  touch -d "@$(stat -c %Y "$T/upper/dir/file")" "$UPPER/tree/dir/file"
  touch -r "$T/upper/dir/file" "$UPPER/tree/dir/file"
  run -125 caisson system check
  [[ "$output" == *"layer $(basename "$UPPER"): dir/"*": "*"another"* ]]
  run -0 caisson system check --repair
  [[ "$output" == *"(unpacked anew)"* ]]
  [ "$(caisson run --rm one cat /dir/file)" = words ]
  chmod 700 "$UPPER/tree/dir/file"
  run -125 caisson system check
  [[ "$output" == *": the mode is 700, not 644"* ]]
  caisson system check --repair >/dev/null
  rm "$LOWER/tree/bin/busybox"
  run -125 caisson system check
  [[ "$output" == *"layer $(basename "$LOWER"): bin"* ]]
  caisson system check --repair >/dev/null
  caisson run --rm one true
}

@test "system check: a missing tree" {
  rm -r "$UPPER/tree"
  damaged "$UPPER" "its tree is missing"
  mended "$UPPER" "its tree is missing"
  [ "$(caisson run --rm one cat /dir/other)" = words ]
}

@test "system check: one layer above another, both damaged" {
  echo >>"$UPPER/tree/dir/file"
  mkdir "$LOWER/tree/new"
  damaged "$LOWER" "new: it should not be there" || damaged "$LOWER" "/: the time of modification is another"
  run -0 caisson system check --repair
  [ "$(grep -c "unpacked anew" <<<"$output")" -eq 2 ]
  caisson system check
}

@test "system check: a layer that a container was made from is kept, and the container named" {
  caisson run --name kept one true
  chmod 700 "$UPPER/tree/dir/file"
  local id
  id=$(caisson ps -aq)
  run -125 caisson system check --repair
  grep -qF "(kept: container $id was made from it)" <<<"$output"
  caisson rm kept >/dev/null
  mended "$UPPER" "dir/other: the mode is 700, not 644" || mended "$UPPER" "dir/file: the mode is 700, not 644"
}

@test "system check: records of layers, what killed processes left, locks" {
  local record=$T/root/layers/images/${ID#sha256:}
  head -1 "$record" >"$T/short" && cp "$T/short" "$record"
  mkdir -p "$T/root/layers/tmp/chain.$(printf 'a%.0s' {1..64})/tree"
  run -125 caisson system check
  [[ "$output" == *"layers/images/${ID#sha256:}: these are not the layers of that image"* ]]
  [[ "$output" == *"left by a process that was killed (cleared)"* ]]
  run -0 caisson system check --repair
  [[ "$output" == *"(rewritten)"* ]]
  [ "$(wc -l <"$record")" -eq 2 ]
  [ -z "$(ls -A "$T/root/layers/lock/" "$T/root/layers/tmp/" | grep -v :)" ]
  rm -r "$UPPER"
  run -0 caisson system check
  [[ "$output" == *"image ${ID:7:12}: not all of its layers are unpacked"* ]]
  caisson run --rm one true
}

@test "system check: nothing is wrong beside containers that start, and images that go and come" {
  local i pid
  caisson save -o "$T/one.tar" one
  for i in {1..12}; do
    caisson image prune -af >/dev/null 2>&1 || echo "prune failed" >>"$T/failed"
    caisson load -q -i "$T/one.tar" >/dev/null || echo "load failed" >>"$T/failed"
    caisson run --rm one true || echo "run failed" >>"$T/failed"
  done 3>&- &
  pid=$!
  for i in {1..8}; do caisson system check >"$T/check.$i" 2>&1 || cat "$T/check.$i" >>"$T/failed"; done
  wait $pid
  [ ! -e "$T/failed" ] || { cat "$T/failed" && false; }
}

@test "system check: who prunes waits while a layer is compared" {
  local pid
  truncate -s 300M "$T/upper/large"
  tar -C "$T/upper" -czf "$T/large.tar.gz" large
  rm "$T/upper/large"
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" docker.io/library/large:latest '{}' "$T/large.tar.gz" >"$T/made"
  "$BUILD/libexec/caisson/transfer" layers --images "$T/root/images" --store "$T/root" "$(cut -d' ' -f1 "$T/made")" >/dev/null
  "${CAISSON[@]}" system check >"$T/output" 2>&1 3>&- &
  pid=$!
  # The lock that who prunes needs is taken while that goes on.
  until ! flock --nonblock "$T/root/layers/lock/use" true; do
    kill -0 $pid || { echo "it was never held" && false; }
  done
  wait $pid || { cat "$T/output" && false; }
}
