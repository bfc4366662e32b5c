# What is said when something fails: one line that names what was asked for, a hint, the right status, nothing left.
load helper

# fails STATUS 'PATTERN of the first line' ['PATTERN of the hint'] COMMAND…: patterns are of [[ ]]; '-' for no hint asked for.
fails() {
  local expected=$1 line=$2 hint=$3
  shift 3
  run -"$expected" "$@"
  local told="$*
got $status: $output"
  # shellcheck disable=SC2053
  [[ "${lines[0]}" = "caisson: error: "$line ]] || { echo "$told" && return 1; }
  [ "$hint" = - ] || [[ "${lines[1]}" = "hint: "$hint ]] || { echo "$told" && return 1; }
  [ "${#lines[@]}" -le 2 ] || { echo "more than two lines: $told" && return 1; }
  nothing_kept
}

# A root filesystem with a command /bin/it made of standard input, mode $1.
with_command() {
  ROOT=$(rootfs)
  cat >"$ROOT/bin/it" && chmod "$1" "$ROOT/bin/it"
}

@test "error: a command that is not there" {
  fails 127 "*no-such-command*" "*PATH*" box no-such-command
  fails 127 "*/no/such/command*" "*" box /no/such/command
}

@test "error: a script whose interpreter is missing" {
  with_command 755 <<<'#!/usr/bin/python9
print("hello")'
  fails 127 "*/bin/it*" "*/usr/bin/python9*" caisson run --rm "$ROOT" /bin/it
}

@test "error: a script with CRLF in its first line" {
  with_command 755 <<<$'#!/bin/sh\r\necho hello\r'
  fails 127 "*/bin/it*" "*CR*" caisson run --rm "$ROOT" /bin/it
}

@test "error: no x bit, a directory, something that is no program" {
  with_command 644 <<<'#!/bin/sh'
  fails 126 "*/bin/it*ermission denied*" "*chmod*x*" caisson run --rm "$ROOT" /bin/it
  fails 126 "*/etc*" "*directory*" caisson run --rm "$ROOT" /etc
  echo "no program" >"$ROOT/bin/it" && chmod 755 "$ROOT/bin/it"
  fails 126 "*/bin/it*" "*" caisson run --rm "$ROOT" /bin/it
  : >"$ROOT/bin/it"
  fails 126 "*/bin/it*" "*empty*" caisson run --rm "$ROOT" /bin/it
}

@test "error: a noexec mount" {
  mkdir "$T/data" && cp /bin/busybox "$T/data/busybox"
  fails 126 "*/data/busybox*" "*noexec*" box -v"$T/data:/data:noexec" /data/busybox true
}

@test "error: a program of another architecture" {
  with_command 755 </bin/busybox
  printf '\xb7\x00' | dd of="$ROOT/bin/it" bs=1 seek=18 conv=notrunc status=none # e_machine: AArch64
  [ "$(uname -m)" = x86_64 ] || skip "this host may be one"
  ! grep -qs enabled /proc/sys/fs/binfmt_misc/qemu-aarch64 || skip "this host runs them"
  fails 126 "*/bin/it*" "*64-bit ARM*" caisson run --rm "$ROOT" /bin/it
}

@test "error: a program whose loader is missing" {
  with_command 755 </bin/ls
  fails 127 "*/bin/it*" "*ld-linux*" caisson run --rm "$ROOT" /bin/it
}

@test "error: a file onto a directory, a directory onto a file, a target below a file" {
  mkdir "$T/data" && echo x >"$T/data/file"
  fails 125 "*-v*$T/data/file*" "*file*directory*" box -v"$T/data/file:/etc" true
  fails 125 "*-v*$T/data*" "*directory*file*" box -v"$T/data:/etc/passwd" true
  fails 125 "*-v*" "*/etc/passwd/below*" box -v"$T/data:/etc/passwd/below" true
}

@test "error: a missing source of a mount, of a device, of the root filesystem" {
  fails 125 "*-v*$T/nowhere*No such file*" "*$T/nowhere*" box -v"$T/nowhere:/x" true
  fails 125 "*--mount*$T/nowhere*" "*" box --mount=type=bind,src="$T/nowhere",dst=/x true
  fails 125 "*--device*/dev/nowhere*" "-" box --device=/dev/nowhere true
  fails 125 "*$T/nowhere*" - caisson run --rm "$T/nowhere" true
  fails 125 "*builtin:nothing*" - caisson run --rm builtin:nothing true
}

