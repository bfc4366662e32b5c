# What the system tests share: `load helper` at the top of a file.
#
# Each test gets a directory $T of its own with caisson's state in it; after each test no container of it may be left, and
# the host has to be as it was. A file that has a setup or a teardown of its own calls caisson_setup and caisson_teardown.
bats_require_minimum_version 1.5.0

# Few tests are about networks: the others neither wait for a bridge nor leave one on the host.
export CAISSON_NETWORK=none
PATIENCE=${CAISSON_TEST_PATIENCE:-1}
BUILD=${CAISSON_BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/release}
BIN=$BUILD/bin/caisson
BUILTIN=$BUILD/share/caisson/busybox.tar.gz

setup() { caisson_setup; }
teardown() { caisson_teardown; }

caisson_setup() {
  T=$BATS_TEST_TMPDIR
  require_root
  # In memory, unless a file says otherwise: unpacking waits until a layer is on the disk.
  STATE=$(mktemp -d "${STATE_TOP:-/dev/shm}/caisson-test.XXXXXX")
  mkdir "$STATE/root" "$STATE/run"
  ln -s "$STATE/root" "$STATE/run" "$T"
  CAISSON=("$BIN" --root "$T/root" --runroot "$T/run")
  host_state >"$T/host.before"
}

caisson_teardown() {
  [ -s "$T/host.before" ] || return 0
  local left status=0
  mapfile -t left < <(caisson ps -aq)
  [ "${#left[@]}" -eq 0 ] || caisson rm -f "${left[@]}"
  end_jobs
  host_unchanged || status=1
  rm -rf --one-file-system "$STATE"
  return $status
}

# What a test that failed leaves in the background would be waited for as long as the file may take.
end_jobs() {
  local job
  for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null || true; done
  wait
}

# The program under test, with state of the test's own.
caisson() { "$BIN" --root "$T/root" --runroot "$T/run" "$@"; }
# The same as words, for what has to be one process, a child of the shell: "${CAISSON[@]}" run … &
#   CAISSON=(…)  set by caisson_setup

# A container from the built-in root filesystem, gone when its command is: box [OPTION…] COMMAND…, options as words that
# start with a dash and hold their values (-m100m, --memory=100m).
box() {
  local options=()
  while [[ "${1:-}" = -* ]]; do options+=("$1") && shift; done
  caisson run --rm "${options[@]}" builtin:busybox "$@"
}

# Prints the path of a root filesystem that the test may do with as it likes: busybox with all its links.
rootfs() {
  mkdir -p "$T/${1:-rootfs}"
  tar -xzf "$BUILTIN" -C "$T/${1:-rootfs}"
  echo "$T/${1:-rootfs}"
}

# Fails, and says what there is, unless nothing is kept of any container.
nothing_kept() {
  local kept
  kept=$(find -H "$T/root/containers" "$T/root/names" "$T/run" -mindepth 1 ! -path "$T/run/containers" 2>/dev/null || true)
  [ -z "$kept" ] || { echo "kept: $kept" && return 1; }
}

# Types a line every second, for a minute or until nobody reads: what is typed before a terminal becomes raw may be lost.
keep_typing() {
  for _ in {1..60}; do
    sleep 1
    echo "$1" 2>/dev/null || break
  done
}

# Waits until a command succeeds: within SECONDS COMMAND…. CAISSON_TEST_PATIENCE makes the seconds longer on slow machines.
within() {
  local tries=$(($1 * 50 * PATIENCE))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((tries--)) -gt 0 ] || { echo "not within the time: $*" && return 1; }
    sleep 0.02
  done
}

# Runs a command that keeps its state where caisson does by default, below /var/lib and /run: it finds them empty, but for
# the lists of installed packages, and what it writes there is gone afterwards.
with_own_state() {
  # shellcheck disable=SC2016 # for the shell in the new mount namespace
  unshare --mount --propagation private sh -c '
    mkdir -p "$0/dpkg" && mount --bind /var/lib/dpkg "$0/dpkg" && mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/dpkg &&
      mount --move "$0/dpkg" /var/lib/dpkg && mount -t tmpfs tmpfs /run && exec "$@"' "$T" "$@"
}

# --- the host as it was --------------------------------------------------------------------------------------------
# What a container could leave behind, a line for each thing: mounts, cgroups, network devices, processes that are
# caisson's or in another PID namespace.
host_state() {
  awk '{ $1 = $2 = ""; print "mount" $0 }' /proc/self/mountinfo
  # Those that systemd makes for its units come and go with them.
  find /sys/fs/cgroup -path '*/process_api' -prune -o -type d -regextype posix-extended \
    ! -regex '.*\.(slice|scope|service|socket|mount|timer)' -printf 'cgroup %p\n' 2>/dev/null || true
  find /sys/class/net -mindepth 1 -printf 'network device %f\n'
  # What has ended and waits for init to take note of it is init's affair.
  grep -shE '^[0-9]+ \((caisson|monitor|transfer|caisson-init)\) ' /proc/[0-9]*/stat |
    awk '!($3 == "Z" && $4 == 1) { print "process", $1, $2 }' || true
  find /proc/[0-9]*/ns/pid -printf 'process %p in %l\n' 2>/dev/null | grep -vF "$(readlink /proc/self/ns/pid)" || true
  return 0
}

# Fails, and says what is new or missing, unless the host is as before the test; what ends by itself gets three seconds.
host_unchanged() {
  local difference end=$((SECONDS + 3 * PATIENCE))
  while true; do
    difference=$(diff "$T/host.before" <(host_state) |
      sed -nE 's/^> /left on the host: /p; /^< process/d; s/^< /gone from the host: /p')
    [ -n "$difference" ] || return 0
    [ $SECONDS -lt $end ] || break
    sleep 0.05
  done
  echo "$difference"
  return 1
}

# --- what a test may need ------------------------------------------------------------------------------------------
require_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
require_program() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
# Debian's minimal system as a tarball, $DEBIAN, which is kept from one run of the tests to the next.
require_debian() {
  local cache=${CAISSON_TEST_CACHE:-/var/tmp/caisson-test}
  DEBIAN=$cache/minbase.tar.gz
  [ ! -s "$DEBIAN" ] || return 0
  require_program mmdebstrap
  mkdir -p "$cache"
  mmdebstrap --quiet --variant=minbase bookworm "$cache/minbase.$$.tar.gz" || skip "mmdebstrap cannot make Debian here"
  mv "$cache/minbase.$$.tar.gz" "$DEBIAN"
}
require_controller() {
  if on_cgroup_v2; then
    grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "no cgroup controller $1"
  else
    [ -d "/sys/fs/cgroup/$1" ] || skip "no cgroup controller $1"
  fi
}
on_cgroup_v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }
