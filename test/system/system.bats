# system df and system prune: what caisson keeps, and what of it goes.
load helper

setup() {
  caisson_setup
  require_program python3
  mkdir -p "$T/upper"
  head -c 300000 /dev/urandom >"$T/upper/file"
  ln "$T/upper/file" "$T/upper/other"
  tar -C "$T/upper" -cf "$T/a.tar" file other
  image docker.io/library/one:latest '{"Labels": {"keep": "yes"}}' "$BUILTIN" "$T/a.tar"
}

image() { python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" "$@" >"$T/made" && read -r MANIFEST ID <"$T/made"; }
du_of() { du -sc --block-size=1 "$@" | tail -1 | cut -f1; }
# As docker writes a number of bytes: three digits, powers of 1000.
decimal() { python3 -c 'import sys
v, units = float(sys.argv[1]), ["B", "kB", "MB", "GB"]
while v >= 1000: v, units = v / 1000, units[1:]
print(f"{v:.3g}{units[0]}")' "$1"; }
size_of() { caisson system df --format '{{.Type}}={{.Size}}' | sed -n "s/^$1=//p"; }

@test "system df: sizes are those of du, hard links counted once" {
  caisson run --name kept one sh -c 'head -c 100000 /dev/urandom >/new'
  box true
  local tarballs
  tarballs=$(du_of "$T/root/layers/sha256/"*)
  [ "$(size_of Images)" = "$(decimal $(($(du_of "$T/root/images/" "$T/root/layers/") - tarballs)))" ]
  [ "$(size_of Tarballs)" = "$(decimal "$tarballs")" ]
  [ "$(size_of Containers)" = "$(decimal "$(du_of "$T/root/containers/"*)")" ]
  run -0 caisson system df
  [[ "${lines[0]}" =~ ^TYPE\ +TOTAL\ +ACTIVE\ +SIZE\ +RECLAIMABLE$ ]]
  [[ "${lines[1]}" =~ ^Images\ +1\ +1\ +[0-9.]+MB\ +0B\ \(0%\)$ ]]
  [[ "${lines[2]}" =~ ^Tarballs\ +1\ +0\ +[0-9.]+MB\ +[0-9.]+MB\ \(100%\)$ ]]
  [[ "${lines[3]}" =~ ^Containers\ +1\ +0\ +[0-9.]+kB\ +[0-9.]+kB\ \(100%\)$ ]]
  [[ "${lines[4]}" =~ ^Local\ Volumes\ +0\ +0\ +0B\ +0B\ \(0%\)$ ]]
}

@test "system df: -v tells of each image and container, and what images share" {
  image docker.io/library/two:latest '{}' "$BUILTIN"
  caisson run --name kept one true
  caisson run --rm two true
  run -0 caisson system df -v
  [[ "$output" == *"Images space usage:"*"Containers space usage:"* ]]
  [[ "$output" =~ one\ +latest\ +[0-9a-f]{12}\ .*\ +[0-9.]+MB\ +[0-9.]+MB\ +300kB\ +1 ]]
  [[ "$output" =~ two\ +latest\ +[0-9a-f]{12}\ .*\ +[0-9.]+MB\ +[0-9.]+MB\ +0B\ +0 ]]
  run -125 caisson system df -v --format json
  [[ "${lines[0]}" == *"-v has columns of its own"* ]]
}

@test "images: the size is that of the unpacked layers once they are there" {
  image docker.io/library/three:latest '{}' "$T/a.tar"
  [ "$(caisson images --format '{{.Size}}' three)" = "$(decimal "$(($(stat -c %s "$T/a.tar") + $(wc -c <"$T/root/images/blobs/sha256/${ID#sha256:}") + $(wc -c <"$T/root/images/blobs/sha256/${MANIFEST#sha256:}")))")" ]
  "$BUILD/libexec/caisson/transfer" layers --images "$T/root/images" --store "$T/root" "$MANIFEST" >/dev/null
  [ "$(caisson images --format '{{.Size}}' three)" = 300kB ]
  [ "$(caisson image inspect -f '{{.Size}}' three)" = 300000 ]
}

@test "system prune: asks, and takes what has ended and what nobody uses" {
  caisson run --name ended one true
  caisson run --name labelled --label stay=yes one true
  caisson run -d --name up builtin:busybox sleep 1000 >/dev/null
  run -0 caisson system prune </dev/null
  [[ "$output" == "WARNING! This will remove:"*"all stopped containers"*"[y/N] " ]]
  [ "$(caisson ps -aq | wc -l)" -eq 3 ]
  run -0 caisson system prune -f --filter 'label!=stay'
  [ "${lines[0]}" = "Deleted Containers:" ]
  [[ "${lines[-1]}" =~ ^Total\ reclaimed\ space:\ [1-9][0-9.]*kB$ ]]
  [ "$(caisson ps -a --format '{{.Names}}' | sort | xargs)" = "labelled up" ]
  run -0 caisson system prune -af
  [[ "$output" == *"Deleted Images:"*"untagged: one:latest"* ]]
  [ "$(caisson ps -a --format '{{.Names}}')" = up ]
  caisson exec up true
  [ "$(caisson system prune -af)" = "Total reclaimed space: 0B" ]
  run -125 caisson system prune --filter dangling=true
  [[ "${lines[0]}" == *"is no filter for what is pruned"* ]]
}

@test "container prune: takes what has ended and what was never started, and leaves the rest" {
  caisson run -d --name runs builtin:busybox sleep 60 >/dev/null
  caisson run --name ended --label keep=yes builtin:busybox true
  caisson create --name made builtin:busybox true >/dev/null
  run -0 caisson container prune </dev/null
  [ "$(caisson ps -aq | wc -l)" = 3 ]
  run -0 caisson container prune -f --filter 'label!=keep'
  [ "${lines[0]}" = "Deleted Containers:" ]
  [ "$(caisson ps -a --format '{{.Names}}' | sort | paste -sd ' ')" = "ended runs" ]
  run -0 caisson container prune -f --filter until=1h
  [ "$(caisson ps -aq | wc -l)" = 2 ]
  caisson container prune -f >/dev/null
  [ "$(caisson ps -a --format '{{.Names}}')" = runs ]
  run -125 caisson container prune --filter dangling=true
  caisson rm -f runs >/dev/null
}
