# The six hooks: when they run, where, what they are told, and what their failure means.
load helper

KINDS=(prestart createRuntime createContainer startContainer poststart poststop)

# Where a hook of a kind writes what stands in the rootfs's /tmp: startContainer's run in the container, the others see the host's paths.
tmp_of() { if [ "$1" = startContainer ]; then echo /tmp; else echo "$BUNDLE/rootfs/tmp"; fi; }

# Where it finds itself in /proc: at createContainer, the one that it sees there is the host's, and it is not in it.
proc_of() { if [ "$1" = createContainer ]; then echo "$BUNDLE/rootfs/proc"; else echo /proc; fi; }

# Adds a hook: hook KIND SCRIPT [MEMBERS]
hook() {
  SCRIPT=$2 config "hooks.setdefault('$1', []).append({'path': '/bin/sh', 'args': ['sh', '-c', environ['SCRIPT']], ${3:-}})"
}

no_hooks() { config 'del hooks'; }

# Adds one that writes its kind, and another word, to a log.
logging() { hook "$1" "echo $1${2:+ $2} >>$(tmp_of "$1")/log"; }
log() { cat rootfs/tmp/log; }

# --- when ------------------------------------------------------------------------------------------------------------

@test "hooks: prestart, createRuntime, createContainer at create, startContainer at start, poststop at delete, in the order of the config" {
  for kind in prestart createRuntime createContainer startContainer poststop; do
    logging $kind first
    logging $kind second
  done
  script 'echo process >>/tmp/log'
  create box
  created=$'prestart first\nprestart second\ncreateRuntime first\ncreateRuntime second\ncreateContainer first\ncreateContainer second'
  [ "$(log)" = "$created" ]
  runtime start box
  within 5 is box stopped
  started=$'startContainer first\nstartContainer second\nprocess'
  [ "$(log)" = "$created"$'\n'"$started" ]
  runtime delete box
  [ "$(log)" = "$created"$'\n'"$started"$'\npoststop first\npoststop second' ]
}

@test "hooks: poststart when the process has been started, before start returns" {
  not_on_runc "poststart hooks run at create"
  logging poststart
  logging startContainer
  script 'echo process >>/tmp/log; exec sleep 1000'
  create box
  [ ! -e rootfs/tmp/log ]
  runtime start box
  log | grep -qx poststart
  [ "$(log | head -n 1)" = startContainer ]
}

@test "hooks: createRuntime is run in the bundle, createContainer in the root filesystem, startContainer at its top" {
  for kind in createRuntime createContainer startContainer; do hook $kind "pwd >>$(tmp_of $kind)/log"; done
  process true
  run -0 runtime run box </dev/null
  [ "$(log)" = "$BUNDLE"$'\n'"$BUNDLE/rootfs"$'\n/' ]
}

@test "hooks: startContainer is under the filter of system calls, whether new privileges are given up or not" {
  for given_up in True False; do
    config 'hooks = {}'
    hook startContainer 'mkdir /tmp/made'
    config "process.noNewPrivileges = $given_up" \
      'linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL"}]}'
    process true
    run -1 runtime run box </dev/null
    said_hook startContainer 0
    said "bad system call"
    [ ! -e rootfs/tmp/made ]
  done
}

@test "hooks: run has them all" {
  for kind in "${KINDS[@]}"; do logging $kind; done
  process true
  run -0 runtime run box </dev/null
  [ "$(log | sort)" = "$(printf '%s\n' "${KINDS[@]}" | sort)" ]
  [ "$(log | tail -n 1)" = poststop ]
}

@test "hooks: none but poststop for a container that is deleted before its start" {
  logging startContainer
  logging poststop
  create box
  runtime delete box
  [ "$(log)" = poststop ]
}

@test "hooks: an executed process has none" {
  sleeper box
  runtime delete --force box
  for kind in createRuntime createContainer startContainer; do logging $kind; done
  sleeper box
  runtime exec box true
  [ "$(log | wc -l)" -eq 3 ]
}

# --- where and how ---------------------------------------------------------------------------------------------------

