# The filter of system calls: podman's default, one of the user's own, none.
load helper

setup() {
  caisson_setup
  cd "$T"
  # Everything but making directories; being told who one is gives a number that no kernel gives.
  cat >own.json <<'END'
{
  "defaultAction": "SCMP_ACT_ALLOW",
  "syscalls": [
    {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95},
    {"names": ["chroot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95, "excludes": {"caps": ["CAP_SYS_ADMIN"]}}
  ]
}
END
}

@test "a container is under a filter, and so is what is executed in it" {
  run -0 box grep ^Seccomp: /proc/self/status
  [ "$output" = "Seccomp:	2" ]
  caisson run -d --name filtered builtin:busybox sleep 100
  run -0 caisson exec filtered grep ^Seccomp: /proc/self/status
  [ "$output" = "Seccomp:	2" ]
  run -0 caisson exec --privileged filtered grep ^Seccomp: /proc/self/status
  [ "$output" = "Seccomp:	2" ]
  caisson rm -f filtered
}

@test "the default profile refuses what its capabilities do not stand for, and permits it with them" {
  run -1 box --cap-drop=SYS_CHROOT chroot / true
  [[ "$output" == *"Operation not permitted" ]]
  run -0 box chroot / true
  # Refused by the filter, not for want of the capability: root of a user namespace of its own has them all.
  run -1 box --cap-drop=SYS_CHROOT unshare -Ur chroot / true
  [[ "$output" == *"chroot"*"Operation not permitted" ]]
  run -0 box --cap-drop=SYS_CHROOT --security-opt=seccomp=unconfined unshare -Ur chroot / true
}

@test "the profile is the same for a user that is not root" {
  run -0 box -u1000 grep ^Seccomp: /proc/self/status
  [ "$output" = "Seccomp:	2" ]
}

@test "no filter with seccomp=unconfined and with --privileged; privileged with a file has that one" {
  run -0 box --security-opt=seccomp=unconfined grep ^Seccomp: /proc/self/status
  [ "$output" = "Seccomp:	0" ]
  run -0 --separate-stderr box --privileged grep ^Seccomp: /proc/self/status
  [ "$output" = "Seccomp:	0" ]
  run -1 --separate-stderr box --privileged --security-opt=seccomp=own.json mkdir /x
  [[ "$stderr" == *"not supported"* ]]
}

@test "a profile of one's own, by a relative name too" {
  run -1 box --security-opt=seccomp=own.json mkdir /x
  [[ "$output" == *"not supported"* ]]
  run -1 box "--security-opt=seccomp=$PWD/own.json" mkdir /x
  [[ "$output" == *"not supported"* ]]
  run -1 box --security-opt=seccomp=own.json chroot / true
  [[ "$output" == *"not supported"* ]]
  run -0 box --security-opt=seccomp=own.json --cap-add=SYS_ADMIN chroot / true
}

@test "it holds for what is executed in the container later" {
  caisson run -d --name filtered --security-opt=seccomp=own.json builtin:busybox sleep 100
  run -1 caisson exec filtered mkdir /x
  [[ "$output" == *"not supported"* ]]
  caisson rm -f filtered
}

@test "docker's profile keeps a container from new user namespaces, clone included" {
  profile=$BATS_TEST_DIRNAME/../unit/data/seccomp/docker.json
  run -1 box "--security-opt=seccomp=$profile" unshare -U true
  [[ "$output" == *"Operation not permitted" ]]
  run -0 box "--security-opt=seccomp=$profile" --cap-add=SYS_ADMIN unshare -U true
  run -1 box "--security-opt=seccomp=$profile" mount -t tmpfs x /mnt
  [[ "$output" == *"ermission denied"* || "$output" == *"not permitted"* ]]
}

@test "with no-new-privileges the filter comes last, and may permit next to nothing" {
  cat >least.json <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["capset", "setgroups", "setresgid"], "action": "SCMP_ACT_KILL_PROCESS"}]}
END
  run -0 box --security-opt=no-new-privileges --security-opt=seccomp=least.json echo fine
  [ "$output" = fine ]
  run -125 box --security-opt=seccomp=least.json echo fine
  [[ "${lines[0]}" == *"killed by signal 31 (SIGSYS)"* ]]
  [[ "${lines[1]}" == "hint: the filter of system calls forbids what comes between its loading and the program"* ]]
}

@test "a profile that is none is refused with the place of the mistake, and nothing is left" {
  echo '{"defaultAction": "SCMP_ACT_ALLOW",' >broken.json
  run -125 box --security-opt=seccomp=broken.json true
  [[ "${lines[0]}" == "caisson: error: run: --security-opt seccomp=broken.json: not JSON: line 2, column 1: "* ]]
  echo '{"defaultAction": "SCMP_ACT_ALOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "=="}]}]}' >wrong.json
  run -125 box --security-opt=seccomp=wrong.json true
  [ "${lines[0]}" = "caisson: error: run: --security-opt seccomp=wrong.json: /defaultAction: unknown action 'SCMP_ACT_ALOW'" ]
  [ "${lines[1]}" = "hint: also: /syscalls/0/args/0/op: unknown operator '=='" ]
  run -125 box --security-opt=seccomp=missing.json true
  [[ "${lines[0]}" == *"seccomp=missing.json: "*"No such file or directory" ]]
  run -0 caisson ps -aq
  [ -z "$output" ]
}

@test "calls that no kernel has are left out, and reported with --strict" {
  sed 's/"mkdir", /"mkdir", "mkdir_as_root", /' own.json >newer.json
  run -0 box --security-opt=seccomp=newer.json echo fine
  [ "$output" = fine ]
  run -125 caisson --strict run --rm --security-opt=seccomp=newer.json builtin:busybox echo fine
  [ "${lines[0]}" = "caisson: error: run: --security-opt seccomp=newer.json: /syscalls/0/names/1: unknown system call 'mkdir_as_root' is left out" ]
}

@test "an agent that nobody has started is an error" {
  cat >notify.json <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/no-such-agent", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}
END
  run -125 box --security-opt=seccomp=notify.json true
  [[ "${lines[0]}" == *'connect("/run/no-such-agent"): No such file or directory' ]]
  [[ "${lines[1]}" == "hint: nobody listens at /run/no-such-agent"* ]]
}

@test "an agent is told of calls and answers them" {
  cat >notify.json <<END
{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "$PWD/agent", "listenerMetadata": "of mine",
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}
END
  python3 "$BATS_TEST_DIRNAME/../notify_agent.py" agent >state.json 3>&- &
  agent=$!
  until [ -S agent ]; do sleep 0.05; done
  run -1 box --security-opt=seccomp=notify.json mkdir /x
  [[ "$output" == *"not supported"* ]]
  wait $agent
  run -0 python3 -c 'import json; s = json.load(open("state.json")); print(s["fds"], s["metadata"], s["pid"] == s["state"]["pid"], s["state"]["status"])'
  [ "$output" = "['seccompFd'] of mine True creating" ]
}

@test "the filter is kept in the container's configuration" {
  caisson run -d --name filtered builtin:busybox sleep 100
  config=$(ls "$T"/root/containers/*/config.json)
  run -0 python3 -c 'import json, sys; s = json.load(open(sys.argv[1]))["linux"]["seccomp"]; print(s["defaultAction"], s["architectures"][0][:10], len(s["syscalls"]) > 20)' "$config"
  [ "$output" = "SCMP_ACT_ERRNO SCMP_ARCH_ True" ]
  caisson rm -f filtered
}
