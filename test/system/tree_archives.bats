# Trees written as tarballs: what GNU tar, podman's export and podman's commit make of the same trees is compared with it.
# time limit: 300 s
load helper

setup() {
  T=$BATS_TEST_TMPDIR
  require_root
  [ -x "$BUILD/test/system_archive" ] || skip "$BUILD/test/system_archive is not built"
  STATE=$(mktemp -d /dev/shm/caisson-trees.XXXXXX)
  MOUNTED=()
  cd "$STATE"
}
teardown() {
  [ -n "${STATE:-}" ] || return 0
  cd /
  for mount in "${MOUNTED[@]}"; do umount "$mount"; done
  [ ! -d "$STATE/podman" ] || podman umount --all >/dev/null
  rm -rf --one-file-system "$STATE"
}

archive() { "$BUILD/test/system_archive" "$STATE" "$@"; }
listed() { python3 -B "$BATS_TEST_DIRNAME/layers.py" list "$1"; }
quiet() { "$@" >"$T/output" 2>&1 || { cat "$T/output" && false; }; }
podman() { command podman --log-level error --root "$STATE/podman" --runroot "$STATE/podman-run" --storage-driver overlay "$@"; }
# So many directories, each in the one before it, and a file in the last.
deep() {
  python3 -B -c '
import os, sys
at, name = None, sys.argv[1]
for _ in range(1 + int(sys.argv[2])):
    os.mkdir(name, dir_fd=at)
    above, at, name = at, os.open(name, os.O_RDONLY, dir_fd=at), "d"
    if above is not None:
        os.close(above)
os.close(os.open("bottom", os.O_CREAT, dir_fd=at))' "$1" "$2"
}
# What is in a tarball, a line for each entry, without the root.
entries() { TZ=UTC tar --numeric-owner --full-time -tvf "$1" | sed -E 's/ +/ /g; / \.\/$/d' | LC_ALL=C sort -k6; }

# A tree of all that there is, $STATE/tree.
make_tree() {
  local long
  long=$(printf 'n%.0s' {1..200})
  mkdir -p tree/d/{e,f} tree/dev "tree/$long/$long" && cd tree
  echo content >d/file && head -c 1000000 /dev/urandom >d/random && : >d/empty
  ln d/file d/e/hard && ln -s file d/soft && ln -s "$long/$long/$long" d/long-link && ln d/soft d/hard-to-soft
  echo long >"$long/$long/$long" && ln "$long/$long/$long" d/long-hard
  printf 'a\nb' >$'d/new\nline' && echo ü >d/ü && echo dashes >d/--checkpoint
  mknod dev/null c 1 3 && mknod dev/block b 7 200 && mkfifo d/fifo && mknod dev/zero c 0 0
  chmod 4755 d/file && chmod 2775 d/e && chmod 1777 d/f && chown 1000:2000 d/empty && chown 4294967294:3000000 d/random
  chown -h 5:6 d/soft
  setfattr -n user.note -v 'a value' d/file && setfattr -n user.empty d/e && setfattr -n user.binary -v 0x000a00ff d/file
  setcap cap_net_bind_service+ep d/random
  setfacl -m u:1000:rw,g:7:r d/empty && setfacl -d -m u:1000:rwx d/f
  touch -d '1960-01-02 03:04:05Z' d/file && touch -d '2100-01-02 03:04:05Z' d/random && touch -hd '2001-01-02Z' d/soft
  touch -d '2400-01-01Z' d/empty
  find . ! -newermt 2090-01-01 ! -name file ! -name soft -exec touch -hd '2011-12-13 14:15:16Z' {} +
  cd ..
}

