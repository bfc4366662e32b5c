# `run IMAGE`: what an image's config says holds, options win over it, and the layers are unpacked once.
# time limit: 600 s
load helper
STATE_TOP=/var/tmp  # as in userns.bats: memory shows the owners that a container sees from Linux 6.3 on, a disk before

setup() {
  caisson_setup
  require_program python3
  mkdir -p "$T/upper"
}

# An image docker.io/library/NAME:latest in the store: image NAME CONFIG LAYER…, the first layer busybox.
image() {
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" "docker.io/library/$1:latest" "$2" "$BUILTIN" "${@:3}"
}
# The directory $T/upper as the layer $T/NAME.tar, and empty again: layer NAME.
layer() {
  tar -C "$T/upper" --numeric-owner --sort=name -cf "$T/$1.tar" . && rm -rf "$T/upper" && mkdir "$T/upper"
}

@test "run image: command, environment, user, directory, labels and signal are the image's" {
  mkdir -p "$T/upper/etc"
  printf 'root:x:0:0::/root:/bin/sh\nweb:x:1234:1235::/srv:/bin/sh\n' >"$T/upper/etc/passwd"
  printf 'web:x:1235:\nextra:x:77:web\n' >"$T/upper/etc/group"
  layer accounts
  image all '{"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["id -u; id -G; pwd; echo $A $PATH $HOME"], "User": "web",
    "Env": ["A=image", "PATH=/bin"], "WorkingDir": "/made/here", "Labels": {"a": "image", "b": "image"},
    "StopSignal": "SIGINT", "ExposedPorts": {"80/tcp": {}},
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5000000000}}' "$T/accounts.tar"
  run -0 caisson run --rm all
  [ "${lines[0]}" = 1234 ]
  [ "${lines[1]}" = "1235 77" ]
  [ "${lines[2]}" = /made/here ]
  [ "${lines[3]}" = "image /bin /srv" ]

  printf 'A=file\nB=file\n' >"$T/env"
  run -0 caisson run --rm --env-file "$T/env" -e B=option -u 0 -w / all 'id -u; pwd; echo $A $B'
  [ "$output" = $'0\n/\nfile option' ]
  # Docker's: an entrypoint of the options' takes the image's command away too.
  run -0 caisson run --rm --entrypoint /bin/echo all
  [ -z "$output" ]
  run -0 caisson run --rm --entrypoint "" all /bin/echo hi
  [ "$output" = hi ]
  run -125 caisson run --rm --entrypoint "" all
  [[ "${lines[0]}" == *": no command is given, and the image's config names none" ]]

  caisson run -d --name labelled --label b=option all 'sleep 1000' >/dev/null
  [ "$(caisson inspect -f '{{json .Config.Labels}} {{.Config.StopSignal}} {{.ImageName}}' labelled)" = \
    '{"a":"image","b":"option"} 2 docker.io/library/all:latest' ]
  [ "$(caisson inspect -f '{{json .Config.ExposedPorts}} {{.Config.Healthcheck.Interval}}' labelled)" = '{"80/tcp":{}} 5000000000' ]
  [ "$(caisson inspect -f '{{.Image}} {{.ImageDigest}}' labelled)" = "$(caisson image inspect -f '{{.Id}} {{.Digest}}' all)" ]
  [ "$(caisson ps --format '{{.Image}}')" = all ]
}

@test "run image: users are looked up through all layers, and links of the image lead nowhere else" {
  mkdir -p "$T/upper/etc" && echo 'who:x:1:1::/:/bin/sh' >"$T/upper/etc/passwd" && layer first
  mkdir -p "$T/upper/etc" "$T/upper/real"
  ln -s ../../../../../../real/passwd "$T/upper/etc/passwd" && echo 'who:x:2:2::/:/bin/sh' >"$T/upper/real/passwd" && layer second
  mkdir -p "$T/upper/etc" && ln -s /proc/self/root/etc/passwd "$T/upper/etc/passwd" && layer hostile
  mkdir -p "$T/upper/etc" && touch "$T/upper/etc/.wh.passwd" && layer gone
  image first '{"User": "who", "Cmd": ["id", "-u"]}' "$T/first.tar"
  image second '{"User": "who", "Cmd": ["id", "-u"]}' "$T/first.tar" "$T/second.tar"
  image hostile '{"User": "games", "Cmd": ["id", "-u"]}' "$T/first.tar" "$T/hostile.tar"
  image gone '{"User": "who", "Cmd": ["id", "-u"]}' "$T/first.tar" "$T/gone.tar"
  [ "$(caisson run --rm first)" = 1 ]
  [ "$(caisson run --rm second)" = 2 ]
  for image in hostile gone; do
    run -125 caisson run --rm $image
    [[ "${lines[0]}" == "caisson: error: run: user: no user '"*"' in the container's /etc/passwd" ]]
  done
}

