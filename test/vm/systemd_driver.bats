# caisson-oci's containers in scopes that systemd makes, the system's and a user's. runc, which is there, says what is right.
load ../system/helper
load helper

OCI=$BUILD/bin/caisson-oci

setup() {
  caisson_setup
  bundle "$T/bundle"
}

teardown() {
  local id
  for id in $(oci list -q); do oci delete --force "$id"; done
  caisson_teardown
}

oci() { "$OCI" --root "$T/oci" "$@"; }
scoped() { oci --systemd-cgroup "$@"; }
by_runc() { runc --root "$T/runc" --systemd-cgroup "$@"; }

# bundle DIRECTORY [PYTHON…]: a container that sleeps; each line of Python changes its configuration `c`.
bundle() {
  local directory=$1
  shift
  mkdir -p "$directory"
  [ -e "$directory/rootfs" ] || cp -a "$(rootfs)" "$directory/rootfs"
  [ -e "$directory/config.json" ] || "$OCI" spec -b "$directory"
  change "$directory" 'c["process"].update(args=["sleep", "1000"], terminal=False)' "$@"
}
change() {
  python3 - "$@" <<'EOF'
import json, sys
path = sys.argv[1] + "/config.json"
c = json.load(open(path))
r = c["linux"].setdefault("resources", {})
for line in sys.argv[2:]:
    exec(line)
json.dump(c, open(path, "w"))
EOF
}

# show UNIT: what systemd says of a scope, all that a runtime decides.
SHOWN=Slice,Delegate,DefaultDependencies,MemoryMax,MemoryLow,MemorySwapMax,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec
SHOWN=$SHOWN,AllowedCPUs,AllowedMemoryNodes,TasksMax,DevicePolicy,MemoryAccounting,CPUAccounting,IOAccounting,TasksAccounting
show() { systemctl show "$1" -p "$SHOWN" | sort; }

pid_of() { oci state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'; }
state_of() { oci state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])'; }
is_gone() { [ "$(systemctl show "$1" -p LoadState --value)" = not-found ]; }

@test "systemd driver: a container is created, started and removed in a scope of its own" {
  scoped create -b "$T/bundle" web <&- >/dev/null
  [ "$(systemctl show caisson-web.scope -p ActiveState --value)" = active ]
  [ "$(systemctl show caisson-web.scope -p Description --value)" = "container web" ]
  [ "$(grep ^0:: "/proc/$(pid_of web)/cgroup")" = 0::/system.slice/caisson-web.scope ]
  oci start web
  [ "$(state_of web)" = running ]
  [ "$(oci exec web cat /proc/self/cgroup)" = 0::/ ]
  [ "$(oci ps -f json web | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" = 1 ]
  oci kill web KILL
  within 10 sh -c "[ \"\$($OCI --root $T/oci state web | grep -c stopped)\" = 1 ]"
  oci delete web
  is_gone caisson-web.scope
  [ ! -e /sys/fs/cgroup/system.slice/caisson-web.scope ]
}

@test "systemd driver: a scope has the properties that runc gives it" {
  change "$T/bundle" 'r["memory"] = {"limit": 104857600, "reservation": 52428800, "swap": 157286400}' \
    'r["cpu"] = {"shares": 512, "quota": 33333, "period": 50000, "cpus": "0-1", "mems": "0"}' \
    'r["pids"] = {"limit": 77}' 'c["linux"]["cgroupsPath"] = "caisson-test.slice:ours:box"'
  scoped run -d -b "$T/bundle" box <&- >/dev/null
  show ours-box.scope >"$T/ours"
  # Not compared: since 1.3 runc takes 1024 shares for the weight 100, the one that is here does not yet.
  [ "$(systemctl show ours-box.scope -p CPUWeight --value)" = 59 ]
  [ "$(cat /sys/fs/cgroup/caisson.slice/caisson-test.slice/ours-box.scope/cpu.max)" = "33500 50000" ]
  [ "$(cat /sys/fs/cgroup/caisson.slice/caisson-test.slice/ours-box.scope/memory.max)" = 104857600 ]
  oci delete --force box
  is_gone ours-box.scope
  change "$T/bundle" 'c["linux"]["cgroupsPath"] = "caisson-test.slice:runcs:box"'
  by_runc run -d -b "$T/bundle" box <&- >/dev/null
  show runcs-box.scope >"$T/runcs"
  by_runc delete --force box
  systemctl stop caisson.slice caisson-test.slice
  grep -q '^TasksMax=77$' "$T/runcs"
  diff "$T/runcs" "$T/ours"
}

