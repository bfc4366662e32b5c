# Hostile root filesystems, and what leaks in. Nothing outside the container's root may be touched or seen.
load helper

setup() {
  caisson_setup
  ROOT=$(rootfs)
  mkdir "$T/outside" && echo untouched >"$T/outside/file"
  (cd "$T/outside" && find . -printf '%p %T@ %C@ %s\n') >"$T/outside.before"
}
outside_untouched() { (cd "$T/outside" && find . -printf '%p %T@ %C@ %s\n') | diff "$T/outside.before" -; }

@test "security: /proc, /sys or /dev as a link that leads out is never mounted through" {
  local name target
  for name in proc sys dev; do
    for target in "$T/outside" ../../../../../../../..$T/outside /etc; do
      rm -rf "${ROOT:?}/$name" && ln -s "$target" "$ROOT/$name"
      run caisson run --rm "$ROOT" sh -c 'grep -c . /proc/self/mountinfo'
      outside_untouched
      [ -z "$(grep -F "$T/outside" /proc/self/mountinfo)" ]
      rm -f "$ROOT/$name" && mkdir "$ROOT/$name"
    done
  done
  [ ! -e "$T/outside/null" ]
}

@test "security: a fresh /proc, and nothing that looks like it" {
  rm -rf "$ROOT/proc" && ln -s /etc "$ROOT/proc"
  run caisson run --rm "$ROOT" sh -c 'echo reached'
  [ "$status" -eq 125 ] || [[ "$output" = reached ]]
  rm "$ROOT/proc" && mkdir -p "$ROOT/proc/self" && echo fake >"$ROOT/proc/self/status"
  [ "$(caisson run --rm "$ROOT" head -n 1 /proc/self/status)" != fake ]
}

@test "security: /etc and the files caisson makes there as links that lead out" {
  local name
  for name in hosts hostname resolv.conf; do
    rm -f "$ROOT/etc/$name" && ln -s "../../../../../../..$T/outside/file" "$ROOT/etc/$name"
    run caisson run --rm "$ROOT" true
    outside_untouched
    rm -f "$ROOT/etc/$name" && ln -s "$T/outside/new" "$ROOT/etc/$name"
    run caisson run --rm "$ROOT" true
    outside_untouched
    rm -f "$ROOT/etc/$name"
  done
  rm -rf "${ROOT:?}/etc" && ln -s "$T/outside" "$ROOT/etc"
  run caisson run --rm "$ROOT" true
  outside_untouched
}

@test "security: mount targets that are links stay inside" {
  mkdir "$T/data" && echo data >"$T/data/file"
  ln -s "$T/outside" "$ROOT/absolute"
  ln -s "../../../../../../..$T/outside" "$ROOT/relative"
  local target
  for target in /absolute /relative /absolute/below /relative/below; do
    run caisson run --rm -v "$T/data:$target" "$ROOT" sh -c "cat $target/file"
    [ "$status" -eq 125 ] || [ "$output" = data ] || { echo "$target: $output" && false; }
    outside_untouched
    run caisson run --rm --tmpfs "$target" "$ROOT" touch "$target/file"
    outside_untouched
    run caisson run --rm -w "$target/made" "$ROOT" true
    outside_untouched
  done
}

@test "security: devices and links in /dev of the root filesystem do not lead out" {
  rm -rf "$ROOT/dev" && mkdir "$ROOT/dev" && ln -s "$T/outside/file" "$ROOT/dev/null" && ln -s "$T/outside" "$ROOT/dev/pts"
  run -0 caisson run --rm "$ROOT" sh -c 'echo x >/dev/null; stat -c %t:%T /dev/null'
  [ "$output" = 1:3 ]
  outside_untouched
}

@test "security: masked paths are hidden by the real null device, whatever /dev/null is in the image" {
  rm -f "$ROOT/dev/null" && echo readable >"$ROOT/dev/null"
  run -0 caisson run --rm "$ROOT" sh -c 'cat /proc/keys /proc/timer_list; stat -c %t:%T /proc/keys'
  [ "$output" = 1:3 ]
}

