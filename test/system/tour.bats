# docs/tour.md: what it shows is typed, and comes out as shown. test/tour.py describes the notation.
# time limit: 1500 s
load helper

PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
TOUR=$PROJECT/docs/tour.md

# The parts share a directory and what was unpacked. Around them: caisson with state of the tests' own; mmdebstrap, whose
# work is kept from one run of the tests to the next; and a network without anybody else on its ports.
setup_file() {
  PLACE=$(mktemp -d /dev/shm/caisson-tour.XXXXXX)
  export PLACE
  mkdir "$PLACE/root" "$PLACE/run" "$PLACE/bin" "$PLACE/here"
  cat >"$PLACE/bin/caisson" <<WRAPPER
#!/bin/sh
exec '${CAISSON:-${CAISSON_BUILD:-$PROJECT/build/release}/bin/caisson}' --root '$PLACE/root' --runroot '$PLACE/run' "\$@"
WRAPPER
  cat >"$PLACE/bin/mmdebstrap" <<'WRAPPER'
#!/bin/bash
# The last word is the file to be written.
set -e
cache=${CAISSON_TEST_CACHE:-/var/tmp/caisson-test}
kept=$cache/tour-$(echo "$*" | sha256sum | cut -c -12).tar.gz
if [ ! -s "$kept" ]; then
  mkdir -p "$cache"
  trap 'rm -f "$cache/$$.tar.gz"' EXIT
  nsenter --net="/proc/$TYPIST/ns/net" /usr/bin/mmdebstrap "${@:1:$#-1}" "$cache/$$.tar.gz"
  mv "$cache/$$.tar.gz" "$kept"
fi
cp "$kept" "${@: -1}"
WRAPPER
  chmod +x "$PLACE"/bin/*
}

teardown_file() { rm -rf --one-file-system "$PLACE"; }

setup() {
  require_root
  T=$BATS_TEST_TMPDIR
  host_state >"$T/host.before"
}

teardown() {
  local left
  mapfile -t left < <("$PLACE/bin/caisson" ps -aq)
  [ "${#left[@]}" -eq 0 ] || "$PLACE/bin/caisson" rm -f "${left[@]}"
  host_unchanged
}

# Types a part of a text: part N [TEXT], of the tour unless said otherwise.
part() {
  local limit_s=120
  [ "$*" != 1 ] || limit_s=900 # it may have to fetch and make Debian
  # shellcheck disable=SC2016 # for the shell in the new network namespace
  TYPIST=$$ PATH=$PLACE/bin:$PATH unshare --net sh -c 'ip link set lo up && exec "$@"' in-a-network-of-its-own \
    python3 -B "$PROJECT/test/tour.py" "${2:-$TOUR}" --part "$1" --directory "$PLACE/here" --limit $limit_s
}

# A text of the test's own, as part 1: text LINE….
text() {
  printf '%s\n' '## 1. A text' '```console' "$@" '```' >"$T/text.md"
  echo "$T/text.md"
}

@test "tour: it has the ten parts that are typed here" {
  [ "$(python3 -B "$PROJECT/test/tour.py" "$TOUR" --list | cut -d. -f1 | paste -sd ' ')" = "1 2 3 4 5 6 7 8 9 10" ]
}

@test "tour 1: a root filesystem, its checksum, a look inside" { part 1; }
@test "tour 2: a root of its own and nothing else; python, and its web server" { part 2; }
@test "tour 3: processes" { part 3; }
@test "tour 4: entering" { part 4; }
@test "tour 5: a read-only mount" { part 5; }
@test "tour 6: memory" { part 6; }
@test "tour 7: capabilities" { part 7; }
@test "tour 8: the plan" { part 8; }
@test "tour 9: system calls" { part 9; }
@test "tour 10: failures" { part 10; }

@test "the typist: what comes out as shown is right" {
  part 1 "$(text '$ echo one; echo two; seq 3 9' one two … 9 '$ cat <<END' '> 12   monkeys' '> END' ' 1… monkeys' \
    '$ sh' '# exit' '$ true')"
}

@test "the typist: a line that was drawn anew shows its last state" {
  part 1 "$(text '$ printf "10 %%\r100 %%\r\33[Kall\n"' all)"
}

@test "the typist: whatever comes out otherwise is told, with its line" {
  run -1 part 1 "$(text '$ true' '$ seq 1 3' 1 3 '$ echo 1' '$ echo 1' '1 1' '$ echo 1' 1…2 '$ echo 1' 1 2 '$ echo 1' … 2 \
    '$ seq 2' 1 '$ echo 1' 1)"
  [ "$(echo "$output" | grep -o '^text.md:[0-9]*' | paste -sd ' ')" = \
    "text.md:4 text.md:7 text.md:8 text.md:10 text.md:12 text.md:15 text.md:18" ]
  [ "$(echo "$output" | head -n 4)" = 'text.md:4: $ seq 1 3
  1
+ 2
  3' ]
}

@test "the typist: a prompt that does not come is told, and the rest not typed" {
  run -1 part 1 "$(text '$ true' '# exit' '$ echo 1' 1)"
  [[ "$output" = *"no prompt '# ' after it"*"text.md:4: from here on nothing was typed" ]]
  run -1 part 1 "$(text '$ exit' '$ echo 1' 1)"
  [[ "$output" = *"no prompt '\$ ' after it"*"text.md:4: from here on nothing was typed" ]]
}

@test "the typist: what was started is ended" {
  run -0 part 1 "$(text '$ sleep 4711 &' '[1] …' '$ (trap "" HUP; exec sleep 4712) &' '[2] …')"
  run ! pgrep -fx 'sleep 471[12]'
}
