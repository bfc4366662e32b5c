# generate systemd: units about containers.
load helper

unit_of() { caisson generate systemd --no-header "$@"; }
# The lines of a key, in a unit on standard input.
lines_of() { sed -n "s/^$1=//p"; }

@test "generate systemd: a unit starts and stops the container that is there" {
  caisson create --name web --stop-timeout 3 builtin:busybox sleep 100 >"$T/id"
  run -0 unit_of --name web
  [ "$(lines_of Type <<<"$output")" = forking ]
  [ "$(lines_of ExecStart <<<"$output")" = "$BIN --root $T/root --runroot $T/run start web" ]
  [ "$(lines_of ExecStop <<<"$output")" = "$BIN --root $T/root --runroot $T/run stop -t 3 web" ]
  [ "$(lines_of TimeoutStopSec <<<"$output")" = 63 ]
  run -0 unit_of web
  [[ "$(lines_of ExecStart <<<"$output")" = *" start $(cat "$T/id")" ]]
}

@test "generate systemd: --new has the command line that made it, but for what the unit says itself" {
  caisson run -d --replace --restart always --cidfile "$T/cid" --name web -e 'A=50% of $x' -m 20m -l a=b builtin:busybox sh -c 'echo "$0" %h; sleep 100'
  run -0 unit_of --new web
  [ "$(lines_of ExecStart <<<"$output")" = "$BIN --root $T/root --runroot $T/run run --cidfile=%t/%n.ctr-id -d --rm --replace --name=web \"--env=A=50%% of \$\$x\" --memory=20m --label=a=b --network=none builtin:busybox sh -c \"echo \\\"\$\$0\\\" %%h; sleep 100\"" ]
  caisson create --name relative -v ./x:/y builtin:busybox
  run -0 caisson generate systemd --new relative
  [[ "$output" = *"warning"*"a unit runs in /"* ]]
}

@test "generate systemd: what is asked for stands in the unit" {
  caisson create --name web builtin:busybox
  run -0 unit_of --name --restart-policy always --restart-sec 7 --start-timeout 8 -t 9 --after a.service --requires b.service --wants c.service -e 'X=y z' web
  for line in Restart=always RestartSec=7 TimeoutStartSec=8 TimeoutStopSec=69 "After=network-online.target a.service" Requires=b.service \
    "Wants=network-online.target c.service" 'Environment="X=y z"'; do
    grep -qxF -- "$line" <<<"$output"
  done
  run -125 unit_of --restart-policy never web
  run -125 unit_of --container-prefix a/b web
  run -125 unit_of --template web
  [[ "$output" = *"--template is not there yet"* ]]
  run -125 unit_of nosuch
  run -125 unit_of
}

@test "generate systemd: --files writes them, as podman calls them, and systemd understands them" {
  caisson create --name web builtin:busybox sleep 100
  cd "$T"
  run -0 caisson generate systemd --files --name --new web
  [ "$output" = "$T/container-web.service" ]
  run -0 systemd-analyze verify --man=no "$T/container-web.service"
  [ "$output" = "" ]
  run -0 caisson generate systemd --files --name --container-prefix box --separator _ web
  [ "$output" = "$T/box_web.service" ]
  run -0 systemd-analyze verify --man=no "$T/box_web.service"
  [ "$output" = "" ]
  [ "$(caisson generate systemd --format json --name web | python3 -Bc 'import json, sys; print(*json.load(sys.stdin))')" = container-web ]
}

@test "generate systemd: a container that cannot be started again, and one that starts by itself" {
  caisson create --name once --rm builtin:busybox
  run -125 unit_of once
  [[ "$output" = *"once is removed with its end (--rm)"*"--new makes it anew"* ]]
  caisson create --name always --restart always builtin:busybox
  run -0 --separate-stderr unit_of always
  [[ "$stderr" = *"started again by its own policy (always) as well as by systemd"* ]]
}

@test "generate systemd: the keys are podman's" {
  command -v podman >/dev/null || skip "podman is not installed"
  caisson create --name web builtin:busybox
  local podman=(podman --root "$T/podman" --runroot "$T/podman-run" --storage-driver vfs --cgroup-manager cgroupfs)
  "${podman[@]}" create --name web --rootfs "$(rootfs)" true >"$T/id"
  "${podman[@]}" generate systemd --name web | sed -n 's/^\([A-Z][A-Za-z]*\)=.*/\1/p' | sort -u >"$T/theirs"
  unit_of --name web | sed -n 's/^\([A-Z][A-Za-z]*\)=.*/\1/p' | sort -u >"$T/ours"
  "${podman[@]}" rm web >"$T/out"
  # The main process is found without a file; there is a cgroup to hand down.
  run diff "$T/theirs" "$T/ours"
  [ "$(grep -c '^<' <<<"$output")" -eq "$(grep -cE '^< (PIDFile|Environment)$' <<<"$output")" ]
}

@test "start --all --filter should-start-on-boot: what a boot starts" {
  local name
  for name in always unless-stopped no on-failure; do caisson create --name "$name" --restart "$name" builtin:busybox sleep 100; done
  caisson run -d --name stopped --restart unless-stopped builtin:busybox sleep 100
  caisson stop -t 0 stopped
  caisson run -d --name ran --restart unless-stopped builtin:busybox sleep 100
  caisson stop -t 0 --until-boot ran
  [[ "$(caisson inspect -f '{{.State.Status}}' ran)" = exited ]]
  run -0 caisson ps -a --filter should-start-on-boot=true --format '{{.Names}}'
  [ "$(sort <<<"$output" | paste -sd ' ')" = "always ran unless-stopped" ]
  run -0 caisson start --all --filter should-start-on-boot=true
  [ "$(caisson ps --format '{{.Names}}' | sort | paste -sd ' ')" = "always ran unless-stopped" ]
}

@test "stop --until-boot: the policy does not start it again now" {
  caisson run -d --name web --restart always builtin:busybox sleep 100
  caisson stop -t 0 --until-boot web
  sleep 0.5
  [ "$(caisson inspect -f '{{.State.Status}} {{.RestartCount}}' web)" = "exited 0" ]
}

@test "a keeper that is told to end: its container is not started again now, and is with the next boot" {
  caisson run -d --init --name web --restart unless-stopped builtin:busybox sleep 100
  pid=$(caisson inspect -f '{{.State.Pid}}' web)
  kill -TERM "$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")"
  caisson wait web
  sleep 0.5
  [ "$(caisson inspect -f '{{.State.Status}} {{.RestartCount}}' web)" = "exited 0" ]
  [ "$(caisson ps -aq --filter should-start-on-boot=true)" != "" ]
}

@test "start --all --filter should-start-on-boot: after a crash of the host, what ran" {
  caisson run -d --name ran --restart unless-stopped builtin:busybox sleep 100
  # As a host that loses power: nobody writes anything down, and what is in memory is gone.
  local keeper pid
  pid=$(caisson inspect -f '{{.State.Pid}}' ran)
  keeper=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
  kill -KILL "$keeper" "$pid"
  while [ -e "/proc/$pid" ]; do sleep 0.05; done
  find -H "$T/run" -mindepth 1 -delete
  run -0 caisson start --all --filter should-start-on-boot=true
  [ "$(caisson ps --format '{{.Names}}')" = ran ]
}