# update_both OPTION…: of a container of each, in scopes that have begun alike; what systemd and the kernel say is alike again.
update_both() {
  local unit by
  change "$T/bundle" 'r["memory"] = {"limit": 104857600}' 'r["pids"] = {"limit": 77}' 'c["linux"]["cgroupsPath"] = ":ours:box"'
  scoped run -d -b "$T/bundle" box <&- >/dev/null
  change "$T/bundle" 'c["linux"]["cgroupsPath"] = ":runcs:box"'
  by_runc run -d -b "$T/bundle" box <&- >/dev/null
  oci update "$@" box
  by_runc update "$@" box
  for by in ours runcs; do
    unit=$by-box.scope
    show $unit >"$T/$by"
    (cd "/sys/fs/cgroup/system.slice/$unit" && head memory.max memory.low memory.swap.max cpu.max pids.max cpuset.cpus) >>"$T/$by"
  done
  by_runc delete --force box
  diff "$T/runcs" "$T/ours"
}

@test "systemd driver: update changes a scope's properties as runc does, and they stay" {
  update_both --memory 52428800 --memory-reservation 20971520 --memory-swap 94371840 --cpu-quota 20000 --cpu-period 100000 \
    --pids-limit 33 --cpuset-cpus 0
  grep -qx MemoryMax=52428800 "$T/ours"
  grep -qx CPUQuotaPerSecUSec=200ms "$T/ours"
  grep -qx TasksMax=33 "$T/ours"
  local files=/sys/fs/cgroup/system.slice/ours-box.scope
  oci update --cpu-share 512 box
  [ "$(systemctl show ours-box.scope -p CPUWeight --value)" = 59 ]
  systemctl daemon-reload
  [ "$(cat $files/cpu.weight $files/cpu.max $files/memory.max $files/pids.max)" = "59
20000 100000
52428800
33" ]
}

@test "systemd driver: devices stay as they are when systemd is reloaded" {
  change "$T/bundle" 'r["devices"] = [{"allow": False, "access": "rwm"}]' 'c["process"]["user"] = {"uid": 0, "gid": 0}' \
    '[s.append("CAP_MKNOD") for s in c["process"]["capabilities"].values()]' 'c["root"]["readonly"] = False'
  scoped run -d -b "$T/bundle" dev <&- >/dev/null
  [ "$(systemctl show caisson-dev.scope -p DevicePolicy --value)" = strict ]
  local disk
  disk="b $(stat -c '%Hr %Lr' /dev/vda)"
  for _ in before after; do
    oci exec dev sh -c 'echo x >/dev/null'
    run ! oci exec dev sh -c "rm -f /tmp/disk; mkdir -p /tmp; mknod /tmp/disk $disk && head -c 1 /tmp/disk"
    [[ "$output" = *"Operation not permitted"* ]]
    systemctl daemon-reload
  done
}

@test "systemd driver: annotations are properties" {
  change "$T/bundle" 'c["annotations"] = {"org.systemd.property.TimeoutStopSec": "7"}' \
    'c["annotations"]["org.systemd.property.CollectMode"] = "\x27inactive-or-failed\x27"'
  scoped run -d -b "$T/bundle" noted <&- >/dev/null
  [ "$(systemctl show caisson-noted.scope -p TimeoutStopUSec --value)" = 7s ]
  [ "$(systemctl show caisson-noted.scope -p CollectMode --value)" = inactive-or-failed ]
}

@test "systemd driver: what cannot be is refused in one line, and leaves nothing" {
  change "$T/bundle" 'c["linux"]["cgroupsPath"] = "/a/path"'
  run -1 scoped run -b "$T/bundle" box
  [[ "${lines[0]}" = *"linux.cgroupsPath: systemd's cgroups are named "*slice:prefix:name* ]]
  change "$T/bundle" 'c["linux"]["cgroupsPath"] = ""' \
    'c.setdefault("annotations", {})["org.systemd.property.NoSuchThing"] = "1"'
  run -1 scoped run -b "$T/bundle" box
  [[ "${lines[0]}" = *"have systemd start caisson-box.scope: StartTransientUnit: "*NoSuchThing* ]]
  change "$T/bundle" 'c["annotations"] = {}' 'c["process"]["args"] = ["/nowhere"]'
  run -1 scoped run -b "$T/bundle" box
  [[ "$output" = *"/nowhere"*"o such file"* ]]
  is_gone caisson-box.scope
  [ -z "$(oci list -q)" ]
}

@test "systemd driver: a unit that is there already is another's, and stays" {
  systemd-run --quiet --scope --unit caisson-taken sleep 1000 3>&- &
  within 10 systemctl is-active caisson-taken.scope
  run -1 scoped run -b "$T/bundle" taken
  [[ "$output" = *"caisson-taken.scope was already loaded"* ]]
  [[ "$output" = *"systemctl status caisson-taken.scope"* ]]
  systemctl is-active caisson-taken.scope
  [ -z "$(oci list -q)" ]
  systemctl stop caisson-taken.scope
  wait || true
}

@test "systemd driver: the host's cgroup namespace, and a user namespace" {
  change "$T/bundle" 'c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "cgroup"]'
  [ "$(change "$T/bundle" 'c["process"]["args"] = ["cat", "/proc/self/cgroup"]' && scoped run -b "$T/bundle" shared)" = \
    0::/system.slice/caisson-shared.scope ]
  chown -R 100000:100000 "$T/bundle/rootfs"
  chmod 755 "$T" "$T/bundle" "$STATE"
  change "$T/bundle" 'c["linux"]["namespaces"] += [{"type": "user"}, {"type": "cgroup"}]' \
    'c["linux"].update({k: [{"containerID": 0, "hostID": 100000, "size": 65536}] for k in ("uidMappings", "gidMappings")})'
  [ "$(scoped run -b "$T/bundle" mapped)" = 0::/ ]
}

@test "systemd driver: a unit that failed is forgotten with its container" {
  change "$T/bundle" 'r["memory"] = {"limit": 16777216, "swap": 16777216}' 'c["process"]["args"] = ["tail", "/dev/zero"]'
  run scoped run -b "$T/bundle" eater
  [ "$status" -eq 137 ]
  is_gone caisson-eater.scope
}

# --- a user who has logged in ----------------------------------------------------------------------------------------

# user_bundle: one that the account `user` may use, at /tmp/bundle.$BATS_TEST_NUMBER.
user_bundle() {
  U=/tmp/bundle.$BATS_TEST_NUMBER
  rm -rf "$U"
  cp -a "$T/bundle" "$U"
  rm "$U/config.json"
  chown -R user: "$U"
  as_user "$OCI" spec --rootless -b "$U"
  change "$U" 'c["process"].update(args=["sleep", "1000"], terminal=False)' "$@"
  chown user: "$U/config.json"
}

@test "systemd driver: a user's containers are in scopes of the user's systemd" {
  user_bundle 'r["memory"] = {"limit": 33554432}'
  as_user "$OCI" --systemd-cgroup run -d -b "$U" own </dev/null >/dev/null
  local unit
  unit=$(as_user systemctl --user show caisson-own.scope -p ControlGroup,MemoryMax,ActiveState)
  [[ "$unit" = *"/user@$(id -u user).service/user.slice/caisson-own.scope"* ]]
  [[ "$unit" = *MemoryMax=33554432* ]]
  [[ "$unit" = *ActiveState=active* ]]
  [[ "$(as_user "$OCI" exec own cat /proc/self/cgroup)" = */ ]]
  [ "$(wc -l <"/sys/fs/cgroup$(sed -n 's/^ControlGroup=//p' <<<"$unit")/cgroup.procs")" = 1 ]
  as_user "$OCI" delete --force own
  [ "$(as_user systemctl --user show caisson-own.scope -p LoadState --value)" = not-found ]
  rm -rf "$U"
}

@test "systemd driver: a user's container is held to its limits, updated, paused, and its scope gone with its end" {
  user_bundle 'r.update({"memory": {"limit": 33554432}, "pids": {"limit": 20}, "cpu": {"quota": 50000, "period": 100000}})'
  as_user "$OCI" --systemd-cgroup create -b "$U" own </dev/null >/dev/null
  as_user "$OCI" start own
  local unit files
  unit() { as_user systemctl --user show caisson-own.scope -p "$1" --value; }
  files=/sys/fs/cgroup$(unit ControlGroup)
  [ "$(cat "$files/memory.max" "$files/pids.max" "$files/cpu.max")" = "33554432
20
50000 100000" ]
  [ "$(unit TasksMax) $(unit CPUQuotaPerSecUSec)" = "20 500ms" ]
  as_user "$OCI" update --memory 67108864 --pids-limit 30 --cpu-quota 25000 own
  [ "$(unit MemoryMax) $(unit TasksMax) $(unit CPUQuotaPerSecUSec)" = "67108864 30 250ms" ]
  [ "$(cat "$files/memory.max" "$files/pids.max" "$files/cpu.max")" = "67108864
30
25000 100000" ]
  as_user "$OCI" pause own
  [ "$(cat "$files/cgroup.freeze")" = 1 ]
  as_user "$OCI" resume own
  [[ "$(as_user "$OCI" events --stats own)" = *'"limit":67108864'* ]]
  as_user "$OCI" kill own KILL
  within 10 sh -c "! [ -e $files/cgroup.procs ] || ! [ -s $files/cgroup.procs ]"
  as_user "$OCI" delete own
  [ "$(unit LoadState)" = not-found ]
  [ ! -e "$files" ]
  rm -rf "$U"
}

@test "systemd driver: without a session it is said what is missing" {
  user_bundle
  run -1 as_user env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR=/nowhere "$OCI" --root /tmp/none --systemd-cgroup run -b "$U" own
  [[ "${lines[0]}" = *"--systemd-cgroup: the systemd of user $(id -u user) cannot be talked to"* ]]
  [[ "$output" = *"there is no /nowhere"* ]]
  rm -rf "$U"
}
