# What the tests of cgroups share, beside helper.bash: `load cgroup`.

# The directory of the container's cgroup of a v1 controller, or on v2 the one: cgroup CONTROLLER [NAME].
cgroup() {
  local v1=/sys/fs/cgroup/$1$CGROUP/${2:-box}
  if [ -d "$v1" ]; then echo "$v1"; else echo "/sys/fs/cgroup$CGROUP/${2:-box}"; fi
}

# What a file of it says: setting CONTROLLER V1_FILE V2_FILE. What is not there says nothing.
setting() {
  local directory
  directory=$(cgroup "$1")
  cat "$directory/$2" 2>/dev/null || cat "$directory/${3:-$2}" 2>/dev/null || true
}

# Fails, and says what there is, unless it says EXPECTED: set_to CONTROLLER V1_FILE V1_EXPECTED [V2_FILE V2_EXPECTED].
set_to() {
  local file=$2 expected=$3 found
  if on_v2; then
    file=$4
    expected=$5
  fi
  found=$(cat "$(cgroup "$1")/$file")
  [ "$found" = "$expected" ] || { echo "$file: $found, not $expected" && return 1; }
}

# The same of the weight of block I/O, which v2 has as BFQ's or, CONVERTED, as the kernel's own: weight_set_to WEIGHT CONVERTED.
weight_set_to() {
  if [ -e "$(cgroup blkio)/io.weight" ] && [ ! -e "$(cgroup blkio)/io.bfq.weight" ]; then
    set_to blkio "" "" io.weight "default $2"
  else
    set_to blkio blkio.bfq.weight "$1" io.bfq.weight "default $1"
  fi
}

on_v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

# Whether the controller is there to be limited by.
has_controller() {
  if on_v2; then grep -qw "$1" /sys/fs/cgroup/cgroup.controllers; else [ -e "/sys/fs/cgroup/$1/tasks" ]; fi
}

MiB=$((1 << 20))
