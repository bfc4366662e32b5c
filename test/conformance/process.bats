# What the config says of the process, and of what it finds in the container.
load helper

# Runs the container in the foreground: its words are $output.
box() { run -"${1:-0}" runtime run box </dev/null; }

# --- directory, environment, arguments -------------------------------------------------------------------------------

@test "cwd: made where it is missing; has to be absolute, and a directory" {
  config 'process.cwd = "/new/deep"'
  process pwd
  box
  [ "$output" = /new/deep ]
  [ "$(stat -c %a rootfs/new rootfs/new/deep)" = $'755\n755' ]
  config 'process.cwd = "relative"'
  box 1
  said 'absolute path'
  config 'process.cwd = ""'
  box 1
  config 'process.cwd = "/etc/passwd"'
  box 1
  said '/etc/passwd'
  said 'not a directory'
}

@test "cwd: one that only the process's user may enter" {
  mkdir -m 700 rootfs/private
  chown 1000:1000 rootfs/private
  config 'process.cwd = "/private"' 'process.user = {"uid": 1000, "gid": 1000}'
  process pwd
  box
  [ "$output" = /private ]
}

@test "cwd: one that only the runtime may enter" {
  chmod 700 rootfs/root
  config 'process.cwd = "/root"' 'process.user = {"uid": 1000, "gid": 1000}'
  process ls /bin/sh
  box
  [ "$output" = /bin/sh ]
}

@test "env: what is given, of a name given twice the last; HOME is the user's where it is missing or empty" {
  config 'process.env = ["PATH=/bin", "A=1", "B=x=y", "A=2", "EMPTY="]'
  process cat /proc/self/environ
  runtime run box </dev/null | tr '\0' '\n' | sort >"$T/environment"
  [ "$(cat "$T/environment")" = $'A=2\nB=x=y\nEMPTY=\nHOME=/root\nPATH=/bin' ]
  config 'process.user = {"uid": 1000, "gid": 1000}' 'process.env += ["HOME="]'
  process sh -c 'echo $HOME'
  box
  [ "$output" = /home/guest ]
  config 'process.env += ["HOME=/elsewhere"]'
  box
  [ "$output" = /elsewhere ]
  config 'process.env += ["HOME="]'
  box
  [ "$output" = /home/guest ]
  config 'process.user = {"uid": 4000, "gid": 4000}' 'del process.env[-3:]'
  box
  [ "$output" = / ]
}

@test "env: a variable without = or without a name, or with a null byte, is refused" {
  for variable in 'A' '=A' 'A=\u0000'; do
    config "process.env = ['PATH=/bin', '$variable']"
    box 1
    [[ "$output" == *"environment variable"* || "$output" == */process/env/1:* ]] || { echo "$output" && return 1; }
  done
}

@test "args: looked for in the PATH of the config, at create" {
  cp rootfs/bin/busybox rootfs/tmp/true
  config 'process.env = ["PATH=/nowhere:/tmp"]'
  box
  config 'process.env = ["PATH=/nowhere"]'
  run -1 runtime create box </dev/null
  said 'exec: "true": executable file not found in $PATH'
  nothing_kept
  # Without a PATH execvp(3) has one of its own, which config.md goes by; runc has none.
  [ "$(runtime_name)" = runc ] || return 0
  config 'process.env = ["A=b"]'
  run -1 runtime create box </dev/null
  said 'exec: "true": executable file not found in $PATH'
  nothing_kept
}

@test "args: what cannot be executed is said at create, with the reason" {
  process /no/such/program
  run -1 runtime create box </dev/null
  said 'exec: "/no/such/program"'
  said 'no such file or directory'
  process /etc/passwd
  run -1 runtime create box </dev/null
  said 'exec: "/etc/passwd": permission denied'
  process /etc
  run -1 runtime create box </dev/null
  said '"/etc"'
  process /etc/passwd/x
  run -1 runtime create box </dev/null
  said '/etc/passwd/x'
  said 'not a directory'
  nothing_kept
}

@test "args: relative to the working directory where there is a slash in it; arguments may be empty" {
  process bin/busybox echo a '' 'b c'
  box
  [ "$output" = "a  b c" ]
  config 'process.cwd = "/bin"'
  process ./busybox echo x
  box
  [ "$output" = x ]
}

@test "args: none at all are refused" {
  config 'process.args = []'
  box 1
  said args
  config 'del process.args'
  box 1
  said args
}

@test "args: what the kernel cannot execute ends the container with an error that names it" {
  printf 'neither program nor script' >rootfs/bin/garbage
  printf '#!/no/such/interpreter\n' >rootfs/bin/script
  chmod 755 rootfs/bin/garbage rootfs/bin/script
  process garbage
  box 1
  said garbage
  said 'exec format error'
  process script
  box 1
  said script
  said 'no such file or directory'
  nothing_kept
}

