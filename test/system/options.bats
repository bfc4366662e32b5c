# caisson run: options of docker's and podman's for names, variables, files, volumes of the image and devices.
load helper

@test "options: labels of a file are below those of --label; --expose is told of by inspect" {
  printf '# a comment\na=file\nb=file\nbare\n' >"$T/labels"
  caisson create --name labelled --label-file "$T/labels" -la=option --expose 80 --expose 90-91/udp builtin:busybox true >"$T/out"
  run -0 caisson inspect --format '{{json .Config.Labels}} {{json .Config.ExposedPorts}}' labelled
  [ "$output" = '{"a":"option","b":"file","bare":""} {"80/tcp":{},"90/udp":{},"91/udp":{}}' ]
  run -125 box --label-file "$T/none" true
  run -125 box --expose=0 true
}

@test "options: domains and options of resolv.conf, as a later start finds them too" {
  caisson create --name lookup --dns 192.0.2.1 --dns-search a.example --dns-search b.example --dns-option ndots:2 builtin:busybox cat /etc/resolv.conf >"$T/out"
  for _ in 1 2; do
    run -0 caisson start -a lookup
    [ "$output" = $'nameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:2' ]
  done
}

@test "options: the caller's variables, and those that are left out" {
  export FROM_CALLER=yes http_proxy=p
  run -0 box --env-host -eFROM_CALLER=option sh -c 'echo $FROM_CALLER'
  [ "$output" = option ]
  run -0 box --env-host --unsetenv=http_proxy sh -c 'echo $FROM_CALLER ${http_proxy-none}'
  [ "$output" = "yes none" ]
  run -0 box --http-proxy=false sh -c 'echo ${FROM_CALLER-none} ${http_proxy-none}'
  [ "$output" = "none none" ]
  [ "$(box --unsetenv-all -eKEPT=1 /bin/cat /proc/self/environ | tr '\0' ' ')" = "KEPT=1 HOME=/root " ] # which the runtime gives to whoever has none
}

@test "options: --tz, --no-hostname and --personality" {
  box --tz=local cat /etc/localtime | cmp - /etc/localtime
  run -125 --separate-stderr box --tz=No/Where true
  [[ "$stderr" = *"--tz No/Where: this host has no file /usr/share/zoneinfo/No/Where"* ]]
  run -125 box --tz=../x true
  run -0 box cat /etc/hostname
  [ -n "$output" ]
  run -0 box --no-hostname cat /etc/hostname
  [ -z "$output" ]
  run -0 box --personality=LINUX32 uname -m
  [ "$output" = i686 ]
}

@test "options: --rootfs takes a directory and nothing else" {
  rootfs >"$T/where"
  run -0 caisson run --rm --rootfs "$T/rootfs" echo in place
  [ "$output" = "in place" ]
  run -0 caisson run --rm --rootfs "$T/rootfs:O" touch /new
  [ ! -e "$T/rootfs/new" ]
  run -125 --separate-stderr caisson run --rm --rootfs "$BUILTIN" true
  [[ "$stderr" = *"is no directory"* ]]
}

@test "options: --read-only-tmpfs=false leaves nothing of it to write to; --init-path runs another init" {
  run -0 box --read-only touch /run/x
  run -1 box --read-only --read-only-tmpfs=false touch /run/x
  run -125 box --read-only-tmpfs=false true
  run -0 box --init --init-path="$BUILD/libexec/caisson/init" sh -c 'tr "\0" " " </proc/1/cmdline'
  [[ "$output" = "/run/caisson-init -- sh "* ]]
  run -125 box --init --init-path="$T/none" true
  run -125 box --init-path="$BUILD/libexec/caisson/init" true
}

