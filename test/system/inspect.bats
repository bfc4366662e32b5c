# What is told of one container: docker's shape.
load helper

STATE_TOP=/dev/shm
sleeper() { caisson run -d --name "$1" "${@:2}" builtin:busybox sleep 1000 >/dev/null; }
of() { caisson inspect --format "$2" "$1"; }

@test "inspect: all that podman's has in State, Config, HostConfig and NetworkSettings that people script" {
  sleeper one -m 100m --cpus 0.5 --pids-limit 50 --cap-add NET_ADMIN --cap-drop CHOWN --read-only --tmpfs /x -w /tmp -e A=b --hostname given
  caisson inspect one | python3 -B -c '
import json, sys
(one,) = json.load(sys.stdin)
missing = [name for name in "Id Created Path Args State Image ImageName ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Mounts Config HostConfig NetworkSettings GraphDriver".split() if name not in one]
assert not missing, missing
missing = [name for name in "Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt Health Signal Reason".split() if name not in one["State"]]
assert not missing, missing
host, config = one["HostConfig"], one["Config"]
assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (100 << 20, 500000000, 50), host
assert (host["CapAdd"], host["CapDrop"]) == (["CAP_NET_ADMIN"], ["CAP_CHOWN"]), host
assert host["ReadonlyRootfs"] and "/x" in host["Tmpfs"] and host["RestartPolicy"]["Name"] == "no", host
assert (config["WorkingDir"], config["Hostname"], config["Cmd"]) == ("/tmp", "given", ["sleep", "1000"]), config
assert "A=b" in config["Env"]
assert one["State"]["Running"] and not one["State"]["Paused"] and one["State"]["Health"] is None'
  [ "$(of one '{{.State.Status}} {{.Path}} {{join .Args ","}} {{.NetworkSettings.IPAddress}}.')" = "running sleep 1000 ." ]
  [ "$(of one '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}')" = none ]
  [ "$(of one '{{range .Config.Env}}{{println .}}{{end}}' | grep -c ^A=b)" -eq 1 ]
  [ "$(cat "$(of one '{{.HostnamePath}}')")" = given ]
}

@test "inspect: mounts are those that were asked for" {
  mkdir "$STATE/data"
  sleeper one -v "$STATE/data:/data:ro"
  [ "$(of one '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}')" = "bind $STATE/data /data false" ]
  [ "$(of one '{{len .Mounts}} {{len .HostConfig.Binds}}')" = "1 1" ]
}

@test "inspect: the sentence about an end, with its evidence" {
  sleeper one
  caisson kill one
  caisson wait one
  [ "$(of one '{{.State.ExitCode}} {{.State.Signal}} {{.State.Running}}')" = "137 9 false" ]
  [[ "$(of one '{{.State.Reason}}')" = *SIGKILL* ]]
}

@test "inspect: several names; those that are not there are told and fail it; sizes where asked for" {
  caisson run --name one builtin:busybox sh -c 'dd if=/dev/zero of=/big bs=1M count=2' 2>/dev/null
  sleeper two
  run -1 --separate-stderr caisson inspect -f '{{.Name}}' one nobody two
  [ "$output" = $'one\ntwo' ]
  [[ "$stderr" = *"no such container or image: nobody"* ]]
  [ "$(of one '{{json .}}' | grep -c SizeRw)" -eq 0 ]
  [ "$(caisson inspect -s -f '{{ge .SizeRw 2097152}} {{gt .SizeRootFs .SizeRw}}' one)" = "true true" ]
  run -125 caisson inspect --type volume one
  caisson container inspect one >/dev/null
}
