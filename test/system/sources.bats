# Where a root filesystem comes from: directories, tarballs in every compression, standard input, the built-in one.
load helper

# A small tarball of busybox: its path.
tarball() {
  mkdir -p "$T/small/bin" && cp /bin/busybox "$T/small/bin/" && ln -sf busybox "$T/small/bin/sh" && echo small >"$T/small/which"
  tar -C "$T/small" -cf "$T/small.tar" .
  echo "$T/small.tar"
}
layers() { find -H "$T/root/layers/sha256" -mindepth 1 -maxdepth 1 | wc -l; }

@test "source: a directory" {
  local root
  root=$(rootfs)
  [ "$(caisson run --rm "$root" cat /etc/os-release | grep ^ID=)" = ID=caisson-builtin ]
  cd "$T"
  [ "$(caisson run --rm ./rootfs echo relative)" = relative ]
}

@test "source: a tarball, plain and in every compression" {
  local tar tool
  tar=$(tarball)
  for tool in gzip zstd xz bzip2; do
    require_program $tool
    $tool -c -q "$tar" >"$tar.$tool" || $tool -c "$tar" >"$tar.$tool"
  done
  for file in "$tar" "$tar.gzip" "$tar.zstd" "$tar.xz" "$tar.bzip2"; do
    [ "$(caisson run --rm "$file" sh -c 'read -r line </which; echo $line')" = small ] || { echo "$file" && false; }
  done
}

@test "source: standard input" {
  local tar
  tar=$(tarball)
  [ "$(gzip -c "$tar" | caisson run --rm - sh -c 'read -r line </which; echo $line')" = small ]
  [ "$(caisson run --rm - sh -c 'read -r line </which; echo $line' <"$tar")" = small ]
  run -125 caisson run --rm - true </dev/null
  [[ "${lines[0]}" = "caisson: error: "* ]]
}

@test "source: --sha256, right and wrong" {
  local tar digest wrong
  tar=$(tarball)
  digest=$(sha256sum "$tar" | cut -d' ' -f1)
  wrong=$(echo | sha256sum | cut -d' ' -f1)
  run -125 caisson run --rm --sha256 "$wrong" "$tar" /bin/sh -c true
  [[ "${lines[0]}" = "caisson: error: "*"$digest"*"$wrong"* ]]
  [ "$(layers)" -eq 0 ]
  run -0 caisson run --rm --sha256 "$digest" "$tar" /bin/sh -c true
  run -125 caisson run --rm --sha256 "$wrong" "$tar" /bin/sh -c true
  run -125 caisson run --rm --sha256 nonsense "$tar" /bin/sh -c true
  [[ "${lines[0]}" = "caisson: error: "*--sha256* ]]
}

@test "source: the second run does not unpack again" {
  local tar before
  tar=$(tarball)
  caisson run --rm "$tar" /bin/sh -c true
  [ "$(layers)" -eq 1 ]
  before=$(find -H "$T/root/layers/sha256" -printf '%p %C@\n')
  caisson run --rm "$tar" /bin/sh -c 'echo changed >/which; : >/new'
  [ "$before" = "$(find -H "$T/root/layers/sha256" -printf '%p %C@\n')" ]
  caisson run --rm - /bin/sh -c true <"$tar"
  [ "$(layers)" -eq 1 ]
}

@test "source: a tarball that changes is another one" {
  local tar
  tar=$(tarball)
  caisson run --rm "$tar" /bin/sh -c true
  echo changed >"$T/small/which" && tar -C "$T/small" -cf "$tar" .
  [ "$(caisson run --rm "$tar" sh -c 'read -r line </which; echo $line')" = changed ]
}

@test "source: ten at once unpack once" {
  local tar pids=() i
  tar=$(tarball)
  for i in {1..10}; do
    caisson run --rm "$tar" /bin/sh -c "echo $i" >"$T/out.$i" 2>&1 3>&- &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  for i in {1..10}; do [ "$(cat "$T/out.$i")" = "$i" ] || { cat "$T/out.$i" && false; }; done
  [ "$(layers)" -eq 1 ]
  nothing_kept
}

@test "source: what is no tarball is refused" {
  echo "no tarball" >"$T/text"
  run -125 caisson run --rm "$T/text" true
  [[ "${lines[0]}" = "caisson: error: "*"$T/text"* ]]
  head -c 5000 "$BUILTIN" >"$T/short.tar.gz"
  run -125 caisson run --rm "$T/short.tar.gz" true
  [[ "${lines[0]}" = "caisson: error: "*"$T/short.tar.gz"* ]]
  [ "$(layers)" -eq 0 ]
}

@test "source: a hostile tarball touches nothing outside" {
  mkdir "$T/outside" && echo untouched >"$T/outside/file"
  python3 - "$T" <<'PYTHON'
import io, sys, tarfile
top = sys.argv[1]
outside = top + "/outside"
def write(name, *entries):
    with tarfile.open(f"{top}/{name}.tar", "w") as tar:
        for path, kind, link in entries:
            info = tarfile.TarInfo(path)
            info.type, info.linkname, info.mode = kind, link, 0o755
            data = b"escaped" if kind == tarfile.REGTYPE else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
F, L, H, D = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
write("absolute", (outside + "/absolute", F, ""))
write("dots", ("../" * 12 + outside[1:] + "/dots", F, ""))
write("link", ("way", L, outside), ("way/link", F, ""))
write("relative", ("way", L, "../" * 12 + outside[1:]), ("way/relative", F, ""))
write("hard", ("hard", H, outside + "/file"), ("hard", F, ""))
write("hard-dots", ("hard", H, "../" * 12 + outside[1:] + "/file"), ("hard", F, ""))
write("swapped", ("d", D, ""), ("d/a", F, ""), ("d", L, outside), ("d/swapped", F, ""))
PYTHON
  local file
  for file in absolute dots link relative hard hard-dots swapped; do
    run caisson run --rm "$T/$file.tar" /nothing
    [ "$status" -ne 0 ]
    [ "$(ls "$T/outside")" = file ] || { echo "$file" && ls "$T/outside" && false; }
    [ "$(cat "$T/outside/file") $(stat -c %h "$T/outside/file")" = "untouched 1" ] || { echo "$file" && false; }
  done
}

@test "source: owners, modes, links and times of the tarball are seen inside" {
  mkdir -p "$T/tree/bin" "$T/tree/d" && cp /bin/busybox "$T/tree/bin/" && ln -s busybox "$T/tree/bin/stat"
  echo x >"$T/tree/d/f" && ln "$T/tree/d/f" "$T/tree/d/hard" && ln -s f "$T/tree/d/soft"
  chown 12:34 "$T/tree/d/f" && chmod 4710 "$T/tree/d/f" && touch -d '2001-02-03 04:05:06 UTC' "$T/tree/d/f"
  tar -C "$T/tree" --numeric-owner -czf "$T/tree.tgz" .
  run -0 caisson run --rm "$T/tree.tgz" /bin/stat -c '%u:%g %a %h %Y %N' /d/f /d/soft
  [[ "${lines[0]}" = "12:34 4710 2 981173106 "* ]]
  [[ "${lines[1]}" = *"-> "*f* ]]
}

@test "source: what it is, is in inspect" {
  caisson run --name one builtin:busybox true
  [ "$(caisson inspect --format '{{.ImageName}}' one)" = builtin:busybox ]
  [[ "$(caisson inspect --format '{{.Image}}' one)" = sha256:* ]]
}
