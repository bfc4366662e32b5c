# Attacks on the runtime: by what an image has in it, by a process in a container, by words of a config that become a path.
# Each is mounted as far as a test can; that its defence is what it fails at has been seen with the defence taken out.
load helper

setup() {
  conformance_setup
  [ -n "${T:-}" ] || return 0
  mkdir "$T/outside"
  echo untouched >"$T/outside/file"
  chmod 640 "$T/outside/file"
  outside >"$T/outside.before"
}
outside() { (cd "$T/outside" && find . -printf '%p %y %m %U %T@ %C@ %s\n' | sort); }
outside_untouched() { outside | diff "$T/outside.before" -; }

without_mount() { AT=$1 config 'mounts = [m for m in mounts if m["destination"] != environ["AT"]]'; }
add_mount() {
  DESTINATION=$1 TYPE=$2 SOURCE=$3 OPTIONS="${*:4}" config 'mounts.append(dict(
    destination=environ["DESTINATION"], type=environ["TYPE"], source=environ["SOURCE"], options=environ["OPTIONS"].split()))'
}
capabilities() {
  WORDS="$*" config 'process.capabilities = {kind: ["CAP_" + name for name in environ["WORDS"].split()]
    for kind in ("bounding", "effective", "permitted")}'
}

# Exchanges two names as fast as can be while the test runs on: exchanging ONE OTHER.
exchanging() { "$PYTHON" "$HERE/exchange.py" "$@" 3>&- 4>&- & }

# --- paths in the image ----------------------------------------------------------------------------------------------

@test "security: links of the image lead nothing that is made or written outside (CVE-2026-41579, CVE-2026-47766, CVE-2025-24965)" {
  not_on_runc "makes /dev/fd where the link leads outside (CVE-2026-41579)"
  local name target
  config 'process.cwd = "/made/here"' 'linux.devices = [{"path": "/nodes/one", "type": "p"}]'
  add_mount /volume/made tmpfs tmpfs
  for name in dev etc tmp work nodes volume; do
    for target in "$T/outside" "../../../../../../../..$T/outside" ../../outside; do
      rm -rf "rootfs/${name:?}"
      ln -s "$target" "rootfs/$name"
      run runtime run box </dev/null
      outside_untouched
      rm -rf "rootfs/$name" "rootfs$T"
      mkdir "rootfs/$name"
    done
  done
}

@test "security: nor do links in a /dev of the image" {
  local name
  without_mount /dev
  without_mount /dev/shm
  without_mount /dev/mqueue
  for name in null zero console ptmx fd stdin core pts; do
    ln -s "../../../../../../..$T/outside/$name" "rootfs/dev/$name"
    run runtime run box </dev/null
    outside_untouched
    rm -rf rootfs/dev "rootfs$T"
    mkdir rootfs/dev
  done
}

@test "security: names that are exchanged meanwhile lead no mount and no directory outside (CVE-2021-30465, CVE-2024-45310)" {
  not_on_runc "makes directories where the exchanged names lead (CVE-2024-45310)"
  local round
  mkdir -p rootfs/volume/real/inner
  ln -s "../../../../../../../..$T/outside" rootfs/volume/link
  exchanging rootfs/volume/real rootfs/volume/link
  add_mount /volume/real/mount tmpfs tmpfs
  add_mount /volume/link/mount tmpfs tmpfs
  config 'process.cwd = "/volume/real/directory/deeper"' 'linux.devices = [{"path": "/volume/real/nodes/node", "type": "p"}]'
  for round in {1..40}; do
    "${RUNTIME_IN_T[@]}" run "box$round" </dev/null >/dev/null 2>&1 || true
  done
  outside_untouched
}

@test "security: nor does a directory that is moved out of the image meanwhile" {
  local round
  mkdir -p rootfs/volume/a/b/c "$T/elsewhere"
  exchanging rootfs/volume/a/b "$T/elsewhere"
  ln -s a/b/../../../../../outside rootfs/volume/link
  add_mount /volume/link/mount tmpfs tmpfs
  for round in {1..40}; do
    "${RUNTIME_IN_T[@]}" run "box$round" </dev/null >/dev/null 2>&1 || true
  done
  outside_untouched
}

