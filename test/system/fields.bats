# What a configuration asks for a process, as the OCI runtime does it: for the container's first process and for further ones.
load helper

OCI=$BUILD/bin/caisson-oci
ID=fields-$$

setup() {
  caisson_setup
  [ -x "$OCI" ] || skip "$OCI is not built"
  mkdir "$T/bundle" "$T/oci"
  rootfs bundle/rootfs >"$T/where"
  (cd "$T/bundle" && "$OCI" spec)
}

teardown() {
  "$OCI" --root "$T/oci" delete --force "$ID" 2>/dev/null || :
  caisson_teardown
}

oci() { "$OCI" --root "$T/oci" "$@"; }

# Changes the configuration by Python statements about `c`; its program is the shell script SCRIPT: config SCRIPT STATEMENTS.
config() {
  python3 - "$T/bundle/config.json" "/caisson-$ID" "$@" <<'PYTHON'
import json, sys
path, cgroup, script, statements = sys.argv[1:]
c = json.load(open(path))
c["process"].update(terminal=False, args=["/bin/sh", "-c", script], env=["PATH=/bin:/usr/bin"])
c["process"].pop("rlimits", None)
c["linux"]["cgroupsPath"] = cgroup
exec(statements)
json.dump(c, open(path, "w"))
PYTHON
}

run_container() { run --separate-stderr oci run --bundle "$T/bundle" "$ID" </dev/null; }

# What both processes of the test below are asked for.
WANTED='
c["process"].update(scheduler={"policy": "SCHED_BATCH", "nice": 5}, ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 3},
                    oomScoreAdj=500, execCPUAffinity={"initial": "0", "final": "0"})
c["linux"].update(personality={"domain": "LINUX32"}, memoryPolicy={"mode": "MPOL_INTERLEAVE", "nodes": "0"},
                  timeOffsets={"boottime": {"secs": 5000000}}, maskedPaths=[])
c["linux"]["namespaces"].append({"type": "time"})
'
SEEN='set -- $(cat /proc/self/stat); echo nice ${19} policy ${41} $(ionice -p $$); uname -m; cat /proc/self/oom_score_adj;
  [ $(cut -d. -f1 /proc/uptime) -ge 5000000 ] && echo later; grep -q interleave:0 /proc/self/numa_maps && echo interleaved;
  grep -o '"_ses.$ID"' /proc/keys | sort -u; echo $HOME'
EXPECTED="nice 5 policy 3 best-effort: prio 3
i686
500
later
interleaved
_ses.$ID
/root"

@test "fields: schedulers, priorities, personality, memory policy, clocks, keyring and HOME, in run and exec" {
  config "$SEEN" "$WANTED"
  run_container
  [ "$status" -eq 0 ]
  diff <(echo "$output") <(echo "$EXPECTED")
  config "exec sleep 100" ""
  oci run --detach --bundle "$T/bundle" "$ID" </dev/null >/dev/null 2>&1
  run --separate-stderr oci exec "$ID" sh -c "$SEEN; grep Cpus_allowed_list /proc/self/status | tr -d '\t'" </dev/null
  [ "$status" -eq 0 ]
  diff <(echo "$output") <(echo "$EXPECTED" && echo Cpus_allowed_list:0)
}

@test "fields: the processors that the caller is bound to do not bind the container" {
  [ "$(nproc)" -gt 1 ] || skip "one processor only"
  local all
  all=$(grep Cpus_allowed_list /proc/self/status)
  config "grep Cpus_allowed_list /proc/self/status; exec sleep 100" ""
  taskset -c 0 "$OCI" --root "$T/oci" run --detach --bundle "$T/bundle" "$ID" </dev/null >"$T/out" 2>&1
  [ "$(taskset -c 0 "$OCI" --root "$T/oci" exec "$ID" grep Cpus_allowed_list /proc/self/status </dev/null)" = "$all" ]
  [ "$(cat "$T/out")" = "$all" ]
}

