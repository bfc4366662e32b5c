# Unpacking is compared with GNU tar's, entry by entry: what tar makes of an archive, transfer makes of it.
load helper

setup() {
  T=$BATS_TEST_TMPDIR
  TRANSFER=${TRANSFER:-$BUILD/libexec/caisson/transfer}
}
teardown() { rm -rf "$T/store" "$T/tar" "$T/tree"; }

unpack() { "$TRANSFER" unpack --root "$T/store" "$@"; }

# The tree that transfer makes of a tarball.
tree_of() {
  local digest
  digest=$(unpack "$@") && echo "$T/store/layers/sha256/${digest#sha256:}/tree"
}

# Everything that an archive can say about what is below $1, an entry a line. Hard links are told by their first name.
listing() (
  cd "$1" || exit 1
  find . -printf '%p\t%y %m %U:%G %T@ %l\t' \( -type f -printf '%s bytes, %b blocks' -o -printf '-' \) -printf '\n' | sort
  find . \( -type c -o -type b \) -exec stat -c 'device %n %t:%T' {} + | sort
  find . ! -type d -links +1 -printf '%i %p\n' | sort -k2 |
    awk '{ if (!($1 in first)) first[$1] = $2; print "hard link", $2, first[$1] }'
  find . -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex -- 2>/dev/null
  find . -type f -print0 | sort -z | xargs -0 sha256sum
)

# Unpacks $1 both ways and compares. An archive that has no entry for its root says nothing of its time.
same_as_tar() {
  mkdir "$T/tar"
  tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpf "$1" -C "$T/tar"
  local tree
  tree=$(tree_of "$1")
  tar -tf "$1" | grep -qx '\./' || touch "$tree" -r "$T/tar"
  [ "$(listing "$T/tar" | wc -l)" -gt "${2:-3}" ]
  diff -u <(listing "$T/tar") <(listing "$tree")
  rm -rf "$T/tar" "$T/store"
}

# A tree with something of every kind in it.
make_tree() {
  local long tree=$T/tree
  long=$(printf 'n%.0s' {1..150})
  mkdir -p "$tree"/{bin,etc,tmp,usr/lib,shut,"$long/$long",times}
  cd "$tree"
  echo hello >etc/file && chmod 640 etc/file && chown 1000:50 etc/file
  echo large-ids >etc/large && chown 3000000000:2097152 etc/large
  : >etc/empty && chmod 0 etc/empty
  head -c 3000000 /dev/urandom >usr/lib/random
  for i in {1..300}; do echo "$i" >"usr/lib/$i"; done
  cp /bin/true bin/suid && chmod 4755 bin/suid
  cp /bin/true bin/sgid && chown 0:50 bin/sgid && chmod 2755 bin/sgid
  cp /bin/true bin/capable && setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 bin/capable
  chmod 1777 tmp && chown 0:60 usr && chmod 2775 usr && echo in-sgid >usr/file
  ln -s usr/lib lib && ln -s /etc/file absolute && ln -s ../../../../etc/passwd up && ln -s nowhere dangling
  ln -s "$long/$long/$long" longlink && chown -h 7:8 lib
  echo linked >etc/first && ln etc/first etc/second && ln etc/first "$long/third" && ln lib hardlink-to-link
  echo deep >"$long/$long/$long"
  echo newline >"etc/with
newline" && echo bytes >"etc/$(printf '\xff\xfe')" && echo space >"etc/ lead and trail "
  echo dash >-dash && echo unicode >"etc/ünïcödé"
  mknod char c 1 3 && mknod block b 7 200 && mknod wide c 300 70000 && chmod 666 char && mkfifo -m 622 fifo && chown 5:6 fifo
  truncate -s 5M sparse && printf one | dd of=sparse bs=1 seek=1M conv=notrunc status=none &&
    printf two | dd of=sparse bs=1 seek=3M conv=notrunc status=none
  truncate -s 1M hole
  truncate -s 12M many && for i in {1..60}; do printf x | dd of=many bs=1 seek=$((i * 200000)) conv=notrunc status=none; done
  setfattr -n user.note -v value etc/file && setfattr -n user.binary -v 0x00ff0a3d00 etc/large
  setfattr -n user.on-directory -v d etc && setfattr -n trusted.thing -v t etc/file
  setfattr -h -n trusted.on-link -v l lib && setfattr -n trusted.on-device -v d char
  echo read-only >shut/file && touch -d '2001-02-03 04:05:06.789012345' shut/file etc/file && chmod 555 shut
  touch -h -d '1999-01-01 00:00:00' lib && touch -d '1960-06-01 01:02:03' times/before-the-epoch
  touch -d '2200-01-01' times/far && touch -d '2010-10-10 10:10:10' etc tmp usr usr/lib "$long" times shut
}