@test "security: /proc and /sys as links of the image are mounted nowhere (CVE-2019-19921, CVE-2023-27561, CVE-2023-28642)" {
  local name target
  mkdir rootfs/elsewhere
  for name in proc sys; do
    for target in elsewhere /elsewhere "$T/outside" tmp/../elsewhere; do
      rm -rf "rootfs/${name:?}"
      ln -s "$target" "rootfs/$name"
      run runtime run box </dev/null
      [ "$status" -ne 0 ]
      said "$name"
      outside_untouched
    done
    rm "rootfs/$name"
    mkdir "rootfs/$name"
  done
}

@test "security: no volume covers procfs, not even through a link (CVE-2019-16884, CVE-2019-18837)" {
  not_on_runc "mounts a tmpfs on what is below /proc"
  local destination
  mkdir -p rootfs/fake/self/attr
  ln -s /proc rootfs/innocent
  for destination in /proc /proc/self /proc/self/attr /proc/sys /proc/./sys /tmp/../proc/sys /innocent/sys /innocent/self; do
    cp config.json "$T/config.json"
    add_mount "$destination" bind rootfs/fake bind
    run runtime run box </dev/null
    [ "$status" -ne 0 ] || { echo "$destination was covered" && false; }
    cp "$T/config.json" config.json
    add_mount "$destination" tmpfs tmpfs
    run runtime run box </dev/null
    [ "$status" -ne 0 ] || { echo "$destination was covered by a tmpfs" && false; }
    cp "$T/config.json" config.json
  done
}

@test "security: kernel parameters go to the kernel, not to what the image has at /proc (CVE-2025-52881)" {
  not_on_runc "writes them below the /proc of the image (CVE-2025-52881)"
  without_mount /proc
  config 'linux.sysctl = {"kernel.msgmax": "8191", "net.ipv4.ip_unprivileged_port_start": "79"}' 'del linux.maskedPaths' \
    'del linux.readonlyPaths'
  mkdir -p rootfs/proc/sys/kernel rootfs/proc/sys/net/ipv4 rootfs/real
  echo fake >rootfs/proc/sys/kernel/msgmax
  ln -s /proc/sys/kernel/msgmax rootfs/proc/sys/net/ipv4/ip_unprivileged_port_start
  add_mount /real proc proc
  process cat /real/sys/kernel/msgmax /real/sys/net/ipv4/ip_unprivileged_port_start
  run -0 runtime run box </dev/null
  [ "$output" = $'8191\n79' ]
  [ "$(<rootfs/proc/sys/kernel/msgmax)" = fake ]
}

@test "security: what hides files is the null device, whatever the image has at /dev/null (CVE-2025-31133)" {
  not_on_runc "hides files behind what the image has at /dev/null (CVE-2025-31133)"
  local kind before
  before=$(</proc/sys/kernel/core_pattern)
  script 'stat -c %t:%T /proc/keys /secret; cat /proc/keys /secret'
  echo secret >rootfs/secret
  config 'linux.maskedPaths = ["/proc/keys", "/secret"]' 'mounts = [m for m in mounts if not m["destination"].startswith("/dev")]'
  mkdir "$T/dev"
  add_mount /dev bind "$T/dev" rbind
  for kind in link file zero; do
    rm -f "$T/dev/null"
    case $kind in
      link) ln -s /proc/sys/kernel/core_pattern "$T/dev/null" ;;
      file) echo readable >"$T/dev/null" ;;
      zero) mknod "$T/dev/null" c 1 5 ;;
    esac
    run runtime run box </dev/null
    [ "$output" = $'1:3\n1:3' ] || { echo "with a $kind: $output" && false; }
  done
  [ "$before" = "$(</proc/sys/kernel/core_pattern)" ]
}

@test "security: what is hidden is what was looked at, though it is exchanged meanwhile (GHSA-3q8j-pf29-vwv8)" {
  not_on_runc "looks twice at what it hides"
  local round
  mkdir -p rootfs/volume/{one,other}
  (cd rootfs/volume/one && mkdir {1..200})
  (cd rootfs/volume/other && touch {1..200})
  exchanging rootfs/volume/one rootfs/volume/other
  # A directory is covered otherwise than a file is: the kernel refuses the one on the other.
  config 'linux.maskedPaths = [f"/volume/one/{number}" for number in range(1, 201)]'
  for round in {1..12}; do
    run "${RUNTIME_IN_T[@]}" run "box$round" </dev/null
    [ "$status" -eq 0 ] || { echo "round $round: $output" && false; }
  done
}

