# Mounts: what is mounted, in which order, with which options, and what is refused.
load helper
load mounts

teardown() {
  unmount_host_tmpfs
  conformance_teardown
}

# --- what is mounted where --------------------------------------------------------------------------------------------

@test "mounts: a directory and a file of the host, whose missing targets are made" {
  mkdir -p "$T/source"
  echo from the directory >"$T/source/file"
  echo from the file >"$T/file"
  add_mount /made/for/it bind "$T/source" bind
  add_mount /also/made/file bind "$T/file" bind
  script 'cat /made/for/it/file /also/made/file; echo written >/made/for/it/new'
  run -0 runtime run box </dev/null
  [ "$output" = "from the directory
from the file" ]
  [ "$(cat "$T/source/new")" = written ]
  [ -d rootfs/made/for/it ]
  [ -f rootfs/also/made/file ]
  [ "$(stat -c %a rootfs/made/for)" = 755 ]
}

@test "mounts: a source that is not absolute is the bundle's, a destination begins at the root" {
  mkdir source
  echo found >source/file
  add_mount relative/place bind source bind
  process cat /relative/place/file
  run -0 --separate-stderr runtime run box </dev/null
  [ "$output" = found ]
}

@test "mounts: a destination that is written as the host sees it is meant inside" {
  not_on_runc "makes the whole path below the root"
  mkdir "$T/source"
  touch "$T/source/file"
  add_mount "$BUNDLE/rootfs/there" bind "$T/source" bind
  process ls /there
  run -0 runtime run box </dev/null
  [ "$output" = file ]
}

@test "mounts: in the order of the config, a later one covers an earlier one" {
  mkdir -p "$T"/{first,second}/inner
  echo first >"$T/first/name"
  echo second >"$T/second/name"
  echo inner >"$T/second/inner/name"
  add_mount /at bind "$T/first" bind
  add_mount /at bind "$T/second" bind
  add_mount /at/inner tmpfs tmpfs
  script 'cat /at/name; ls /at/inner'
  run -0 runtime run box </dev/null
  [ "$output" = second ]
}

@test "mounts: a bind takes one mount, a recursive one what is mounted below it as well" {
  host_tmpfs "$T/source"
  host_tmpfs "$T/source/below"
  touch "$T/source/below/file"
  add_mount /one bind "$T/source" bind
  add_mount /all bind "$T/source" rbind
  script 'ls /one/below; echo -; ls /all/below'
  run -0 runtime run box </dev/null
  [ "$output" = "-
file" ]
}

@test "mounts: a destination that links of the image lead out of it stays inside" {
  mkdir "$T/outside" "$T/source"
  echo inside >"$T/source/file"
  ln -s "$T/outside" rootfs/absolute
  ln -s ../../../../../../../../../..$T/outside rootfs/relative
  add_mount /absolute/a bind "$T/source" bind
  add_mount /relative/b bind "$T/source" bind
  script "cat $T/outside/a/file $T/outside/b/file"
  run -0 runtime run box </dev/null
  [ "$output" = "inside
inside" ]
  [ -z "$(ls -A "$T/outside")" ]
}

# --- options ----------------------------------------------------------------------------------------------------------

@test "mounts: each option of a bind, for it alone" {
  mkdir "$T/source"
  for option in ro nosuid nodev noexec nodiratime noatime relatime; do
    add_mount "/m/$option" bind "$T/source" bind $option
  done
  add_mount /m/plain bind "$T/source" bind
  add_mount /m/many bind "$T/source" bind ro nosuid nodev noexec
  look
  has_options /m/plain rw relatime without ro nosuid nodev noexec noatime
  for option in ro nosuid nodev noexec; do has_options "/m/$option" $option relatime; done
  has_options /m/noatime noatime without relatime ro
  has_options /m/nodiratime nodiratime
  has_options /m/relatime relatime
  has_options /m/many ro nosuid nodev noexec
}

@test "mounts: a later option takes an earlier one off" {
  add_mount /a tmpfs tmpfs ro rw nosuid suid nodev dev noexec exec
  add_mount /b tmpfs tmpfs rw ro suid nosuid dev nodev exec noexec
  add_mount /c tmpfs tmpfs noatime strictatime
  add_mount /d tmpfs tmpfs strictatime noatime
  look
  has_options /a rw without ro nosuid nodev noexec
  has_options /b ro nosuid nodev noexec
  has_options /c without noatime relatime
}

@test "mounts: the attributes that a bind's source has stay, unless the options take them off" {
  not_on_runc "takes none off: runc#3967"
  host_tmpfs "$T/source" ro,nosuid,nodev,noexec,noatime
  add_mount /kept bind "$T/source" bind
  add_mount /more bind "$T/source" bind nosymfollow
  add_mount /off bind "$T/source" bind rw suid dev exec relatime
  look
  has_options /kept ro nosuid nodev noexec noatime
  has_options /more ro nosuid nodev noexec noatime nosymfollow
  has_options /off relatime without nosuid nodev noexec noatime
}

@test "mounts: recursive options reach what is mounted below, others do not" {
  host_tmpfs "$T/source"
  host_tmpfs "$T/source/below"
  for option in ro nosuid nodev noexec noatime; do
    add_mount "/r/$option" bind "$T/source" rbind r$option
    add_mount "/s/$option" bind "$T/source" rbind $option
  done
  look
  for option in ro nosuid nodev noexec noatime; do
    has_options "/r/$option" $option
    has_options "/r/$option/below" $option
    has_options "/s/$option" $option
    has_options "/s/$option/below" without $option
  done
}

@test "mounts: what a recursive option takes off below" {
  host_tmpfs "$T/source" nosuid,nodev,noexec
  host_tmpfs "$T/source/below" ro,nosuid,nodev,noexec
  mount -o remount,bind,ro,nosuid,nodev,noexec "$T/source"
  add_mount /off bind "$T/source" rbind rrw rsuid rdev rexec
  look
  has_options /off rw without nosuid nodev noexec
  has_options /off/below rw without nosuid nodev noexec
}

@test "mounts: propagation, of a new file system and of a bind" {
  host_tmpfs "$T/source"
  mount --make-shared "$T/source"
  for word in private slave shared unbindable rprivate rslave rshared runbindable; do
    add_mount "/new/$word" tmpfs tmpfs $word
    add_mount "/bound/$word" bind "$T/source" rbind $word
  done
  look
  for r in '' r; do
    [ -z "$(peers_of "/new/${r}private")" ]
    [ -z "$(peers_of "/bound/${r}private")" ]
    [ -z "$(peers_of "/new/${r}slave")" ]
    [[ "$(peers_of "/bound/${r}slave")" == master:* ]]
    [[ "$(peers_of "/new/${r}shared")" == shared:* ]]
    [[ "$(peers_of "/bound/${r}shared")" == shared:* ]]
    [ "$(peers_of "/new/${r}unbindable")" = unbindable ]
    [ "$(peers_of "/bound/${r}unbindable")" = unbindable ]
  done
}

@test "mounts: a shared bind is the host's peer, a slave hears of it, others do not" {
  host_tmpfs "$T/source"
  mount --make-shared "$T/source"
  mkdir "$T"/source/{out,in}
  add_mount /shared bind "$T/source" rbind rshared
  add_mount /slave bind "$T/source" rbind rslave
  add_mount /private bind "$T/source" rbind rprivate
  config 'for kind in ("bounding", "effective", "permitted"): process.capabilities[kind].append("CAP_SYS_ADMIN")' \
    'linux.rootfsPropagation = "rshared"'
  script 'mount -t tmpfs inner /shared/out; sleep 1000'
  create
  runtime start box
  within 5 mountpoint -q "$T/source/out"
  mount -t tmpfs caisson-test "$T/source/in"
  runtime exec box cat /proc/self/mountinfo >"$T/table"
  TABLE=$(<"$T/table")
  umount "$T/source/in" "$T/source/out"
  [ -n "$(mounted /shared/in)" ]
  [ -n "$(mounted /slave/in)" ]
  [ -z "$(mounted /private/in)" ]
  [ -n "$(mounted /slave/out)" ]
  [ -z "$(mounted /private/out)" ]
}

@test "mounts: options of the file system, which a bind has none of" {
  add_mount /small tmpfs tmpfs size=64k mode=1770 nr_inodes=5
  look
  [[ "$(super_of /small)" == *size=64k* ]]
  [[ "$(super_of /small)" == *mode=1770* ]]
  not_on_runc "mounts a bind without a word about them: runc#3990"
  mkdir "$T/source"
  add_mount /bound bind "$T/source" bind size=64k
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said 'bind mounts cannot have any filesystem-specific options applied'
}

@test "mounts: an overlay of layers whose paths together are a page of options" {
  local n lower=
  for n in 10{01..30}; do
    mkdir -p "$T/$n/a name, which is as long as such names are: $n"
    touch "$T/$n/a name, which is as long as such names are: $n/$n"
    ln -s "$T/$n/a name, which is as long as such names are: $n" "$T/layer-whose-name-is-longer-than-it-needs-to-be.$n"
    lower+=:$T/layer-whose-name-is-longer-than-it-needs-to-be.$n
  done
  add_mount /many overlay overlay "lowerdir=${lower#:}" nosuid noexec ro
  look
  has_options /many ro nosuid noexec
  process ls /many
  run -0 runtime run box </dev/null
  [ "${#lines[@]}" -eq 30 ]
  for n in 11{01..60}; do lower+=:$T/1001; done
  config 'mounts[-1]["options"] = ["lowerdir='"${lower#:}"'"]'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said 'argument list too long' || said /many
}

@test "mounts: a type that the kernel does not know, or none at all, is refused and named" {
  add_mount /x nosuchfs none
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said 'no such device' || said nosuchfs
  config 'mounts[-1]["type"] = ""'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
}

@test "mounts: a directory is not mounted on a file, nor a file on a directory" {
  mkdir "$T/directory"
  touch "$T/file" rootfs/etc/file
  add_mount /etc/file bind "$T/directory" bind
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said /etc/file
  config 'del mounts[-1]'
  add_mount /etc bind "$T/file" bind
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said /etc
}

@test "mounts: a source that is not there is named" {
  add_mount /x bind "$T/missing" bind
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said "$T/missing"
}

# --- tmpfs ------------------------------------------------------------------------------------------------------------

@test "tmpfs: has the mode of the directory that it covers, unless an option has another" {
  mkdir -m 751 rootfs/covered rootfs/other
  add_mount /covered tmpfs tmpfs
  add_mount /other tmpfs tmpfs mode=0700
  process stat -c '%n %a' /covered /other
  run -0 runtime run box </dev/null
  [ "${lines[0]}" = "/covered 751" ]
  [ "${lines[1]}" = "/other 700" ] || [ "$(runtime_name)" = runc ]  # runc#3911
}

@test "tmpfs: where nothing was to cover everybody may write" {
  add_mount /made/for/it tmpfs tmpfs
  process stat -c '%n %a' /made/for/it
  run -0 runtime run box </dev/null
  [ "$output" = "/made/for/it 1777" ]
}

@test "tmpfs: one that is read-only has in it what the config puts there" {
  mkdir "$T/source"
  add_mount /ro tmpfs tmpfs ro
  add_mount /ro/inner bind "$T/source" bind
  script 'grep -c " /ro/inner " /proc/self/mountinfo; touch /ro/x; touch /ro/inner/x && echo wrote'
  run -0 runtime run box </dev/null
  [ "${lines[0]}" = 1 ]
  [[ "${lines[1]}" == *"Read-only file system"* ]]
  [ "${lines[2]}" = wrote ]
}

@test "tmpfs: /dev may be read-only, with its devices in it" {
  config 'mounts[1]["options"].append("ro")'
  script 'echo >/dev/null && touch /dev/x'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said 'Read-only file system'
}

@test "tmpcopyup: begins with what the image has there" {
  mkdir -p rootfs/tree/{sub/deep,empty}
  echo text >rootfs/tree/file
  echo deep >rootfs/tree/sub/deep/file
  chown 12:34 rootfs/tree/file rootfs/tree/sub
  chmod 4755 rootfs/tree/file
  chmod 1777 rootfs/tree/empty
  chmod 750 rootfs/tree
  ln -s file rootfs/tree/link
  ln -s /etc/shadow rootfs/tree/absolute
  [ "$(runtime_name)" = runc ] || mkfifo rootfs/tree/fifo
  touch -d @1000000000 rootfs/tree/file
  add_mount /tree tmpfs tmpfs tmpcopyup
  script 'cd /tree; stat -c "%n %a %u %g" . file sub empty; cat sub/deep/file; readlink link; readlink absolute; cat link
          stat -c %Y file; echo new >new; ls -l fifo'
  run --separate-stderr runtime run box </dev/null
  [ "${lines[0]}" = ". 750 0 0" ]
  [ "${lines[1]}" = "file 4755 12 34" ]
  [ "${lines[2]}" = "sub 755 12 34" ]
  [ "${lines[3]}" = "empty 1777 0 0" ] || [ "$(runtime_name)" = runc ]  # which takes its umask off: runc#3991
  [ "${lines[4]}" = deep ]
  [ "${lines[5]}" = file ]
  [ "${lines[6]}" = /etc/shadow ]
  [ "${lines[7]}" = text ]
  [ "$(runtime_name)" = runc ] || [[ "${lines[8]} ${lines[9]}" == "1000000000 p"* ]]
  [ ! -e rootfs/tree/new ]
}

@test "tmpcopyup: through a link of the image, which leads nowhere outside; nothing in it is followed" {
  mkdir "$T/outside" rootfs/real
  echo secret >"$T/outside/secret"
  ln -s "$T/outside" rootfs/real/outside
  ln -s /real rootfs/tree
  add_mount /tree tmpfs tmpfs tmpcopyup
  script 'readlink /real/outside; cat /real/outside/secret'
  run runtime run box </dev/null
  [ "${lines[0]}" = "$T/outside" ]
  [[ "$output" != *secret$'\n'* ]]
  [[ "${lines[1]}" == *"No such file"* ]]
}

@test "tmpcopyup: read-only, and one that is too small for what it begins with" {
  mkdir rootfs/tree
  echo text >rootfs/tree/file
  add_mount /tree tmpfs tmpfs tmpcopyup ro
  script 'cat /tree/file; touch /tree/x'
  run runtime run box </dev/null
  [ "${lines[0]}" = text ]
  [[ "$output" == *"Read-only file system"* ]]
  head -c 1000000 /dev/zero >rootfs/tree/file
  config 'mounts[-1]["options"] = ["tmpcopyup", "size=64k"]'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said 'no space left on device' || said 'No space left on device'
}

# --- procfs, sysfs, /dev ----------------------------------------------------------------------------------------------

@test "mounts: of procfs only files that are known to be harmless are covered" {
  touch "$T/file"
  for name in cpuinfo diskstats meminfo stat swaps uptime loadavg sys/kernel/ns_last_pid; do
    [ ! -e "/proc/$name" ] || add_mount "/proc/$name" bind "$T/file" bind
  done
  look
  [ -n "$(mounted /proc/cpuinfo)" ]
  [ -n "$(mounted /proc/loadavg)" ]
  cp config.json good.json
  for name in sys/kernel/hostname self/attr version 1 ../proc/version cpuinfo/../version; do
    cp good.json config.json
    add_mount "/proc/$name" bind "$T/file" bind
    run runtime run box </dev/null
    [ "$status" -ne 0 ]
    said 'cannot be mounted because it is inside /proc'
  done
}

@test "mounts: no link of the image leads a mount into procfs" {
  ln -s /proc rootfs/innocent
  touch "$T/file"
  add_mount /innocent/version bind "$T/file" bind
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said /proc
}

@test "mounts: /proc is covered by a procfs alone" {
  mkdir "$T/source"
  add_mount /proc bind "$T/source" bind
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said proc
  config 'mounts[-1] = dict(destination="/proc", type="tmpfs", source="tmpfs")'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  config 'mounts[-1] = dict(destination="/proc", type="bind", source="/proc", options=["rbind"])' \
    'linux.namespaces = [n for n in linux.namespaces if n["type"] != "pid"]' 'del linux.maskedPaths, linux.readonlyPaths'
  process readlink /proc/self/ns/pid
  run -0 --separate-stderr runtime run box </dev/null
  [ "$output" = "$(readlink /proc/self/ns/pid)" ]
}

@test "mounts: procfs and sysfs land on directories, not where links lead" {
  for name in proc sys; do
    rmdir rootfs/$name
    mkdir rootfs/elsewhere
    ln -s elsewhere rootfs/$name
    run runtime run box </dev/null
    [ "$status" -ne 0 ]
    said "$name"
    rm rootfs/$name
    mkdir rootfs/$name
    rmdir rootfs/elsewhere
  done
}

@test "mounts: a /dev that is a link of the image leads nowhere outside" {
  not_on_runc "makes /dev/fd where the link leads outside (CVE-2026-41579)"
  mkdir "$T/outside"
  rmdir rootfs/dev
  ln -s ../../outside rootfs/dev
  script 'ls -d /dev/null /dev/pts/ptmx; readlink /dev/fd; echo fine >/dev/null'
  run -0 runtime run box </dev/null
  [ "${lines[-1]}" = /proc/self/fd ]
  [ -z "$(ls -A "$T/outside")" ]
}

# --- the root ---------------------------------------------------------------------------------------------------------

@test "root: read-only, with its mounts as they are" {
  config 'root.readonly = True'
  add_mount /writable tmpfs tmpfs
  script 'touch /writable/x && touch /x'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  said 'Read-only file system'
  has_line rootfs/etc/passwd root
  process grep ' / ' /proc/self/mountinfo
  run -0 runtime run box </dev/null
  TABLE=$output
  has_options / ro
}

@test "rootfsPropagation: of the container's root" {
  for word in '' private rprivate slave rslave shared rshared unbindable; do
    # There without `r` it is the mount of the host's root that has it, and one that is to be shared is private.
    [ "$(runtime_name)" != runc ] || [[ "$word" == r* && "$word" != rshared ]] || continue
    config "linux.rootfsPropagation = '$word'"
    [ -n "$word" ] || config 'del linux.rootfsPropagation'
    look
    found=$(peers_of /)
    case $word in
      *shared) [[ "$found" == shared:* ]] ;;
      *unbindable) [ "$found" = unbindable ] ;;
      *private) [ -z "$found" ] ;;
      *) [[ "$found" == master:* ]] || [ -z "$found" ] ;;
    esac || { echo "$word: $found" && return 1; }
  done
  config 'linux.rootfsPropagation = "loud"'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
}

@test "rootfsPropagation: a root that hears of the host hears of later mounts, one that is private does not" {
  host_tmpfs "$T/top"
  mount --make-shared "$T/top"
  cp -a rootfs "$T/top/rootfs"
  mkdir "$T/top/rootfs/late"
  config "root.path = '$T/top/rootfs'" 'linux.rootfsPropagation = "rslave"'
  sleeper slave
  config 'linux.rootfsPropagation = "rprivate"' "linux.cgroupsPath = '$CGROUP/private'"
  sleeper private
  mount -t tmpfs caisson-test "$T/top/rootfs/late"
  runtime exec slave cat /proc/self/mountinfo >"$T/slave.table"
  runtime exec private cat /proc/self/mountinfo >"$T/private.table"
  umount "$T/top/rootfs/late"
  runtime delete --force slave
  runtime delete --force private
  grep -q ' /late ' "$T/slave.table"
  run ! grep ' /late ' "$T/private.table"
}

@test "mountLabel: refused where there is no SELinux" {
  [ ! -e /sys/fs/selinux/enforce ] || skip "this host has SELinux"
  config 'linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"'
  run runtime run box </dev/null
  [ "$status" -ne 0 ]
  [ "$(runtime_name)" = runc ] || said SELinux
}

# --- cgroups ----------------------------------------------------------------------------------------------------------

