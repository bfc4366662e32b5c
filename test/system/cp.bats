# cp: out of containers and into them, running or not; by docker's rules, and safe whatever is on either side.
load helper

# A container "box" that sleeps, from a root filesystem of its own: up [OPTION…].
up() { caisson run -d --name box "$@" builtin:busybox sleep 1000 >/dev/null; }
inside() { caisson exec box "$@"; }
# A tree, an entry a line: kind, mode, name, target of a link, digest of a file.
tree() { (cd "$1" && find . -mindepth 1 \( -type f -printf '%y %m %P ' -exec sh -c 'sha256sum <"$1" | cut -c1-8' - {} \; \) -o -printf '%y %m %P %l\n' | sort); }

# What the table below copies.
sources() {
  mkdir -p "$1/dir/sub" "$1/other" && echo file >"$1/file" && echo deep >"$1/dir/sub/deep" && echo top >"$1/dir/top"
  chmod 640 "$1/file" && chmod 750 "$1/dir/sub" && ln -s top "$1/dir/link" && ln -s dir "$1/to-dir" && ln -s file "$1/to-file"
}

@test "cp: a table of cases does what podman's does, into a container and out of one" {
  require_program podman
  # With a store of the test's.
  if ! podman --root "$T/p" --runroot "$T/pr" --cgroup-manager cgroupfs info >/dev/null 2>&1; then skip "podman does not run here"; fi
  sources "$T/src"
  # source, destination; those that docker and podman see alike
  cat >"$T/table" <<'TABLE'
file /new
file /new/
file /there
file /there/
file /there/named
file /old
file /missing/x
file /old/
dir /new
dir /there
dir /there/
dir /there/named
dir /missing/x
dir /old
dir/. /new
dir/. /there
dir/sub /there
none /there
TABLE
  oracle() { podman --root "$T/p" --runroot "$T/pr" --cgroup-manager cgroupfs "$@"; }
  local number=0 source destination name status expected
  mkdir -p "$T/case/there" && echo old >"$T/case/old" && tar -C "$T/case" -cf - . | oracle import - case >/dev/null 2>&1
  while read -r source destination; do
    number=$((number + 1))
    oracle create --name "c$number" case true >/dev/null 2>&1
    caisson run --name "c$number" "$(rootfs "r$number")" true
    mkdir "$T/r$number/there" && echo old >"$T/r$number/old"
    status=0 && oracle cp "$T/src/$source" "c$number:$destination" >/dev/null 2>&1 || status=$?
    expected=$((status != 0))
    status=0 && caisson cp "$T/src/$source" "c$number:$destination" >"$T/said" 2>&1 || status=$?
    [ $((status != 0)) -eq $expected ] || { echo "into: $source $destination: $status, not $expected: $(cat "$T/said")" && return 1; }
    [ "$status" -eq 0 ] || [ "$(grep -c error "$T/said")" -eq 1 ]
    rm -rf "$T/mine" "$T/podman" && mkdir "$T/mine" "$T/podman"
    oracle export "c$number" 2>/dev/null | tar -C "$T/podman" -x
    for name in new there old missing; do [ ! -e "$T/r$number/$name" ] || cp -a "$T/r$number/$name" "$T/mine/"; done
    diff <(tree "$T/podman" | grep -E '^. [0-7]+ (new|there|old|missing)') <(tree "$T/mine") ||
      { echo "into: $source $destination" && return 1; }
    oracle rm -f "c$number" >/dev/null 2>&1
    # The same out of one: the sources lie in the container.
    cp -a "$T/src" "$T/r$number/src"
    rm -rf "$T/out" && mkdir -p "$T/out/there" && echo old >"$T/out/old"
    status=0 && caisson cp "c$number:/src/$source" "$T/out$destination" >"$T/said" 2>&1 || status=$?
    [ $((status != 0)) -eq $expected ] || { echo "out: $source $destination: $status, not $expected: $(cat "$T/said")" && return 1; }
    diff <(tree "$T/mine") <(tree "$T/out") || { echo "out: $source $destination" && return 1; }
    caisson rm "c$number" >/dev/null
  done <"$T/table"
  oracle rmi -af >/dev/null 2>&1 || true
}