@test "security: a terminal is one of the container's devpts, whatever the image has there (CVE-2025-52565)" {
  local kind
  config 'process.terminal = True'
  without_mount /dev
  without_mount /dev/pts
  without_mount /dev/shm
  without_mount /dev/mqueue
  add_mount /dev/pts/pts devpts devpts newinstance ptmxmode=0666 mode=0620
  for kind in file fifo node link; do
    rm -rf rootfs/dev
    mkdir -p rootfs/dev/pts
    case $kind in
      file) touch rootfs/dev/pts/ptmx ;;
      fifo) mkfifo rootfs/dev/pts/ptmx ;;
      node) mknod rootfs/dev/pts/ptmx c 5 2 ;;
      link) ln -s /dev/ptmx rootfs/dev/pts/ptmx ;;
    esac
    rm -f "$T/console"
    "$PYTHON" "$HERE/console_receiver.py" "$T/console" >"$T/received" 2>&1 3>&- 4>&- &
    within 5 test -S "$T/console"
    run timeout 10 "${RUNTIME_IN_T[@]}" create --console-socket "$T/console" box </dev/null
    [ "$status" -eq 1 ] || { echo "a $kind: $status $output" && false; }
    [ ! -s "$T/received" ] || ! grep -q /dev "$T/received"
  done
}

@test "security: /dev/console as a link of the image leads the terminal nowhere outside" {
  config 'process.terminal = True' 'mounts = [m for m in mounts if m["destination"] in ("/proc", "/dev/pts")]'
  ln -s "../../../../../../..$T/outside/console" rootfs/dev/console
  "$PYTHON" "$HERE/console_receiver.py" "$T/console" >"$T/received" 2>&1 3>&- 4>&- &
  within 5 test -S "$T/console"
  run timeout 10 "${RUNTIME_IN_T[@]}" create --console-socket "$T/console" box </dev/null
  outside_untouched
}

@test "security: a user's home is looked up without waiting, and without end, whatever /etc/passwd is" {
  not_on_runc "waits for the other end of a pipe at /etc/passwd"
  local kind
  process sh -c 'echo $HOME'
  for kind in fifo zero terminal directory endless loop outside; do
    rm -rf rootfs/etc/passwd
    case $kind in
      fifo) mkfifo rootfs/etc/passwd ;;
      zero) mknod rootfs/etc/passwd c 1 5 ;;
      terminal) mknod rootfs/etc/passwd c 5 0 ;;
      directory) mkdir rootfs/etc/passwd ;;
      endless) truncate -s 10G rootfs/etc/passwd ;;
      loop) ln -s passwd rootfs/etc/passwd ;;
      outside)
        echo 'root:x:0:0::/from-outside:/bin/sh' >"$T/passwd"
        ln -s "../../../../../../..$T/passwd" rootfs/etc/passwd
        ;;
    esac
    timeout -s KILL $((5 * PATIENCE)) "${RUNTIME_IN_T[@]}" run box </dev/null >"$T/home" 2>&1 3>&- 4>&- || { echo "a $kind: $?" && false; }
    [ "$(<"$T/home")" = / ] || { echo "a $kind: $(<"$T/home")" && false; }
  done
}

@test "security: a hook whose path is not absolute is none, wherever such a file lies" {
  not_on_runc "runs hooks by relative paths, which the specification does not allow"
  local kind hook
  printf '#!/bin/sh\necho ran >>%s\n' "$T/hooks" >hook
  chmod +x hook
  cp hook rootfs/hook
  for kind in prestart createRuntime createContainer startContainer poststart poststop; do
    for hook in hook ./hook; do
      config "hooks = {'$kind': [{'path': '$hook'}]}"
      run ! runtime run box </dev/null
      said "absolute path"
    done
  done
  [ ! -e "$T/hooks" ]
}

@test "security: hooks are the host's programs, and the config's, whatever the image has at their paths" {
  local hook=$T/hook
  printf '#!/bin/sh\necho "$1" >>%s\n' "$T/hooks" >"$hook"
  mkdir -p "rootfs$T"
  printf '#!/bin/sh\necho image >>%s\n' "$T/hooks" >"rootfs$hook"
  chmod +x "$hook" "rootfs$hook"
  HOOK=$hook config 'hooks = {kind: [{"path": environ["HOOK"], "args": ["hook", kind]}]
    for kind in ("createRuntime", "createContainer", "poststart", "poststop")}'
  run -0 runtime run box </dev/null
  [ "$(<"$T/hooks")" = $'createRuntime\ncreateContainer\npoststart\npoststop' ]
}