# A mount of type cgroup, with these options, at its place; with a cgroup namespace or without: cgroup_mount OPTION… .
cgroup_mount() { add_mount /sys/fs/cgroup cgroup cgroup nosuid noexec nodev relatime "$@"; }

@test "cgroup mount: with a cgroup namespace the container's own cgroup is the top" {
  [ -d /sys/fs/cgroup/memory ] || skip "this host has no cgroup v1"
  cgroup_mount ro
  config 'linux.namespaces.append({"type": "cgroup"})'
  script 'cat /sys/fs/cgroup/memory/tasks; cat /sys/fs/cgroup/cpu/tasks; ls -d /sys/fs/cgroup/pids/pids.max; mkdir /sys/fs/cgroup/memory/new; touch /sys/fs/cgroup/new'
  run --separate-stderr runtime run box </dev/null
  [[ $'\n'$output == *$'\n1\n'*$'\n1\n'* ]]
  said /sys/fs/cgroup/pids/pids.max
  [ "$(wc -l <<<"$stderr")" = 2 ]
  [[ "$stderr" == *'Read-only file system'* ]]
}

@test "cgroup mount: writable, a cgroup of the container's is made below its own" {
  [ -d /sys/fs/cgroup/memory ] || skip "this host has no cgroup v1"
  cgroup_mount rw
  config 'linux.namespaces.append({"type": "cgroup"})'
  script 'mkdir /sys/fs/cgroup/memory/new && ls -d /sys/fs/cgroup/memory/new/tasks; sleep 1000'
  create
  runtime start box
  within 5 test -e "/sys/fs/cgroup/memory$CGROUP/box/new/tasks"
  runtime delete --force box
  [ ! -e "/sys/fs/cgroup/memory$CGROUP/box" ]
}

