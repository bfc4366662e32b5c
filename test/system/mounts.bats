# What is mounted in a container: volumes, tmpfs, overlays, devices, protection.
load helper

# The mount options of the line for $1 in the mountinfo that is standard input: the mount's own, and the file system's.
options_of() { awk -v at="$1" '$5 == at { print $6 "," $NF }' | tail -n 1; }
has() { [[ ",$1," = *",$2,"* ]] || { echo "$1 has no $2" && return 1; }; }

setup() {
  caisson_setup
  mkdir "$T/data" && echo hello >"$T/data/file"
}

@test "mounts: -v shows a directory, writable; ro makes it read-only" {
  [ "$(box -v"$T/data:/data" cat /data/file)" = hello ]
  box -v"$T/data:/data" sh -c 'echo new >/data/new'
  [ "$(cat "$T/data/new")" = new ]
  [ "$(box -v"$T/data:/data:ro" cat /data/file)" = hello ]
  run -1 box -v"$T/data:/data:ro" sh -c 'echo no >/data/file'
  [[ "$output" = *"Read-only file system"* ]]
  run -1 box -v"$T/data:/data:ro" touch /data/other
  [ "$(ls "$T/data" | xargs)" = "file new" ]
}

@test "mounts: rro makes what is mounted below read-only too" {
  mkdir "$T/data/below" && mount -t tmpfs below "$T/data/below"
  run -0 box -v"$T/data:/data:ro" touch /data/below/file
  run -1 box -v"$T/data:/data:rro" touch /data/below/other
  umount "$T/data/below"
  [[ "$output" = *"Read-only file system"* ]]
}

@test "mounts: a file, a missing target, a target below a missing directory" {
  [ "$(box -v"$T/data/file:/etc/motd" cat /etc/motd)" = hello ]
  [ "$(box -v"$T/data/file:/no/such/place/file" cat /no/such/place/file)" = hello ]
  [ "$(box -v"$T/data:/no/such/directory" cat /no/such/directory/file)" = hello ]
}

@test "mounts: a missing source is an error that names it" {
  run -125 box -v"$T/nowhere:/data" true
  [[ "${lines[0]}" = "caisson: error: "*"$T/nowhere"* ]]
  [[ "${lines[1]}" = "hint: "* ]]
  [ ! -e "$T/nowhere" ]
  nothing_kept
}

@test "mounts: flags of -v" {
  run -0 box -v"$T/data:/data:ro,nosuid,nodev,noexec" cat /proc/self/mountinfo
  local got
  got=$(options_of /data <<<"$output")
  for flag in ro nosuid nodev noexec; do has "$got" $flag; done
}

@test "mounts: propagation is private, unless another is asked for" {
  mkdir "$T/source" && mount -t tmpfs source "$T/source" && mount --make-shared "$T/source"
  run -0 box -v"$T/source:/data" grep ' /data ' /proc/self/mountinfo
  local private=$output
  run -0 box -v"$T/source:/data:rslave" grep ' /data ' /proc/self/mountinfo
  local slave=$output
  run -0 box -v"$T/source:/data:rshared" grep ' /data ' /proc/self/mountinfo
  umount "$T/source"
  [[ "$private" != *shared:* && "$private" != *master:* ]]
  [[ "$slave" = *master:* ]]
  [[ "$output" = *shared:* ]]
}

@test "mounts: rslave brings in what the host mounts later" {
  mkdir "$T/source" && mount -t tmpfs source "$T/source" && mount --make-shared "$T/source" && mkdir "$T/source/later"
  caisson run -d --name waiting -v "$T/source:/data:rslave" builtin:busybox sleep 100
  mount -t tmpfs later "$T/source/later" && touch "$T/source/later/seen"
  run caisson exec waiting ls /data/later
  umount "$T/source/later" && caisson rm -f waiting && umount "$T/source"
  [ "$output" = seen ]
}

