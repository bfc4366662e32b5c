# podman 4.3 with the runtime under test: containers of an ordinary user.
load helper

# A directory that the user can reach, with the runtime as a copy, because a checkout may be closed to others.
setup_file() {
  require_world
  export HERE=$FILES/rootless
  useradd --home-dir "$HERE" --no-create-home --shell /bin/sh ordinary
  sed -i '/^ordinary:/d' /etc/subuid /etc/subgid
  usermod --add-subuids 3000000-3065535 --add-subgids 3000000-3065535 ordinary
  mkdir -p "$HERE/run" "$HERE/installed/bin"
  cp "$CAISSON_OCI" "$HERE/installed/bin"
  [ ! -d "$(dirname "$CAISSON_OCI")/../libexec/caisson" ] || cp -r "$(dirname "$CAISSON_OCI")/../libexec" "$HERE/installed"
  CAISSON_OCI=$HERE/installed/bin/$(basename "$CAISSON_OCI") podman_settings "$HERE/podman"
  image "$FILES/busybox.tar" localhost/busybox:1
  chmod 755 "$WORLD" "$FILES"
  chmod 700 "$HERE/run"
  chown -R ordinary: "$HERE"
  as_user podman load --quiet --input "$FILES/busybox.tar"
  # Once there is a process that holds podman's user and mount namespaces, it stays.
  box true
}

teardown() {
  as_user podman pod rm --all --force --time 0 >/dev/null
  as_user podman rm --all --force --time 0 >/dev/null
  peers_teardown
}

as_user() {
  (cd "$HERE" && . podman/environment && setpriv --reuid ordinary --regid ordinary --init-groups \
    env HOME="$HERE" XDG_RUNTIME_DIR="$HERE/run" "$@")
}
box() { as_user podman run --rm --network none localhost/busybox:1 "$@"; }
started() { as_user podman run --detach --network none --name "$1" "${@:2}" localhost/busybox:1 sh -c "${run_this:-exec sleep 1000}" >/dev/null; }
state() { as_user podman inspect --format "{{.State.$2}}" "$1"; }

@test "podman, rootless: root inside is the user outside, others are its subordinate ids" {
  run box sh -c 'id -u; cat /proc/self/uid_map | tr -s " "'
  [ "$status" -eq 0 ]
  [ "$output" = $'0\n'" 0 $(id -u ordinary) 1"$'\n'" 1 3000000 65536" ]
  started one --user 5:6
  [ "$(stat -c %u:%g "/proc/$(state one Pid)")" = 3000004:3000005 ]
  [ "$(as_user podman exec --user 0 one stat -c %u:%g /bin/busybox /proc/1)" = $'0:0\n5:6' ]
}

@test "podman, rootless: exit statuses" {
  run -3 box sh -c 'exit 3'
  run -127 box no-such-program
  run -126 box /etc
}

@test "podman, rootless: keep-id and auto" {
  [ "$(as_user podman run --rm --network none --userns keep-id localhost/busybox:1 id -u)" = "$(id -u ordinary)" ]
  as_user podman run --rm --network none --userns auto:size=500 localhost/busybox:1 awk '{ exit !($1 == 0 && $3 == 500) }' /proc/self/uid_map
}

@test "podman, rootless: exec, terminals, logs, standard input" {
  run_this='echo said; exec sleep 1000' started one
  run as_user podman exec one sh -c 'hostname; exit 5'
  [ "$status" -eq 5 ]
  run -127 as_user podman exec one no-such-program
  [ "$(echo words | as_user podman exec -i one cat)" = words ]
  [ "$(as_user podman logs one)" = said ]
  export -f as_user
  run on_terminal bash -c 'as_user podman exec -it one sh -c "tty && exit 6"'
  [ "$status" -eq 6 ]
  [[ "$output" == */dev/pts/* ]]
  run on_terminal bash -c 'as_user podman run --rm -it --network none localhost/busybox:1 sh -c "tty && exit 6"'
  [ "$status" -eq 6 ]
  [[ "$output" == */dev/pts/0* ]]
}

@test "podman, rootless: stop, start, kill, rm" {
  run_this='trap "exit 7" TERM; touch /ready; while :; do sleep 0.05; done' started one
  within 5 as_user podman exec one test -e /ready
  as_user podman stop --time 30 one
  [ "$(state one ExitCode)" -eq 7 ]
  as_user podman start one
  as_user podman kill one
  [ "$(as_user podman wait one)" -eq 137 ]
}

@test "podman, rootless: volumes, tmpfs, a read-only root, what privileged is for a user" {
  as_user mkdir -p "$HERE/volume"
  as_user podman run --rm --network none -v "$HERE/volume:/v" localhost/busybox:1 touch /v/file
  [ "$(stat -c %U "$HERE/volume/file")" = ordinary ]
  run ! as_user podman run --rm --network none -v "$HERE/volume:/v:ro" localhost/busybox:1 touch /v/other
  as_user podman run --rm --network none --read-only --tmpfs /t localhost/busybox:1 touch /t/file
  as_user podman run --rm --network none --privileged localhost/busybox:1 mount -t tmpfs none /mnt
  run ! box mount -t tmpfs none /mnt
}

@test "podman, rootless: a network by slirp4netns" {
  [ -c /dev/net/tun ] || skip "no /dev/net/tun"
  run as_user podman run --rm --network slirp4netns localhost/busybox:1 ip -4 addr show tap0
  [ "$status" -eq 0 ]
  [[ "$output" == *10.0.2.100/24* ]]
}

@test "podman, rootless: a pod shares its namespaces" {
  as_user podman pod create --name pod --network none >/dev/null
  as_user podman run --detach --pod pod --name one localhost/busybox:1 sleep 1000 >/dev/null
  as_user podman run --detach --pod pod --name two localhost/busybox:1 sleep 1000 >/dev/null
  [ "$(readlink "/proc/$(state one Pid)/ns/net")" = "$(readlink "/proc/$(state two Pid)/ns/net")" ]
  [ "$(readlink "/proc/$(state one Pid)/ns/user")" = "$(readlink "/proc/$(state two Pid)/ns/user")" ]
  [ "$(readlink "/proc/$(state one Pid)/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
