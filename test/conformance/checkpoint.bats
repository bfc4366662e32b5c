load helper

# checkpoint and restore by a program `criu` of the test's own: it writes down how it was called, and plays what criu does.
# What criu itself makes of it is tested where it works: test/vm/checkpoint.bats.

setup() {
  conformance_setup
  not_on_runc "it speaks with criu by other means"
  FAKE=$T/fake
  mkdir "$FAKE"
  PATH=$FAKE:$PATH
}

# Puts a criu into PATH whose body is the script on standard input: `value NAME` is what follows --NAME.
fake_criu() {
  {
    echo '#!/bin/bash'
    printf 'T=%q\n' "$T"
    echo 'printf "%s\n" "$@" >"$T/arguments"'
    echo 'value() { grep -A1 -xe "--$1" "$T/arguments" | tail -n1; }'
    cat
  } >"$FAKE/criu"
  chmod 755 "$FAKE/criu"
}

# One that dumps: the container ends, unless it is left running.
dumping_criu() {
  fake_criu <<'END'
: >"$(value images-dir)/inventory.img"
[ "$1" = dump ] && ! grep -qxe --leave-running "$T/arguments" && kill -9 "$(value tree)"
true
END
}

# One that restores: a process that sleeps, in the cgroup that criu is in.
restoring_criu() {
  fake_criu <<'END'
cat /proc/self/cgroup >"$T/cgroups"
sleep ${SECONDS_TO_LIVE:-1000} </dev/null >/dev/null 2>&1 &
printf %s $! >"$(value pidfile)"
END
}

passed() { grep -qxFe "$1" "$T/arguments" || { echo "not passed: $1" && cat "$T/arguments" && return 1; }; }
passed_pair() { [ "$(grep -xFA1 -e "$1" "$T/arguments" | grep -cxFe "$2")" -ge 1 ] || { echo "not passed: $1 $2" && cat "$T/arguments" && return 1; }; }

# The images of a container whose streams were a pipe and nothing.
images() {
  mkdir -p "$T/images"
  echo '["/dev/null","pipe:[4711]","/dev/null"]' >"$T/images/descriptors.json"
}

@test "checkpoint: the container is dumped, and is gone" {
  dumping_criu
  sleeper
  runtime checkpoint --image-path "$T/images" --work-path "$T/criu-work" box
  gone box
  [ -e "$T/images/inventory.img" ]
  [ "$("$PYTHON" -c 'import json, sys; print(len(json.load(open(sys.argv[1]))))' "$T/images/descriptors.json")" = 3 ]
  [ -d "$T/criu-work" ]
  passed dump
  passed_pair --images-dir "$T/images"
  passed_pair --work-dir "$T/criu-work"
  passed_pair --root "$BUNDLE/rootfs"
  passed --manage-cgroups=soft
}

@test "checkpoint: a bind mount, hidden files and the namespaces of others are told of as external" {
  dumping_criu
  mkdir "$T/data"
  touch rootfs/etc/hosts "$T/hosts"
  config "mounts.append({'destination': '/data', 'type': 'bind', 'source': '$T/data', 'options': ['bind']})"
  config "mounts.append({'destination': '/etc/hosts', 'type': 'bind', 'source': '$T/hosts', 'options': ['bind', 'ro']})"
  config 'linux.maskedPaths = ["/proc/version", "/nosuch"]'
  sleeper
  runtime checkpoint --image-path "$T/images" --leave-running box
  is box running
  passed --leave-running
  passed 'mnt[/data]:/data'
  passed 'mnt[/etc/hosts]:/etc/hosts'
  passed 'mnt[/proc/version]:/dev/null'
  run ! grep -q nosuch "$T/arguments"
  run ! grep -q 'mnt\[/proc\]' "$T/arguments"
}

@test "checkpoint: every option reaches criu" {
  dumping_criu
  sleeper
  mkdir "$T/before"
  runtime checkpoint --image-path "$T/images" --leave-running --tcp-established --tcp-skip-in-flight --ext-unix-sk \
    --shell-job --file-locks --link-remap --auto-dedup --lazy-pages --manage-cgroups-mode strict --empty-ns network \
    --network-lock nftables --page-server '[::1]:99' --status-fd 7 --parent-path ../before box 7>"$T/status"
  for option in --leave-running --tcp-established --skip-in-flight --ext-unix-sk --shell-job --file-locks --link-remap \
    --auto-dedup --lazy-pages --manage-cgroups=strict --page-server --track-mem; do
    passed "$option"
  done
  passed_pair --empty-ns net
  passed_pair --network-lock nftables
  passed_pair --address ::1
  passed_pair --port 99
  passed_pair --status-fd 7
  passed_pair --prev-images-dir ../before
}