# --- user and privileges ---------------------------------------------------------------------------------------------

@test "user: ids, additional groups, umask; 0022 where there is none" {
  config 'process.user = {"uid": 1000, "gid": 50, "additionalGids": [5, 6], "umask": 0o77}'
  script 'id -u; id -g; id -G; umask'
  box
  [ "$output" = $'1000\n50\n50 5 6\n0077' ]
  config 'process.user = {"uid": 4000, "gid": 4000}'
  box
  [ "$output" = $'4000\n4000\n4000\n0022' ]
}

@test "user: the standard streams are the user's to open again" {
  config 'process.user = {"uid": 1000, "gid": 1000}'
  script 'echo again >/dev/stderr'
  box
  [ "$output" = again ]
}

@test "capabilities: five sets" {
  config 'process.capabilities = {"bounding": ["CAP_KILL", "CAP_CHOWN", "CAP_SYS_ADMIN"], "permitted": ["CAP_KILL", "CAP_CHOWN"],' \
    '"effective": ["CAP_CHOWN"], "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}'
  # A program that root executes gets what it may inherit and what is in the bounding set: so it is another user.
  config 'process.user = {"uid": 1000, "gid": 1000}'
  process grep ^Cap /proc/self/status
  box
  [ "${lines[0]}" = "CapInh:	0000000000000020" ]
  [ "${lines[1]}" = "CapPrm:	0000000000000020" ]
  [ "${lines[2]}" = "CapEff:	0000000000000020" ]
  [ "${lines[3]}" = "CapBnd:	0000000000200021" ]
  [ "${lines[4]}" = "CapAmb:	0000000000000020" ]
}

