# docs/from-docker.md says what is there: its tables are tried.
load helper

DOCUMENT=$BATS_TEST_DIRNAME/../../docs/from-docker.md

# docker's and caisson's words of each row: "image ls<TAB>image ls"; "–" where there is none.
rows() { sed -nE 's/^\| `([a-z -]+)` \| (`([a-z -]+)`|–) \|.*/\1\t\3/p' "$DOCUMENT"; }

@test "from-docker: what the tables say is there is, and what they say is not is not" {
  local theirs ours
  rows >"$T/rows"
  [ "$(wc -l <"$T/rows")" -gt 90 ]
  while IFS=$'\t' read -r theirs ours; do
    if [ -n "$ours" ]; then
      run -0 caisson $ours --help
    else
      run -125 caisson $theirs --help
    fi
  done <"$T/rows"
}

@test "from-docker: each command of docker has a row, or stands in one" {
  command -v docker >/dev/null || skip "docker is not installed"
  local group verb
  docker --help | awk '/^(Common )?Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' >"$T/verbs"
  while read -r verb; do grep -qE "^\| \`$verb\` \|" "$DOCUMENT" || { echo "no row: $verb" && return 1; }; done <"$T/verbs"
  docker --help | awk '/^(Management|Swarm) Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' >"$T/groups"
  [ "$(wc -l <"$T/groups")" -gt 10 ]
  while read -r group; do
    docker "$group" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' >"$T/verbs"
    while read -r verb; do
      # A row of its own, or one of the group that has it among others.
      grep -E "^\| \`$group " "$DOCUMENT" | grep -qE "[\` ]$verb[\` ]" || { echo "no row: $group $verb" && return 1; }
    done <"$T/verbs"
  done <"$T/groups"
}

@test "from-docker: options that the tables say are refused are" {
  local ours options option
  sed -nE 's/^\| `[a-z -]+` \| `([a-z -]+)` \|.*\bno (`--[^|]*).*/\1\t\2/p' "$DOCUMENT" >"$T/refused"
  [ "$(wc -l <"$T/refused")" -gt 8 ]
  while IFS=$'\t' read -r ours options; do
    for option in $(grep -oE '^[^:;]*' <<<"$options" | grep -oE -- '--[a-z-]+'); do
      run -125 caisson $ours "$option=1" x y
      [[ "$output" = *"unknown option $option"* || "$output" = *"$option is not there yet"* ]] || { echo "$ours $option: $output" && return 1; }
    done
  done <"$T/refused"
  for option in $(sed -n '/^## run/,/^- Defaults/{/^- Defaults/d;p}' "$DOCUMENT" | grep -oE -- '`--[a-z0-9-]+`' | tr -d '`'); do
    run -125 caisson run "$option=1" builtin:busybox true
    [[ "$output" = *"not there yet"* || "$output" = *"unknown option"* ]] || { echo "$option: $output" && return 1; }
  done
}