@test "cp: what podman sees otherwise is docker's: a directory is made with a slash at its end, a file has nothing below it" {
  up
  sources "$T/src"
  caisson cp "$T/src/dir" box:/new/
  [ "$(inside cat /new/top)" = top ]
  echo old >"$T/old" && caisson cp "$T/old" box:/old
  run -125 caisson cp "$T/src/file" box:/old/x
  [ "$output" = "caisson: error: cp: what /old/x lies in is no directory" ]
}

@test "cp: a running container, a stopped one, and one below layers, volumes included" {
  mkdir -p "$T/host" && echo one >"$T/host/file"
  up -v data:/data -v "$T/host:/fixed:ro" --tmpfs /memory
  echo in >"$T/in"
  for place in /etc/in /data/in /memory/in; do
    caisson cp "$T/in" "box:$place"
    [ "$(inside cat $place)" = in ]
    caisson cp "box:$place" "$T/back" && [ "$(cat "$T/back")" = in ] && rm "$T/back"
  done
  run -125 caisson cp "$T/in" box:/fixed/in
  [ "$(ls "$T/host")" = file ]
  caisson cp box:/fixed "$T/out" && [ "$(cat "$T/out/file")" = one ]
  inside sh -c 'mkdir /tree /tree/vol; echo x >/tree/x'
  caisson stop -t 0 box
  [ "$(caisson cp box:/etc/in - | tar -xO)" = in ]
  [ "$(caisson cp box:/data/in - | tar -xO)" = in ]
  caisson cp "$T/in" box:/data/stopped
  caisson cp "$T/in" box:/etc/stopped
  run -125 caisson cp "$T/in" box:/fixed/in
  [ "$(cat "$STATE/root/volumes/data/_data/stopped")" = in ]
  [ "$(caisson diff box | grep -c ' /etc/stopped')" -eq 1 ]
  [ "$(caisson diff box | grep -c stopped)" -eq 1 ]
  caisson cp box:/tree "$T/copied" && [ "$(cat "$T/copied/x")" = x ]
  # From one container to another.
  caisson run --name other builtin:busybox true
  caisson cp box:/tree other:/tree2
  [ "$(caisson cp other:/tree2/x - | tar -xO)" = x ]
}

@test "cp: into a container that has never run, which it waits for" {
  echo hello >"$T/file"
  caisson create --rm --name box builtin:busybox cat /tmp/file
  caisson cp "$T/file" box:/tmp/file
  [ "$(caisson ps -a --format '{{.Status}}')" = Created ]
  caisson export -o "$T/box.tar" box
  run -0 caisson start -a box
  [ "$output" = hello ]
}

@test "cp: owners, modes, links and times, with -a, -L and without" {
  up
  sources "$T/src" && chown 7:8 "$T/src/file" && chmod 4755 "$T/src/file" && touch -d @1000000 "$T/src/file"
  caisson cp "$T/src/file" box:/plain
  [ "$(inside stat -c '%u %g %a %Y' /plain)" = "0 0 4755 1000000" ]
  caisson cp -a "$T/src/file" box:/kept
  [ "$(inside stat -c '%u %g %a %Y' /kept)" = "7 8 4755 1000000" ]
  caisson cp "$T/src/to-file" box:/link && [ "$(inside readlink /link)" = file ]
  caisson cp -L "$T/src/to-file" box:/followed && [ "$(inside cat /followed)" = file ]
  caisson cp -L "$T/src/to-dir" box:/followed-dir && [ "$(inside cat /followed-dir/top)" = top ]
  inside sh -c 'chown 9:9 /plain; chmod 4755 /plain'
  caisson cp box:/plain "$T/out" && [ "$(stat -c '%u %g %a' "$T/out")" = "0 0 755" ]
  caisson cp -a box:/plain "$T/out" && [ "$(stat -c '%u %g %a' "$T/out")" = "9 9 4755" ]
  # Hard links and holes stay what they are.
  inside sh -c 'mkdir /d; echo x >/d/a; ln /d/a /d/b'
  caisson cp box:/d "$T/linked" && [ "$(stat -c %h "$T/linked/a")" -eq 2 ]
}