@test "cgroup mount: without a cgroup namespace the container sees its own cgroup alone" {
  [ -d /sys/fs/cgroup/memory ] || skip "this host has no cgroup v1"
  cgroup_mount ro
  script 'cat /sys/fs/cgroup/memory/tasks | wc -l; mkdir /sys/fs/cgroup/memory/new; grep " /sys/fs/cgroup/memory " /proc/self/mountinfo'
  run --separate-stderr runtime run box </dev/null
  [ "${lines[0]}" -le 3 ]
  [[ "$stderr" == *'Read-only file system'* ]]
  TABLE=$output
  [[ "$(mounted /sys/fs/cgroup/memory)" == *" $CGROUP/box /sys/fs/cgroup/memory "* ]]
  has_options /sys/fs/cgroup/memory ro nosuid nodev noexec
}

@test "cgroup mount: in a user namespace the host's tree is never there to be written to (CVE-2023-25809)" {
  in_user_namespace
  cgroup_mount rw
  config 'mounts = [m for m in mounts if m["type"] != "sysfs"]' 'linux.resources = {}'
  script 'find /sys/fs/cgroup -maxdepth 4 -name tasks -o -maxdepth 4 -name cgroup.procs | while read -r f; do
            d=$(dirname $f); mkdir $d/caisson-test 2>/dev/null && echo "made $d" && rmdir $d/caisson-test; done
          sed -nE "s/^([^ ]* ){3}([^ ]*) .* - cgroup2? .*/shows \2/p" /proc/self/mountinfo
          ls /sys/fs/cgroup >/dev/null && echo end'
  run -0 runtime run box </dev/null
  [ "${lines[-1]}" = end ]
  [[ "$output" != *made* ]]
  # Who may write at the top is a matter of the caller's rights: it is not there to be tried.
  [ -z "$(grep '^shows ' <<<"$output" | grep -vxF "shows $CGROUP/box")" ] || { echo "$output" && false; }
  config 'linux.namespaces.append({"type": "cgroup"})'
  run -0 runtime run box </dev/null
  [ "${lines[-1]}" = end ]
}

