# Containers of an ordinary user, made for the tests, with and without subordinate ids. The programs are run from a copy
# that it can reach.
# time limit: 600 s
load helper

STATE_TOP=/var/tmp  # memory keeps the attributes that hide files for ordinary users from Linux 6.6 on, a disk always has
USER_NAME=caisson-test-user
ALONE=caisson-test-alone

setup_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  export INSTALLED
  INSTALLED=$(mktemp -d /dev/shm/caisson-installed.XXXXXX)
  cp -r "$BUILD/bin" "$BUILD/libexec" "$BUILD/share" "$INSTALLED"
  chmod -R a+rX "$INSTALLED"
  useradd --no-create-home --home-dir /nonexistent --shell /bin/sh "$USER_NAME"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  usermod --add-subuids 3000000-3065535 --add-subgids 3000000-3065535 "$USER_NAME"
  useradd --no-create-home --home-dir /nonexistent --shell /bin/sh "$ALONE"
  sed -i "/^$ALONE:/d" /etc/subuid /etc/subgid
}

teardown_file() {
  [ "$(id -u)" -eq 0 ] || return 0
  userdel "$USER_NAME"
  userdel "$ALONE"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  rm -rf "$INSTALLED"
}

setup() {
  caisson_setup
  require_program newuidmap
  U=$(id -u "$USER_NAME")
  WHO=$USER_NAME
  HOME_DIR=$STATE/home
  make_home
}

teardown() {
  local left
  user pod rm -af >/dev/null 2>&1 || true
  mapfile -t left < <(user ps -aq)
  [ "${#left[@]}" -eq 0 ] || user rm -f "${left[@]}"
  caisson_teardown
}

make_home() {
  chmod 755 "$STATE"
  mkdir -p "$HOME_DIR" "$HOME_DIR/run" "$HOME_DIR/share"
  chmod 700 "$HOME_DIR/run"
  chown -R "$WHO:" "$HOME_DIR"
}