@test "run image: a volume begins with what the image has, is writable when the rest is not, and goes with the container" {
  mkdir -p "$T/upper/data/deep" && echo seed >"$T/upper/data/deep/seed" && chmod 2750 "$T/upper/data" && chown 7:8 "$T/upper/data"
  layer data
  image volumes '{"Volumes": {"/data": {}, "/fresh/one": {}}, "Cmd": ["sh"]}' "$T/data.tar"
  run -0 caisson run --rm --read-only volumes sh -c \
    'cat /data/deep/seed; stat -c "%a %u %g" /data; touch /data/new /fresh/one/new && ls /fresh/one; ! touch /x 2>/dev/null; grep -c "/data\|/fresh" /proc/mounts'
  [ "$output" = $'seed\n2750 7 8\nnew\n2' ]
  run -0 caisson run --rm volumes ls /data
  [ "$output" = deep ]
  # A mount of the options' takes its place.
  mkdir "$T/mine" && touch "$T/mine/own"
  [ "$(caisson run --rm -v "$T/mine:/data" volumes ls /data)" = own ]
  [ "$(ls "$T/mine")" = own ]
  nothing_kept
}

@test "run image: layers are unpacked once, side by side, and are as their digests say" {
  local i names=()
  for i in {1..9}; do
    mkdir -p "$T/upper/many" && echo "$i" >"$T/upper/many/$i" && echo "$i" >"$T/upper/last"
    [ "$i" -ne 5 ] || { touch "$T/upper/many/.wh.3" && mkdir "$T/upper/opaque" && echo 5 >"$T/upper/opaque/5" && touch "$T/upper/opaque/.wh..wh..opq"; }
    # What layer 5 hides lies at the end of layers that take longer.
    [[ $i != [23] ]] || head -c 20000000 /dev/urandom >"$T/upper/0large"
    [ "$i" -ne 2 ] || { mkdir "$T/upper/opaque" && echo 2 >"$T/upper/opaque/2"; }
    layer "$i"
    names+=("$T/$i.tar")
  done
  image many '{}' "${names[@]}"
  image more '{}' "${names[@]:0:4}"
  run -0 caisson run --rm many sh -c 'echo /many/* /opaque/*; cat /last'
  [ "$output" = $'/many/1 /many/2 /many/4 /many/5 /many/6 /many/7 /many/8 /many/9 /opaque/5\n9' ]
  [ "$(find "$T/root/layers/chain" -mindepth 1 -maxdepth 1 | wc -l)" -eq 10 ]
  # The next one has all of its layers there, and its blobs are not looked at any more.
  rm "$T/root/images/blobs/sha256/$(sha256sum <"$T/1.tar" | cut -d' ' -f1)"
  run -0 caisson run --rm more sh -c 'echo /many/*; cat /last'
  [ "$output" = $'/many/1 /many/2 /many/3 /many/4\n4' ]
  [ "$(find "$T/root/layers/chain" -mindepth 1 -maxdepth 1 | wc -l)" -eq 10 ]
  [ -z "$(ls "$T/root/layers/tmp")" ]
}

@test "run image: a wrong byte in one layer is named, and nothing of the image is kept" {
  local i names=() blob
  for i in {1..5}; do
    head -c 300000 /dev/urandom >"$T/upper/$i" && layer "$i"
    names+=("$T/$i.tar")
  done
  image wrong '{}' "${names[@]}"
  blob=$(sha256sum <"$T/3.tar" | cut -d' ' -f1)
  printf X | dd of="$T/root/images/blobs/sha256/$blob" bs=1 seek=5000 conv=notrunc status=none
  run -125 caisson run --rm wrong true
  [[ "${lines[0]}" == "caisson: error: run: "*"$blob: it has the digest sha256:"*", not sha256:$blob as the image's manifest says" ]]
  [ "${#lines[@]}" -eq 1 ]
  [ -z "$(ls "$T/root/layers/chain" "$T/root/layers/tmp" | grep -v :)" ]
  nothing_kept
}