@test "hooks: prestart, createRuntime and poststop in the runtime's namespaces, createContainer and startContainer in the container's" {
  for kind in prestart createRuntime createContainer startContainer poststop; do
    ns=$(proc_of $kind)/self/ns
    hook $kind "(readlink $ns/mnt; readlink $ns/net) >$(tmp_of $kind)/$kind"
  done
  sleeper box
  runtime exec box sh -c 'readlink /proc/self/ns/mnt; readlink /proc/self/ns/net' >"$T/container"
  readlink /proc/self/ns/mnt /proc/self/ns/net >"$T/host"
  runtime delete --force box
  for kind in prestart createRuntime poststop; do cmp rootfs/tmp/$kind "$T/host"; done
  for kind in createContainer startContainer; do cmp rootfs/tmp/$kind "$T/container"; done
}

@test "hooks: at createRuntime the container's namespaces are there, and its root is not yet its own" {
  hook createRuntime 'pid=$(sed -E "s/.*\"pid\": ?([0-9]+).*/\1/"); ip=$(readlink /proc/$pid/ns/net); [ -n "$ip" ] && [ "$ip" != "$(readlink /proc/self/ns/net)" ] && ls -d /proc/$pid/root'"$BUNDLE >rootfs/tmp/said" "'env': ['PATH=$PATH']"
  create box
  grep -q "$BUNDLE" rootfs/tmp/said
}

@test "hooks: startContainer's program and its arguments are the container's" {
  printf '#!/bin/sh\necho "$0 $*" >/tmp/said\n' >rootfs/bin/only-here
  chmod 755 rootfs/bin/only-here
  config 'hooks.startContainer = [{"path": "/bin/only-here", "args": ["any name", "a", "b c"]}]'
  create box
  runtime start box
  within 5 is box stopped
  [ "$(cat rootfs/tmp/said)" = "/bin/only-here a b c" ]
}

@test "hooks: the environment is what the config says" {
  for kind in createRuntime createContainer startContainer poststop; do
    hook $kind "cat $(proc_of $kind)/\$\$/environ >$(tmp_of $kind)/$kind; :" "'env': ['A=$kind', 'B=', 'C=a b']"
  done
  create box
  runtime start box
  within 5 is box stopped
  runtime delete box
  for kind in createRuntime createContainer startContainer poststop; do
    [ "$(tr '\0' '\n' <rootfs/tmp/$kind)" = $'A='$kind$'\nB=\nC=a b' ]
  done
}

@test "hooks: the container's state is their standard input" {
  config 'annotations = {"org.example.answer": "42"}'
  for kind in "${KINDS[@]}"; do hook $kind "cat >$(tmp_of $kind)/$kind"; done
  sleeper box
  pid=$(field box pid)
  within 5 has_text rootfs/tmp/poststart
  runtime delete --force box
  run -0 "$PYTHON" - "$BUNDLE" "$pid" <<'CODE'
import json, sys
bundle, pid = sys.argv[1], int(sys.argv[2])
for kind, statuses in {"prestart": ["creating", "created"], "createRuntime": ["creating", "created"], "createContainer": ["creating", "created"],
                       "startContainer": ["created"], "poststart": ["running", "created"], "poststop": ["stopped"]}.items():
    state = json.load(open(f"{bundle}/rootfs/tmp/{kind}"))
    assert state["ociVersion"].startswith("1."), (kind, state)
    assert (state["id"], state["bundle"]) == ("box", bundle), (kind, state)
    assert state["status"] in statuses, (kind, state)
    assert state["annotations"] == {"org.example.answer": "42"}, (kind, state)
    if kind in ("prestart", "createRuntime", "poststart"):
        assert state["pid"] == pid, (kind, state)
    if kind == "poststop":
        assert not state.get("pid"), (kind, state)
CODE
}

@test "hooks: one that does not read its input does no harm" {
  config 'annotations = {"large": 100000 * "x"}' 'hooks.createRuntime = [{"path": "/bin/true"}]' 'hooks.poststop = [{"path": "/bin/true"}]'
  run -0 runtime run box </dev/null
}

@test "hooks: they inherit no descriptor but the standard streams" {
  hook createRuntime 'ls -l /proc/$$/fd >rootfs/tmp/descriptors' "'env': ['PATH=$PATH']"
  create box
  awk 'NF > 8 { print $9 }' rootfs/tmp/descriptors | grep -vE '^([012]|[1-9][0-9]+)$' >"$T/more" || true
  [ ! -s "$T/more" ]
}