@test "cp: archives on standard input and output" {
  up
  sources "$T/src"
  tar -C "$T/src" --owner=7 --group=8 -cf - . | caisson cp - box:/tmp
  [ "$(inside sh -c 'cat /tmp/dir/sub/deep; stat -c "%u %g" /tmp/file')" = $'deep\n7 8' ]
  tar -C "$T/src" -czf - dir | caisson cp - box:/root
  [ "$(inside cat /root/dir/top)" = top ]
  [ "$(caisson cp box:/root/dir - | tar -t | sort | xargs)" = "dir/ dir/link dir/sub/ dir/sub/deep dir/top" ]
  [ "$(caisson cp box:/root/dir/top - | tar -t)" = top ]
  run -125 caisson cp - box:/none <"$T/src/file"
  run -125 caisson cp - box:/tmp/file < <(tar -C "$T/src" -cf - .)
  run -125 caisson cp - box:/tmp </dev/urandom
  run -125 caisson cp - "$T"
}

@test "cp: a file or directory in the way of the other is refused, unless it may be overwritten" {
  up
  mkdir -p "$T/a/x" "$T/b" && echo f >"$T/b/x" && touch "$T/a/x/in"
  caisson cp "$T/a/." box:/there && caisson cp "$T/a/." box:/there
  run -125 caisson cp "$T/b/." box:/there
  [[ "$output" == *"a directory is in its place"* ]]
  caisson cp --overwrite "$T/b/." box:/there
  [ "$(inside cat /there/x)" = f ]
  run -125 caisson cp "$T/a/." box:/there
  caisson cp --overwrite "$T/a/." box:/there
  [ "$(inside ls /there/x)" = in ]
}

@test "cp: /etc/hosts is written in place" {
  up
  local before
  before=$(stat -c %i "$T/root/containers/"*/hosts)
  echo "10.0.0.1 copied" >"$T/hosts"
  caisson cp "$T/hosts" box:/etc/hosts
  [ "$(inside cat /etc/hosts)" = "10.0.0.1 copied" ]
  [ "$(stat -c %i "$T/root/containers/"*/hosts)" = "$before" ]
}

