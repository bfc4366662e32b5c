# caisson's verbs beside podman's: the same commands on both, with the same exit status and the same words.
load helper

setup_file() {
  require_world
  podman_ready podman FROM_IMAGE=yes
  ours load --quiet --input "$FILES/busybox.tar"
  podman run --rm --network none localhost/busybox:1 true  # what podman makes once is there
}

teardown() {
  podman rm --all --force --time 0 >/dev/null
  podman volume prune --force >/dev/null
  ours rm --all --force >/dev/null
  ours volume prune --all --force >/dev/null
  peers_teardown
}

ours() { "$BUILD/bin/caisson" --root "$FILES/caisson" --runroot "$FILES/caisson-run" "$@"; }
theirs() { podman "$@"; }

# What differs from call to call: ids, moments, times that have passed, ports of processes.
same_words() {
  sed -E -e 's/\b[0-9a-f]{64}\b/ID64/g' -e 's/\b[0-9a-f]{25}\b/ID25/g' -e 's/\b[0-9a-f]{12}\b/ID12/g' \
    -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(Z| ?[+-][0-9:]+( [+A-Z0-9]+)?)?/MOMENT/g' \
    -e 's/(About a|About an|Less than a|[0-9]+) (second|minute|hour)s?( ago)?/WHILE/g' -e 's/[[:space:]]+$//' -e 's/ {2,}/  /g'
}

# Reads commands, a line each, and has both engines obey them; says where they differ:
#   VERB…            both end with the same status and print the same words to standard output
#   status: VERB…    the status alone is the same
#   N M: VERB…       podman ends with N and caisson with M, which docker does too: for docker's scripts
obeyed() {
  local line words wanted_theirs wanted_ours only_status status_theirs status_ours differences=0
  while IFS= read -r line; do
    [[ -n "$line" && "$line" != \#* ]] || continue
    words=$line wanted_theirs= wanted_ours= only_status=
    if [[ "$line" =~ ^status:\ (.*) ]]; then words=${BASH_REMATCH[1]} only_status=yes; fi
    if [[ "$line" =~ ^([0-9]+)\ ([0-9]+):\ (.*) ]]; then
      wanted_theirs=${BASH_REMATCH[1]} wanted_ours=${BASH_REMATCH[2]} words=${BASH_REMATCH[3]} only_status=yes
    fi
    status_theirs=0 status_ours=0
    eval "theirs $words" >"$T/theirs" 2>"$T/theirs.error" </dev/null || status_theirs=$?
    eval "ours $words" >"$T/ours" 2>"$T/ours.error" </dev/null || status_ours=$?
    if [ -n "$wanted_theirs" ]; then
      [ "$status_theirs $status_ours" = "$wanted_theirs $wanted_ours" ] ||
        { echo "$words: podman $status_theirs, caisson $status_ours: $(cat "$T/ours.error")" && differences=$((differences + 1)); }
      continue
    fi
    if [ "$status_theirs" != "$status_ours" ]; then
      echo "$words: podman ends with $status_theirs, caisson with $status_ours: $(cat "$T/theirs.error" "$T/ours.error")"
      differences=$((differences + 1))
    elif [ -z "$only_status" ] && ! diff <(same_words <"$T/theirs") <(same_words <"$T/ours") >"$T/differ"; then
      echo "$words: < podman, > caisson"
      cat "$T/differ"
      differences=$((differences + 1))
    fi
  done
  [ "$differences" -eq 0 ]
}

@test "verbs: create, start, wait, restart, stop, kill and rm as podman has them" {
  obeyed <<'END'
create --network none --name a localhost/busybox:1 sleep 1000
ps -a --format '{{.Names}} {{.Image}} {{.Command}}'
inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.Name}} {{.RestartCount}}' a
start a
inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.OOMKilled}}' a
# podman says nothing of one that runs already, docker its name
status: start a
ps --format '{{.Names}}'
ps -q
ps --no-trunc -q
status: create --network none --name a localhost/busybox:1 true
pause a
inspect -f '{{.State.Status}} {{.State.Paused}}' a
255 125: exec a true
unpause a
exec a echo reached
exec -e A=b -w /tmp -u 1000:1000 a sh -c 'echo $A $FROM_IMAGE $(pwd) $(id -u) $(id -g)'
exec a sh -c 'exit 7'
exec a /no/such/program
exec a /etc
rename a b
inspect -f '{{.Name}}' b
restart -t 0 b
kill b
wait b
inspect -f '{{.State.Status}} {{.State.ExitCode}}' b
start b
stop -t 0 b
stop -t 0 b
wait b
125 1: kill b
rm b
# there is none: docker ends with 1
125 1: inspect b
125 1: start b
125 1: stop b
125 1: logs b
125 1: wait b
125 1: pause b
125 1: unpause b
status: exec b true
status: top b
status: port b
status: rename b c
rm -f b
END
}