@test "hooks: the first argument is a name, the path is what runs; without arguments it is the path" {
  printf '#!/bin/sh\necho "$# $*" >>%s/said\n' "$T" >"$T/hook"
  chmod 755 "$T/hook"
  config "hooks.createRuntime = [{'path': '$T/hook', 'args': ['something', 'else']}, {'path': '$T/hook'}]"
  create box
  [ "$(cat "$T/said")" = $'1 else\n0 ' ]
}

# --- failure ---------------------------------------------------------------------------------------------------------

@test "hooks: the failure of one before the start is the failure of create, and leaves nothing; it says which, how, and what the hook said" {
  for kind in prestart createRuntime createContainer; do
    hook $kind 'echo "this went wrong" >&2; exit 3'
    run -1 runtime create box </dev/null
    said_hook $kind 0
    said 'exit status 3'
    said 'this went wrong'
    [ "$(runtime_name)" = runc ] || said $kind # runc 1.1 does not say of what kind it was
    nothing_kept
    host_unchanged
    no_hooks
  done
}

@test "hooks: when one fails, those after it do not run; poststop's do" {
  logging createRuntime
  hook createRuntime 'exit 1'
  logging createRuntime never
  logging createContainer never
  logging poststop
  run -1 runtime create box </dev/null
  said_hook createRuntime 1
  [ "$(log | head -n 1)" = createRuntime ]
  [[ "$(log)" != *never* ]]
  [ "$(runtime_name)" = runc ] || log | grep -qx poststop # runc 1.1 does not run them
}

@test "hooks: a startContainer hook that fails: the process does not run, and the error is to be seen" {
  hook startContainer 'echo "this went wrong" >&2; exit 3'
  script 'echo never >/tmp/ran'
  create box
  runtime start box >"$T/said" 2>&1 || true
  within 5 is box stopped
  [ ! -e rootfs/tmp/ran ]
  output=$(cat "$T/said" "$T/box.out")
  said_hook startContainer 0
  said 'exit status 3'
  cat "$T/said" "$T/box.out" | grep -q 'this went wrong'
}

@test "hooks: a poststart hook that fails takes the container down" {
  hook poststart 'echo "this went wrong" >&2; exit 3'
  logging poststop
  process sleep 1000
  run -1 runtime run --detach box </dev/null
  said_hook poststart 0
  said 'this went wrong'
  [ "$(runtime_name)" = runc ] || log | grep -qx poststop
  within 5 eval '[ -z "$(own_processes)" ]'
  [ "$(runtime_name)" != runc ] || return 0
  create box
  run -1 runtime start box
  gone box
}

@test "hooks: one of poststop that fails is a warning, the others run, the container is gone" {
  logging poststop first
  hook poststop 'echo "this went wrong" >&2; exit 3'
  logging poststop last
  create box
  run -0 runtime delete box
  said 'this went wrong'
  # runc 1.1 ends with the one that failed; the specification: the remaining hooks continue.
  [ "$(log)" = $'poststop first\npoststop last' ] || [ "$(runtime_name) $(log)" = 'runc poststop first' ]
  nothing_kept
}

@test "hooks: one that takes longer than its timeout is killed, and has failed" {
  hook createRuntime "echo \$\$ >$BUNDLE/rootfs/tmp/pid; exec sleep 1000" "'timeout': 1"
  run -1 runtime create box </dev/null
  said timeout
  [ ! -d "/proc/$(cat rootfs/tmp/pid)" ]
  nothing_kept
}

@test "hooks: one that is done within its timeout has not failed" {
  hook createRuntime 'sleep 0.1' "'timeout': 30, 'env': ['PATH=$PATH']"
  run -0 runtime run box </dev/null
}

@test "hooks: one that does not exist, or cannot be executed, has failed" {
  config 'hooks.createRuntime = [{"path": "/no/such/hook"}]'
  run -1 runtime create box </dev/null
  said '/no/such/hook'
  said 'no such file or directory'
  config 'hooks.createRuntime = [{"path": "/etc/passwd"}]'
  run -1 runtime create box </dev/null
  said '/etc/passwd'
  said 'permission denied'
  nothing_kept
}

@test "hooks: one that a signal ends has failed" {
  hook createRuntime 'kill -KILL $$'
  run -1 runtime create box </dev/null
  said killed
  said signal
}
