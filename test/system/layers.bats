# Layers of images: the overlay of what transfer unpacks is compared, entry by entry, with what umoci and podman make of the
# same image, as root and in a user namespace. layers.py makes the images.
# time limit: 900 s
load helper

setup() {
  T=$BATS_TEST_TMPDIR
  require_root
  STATE=$(mktemp -d /dev/shm/caisson-layers.XXXXXX) # podman would not be kept waiting for a disk either
  mkdir "$STATE/mounted" "$STATE/empty"
  # Where an ordinary user gets to them.
  cp "${TRANSFER:-$BUILD/libexec/caisson/transfer}" "$STATE/transfer"
  cp "$BATS_TEST_DIRNAME/layers.py" "$STATE"
  TRANSFER=$STATE/transfer LAYERS=$STATE/layers.py
  as_root
}
teardown() { [ -z "${STATE:-}" ] || rm -rf --one-file-system "$STATE"; }

layers() { python3 -B "$LAYERS" "$@"; }

# The image of a case of layers.py's, as an OCI layout: image CASE.
image() {
  rm -rf "$STATE/image"
  layers make "$1" "$STATE"
}

# Unpacks the layers of an OCI layout, and prints their trees as overlay's lowerdir: apply LAYOUT [OPTION…]. WITHIN is a command
# to do it by.
apply() {
  local file digest size diff_id chain_id tree trees=() options
  while read -r file digest size diff_id chain_id; do
    options=()
    for tree in "${trees[@]}"; do options+=(--lower "$tree"); done
    "${WITHIN[@]}" "$TRANSFER" layer --store "$STORE" --blob "$file" --digest "$digest" --size "$size" --diff-id "$diff_id" \
      --chain-id "$chain_id" "${options[@]}" "${@:2}" >"$T/applied" || return 1
    [ "$(cat "$T/applied")" = "$chain_id" ]
    trees=("$STORE/layers/chain/${chain_id#sha256:}/tree" "${trees[@]}")
  done < <(layers layers "$1")
  (IFS=: && echo "${trees[*]}")
}

# What an overlay of the trees shows: shown LOWERDIR [MOUNT-OPTION…]. One tree alone would be no overlay.
shown() {
  # shellcheck disable=SC2016 # for the shell in the new mount namespace
  "${WITHIN[@]}" unshare --mount --propagation private sh -c '
    mount -t overlay overlay -o "ro,$2lowerdir=$1" "$0" && exec python3 -B "$3" list "$0"' \
    "$STATE/mounted" "$1:$STATE/empty" "${2:+$2,}" "$LAYERS"
}

# From here on things are done by root of a user namespace that has 65536 ids, with a store of its own; or not.
in_user_namespace() {
  WITHIN=(python3 -B "$LAYERS" within)
  STORE=$STATE/mapped/store
  chmod 711 "$STATE"
  mkdir -p "$STATE/mapped" && chown 100000:100000 "$STATE/mapped"
}
as_root() {
  WITHIN=()
  STORE=$STATE/store
}

by_umoci() {
  rm -rf "$STATE/umoci"
  umoci unpack --image "$1:made" "$STATE/umoci" >"$T/umoci.log" 2>&1 || { cat "$T/umoci.log" && return 1; }
  layers list "$STATE/umoci/rootfs"
}

by_podman() {
  # The path of a layout becomes the image's name, in which there are no capital letters.
  # shellcheck disable=SC2016 # for the shell in the new mount namespace
  unshare --mount --propagation private sh -c '
    podman() { command podman --log-level error --root "$0/podman" --runroot "$0/podman-run" --storage-driver overlay "$@"; }
    cd "$1/.." && podman pull --quiet "oci:${1##*/}:made" >/dev/null && exec python3 -B "$2" list "$(podman image mount "$(podman images --quiet)")"' \
    "$STATE" "$1" "$LAYERS" 2>"$T/podman.log"
  local status=$?
  rm -rf --one-file-system "$STATE/podman" "$STATE/podman-run"
  return $status
}

# Files of the AUFS days are left lying by both oracles, and orders to the overlay are carried out by one.
cases() { layers names | grep -vxE 'aufs|hostile'; }

# What podman cannot unpack, by its own words.
is_too_much_for_podman() {
  case $1 in
    twice) grep -q 'duplicates of file paths' "$T/podman.log" ;;
    the-file-wins | below-whiteouts) grep -q 'file exists' "$T/podman.log" ;;
    hard-links-below | device-links-below) grep -q 'no such file' "$T/podman.log" ;;
    *) return 1 ;;
  esac
}