@test "capabilities: inherited none where none are asked for; none at all without the section" {
  process grep ^Cap /proc/self/status
  box
  [ "$output" = $'CapInh:\t0000000000000000\nCapPrm:\t0000000020000420\nCapEff:\t0000000020000420\nCapBnd:\t0000000020000420\nCapAmb:\t0000000000000000' ]
  config 'del process.capabilities'
  box
  [ "$(sort -u <<<"${output//Cap???/}")" = $':\t0000000000000000' ]
}

@test "capabilities: an unknown one is a warning" {
  config 'process.capabilities.bounding.append("CAP_NOTHING")'
  box
  said CAP_NOTHING
}

@test "noNewPrivileges" {
  process grep NoNewPrivs /proc/self/status
  box
  [ "$output" = "NoNewPrivs:	1" ]
  config 'process.noNewPrivileges = False'
  box
  [ "$output" = "NoNewPrivs:	0" ]
}

@test "rlimits: soft and hard, for the process and those executed" {
  config 'process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 50, "hard": 60}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}, {"type": "RLIMIT_STACK", "soft": 4194304, "hard": 18446744073709551615}]'
  process sh -c 'cat /proc/self/limits'
  box
  grep -qE '^Max open files +50 +60 ' <<<"$output"
  grep -qE '^Max core file size +0 +0 ' <<<"$output"
  grep -qE '^Max stack size +4194304 +unlimited ' <<<"$output"
  sleeper box
  run -0 runtime exec box cat /proc/self/limits
  grep -qE '^Max core file size +0 +0 ' <<<"$output"
}

@test "rlimits: an unknown one is refused, and one whose soft limit is above the hard one" {
  config 'process.rlimits = [{"type": "RLIMIT_NOTHING", "soft": 50, "hard": 60}]'
  box 1
  said RLIMIT_NOTHING
  config 'process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 70, "hard": 60}]'
  box 1
  said rlimit
  nothing_kept
}

@test "rlimits: one that stands there twice is refused" {
  not_on_runc "it sets both"
  config 'process.rlimits = 2 * [{"type": "RLIMIT_NOFILE", "soft": 500, "hard": 600}]'
  box 1
  said RLIMIT_NOFILE
}

@test "oomScoreAdj: as given; the runtime's own where it is not" {
  process cat /proc/self/oom_score_adj
  config 'process.oomScoreAdj = 300'
  box
  [ "$output" = 300 ]
  config 'del process.oomScoreAdj'
  box
  [ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "the process is the leader of a session of its own, blocks no signal, has no other descriptors" {
  script 'cut -d" " -f6 /proc/1/stat; grep ^SigBlk /proc/1/status; for n in $(seq 0 63); do [ ! -e /proc/$$/fd/$n ] || echo $n; done; true'
  run -0 runtime run box 7</etc/passwd 8</ </dev/null
  [ "$output" = $'1\nSigBlk:\t0000000000000000\n0\n1\n2' ]
}

@test "the process has a session keyring of its own, which bears the container's id, unless --no-new-keyring" {
  config 'linux.maskedPaths = []'
  id=box-$RANDOM$RANDOM # one that there was goes away later than its container
  script "grep -c '_ses[.]$id' /proc/keys"
  run runtime run --no-new-keyring $id </dev/null
  [ "$output" = 0 ]
  run -0 runtime run $id </dev/null
  [ "$output" = 1 ]
}

@test "personality: a machine of 32 bits" {
  not_on_runc "it has no personality"
  [ "$(uname -m)" = x86_64 ] || skip "no machine of 64 bits that can be another"
  config 'linux.personality = {"domain": "LINUX32"}'
  process uname -m
  box
  [ "$output" = i686 ]
  config 'linux.personality = {"domain": "NOTHING"}'
  box 1
  said NOTHING
}

# --- names and kernel parameters -------------------------------------------------------------------------------------

@test "hostname: the container's own, which needs a UTS namespace" {
  config 'hostname = "a-name"'
  process hostname
  box
  [ "$output" = a-name ]
  config 'linux.namespaces = [n for n in linux.namespaces if n.type != "uts"]'
  box 1
  said hostname
  said 'UTS namespace'
}

@test "domainname: the container's own, which needs a UTS namespace" {
  not_on_runc "it has no domainname"
  config 'domainname = "a.domain"'
  process cat /proc/sys/kernel/domainname
  box
  [ "$output" = a.domain ]
  config 'linux.namespaces = [n for n in linux.namespaces if n.type != "uts"]'
  box 1
  said domainname
}

@test "sysctl: those of the container's own namespaces, with dots or slashes" {
  config 'linux.sysctl = {"kernel.shmmax": "123456", "kernel.msgmax": "4096", "net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/forwarding": "1", "fs.mqueue.msg_max": "7", "kernel.sem": "32000 1024000000 500 32000"}'
  script 'cd /proc/sys; cat kernel/shmmax kernel/msgmax net/ipv4/ip_forward net/ipv4/conf/lo/forwarding fs/mqueue/msg_max; cat kernel/sem | tr "\t" " "'
  box
  [ "$output" = $'123456\n4096\n1\n1\n7\n32000 1024000000 500 32000' ]
}

@test "sysctl: what is the host's is refused" {
  before=$(cat /proc/sys/vm/swappiness)
  for name in vm.swappiness kernel.pid_max kernel.hostname fs.file-max; do
    config "linux.sysctl = {'$name': '1'}"
    box 1
    said $name
  done
  [ "$(cat /proc/sys/vm/swappiness)" = "$before" ]
  nothing_kept
}

@test "sysctl: what is a namespace's is refused where the container shares the host's" {
  for pair in ipc:kernel.shmmax network:net.ipv4.ip_forward; do
    config "linux.namespaces = [{'type': kind} for kind in ('pid', 'network', 'ipc', 'uts', 'mount') if kind != '${pair%%:*}']" \
      "linux.sysctl = {'${pair#*:}': '1'}"
    box 1
    said "${pair#*:}"
  done
}

@test "sysctl: one that does not exist, and a value that the kernel does not take, are errors" {
  config 'linux.sysctl = {"net.ipv4.nothing": "1"}'
  box 1
  said nothing
  config 'linux.sysctl = {"net.ipv4.ip_forward": "many"}'
  box 1
  said ip_forward
  nothing_kept
}

# --- file systems ----------------------------------------------------------------------------------------------------

@test "root: writable, or read-only" {
  script 'echo x >/written'
  box
  [ -f rootfs/written ]
  config 'root.readonly = True'
  script 'echo x >/written2; echo y >/dev/shm/z && cat /dev/shm/z'
  run -0 --separate-stderr runtime run box </dev/null
  [[ "$stderr" == *"Read-only file system"* ]]
  [ "$output" = y ]
  [ ! -e rootfs/written2 ]
}

@test "root: an absolute path too; missing, a file or a link it may not be" {
  config "root.path = '$BUNDLE/rootfs'"
  box
  for path in missing config.json ''; do
    config "root.path = '$path'"
    box 1
  done
  ln -s rootfs link
  config 'root.path = "link"'
  box 1
  said link
  nothing_kept
}

@test "root: the container cannot see what is outside" {
  script 'ls -d /../../../etc/passwd && [ ! -e '"$BUNDLE"' ] && grep -c "" /proc/self/mountinfo && ! grep '"$T"' /proc/self/mounts'
  box
}

@test "maskedPaths: files are empty, directories too; what does not exist does not matter" {
  echo secret >rootfs/etc/secret
  mkdir rootfs/etc/secrets
  echo secret >rootfs/etc/secrets/one
  config 'linux.maskedPaths += ["/etc/secret", "/etc/secrets", "/etc/missing"]'
  script 'cat /etc/secret; ls /etc/secrets; echo x >/etc/secrets/two; cat /proc/kcore | wc -c; ls /sys/firmware'
  run -0 --separate-stderr runtime run box </dev/null
  [ "$output" = 0 ]
  [ ! -e rootfs/etc/secrets/two ]
  [[ "$stderr" == *"Read-only file system"* ]]
}

@test "readonlyPaths: nothing below can be written; what does not exist does not matter" {
  mkdir rootfs/etc/kept
  config 'linux.readonlyPaths += ["/etc/kept", "/etc/passwd", "/etc/missing"]'
  script 'for path in /etc/kept/x /etc/passwd /proc/sys/kernel/hostname /proc/sysrq-trigger; do (echo x >$path) 2>/dev/null && echo $path; done; true'
  box
  [ -z "$output" ]
}

@test "devices: null zero full random urandom tty, for everybody; links to the streams and the terminals" {
  config 'process.user = {"uid": 1000, "gid": 1000}'
  script 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" null zero full random urandom tty; for link in fd stdin stdout stderr ptmx; do echo $link $(readlink $link); done; head -c 4 zero | wc -c; echo x >null; echo x >full || echo full'
  run -0 --separate-stderr runtime run box </dev/null
  [ "$output" = "null character special file 1:3 666 0:0
zero character special file 1:5 666 0:0
full character special file 1:7 666 0:0
random character special file 1:8 666 0:0
urandom character special file 1:9 666 0:0
tty character special file 5:0 666 0:0
fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx
4
full" ]
}

@test "devices: further ones, with their mode and owner, in directories that are made; a pipe" {
  config 'linux.devices = [{"path": "/dev/deep/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 1000, "gid": 50}, {"path": "/dev/pipe", "type": "p", "fileMode": 0o600}, {"path": "/dev/loop99", "type": "b", "major": 7, "minor": 99}]'
  process stat -c "%n %F %t:%T %a %u:%g" /dev/deep/fuse /dev/pipe /dev/loop99
  box
  [ "${lines[0]}" = "/dev/deep/fuse character special file a:e5 640 1000:50" ]
  [[ "${lines[1]}" = "/dev/pipe fifo "*" 600 0:0" ]]
  [[ "${lines[2]}" = "/dev/loop99 block special file 7:63 "* ]]
}

@test "devices: of a kind that there is not, are refused" {
  config 'linux.devices = [{"path": "/dev/x", "type": "x", "major": 1, "minor": 3}]'
  box 1
  [ -n "$output" ]
  nothing_kept
}

@test "devices: only those that the rules permit can be opened" {
  config 'linux.resources.devices = [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "r"}]' \
    'linux.devices = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]' \
    'process.capabilities.bounding = process.capabilities.effective = process.capabilities.permitted = ["CAP_SYSLOG", "CAP_MKNOD"]'
  script 'head -c 1 /dev/kmsg; mknod /tmp/x c 1 11 && echo made; cat /tmp/x | head -c 1; head -c 1 /dev/urandom | wc -c'
  run -0 --separate-stderr runtime run box </dev/null
  [[ "$stderr" == *"/dev/kmsg"*"Operation not permitted"* ]]
  [ "${lines[-1]}" = 1 ]
}

@test "mounts: in order, with flags, data, and directories that are made" {
  mkdir "$T/source"
  echo content >"$T/source/file"
  config "mounts += [{'destination': '/a', 'type': 'tmpfs', 'source': 'x', 'options': ['mode=0700', 'size=64k', 'noexec', 'nosuid']}, \
    {'destination': '/a/b', 'type': 'bind', 'source': '$T/source', 'options': ['bind', 'ro']}, \
    {'destination': '/a/file', 'type': 'none', 'source': '$T/source/file', 'options': ['rbind']}]"
  script 'cat /a/b/file /a/file; stat -c %a /a; (echo x >/a/b/y) 2>/dev/null || echo refused; grep " /a " /proc/mounts'
  box
  [ "${lines[*]:0:4}" = "content content 700 refused" ]
  [[ "${lines[4]}" = "x /a tmpfs rw,nosuid,noexec,"*"size=64k,mode=700"* ]]
}

@test "mounts: a relative source is of the bundle; a link in the rootfs leads nowhere outside" {
  mkdir data
  echo content >data/file
  ln -s /../../../outside rootfs/link
  config 'mounts += [{"destination": "/link/mnt", "type": "bind", "source": "data", "options": ["rbind"]}]'
  process cat /outside/mnt/file
  box
  [ "$output" = content ]
  [ ! -e "$T/outside" ]
}

@test "mounts: what cannot be mounted is named" {
  config 'mounts += [{"destination": "/mnt", "type": "nothing", "source": "x"}]'
  box 1
  said /mnt
  said 'no such device'
  config 'mounts[-1] = {"destination": "/mnt", "type": "bind", "source": "/no/such", "options": ["bind"]}'
  box 1
  said /no/such
  said 'no such file or directory'
  nothing_kept
}
