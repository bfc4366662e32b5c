# Nothing a container could reach leads back to caisson's own file in a way that it could be written (CVE-2019-5736).
# The attacks are made on a copy of the program, so that one that succeeds harms nothing else.
load helper

setup() {
  caisson_setup
  mkdir -p "$STATE/own/bin"
  cp "$BIN" "$STATE/own/bin"
  cp -R "$BUILD/libexec" "$BUILD/share" "$STATE/own"
  OWN=("$STATE/own/bin/caisson" --root "$T/root" --runroot "$T/run")
}

unharmed() { cmp "$BIN" "${OWN[0]}"; }
is_static() { ! readelf -lW "$BIN" | grep -q INTERP; }
require_static() { is_static || skip "not a static program"; }

# Keeps a container in the foreground: its keeper is the program itself.
keep() {
  "${OWN[@]}" run --name kept builtin:busybox sleep 100 &
  KEEPER=$!
  within 10 kept_runs
}
kept_runs() { [ "$(caisson inspect -f '{{.State.Pid}}' kept)" -gt 0 ]; }
let_go() {
  caisson rm -f kept
  wait "$KEEPER" || :
}

# Starts the container `held`, lie_in_wait [OPTION…] ROOTFS: it opens every executable that a process in it has and that is not its own, kills that
# process, and writes to the file as soon as nobody executes it any more.
lie_in_wait() {
  # shellcheck disable=SC2016 # for the shell in the container
  "${OWN[@]}" run -d --name held "$@" sh -c '
    mkfifo /never
    echo waiting
    while true; do
      for process in /proc/[0-9]*; do
        {
          [ /proc/self/fd/9 -ef /bin/busybox ] && continue
          kill -9 "${process#/proc/}"
          echo seized
          while outcome=$( (echo broken >/proc/self/fd/9) 2>&1 || :); [ "${outcome%Text file busy}" != "$outcome" ]; do :; done
          echo "outcome: ${outcome:-written}"
          exit
        } 9<"$process/exe"
      done
    done 2>/dev/null'
  within 10 said waiting
}
said() { caisson logs held | grep "$@"; }

# Repeats a command that puts processes into `held` until one of them was seized; the attack fails.
seized_by() {
  local tries
  for tries in {1..500}; do
    "${OWN[@]}" "$@" >/dev/null 2>&1 || :
    ! said seized || break
  done
  echo "after $tries tries"
  within 10 said outcome
  said 'outcome: .*Read-only file system'
  unharmed
}

@test "own executable: whoever keeps a container leads to a read-only view of the program" {
  keep
  exec 9<"/proc/$KEEPER/exe"
  let_go
  run ! sh -c 'echo broken >/proc/self/fd/9'
  exec 9<&-
  [[ "$output" == *"Read-only file system"* ]]
  unharmed
}

@test "own executable: so does every mapping of it, and it was not executed a second time" {
  require_static
  keep
  run -0 python3 -c '
import os, sys
process, inode = "/proc/" + sys.argv[1], str(os.stat(sys.argv[2]).st_ino)
own = [line.split()[0].split("-") for line in open(process + "/maps") if line.split()[4] == inode]
links = [f"{process}/map_files/{int(start, 16):x}-{int(end, 16):x}" for start, end in own]
print(len(own) > 2, {bool(os.statvfs(link).f_flag & os.ST_RDONLY) for link in links})
' "$KEEPER" "${OWN[0]}"
  let_go
  [ "$output" = "True {True}" ]
  require_program strace
  run -0 strace -f -qq -e trace=execve,execveat -e signal=none -o "$T/trace" "${OWN[@]}" run --rm builtin:busybox true
  [ "$(grep -c 'own/bin/caisson' "$T/trace")" = 1 ]
}

@test "own executable: where the kernel refuses to change it, the program is executed anew from the view" {
  require_static
  require_program strace
  run -0 strace -qq -e trace=prctl,execveat -e inject=prctl:error=EINVAL:when=1 -e signal=none -o "$T/trace" \
    "${OWN[@]}" run --rm builtin:busybox echo alive
  [[ "$output" = *alive* ]]
  [ "$(grep -c '^prctl(PR_SET_MM, .*INJECTED' "$T/trace")" = 1 ]
  [ "$(grep -c '^execveat(.*AT_EMPTY_PATH) = 0$' "$T/trace")" = 1 ]
  unharmed
}

@test "own executable: a command that names /proc/self/exe as its interpreter cannot write to it afterwards" {
  local root
  root=$(rootfs)
  printf '#!/proc/self/exe\n' >"$root/bin/trap"
  chmod +x "$root/bin/trap"
  run -125 "${OWN[@]}" run --rm "$root" trap
  [[ "$output" == *"there is no command"* ]]
  lie_in_wait "$root"
  seized_by exec held trap
}

@test "own executable: executed in a container, it is not the container's to write once it has ended" {
  lie_in_wait --privileged builtin:busybox
  # It waits for somebody to open the file of its options.
  "${OWN[@]}" exec held /proc/self/exe run --env-file /never builtin:busybox || :
  within 10 said outcome
  said 'outcome: .*Read-only file system'
  unharmed
}

@test "own executable: a process on its way into a container does not open it for those who may trace it" {
  lie_in_wait --cap-add SYS_PTRACE builtin:busybox
  seized_by exec held true
}

@test "own executable: nor does one that enters it without being in it" {
  lie_in_wait --cap-add SYS_PTRACE builtin:busybox
  seized_by enter "$(caisson inspect -f '{{.State.Pid}}' held)" true
}
