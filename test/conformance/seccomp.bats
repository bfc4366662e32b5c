# The filter of system calls.
load helper

box() { run -"${1:-0}" --separate-stderr runtime run box </dev/null; }

# A filter that permits everything but that making directories does ACTION, with further members of that rule.
filter() {
  config "linux.seccomp = {'defaultAction': 'SCMP_ACT_ALLOW', 'architectures': ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'], \
    'syscalls': [{'names': ['mkdir', 'mkdirat'], 'action': '$1', ${2:-}}]}"
}

@test "seccomp: a call fails: with EPERM, with the rule's number, with the default's number" {
  process mkdir /tmp/x
  filter SCMP_ACT_ERRNO
  box 1
  [[ "$stderr" == *"Operation not permitted"* ]]
  filter SCMP_ACT_ERRNO "'errnoRet': 95"
  box 1
  [[ "$stderr" == *"not supported"* ]]
  [ ! -e rootfs/tmp/x ]
  config "linux.seccomp = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['rmdir', 'unlink'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 28}]}"
  process rmdir /tmp
  box 1
  [[ "$stderr" == *"No space left"* ]]
}

@test "seccomp: everything but what is named fails, in the default's way" {
  CALLS="read write open openat close stat fstat lstat newfstatat lseek mmap mprotect munmap brk rt_sigaction
    rt_sigprocmask rt_sigreturn ioctl access execve exit exit_group arch_prctl set_tid_address set_robust_list
    rseq prlimit64 getrandom getuid geteuid getgid getegid getpid gettid getppid fcntl dup dup2 dup3 pipe pipe2
    futex sigaltstack readlink readlinkat prctl capget capset setuid setgid setgroups getgroups statfs fstatfs
    getdents64 chdir fchdir getcwd clone clone3 wait4 epoll_ctl epoll_pwait epoll_create1 eventfd2 nanosleep
    clock_nanosleep clock_gettime sched_yield sched_getaffinity tgkill kill madvise seccomp faccessat faccessat2
    close_range uname setresuid setresgid sendmsg recvmsg fchown fchownat umask openat2 poll ppoll select pselect6
    setsid sendto recvfrom getsockopt execveat" config 'linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 95, "syscalls": [{"action": "SCMP_ACT_ALLOW", "names": environ["CALLS"].split()}]}'
  process mkdir /tmp/x
  box 1
  [[ "$stderr" == *"not supported"* ]]
  process pwd
  box
  [ "$output" = / ]
}

@test "seccomp: a call ends the process" {
  process mkdir /tmp/x
  for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD; do
    filter $action
    box 159
  done
  [ ! -e rootfs/tmp/x ]
}

@test "seccomp: a call raises SIGSYS, or is logged and done" {
  process mkdir /tmp/x
  filter SCMP_ACT_TRAP
  box 159
  filter SCMP_ACT_LOG
  box
  [ -d rootfs/tmp/x ]
}

@test "seccomp: by argument" {
  config "linux.seccomp = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['chmod'], 'action': 'SCMP_ACT_ERRNO', 'args': [{'index': 1, 'value': 0o777, 'op': 'SCMP_CMP_EQ'}]}, \
    {'names': ['fchmodat'], 'action': 'SCMP_ACT_ERRNO', 'args': [{'index': 2, 'value': 0o777, 'op': 'SCMP_CMP_EQ'}]}]}"
  script 'chmod 700 /tmp && echo done; chmod 777 /tmp'
  box 1
  [ "$output" = "done" ]
  [[ "$stderr" == *"Operation not permitted"* ]]
}

@test "seccomp: by some bits of an argument" {
  config "linux.seccomp = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['chmod'], 'action': 'SCMP_ACT_ERRNO', 'args': [{'index': 1, 'value': 0o4000, 'valueTwo': 0o4000, 'op': 'SCMP_CMP_MASKED_EQ'}]}, \
    {'names': ['fchmodat'], 'action': 'SCMP_ACT_ERRNO', 'args': [{'index': 2, 'value': 0o4000, 'valueTwo': 0o4000, 'op': 'SCMP_CMP_MASKED_EQ'}]}]}"
  script 'chmod 755 /tmp && echo done; chmod 4755 /tmp'
  box 1
  [ "$output" = "done" ]
}

@test "seccomp: with and without noNewPrivileges, for root and for others; of executed processes too" {
  filter SCMP_ACT_ERRNO
  process grep ^Seccomp: /proc/self/status
  for statement in True False; do
    for user in 0 1000; do
      config "process.noNewPrivileges = $statement" "process.user = {'uid': $user, 'gid': $user}"
      box
      [ "$output" = "Seccomp:	2" ]
    done
  done
  sleeper box
  run -0 runtime exec box grep ^Seccomp: /proc/self/status
  [ "$output" = "Seccomp:	2" ]
  run -1 runtime exec box mkdir /tmp/x
}

