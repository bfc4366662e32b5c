# caisson run: what the process in a container gets, and what its end gives.
load helper

@test "run: the exit status is the command's" {
  run -0 box true
  run -3 box sh -c 'exit 3'
  run -255 box sh -c 'exit 255'
}

@test "run: 127 for a command that is not there, 126 for one that cannot be run, 125 for what caisson cannot do" {
  run -127 box no-such-command
  run -127 box /no/such/command
  run -126 box /etc
  run -126 box /etc/passwd
  run -125 caisson run --rm "$T/nowhere" true
  run -125 box --no-such-option true
  run -125 caisson run
}

@test "run: 128 + n when a signal ends it, with a word on it" {
  run -137 box --init sh -c 'kill -KILL $$'
  run -143 box --init sh -c 'kill -TERM $$'
  run -134 box --init sh -c 'kill -ABRT $$'
}

@test "run: signals are passed on" {
  local status=0 running
  "${CAISSON[@]}" run --rm --name signalled builtin:busybox \
    sh -c 'trap "exit 42" TERM; trap "exit 43" USR1; touch /ready; while :; do sleep 0.05; done' 3>&- &
  running=$!
  within 10 caisson exec signalled test -e /ready
  kill -USR1 "$running"
  wait "$running" || status=$?
  [ "$status" -eq 43 ]
}

@test "run: standard input only with -i; output and error apart" {
  [ "$(echo given | box -i cat)" = given ]
  [ -z "$(echo given | box cat)" ]
  run -0 --separate-stderr box sh -c 'echo out; echo error >&2'
  [ "$output" = out ]
  [ "$stderr" = error ]
}

@test "run: a megabyte goes through both ways unharmed" {
  head -c 1000000 /dev/urandom >"$T/data"
  box -i cat <"$T/data" | cmp - "$T/data"
}

@test "run: the environment is the container's own, with -e and --env-file over it" {
  printf '# a comment\nFROM_FILE=file value\nBOTH=file\nINHERITED\n' >"$T/env"
  INHERITED=caller PASSED=on NOT_PASSED=x \
    run -0 box --name=envy --env-file="$T/env" -eBOTH=option -ePASSED -eABSENT_IN_CALLER -eEMPTY= env
  local line
  for line in PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "FROM_FILE=file value" \
    BOTH=option INHERITED=caller PASSED=on EMPTY=; do
    grep -qxF "$line" <<<"$output" || { echo "no $line in $output" && false; }
  done
  [[ "$output" = *"HOSTNAME="* ]]
  [[ "$output" != *NOT_PASSED* && "$output" != *ABSENT* && "$output" != *"#"* && "$output" != *TERM=* ]]
}

@test "run: -w is where it starts, made if it is missing" {
  [ "$(box -w/usr pwd)" = /usr ]
  [ "$(box -w/made/for/it pwd)" = /made/for/it ]
  run -125 box -wrelative true
  [ "$(box pwd)" = / ]
}

@test "run: -u by name, by number, with a group" {
  local row
  while read -r user expected; do
    row=$(box -u"$user" sh -c 'echo "$(id -u):$(id -g):$(id -G)"')
    [ "$row" = "$expected" ] || { echo "-u $user: $row, not $expected" && false; }
  done <<'ROWS'
root 0:0:0
www-data 33:33:33
33 33:33:33
1234 1234:0:0
1234:567 1234:567:567
nobody:daemon 65534:1:1
0:33 0:33:33
ROWS
  run -125 box -unobody-at-all true
  [[ "$output" = *nobody-at-all* ]]
  run -125 box -u0:no-group true
  [[ "$output" = *no-group* ]]
}

@test "run: HOME is the user's" {
  [ "$(box -uwww-data sh -c 'echo $HOME')" = "$(rootfs >/dev/null; grep ^www-data: "$T/rootfs/etc/passwd" | cut -d: -f6)" ]
}

@test "run: --group-add by name and number" {
  [ "$(box -u1234:567 --group-add=daemon --group-add=4242 id -G | tr ' ' '\n' | sort -n | paste -sd ' ')" = "1 567 4242" ]
}

@test "run: --umask" {
  [ "$(box sh -c umask)" = 0022 ]
  [ "$(box --umask=0077 sh -c umask)" = 0077 ]
  run -125 box --umask=0999 true
}

@test "run: --entrypoint comes before the command" {
  [ "$(box --entrypoint=echo one two)" = "one two" ]
  [ "$(box '--entrypoint=["echo","-n","zero"]' one two)" = "zero one two" ]
}

