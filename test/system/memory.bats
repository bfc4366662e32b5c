# What handles images stays below 64 MiB of memory, whatever their layers are compressed with.
load helper

setup() {
  caisson_setup
  require_program zstd
  require_program xz
  require_program python3
  ! grep -q __asan_init "$BUILD/libexec/caisson/transfer" || skip "a sanitizer's memory is not the program's"
}

# Prints the most memory, in KiB, that a command or a child of its ever had.
peak_kib() {
  python3 -B -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}
stays_small() {
  local peak
  peak=$(peak_kib "$@")
  echo "$peak KiB: $*"
  [ "$peak" -lt $((64 << 10)) ]
}
# A root filesystem with a file of 80 MiB called NAME: $T/NAME.tar.
tarball() {
  local tree
  tree=$(rootfs "$1")
  truncate -s 80M "$tree/$1"
  tar -C "$tree" -cf "$T/$1.tar" .
  rm -r "$tree"
}
image() { python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" "docker.io/library/$1:latest" '{"Cmd": ["true"]}' "${@:2}" >"$T/made"; }

@test "memory: layers of zstd, with the windows that are usual and the largest that are taken" {
  local name window
  for name in a b c d; do tarball $name; done
  for window in 23 24 25; do
    for name in a b c d; do zstd -q -f -1 --zstd=wlog=$window -T1 "$T/$name.tar" -o "$T/$name.zst"; done
    image "window$window" "$T"/[abcd].zst
    stays_small "${CAISSON[@]}" run --rm "window$window"
    caisson rmi "window$window" >/dev/null
  done
  # Counted on is what the layers ask for, not how many there are.
  zstd -q -f -1 --zstd=wlog=26 -T1 "$T/a.tar" -o "$T/a.zst"
  image large "$T/a.zst"
  run -125 caisson run --rm large
  [[ "$output" = *"the zstd data need a window of more than 32 MiB, which is the most that is given"* ]]
  [ -z "$(find "$T/root/layers/chain" "$T/root/layers/tmp" -mindepth 1)" ]
}

@test "memory: root filesystems of xz, up to what xz -8 makes" {
  tarball a
  xz -T1 -k --lzma2=preset=0,dict=32MiB "$T/a.tar"
  stays_small "${CAISSON[@]}" run --rm "$T/a.tar.xz" true
  stays_small "${CAISSON[@]}" import -q "$T/a.tar.xz" made:1
  # In several blocks, which several threads could have decompressed.
  xz -f -T2 -k --block-size=8MiB --lzma2=preset=0,dict=8MiB "$T/a.tar"
  stays_small "${CAISSON[@]}" import -q "$T/a.tar.xz" made:2
  xz -f -T1 -k --lzma2=preset=0,dict=64MiB "$T/a.tar"
  local verb
  for verb in "run --rm" import; do
    # shellcheck disable=SC2086 # words
    run -125 caisson $verb "$T/a.tar.xz" other:1
    [[ "$output" = *"$T/a.tar.xz: the xz data need more than 40 MiB of memory, which is the most that is given"* ]]
    [[ "$output" = *"hint: xz -9 asks for 65 MiB, xz -8 for 33; what \`xz -dc\` gives needs none"* ]]
  done
  [ -z "$(ls -A "$T/root/images/partial")" ]
  xz -dc "$T/a.tar.xz" | caisson import -q - other:1 >/dev/null
}