@test "trees: GNU tar unpacks what was there, and lists what it would have written" {
  make_tree
  archive tree tree >ours.tar
  mkdir unpacked && quiet tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpf ours.tar -C unpacked
  diff <(listed tree) <(listed unpacked)
  tar --sort=name --format=pax --numeric-owner -C tree -cf theirs.tar .
  diff <(entries ours.tar) <(entries theirs.tar | sed 's| \./| |g')
  # The same each time.
  archive tree tree | cmp - ours.tar
  # And caisson itself, to which a device 0/0 is a whiteout.
  quiet "$BUILD/libexec/caisson/transfer" unpack --root "$STATE/store" ours.tar
  diff <(listed tree | grep -v dev/zero) <(listed store/layers/sha256/*/tree)
}

@test "trees: sockets are left out, and said; what is mounted is not entered" {
  mkdir -p tree/mounted tree/z && echo a >tree/z/a && echo b >tree/z/b
  python3 -B -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
  mount -t tmpfs tmpfs tree/mounted && MOUNTED=("$STATE/tree/mounted") && touch tree/mounted/inside
  mount --bind tree/z/a tree/z/b && MOUNTED+=("$STATE/tree/z/b")
  archive tree tree >ours.tar 2>notes
  [ "$(tar -tf ours.tar | tr '\n' ' ')" = "./ z/ z/a " ]
  grep -q "sockets were left out: at 'socket'" notes
  grep -q "what is mounted in the tree was left out: at 'mounted' and 1 more" notes
}

@test "trees: deep ones and wide ones take few descriptors and little memory" {
  deep tree 1000
  (ulimit -n 20 && archive tree tree >deep.tar)
  [ "$(tar -tf deep.tar | tail -1 | tr -cd / | wc -c)" -eq 1000 ]
  mkdir wide && (cd wide && seq 1 50000 | xargs touch)
  [ "$(python3 -B "$BATS_TEST_DIRNAME/archives.py" peak sh -c '"$0" . tree wide >wide.tar' "$BUILD/test/system_archive")" -lt 32768 ]
  [ "$(tar -tf wide.tar | wc -l)" -eq 50001 ]
  # As far down as no path leads.
  deep deeper 2200
  run -1 archive tree deeper
  [[ "$output" = *"its path is longer than 4094 bytes"* ]]
}

# An image, a container of it that was never run, $CONTAINER, and where its files are, $ROOT.
make_container() {
  require_program podman
  make_tree
  rm tree/dev/zero # which podman takes for a whiteout
  tar --xattrs --xattrs-include='*' --numeric-owner -C tree -cf base.tar .
  quiet podman import base.tar localhost/base:1
  CONTAINER=$(podman create localhost/base:1 /x)
  ROOT=$(podman mount "$CONTAINER")
}
done_with_container() { quiet podman umount --all && quiet podman rm --all && quiet podman rmi --all; }

@test "trees: podman's export of a container has the same entries" {
  make_container
  archive tree "$ROOT" >ours.tar
  podman export "$CONTAINER" >theirs.tar
  diff <(entries ours.tar) <(entries theirs.tar)
  done_with_container
}

@test "trees: podman's commit of a container has the same entries, whiteouts and opaque directories" {
  make_container
  local upper
  (
    cd "$ROOT"
    rm d/file && rm -r d/f && echo new >>d/empty && mkdir d/f && echo in >d/f/new
    rm -r dev && ln -s d dev && mkdir -p new/er && touch new/er/file && chmod 700 d/e && rm d/e/hard && mkdir d/e/hard
  )
  upper=$(podman inspect --format '{{.GraphDriver.Data.UpperDir}}' "$CONTAINER")
  archive layer "$upper" >ours.tar
  quiet podman commit "$CONTAINER" localhost/changed:1
  quiet podman save --format docker-archive --output saved localhost/changed:1
  tar -xOf saved "$(tar -xOf saved manifest.json | jq -r '.[0].Layers[-1]')" >theirs.tar
  # Mode and time of a whiteout are nobody's.
  diff <(entries ours.tar | sed '/\.wh\./s/.* //') <(entries theirs.tar | sed '/\.wh\./s/.* //')
  [ "$(tar -tf ours.tar | grep -c '\.wh\.\.wh\.\.opq$')" -eq 2 ]
  # In a user namespace overlay notes it elsewhere.
  cp -a "$upper" user
  getfattr -hR -n trusted.overlay.opaque user 2>/dev/null | sed -n 's/^# file: //p' >opaque
  while read -r directory; do
    setfattr -x trusted.overlay.opaque "$directory" && setfattr -n user.overlay.opaque -v y "$directory"
  done <opaque
  archive user-layer user | cmp - ours.tar
  run -0 --separate-stderr bash -c "'$BUILD/test/system_archive' '$STATE' layer user | tar -t"
  [[ "$output" != *".wh..wh..opq"* ]]
  # What overlay keeps below, and what would be a whiteout to others.
  touch user/.wh.name && touch -r "$upper" user && archive user-layer user 2>notes | cmp - ours.tar
  grep -q "files were left out whose names mean something else in a layer: at '.wh.name'" notes
  setfattr -n trusted.overlay.metacopy user/d/f/new
  run -1 archive layer user
  [[ "$output" = *"'d/f/new': its content is in a layer below"* ]]
  setfattr -n trusted.overlay.redirect -v /elsewhere user/d
  run -1 archive layer user
  [[ "$output" = *"'d': its content is in a layer below"* ]]
  done_with_container
}
