# What the tests with the peers share: `load helper` at the top of a file. They run in a world of their own (../world.py),
# by script/test peers [FILE…] or by `python3 -B test/world.py bats test/peers/FILE.bats`.
#
# CAISSON_OCI names the runtime that the peers are given, so that another can show what the tests are worth.
load ../system/helper

: "${CAISSON_OCI:=$BUILD/bin/caisson-oci}"
WORLD=${CAISSON_WORLD-}
FILES=$WORLD/files

setup() { peers_setup; }
teardown() { peers_teardown; }

# What a peer keeps while it has no container is there already, made by setup_file.
peers_setup() {
  T=$BATS_TEST_TMPDIR
  require_world
  host_state >"$T/host.before"
}

peers_teardown() {
  [ ! -s "$T/host.before" ] || host_unchanged
}

require_world() {
  require_root
  [ -n "$WORLD" ] || { echo "not in a world of its own: see test/peers/helper.bash" && return 1; }
  [ -x "$CAISSON_OCI" ] || { echo "no such runtime: $CAISSON_OCI" && return 1; }
}

# What a container could leave behind in the world, a line for each thing, as ../system/helper has it for the host. The cgroups
# that a peer makes for itself and for its pods are its own affair.
host_state() {
  awk '$5 !~ "^/tmp/" { $1 = $2 = ""; print "mount" $0 }' /proc/self/mountinfo
  find /sys/fs/cgroup -mindepth 2 -type d -printf 'cgroup %p\n' |
    grep -vE '/libpod_parent(/conmon|/[0-9a-f]{64})?$|/(docker|test)$' || true
  find /sys/class/net -mindepth 1 -printf 'network device %f\n'
  find /proc/[0-9]*/ns/pid -printf 'process %p in %l\n' 2>/dev/null | grep -vF "$(readlink /proc/self/ns/pid)" || true
}

# As ../system/helper has it, by the clock: the clients of these peers take their time.
within() {
  local end=$((SECONDS + $1 * PATIENCE + 1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "not within the time: $*" && return 1; }
    sleep 0.05
  done
}

# A session with a terminal of its own, whose output is the terminal's; it ends with the command's status:
# on_terminal COMMAND….
on_terminal() { SHELL=/bin/bash script --quiet --return --flush --echo never --command "$(printf '%q ' "$@")" /dev/null </dev/null; }

# Writes an image as an archive that all peers load, busybox as caisson has it, and its reference: image FILE NAME [ENV…].
image() { python3 -B "$BATS_TEST_DIRNAME/make_image.py" "$BUILTIN" "$@"; }

# --- podman and buildah ---------------------------------------------------------------------------------------------

# Makes the settings with which podman and buildah keep all that they have below a directory, for the runtime under test by
# default: podman_settings DIRECTORY; whose they are then says `export CONTAINERS_CONF=… CONTAINERS_STORAGE_CONF=…`.
podman_settings() {
  mkdir -p "$1/tmp"
  # What podman asks for by default is above the hard limits of a host whose root may not raise them.
  cat >"$1/containers.conf" <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[network]
network_backend = "netavark"
network_config_dir = "$1/networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$1/run/libpod"
volume_path = "$1/volumes"
runtime = "$CAISSON_OCI"
runtime_supports_json = ["$(basename "$CAISSON_OCI")"]
END
  cat >"$1/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$1/storage"
runroot = "$1/run/storage"
[storage.options.overlay]
skip_mount_home = "true"  # a mount that comes and goes with the containers
END
  cat >"$1/environment" <<END
export CONTAINERS_CONF=$1/containers.conf CONTAINERS_STORAGE_CONF=$1/storage.conf TMPDIR=$1/tmp
END
}

# The same, for this file's tests, with an image that is loaded: podman_ready NAME [ENV…], its environment as image() takes it.
podman_ready() {
  podman_settings "$FILES/$1" && . "$FILES/$1/environment"
  image "$FILES/busybox.tar" localhost/busybox:1 "${@:2}"
  podman load --quiet --input "$FILES/busybox.tar"
}

# --- Docker ---------------------------------------------------------------------------------------------------------

# The client of Debian, whatever else is on the path.
docker() { /usr/bin/docker "$@"; }

# Starts dockerd, which starts a containerd of its own, with the runtime under test as its default, and exports what leads
# clients to it: docker_start [OPTION…].
docker_start() {
  export DOCKER_HOST=unix://$WORLD/docker.sock DOCKER_FILES=$FILES/docker
  mkdir -p "$DOCKER_FILES"
  echo '{}' >"$DOCKER_FILES/daemon.json"
  dockerd --host "$DOCKER_HOST" --data-root "$DOCKER_FILES/data" --exec-root "$DOCKER_FILES/exec" \
    --pidfile "$DOCKER_FILES/pid" --config-file "$DOCKER_FILES/daemon.json" --storage-driver overlay2 \
    --exec-opt native.cgroupdriver=cgroupfs --add-runtime under-test="$CAISSON_OCI" --default-runtime under-test \
    "$@" >"$DOCKER_FILES/log" 2>&1 3>&- &
  within 30 docker info || { tail "$DOCKER_FILES/log" && return 1; }
}

docker_stop() {
  [ -s "${DOCKER_FILES-}/pid" ] || return 0
  local pid
  pid=$(cat "$DOCKER_FILES/pid")
  kill "$pid"
  within 20 test ! -e "/proc/$pid"
}