@test "security: /etc/passwd as a link is read inside" {
  echo "root:x:4242:4242::/:/bin/sh" >"$T/outside/passwd"
  (cd "$T/outside" && find . -printf '%p %T@ %C@ %s\n') >"$T/outside.before"
  rm "$ROOT/etc/passwd" && ln -s "$T/outside/passwd" "$ROOT/etc/passwd"
  run caisson run --rm -u root "$ROOT" id -u
  [[ "$output" != *4242* ]]
}

@test "security: /etc/passwd as a pipe does not hold anybody up" {
  rm "$ROOT/etc/passwd" && mkfifo "$ROOT/etc/passwd"
  run timeout -s KILL $((10 * PATIENCE)) "${CAISSON[@]}" run --rm -u 7 "$ROOT" true
  [ "$status" -eq 0 ]
}

@test "security: open files of the caller do not get in" {
  exec 7</etc/passwd 8<"$T/outside" 9>"$T/outside/file-of-9"
  run -0 box sh -c 'ls /proc/$$/fd; true'
  exec 7<&- 8<&- 9>&-
  [ "$(xargs <<<"$output")" = "0 1 2" ]
}

@test "security: a working directory through /proc/self/fd does not lead out" {
  local fd
  for fd in 3 4 5 6 7 8 9 10; do
    # One of them is the container's own root: the only directory that may be got into this way.
    run caisson run --rm -w "/proc/self/fd/$fd" builtin:busybox sh -c 'ls -d ../../../etc/shadow ../../../../etc/shadow 2>/dev/null; pwd
      [ "$(stat -c %d:%i .)" = "$(stat -c %d:%i /)" ]'
    [ "$status" -eq 125 ] || [[ "$output" = / && "$status" -eq 0 ]] || { echo "$fd: $status $output" && false; }
  done
  ln -s /proc/self/fd/7 "$ROOT/trap"
  run caisson run --rm -w /trap "$ROOT" true
  [ "$status" -eq 125 ]
}

@test "security: nothing of the host's file system can be reached" {
  run ! box ls "$T/outside/file" "$BIN"
  run -0 box sh -c 'ls -A /; ls -A /proc/1/root/; ls -A /proc/1/cwd/'
  [[ "$output" != *"${T%%/*}outside"* ]]
  # The classic way out of a chroot does not lead out of a pivoted root.
  run -0 box sh -c 'mkdir /jail; cd /; for i in 1 2 3 4 5 6 7 8; do cd ..; done; ls; chroot /jail/.. ls'
  [ "$(sort <<<"$output" | uniq -u | xargs)" = "" ]
}

@test "security: the program itself cannot be written from inside" {
  local before
  before=$(sha256sum "$BIN")
  caisson run -d --name held --privileged builtin:busybox sleep 100
  run ! caisson exec held sh -c 'echo broken >/proc/self/exe'
  # A command that is the engine's own binary, by way of /proc/self/exe.
  run caisson run --rm --privileged builtin:busybox /proc/self/exe --version
  [ "$before" = "$(sha256sum "$BIN")" ]
}

@test "security: environment and arguments of the caller are not in the container" {
  SECRET_OF_THE_CALLER=very-secret run -0 box sh -c 'cat /proc/*/environ /proc/*/cmdline | tr "\0" "\n"'
  [[ "$output" != *very-secret* && "$output" != *"$T"* ]]
}

@test "security: sockets and pipes of caisson are not the container's" {
  run -0 box sh -c 'ls -l /proc/1/fd /proc/self/fd 2>/dev/null | grep -c socket: || true'
  [ "$output" = 0 ]
}

@test "security: the terminal's ioctls, the kernel's log and its keys are out of reach" {
  run ! box dmesg
  [ -z "$(box cat /proc/keys)" ]
}

@test "security: a container's cgroup cannot be left or changed from inside" {
  local own=/sys/fs/cgroup
  on_cgroup_v2 || own=$own/pids
  run -1 box sh -c "echo 1 >$own/cgroup.procs"
  run -1 box --cap-add=sys_admin sh -c "echo max >$own/pids.max"
}

@test "security: a container's state is for its owner alone" {
  caisson run -d --name held builtin:busybox sleep 100
  [ -z "$(find -H "$T/root/containers" "$T/run/containers" -mindepth 1 -maxdepth 1 -perm /077)" ]
}