@test "unpack: what GNU tar writes, in each of its formats, comes out as from GNU tar" {
  require_root
  make_tree
  cd "$T"
  tar --xattrs --xattrs-include='*' --sparse --numeric-owner --format=pax -C tree -cf pax.tar .
  tar --sparse --numeric-owner --format=gnu -C tree -cf gnu.tar .
  tar --sparse --sparse-version=0.0 --numeric-owner --format=pax -C tree -cf sparse00.tar sparse hole many etc
  tar --sparse --sparse-version=0.1 --numeric-owner --format=pax -C tree -cf sparse01.tar sparse hole many etc
  tar --numeric-owner --format=ustar -C tree -cf ustar.tar --no-recursion etc etc/file --recursion bin tmp usr lib absolute fifo char
  tar --numeric-owner --format=v7 -C tree -cf v7.tar --no-recursion etc etc/file --recursion bin tmp usr lib absolute
  tar --numeric-owner --format=oldgnu -S -C tree -cf oldgnu.tar bin etc tmp usr sparse many
  for archive in pax gnu sparse00 sparse01 ustar v7 oldgnu; do
    echo "$archive" && same_as_tar $archive.tar 5
  done
}

@test "unpack: access control lists come out as from GNU tar" {
  require_root
  require_program setfacl
  mkdir -p "$T/tree/d"
  cd "$T/tree"
  echo x >f && setfacl -m u:1000:r,g:77:rw,m:rwx f || skip "no access control lists on this file system"
  setfacl -m u:1001:rwx d && setfacl -d -m u:1002:rx d && echo y >d/inherits-not && setfacl -b d/inherits-not
  tar --acls --xattrs --numeric-owner -C "$T/tree" -cf "$T/acls.tar" .
  same_as_tar "$T/acls.tar"
}

@test "unpack: archives that were appended to, concatenated and padded come out as from GNU tar" {
  require_root
  mkdir -p "$T/tree/d"
  cd "$T/tree"
  echo old >f && ln f g && ln -s f l && tar -cf "$T/twice.tar" f g l d
  rm f l && echo new >f && mkdir l && echo under >l/u && echo in >d/in && tar -rf "$T/twice.tar" f l d
  same_as_tar "$T/twice.tar"
  gzip -c "$T/twice.tar" >"$T/members.gz"
  head -c 100000 /dev/zero | gzip >>"$T/members.gz"
  same_as_tar "$T/members.gz"
}

@test "unpack: every compression gives the same tree, from a file, a pipe and a redirected file" {
  mkdir -p "$T/tree/d"
  echo hello >"$T/tree/d/f"
  seq 100000 >"$T/tree/numbers"
  cd "$T"
  tar --format=pax -C tree -cf plain .
  gzip -k plain && zstd -q plain && xz -k plain && bzip2 -k plain
  for file in plain plain.gz plain.zst plain.xz plain.bz2; do
    diff -u <(listing tree) <(listing "$(tree_of $file)")
    [ "$(unpack $file)" = "sha256:$(sha256sum $file | cut -d' ' -f1)" ]
    [ "$(cat $file | unpack -)" = "$(unpack $file)" ]
    [ "$(unpack - <$file)" = "$(unpack $file)" ]
  done
}

@test "unpack: --sha256 refuses other content before a byte is unpacked" {
  cd "$T"
  echo x >f && tar -cf good.tar f && echo y >f && tar -cf bad.tar f
  digest=$(sha256sum good.tar | cut -d' ' -f1)
  run unpack --sha256 "$digest" bad.tar
  [ "$status" -eq 1 ]
  [ "$output" = "caisson: error: bad.tar has the digest sha256:$(sha256sum bad.tar | cut -d' ' -f1), not sha256:$digest as --sha256 demands" ]
  run unpack --sha256 "$digest" - <bad.tar
  [ "$status" -eq 1 ]
  [ -z "$(ls store/layers/sha256 store/layers/tmp | grep -v :)" ]
  unpack --sha256 "$digest" good.tar
  unpack --sha256 "$digest" - <good.tar
}