@test "checkpoint: of the memory alone, the container goes on" {
  dumping_criu
  sleeper
  runtime checkpoint --image-path "$T/images" --pre-dump box
  is box running
  passed pre-dump
  run ! grep -q external "$T/arguments"
}

@test "checkpoint: one that is paused is dumped, and is gone" {
  dumping_criu
  sleeper
  runtime pause box
  runtime checkpoint --image-path "$T/images" box
  gone box
}

@test "checkpoint: what criu says is wrong is said, and the container goes on" {
  fake_criu <<'END'
printf '(00.1) fine\n(00.2) Error (criu/mount.c:1): mnt: no such thing\n(00.3) Error (criu/cr-dump.c:2): Dumping FAILED.\n' \
  >"$(value images-dir)/dump.log"
exit 1
END
  sleeper
  run runtime checkpoint --image-path "$T/images" box
  [ "$status" -eq 1 ]
  said 'criu dump failed: mnt: no such thing; Dumping FAILED.'
  said "$T/images/dump.log"
  [ "${#lines[@]}" -eq 1 ]
  is box running
}

@test "checkpoint: what criu says before it has a log is said; or how it ended" {
  fake_criu <<'END'
echo 'Error (criu/config.c:9): no such option' >&2
exit 1
END
  sleeper
  mkdir "$T/images"
  echo '(00.1) Error (criu/x.c:1): of a former run' >"$T/images/dump.log"
  run runtime checkpoint --image-path "$T/images" box
  [ "$status" -eq 1 ]
  said 'criu dump failed: no such option'
  fake_criu <<<'kill -9 $$'
  run runtime checkpoint --image-path "$T/images" box
  said 'criu dump failed: it was ended by signal 9'
  fake_criu <<<'exit 3'
  run runtime checkpoint --image-path "$T/images" box
  said 'criu dump failed: its exit status is 3'
}

@test "checkpoint, restore: without criu, the package is named" {
  sleeper
  images
  run env PATH="$T" "$RUNTIME" --root "$ROOT" checkpoint --image-path "$T/new" box
  [ "$status" -eq 1 ]
  said 'criu is not installed'
  said 'install the package criu'
  [ ! -e "$T/new" ]
  run env PATH="$T" "$RUNTIME" --root "$ROOT" restore --image-path "$T/images" --detach again
  [ "$status" -eq 1 ]
  said 'criu is not installed'
  gone again
}

@test "checkpoint: what cannot be is refused before anything is made" {
  dumping_criu
  process sleep 1000
  create
  refused() {
    local words=$1
    shift
    run runtime checkpoint --image-path "$T/new" "$@"
    [ "$status" -eq 1 ]
    said "$words"
    [ ! -e "$T/new" ]
  }
  refused 'Container cannot be checkpointed in created state' box
  runtime start box
  refused '--parent-path must be relative' --parent-path /x box
  refused 'invalid --parent-path' --parent-path ../nosuch box
  refused 'Invalid manage-cgroups-mode value' --manage-cgroups-mode hard box
  refused 'is not supported' --empty-ns uts box
  refused 'Use --page-server ADDRESS:PORT' --page-server here box
  refused 'Invalid port number' --page-server here:0 box
  refused '--status-fd' --status-fd 99 box
  refused 'not open for writing' --status-fd 0 box </dev/null
  refused 'iptables, nftables' --network-lock none box
  refused 'exclude each other' --pre-dump --lazy-pages box
  refused 'container does not exist' nosuch
  runtime kill box KILL
  within 5 is box stopped
  refused 'Container cannot be checkpointed in stopped state' box
  config 'annotations["org.criu.config"] = "/nosuch/criu.conf"'
  sleeper other
  refused 'annotations.org.criu.config' other
}

@test "restore: the container runs, in its cgroup, and can be killed and removed" {
  restoring_criu
  images
  config 'linux.resources.pids.limit = 50'
  runtime restore --image-path "$T/images" --detach --pid-file "$T/pid" box
  is box running
  [ "$(field box pid)" = "$(cat "$T/pid")" ]
  [ "$(ls "$ROOT/box")" = "$(printf 'config.json\nstate.json')" ]
  grep -q "$CGROUP/box" "/proc/$(cat "$T/pid")/cgroup"
  grep -q "$CGROUP/box" "$T/cgroups"
  passed restore
  passed --restore-detached
  passed --restore-sibling
  passed --evasive-devices
  passed_pair --root "$ROOT/box/criu-root"
  grep -qxE 'fd\[[0-9]+\]:pipe:\[4711\]' "$T/arguments"
  grep -qxE "(pids:)?$CGROUP/box" "$T/arguments"
  runtime kill box KILL
  within 5 is box stopped
  runtime delete box
}