@test "mounts: --tmpfs, with its options" {
  run -0 box --tmpfs=/scratch:size=1m,mode=0700,uid=33 sh -c 'grep " /scratch " /proc/self/mountinfo; stat -c "%a %u" /scratch; df -k /scratch | tail -n 1'
  local got
  got=$(options_of /scratch <<<"$output")
  for flag in rw nosuid nodev noexec; do has "$got" $flag; done
  [ "${lines[1]}" = "700 33" ]
  [[ "${lines[2]}" =~ ^tmpfs\ +1024\  ]]
  got=$(box --tmpfs=/scratch:exec cat /proc/self/mountinfo | options_of /scratch)
  run ! has "$got" noexec
  run -1 box --tmpfs=/scratch:ro touch /scratch/file
  run -125 box --tmpfs=/scratch:size=nonsense true
  [[ "$output" = *tmpfs*size=nonsense* ]]
}

@test "mounts: --mount, bind and tmpfs" {
  [ "$(box --mount=type=bind,source="$T/data",target=/data cat /data/file)" = hello ]
  [ "$(box --mount=type=bind,src="$T/data",dst=/data,readonly cat /data/file)" = hello ]
  run -1 box --mount=type=bind,src="$T/data",dst=/data,readonly touch /data/file
  run -1 box --mount=type=bind,src="$T/data",destination=/data,ro=true touch /data/file
  run -0 box --mount=type=tmpfs,target=/scratch,tmpfs-size=1m,tmpfs-mode=0711 sh -c 'stat -c %a /scratch; df -k /scratch | tail -n 1'
  [ "${lines[0]}" = 711 ]
  [[ "${lines[1]}" =~ ^tmpfs\ +1024\  ]]
}

@test "mounts: what is wrong in --mount and -v is named" {
  local row
  while read -r option words; do
    run -125 box "$option" true
    [[ "${lines[0]}" = "caisson: error: "* && "${lines[0]}" = *"$words"* ]] || { echo "$option: $output" && false; }
  done <<ROWS
--mount=type=bind,src=$T/data --mount
--mount=type=nonsense,dst=/x nonsense
--mount=type=bind,src=$T/data,dst=/x,colour=red colour
--mount=type=tmpfs --mount
-v$T/data:/x:nonsense nonsense
-v$T/data:relative relative
-v: -v
ROWS
}

@test "mounts: --read-only, with /tmp, /run and /var/tmp in memory" {
  run -1 box --read-only touch /file
  [[ "$output" = *"Read-only file system"* ]]
  run -0 box --read-only touch /tmp/file /run/file /var/tmp/file /dev/shm/file
  local root
  root=$(rootfs)
  run -1 caisson run --rm --read-only "$root" touch /etc/file
  [ ! -e "$root/etc/file" ]
}

@test "mounts: a directory as SOURCE is used in place, DIR:O leaves it alone" {
  local root
  root=$(rootfs)
  caisson run --rm "$root" touch /root/in-place
  [ -e "$root/root/in-place" ]
  (cd "$root" && find . -printf '%p %T@ %C@\n' | sort) >"$T/before"
  caisson run --rm "$root:O" sh -c 'touch /root/above; rm /root/in-place; echo x >>/etc/passwd; mkdir /made'
  (cd "$root" && find . -printf '%p %T@ %C@\n' | sort) | diff "$T/before" -
}

@test "mounts: -v DIR:/x:O keeps what is written away from DIR" {
  [ "$(box -v"$T/data:/x:O" sh -c 'echo changed >/x/file; echo other >/x/other; cat /x/file')" = changed ]
  [ "$(cat "$T/data/file")" = hello ]
  [ "$(ls "$T/data")" = file ]
  nothing_kept
}