@test "options: limits and rules of devices stand in the configuration" {
  [ -b /dev/loop0 ] || skip "no /dev/loop0"
  caisson create --name ruled --device-cgroup-rule 'c 42:* rw' --device-read-bps /dev/loop0:1m --device-write-iops /dev/loop0:7 builtin:busybox true >"$T/out"
  python3 - "$T"/root/containers/*/config.json <<'PYTHON'
import json, sys
resources = json.load(open(sys.argv[1]))["linux"]["resources"]
assert {"allow": True, "type": "c", "major": 42, "access": "rw"} in resources["devices"], resources["devices"]
io = resources["blockIO"]
assert io["throttleReadBpsDevice"] == [{"major": 7, "minor": 0, "rate": 1048576}], io
assert io["throttleWriteIOPSDevice"] == [{"major": 7, "minor": 0, "rate": 7}], io
PYTHON
  run -0 caisson start -a ruled
  run -125 --separate-stderr box --device-read-bps=/dev/null:1m true
  [[ "$stderr" = *"'/dev/null' is no block device of this host"* ]]
  run -125 --separate-stderr box --device-read-bps=/dev/none:1m true
  [[ "$stderr" = *"--device-read-bps /dev/none:1m: stat"*"/dev/none"*"No such file"* ]]
}

@test "options: exec's variables from a file, below those of -e" {
  printf '# a comment\nA=file\nB=file\n' >"$T/env"
  caisson run -d --name kept builtin:busybox sleep 100 >"$T/out"
  run -0 caisson exec --env-file "$T/env" -eA=option kept sh -c 'echo $A $B'
  [ "$output" = "option file" ]
  run -125 caisson exec --env-file "$T/none" kept true
  run -125 caisson exec --detach-keys ctrl-1 kept true
}

@test "options: --attach stays with some streams alone, and says the id where it hears nothing" {
  run -0 --separate-stderr box --attach=stderr sh -c 'echo out; echo err >&2'
  [ "$output" = "" ]
  [ "$stderr" = err ]
  run -0 --separate-stderr box -astdout -t sh -c 'echo out'
  [ "$output" = $'out\r' ]
  id=$(echo typed | caisson run -i -a stdin --name hears builtin:busybox cat -)
  [ "$id" = "$(caisson inspect -f '{{.Id}}' hears)" ]
  [ "$(caisson logs hears)" = typed ]
  run -125 box -d -astdout true
  for option in -astdout -d --sig-proxy --preserve-fds=1 --timings; do
    run -125 caisson create $option builtin:busybox true
    [[ "$output" = *"unknown option"* ]]
  done
}

@test "options: --pidfile and --conmon-pidfile hold as long as it runs, from its first start on" {
  cd "$T"
  caisson create --name pids --pidfile pid --conmon-pidfile keeper builtin:busybox sleep 60 >/dev/null
  [ ! -e pid ]
  for _ in 1 2; do
    (cd / && caisson start pids >/dev/null)
    [ "$(cat pid)" = "$(caisson inspect -f '{{.State.Pid}}' pids)" ]
    [ "$(cat keeper)" = "$(caisson inspect -f '{{.State.ConmonPid}}' pids)" ]
    [ "$(caisson inspect -f '{{.PidFile}}' pids)" = "$T/pid" ]
    caisson stop -t 0 pids >/dev/null
    [ ! -e pid ]
    [ ! -e keeper ]
  done
  run -125 --separate-stderr box --pidfile="$T/none/pid" true
  [[ "$stderr" = *"--pidfile: open($T/none/pid): No such file or directory"* ]]
}

@test "options: --requires starts those first that do not run" {
  caisson create --name db builtin:busybox sleep 60 >/dev/null
  caisson create --name cache --requires db builtin:busybox sleep 60 >/dev/null
  run -0 box --requires=cache,db true
  run -0 caisson ps --format '{{.Names}}'
  [ "$(sort <<<"$output" | paste -sd ' ')" = "cache db" ]
  caisson stop -t 0 db cache >/dev/null
  caisson start cache >/dev/null
  [ "$(caisson inspect -f '{{.State.Running}}' db)" = true ]
  caisson rm -f db >/dev/null
  caisson stop -t 0 cache >/dev/null
  run -1 --separate-stderr caisson start cache
  [[ "$stderr" = *"container cache requires "*", which is gone"* ]]
  run -125 --separate-stderr box --requires=nobody true
  [[ "$stderr" = *"--requires"*"nobody"* ]]
}

@test "options: --rmi removes the image with the container, unless another needs it" {
  caisson import -q "$BUILTIN" gone:1 >/dev/null
  caisson create --name keeps gone:1 true >/dev/null
  run -0 --separate-stderr caisson run --rmi gone:1 true
  [ -z "$stderr" ]
  caisson image inspect gone:1 >/dev/null
  caisson rm keeps >/dev/null
  run -0 caisson run --rmi gone:1 true
  run -1 caisson image inspect gone:1
  [ -z "$(caisson ps -aq)" ]
}

@test "options: exec passes on open files, and finds the latest container" {
  caisson run -d --name latest builtin:busybox sleep 60 >/dev/null
  echo through >"$T/file"
  run -0 caisson exec --preserve-fds 2 latest sh -c 'cat <&4' 3</dev/null 4<"$T/file"
  [ "$output" = through ]
  run -0 caisson exec -l cat /proc/1/comm
  [ "$output" = sleep ]
  run -125 --separate-stderr caisson exec --preserve-fds 100 latest true
  [[ "$stderr" = *"--preserve-fds 100: preserved-fd "*" is not open"* ]]
  caisson rm -f latest >/dev/null
}

@test "options: a user that the image does not know has a line in /etc/passwd" {
  run -0 box -u=1234 sh -c 'id -un; tail -n 1 /etc/passwd; grep -c root /etc/passwd'
  [ "$output" = $'1234\n1234:*:1234:0:container user:/:/bin/sh\n1' ]
  run -0 box -u=1234:7 "--passwd-entry=me:*:\$UID:\$GID:it is \$NAME:/home/me:/bin/sh" tail -n 1 /etc/passwd
  [ "$output" = 'me:*:1234:7:it is 1234:/home/me:/bin/sh' ]
  run -1 box -u=1234 --passwd=false grep -c 1234 /etc/passwd
  run -1 box -u=1234 sh -c 'echo "x:x:0:0::/:" >>/etc/passwd' # which may be its own file
  run -1 box grep -c passwd /proc/self/mountinfo # root is known
  echo 'mine:x:1234:5::/:/bin/sh' >"$T/passwd"
  run -0 box -u=1234 "-v=$T/passwd:/etc/passwd:ro" cat /etc/passwd
  [ "$output" = 'mine:x:1234:5::/:/bin/sh' ]
  run -125 box -u=1234 --passwd-entry=me:x: true
  [[ "$output" = *"--passwd-entry: 'me:x:' is no line of /etc/passwd"* ]]
}

@test "options: what is generated is below --chrootdirs, too" {
  run -0 box --hostname=called --chrootdirs=/srv/a,/b sh -c 'cat /srv/a/etc/hostname; tail -n 1 /b/etc/hosts; stat -c %i /etc/hosts /b/etc/hosts | uniq | wc -l'
  [ "${lines[0]}" = called ]
  [[ "${lines[1]}" = *called* ]]
  [ "${lines[2]}" = 1 ]
  run -125 box --chrootdirs=srv true
  [[ "$output" = *"'srv' is not an absolute path"* ]]
}

@test "options: without a cgroup it stays in the caller's, and has no limits" {
  own() { cut -d: -f2- "$1" | sort; }
  caisson run -d --name without --cgroups disabled builtin:busybox sleep 1000
  [ "$(own "/proc/$(caisson inspect -f '{{.State.Pid}}' without)/cgroup")" = "$(own /proc/self/cgroup)" ]
  run -0 caisson exec without echo there
  caisson stop -t 0 without
  caisson start without
  run ! caisson pause without
  caisson rm -f without
  run -125 box --cgroups=disabled -m100m true
  [[ "$output" = *"--cgroups disabled: "*"no limit without a cgroup"* ]]
  run -125 box --cgroups=split true
  [[ "$output" = *"split is not there yet"* ]]
  [ "$(box --cgroups=no-conmon echo there)" = there ]
}
