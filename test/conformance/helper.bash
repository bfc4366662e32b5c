# What the conformance tests share: `load helper` at the top of a file.
#
# They are written from the runtime specification and from what callers of runc rely on; RUNTIME names the program that is
# tested, and a test that runc fails is wrong: RUNTIME=runc bats test/conformance. Each test begins in the directory of a
# bundle of its own, which runs `true` in busybox; what it keeps and makes is in memory, and the host has to be as it was
# when it is over. A file that has a setup or a teardown of its own calls conformance_setup and conformance_teardown.
bats_require_minimum_version 1.5.0

PATIENCE=${CAISSON_TEST_PATIENCE:-1}
HERE=$BATS_TEST_DIRNAME
BUILD=${CAISSON_BUILD:-$(cd "$HERE/../.." && pwd)/build/release}
RUNTIME=${RUNTIME:-$BUILD/bin/caisson-oci}
# The interpreter itself, where `python3` is a script that looks for it. What all tests of a run of bats share is made once.
ONCE=$BATS_RUN_TMPDIR
[ -e "$ONCE/python" ] || python3 -c 'import sys; print(sys.executable)' >"$ONCE/python"
PYTHON=$(<"$ONCE/python")  # with -IS, which leaves out what is installed beside it, it starts in half of the time

setup() { conformance_setup; }
teardown() { conformance_teardown; }

