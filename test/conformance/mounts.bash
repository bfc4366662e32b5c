# What the tests of mounts share, beside helper.bash: `load mounts`.

# One more mount of the bundle in the working directory: add_mount DESTINATION TYPE SOURCE [OPTION…].
add_mount() {
  DESTINATION=$1 TYPE=$2 SOURCE=$3 OPTIONS="${*:4}" config 'mounts.append(dict(
    destination=environ["DESTINATION"], type=environ["TYPE"], source=environ["SOURCE"], options=environ["OPTIONS"].split()))'
}

# Runs the container for the sake of its mounts, which `mounted` and the others then look at.
look() {
  process cat /proc/self/mountinfo
  run -0 runtime run box </dev/null
  TABLE=$output
}

# The topmost mount at DESTINATION as mountinfo has it (proc_pid_mountinfo(5)): mounted DESTINATION.
mounted() { awk -v at="$1" '$5 == at { found = $0 } END { print found }' <<<"$TABLE"; }
# Its options; what it tells other mounts of; its file system's options.
options_of() { mounted "$1" | cut -d' ' -f6; }
peers_of() { mounted "$1" | sed -E 's/^([^ ]* ){6}//; s/ ?- .*//'; }
super_of() { mounted "$1" | sed -E 's/.* - //' | cut -d' ' -f3-; }

# Fails, and says what there is, unless DESTINATION has each of the options and, after `without`, none of those.
has_options() {
  local destination=$1 found wanted=true
  found=$(options_of "$1")
  shift
  for word; do
    if [ "$word" = without ]; then wanted=false && continue; fi
    [[ ",$found," == *",$word,"* ]] && there=true || there=false
    [ $there = $wanted ] || { echo "$destination: $found; $word is $there, not $wanted" && return 1; }
  done
}

# A file system of the test's own on the host, which is gone after the test: host_tmpfs DIRECTORY [OPTIONS].
host_tmpfs() {
  mkdir -p "$1"
  mount -t tmpfs -o "${2:-mode=755}" caisson-test "$1"
  TO_UNMOUNT+=("$1")
}
unmount_host_tmpfs() {
  local i
  for ((i = ${#TO_UNMOUNT[@]} - 1; i >= 0; --i)); do umount -R "${TO_UNMOUNT[i]}" || true; done
}
TO_UNMOUNT=()

# A user namespace of the container's own, whose ids 0 to 65535 are BASE and the following outside: in_user_namespace [BASE].
in_user_namespace() {
  BASE=${1:-100000} config 'linux.namespaces.append({"type": "user"})' \
    'linux.uidMappings = linux.gidMappings = [{"containerID": 0, "hostID": int(environ["BASE"]), "size": 65536}]' \
    'mounts = [m for m in mounts if m["type"] not in ("mqueue",)]'
  chown "${1:-100000}:${1:-100000}" rootfs rootfs/*
}