# --- words that become paths -----------------------------------------------------------------------------------------

@test "security: no word of a config leads out of the container's cgroup, or out of its root" {
  local statement
  for statement in \
    'linux.resources.hugepageLimits = [{"pageSize": "2MB/../../../x", "limit": 1}]' \
    'linux.resources.hugepageLimits = [{"pageSize": "../2MB", "limit": 1}]' \
    'linux.resources.unified = {"../cgroup.procs": "0"}' \
    'linux.resources.unified = {"a/b": "0"}' \
    'linux.sysctl = {"net.../../kernel/core_pattern": "x"}' \
    'linux.sysctl = {"net/../kernel/core_pattern": "x"}' \
    'linux.sysctl = {"fs.mqueue./../../kernel/core_pattern": "x"}' \
    'linux.intelRdt = {"closID": "../x"}' \
    'linux.intelRdt = {"closID": ".."}'; do
    cp config.json "$T/config.json"
    config "$statement"
    run runtime run box </dev/null
    [ "$status" -ne 0 ] || { echo "taken: $statement" && false; }
    # Before anything was tried: whether there is such a file is not what it is about.
    [ "$(runtime_name)" = runc ] || said /linux/ || { echo "$statement" && false; }
    cp "$T/config.json" config.json
  done
  for statement in 'linux.devices = [{"path": "/dev/../../../../outside/node", "type": "p"}]' \
    'process.cwd = "/../../../outside/made"' 'mounts.append({"destination": "/../../outside/made", "type": "tmpfs", "source": "t"})' \
    'linux.maskedPaths = ["/../../outside/file"]'; do
    cp config.json "$T/config.json"
    config "$statement"
    run runtime run box </dev/null
    outside_untouched
    cp "$T/config.json" config.json
  done
}

@test "security: a cgroupsPath does not lead out of the hierarchies" {
  config "linux.cgroupsPath = '/..$CGROUP/../..$CGROUP/box'"
  process cat /proc/self/cgroup
  run runtime run box </dev/null
  [ "$status" -ne 0 ] || ! grep -q '\.\.' <<<"$output"
  [ ! -e "/sys/fs$CGROUP" ]
  [ ! -e "/sys$CGROUP" ]
  [ ! -e "$CGROUP" ]
  [ "$(runtime_name)" != runc ] || return 0  # which takes the ".." out, and stays inside
  # Where directories can be made, if it led there.
  OUTSIDE=$T/outside config "linux.cgroupsPath = '$CGROUP/../../../../../../..' + environ['OUTSIDE'] + '/made'"
  run runtime run box </dev/null
  outside_untouched
  config "linux.cgroupsPath = '/..$CGROUP/box'"
  run runtime run box </dev/null
  [ ! -e "/sys/fs/cgroup$CGROUP" ] || [ -e /sys/fs/cgroup/cgroup.controllers ]
}

@test "security: an id is never a path, for any verb" {
  local id verb long
  long=$(printf 'a%.0s' {1..2000})
  mkdir -p "$ROOT" "$T/up"
  echo '{}' >"$T/up/state.json"
  for id in . .. / a/b ../up "$T/up" '' $'a\nb' "$long"; do
    for verb in create run state start delete kill exec ps; do
      run runtime $verb ${verb#exec} "$id" true </dev/null
      case $verb in
        create | run | state | start | delete) run runtime $verb "$id" </dev/null ;;
        kill) run runtime kill "$id" KILL ;;
        exec) run runtime exec "$id" true </dev/null ;;
        ps) run runtime ps "$id" ;;
      esac
      [ "$status" -ne 0 ] || { echo "$verb takes '$id'" && false; }
    done
    run runtime delete --force "$id"
  done
  [ "$(<"$T/up/state.json")" = '{}' ]
  nothing_kept
}