@test "layers: each case comes out as from umoci" {
  require_program umoci
  local case lower
  for case in $(cases); do
    echo "$case"
    image "$case"
    lower=$(apply "$STATE/image")
    shown "$lower" >"$T/ours"
    by_umoci "$STATE/image" >"$T/theirs"
    [ "$(wc -l <"$T/ours")" -gt 1 ]
    layers agree umoci "$T/theirs" "$T/ours"
  done
  [ -z "$(ls "$STORE/layers/tmp")" ]
}

@test "layers: each case comes out as from podman, where podman gets through it" {
  require_program podman
  local case lower agreed=0
  for case in $(cases | grep -vx opaque-root); do # of a whole layer: for podman, whose kernel takes no notice, it hides nothing
    echo "$case"
    image "$case"
    if ! by_podman "$STATE/image" >"$T/theirs"; then
      is_too_much_for_podman "$case" || { cat "$T/podman.log" && false; }
      continue
    fi
    lower=$(apply "$STATE/image")
    shown "$lower" >"$T/ours"
    layers agree podman "$T/theirs" "$T/ours"
    agreed=$((agreed + 1))
  done
  [ $agreed -ge 12 ]
}

@test "layers: in a user namespace they come out as for root, but for devices and what is root's alone" {
  local case lower
  for case in $(cases | grep -vx device-links-below); do
    echo "$case"
    image "$case"
    lower=$(apply "$STATE/image")
    # Devices cannot be made there, trusted attributes not be set; what the lower layer has in a device's place stays.
    shown "$lower" | grep -vE "	(char|block) |^'file-device'" | sed -E "s/ trusted\.[a-z-]+=b'[^']*'//g" >"$T/root"
    in_user_namespace
    lower=$(apply "$STATE/image" 2>"$T/warnings") || { cat "$T/warnings" && false; }
    shown "$lower" | grep -v "^'file-device'" >"$T/user"
    diff -u "$T/root" "$T/user"
    shown "$lower" userxattr | grep -v "^'file-device'" | diff -u "$T/user" -
    run ! grep -v 'warning: .* were left out' "$T/warnings"
    as_root
  done
}

@test "layers: a link to a device of another layer is an error where devices cannot be made" {
  image device-links-below
  in_user_namespace
  run apply "$STATE/image"
  [ "$status" -ne 0 ]
  [[ "$output" = *"'n': target of the hard link: fstatat(d/n): No such file or directory"* ]]
}

@test "layers: what root unpacked shows the same in a user namespace" {
  local case lower
  for case in opaque-first opaque-root types-change; do
    image "$case"
    lower=$(apply "$STATE/image")
    shown "$lower" >"$T/root"
    WITHIN=(unshare --user --map-root-user)
    for option in "" userxattr; do
      shown "$lower" $option | diff -u <(sed "s/ [0-9]*:[0-9]* / /" "$T/root") <(sed "s/ [0-9]*:[0-9]* / /" /dev/stdin)
    done
    as_root
  done
}

@test "layers: orders to the overlay are left out, and said to be" {
  image hostile
  run apply "$STATE/image"
  [ "$status" -eq 0 ]
  [[ "$output" = *"character devices 0/0 were left out"*" at 'f' and 1 more"* ]]
  [[ "$output" = *"attributes were left out that give orders to the overlay file system: at 'd/' and 5 more"* ]]
  run shown "${lines[-1]}"
  echo "$output"
  [ "$(echo "$output" | cut -f 1 | xargs)" = ". d d/a d/b d/in d/in/c e f g" ]
  [[ "$output" = *"user.kept=b'1'"* && "$output" != *overlay* ]]
  [[ "$output" = *"'f'"*" size=5 "* ]]
}

@test "layers: files that AUFS had linked are there under their own names alone" {
  image aufs
  run shown "$(apply "$STATE/image")"
  [ "$(echo "$output" | cut -f 1 | xargs)" = ". a" ]
  [[ "$output" = *"'a'	file 0644"*" size=6 "* ]]
}

