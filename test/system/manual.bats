# The manual pages: one for each verb, without what man would complain of; and what an installation has.
load helper

@test "manual: man and mandoc have nothing to say against the pages" {
  local page found=0
  for page in "$BUILD"/share/man/man*/*.[18]; do
    found=$((found + 1))
    run -0 env LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page"
    [ -z "$stderr" ]
    # Of links to other manuals mandoc knows those of this host alone.
    run mandoc -T lint -W warning "$page"
    [ "$output" = "" ] || { echo "$output" && return 1; }
  done 2>"$T/warnings"
  [ $found -gt 50 ]
  [ ! -s "$T/warnings" ] || { cat "$T/warnings" && return 1; }
}

@test "manual: each verb and each verb of a group has a page, with its options" {
  local verb inner
  for verb in $(caisson help | sed -n '/^Commands:/,$s/^  \([a-z]*\) .*/\1/p'); do
    [ -s "$BUILD/share/man/man1/caisson-$verb.1" ]
  done
  for inner in caisson-image-tree caisson-system-df caisson-volume-create caisson-generate-systemd; do
    [ -s "$BUILD/share/man/man1/$inner.1" ]
  done
  run -0 man -l --pager=cat "$BUILD/share/man/man1/caisson-run.1"
  [[ "$output" = *"-m, --memory SIZE"* ]]
  [[ "$output" = *"EXIT STATUS"* ]]
  run -0 man -l --pager=cat "$BUILD/share/man/man8/caisson-oci.8"
  [[ "$output" = *"--console-socket"* ]]
}

@test "manual: an installation has the pages, the completions, the generator and the units" {
  cmake --install "$BUILD" --prefix "$T/usr" >"$T/out"
  [ -s "$T/usr/share/man/man1/caisson.1" ]
  [ -s "$T/usr/share/bash-completion/completions/caisson" ]
  [ -s "$T/usr/share/zsh/site-functions/_caisson" ]
  [ -s "$T/usr/share/fish/vendor_completions.d/caisson.fish" ]
  [ -s "$T/usr/lib/systemd/system/caisson-restart.service" ]
  [ -s "$T/usr/lib/systemd/user/caisson-restart.service" ]
  [[ "$("$T/usr/lib/systemd/system-generators/caisson-generator" --help)" = *"Quadlet"* ]]
  mkdir "$T/quadlets"
  printf '[Container]\nImage=x\n' >"$T/quadlets/a.container"
  QUADLET_UNIT_DIRS=$T/quadlets run -0 "$T/usr/lib/systemd/user-generators/caisson-generator" --user --dryrun
  [[ "$output" = *"ExecStart=$T/usr/bin/caisson run "* ]]
}