@test "security: a user is a number of 32 bits, and nothing that is nearly one (CVE-2026-30892)" {
  not_on_runc "takes +1 for a number"
  local word
  sleeper box
  [ "$(runtime exec --user 1 box id -u)" = 1 ]
  [ "$(runtime exec --user 1:2 box sh -c 'id -u; id -g')" = $'1\n2' ]
  for word in -1 0x1 1x ' 1' '1 ' +1 4294967296 18446744073709551617 1: :1 1:x 1:2:3 1: 1.0 1e0 ''; do
    run runtime exec --user "$word" box id -u
    [ "$status" -ne 0 ] || { [ -z "$word" ] && [ "$output" = 0 ]; } || { echo "'$word' is taken for $output" && false; }
  done
  for word in -1 4294967296 1.5 '"1"' true; do
    config "process.user.uid = ${word/true/True}"
    run runtime run other </dev/null
    [ "$status" -ne 0 ] || { echo "uid $word is taken" && false; }
  done
}

# --- descriptors -----------------------------------------------------------------------------------------------------

@test "security: no descriptor of the caller's or the runtime's is the container's (CVE-2024-21626)" {
  local script='for n in $(seq 3 1023); do [ ! -e /proc/$$/fd/$n ] || echo "$n $(readlink /proc/$$/fd/$n)"; done; echo end'
  exec 7</ 8<"$T/outside" 500<"$T/outside" 900<"$T/outside/file"
  script "$script"
  run -0 "$RUNTIME" --root "$ROOT" run box </dev/null
  [ "$output" = end ]
  "$RUNTIME" --root "$ROOT" create box </dev/null >"$T/box.out" 2>&1 3>&- 4>&-
  "$RUNTIME" --root "$ROOT" start box 3>&- 4>&-
  within 5 is box stopped
  [ "$(<"$T/box.out")" = end ]
  runtime delete box
  sleeper box
  run -0 "$RUNTIME" --root "$ROOT" exec box sh -c "$script"
  [ "$output" = end ]
  runtime delete --force box
  process true
  printf '#!/bin/sh\nls -l /proc/$$/fd | grep "%s/outside" >>%s\nexit 0\n' "$T" "$T/hooked" >"$T/hook"
  chmod +x "$T/hook"
  HOOK=$T/hook config 'hooks = {kind: [{"path": environ["HOOK"]}] for kind in ("createRuntime", "poststop")}'
  run -0 "$RUNTIME" --root "$ROOT" run box </dev/null
  [ ! -s "$T/hooked" ]
  exec 7<&- 8<&- 500<&- 900<&-
}

# Whether it was refused; the root of the container is as good.
leads_nowhere() { [ "$status" -ne 0 ] || [ "$output" = / ]; }

@test "security: a working directory behind a descriptor of the runtime does not lead out (CVE-2024-21626)" {
  local n way
  exec 7</ 8<"$T/outside"
  # shellcheck disable=SC2016 # for the container's shell
  local look='cat file ../../../../../../../../etc/shadow 2>/dev/null | head -n 1; pwd'
  script "$look"
  ln -s /proc/self/fd/8 rootfs/link
  for n in {3..14}; do
    config "process.cwd = '/proc/self/fd/$n'"
    run "$RUNTIME" --root "$ROOT" run box </dev/null
    leads_nowhere || { echo "run in descriptor $n: $output" && false; }
  done
  config 'process.cwd = "/link"'
  run "$RUNTIME" --root "$ROOT" run box </dev/null
  leads_nowhere
  config 'process.cwd = "/"'
  sleeper box
  for n in {3..14}; do
    for way in "/proc/self/fd/$n" "/proc/1/fd/$n" "/proc/thread-self/fd/$n/../.."; do
      run "$RUNTIME" --root "$ROOT" exec --cwd "$way" box sh -c "$look"
      leads_nowhere || { echo "exec in $way: $output" && false; }
    done
  done
  run "$RUNTIME" --root "$ROOT" exec --cwd /link box sh -c "$look"
  leads_nowhere
  exec 7<&- 8<&-
}

# --- processes in the container --------------------------------------------------------------------------------------

# Has the container of the test look at every process that is the runtime's, in /tmp/seen.
# shellcheck disable=SC2016 # for the container's shell
WATCH='while true; do
  for process in /proc/[0-9]*; do
    read -r name <$process/comm || continue
    case $name in caisson*|runc*) ;; *) continue ;; esac
    echo met >>/tmp/seen
    for link in exe root cwd fd/0 fd/3 fd/4 fd/5 fd/6; do
      to=$(readlink $process/$link) && read -r now <$process/comm && [ "$now" = "$name" ] &&
        echo "read $name $link $to" >>/tmp/seen
    done
  done