# --- owners ------------------------------------------------------------------------------------------------------------

# A directory of the host's whose files are 1000's and 5's.
owned_source() {
  host_tmpfs "$T/source" mode=777
  touch "$T/source/user" "$T/source/low"
  chown 1000:1000 "$T/source/user"
  chown 5:5 "$T/source/low"
}

@test "idmap: with maps of the mount's own the files are others', on the disk they stay" {
  not_on_runc "has no mounts with maps of their own"
  owned_source
  add_mount /mapped bind "$T/source" bind
  config 'mounts[-1].uidMappings = mounts[-1].gidMappings = [
    {"containerID": 1000, "hostID": 2000, "size": 10}, {"containerID": 5, "hostID": 7, "size": 1},
    {"containerID": 0, "hostID": 3000, "size": 1}]'
  script 'cd /mapped; stat -c "%n %u %g" user low; touch new'
  run runtime run box </dev/null
  [ "${lines[0]}" = "user 2000 2000" ]
  [ "${lines[1]}" = "low 7 7" ]
}

@test "idmap: the files are the container's root's where the config maps them so" {
  not_on_runc "has no mounts with maps of their own"
  owned_source
  add_mount /mapped bind "$T/source" bind idmap
  in_user_namespace
  chown 0:0 "$T/source/user"
  script 'cd /mapped; stat -c "%n %u %g" user; touch new && stat -c "%u" new'
  run -0 runtime run box </dev/null
  [ "$output" = "user 0 0
0" ]
  [ "$(stat -c %u "$T/source/new")" = 0 ]
}

# Of root on the host; in a container's user namespace whose ids begin at 100000. The first number is the disk's.
@test "idmap=: ranges of the option's own, of the host, or with @ of the container's user namespace" {
  not_on_runc "has no mounts with maps of their own"
  owned_source
  chown 1:1 "$T/source"
  in_user_namespace 100000
  add_mount /mapped bind "$T/source" bind 'idmap=uids=1000-102000-10#5-100007-1#1-100000-1;gids=@1000-2000-10#@5-7-1#1-100000-1'
  script 'cd /mapped; stat -c "%n %u %g" user low; touch new; stat -c "%u %g" new'
  run -0 runtime run box </dev/null
  [ "$output" = $'user 2000 2000\nlow 7 7\n0 0' ]
  [ "$(stat -c %u:%g "$T/source/new" "$T/source/user")" = $'1:1\n1000:1000' ]
  config 'mounts[-1].options[-1] = "idmap=uids=@0-70000-1;gids=0-100000-1"'
  run ! runtime run box </dev/null
  said "no id 70000"
  nothing_kept
}

@test "idmap and ridmap: the mount alone, or all that are below it too" {
  not_on_runc "has no mounts with maps of their own"
  local option
  owned_source
  host_tmpfs "$T/source/below" mode=777
  touch "$T/source/below/file"
  chown 1000:1000 "$T/source/below/file"
  in_user_namespace 100000
  script 'stat -c %u /mapped/user /mapped/below/file'
  for option in idmap 'idmap=uids=1000-101000-1;gids=1000-101000-1'; do
    add_mount /mapped bind "$T/source" rbind "$option"
    run -0 runtime run box </dev/null
    [ "$output" = $'1000\n65534' ] || { echo "$option: $output" && false; }
    config 'mounts[-1].options[-1] = "r" + mounts[-1].options[-1]'
    run -0 runtime run box </dev/null
    [ "$output" = $'1000\n1000' ] || { echo "r$option: $output" && false; }
    config 'del mounts[-1]'
  done
}

# --- links (crun's options) --------------------------------------------------------------------------------------------

# A link on the host to a file that is on the host alone, and one of the same name in the image to another file.
linked_source() {
  mkdir "$T/source" rootfs/volume
  echo host >"$T/source/file"
  ln -s "$T/source/file" "$T/source/link"
  echo image >rootfs/volume/file
  ln -s /volume/file rootfs/volume/link
}

# In namespaces of the host's users, and in one of the container's own: each_way TEST….
each_way() {
  "$@"
  in_user_namespace 100000
  chown -R 100000:100000 rootfs/volume
  "$@"
}

@test "copy-symlink: a source that is a link becomes such a link, anything else is mounted" {
  not_on_runc "copies no links"
  linked_source
  add_mount /volume/copy bind "$T/source/link" bind copy-symlink
  add_mount /volume/plain bind "$T/source/file" bind copy-symlink
  script 'readlink /volume/copy; cat /volume/plain; cat /volume/copy 2>/dev/null || echo leads nowhere; grep -c /volume/ /proc/self/mountinfo'
  copied() {
    run -0 runtime run box </dev/null
    [ "$output" = "$T/source/file"$'\nhost\nleads nowhere\n1' ] || { echo "$output" && false; }
    [ -L rootfs/volume/copy ]
  }
  each_way copied  # the second time the link is there
  ln -sf /elsewhere rootfs/volume/copy
  run ! runtime run box </dev/null
  said "File exists"
  [ "$(readlink rootfs/volume/copy)" = /elsewhere ]
}

@test "copy-symlink: links of the image lead it nowhere outside" {
  not_on_runc "copies no links"
  linked_source
  mkdir "$T/outside"
  add_mount /volume/away/copy bind "$T/source/link" bind copy-symlink
  for target in "$T/outside" "../../../../../../..$T/outside"; do
    ln -sfn "$target" rootfs/volume/away
    run runtime run box </dev/null
    [ -z "$(ls "$T/outside")" ]
  done
}

@test "src-nofollow: the link itself is mounted, and leads where it leads in the container" {
  not_on_runc "follows the links of sources"
  linked_source
  ln -sfn /volume/file "$T/source/link"
  add_mount /volume/mounted bind "$T/source/link" bind src-nofollow
  script 'readlink /volume/mounted; cat /volume/mounted; grep -c /volume/mounted /proc/self/mountinfo'
  unfollowed() {
    run -0 runtime run box </dev/null
    [ "$output" = $'/volume/file\nimage\n1' ] || { echo "$output" && false; }
  }
  each_way unfollowed
  config 'mounts[-1].options.remove("src-nofollow")'
  ln -sfn "$T/source/file" "$T/source/link"
  run -0 runtime run box </dev/null  # followed: a file, and no link to read
  [ "$output" = $'host\n1' ] || { echo "$output" && false; }
}

@test "dest-nofollow: a link of the image is covered itself, not what it leads to" {
  not_on_runc "follows the links of destinations"
  linked_source
  add_mount /volume/link bind "$T/source/file" bind dest-nofollow
  script 'cat /volume/link /volume/file'
  covered() {
    run -0 runtime run box </dev/null
    [ "$output" = "$1"$'\n'"$2" ] || { echo "$output" && false; }
  }
  each_way covered host image
  config 'mounts[-1].options.remove("dest-nofollow")'
  covered host host
}
