load helper
load cgroup

# One that counts, in its process and in a child's, as long as it runs.
counter() {
  script '(while :; do echo >>/below; sleep 0.01; done) & while :; do echo >>/count; sleep 0.01; done'
  create
  runtime start box
  within 10 test -s rootfs/below
}
lines() { wc -l <"rootfs/$1"; }
grows() {
  local before
  before=$(lines "$1")
  sleep 0.1
  [ "$(lines "$1")" -gt "$before" ]
}

@test "pause: all processes stand still, those in cgroups below too, until resume" {
  counter
  mkdir "$(cgroup freezer)/below"
  pid=$(pgrep -P "$(field box pid)" | head -n1)
  echo "$pid" >"$(cgroup freezer)/below/cgroup.procs"
  runtime pause box
  is box paused
  run ! grows count
  run ! grows below
  runtime resume box
  is box running
  within 5 grows count
  within 5 grows below
}

@test "pause: a container that is paused is not running, one that runs is not paused" {
  sleeper
  run runtime resume box
  [ "$status" -eq 1 ]
  said 'container not paused'
  runtime pause box
  run runtime pause box
  [ "$status" -eq 1 ]
  said 'container not running'
  run runtime resume nosuch
  [ "$status" -eq 1 ]
  said 'container does not exist'
  run runtime pause
  [ "$status" -eq 1 ]
  run runtime resume a b
  [ "$status" -eq 1 ]
}

@test "pause: a created container too" {
  process sleep 1000
  create
  runtime pause box
  is box paused
  runtime resume box
  is box created
  runtime start box
  is box running
}

@test "pause: one whose cgroup is frozen from above is not taken for paused" {
  sleeper
  if on_v2; then
    echo 1 >"/sys/fs/cgroup$CGROUP/cgroup.freeze"
  else
    echo FROZEN >"/sys/fs/cgroup/freezer$CGROUP/freezer.state"
  fi
  is box running
  if on_v2; then echo 0 >"/sys/fs/cgroup$CGROUP/cgroup.freeze"; else echo THAWED >"/sys/fs/cgroup/freezer$CGROUP/freezer.state"; fi
}

@test "create: into a cgroup that is frozen is refused at once, and the cgroup stays as it is" {
  if on_v2; then file=/sys/fs/cgroup$CGROUP/box/cgroup.freeze word=1; else
    file=/sys/fs/cgroup/freezer$CGROUP/box/freezer.state word=FROZEN
  fi
  mkdir -p "${file%/*}"
  echo "$word" >"$file"
  run timeout 20 "$RUNTIME" --root "$ROOT" run box </dev/null
  [ "$status" -eq 1 ]
  said 'frozen'
  [ "$(cat "$file")" = "$word" ] || [ "$(runtime_name)" = runc ]
  ! on_v2 || echo 0 >"$file" 2>/dev/null || true
  on_v2 || echo THAWED >"$file" 2>/dev/null || true
  rmdir "${file%/*}" 2>/dev/null || [ ! -d "${file%/*}" ]
}

@test "create: into a cgroup that has processes is refused, and they live on" {
  not_on_runc "it warns of that, and says that it will be an error"
  directory=$(if on_v2; then echo "/sys/fs/cgroup$CGROUP/box"; else echo "/sys/fs/cgroup/devices$CGROUP/box"; fi)
  mkdir -p "$directory"
  sleep 1000 3>&- 4>&- &
  echo $! >"$directory/cgroup.procs"
  run -1 runtime run box </dev/null
  said "container's cgroup is not empty: 1 process(es) found"
  kill -0 %1
  kill -9 %1
  wait %1 || true
  rmdir "$directory" 2>/dev/null || [ ! -d "$directory" ]
}
