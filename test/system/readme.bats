# What the README says to type is typed here, but for script/test, which is what runs this.
# time limit: 600 s
load helper

PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# The commands of the README, a file for each block: $T/block.1, … Installing goes to a directory of the test's.
blocks() {
  awk -v file="$T/block." '
    /^```/ { open = !open; inside = open && $0 == "```"; number += inside; next }
    inside { print > (file number) }' "$PROJECT/README.md"
  sed -i "s|/usr/local|$T/prefix|" "$T"/block.*
}

@test "README: every command does what it says" {
  blocks
  local count=0
  for block in "$T"/block.*; do
    [ "$(cat "$block")" != script/test ] || continue
    count=$((count + 1))
    { echo 'set -e; shopt -s expand_aliases' && cat "$block"; } >"$block.bash"
    # A shell that is started by it reads "exit" from the terminal, once it reads.
    run with_own_state script -qefc "cd '$PROJECT' && bash '$block.bash'" /dev/null < <(keep_typing exit)
    echo "$output"
    [ "$status" -eq 0 ]
  done
  [ "$count" -ge 3 ]
  [ -x "$T/prefix/bin/caisson" ]
}

@test "README: every file it names is there" {
  cd "$PROJECT"
  for file in $(grep -oE 'docs/[a-z]+\.md|script/[a-z]+' README.md | sort -u); do
    [ -e "$file" ] || { echo "$file" && false; }
  done
}

@test "README: its table of numbers has the columns that script/bench prints" {
  grep -q '÷ floor' "$PROJECT/README.md"
}
