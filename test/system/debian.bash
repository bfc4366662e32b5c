# Root filesystems of whole systems.

# Debian with these packages, unpacked once for the tests of this file and kept as a tarball from one run to the next:
# unpack NAME PACKAGES.
unpack() {
  local cache=${CAISSON_TEST_CACHE:-/var/tmp/caisson-test} top=$BATS_FILE_TMPDIR/$1 tarball
  [ ! -d "$top" ] || return 0
  tarball=$cache/$1.tar.gz
  if [ ! -s "$tarball" ]; then
    require_program mmdebstrap
    mkdir -p "$cache"
    mmdebstrap --quiet --variant=minbase --include="$2" bookworm "$cache/$1.$$.tar.gz" || skip "mmdebstrap cannot make Debian here"
    mv "$cache/$1.$$.tar.gz" "$tarball"
  fi
  mkdir "$top.new"
  tar -xpf "$tarball" -C "$top.new" --exclude=./dev/*
  mv "$top.new" "$top"
}