@test "error: a sysctl that is not there, or is the host's" {
  fails 125 "*--sysctl*nope*" "*" box --sysctl=net.ipv4.nope=1 true
  fails 125 "*--sysctl*kernel.panic*" "*" box --sysctl=kernel.panic=1 true
  fails 125 "*--sysctl*" - box --sysctl=nonsense true
  [ "$(box --sysctl=net.ipv4.ip_forward=1 cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
}

@test "error: a hard limit raised without CAP_SYS_RESOURCE" {
  fails 125 "*--ulimit*nofile*" "*CAP_SYS_RESOURCE*" prlimit --nofile=1000:1000 setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource \
    "${CAISSON[@]}" run --rm --ulimit nofile=2000:2000 builtin:busybox true
}

@test "error: limits that the cgroup cannot have" {
  fails 125 "*--cpuset-cpus*999*" "*999*" box --cpuset-cpus=999 true
  fails 125 "*--memory*" - box --memory=1x true
}

@test "error: a memory limit that is too small to start in" {
  run box -m200k --memory-swap=200k true
  [ "$status" -ne 0 ] || skip "it fits"
  [[ "$output" = *"200 KiB"* || "$output" = *"--memory"* || "$output" = *"memory limit"* ]] || { echo "$output" && false; }
  nothing_kept
}

@test "error: a container without /proc's, /dev's or a root's place" {
  mkdir "$T/bare" && cp /bin/busybox "$T/bare/busybox"
  run -0 caisson run --rm "$T/bare" /busybox true
  echo file >"$T/bare-file"
  fails 125 "*$T/bare-file*" - caisson run --rm "$T/bare-file" true
}

@test "error: a misspelt option, with what it may have been meant to be" {
  fails 125 "*--memroy*" "*--memory*" box --memroy=1g true
  fails 125 "*--read-onyl*" "*--read-only*" box --read-onyl true
  fails 125 "*run*--cap-ad*" "*--cap-add*" caisson run --cap-ad ALL builtin:busybox true
  fails 125 "*rnu*" "*" caisson rnu builtin:busybox true
  fails 125 "*" - caisson --no-such-global ps
}

@test "error: an option without its value, a verb without its arguments" {
  fails 125 "*--memory*" - caisson run --memory
  fails 125 "*run*" - caisson run
  fails 125 "*" - caisson exec
  fails 125 "*" - caisson inspect
}

@test "error: what is not there yet says so" {
  fails 125 "*--gpus*" - box --gpus=all true
  fails 125 "*--restart*" - box --restart=always true
  fails 125 "*--network*no such network: nosuch*" - box --network=nosuch true
  fails 125 "*--userns*" - box --userns=keep-id true
}

@test "error: unknown words of options" {
  fails 125 "*--security-opt*nonsense*" - box --security-opt=nonsense true
  fails 125 "*--pid*nonsense*" - box --pid=nonsense true
  fails 125 "*--ipc*nonsense*" - box --ipc=nonsense true
  fails 125 "*--stop-signal*SIGNONSENSE*" - box --stop-signal=SIGNONSENSE true
  fails 125 "*--env-file*$T/nowhere*" - box --env-file="$T/nowhere" true
  fails 125 "*--detach-keys*" - box --detach-keys=nonsense-nonsense true
  fails 125 "*--log-level*" - caisson --log-level nonsense ps
}

@test "error: a state directory that cannot be written" {
  echo file >"$T/file"
  run -125 "$BIN" --root "$T/file/root" --runroot "$T/run" run --rm builtin:busybox true
  [[ "${lines[0]}" = "caisson: error: "*"$T/file"* ]]
}

@test "error: --log-format json gives JSON" {
  run -125 caisson --log-format json run --rm -v "$T/nowhere:/x" builtin:busybox true
  echo "$output" | python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]'
}

@test "error: a failing step leaves no cgroup, no mount, no process" {
  mkdir "$T/data" && echo x >"$T/data/file"
  run -125 box -v"$T/data:/a" --tmpfs=/b -v"$T/data/file:/etc" true
  run -125 box -m32m --sysctl=net.ipv4.nope=1 true
  run ! grep -F "$T/" /proc/self/mountinfo
  nothing_kept
}