@test "restore: every option reaches criu, also behind one dash" {
  restoring_criu
  images
  runtime restore -image-path "$T/images" -bundle="$BUNDLE" --detach -no-subreaper --no-pivot --work-path "$T/criu-work" \
    --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --link-remap --auto-dedup --lazy-pages \
    --manage-cgroups-mode ignore --empty-ns network --network-lock iptables --lsm-profile apparmor:box \
    --lsm-mount-context some:context box
  for option in --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --link-remap --auto-dedup \
    --lazy-pages --manage-cgroups=ignore; do
    passed "$option"
  done
  passed_pair --work-dir "$T/criu-work"
  passed_pair --network-lock iptables
  passed_pair --lsm-profile apparmor:box
  passed_pair --lsm-mount-context some:context
}

@test "restore: bind mounts are this host's, and get their mount points" {
  restoring_criu
  images
  mkdir "$T/data"
  touch "$T/file"
  config "mounts.append({'destination': '/new/data', 'type': 'bind', 'source': '$T/data', 'options': ['bind']})"
  config "mounts.append({'destination': '/new/data/file', 'type': 'bind', 'source': '$T/file', 'options': ['bind']})"
  runtime restore --image-path "$T/images" --detach box
  passed "mnt[/new/data]:$T/data"
  passed "mnt[/new/data/file]:$T/file"
  [ -d rootfs/new/data ]
  [ ! -e rootfs/new/data/file ]
  [ -f "$T/data/file" ]
}

@test "restore: in the foreground, its end is the command's, and nothing is kept" {
  restoring_criu
  images
  SECONDS_TO_LIVE=0.2 timeout 20 "${RUNTIME_IN_T[@]}" restore --image-path "$T/images" box
  gone box
}

@test "restore: a terminal is made, and goes to the console socket" {
  restoring_criu
  images
  echo '["tty[8801:2a]","tty[8801:2a]","tty[8801:2a]"]' >"$T/images/caisson-streams.json"
  config 'process.terminal = True'
  run runtime restore --image-path "$T/images" --detach box
  [ "$status" -eq 1 ]
  said 'cannot allocate tty if runc will'
  "$PYTHON" "$HERE/console_receiver.py" "$T/console" >"$T/received" 2>&1 3>&- 4>&- &
  within 5 test -S "$T/console"
  runtime restore --image-path "$T/images" --detach --console-socket "$T/console" box
  [ "$(grep -cE '^fd\[[0-9]+\]:tty\[8801:2a\]$' "$T/arguments")" = 1 ]
  grep -qE '^mnt\[/dev/console\]:/dev/pts/[0-9]+$' "$T/arguments"
}

@test "restore: of images without a terminal, one with a terminal is refused" {
  restoring_criu
  images
  config 'process.terminal = True'
  run runtime restore --image-path "$T/images" box
  [ "$status" -eq 1 ]
  said 'process.terminal'
}

@test "restore: when criu fails, what it says is said, and nothing is left" {
  fake_criu <<'END'
echo '(00.2) Error (criu/cr-restore.c:1): Restoring FAILED.' >"$(value work-dir)/restore.log"
exit 1
END
  images
  run runtime restore --image-path "$T/images" --work-path "$T/criu-work" --detach --pid-file "$T/pid" box
  [ "$status" -eq 1 ]
  said 'criu restore failed: Restoring FAILED.'
  said "$T/criu-work/restore.log"
  [ ! -e "$T/pid" ]
  gone box
}

@test "restore: what cannot be is refused, and nothing is left" {
  restoring_criu
  refused() {
    local words=$1
    shift
    run runtime restore --image-path "$T/images" "$@"
    [ "$status" -eq 1 ]
    said "$words"
    gone box
  }
  refused 'no such file or directory' box
  mkdir "$T/images"
  refused 'descriptors.json' box
  echo '{}' >"$T/images/descriptors.json"
  refused 'descriptors.json' box
  images
  refused 'apparmor:NAME' --lsm-profile box box
  refused 'cannot use console socket' --console-socket "$T/nosuch" box
  refused 'invalid container ID format' /x
  refused 'console socket' --detach --console-socket "$T/nosuch" box
  config "mounts.append({'destination': '/data', 'type': 'bind', 'source': '$T/nosuch', 'options': ['bind']})"
  refused "$T/nosuch" --detach box
}

@test "restore: an id that is taken is refused, and its container goes on" {
  restoring_criu
  images
  sleeper
  run runtime restore --image-path "$T/images" --detach box
  [ "$status" -eq 1 ]
  said 'container with given ID already exists'
  is box running
}