@test "run image: several at once unpack the layers, which they share, and none waits for ever" {
  local i names=() digests=() pids=() pid round
  for i in 1 2 3 4; do
    head -c 200000 /dev/urandom >"$T/upper/file$i" && layer "l$i"
    names+=("$T/l$i.tar")
    image "shared$i" '{}' "${names[@]}" >/dev/null
    digests+=("$(caisson image inspect -f '{{.Digest}}' "shared$i")")
  done
  for round in {1..8}; do
    pids=()
    for i in 0 1 2 3 3 2 1 0; do
      timeout $((60 * PATIENCE)) "$BUILD/libexec/caisson/transfer" layers --images "$T/root/images" --store "$T/root" "${digests[i]}" >/dev/null 3>&- &
      pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
    [ "$(ls "$T/root/layers/chain" | wc -l)" -eq 5 ]
    rm -rf "$T/root/layers"
  done
}

@test "run image: 127 layers, as root and in a user namespace" {
  local names=()
  python3 -B - "$T" <<'END'
import io, sys, tarfile
for i in range(126):
    with tarfile.open(f"{sys.argv[1]}/layer{i:03}.tar", "w") as archive:
        for name in (f"many{i % 3}/{i}", "last"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"%04d" % i))
END
  names=("$T"/layer*.tar)
  image deep '{}' "${names[@]}"
  run -0 caisson run --rm deep sh -c 'ls /many* | grep -c "^[0-9]"; cat /last'
  [ "$output" = $'126\n0125' ]
  run -0 caisson run --rm --uidmap 0:100000:65536 deep sh -c 'ls /many* | grep -c "^[0-9]"; cat /last; touch /x'
  [ "$output" = $'126\n0125' ]
}

@test "run image: what is not there is said, by explain too, and --pull never asks nobody" {
  run -125 caisson run --rm --pull never nothing
  [ "${lines[0]}" = "caisson: error: run: image nothing:latest is not in the store" ]
  run -125 caisson run --rm --pull sometimes nothing
  [[ "${lines[0]}" == *"--pull sometimes: 'sometimes' is none of missing, always, never, newer" ]]
  run -125 caisson explain run nothing
  [ "${lines[0]}" = "caisson: error: explain: image nothing:latest is not in the store" ]
  [[ "${lines[1]}" == "hint: "*"would pull it"* ]]
  image there '{"Cmd": ["echo", "hi"], "Volumes": {"/v": {}}}'
  run -0 caisson explain run there
  [[ "$output" == *"/layers/chain/LAYER-1/tree"* ]]
  [ ! -e "$T/root/layers" ]
  run -125 caisson run --rm --pull never --platform linux/arm64 there
  [ "${lines[0]}" = "caisson: error: run: image there:latest for linux/arm64 is not in the store" ]
  run -125 caisson run --rm --sha256 "$(printf '0%.0s' {1..64})" there
  [[ "${lines[0]}" == *"the image has the digest sha256:"*"as --sha256 demands" ]]
  [ "$(caisson run --rm --sha256 "$(caisson image inspect -f '{{.Digest}}' there)" there)" = hi ]
  [ "$(caisson run --rm "$(caisson images -q)")" = hi ]
  nothing_kept
}

@test "run image: one for another platform is told of; one without layers cannot be run" {
  image arm '{"config": {"Cmd": ["echo", "hi"]}, "architecture": "arm64"}'
  run -0 caisson run --rm arm
  [[ "${lines[0]}" == *"warning: image arm is for linux/arm64, and this host is linux/amd64" ]]
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" docker.io/library/empty:latest '{"Cmd": ["/x"]}' >/dev/null
  run -125 caisson run --rm empty
  [ "${lines[0]}" = "caisson: error: run: image empty has no layers: there is nothing to run in it" ]
}

@test "run image: twenty at once unpack it once, and half of them killed leave nothing behind" {
  head -c 20000000 /dev/urandom >"$T/upper/large" && layer large
  image large '{"Cmd": ["true"]}' "$T/large.tar"
  local pids=() i
  for i in {1..20}; do
    "${CAISSON[@]}" run --rm large >/dev/null 2>&1 3>&- &
    pids+=($!)
  done
  for i in {0..9}; do
    sleep 0.01
    kill -KILL "${pids[i]}" 2>/dev/null || true
  done
  for i in {10..19}; do wait "${pids[i]}"; done
  [ "$(find "$T/root/layers/chain" -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
  within 10 nothing_unfinished
}
nothing_unfinished() { caisson ps >/dev/null 2>&1 && [ -z "$(ls "$T/root/layers/tmp")" ]; }