@test "unpack: a file that is damaged or cut off leaves nothing behind" {
  cd "$T"
  seq 200000 >f && tar -czf good.tar.gz f
  head -c 100000 good.tar.gz >short.tar.gz
  { head -c 100000 good.tar.gz && printf wrong && tail -c +100006 good.tar.gz; } >damaged.tar.gz
  run unpack short.tar.gz
  [ "$status" -eq 1 ]
  [[ "$output" = "caisson: error: short.tar.gz: "*"the gzip data break off" ]]
  run unpack damaged.tar.gz
  [ "$status" -eq 1 ]
  [[ "$output" = "caisson: error: damaged.tar.gz: "*"the gzip data are damaged: "* ]]
  [ -z "$(ls store/layers/sha256 store/layers/tmp | grep -v :)" ]
}

@test "unpack: 100 at once unpack once, and none fails" {
  cd "$T"
  mkdir tree && for i in {1..200}; do echo "$i" >"tree/$i"; done
  tar -C tree -czf t.tar.gz .
  pids=()
  for i in {1..100}; do
    unpack t.tar.gz >"out.$i" 2>&1 &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  [ "$(cat out.* | sort -u)" = "sha256:$(sha256sum t.tar.gz | cut -d' ' -f1)" ]
  [ -z "$(ls store/layers/tmp)" ]
  [ "$(ls store/layers/sha256 | wc -l)" -eq 1 ]
}

@test "unpack: what a killed transfer leaves, the next one clears" {
  cd "$T"
  head -c 30000000 /dev/urandom >f && tar -cf t.tar f
  mkfifo pipe
  "$TRANSFER" unpack --root "$T/store" t.tar >killed & # no function: its shell would be killed instead
  pid=$!
  within 10 compgen -G "$T/store/layers/tmp/*/tree/f"
  kill -KILL "$pid"
  wait "$pid" || true
  [ -s killed ] || [ -n "$(ls store/layers/tmp)" ]
  echo x >g && tar -cf other.tar g && unpack other.tar
  [ -z "$(ls store/layers/tmp)" ]
  unpack t.tar
}

@test "unpack: a file is hashed once, until it changes" {
  cd "$T"
  echo x >f && tar -cf t.tar f
  sleep 2.1
  unpack t.tar
  index=$(echo store/layers/index/*)
  grep -q "sha256:$(sha256sum t.tar | cut -d' ' -f1)" "$index"
  sed -i 's/sha256:..../sha256:0000/' "$index" # what is remembered is believed: the layer is looked for under it
  run unpack t.tar
  [[ "$output" = *"the tarball changed while it was unpacked"* ]]
  touch -d '2001-01-01' t.tar
  [ "$(unpack t.tar)" = "sha256:$(sha256sum t.tar | cut -d' ' -f1)" ]
}

@test "unpack: an ordinary user owns what is unpacked and goes without devices" {
  require_root
  cd "$T"
  mkdir tree && echo x >tree/f && chown 5:6 tree/f && mknod tree/null c 1 3 && mkdir -m 500 tree/shut && echo y >tree/shut/f
  tar -C tree -cf t.tar . && chmod 711 "$T" && install -d -o 65534 -g 65534 user && chmod 644 t.tar
  chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* 2>/dev/null || true
  run setpriv --reuid 65534 --regid 65534 --clear-groups "$TRANSFER" unpack --root user/store - <t.tar
  echo "$output"
  [ "$status" -eq 0 ]
  [[ "$output" = "caisson: warning: "*"device nodes were left out, which this user cannot make: at './null'"* ]]
  cd user/store/layers/sha256/*/tree
  [ "$(stat -c '%u:%g %a' f shut shut/f | xargs)" = "65534:65534 644 65534:65534 500 65534:65534 644" ]
  [ ! -e null ]
}

@test "unpack: a bar is drawn on a terminal when it takes long, and only then" {
  cd "$T"
  echo x >f && tar -cf t.tar f
  echo "(head -c 1000 t.tar; sleep 0.8; tail -c +1001 t.tar) | '$TRANSFER' unpack --progress --root \$1 -" >slowly
  run --separate-stderr bash slowly store
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  run script -qec "bash slowly other" /dev/null
  [[ "$output" = *"unpacking standard input"* ]]
  run script -qec "$TRANSFER unpack --progress --root other t.tar" /dev/null
  [[ "$output" != *unpacking* ]]
}

@test "unpack: Debian as mmdebstrap makes it comes out as from GNU tar" {
  require_root
  require_debian
  same_as_tar "$DEBIAN" 5000
}