@test "fields: files are bounded by annotations, in further processes too" {
  config "exec sleep 100" 'c["annotations"] = {"caisson.landlock.execute": "/bin:/usr", "caisson.landlock.read": "/tmp", "caisson.landlock.write": "/tmp:/dev/null"}
c["root"]["readonly"] = False'
  oci run --detach --bundle "$T/bundle" "$ID" </dev/null >/dev/null 2>&1
  local try='for c in "ls /etc" "cat /etc/passwd" "touch /root/a" "touch /tmp/a" "ls /bin"; do $c >/dev/null 2>&1; echo $?; done'
  [ "$(oci exec "$ID" sh -c "$try" </dev/null | tr '\n' ' ')" = "1 1 1 0 0 " ]
  oci delete --force "$ID"
  config "exit 0" 'c["annotations"] = {"caisson.landlock.read": "/no/such"}'
  run_container
  [ "$status" -ne 0 ]
  [[ "$stderr" = *'/no/such'*'no such file or directory'* ]]
  [[ "$stderr" = *'hint: the annotations caisson.landlock'* ]]
}

@test "fields: capabilities that cannot be granted are left out with a warning" {
  config "grep CapBnd /proc/self/status" 'c["process"]["capabilities"]["bounding"] += ["CAP_SYS_TIME", "CAP_FLY"]'
  run --separate-stderr setpriv --bounding-set=-sys_time --inh-caps=-sys_time "$OCI" --root "$T/oci" run \
    --bundle "$T/bundle" "$ID" </dev/null
  [ "$status" -eq 0 ]
  [[ "$output" = *20000420 ]]
  [[ "$stderr" = *"CAP_SYS_TIME: left out"* && "$stderr" = *"unknown capability 'CAP_FLY'"* ]]
}

@test "fields: labels that the host does not know are named in the words that callers look for" {
  [ ! -e /sys/module/apparmor ] && [ ! -e /sys/fs/selinux/enforce ] || skip "this host has one of them"
  config "exit 0" 'c["process"]["apparmorProfile"] = "mine"'
  run_container
  [ "$status" -ne 0 ]
  [[ "$stderr" = *'`/proc/thread-self/attr/exec`'* && "$stderr" = *"AppArmor is not enabled"* ]]
  config "exit 0" 'c["process"].update(apparmorProfile="unconfined", selinuxLabel="a:b:c")'
  run_container
  [ "$status" -ne 0 ]
  [[ "$stderr" = *"process.selinuxLabel: SELinux is not enabled on this host"* ]]
  config "exit 0" 'c["process"].pop("selinuxLabel")'
  run_container
  [ "$status" -eq 0 ]
}

@test "fields: supplementary groups of the caller are kept where an annotation asks for it" {
  config "id -G" 'c["process"]["user"]["additionalGids"] = [7]
c["annotations"] = {"run.oci.keep_original_groups": "1"}'
  run --separate-stderr setpriv --groups 4321,5 "$OCI" --root "$T/oci" run --bundle "$T/bundle" "$ID" </dev/null
  [ "$output" = "0 5 4321" ]
  config "id -G" 'c["annotations"] = {}'
  run --separate-stderr setpriv --groups 4321,5 "$OCI" --root "$T/oci" run --bundle "$T/bundle" "$ID" </dev/null
  [ "$output" = "0 7" ]
}

@test "fields: all that is wrong with them is said at once" {
  config "exit 0" '
c["process"].update(scheduler={"policy": "SCHED_FIFI"}, ioPriority={"class": "x", "priority": 9}, execCPUAffinity={"final": "a"})
c["linux"].update(personality={"domain": "BSD"}, memoryPolicy={"mode": "MPOL_BIND"}, timeOffsets={"monotonic": {"secs": 1}})'
  run_container
  [ "$status" -ne 0 ]
  local pointer
  for pointer in scheduler/policy ioPriority/class ioPriority/priority execCPUAffinity/final; do
    [[ "$stderr" = *"/process/$pointer: "* ]]
  done
  for pointer in personality/domain memoryPolicy/nodes timeOffsets; do [[ "$stderr" = *"/linux/$pointer: "* ]]; done
}
