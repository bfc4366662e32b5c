# caisson completion: what bash, zsh and fish make of it.
load helper

setup() {
  caisson_setup
  # The program's name has to be found, and the state of the test with it.
  mkdir "$T/bin"
  printf '#!/bin/sh\nexec %q --root %q --runroot %q "$@"\n' "$BIN" "$T/root" "$T/run" >"$T/bin/caisson"
  chmod +x "$T/bin/caisson"
  export PATH=$T/bin:$PATH
}

# What bash offers for the last word of a line, one a line: in_bash LINE.
in_bash() {
  bash --norc --noprofile -c '
    . <(caisson completion bash)
    COMP_LINE=$1 COMP_POINT=${#1}
    # As readline cuts words: at blanks, and before and behind = and :.
    mapfile -t COMP_WORDS < <(sed -E "s/([=:])/\n\1\n/g; s/ +/\n/g" <<<"$1" | sed -z "s/\n\n*/\n/g")
    [[ $1 = *[[:space:]=:] ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    compopt() { :; }
    _caisson
    printf "%s\n" "${COMPREPLY[@]}"' - "$1"
}

in_fish() { HOME=$T XDG_CONFIG_HOME=$T XDG_DATA_HOME=$T fish --no-config -c 'caisson completion fish | source; complete -C $argv[1]' "$1"; }

@test "completion: bash has verbs, groups, options, values and names" {
  caisson create --name one builtin:busybox >"$T/id"
  [ "$(in_bash 'caisson resta')" = restart ]
  [ "$(in_bash 'caisson --strict image tr')" = tree ]
  [[ "$(in_bash 'caisson run --mem')" = *--memory*--memory-swap* ]]
  [ "$(in_bash 'caisson start on')" = one ]
  [ "$(in_bash 'caisson start --lat')" = --latest ]
  [ "$(in_bash 'caisson run --pull al')" = always ]
  # bash replaces what stands behind the = alone.
  [ "$(in_bash 'caisson run --pull=al')" = always ]
  [[ "$(in_bash 'caisson run --pull=')" = *always*never* ]]
  [ "$(in_bash 'caisson nosuch ')" = "" ]
  [ "$(in_bash 'caisson run one --mem')" = "" ]
  cd "$T" && mkdir dir && touch file
  [[ "$(in_bash 'caisson load -i fi')" = file ]]
  [[ "$(in_bash 'caisson --root di')" = dir ]]
}

@test "completion: a name with a ':' is not begun anew behind it" {
  [ "$(PATH=/nowhere:$PATH in_bash 'caisson run --security-opt=a:b')" = "" ]
  tar -C "$(rootfs)" -c . | caisson import - localhost/x:one >"$T/out" 2>&1
  [ "$(in_bash 'caisson rmi localhost/x:o')" = one ]
  [ "$(in_bash 'caisson rmi localh')" = localhost/x:one ]
}

@test "completion: fish has the same, with help" {
  caisson create --name one builtin:busybox >"$T/id"
  run -0 in_fish 'caisson resta'
  [[ "$output" = "restart"$'\t'*"start them again"* ]]
  run -0 in_fish 'caisson run --pull=al'
  [ "$output" = "--pull=always" ]
  run -0 in_fish 'caisson start o'
  [ "$output" = one ]
  cd "$T" && touch file
  run -0 in_fish 'caisson load --input fi'
  [[ "$output" = file* ]]
}

@test "completion: zsh has the same" {
  caisson create --name one builtin:busybox >"$T/id"
  # Typed at a terminal of zsh's own, with a tab behind it; ctrl-t writes down what is on the line then.
  cat >"$T/rc" <<END
PS1=
autoload -Uz compinit && compinit -u -D
. <(caisson completion zsh)
written() { print -r -- "\$BUFFER" >>"$T/lines"; BUFFER=; }
zle -N written
bindkey '^T' written
print ready >"$T/ready"
END
  cat >"$T/type" <<'END'
zmodload zsh/zpty
zpty -b z zsh -f -i
zpty -w z ". $1/rc"
until [[ -s $1/ready ]] { sleep 0.05; zpty -rt z said }
integer count=0
for line in "${@[2,-1]}"; do
  zpty -w -n z "$line"$'\t\C-t'
  count+=1
  until [[ -f $1/lines && $(wc -l <$1/lines) -ge $count ]] { sleep 0.05; zpty -rt z said }
done
zpty -d z
END
  cd "$T" && touch archive
  run -0 timeout $((60 * PATIENCE)) zsh -f "$T/type" "$T" "caisson resta" "caisson image tr" "caisson run --pull=al" "caisson start o" "caisson load -i ar"
  [ "$(sed 's/ *$//' "$T/lines")" = "caisson restart
caisson image tree
caisson run --pull=always
caisson start one
caisson load -i archive" ]
}

@test "completion: a shell that there is none for" {
  run -125 caisson completion tcsh
  [ "$output" = "caisson: error: completion: the name of a shell is needed: bash, zsh or fish" ]
}

@test "help: each verb has it, groups list theirs, and it is understood where options are" {
  local verb
  for verb in $(caisson help | sed -n '/^Commands:/,$s/^  \([a-z]*\) .*/\1/p'); do
    run -0 caisson "$verb" --help
    [[ "${lines[0]}" = [Uu]"sage: caisson $verb"* ]]
    run -0 caisson help "$verb"
  done
  run -0 caisson help image tree
  [[ "${lines[0]}" = "Usage: caisson image tree"* ]]
  run -125 caisson help nosuch
  run -125 caisson ps --nosuch --help
}