@test "mounts: masked paths show nothing, read-only ones cannot be written" {
  run -0 box sh -c 'cat /proc/keys /proc/timer_list /proc/interrupts | wc -c'
  [ "${lines[0]}" = 0 ]
  [ "$(box ls -A /proc/acpi /sys/firmware | xargs)" = "/proc/acpi: /sys/firmware:" ]
  run -1 box sh -c 'echo 1 >/proc/sys/kernel/domainname'
  [[ "$output" = *"Read-only file system"* ]]
  run -1 box sh -c 'echo h >/proc/sysrq-trigger'
  on_cgroup_v2 || run -1 box mkdir /sys/fs/cgroup/pids/below
  run -1 box mkdir /sys/fs/cgroup/below
}

@test "mounts: --security-opt mask= and unmask=" {
  [ "$(box --security-opt=mask=/proc/version cat /proc/version)" = "" ]
  [ "$(box --security-opt=mask=/etc/passwd:/srv cat /etc/passwd)" = "" ]
  [ -n "$(box --security-opt=unmask=/proc/interrupts cat /proc/interrupts)" ]
  [ -n "$(box --security-opt=unmask=ALL cat /proc/interrupts)" ]
  run -1 box --security-opt=unmask=ALL grep " /proc/sys " /proc/self/mountinfo
}

@test "mounts: /dev has its nodes and links, with their modes, and they work" {
  run -0 box sh -c 'cd /dev; stat -c "%n %a %F %t:%T" null zero full random urandom tty; for link in ptmx fd stdin stdout stderr; do readlink $link; done; ls -A | xargs'
  [ "$output" = "null 666 character special file 1:3
zero 666 character special file 1:5
full 666 character special file 1:7
random 666 character special file 1:8
urandom 666 character special file 1:9
tty 666 character special file 5:0
pts/ptmx
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero" ]
  run -0 box sh -c 'echo gone >/dev/null && [ "$(head -c 4 /dev/urandom | wc -c)" = 4 ] && ! echo x >/dev/full'
}

@test "mounts: --device gives a device, with the rights that were asked for" {
  run -0 box --device=/dev/zero:/dev/mine sh -c 'stat -c %t:%T /dev/mine; head -c 2 /dev/mine | wc -c'
  [ "$output" = "1:5
2" ]
  run -125 box --device=/dev/no-such-device true
  [[ "${lines[0]}" = "caisson: error: "*no-such-device* ]]
  [ -c /dev/fuse ] || skip "no /dev/fuse"
  run -0 box --device=/dev/fuse:/dev/fuse:r sh -c 'exec 3</dev/fuse && echo opened; (exec 4<>/dev/fuse) 2>&1 || true'
  [ "${lines[0]}" = opened ]
  [[ "${lines[1]}" = *"not permitted"* ]]
}

@test "mounts: a device that is not the container's cannot be opened, even when its node can be made" {
  run -0 box --device=/dev/fuse --cap-add=mknod sh -c 'mknod /fuse c 10 229 && exec 3<>/fuse'
  run ! box --cap-add=mknod sh -c 'mknod /fuse c 10 229 && exec 3<>/fuse'
  [[ "$output" = *"not permitted"* ]]
}

@test "mounts: --shm-size" {
  [ "$(box df -k /dev/shm | awk 'END { print $2 }')" = 65536 ]
  [ "$(box --shm-size=1m df -k /dev/shm | awk 'END { print $2 }')" = 1024 ]
}

@test "mounts: the order does not matter: a mount below another is seen" {
  [ "$(box -v"$T/data:/a/b" --tmpfs=/a cat /a/b/file)" = hello ]
}

@test "mounts: two volumes on one place are refused" {
  run -125 box -v"$T/data:/x" -v"$T/data:/x" true
  [[ "${lines[0]}" = "caisson: error: "*/x* ]]
}

@test "mounts: none of all that stays on the host" {
  box -v"$T/data:/data:ro" --tmpfs=/x --shm-size=1m -v"$T/data:/o:O" true
  run ! grep -F "$T" /proc/self/mountinfo
  nothing_kept
}
