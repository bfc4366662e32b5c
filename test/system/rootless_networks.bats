# Networks of an ordinary user: pasta and slirp4netns carry the packets. In a network namespace of the test's own, whose way
# out is a device that leads nowhere.
# time limit: 600 s
load helper

STATE_TOP=/var/tmp  # an overlay of an ordinary user's own wants a disk
USER_NAME=caisson-net-user

setup() {
  caisson_setup
  require_program newuidmap
  [ -c /dev/net/tun ] || skip "this host has no /dev/net/tun"
  INSTALLED=$(mktemp -d /dev/shm/caisson-installed.XXXXXX)
  cp -r "$BUILD/bin" "$BUILD/libexec" "$BUILD/share" "$INSTALLED"
  chmod -R a+rX "$INSTALLED"
  useradd --no-create-home --home-dir /nonexistent --shell /bin/sh "$USER_NAME"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  usermod --add-subuids 3100000-3165535 --add-subgids 3100000-3165535 "$USER_NAME"
  HOME_DIR=$STATE/home
  chmod 755 "$STATE"
  mkdir -p "$HOME_DIR/run" "$HOME_DIR/share"
  chmod 700 "$HOME_DIR/run"
  chown -R "$USER_NAME:" "$HOME_DIR"
  unshare --net sleep infinity &
  HOST=$!
  within 5 has_own_network
  on_host ip link set lo up
  on_host ip link add wan type veth peer name other
  on_host ip address add 192.0.2.1/24 dev wan
  on_host ip link set wan up
  on_host ip link set other up
  on_host ip route add default via 192.0.2.2
}

teardown() {
  local left status=0
  mapfile -t left < <(user ps -aq)
  [ "${#left[@]}" -eq 0 ] || user rm -f "${left[@]}"
  within 5 no_helper || { echo "a helper is left" && status=1; }
  kill "$HOST"
  wait "$HOST" || true
  userdel "$USER_NAME"
  sed -i "/^$USER_NAME:/d" /etc/subuid /etc/subgid
  rm -rf "$INSTALLED"
  caisson_teardown || status=1
  return $status
}

has_own_network() { [ "$(readlink "/proc/$HOST/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
on_host() { nsenter --net="/proc/$HOST/ns/net" "$@"; }
user() {
  (cd "$HOME_DIR" && on_host setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --init-groups --reset-env \
    env HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" PATH=/usr/bin:/bin "$INSTALLED/bin/caisson" "$@")
}
no_helper() { ! pgrep 'pasta|passt|slir'; }
says_hi() { [ "$(on_host timeout 2 busybox wget -q -O - "$1")" = hi ]; }

carries() {
  run -0 user run --rm --network "$1" builtin:busybox ip -o -4 address show eth0
  [[ "$output" == *"inet "* ]]
  user run -d --name web --network "$1" -p 8080:80 builtin:busybox sh -c 'mkdir /www; echo hi >/www/index.html; exec httpd -f -p 80 -h /www'
  within 5 says_hi http://192.0.2.1:8080/
  run -0 user port web
  [ "$output" = "80/tcp -> 0.0.0.0:8080" ]
  run -125 user run --rm --network "$1" -p 8080:80 builtin:busybox true
  [[ "$output" == *"Address already in use"* ]]
  user rm -f web
  within 5 no_helper
}

@test "pasta connects an ordinary user's container, with its ports" {
  require_program pasta
  carries pasta
}

@test "pasta is the default of an ordinary user" {
  require_program pasta
  run -0 user run --rm builtin:busybox ip -o -4 address show eth0
  [[ "$output" == *"inet 192.0.2.1"* ]]
}

@test "slirp4netns is, where pasta has no way out to copy" {
  require_program slirp4netns
  on_host ip route del default
  run -0 user run --rm builtin:busybox ip -o -4 address show eth0
  [[ "$output" == *"inet 10.0.2.100"* ]]
}

@test "slirp4netns does, too" {
  require_program slirp4netns
  carries slirp4netns
}

@test "pasta and slirp4netns connect a container, whoever its root is" {
  local program userns
  for program in pasta slirp4netns; do
    for userns in host keep-id auto; do
      run -0 user run --rm --network=$program --userns=$userns -u=0 builtin:busybox ip -o -4 address show eth0
      [[ "$output" = *" inet "* ]]
    done
  done
  user run -d --name one --network pasta builtin:busybox sleep 60 >/dev/null
  # in the user namespace that one has, a network of its own
  run -0 user run --rm --network=pasta --userns=container:one builtin:busybox ip -o -4 address show eth0
  [[ "$output" = *" inet "* ]]
  user rm -f one >/dev/null
  run -125 caisson run --rm --network pasta builtin:busybox true
  [[ "$output" = *"pasta is for ordinary users"* ]]
}

@test "an option that pasta does not know is said in its words" {
  require_program pasta
  run -125 user run --rm --network pasta:--nonsense builtin:busybox true
  [[ "${lines[0]}" = *"pasta did not connect the container: "*"unrecognized option '--nonsense'" ]]
}

@test "bridges are root's, and that is said" {
  run -125 user run --rm --network bridge builtin:busybox true
  [[ "$output" == *"only root makes bridges"* && "$output" == *"pasta"* ]]
}

@test "a helper does not outlive a keeper that is killed" {
  require_program pasta
  user run -d --name web --network pasta builtin:busybox sleep 60
  kill -KILL "$(user inspect -f '{{.State.ConmonPid}}' web)"
  user ps -a
  user rm -f web
  within 5 no_helper
}