# Runs a command as the ordinary user.
as_user() {
  (cd "$HOME_DIR" && setpriv --reuid "$WHO" --regid "$WHO" --init-groups --reset-env \
    env HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" PATH=/usr/bin:/bin CAISSON_NETWORK="$CAISSON_NETWORK" "$@")
}
user() { as_user "$INSTALLED/bin/caisson" "$@"; }
user_box() {
  local options=()
  while [[ "${1:-}" = -* ]]; do options+=("$1") && shift; done
  user run --rm "${options[@]}" builtin:busybox "$@"
}

@test "rootless: where no user namespace can be made, that is said before anything is unpacked, with the sysctl" {
  # shellcheck disable=SC2016 # for the shell in the new user namespace
  run -125 as_user unshare --user --keep-caps --map-current-user sh -c \
    'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh "$INSTALLED/bin/caisson" run --rm builtin:busybox true
  [[ "${lines[0]}" == "caisson: error: run: "*": No space left on device" ]]
  [[ "${lines[1]}" == "hint: "*"sysctl -w user.max_user_namespaces="* ]]
}

@test "rootless: root inside is the user outside, the others are subordinate ids" {
  run -0 --separate-stderr user_box sh -c 'id -u; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "'
  [ "$output" = "0
 0 $U 1
 1 3000000 65536
 0 $(id -g "$USER_NAME") 1
 1 3000000 65536" ]
  [ -z "$stderr" ]
  mkdir "$HOME_DIR/d" && chown "$WHO:" "$HOME_DIR/d"
  user_box -v"$HOME_DIR/d:/d" sh -c 'touch /d/mine /d/other; chown 7:8 /d/other'
  [ "$(stat -c %U "$HOME_DIR/d/mine")" = "$USER_NAME" ]
  [ "$(stat -c %u:%g "$HOME_DIR/d/other")" = 3000006:3000007 ]
}

@test "rootless: run, ps, logs, exec, inspect, stop, wait, rm" {
  user run -d --name one builtin:busybox sh -c 'trap "exit 3" TERM; echo hello; while :; do sleep 0.1; done'
  within 5 user exec one true
  [ "$(user logs one)" = hello ]
  [ "$(user ps --format '{{.Names}}')" = one ]
  [ "$(user exec one sh -c 'id -u; cat /proc/1/comm')" = "0
sh" ]
  [ "$(user exec -u nobody one id -u)" = 65534 ]
  [ "$(user inspect --format '{{.State.Status}}' one)" = running ]
  user stop one
  [ "$(user wait one)" = 3 ]
  user rm one
  [ -z "$(user ps -aq)" ]
  [ -z "$(find "$HOME_DIR/.local/share/caisson/containers" "$HOME_DIR/run/caisson/containers" -mindepth 1)" ]
}

@test "rootless: pods share what pods of root share" {
  user pod create --name web
  user run -d --pod web --name one builtin:busybox sleep 1000
  user run -d --pod web --name two builtin:busybox sleep 1000
  [ "$(user exec one readlink /proc/self/ns/net)" = "$(user exec two readlink /proc/self/ns/net)" ]
  [ "$(user exec one hostname)" = web ]
  [ "$(user pod ps --format '{{.Status}} {{.NumberOfContainers}}')" = "Running 3" ]
  user pod stop -t 0 web
  user pod start web
  [ "$(user pod ps --format '{{.Status}}')" = Running ]
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: play}\nspec: {terminationGracePeriodSeconds: 0, containers: [{name: one, image: "builtin:busybox", command: [sleep, "1000"], volumeMounts: [{name: e, mountPath: /e}]}], volumes: [{name: e, emptyDir: {}}]}\n' |
    user kube play - >/dev/null
  user exec play-one sh -c 'echo x >/e/x'
  user pod rm -f web play
  [ -z "$(user ps -aq)" ]
}

@test "rootless: one sees one's own containers alone" {
  user run -d --name mine builtin:busybox sleep 100
  [ -z "$(caisson ps -aq)" ]
  caisson run -d --name roots builtin:busybox sleep 100
  [ "$(user ps --format '{{.Names}}')" = mine ]
  run -125 user exec roots true
  [[ "$output" = *"no such container"* ]]
  user rm -f mine
}

@test "rootless: what belongs to subordinate ids is removed with the container" {
  user run --name one builtin:busybox sh -c 'mkdir -m 700 /d; touch /d/f; chown -R 100:100 /d; chmod 0 /d'
  user rm one
  [ -z "$(find "$HOME_DIR/.local/share/caisson/containers" -mindepth 1)" ]
  user_box sh -c 'mkdir -m 700 /d; touch /d/f; chown -R 100:100 /d'
  [ -z "$(find "$HOME_DIR/.local/share/caisson/containers" -mindepth 1)" ]
}

@test "rootless: the overlay hides what is removed, and what a new directory replaces" {
  run -0 user_box sh -c 'rm /etc/profile; rm -r /home; mkdir /home; rm -r /var; mkdir /var && ls -A /var /home; mv /opt /moved && ls -d /moved
    ln /bin/busybox /hard && ls /hard'
  [ "$output" = "/home:

/var:
/moved
/hard" ] || { echo "$output" && false; }
}

@test "rootless: a layer is unpacked once, with owners of subordinate ids" {
  root=$(rootfs) && touch "$root/file" && chown 33:44 "$root/file"
  tar -C "$root" -cf "$HOME_DIR/image.tar" .
  [ "$(user run --rm "$HOME_DIR/image.tar" stat -c %u:%g /file)" = 33:44 ]
  mv "$HOME_DIR/.local/share/caisson/mapped" "$HOME_DIR/kept" && mv "$HOME_DIR/kept" "$HOME_DIR/.local/share/caisson/mapped"
  stored=$(find "$HOME_DIR/.local/share/caisson/mapped" -path '*/tree/file')
  [ "$(stat -c %u:%g "$stored")" = 3000032:3000043 ]
  before=$(stat -c %i "$stored")
  user run --rm "$HOME_DIR/image.tar" true
  [ "$(stat -c %i "$stored")" = "$before" ]
}

@test "rootless: diff, export and commit see the owners that the container sees" {
  local change='touch /mine /theirs && chown 5:6 /theirs && rm -r /var && mkdir /var && touch /var/only'
  local userns id
  for userns in host keep-id; do
    user run --name "$userns" --userns=$userns -u 0 builtin:busybox sh -c "$change"
    user diff "$userns" >"$T/diff"
    diff <(grep -v '^D' "$T/diff") - <<<$'A /mine\nA /theirs\nC /var\nA /var/only'
    grep -qx 'D /var/log' "$T/diff"
    user export "$userns" >"$T/exported.tar"
    [ "$(tar --numeric-owner -tvf "$T/exported.tar" mine theirs var/only bin/sh | awk '{ print $2 }' | tr '\n' ' ')" = "0/0 0/0 5/6 0/0 " ]
    [ "$(tar -tf "$T/exported.tar" | grep '^var/' | tr '\n' ' ')" = 'var/ var/only ' ]
    id=$(user commit -q "$userns" "made-of-$userns")
    [ "$(user images -q --no-trunc "localhost/made-of-$userns")" = "$id" ]
    [ "$(user run --rm "made-of-$userns" stat -c %u:%g /mine /theirs /var/only | tr '\n' ' ')" = "0:0 5:6 0:0 " ]
    run -0 user run --rm "made-of-$userns" test ! -e /var/log
  done
  # What is in the store is the user's own.
  [ -z "$(find "$HOME_DIR/share/caisson/images" "$HOME_DIR/.local/share/caisson/images" ! -user "$WHO" 2>/dev/null)" ]
  as_user "$INSTALLED/bin/caisson" export -o "$HOME_DIR/file.tar" keep-id
  [ "$(stat -c '%U %a' "$HOME_DIR/file.tar")" = "$WHO 600" ]
  cmp "$HOME_DIR/file.tar" "$T/exported.tar"
}

@test "rootless: with one id, a container is exported and committed all the same" {
  WHO=$ALONE
  make_home
  user run --name alone builtin:busybox sh -c 'touch /mine && rm /bin/ls' 2>/dev/null
  [ "$(user diff alone)" = $'C /bin\nD /bin/ls\nA /mine' ]
  [ "$(user export alone | tar --numeric-owner -tvf - mine bin/sh | awk '{ print $2 }' | tr '\n' ' ')" = "0/0 0/0 " ]
  user commit -q alone made >/dev/null
  run -0 user run --rm made sh -c 'test -e /mine && test ! -e /bin/ls'
}

@test "rootless: a directory is used in place, or below an overlay" {
  root=$(rootfs) && mv "$root" "$HOME_DIR/root" && chown -R "$WHO:" "$HOME_DIR/root"
  user run --rm "$HOME_DIR/root" touch /made
  [ "$(stat -c %U "$HOME_DIR/root/made")" = "$USER_NAME" ]
  user run --rm "$HOME_DIR/root:O" sh -c 'rm /made; touch /other'
  [ -e "$HOME_DIR/root/made" ]
  [ ! -e "$HOME_DIR/root/other" ]
}

@test "rootless: --userns=keep-id is the user inside too" {
  mkdir "$HOME_DIR/d" && chown "$WHO:" "$HOME_DIR/d"
  run -0 user_box --userns=keep-id -v"$HOME_DIR/d:/d" sh -c 'id -u; id -g; touch /d/f; stat -c %u /etc/group'
  [ "$output" = "$U
$(id -g "$USER_NAME")
0" ]
  [ "$(stat -c %U "$HOME_DIR/d/f")" = "$USER_NAME" ]
  run -1 user_box --userns=keep-id sh -c 'id -un; echo "x:x:0:0::/:" >>/etc/passwd'
  [[ "$output" = "$USER_NAME"*"Read-only file system" ]]
  run -0 user_box --userns=keep-id:uid=7,gid=8 -v"$HOME_DIR/d:/d" sh -c 'id -u; id -g; stat -c %u:%g /d/f; touch /tmp/f'
  [ "$output" = "7
8
7:8" ]
  [ "$(user_box --userns=keep-id -uroot sh -c 'id -u; touch /root/f && stat -c %u /root/f')" = "0
0" ]
}

@test "rootless: --userns=auto gives each container ids of its own, without the user's" {
  user run -d --name a --userns=auto builtin:busybox sleep 100
  user run -d --name b --userns=auto builtin:busybox sleep 100
  [ "$(user exec a cat /proc/self/uid_map | tr -s ' ')" = " 0 3000000 1024" ]
  [ "$(user exec b cat /proc/self/uid_map | tr -s ' ')" = " 0 3001024 1024" ]
  user exec a sh -c 'touch /f && [ "$(stat -c %u:%g /f /etc/passwd | uniq)" = 0:0 ]'
  user rm -f a
  [ "$(user_box --userns=auto:size=10 cat /proc/self/uid_map | tr -s ' ')" = " 0 3000000 10" ]
  user rm -f b
  run -125 user_box --userns=auto:size=70000 true
  [[ "$output" = *"--userns auto:size=70000"*"no 70000 ids in a row left"*/etc/subuid* ]]
}

@test "rootless: --uidmap counts one's own ids" {
  run -0 user_box --uidmap=0:1:10 --gidmap=0:0:1 sh -c 'cat /proc/self/uid_map /proc/self/gid_map | tr -s " "'
  [ "$output" = " 0 3000000 10
 0 $(id -g "$USER_NAME") 1" ]
  run -125 user_box --uidmap=0:0:100000 true
  [[ "$output" = *"--uidmap 0:0:100000"*"number 100000 of your ids, and you have 65537"* ]]
}

@test "rootless: namespaces of another container are joined, in its user namespace" {
  user run -d --name one builtin:busybox sleep 100
  network=$(user exec one readlink /proc/self/ns/net)
  users=$(user exec one readlink /proc/self/ns/user)
  [ "$(user_box --network=container:one readlink /proc/self/ns/net)" = "$network" ]
  [ "$(user_box --network=container:one readlink /proc/self/ns/user)" = "$users" ]
  [ "$(user_box --userns=container:one readlink /proc/self/ns/user)" = "$users" ]
  user rm -f one
}

@test "rootless: enter is root of the container's user namespace" {
  user run -d --name one builtin:busybox sleep 100
  pid=$(user inspect --format '{{.State.Pid}}' one)
  [ "$(user enter "$pid" sh -c 'id -u; hostname')" = "0
$(user exec one hostname)" ]
  [ "$("$BIN" enter "$pid" id -u)" = 0 ]
  user rm -f one
}

@test "rootless: a terminal of the container's own" {
  run -0 as_user script -qefc "$INSTALLED/bin/caisson run --rm -it builtin:busybox tty" /dev/null < <(keep_typing '')
  [[ "$output" = *"/dev/pts/0"* ]]
}

@test "rootless: the host's network is shared where that is asked for" {
  [ "$(user_box --network=host ls /sys/class/net)" = "$(ls /sys/class/net)" ]
  [ "$(user_box ls /sys/class/net)" = lo ]
}

# --- with one id -----------------------------------------------------------------------------------------------------

alone() {
  WHO=$ALONE
  HOME_DIR=$STATE/alone
  make_home
}

@test "rootless: without subordinate ids there is one, which is said once" {
  alone
  root=$(rootfs) && touch "$root/file" && chown 33:44 "$root/file"
  tar -C "$root" -cf "$HOME_DIR/image.tar" .
  run -0 --separate-stderr user run --rm "$HOME_DIR/image.tar" sh -c 'id -u; tr -s " " </proc/self/uid_map; cat /proc/self/setgroups; stat -c %u:%g /file'
  [ "$output" = "0
 0 $(id -u "$ALONE") 1
deny
0:0" ]
  [[ "$stderr" = *"$ALONE has no range in /etc/subuid"*"one user and one group"*"hint: "*"usermod --add-subuids"* ]]
  run -1 --separate-stderr user run --rm "$HOME_DIR/image.tar" sh -c 'mkdir -m 0 /d; chown 7 /d 2>&1'
  [[ "$output" = *"chown: /d:"* ]]
  [ -z "$stderr" ]
  [ -z "$(find "$HOME_DIR/.local/share/caisson/containers" -mindepth 1)" ]
}

@test "rootless: with one id, exec and keep-id work, other users are refused with the reason" {
  alone
  user run -d --name one builtin:busybox sleep 100
  [ "$(user exec one id -u)" = 0 ]
  user rm -f one
  [ "$(user_box --userns=keep-id id -u)" = "$(id -u "$ALONE")" ]
  run -125 user_box -unobody true
  [[ "$output" = *"has no mapping in the container's user namespace"* ]]
}

@test "rootless: the programs that map ids may be missing" {
  touch "$T/empty"
  run -0 unshare --mount --propagation private sh -c 'mount --bind "$0" /usr/bin/newuidmap && exec "$@"' "$T/empty" \
    setpriv --reuid "$WHO" --regid "$WHO" --init-groups --reset-env env HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" \
    "$INSTALLED/bin/caisson" run --rm builtin:busybox sh -c "tr -s ' ' </proc/self/uid_map"
  [[ "$output" = *"newuidmap is not installed"*"apt install uidmap"*" 0 $U 1"* ]]
}

# --- what it may not ---------------------------------------------------------------------------------------------------

@test "rootless: nothing of the host's mounts is left inside" {
  run -0 user_box cat /proc/self/mountinfo
  [ "$(awk '$5 == "/"' <<<"$output" | wc -l)" -eq 1 ]
  [[ "$output" != *" /var "* && "$output" != *" /tmp "* ]]
  [ "$(user_box sh -c 'cd /; cd ..; ls /.. | tr "\n" " "')" = "$(user_box sh -c 'ls / | tr "\n" " "')" ]
}

@test "rootless: root inside cannot make devices, change the kernel or reach root's files" {
  run user_box --cap-add=ALL mknod /null c 1 3
  [[ "$output" = *"Operation not permitted"* ]]
  run user_box --cap-add=ALL sh -c 'echo 1 >/proc/sys/kernel/panic'
  [ "$status" -ne 0 ]
  echo secret >"$STATE/secret" && chmod 600 "$STATE/secret"
  run user_box --privileged -v"$STATE/secret:/secret" cat /secret
  [[ "$output" = *"Permission denied"* ]]
}

@test "rootless: flags that a mount has on the host stay" {
  mkdir "$HOME_DIR/locked"
  local inside=(setpriv --reuid "$WHO" --regid "$WHO" --init-groups --reset-env env "HOME=$HOME_DIR" "XDG_RUNTIME_DIR=$HOME_DIR/run"
    "$INSTALLED/bin/caisson" run --rm)
  run -0 unshare --mount --propagation private sh -c 'mount -t tmpfs -o nosuid,nodev,noexec,ro locked "$0" && exec "$@"' \
    "$HOME_DIR/locked" "${inside[@]}" -v "$HOME_DIR/locked:/l" builtin:busybox grep ' /l ' /proc/self/mountinfo
  [[ "$output" = *" ro,nosuid,nodev,noexec"* ]]
  run -125 unshare --mount --propagation private sh -c 'mount -t tmpfs -o nosuid,nodev,noexec locked "$0" && exec "$@"' \
    "$HOME_DIR/locked" "${inside[@]}" -v "$HOME_DIR/locked:/l:exec" builtin:busybox true
  [[ "$output" = *"cannot clear locked flags"* ]]
}

@test "rootless: the program that a container could reach is nobody's to write" {
  cp -r "$INSTALLED" "$HOME_DIR/own" && chown -R "$WHO:" "$HOME_DIR/own"
  as_user "$HOME_DIR/own/bin/caisson" run --rm builtin:busybox sleep 3 &
  # shellcheck disable=SC2016 # for the shell that is asked again and again
  within 3 sh -c 'readlink "/proc/$(pgrep -u "$0" -f "own/bin/caisson run" | head -1)/exe" | grep -q memfd:caisson' "$WHO"
  wait
}

# --- limits ------------------------------------------------------------------------------------------------------------

@test "rootless: a limit that cannot be set is warned of, with the file" {
  run -0 user_box -m100m echo ran
  [[ "$output" = *"-m 100m: no such limit is set: user $U may not write to /sys/fs/cgroup"*ran* ]]
}

@test "rootless: limits hold where the cgroup is the user's" {
  require_controller memory
  [ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "cgroup v2: test/vm/login.bats"
  local directory=/sys/fs/cgroup/memory/caisson-test-delegated
  mkdir "$directory" && chown "$WHO:" "$directory"
  run -137 bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$directory" \
    setpriv --reuid "$WHO" --regid "$WHO" --init-groups --reset-env env HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" \
    "$INSTALLED/bin/caisson" run --rm -m 16m builtin:busybox tail /dev/zero
  local said=$output
  rmdir "$directory"
  [[ "$said" = *"the memory limit of 16 MiB was reached"* ]]
}

# --- where things are kept ---------------------------------------------------------------------------------------------

@test "rootless: without XDG_RUNTIME_DIR a directory of /tmp serves, which has to be the user's alone" {
  local directory=/tmp/caisson-$U
  local words=(env HOME="$HOME_DIR" "$INSTALLED/bin/caisson" run --rm builtin:busybox true)
  (cd "$HOME_DIR" && setpriv --reuid "$WHO" --regid "$WHO" --init-groups --reset-env "${words[@]}")
  [ "$(stat -c %U:%a "$directory")" = "$USER_NAME:700" ]
  rm -r "$directory"
  mkdir "$HOME_DIR/elsewhere" && ln -s "$HOME_DIR/elsewhere" "$directory"
  run -125 setpriv --reuid "$WHO" --regid "$WHO" --init-groups --reset-env "${words[@]}"
  rm "$directory"
  [[ "$output" = *"$directory is not a directory of this user alone"* ]]
}

@test "rootless: explain shows who maps the ids, and makes nothing" {
  run -0 user explain run builtin:busybox true
  [[ "$output" = *"by newuidmap and newgidmap"*"mount overlay as the root filesystem"* ]]
  [ ! -e "$HOME_DIR/.local/share/caisson/containers" ]
}

@test "rootless: a failure leaves nothing behind" {
  run -127 user_box no-such-command
  run -125 user_box -v/nonexistent:/x true
  [ -z "$(find "$HOME_DIR/.local/share/caisson/containers" "$HOME_DIR/.local/share/caisson/names" -mindepth 1)" ]
}

# An image of three layers in the user's store: made by root, and given to the user.
user_image() {
  require_program python3
  local images=$HOME_DIR/.local/share/caisson/images upper=$STATE/upper
  mkdir -p "$images" "$upper/data" "$upper/etc"
  echo 'web:x:33:33::/:/bin/sh' >"$upper/etc/passwd" && echo seed >"$upper/data/seed" && chown -R 33:44 "$upper/data" && chmod 700 "$upper/data"
  tar -C "$upper" --numeric-owner -cf "$STATE/1.tar" . && rm -r "$upper" && mkdir -p "$upper/bin"
  touch "$upper/bin/.wh.vi" && tar -C "$upper" --numeric-owner -cf "$STATE/2.tar" .
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$images" "docker.io/library/$1:latest" "$2" "$BUILTIN" "$STATE/1.tar" "$STATE/2.tar" >/dev/null
  chown -R "$WHO:" "$HOME_DIR/.local"
}

@test "rootless: an image is unpacked for the user's ids, run as its user, and removed with its layers" {
  user_image web '{"User": "web", "Cmd": ["sh", "-c", "id -u; cat /data/seed; touch /data/new; stat -c %u:%g:%a /data; ls /bin/vi"],
    "Env": ["PATH=/bin"], "Volumes": {"/data": {}}}'
  run -0 --separate-stderr user run --rm --read-only web sh -c 'id -u; cat /data/seed; touch /data/new; stat -c %u:%g:%a /data; ls /bin/vi 2>/dev/null || echo gone'
  [ "$output" = $'33\nseed\n33:44:700\ngone' ]
  run -0 --separate-stderr user run --rm -u 0 --userns keep-id web sh -c 'id -u; cat /data/seed; stat -c %u:%g /data'
  [ "$output" = $'0\nseed\n33:44' ]
  [ "$(find "$HOME_DIR/.local/share/caisson/mapped" -path '*/chain/*' -name tree | wc -l)" -eq 6 ]
  run -0 --separate-stderr user rmi web
  [ "${lines[0]}" = "Untagged: web:latest" ]
  [ -z "$(find "$HOME_DIR/.local/share/caisson/mapped" -path '*/chain/*')" ]
  [ -z "$(find "$HOME_DIR/.local/share/caisson/mapped" -path '*/layers/tmp/*')" ]
}

@test "rootless: layers are compared, in the namespace that has their owners, and mended" {
  user_image web '{}'
  user run --rm web true
  user run --rm --userns keep-id -u 0 web true
  run -0 user system check
  [[ "$output" != *layer* ]]
  local file
  mapfile -t file < <(find "$HOME_DIR/.local/share/caisson/mapped" -path '*/data/seed')
  [ "${#file[@]}" -eq 2 ]
  chown 0:0 "${file[@]}"
  run -125 user system check
  [ "$(grep -c 'data/seed: the owner is 65534:65534, not ' <<<"$output")" -eq 2 ]
  run -0 user system check --repair
  [ "$(grep -c '(unpacked anew)' <<<"$output")" -eq 2 ]
  run -0 user system check
  run -0 --separate-stderr user run --rm --userns keep-id -u 0 web stat -c %u:%g /data/seed
  [ "$output" = 33:44 ]
}

@test "rootless: system df sees what subordinate ids own, and system prune removes it" {
  user_image web '{}'
  user run --name ended web sh -c 'head -c 300000 /dev/urandom >/large && chown 33:44 /large && chmod 600 /large' 2>/dev/null
  local kept=$HOME_DIR/.local/share/caisson size bytes
  bytes=$(du -sc --block-size=1 "$kept"/images "$kept"/mapped/*/layers | tail -1 | cut -f1)
  size=$(user system df --format '{{.Type}} {{.Size}}' | sed -n 's/^Images //p')
  [ "$size" = "$(python3 -c 'import sys; print(f"{int(sys.argv[1]) / 1e6:.3g}MB")' "$bytes")" ]
  [[ "$(user system df)" =~ Containers\ +1\ +0\ +3[0-9][0-9]kB\ +3[0-9][0-9]kB ]]
  run -0 user system prune -af
  [[ "$output" == *"Deleted Images:"*"untagged: web:latest"* ]]
  [ -z "$(user ps -aq)$(user images -q)" ]
  [ -z "$(find "$kept" -path '*/chain/*' -o -path '*/images/blobs/sha256/*' -o -name large)" ]
}

@test "rootless: an image of 127 layers" {
  python3 -B - "$STATE" <<'END'
import io, sys, tarfile
for i in range(126):
    with tarfile.open(f"{sys.argv[1]}/layer{i:03}.tar", "w") as archive:
        for name in (f"many/{i}", "last"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"%04d" % i))
END
  mkdir -p "$HOME_DIR/.local/share/caisson/images"
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$HOME_DIR/.local/share/caisson/images" docker.io/library/deep:latest '{}' "$BUILTIN" \
    "$STATE"/layer*.tar >/dev/null
  chown -R "$WHO:" "$HOME_DIR/.local"
  run -0 --separate-stderr user run --rm deep sh -c 'ls /many | wc -l; cat /last'
  [ "$output" = $'126\n0125' ]
}

@test "rootless: volumes, secrets and copies belong to the user's own ids" {
  # Secrets are for memory alone.
  rmdir "$HOME_DIR/run" && mkdir -m 700 "$INSTALLED/run" && chown "$WHO:" "$INSTALLED/run" && ln -s "$INSTALLED/run" "$HOME_DIR/run"
  user_box -v=data:/data sh -c 'touch /data/root; chown 7:8 /data/root'
  [ "$(user run --rm -v data:/data builtin:busybox stat -c '%u %g' /data/root)" = "7 8" ]
  [ "$(user run --rm --userns=keep-id -v data:/data -v fresh:/etc builtin:busybox sh -c 'touch /data/own; ls /etc/passwd')" = /etc/passwd ]
  as_user sh -c 'echo hunter2 >~/word' && user secret create pass "$HOME_DIR/word"
  [ "$(user run --rm --secret pass --secret pass,target=other,uid=7,mode=0400 builtin:busybox \
    sh -c 'cat /run/secrets/pass; stat -c "%a %u" /run/secrets/pass /run/secrets/other')" = $'hunter2\n444 0\n400 7' ]
  user run -d --name box -v data:/data builtin:busybox sleep 1000
  user cp "$HOME_DIR/word" box:/data/word
  user cp "$HOME_DIR/word" box:/word
  [ "$(user exec box stat -c '%u %g' /word /data/word | sort -u)" = "0 0" ]
  user exec box chown 5:5 /word
  user cp box:/word "$HOME_DIR/out" && [ "$(stat -c %U "$HOME_DIR/out")" = "$WHO" ]
  user stop -t 0 box
  user cp "$HOME_DIR/word" box:/stopped
  user cp "$HOME_DIR/word" box:/data/stopped
  user cp box:/stopped "$HOME_DIR/again" && [ "$(cat "$HOME_DIR/again")" = hunter2 ]
  [ "$(user cp box:/data/stopped - | tar -xO)" = hunter2 ]
  user rm box
  user volume prune -af
  [ -z "$(user volume ls -q)" ]
  [ -z "$(ls -A "$HOME_DIR/.local/share/caisson/volumes")" ]
}