@test "seccomp: no filter where the config has none" {
  process grep ^Seccomp: /proc/self/status
  box
  [ "$output" = "Seccomp:	0" ]
}

@test "seccomp: names of calls that nobody knows do not matter" {
  filter SCMP_ACT_ERRNO
  config 'linux.seccomp.syscalls[0].names.insert(0, "no_such_call")'
  process mkdir /tmp/x
  box 1
  [[ "$stderr" == *"Operation not permitted"* ]]
}

@test "seccomp: unknown actions, operators, architectures and flags are refused" {
  filter SCMP_ACT_NOTHING
  run -1 runtime create box </dev/null
  said SCMP_ACT_NOTHING
  filter SCMP_ACT_ERRNO "'args': [{'index': 0, 'value': 0, 'op': 'SCMP_CMP_NOTHING'}]"
  run -1 runtime create box </dev/null
  said SCMP_CMP_NOTHING
  filter SCMP_ACT_ERRNO
  config 'linux.seccomp.architectures.append("SCMP_ARCH_NOTHING")'
  run -1 runtime create box </dev/null
  said SCMP_ARCH_NOTHING
  nothing_kept
}

@test "seccomp: flags" {
  not_on_runc "it has none yet"
  filter SCMP_ACT_ERRNO
  process mkdir /tmp/x
  config 'linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"]'
  box 1
  [[ "$stderr" == *"Operation not permitted"* ]]
  config 'linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NOTHING"]'
  run -1 runtime create box </dev/null
  said SECCOMP_FILTER_FLAG_NOTHING
  nothing_kept
}

# --- asking somebody -------------------------------------------------------------------------------------------------

agent() {
  "$PYTHON" "$HERE/../notify_agent.py" "$T/agent" >"$T/told" 2>&1 3>&- 4>&- &
  agent=$!
  within 5 test -S "$T/agent"
}

@test "seccomp: an agent is told of the container at create, and of the call, which it answers" {
  agent
  filter SCMP_ACT_NOTIFY
  config "linux.seccomp.listenerPath = '$T/agent'" 'linux.seccomp.listenerMetadata = "some words"' 'annotations = {"a": "b"}'
  script 'mkdir /tmp/x 2>&1; exec sleep 1000'
  create box
  within 5 has_text "$T/told"
  [ "$(status box)" = created ]
  pid=$(field box pid)
  run -0 "$PYTHON" - "$T/told" "$pid" "$BUNDLE" <<'CODE'
import json, sys
told = json.load(open(sys.argv[1]))
assert told["ociVersion"].startswith("1."), told
assert told["fds"] == ["seccompFd"], told
assert told["metadata"] == "some words", told
assert told["pid"] == int(sys.argv[2]), told
state = told["state"]
assert (state["id"], state["status"], state["pid"], state["bundle"]) == ("box", "creating", int(sys.argv[2]), sys.argv[3]), state
assert state["annotations"] == {"a": "b"}, state
CODE
  runtime start box
  within 5 has_line "$T/box.out" 'not supported'
  wait $agent
}

@test "seccomp: an executed process has the agent told of itself" {
  agent
  filter SCMP_ACT_NOTIFY
  config "linux.seccomp.listenerPath = '$T/agent'"
  sleeper box
  kill $agent
  rm "$T/agent"
  agent
  run -1 runtime exec box mkdir /tmp/x
  [[ "$output" == *"not supported"* ]]
  grep -q '"status": *"running"' "$T/told"
}

@test "seccomp: nobody to be asked is an error at create, and leaves nothing" {
  filter SCMP_ACT_NOTIFY
  run -1 runtime create box </dev/null
  said listenerPath
  config "linux.seccomp.listenerPath = '$T/nobody'"
  run -1 runtime create box </dev/null
  said "$T/nobody"
  nothing_kept
  host_unchanged
}

@test "seccomp: nobody can be asked about everything, or about the call that hands the listener over" {
  config "linux.seccomp = {'defaultAction': 'SCMP_ACT_NOTIFY', 'listenerPath': '$T/agent'}"
  run -1 runtime create box </dev/null
  said SCMP_ACT_NOTIFY
  local call=sendmsg
  [ "$(runtime_name)" != runc ] || call=write
  config "linux.seccomp = {'defaultAction': 'SCMP_ACT_ALLOW', 'listenerPath': '$T/agent', 'syscalls': [{'names': ['$call'], 'action': 'SCMP_ACT_NOTIFY'}]}"
  run -1 runtime create box </dev/null
  said SCMP_ACT_NOTIFY
  said $call
  nothing_kept
}