# Changes of every kind below $1, a root filesystem.
change() (
  cd "$1"
  rm -rf etc/gone bin/vi usr/share/doc var/lib/dpkg/info
  mkdir -p usr/share/doc/new && echo new >usr/share/doc/new/file
  rm -rf tmp && mkdir -m 1777 tmp && touch tmp/in
  rm -rf opt && ln -s usr opt
  rm -rf etc/motd && mkdir etc/motd && echo now >etc/motd/file
  rm -rf home && echo "a file now" >home
  mkdir -p srv/a/b && mv srv/a srv/moved && chmod 2750 srv/moved && chown 5:6 srv/moved
  chmod 700 root && chown 7:8 etc
  echo one >etc/linked && ln etc/linked etc/linked-too && ln etc/linked srv/linked
  setfattr -n user.note -v value etc/linked && setfattr -n trusted.note -v value srv
  mknod srv/null c 1 3 && mkfifo srv/fifo && truncate -s 5M srv/hole
)

# Makes $STATE/image of a tarball, in which everything is older than the test.
image_of() {
  rm -rf "$STATE/image"
  zcat "$1" >"$STATE/base.tar"
  layers wrap "$STATE" "$STATE/base.tar"
  rm "$STATE/base.tar"
}

@test "layers: what umoci packs of changes, and changes of those, comes out as from umoci" {
  require_program umoci
  local bundle=$STATE/bundle
  image_of "$BUILTIN"
  umoci unpack --image "$STATE/image:made" "$bundle" >/dev/null
  change "$bundle/rootfs"
  umoci repack --refresh-bundle --image "$STATE/image:made" "$bundle" >/dev/null
  rm -rf "$bundle/rootfs"/{tmp,opt,srv/moved,etc/motd} && mkdir -p "$bundle/rootfs/opt/new" && echo second >>"$bundle/rootfs/etc/linked"
  umoci repack --image "$STATE/image:made" "$bundle" >/dev/null
  [ "$(layers layers "$STATE/image" | wc -l)" -eq 3 ]
  shown "$(apply "$STATE/image")" >"$T/ours"
  by_umoci "$STATE/image" >"$T/theirs"
  layers agree umoci "$T/theirs" "$T/ours"
  grep -q "^'srv/linked'.*user.note=.*same as 'etc/linked'" "$T/ours"
}

@test "layers: what podman commits comes out as it was in the container" {
  require_program podman
  image_of "$BUILTIN"
  # shellcheck disable=SC2016 # for the shell in the new mount namespace
  CHANGE=$(declare -f change) unshare --mount --propagation private bash -ec '
    podman() { command podman --log-level error --root "$0/podman" --runroot "$0/podman-run" --storage-driver overlay "$@"; }
    eval "$CHANGE"
    cd "$0"
    podman pull --quiet oci:image:made >/dev/null
    container=$(podman create --network none "$(podman images --quiet)" true)
    mounted=$(podman mount "$container")
    change "$mounted"
    python3 -B "$1" list "$mounted" >"$2"
    podman push --quiet "$(podman commit --quiet "$container")" "oci:committed:made"
    podman umount --all >/dev/null' "$STATE" "$LAYERS" "$T/theirs"
  [ "$(layers layers "$STATE/committed" | wc -l)" -eq 2 ]
  shown "$(apply "$STATE/committed")" >"$T/ours"
  layers agree podman "$T/theirs" "$T/ours"
  grep -q "^'srv/linked'.*user.note=.*same as 'etc/linked'" "$T/ours"
}

@test "layers: Debian, and a layer of changes on it, come out as from umoci" {
  require_program umoci
  require_debian
  image_of "$DEBIAN"
  umoci unpack --image "$STATE/image:made" "$STATE/bundle" >/dev/null
  change "$STATE/bundle/rootfs"
  umoci repack --image "$STATE/image:made" "$STATE/bundle" >/dev/null
  rm -rf "$STATE/bundle"
  shown "$(apply "$STATE/image")" >"$T/ours"
  by_umoci "$STATE/image" >"$T/theirs"
  [ "$(wc -l <"$T/ours")" -gt 5000 ]
  layers agree umoci "$T/theirs" "$T/ours"
}

@test "layers: 20 at once unpack each layer once, and none fails" {
  local pids=() i
  image_of "$BUILTIN"
  layers make types-change "$STATE/other"
  for i in {1..20}; do
    T=$(mktemp -d "$T/XXXX") apply "$STATE/$([ $((i % 2)) = 0 ] || echo other/)image" >"$T/out.$i" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  [ "$(cat "$T"/out.* | sort -u | wc -l)" -eq 2 ]
  [ -z "$(ls "$STORE/layers/tmp")" ]
  [ "$(ls "$STORE/layers/chain" | wc -l)" -eq 4 ]
}

