# What is explained is what is done.
load helper

# What a process in a container finds: printed by the real one and by the one that the script makes.
FOUND='echo "ids $(id -u) $(id -g)"
  grep -E "^(Cap|NoNewPrivs|Groups)" /proc/self/status
  for name in cgroup ipc mnt net pid uts; do [ "$(readlink /proc/self/ns/$name)" = "$(eval echo \$host_$name)" ] && echo "$name host" || echo "$name own"; done
  ulimit -n; ulimit -u; umask; hostname; pwd; cat /etc/hosts
  cut -d " " -f 4- /proc/self/mountinfo | sed -E "s/ (shared|master):[0-9]+//g; s/[0-9a-f]{64}/ID/g; s/[0-9]+:[0-9]+ //" | sort
  ls -l /dev | awk "{ print \$1, \$5, \$6, \$NF }" | sort
  cd /sys/fs/cgroup; if [ -d pids ]; then cat memory/memory.limit_in_bytes pids/pids.max; else cat memory.max pids.max; fi'

host_namespaces() {
  local name
  for name in cgroup ipc mnt net pid uts; do echo "--env=host_$name=$(readlink /proc/self/ns/$name)"; done
}

# Compares the real container with the script's: same_container [OPTION…]
same_container() {
  local namespaces
  mapfile -t namespaces < <(host_namespaces)
  box --hostname=same --name=same "${namespaces[@]}" "$@" sh -c "$FOUND" >"$T/real"
  caisson explain --format shell run --rm --hostname=same --name=same "${namespaces[@]}" "$@" builtin:busybox sh -c "$FOUND" >"$T/script"
  sh "$T/script" >"$T/scripted" </dev/null
  diff "$T/real" "$T/scripted"
  [ "$(wc -l <"$T/real")" -gt 40 ]
}

@test "explain: the shell script makes the same container" {
  box true  # unpacked
  same_container
}

@test "explain: the same with limits, capabilities, a user, mounts and a read-only root" {
  box true
  mkdir "$T/data"
  same_container -m64m --pids-limit=100 --cap-drop=ALL --cap-add=CHOWN -w/tmp --umask=027 --ulimit=nofile=100:200 \
    -v"$T/data:/data:ro" --tmpfs=/scratch:size=1m --read-only --security-opt=no-new-privileges
  same_container -u1000:1000 --cap-add=NET_BIND_SERVICE
}

@test "explain: nothing is done" {
  mkdir "$T/plain"
  run -0 caisson explain run -m 10m "$T/plain" true
  [ -z "$(ls -A "$T/plain")" ]
  nothing_kept
}

@test "explain: each step says what it does and for which option" {
  run -0 caisson explain run -m 10m -v /etc:/host:ro builtin:busybox sh
  [[ "$output" == *"-m 10m"*"/memory."* ]]
  [[ "$output" == *"-v /etc:/host:ro"*"/host"* ]]
  [[ "$output" == *"why: "* ]]
}

@test "explain: as JSON, with every step of every lane" {
  caisson explain --format json run builtin:busybox sh >"$T/plan.json"
  run -0 python3 - "$T/plan.json" <<'PYTHON'
import json, sys
plan = json.load(open(sys.argv[1]))
kinds = [step["kind"] for lane in plan["lanes"] for step in lane["steps"]]
assert kinds[-1] == "Exec" and "Spawn" in kinds and "Pivot" in kinds, kinds
assert all(step["words"] for lane in plan["lanes"] for step in lane["steps"])
PYTHON
}

@test "timings: every part of the command and every step of the plan has its cost" {
  local planned
  planned=$(caisson explain run --name same builtin:busybox true | grep -cE '^ *[PC][0-9]+ ')
  run -0 caisson run --rm --timings --name same builtin:busybox true
  # All but the last: what executing the program takes is the program's.
  [ "$(grep -cE 'µs  [PC][0-9]+ ' <<<"$output")" -eq $((planned - 1)) ]
  [[ "$output" == *"in all, parent"* ]]
  local part sum
  for part in "read the options" "make the plan" "the steps below" "the program, until it has ended" "remove it"; do
    grep -qE "^ *[0-9.]+ µs  .*$part\$" <<<"$output"
  done
  sum=$(sed '/^$/Q' <<<"$output" | awk '/µs  in all$/ {all = $1; next} {sum += $1} END {printf "%d", all - sum}')
  [ "${sum#-}" -le 1 ]
}