@test "run: without a command it is a shell" {
  [ "$(echo 'echo I am $$' | caisson run --rm -i builtin:busybox)" = "I am 1" ]
}

@test "run: --cidfile gets the id, and is never overwritten" {
  box --cidfile="$T/cid" true
  [[ "$(cat "$T/cid")" =~ ^[0-9a-f]{64}$ ]]
  run -125 box --cidfile="$T/cid" true
  [[ "$output" = *"$T/cid"* ]]
}

@test "run: a name is taken until its container is removed" {
  caisson run --name mine builtin:busybox true
  run -125 caisson run --name mine builtin:busybox true
  [[ "${lines[0]}" = *mine* ]]
  caisson rm mine
  caisson run --rm --name mine builtin:busybox true
  caisson run --rm --name mine builtin:busybox true
  run -125 box --name=../escape true
  run -125 box "--name=a b" true
}

@test "run: labels are kept" {
  caisson run --name labelled --label one=1 --label two builtin:busybox true
  [ "$(caisson inspect --format '{{json .Config.Labels}}' labelled)" = '{"one":"1","two":""}' ]
}

@test "run: --hostname, and by default the start of the id" {
  [ "$(box --hostname=given hostname)" = given ]
  [ "$(box --cidfile="$T/cid" hostname)" = "$(head -c 12 "$T/cid")" ]
  [ "$(box --hostname=given cat /etc/hostname)" = given ]
  box --hostname=given grep -qw given /etc/hosts
}

@test "run: --add-host, --no-hosts, --dns" {
  box --add-host=other:10.1.2.3 grep -q '^10\.1\.2\.3[[:space:]]other$' /etc/hosts
  [ "$(box --dns=10.9.8.7 cat /etc/resolv.conf | grep nameserver)" = "nameserver 10.9.8.7" ]
  local root
  root=$(rootfs)
  echo "192.0.2.1 image" >"$root/etc/hosts"
  [ "$(caisson run --rm --no-hosts "$root" cat /etc/hosts)" = "192.0.2.1 image" ]
}

@test "run: --init is process 1, passes signals on and reaps" {
  # The orphan is gone once somebody has reaped it: one that nobody reaps stays as a zombie for as long as is looked.
  # shellcheck disable=SC2016
  run -0 box --init -eTRIES=$((250 * PATIENCE)) sh -c 'echo "$$"; (sleep 0.01 & echo $! >/tmp/orphan); read -r orphan </tmp/orphan
    while [ -e /proc/$orphan ] && [ $((TRIES -= 1)) -gt 0 ]; do sleep 0.02; done
    grep State: /proc/$orphan/status 2>/dev/null || echo reaped'
  [ "${lines[0]}" != 1 ]
  [ "${lines[-1]}" = reaped ] || { echo "$output" && false; }
  run -5 box --init sh -c 'exit 5'
  local status=0 running
  "${CAISSON[@]}" run --rm --init --name passed builtin:busybox sh -c 'trap "exit 44" TERM; touch /ready; while :; do sleep 0.05; done' 3>&- &
  running=$!
  within 10 caisson exec passed test -e /ready
  kill -TERM "$running"
  wait "$running" || status=$?
  [ "$status" -eq 44 ]
}

@test "run: --timeout ends it" {
  local begin=$EPOCHSECONDS
  run -137 box --timeout=1 sleep 60
  [ $((EPOCHSECONDS - begin)) -lt $((5 * PATIENCE)) ]
}

@test "run: --preserve-fds passes exactly what was asked" {
  echo three >"$T/three" && echo four >"$T/four" && echo five >"$T/five"
  # shellcheck disable=SC2016
  run -0 bash -c 'exec 3<"$0/three" 4<"$0/four" 5<"$0/five" 7<"$0/five"; exec "$@"' "$T" "${CAISSON[@]}" \
    run --rm --preserve-fds 2 builtin:busybox sh -c 'cat <&3; cat <&4; ls /proc/$$/fd; true'
  [ "$(echo $output)" = "three four 0 1 2 3 4" ] || { echo "$output" && false; }
}

@test "run: the rest of the line is the command's, dashes and all" {
  [ "$(box echo --rm -it --no-such-option)" = "--rm -it --no-such-option" ]
}

@test "run: nothing is left of a container that ends, with --rm" {
  box true
  box false || true
  run -127 box nope
  nothing_kept
}