@test "layers: what a killed transfer leaves, the next one clears" {
  head -c 30000000 /dev/urandom >"$STATE/random" && tar -C "$STATE" -cf "$STATE/random.tar" random
  layers wrap "$STATE" "$STATE/random.tar"
  read -r file digest size diff_id chain_id < <(layers layers "$STATE/image")
  mkfifo "$T/pipe"
  "$TRANSFER" layer --store "$STORE" --blob "$file" --digest "$digest" --size "$size" --diff-id "$diff_id" --chain-id "$chain_id" >"$T/out" &
  pid=$!
  within 10 compgen -G "$STORE/layers/tmp/chain.*/tree/random"
  kill -KILL "$pid"
  wait "$pid" || true
  [ -s "$T/out" ] || [ -n "$(ls "$STORE/layers/tmp")" ]
  image whiteouts
  apply "$STATE/image"
  [ -z "$(ls "$STORE/layers/tmp")" ]
}

@test "layers: what is not what the image says is told, and nothing of it kept" {
  image metadata
  read -r file digest size diff_id chain_id < <(layers layers "$STATE/image")
  local wrong=sha256:${digest:8}0
  layer() { "$TRANSFER" layer --store "$STORE" --blob "$file" --digest "$1" --size "$2" --diff-id "$3" --chain-id "$4" "${@:5}"; }
  run -1 layer "$wrong" "$size" "$diff_id" "$chain_id"
  [ "$output" = "caisson: error: $file: it has the digest $digest, not $wrong as the image's manifest says" ]
  run -1 layer "$digest" $((size + 1)) "$diff_id" "$chain_id"
  [ "$output" = "caisson: error: $file: it has $size bytes, not $((size + 1)) as the image's manifest says" ]
  run -1 layer "$digest" "$size" "$wrong" "$wrong"
  [ "$output" = "caisson: error: $file: the archive in it has the digest $diff_id, not the DiffID $wrong of the image's configuration" ]
  run -1 layer "$digest" "$size" "$diff_id" "$wrong"
  [[ "$output" = *"the chain id of this layer on those below is $diff_id, not $wrong" ]]
  printf x | dd of="$file" bs=1 seek=100 conv=notrunc status=none
  run -1 layer "$digest" "$size" "$diff_id" "$chain_id"
  [[ "$output" = *"it has the digest sha256:$(sha256sum "$file" | cut -d' ' -f1), not $digest as the image's manifest says" ]]
  reported() { layer "$@" --report 3>&1; }
  run -1 reported "$digest" "$size" "$diff_id" "$chain_id"
  [[ "$output" = "error"*"it has the digest"* ]]
  run -1 "$TRANSFER" layer --store "$STORE" --blob "$file"
  [[ "$output" = "caisson: error: digest: not 'sha256:' and 64 hexadecimal digits: ''" ]]
  run -1 layer "$digest" a "$diff_id" "$chain_id"
  [[ "$output" = *"--size a: not a number of bytes" ]]
  [ -z "$(find "$STORE" -type f ! -path "$STORE/layers/lock/*")" ]
  [ -z "$(ls "$STORE/layers/chain" "$STORE/layers/tmp" | grep -v :)" ]
}

# Prints the most memory, in KiB, that a command ever had.
peak_kib() { python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"; }

@test "layers: memory does not grow with a layer's size, its directories, or their depth" {
  ! grep -q __asan_init "$TRANSFER" || skip "a sanitizer's memory is not the program's"
  python3 - "$STATE/many.tar" <<'PYTHON'
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as tar:
    def add(name, kind, size=0):
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, size
        tar.addfile(info, io.BytesIO(bytes(size)))
    add("large", tarfile.REGTYPE, 200 << 20)
    for i in range(100000):
        add(f"d{i % 100}/a-directory-with-a-long-name-{i:064}", tarfile.DIRTYPE)
        if i % 10 == 0:
            add(f"d{i % 100}/.wh.something-else-with-a-long-name-{i:064}", tarfile.REGTYPE)
    add("deep/" * 800 + "file", tarfile.REGTYPE)
PYTHON
  layers wrap "$STATE" "$STATE/many.tar"
  read -r file digest size diff_id chain_id < <(layers layers "$STATE/image")
  local peak
  peak=$(peak_kib "$TRANSFER" layer --store "$STORE" --blob "$file" --digest "$digest" --size "$size" --diff-id "$diff_id" --chain-id "$chain_id")
  echo "$peak KiB"
  [ "$(find "$STORE/layers/chain" -name 'a-directory-*' | wc -l)" -eq 100000 ]
  [ "$peak" -lt $((24 << 10)) ]
}