@test "verbs: run in all its ways, and what it prints" {
  obeyed <<'END'
run --rm --network none localhost/busybox:1 echo words
run --rm --network none localhost/busybox:1 sh -c 'exit 3'
run --rm --network none localhost/busybox:1 no-such-program
run --rm --network none localhost/busybox:1 /etc
status: run --rm --network none no-such-image:1 --pull=never true
status: run --pull never --rm --network none localhost/nothing:1 true
run --rm --init --network none localhost/busybox:1 sh -c 'kill -9 $$'
run --rm --network none --entrypoint echo localhost/busybox:1 a b
run --rm --network none --entrypoint '["echo", "x"]' localhost/busybox:1 a b
run --rm --network none -e A=1 -e FROM_IMAGE localhost/busybox:1 sh -c 'echo $A $FROM_IMAGE'
run --rm --network none -u 12:34 -w /tmp --group-add 56 localhost/busybox:1 sh -c 'id -u; id -G; pwd'
run --rm --network none --hostname over-there localhost/busybox:1 hostname
run --rm --network none --read-only localhost/busybox:1 touch /x
run --rm --network none --tmpfs /t:size=1m localhost/busybox:1 sh -c 'df /t | tail -1 | tr -s " " | cut -d" " -f2'
run --rm --network none --cap-drop all --cap-add chown localhost/busybox:1 grep CapEff /proc/self/status
# the capabilities that podman's own sources have; Debian's configuration adds to them
run --rm --network none localhost/busybox:1 grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
run --rm --network none --privileged localhost/busybox:1 grep Seccomp: /proc/self/status
run --rm --network none --security-opt no-new-privileges localhost/busybox:1 grep NoNewPrivs /proc/self/status
run --rm --network none --ulimit nofile=100:200 --ulimit nproc=300:300 localhost/busybox:1 sh -c 'ulimit -n; ulimit -Hn'
run --rm --network none --sysctl kernel.shmmax=4096 localhost/busybox:1 cat /proc/sys/kernel/shmmax
run --rm --network none --add-host far:192.0.2.7 localhost/busybox:1 grep far /etc/hosts
run --rm --network none --umask 0077 localhost/busybox:1 sh -c umask
run -d --network none --name d localhost/busybox:1 sleep 1000
status: run -d --network none --name d localhost/busybox:1 sleep 1000
# podman prints the name of the one that it removes, too
status: run -d --replace --network none --name d localhost/busybox:1 sleep 1000
ps -a --format '{{.Names}}'
ps --filter name=d --format '{{.Names}} {{.Status}}'
ps --filter status=exited --format '{{.Names}}'
ps --filter label=none --format '{{.Names}}'
status: ps --filter nothing=x
run --network none --name l --label one=1 --label two localhost/busybox:1 true
ps -a --filter label=one=1 --format '{{.Names}}'
ps -a --filter label=two --format '{{.Names}}'
ps -a --filter exited=0 --format '{{.Names}}'
ps -a --last 1 --format '{{.Names}}'
inspect -f '{{json .Config.Labels}}' l
inspect -f '{{.HostConfig.NetworkMode}} {{.HostConfig.AutoRemove}} {{.HostConfig.Privileged}} {{.HostConfig.ReadonlyRootfs}}' d
inspect -f '{{.HostConfig.RestartPolicy.MaximumRetryCount}}' d
inspect -f '{{index .Config.Cmd 0}} {{len .Config.Cmd}} {{.Config.WorkingDir}} {{.Config.Tty}} {{.Config.OpenStdin}}' d
END
}

@test "verbs: logs, top, cp, diff, export and commit" {
  obeyed <<'END'
run --network none --name w localhost/busybox:1 sh -c 'for i in 1 2 3 4; do echo $i; done; echo err >&2'
logs w
logs --tail 2 w
logs --tail 0 w
logs --since 1h w
# an hour ago, as docker has it; podman 4.3 takes it for the time to come
status: logs --until 1h w
status: logs --since nothing w
diff w
run -d --network none --name t localhost/busybox:1 sh -c 'echo content >/new; rm /bin/awk; mkdir /dir; exec sleep 1000'
exec t true
diff t
diff --format json t | tr ',' '\n' | grep -o '/[a-z]*' | sort
top t comm
top t user,comm
cp t:/new $T/out
cp $T/out t:/dir/copied
exec t cat /dir/copied
cp t:/nothing $T/out
cp $T/nothing t:/dir
cp t:/dir - | tar -t | sed 's:/$::'
status: commit -q t localhost/committed:1
run --rm --network none localhost/committed:1 cat /new
image inspect -f '{{json .RepoTags}}' localhost/committed:1
status: rmi localhost/committed:1
status: rmi localhost/committed:1
image exists localhost/busybox:1
image exists localhost/nothing:1
container exists t
container exists nothing
END
}

@test "verbs: volumes and secrets" {
  obeyed <<'END'
volume create v
# docker takes what is there
125 0: volume create v
volume ls --format '{{.Name}} {{.Driver}}'
volume ls -q
volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}}' v
run --rm --network none -v v:/data localhost/busybox:1 sh -c 'echo kept >/data/file'
run --rm --network none -v v:/data:ro localhost/busybox:1 cat /data/file
run --rm --network none -v v:/data:ro localhost/busybox:1 touch /data/x
run --network none --name u -v v:/data -v /anonymous localhost/busybox:1 true
inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{"\n"}}{{end}}' u | sort | sed /^$/d
2 1: volume rm v
volume exists v
volume exists nothing
rm -v u
volume rm v
status: volume rm v
volume ls -q
status: volume create /bad
secret create s /etc/hostname
status: secret create s /etc/hostname
secret ls --format '{{.Name}}'
run --rm --network none --secret s localhost/busybox:1 sh -c 'test -s /run/secrets/s'
run --rm --network none --secret s,type=env,target=S localhost/busybox:1 sh -c 'test -n "$S"'
status: run --rm --network none --secret nothing localhost/busybox:1 true
secret inspect -f '{{.Spec.Name}}' s
secret rm s
125 1: secret rm s
END
}
