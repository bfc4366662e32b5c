# script/setup: installs what is missing, and only then. Debian's programs are played by others, so that nothing is installed.
load helper

setup() {
  caisson_setup
  SETUP=$BATS_TEST_DIRNAME/../../script/setup
  mkdir -p "$T/bin" "$T/project"
  cp -r "$BATS_TEST_DIRNAME/../../script" "$T/project/script"
  # Everything is installed but what the file "missing" names.
  cat >"$T/bin/dpkg-query" <<'FAKE'
#!/bin/sh
for word; do
  case $word in -* | *'$'*) ;; *) grep -qxF "$word" "$FAKES/missing" || echo "$word installed" ;; esac
done
FAKE
  printf '#!/bin/sh\necho "apt-get $*" >>"$FAKES/calls"\n' >"$T/bin/apt-get"
  chmod +x "$T/bin"/*
  : >"$T/missing"
  export FAKES=$T
}

fresh_setup() { PATH=$T/bin:$PATH "$T/project/script/setup" "$@"; }

@test "setup: with everything there it says nothing, and takes well under a second" {
  run -0 timeout 1 "$SETUP" build test
  [ -z "$output" ]
}

@test "setup: reads the lists and installs only what is missing" {
  printf 'g++\nbats\n' >"$T/missing"
  run -0 fresh_setup
  [ "$output" = "setup: reading Debian's lists of packages
setup: installing g++" ]
  [ "$(cat "$T/calls")" = "apt-get update
apt-get install --yes --no-install-recommends g++" ]
}

@test "setup: a purpose has its own packages" {
  echo bats >"$T/missing"
  run -0 fresh_setup build test
  [ "${lines[1]}" = "setup: installing bats" ]
}

@test "setup: says what failed, and where all of it is" {
  echo g++ >"$T/missing"
  printf '#!/bin/sh\necho "no route"; exit 100\n' >"$T/bin/apt-get"
  run -1 fresh_setup
  [ "${lines[1]}" = "no route" ]
  [ "${lines[2]}" = "setup: failed: apt-get update (all of it is in build/setup.log)" ]
}

@test "setup: an ordinary user is told in one line what is missing" {
  echo g++ >"$T/missing"
  chmod -R a+rX "$T" && chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
  run -1 setpriv --reuid 65534 --clear-groups env "PATH=$T/bin:$PATH" "$T/project/script/setup"
  [ "$output" = "setup: these packages are missing, and installing them needs root: g++
hint: sudo script/setup build" ]
  [ ! -e "$T/calls" ]
}

@test "setup: an unknown purpose is refused, with those there are" {
  run -2 fresh_setup tests
  [ "$output" = "setup: no such purpose: tests
hint: $(awk '/^[a-z]/ { print $1 }' "$BATS_TEST_DIRNAME/../../script/packages.txt" | sort -u | paste -sd " ")" ]
}

@test "build: an unknown preset is refused, with those there are" {
  run -2 "$BATS_TEST_DIRNAME/../../script/build" fast
  [ "${lines[1]}" = "hint: release, debug, asan, fuzz or coverage" ]
}