@test "cp: links of a container lead nowhere out of it, whichever side they are on" {
  up
  mkdir "$T/secret" && echo secret >"$T/secret/file" && echo new >"$T/new"
  inside sh -c "mkdir /d; ln -s $T/secret /abs; ln -s ../../../../../../..$T/secret /rel; ln -s $T/secret/file /f
    ln -s /proc/self/root/$T/secret /magic; ln -s $T/secret/file /d/f; ln -s $T/secret /d/s"
  for name in abs rel magic; do
    run -125 caisson cp "box:/$name/file" "$T/out"
    run -125 caisson cp -L "box:/$name/" "$T/out"
    run -125 caisson cp "$T/new" "box:/$name/"
    run -125 caisson cp "$T/new" "box:/$name/new"
  done
  run -125 caisson cp -L box:/f "$T/out"
  [ ! -e "$T/out" ]
  # A link that leads nowhere is gone over, not through.
  caisson cp "$T/new" box:/f
  [ "$(cat "$T/secret/file")" = secret ]
  [ "$(inside cat /f)" = new ]
  # One that leads to a file stands for it, in the container and here.
  inside sh -c 'mkdir /real /way; echo old >/real/file; ln -s real /dir; ln -s ../dir/file /way/one; ln -s /way/one /two'
  caisson cp "$T/new" box:/two
  [ "$(inside sh -c 'cat /real/file; readlink /two; readlink /way/one' | xargs)" = "new /way/one ../dir/file" ]
  echo old >"$T/real" && ln -s real "$T/link"
  caisson cp box:/real/file "$T/link"
  [ "$(cat "$T/real") $(readlink "$T/link")" = "new real" ]
  # What comes out has its links as they are, and nothing is written through those that are there.
  caisson cp box:/d "$T/out"
  [ "$(readlink "$T/out/s")" = "$T/secret" ]
  inside sh -c 'rm -r /d; mkdir -p /d/s; echo evil >/d/s/file; echo evil >/d/f'
  run -125 caisson cp box:/d/. "$T/out"
  [ "$(cat "$T/secret/file")" = secret ]
  # An archive that climbs, or writes through its own links.
  python3 -B -c '
import io, sys, tarfile
out = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
def add(name, content=b"", **more):
    entry = tarfile.TarInfo(name)
    for key, value in more.items(): setattr(entry, key, value)
    entry.size = len(content)
    out.addfile(entry, io.BytesIO(content))
add("l", type=tarfile.SYMTYPE, linkname=sys.argv[1])
add("l/file", content=b"evil")
out.close()' "$T/secret" >"$T/through.tar"
  caisson cp - box:/tmp <"$T/through.tar" || true
  [ "$(cat "$T/secret/file")" = secret ]
  [ ! -e "$T/secret/evil" ]
  tar -cPf "$T/climb.tar" -C "$T/secret" --transform 's|^|../../../../../../..'"$T"'/secret/x|' file
  run -125 caisson cp - box:/tmp <"$T/climb.tar"
  [ "$(ls "$T/secret")" = file ]
  # Devices do not come out.
  inside mknod /d/null c 1 3 || inside true
  run -0 caisson cp box:/d "$T/devices"
  [ ! -c "$T/devices/null" ]
}

@test "cp: a tree that is being changed does not lead the copy astray" {
  up
  mkdir "$T/secret" && echo secret >"$T/secret/file"
  inside sh -c 'mkdir -p /swap/d; echo in >/swap/d/file'
  caisson exec -d box sh -c "cd /swap; while true; do mv d e; ln -s $T/secret d; rm d; mv e d; done" 2>/dev/null ||
    { "${CAISSON[@]}" exec box sh -c "cd /swap; while true; do mv d e; ln -s $T/secret d; rm d; mv e d; done" >/dev/null 2>&1 & }
  mkdir "$T/put" && echo evil >"$T/put/file"
  for _ in {1..20}; do
    rm -rf "$T/out"
    caisson cp box:/swap "$T/out" >/dev/null 2>&1 || true
    run ! grep -rq secret "$T/out" 2>/dev/null
    caisson cp "$T/put/file" box:/swap/d/ >/dev/null 2>&1 || true
    [ "$(cat "$T/secret/file")" = secret ]
    [ "$(ls "$T/secret")" = file ]
  done
}

@test "cp: a container with ids of its own gets files of its own" {
  up --uidmap=0:100000:65536
  echo in >"$T/in"
  caisson cp "$T/in" box:/in
  [ "$(inside stat -c '%u %g' /in)" = "0 0" ]
  chown 5:6 "$T/in" && caisson cp -a "$T/in" box:/in
  [ "$(inside stat -c '%u %g' /in)" = "5 6" ]
  caisson cp -a box:/in "$T/out" && [ "$(stat -c '%u %g' "$T/out")" = "5 6" ]
  caisson stop -t 0 box
  caisson cp -a box:/in "$T/out" && [ "$(stat -c '%u %g' "$T/out")" = "5 6" ]
}

@test "cp: what is no copy is an error of one line" {
  up
  touch "$T/x"
  for words in "$T/x $T/y" "box:/etc" "$T/x none:/x" "none:/x $T/x" "$T/none box:/" "box:/none $T/" ":/x $T/y" "box: $T/y"; do
    # shellcheck disable=SC2086 # words
    run -125 caisson cp $words
    [ "$(grep -c 'error:' <<<"$output")" -eq 1 ] || { echo "$words: $output" && return 1; }
  done
  [ -z "$(find "$T" -name y)" ]
}