done 2>/dev/null'

# Executes a process in `box` that takes its time before the program is executed.
slow_exec() {
  strace -f -qq -e trace=execve -e inject=execve:delay_enter=300000 -e signal=none -o /dev/null \
    "$RUNTIME" --root "$ROOT" exec box /bin/true
}

@test "security: a process on its way into a container cannot be looked into from there (CVE-2016-9962)" {
  command -v strace >/dev/null || skip "needs strace"
  script "$WATCH"
  create box
  runtime start box
  slow_exec
  within 5 has_line rootfs/tmp/seen met
  run ! grep read rootfs/tmp/seen
}

# Has the container of the test be root of a user namespace, where it may trace what is in it.
tracing_in_user_namespace() {
  capabilities SYS_PTRACE DAC_OVERRIDE
  config 'linux.namespaces.append({"type": "user"})' \
    'linux.uidMappings = linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]' \
    'mounts = [m for m in mounts if m["type"] != "mqueue"]'
  chown 100000:100000 rootfs rootfs/*
}

@test "security: nor by root of a user namespace that may trace what is in it" {
  command -v strace >/dev/null || skip "needs strace"
  tracing_in_user_namespace
  script "$WATCH"
  create box
  runtime start box
  slow_exec
  within 5 has_line rootfs/tmp/seen met
  run ! grep read rootfs/tmp/seen
}

@test "security: a container's first process neither, from another that has the same process ids" {
  not_on_runc "its first process is another program until then"
  tracing_in_user_namespace
  script "$WATCH"
  create box
  runtime start box
  ns=/proc/$(field box pid)/ns
  another_bundle other
  NS=$ns config 'linux.namespaces = [dict(n, path=environ["NS"] + "/" + n["type"]) if n["type"] in ("pid", "user") else n
    for n in linux.namespaces]' 'del linux.uidMappings, linux.gidMappings'
  create other
  within 5 has_line "$BUNDLE/rootfs/tmp/seen" met
  sleep 0.2
  run ! grep read "$BUNDLE/rootfs/tmp/seen"
}

@test "security: a process's session, and so its controlling terminal, is its own (TIOCSTI)" {
  process cut '-d ' -f6,7 /proc/self/stat
  cat >"$T/on_pty.py" <<'PY'
import pty, sys
sys.exit(pty.spawn(sys.argv[1:]) >> 8)
PY
  run -0 "$PYTHON" "$T/on_pty.py" "$RUNTIME" --root "$ROOT" run box
  [ "${output//$'\r'/}" = "1 0" ]
  sleeper box
  run -0 "$PYTHON" "$T/on_pty.py" "$RUNTIME" --root "$ROOT" exec box sh -c 'set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo own $7'
  [ "${output//$'\r'/}" = "own 0" ]
}

@test "security: no capability is inherited, neither by --cap nor from the caller (CVE-2022-29162, CVE-2022-27650)" {
  command -v setpriv >/dev/null || skip "needs setpriv"
  local none=$'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000'
  process grep -E 'Cap(Inh|Amb)' /proc/self/status
  run -0 setpriv --inh-caps +chown,+kill --ambient-caps +chown,+kill "$RUNTIME" --root "$ROOT" run box </dev/null
  [ "$output" = "$none" ]
  sleeper box
  run -0 setpriv --inh-caps +chown,+kill --ambient-caps +chown,+kill "$RUNTIME" --root "$ROOT" exec --cap CAP_NET_RAW --cap CAP_CHOWN box \
    grep -E 'Cap(Inh|Amb)' /proc/self/status
  [ "$output" = "$none" ]
}

@test "security: exec asks nothing of the procfs that the container has put in the place of its own" {
  not_on_runc "reads from the procfs that the container has"
  capabilities SYS_ADMIN MKNOD
  config 'del linux.maskedPaths' 'del linux.readonlyPaths' 'process.noNewPrivileges = False'
  script 'mount -t tmpfs tmpfs /proc && mkdir -p /proc/self/attr /proc/self/fd /proc/thread-self/attr && mkfifo /proc/self/status &&
    touch /proc/self/attr/exec /proc/thread-self/attr/exec && touch /tmp/ready; exec sleep 1000'
  create box
  runtime start box
  within 5 test -e rootfs/tmp/ready
  run -0 timeout 10 "${RUNTIME_IN_T[@]}" exec box sh -c 'echo in; cat /proc/self/attr/exec /proc/thread-self/attr/exec'
  [ "$output" = in ]
}

# --- the runtime's own files -----------------------------------------------------------------------------------------

@test "security: the state is its owner's alone, and what a container was created from stays so" {
  local config
  umask 0
  mkdir -p "$ROOT"
  process sh -c 'echo first; exec sleep 1000'
  config 'process.env += ["WHICH=first"]'
  create box
  [[ "$(stat -c %a "$ROOT/box")" =~ ^7[01][01]$ ]]
  [ -z "$(find "$ROOT/box" -type f -perm /022)" ]
  [ "$(runtime_name)" = runc ] || [ -z "$(find "$ROOT/box" -type f -perm /077)" ]
  process sh -c 'echo second; exec sleep 1000'
  config 'process.env += ["WHICH=second"]' 'process.user.uid = 1000' 'hooks.poststop = [{"path": "/bin/false"}]'
  runtime start box
  within 5 has_text "$T/box.out"
  [ "$(<"$T/box.out")" = first ]
  [ "$(runtime_name)" = runc ] || [ "$(runtime exec box sh -c 'echo $WHICH; id -u')" = $'first\n0' ]
  run -0 runtime delete --force box
  [ -z "$output" ]
}

# The attacks on the program are made on a copy of it, so that one that succeeds harms nothing else.
own_copy() {
  not_on_runc "copies itself"
  mkdir -p "$T/own/bin"
  cp "$RUNTIME" "$T/own/bin/caisson-oci"
  OWN=("$T/own/bin/caisson-oci" --root "$ROOT")
}
unharmed() { cmp "$RUNTIME" "${OWN[0]}"; }

# What runs in `box` until it has opened the executable of a process that is not its own: it kills that process, and writes
# to the file as soon as nobody executes it any more.
# shellcheck disable=SC2016 # for the container's shell
LIE_IN_WAIT='mkfifo /never; echo waiting >>/tmp/said
  while true; do
    for process in /proc/[0-9]*; do
      {
        [ /proc/self/fd/9 -ef /bin/busybox ] && continue
        kill -9 "${process#/proc/}"
        echo seized >>/tmp/said
        while outcome=$( (echo broken >/proc/self/fd/9) 2>&1 || :); [ "${outcome%Text file busy}" != "$outcome" ]; do :; done
        echo "outcome: ${outcome:-written}" >>/tmp/said
        exec sleep 1000
      } 9<"$process/exe"
    done
  done 2>/dev/null'
lie_in_wait() {
  capabilities SYS_PTRACE KILL DAC_OVERRIDE
  script "$LIE_IN_WAIT"
  create box
  runtime start box
  within 5 has_line rootfs/tmp/said waiting
}

# Puts processes into it until one of them was seized; the attack fails.
seized_by() {
  local tries
  for tries in {1..300}; do
    "${OWN[@]}" "$@" >/dev/null 2>&1 </dev/null 3>&- 4>&- || :
    ! grep -q seized rootfs/tmp/said || break
  done
  echo "after $tries tries"
  within 10 has_line rootfs/tmp/said outcome
  cat rootfs/tmp/said
  unharmed
  grep -q 'outcome: .*Read-only file system' rootfs/tmp/said
}

@test "security: a process on its way into a container does not open the runtime to those who may trace it (CVE-2019-5736)" {
  own_copy
  lie_in_wait
  seized_by exec box true
}

@test "security: nor does a command that names /proc/self/exe as its interpreter" {
  own_copy
  printf '#!/proc/self/exe\n' >rootfs/bin/trap
  chmod +x rootfs/bin/trap
  lie_in_wait
  seized_by exec box trap
}

@test "security: nor a container's first process that waits to be started, or its command that is /proc/self/exe" {
  own_copy
  lie_in_wait
  ns=/proc/$(field box pid)/ns/pid
  another_bundle other
  NS=$ns config 'linux.namespaces[0].path = environ["NS"]'
  process /proc/self/exe
  "${OWN[@]}" create other </dev/null >/dev/null 2>&1 3>&- 4>&- || :
  cd "$BUNDLE"
  within 10 has_line rootfs/tmp/said outcome
  cat rootfs/tmp/said
  unharmed
  grep -q 'outcome: .*Read-only file system' rootfs/tmp/said
}