conformance_setup() {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  command -v "$RUNTIME" >/dev/null || { echo "no such runtime: $RUNTIME" && return 1; }
  T=$(mktemp -d /dev/shm/caisson-conformance.XXXXXX)
  chmod 711 "$T"
  CGROUP=/${T##*/}
  ROOT=$T/state
  BUNDLE=$T/bundle
  RUNTIME_IN_T=("$RUNTIME" --root "$ROOT")
  mkdir -p "$BUNDLE"
  [ -d "$ONCE/rootfs" ] || make_bundle
  cp -a "$ONCE/rootfs" "$BUNDLE/rootfs"
  sed "s|/CGROUP/|$CGROUP/|" "$ONCE/config.json" >"$BUNDLE/config.json"
  cd "$BUNDLE"
  host_state >"$T/host.before"
}

conformance_teardown() {
  [ -n "${T:-}" ] || return 0
  local id status=0
  cd /
  kill_children
  for id in "$ROOT"/*/; do
    [ ! -d "$id" ] || timeout 10 "$RUNTIME" --root "$ROOT" delete --force "$(basename "$id")" || status=1
  done
  nothing_kept && host_unchanged || status=1
  remove_what_is_left
  return $status
}

# --- the runtime and its containers ----------------------------------------------------------------------------------

# The program under test, with state of the test's own.
runtime() { "$RUNTIME" --root "$ROOT" "$@"; }
# The same as words, for what has to be one process, a child of the shell: "${RUNTIME_IN_T[@]}" run … &
#   RUNTIME_IN_T=(…)  set by conformance_setup

# What the program is called in its own words: runc, caisson-oci.
runtime_name() { basename "$RUNTIME"; }

# Ends the test where it is run on runc: not_on_runc WHY, for what is newer than it or has no counterpart there.
not_on_runc() { [ "$(runtime_name)" != runc ] || skip "runc 1.1: $1"; }

# Changes the config of the bundle in the working directory: config STATEMENT…, in Python, where the members of the
# config are names, and sections that do not exist come into being: config 'hostname = "x"' 'linux.resources.pids.limit = 5'
config() { "$PYTHON" -IS "$HERE/config.py" edit config.json "$@"; }

# Has the container run COMMAND…, in the bundle of the working directory.
process() { "$PYTHON" -IS "$HERE/config.py" args config.json "$@"; }

# The same for a script.
script() { process sh -c "$1"; }

# Another bundle, with a rootfs of its own, and a cgroup: another NAME, and goes there.
another_bundle() {
  mkdir "$T/$1"
  cp -a "$BUNDLE/config.json" "$BUNDLE/rootfs" "$T/$1"
  cd "$T/$1"
  config "linux.cgroupsPath = '$CGROUP/$1'"
}

# Whether the last output has these words in it, whose quotation marks a log may have escaped; capitals do not matter.
said() { [[ "${output//\\/}" == *"$1"* || "${output,,}" == *"${1,,}"* ]] || { echo "not said: $1" && echo "$output" && return 1; }; }

# Whether the last output names this hook, in runc's way or by its place in the configuration: said_hook LIST NUMBER.
said_hook() { [[ "$output" == *"hook #$2"* || "$output" == *"hooks.$1[$2]"* ]] || { echo "hook $1 $2 is not named" && echo "$output" && return 1; }; }

# Creates and starts a container that lives until it is killed: sleeper [ID] [OPTION…], in the bundle's own directory. It has
# no descriptor of the caller's: what bats waits for would never end.
sleeper() {
  process sleep 1000
  create "$@"
  runtime start "${1:-box}"
}

# Creates one: create [ID] [OPTION…], with standard streams of nobody.
create() {
  local id=${1:-box}
  shift || true
  runtime create "$@" "$id" </dev/null >"$T/$id.out" 2>&1 3>&- 4>&- || { cat "$T/$id.out" && return 1; }
}

# One member of a container's state: field ID NAME.
field() { runtime state "$1" | "$PYTHON" -IS -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$2"; }
status() { field "$1" status; }
is() { [ "$(status "$1" 2>/dev/null)" = "$2" ]; }
gone() { ! runtime state "$1" >/dev/null 2>&1; }

# Whether a file has anything in it; whether it has a line that matches.
has_text() { [ -s "$1" ]; }
has_line() { grep -qE "$2" "$1"; }

# Waits until a command succeeds: within SECONDS COMMAND….
within() {
  local tries=$(($1 * 50 * PATIENCE))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((tries--)) -gt 0 ] || { echo "not within the time: $*" && return 1; }
    sleep 0.02
  done
}

# What each test gets a copy of: a config, and a root filesystem of busybox with its links.
make_bundle() {
  local new=$ONCE/rootfs.new
  mkdir -p "$new"/{bin,dev,etc,proc,root,sys,tmp,run}
  cp "$(command -v busybox)" "$new/bin/busybox"
  chroot "$new" /bin/busybox --install -s /bin
  printf 'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/home/guest:/bin/sh\n' >"$new/etc/passwd"
  printf 'root:x:0:\nguest:x:1000:\nstaff:x:50:guest\n' >"$new/etc/group"
  "$PYTHON" -IS "$HERE/config.py" new /CGROUP/box >"$ONCE/config.json"
  mv "$new" "$ONCE/rootfs"
}

# --- the host as it was ----------------------------------------------------------------------------------------------
# A line for each thing that the test could leave: any mount, a cgroup that bears its name, a process that is in such a
# cgroup or has the test's directory among its words. What else there may be is looked for after all tests: test/host.py.
host_state() {
  awk '{ $1 = $2 = ""; print "mount" $0 }' /proc/self/mountinfo
  own_cgroups | sed 's/^/cgroup /'
  own_processes | sed 's/^/process /'
}

# Without those that the test itself runs.
host_unchanged() {
  local difference end=$((SECONDS + 3 * PATIENCE))
  while true; do
    difference=$(diff - <(host_state) <"$T/host.before" |
      sed -nE 's/^> /left on the host: /p; /^< process/d; s/^< /gone from the host: /p')
    [ -n "$difference" ] || return 0
    [ $SECONDS -lt $end ] || break
    sleep 0.05
  done
  echo "$difference"
  return 1
}

# Those below the one that all of a test's cgroups are in, which is the test's to remove.
own_cgroups() {
  find /sys/fs/cgroup -path '*/process_api' -prune -o -type d -path "*$CGROUP/*" -print 2>/dev/null || true
}

# Without those that have ended and wait for somebody to take note of it.
own_processes() {
  { grep -lF -- "$CGROUP" /proc/[0-9]*/cgroup; grep -laF -- "$T" /proc/[0-9]*/cmdline; } 2>/dev/null |
    cut -d/ -f3 | sort -nu | while read -r pid; do
    [ "$pid" = $$ ] || [ "$pid" = $BASHPID ] ||
      awk -v pid="$pid" '/^Name:/ { name = $2 } /^State:/ { if ($2 != "Z") print pid, name; exit }' "/proc/$pid/status" 2>/dev/null || true
  done
}

# Fails, and says what there is, unless nothing is kept of any container.
nothing_kept() {
  local kept
  kept=$(ls "$ROOT" 2>/dev/null || true)
  [ -z "$kept" ] || { echo "kept: $kept" && return 1; }
}

# What the test has begun in the background, and not ended.
kill_children() {
  local pid
  for pid in $(jobs -p); do kill -9 "$pid" 2>/dev/null || true; done
  wait
}

remove_what_is_left() {
  local pid name
  own_processes | while read -r pid name; do kill -9 "$pid" 2>/dev/null || true; done
  own_cgroups | sort -r | while read -r name; do rmdir "$name" 2>/dev/null || true; done
  find /sys/fs/cgroup -path '*/process_api' -prune -o -type d -name "${CGROUP#/}" -print 2>/dev/null |
    while read -r name; do rmdir "$name" || true; done
  umount -R "$T"/* 2>/dev/null || true
  rm -rf --one-file-system "$T"
}
