# Health checks: made by the keeper now and then, and by hand.
load helper

status() { caisson inspect -f '{{.State.Health.Status}}' "$1"; }
is_health() { [ "$(status "$1")" = "$2" ]; }
is_status() { [ "$(caisson inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }

@test "health: starting, healthy, unhealthy after so many failures in a row, and healthy again" {
  caisson run -d --name h --health-cmd 'test -e /well' --health-interval 100ms --health-retries 2 builtin:busybox sleep 60 >/dev/null
  within 10 is_health h unhealthy
  [ "$(caisson inspect -f '{{.State.Health.FailingStreak}}' h)" -ge 2 ]
  run -1 caisson healthcheck run h
  caisson exec h touch /well
  within 10 is_health h healthy
  caisson healthcheck run h
  [ "$(caisson inspect -f '{{.State.Health.FailingStreak}}' h)" = 0 ]
  [[ "$(caisson ps --format '{{.Status}}')" = *"(healthy)"* ]]
  caisson rm -f h >/dev/null
}

@test "health: what a check says is kept, the last five of them; one that takes too long has failed" {
  caisson run -d --name h --health-cmd 'echo looked; echo at >&2; exit 3' --health-interval 50ms builtin:busybox sleep 60 >/dev/null
  within 10 is_health h unhealthy
  sleep 0.5
  [ "$(caisson inspect -f '{{len .State.Health.Log}}' h)" = 5 ]
  [ "$(caisson inspect -f '{{range .State.Health.Log}}{{.ExitCode}} {{json .Output}};{{end}}' h | cut -d';' -f1)" = '3 "looked\nat\n"' ]
  caisson run -d --name slow --health-cmd 'sleep 50' --health-timeout 200ms --health-interval 50ms --health-retries 1 builtin:busybox sleep 60 >/dev/null
  within 10 is_health slow unhealthy
  caisson rm -f h slow >/dev/null
}

@test "health: failures in the start period do not count" {
  caisson run -d --name h --health-cmd 'test -e /well' --health-interval 50ms --health-start-interval 50ms --health-retries 1 --health-start-period 60s \
    builtin:busybox sleep 60 >/dev/null
  sleep 1
  is_health h starting
  caisson exec h touch /well
  within 10 is_health h healthy
  caisson exec h rm /well
  within 10 is_health h unhealthy
  caisson rm -f h >/dev/null
}

@test "health: when it becomes unhealthy, it is killed, stopped or started again, as asked" {
  for action in kill stop restart; do
    caisson run -d --name "$action" --stop-timeout 0 --health-cmd false --health-interval 100ms --health-retries 1 --health-on-failure "$action" \
      builtin:busybox sleep 60 >/dev/null
  done
  first=$(caisson inspect -f '{{.State.Pid}}' restart)
  for action in kill stop; do within 10 is_status "$action" exited; done
  other_pid() { local pid && pid=$(caisson inspect -f '{{.State.Pid}}' restart) && [ "$pid" != "$first" ] && [ "$pid" != 0 ]; }
  within 10 other_pid
  caisson rm -f kill stop restart >/dev/null
}

@test "health: the image's holds, options win over it, and there may be none" {
  printf 'FROM scratch\n' >"$T/Containerfile"
  caisson import -q -c 'HEALTHCHECK --interval=100ms --retries=1 CMD test -e /well' "$BUILTIN" checked:1 >/dev/null ||
    skip "import takes no HEALTHCHECK"
  caisson run -d --name image checked:1 sleep 60 >/dev/null
  within 10 is_health image unhealthy
  caisson run -d --name other --health-cmd true checked:1 sleep 60 >/dev/null
  within 10 is_health other healthy
  caisson run -d --name without --no-healthcheck checked:1 sleep 60 >/dev/null
  [ "$(caisson inspect -f '{{json .State.Health}}' without)" = null ]
  run -125 caisson healthcheck run without
  [[ "$output" = *"has no health check"* ]]
  run -125 caisson run --health-interval 1s builtin:busybox true
  [[ "$output" = *"there is no health check that the --health options are about"* ]]
  caisson rm -f --all >/dev/null
}

@test "health: also of a container in the foreground, and a check does not outlive it" {
  caisson run --name fore --health-cmd 'echo x >>/checks' --health-interval 100ms builtin:busybox sh -c 'while [ ! -s /checks ]; do sleep 0.05; done'
  caisson rm fore >/dev/null
  caisson run -d --name back --health-cmd 'sleep 60' --health-interval 50ms builtin:busybox sleep 1000 >/dev/null
  sleep 0.5
  caisson rm -f back >/dev/null
}
