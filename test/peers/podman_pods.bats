# podman 4.3 with the runtime under test: pods, networks, user namespaces, notification, play kube.
load helper

setup_file() {
  require_world
  podman_ready podman
  echo containers:1000000:1048576 | tee -a /etc/subuid >>/etc/subgid
  # What podman makes once is there: the pods' pause image, the bridge's rules, directories.
  podman pod create --name first >/dev/null
  podman pod start first >/dev/null
  podman pod rm --force first >/dev/null
}

teardown() {
  podman pod rm --all --force --time 0 >/dev/null
  podman rm --all --force --time 0 >/dev/null
  podman network prune --force >/dev/null
  peers_teardown
}

box() { podman run --rm --network none localhost/busybox:1 "$@"; }
sleeper() { podman run --detach "$@" localhost/busybox:1 sleep 1000 >/dev/null; }
namespace() { readlink "/proc/$(podman inspect --format '{{.State.Pid}}' "$1")/ns/$2"; }

@test "podman: the containers of a pod share network, IPC and host name, and what else they are told to" {
  podman pod create --name pod --share ipc,net,uts,pid >/dev/null
  sleeper --pod pod --name one
  sleeper --pod pod --name two
  local kind
  for kind in ipc net uts pid; do
    [ "$(namespace one $kind)" = "$(namespace two $kind)" ]
    [ "$(namespace one $kind)" != "$(readlink /proc/self/ns/$kind)" ]
  done
  [ "$(namespace one mnt)" != "$(namespace two mnt)" ]
  podman exec one hostname | grep -qx pod
  podman exec one ps -o args | grep -c 'sleep 1000' | grep -qx 2
  podman exec --detach one sh -c 'echo hello | nc -l -p 8080'
  within 5 podman exec two sh -c 'nc 127.0.0.1 8080 </dev/null | grep hello'
}

@test "podman: a pod stops, starts, pauses and is counted as one" {
  podman pod create --name pod >/dev/null
  sleeper --pod pod --name one
  podman pod pause pod >/dev/null
  [ "$(podman inspect --format '{{.State.Status}}' one)" = paused ]
  podman pod unpause pod >/dev/null
  podman pod stop --time 0 pod >/dev/null
  [ "$(podman inspect --format '{{.State.Status}}' one)" = exited ]
  podman pod start pod >/dev/null
  [ "$(podman inspect --format '{{.State.Status}}' one)" = running ]
  podman pod stats --no-stream pod | grep -q one
}

@test "podman: containers of a bridge network reach each other by address; ports are published" {
  podman network create --disable-dns --subnet 10.97.0.0/24 between >/dev/null
  podman run --detach --name server --network between --ip 10.97.0.7 --publish 127.0.0.1:8097:80 localhost/busybox:1 \
    sh -c 'mkdir /w && echo page >/w/index.html && exec httpd -f -p 80 -h /w' >/dev/null
  within 5 podman run --rm --network between localhost/busybox:1 wget -qO- http://10.97.0.7/
  [ "$(podman run --rm --network between localhost/busybox:1 wget -qO- http://10.97.0.7/)" = page ]
  [ "$(podman run --rm --network container:server localhost/busybox:1 wget -qO- http://127.0.0.1/)" = page ]
  [ "$(curl --silent --max-time 5 http://127.0.0.1:8097/)" = page ]
}

@test "podman: --userns=auto gives each container ids of its own" {
  local options=(--network none --userns=auto:size=2000)
  sleeper "${options[@]}" --name one
  sleeper "${options[@]}" --name two
  local one two
  one=$(podman exec one cat /proc/self/uid_map)
  two=$(podman exec two cat /proc/self/uid_map)
  [ "$one" != "$two" ]
  [[ "$one" =~ ^\ +0\ +10[0-9]{5}\ +2000$ ]]
  [ "$(podman exec one sh -c 'id -u; stat -Lc %u /bin/busybox /proc/self')" = $'0\n0\n0' ]
  [ "$(stat -c %u "/proc/$(podman inspect --format '{{.State.Pid}}' one)")" -ge 1000000 ]
  run ! podman exec one sh -c 'echo >/proc/sys/kernel/hostname'
  # A volume made over to the container's ids.
  mkdir "$T/volume"
  podman run --rm "${options[@]}" -v "$T/volume:/v:U" localhost/busybox:1 touch /v/file
  [ "$(stat -c %u "$T/volume/file")" -ge 1000000 ]
}

@test "podman: --uidmap, and a container that joins another's user namespace" {
  sleeper --network none --uidmap 0:500000:1000 --gidmap 0:500000:1000 --name one
  podman exec one cat /proc/self/uid_map | grep -Eq '^ +0 +500000 +1000$'
  sleeper --network none --userns container:one --name two
  [ "$(namespace one user)" = "$(namespace two user)" ]
  [ "$(podman exec --user 5 two id -u)" = 5 ]
  podman rm --force --time 0 two >/dev/null
}

# What comes in at a notification socket, a line each; ready when the file is there.
listen() {
  python3 -c '
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
while True:
    print(server.recv(4096).decode().rstrip("\n"), flush=True)' "$1" >"$2" 3>&- &
  LISTENER=$!
  within 5 test -S "$1"
}

@test "podman: --sdnotify=conmon says that the container is ready, --sdnotify=container lets it say so" {
  listen "$T/socket" "$T/said"
  NOTIFY_SOCKET=$T/socket podman run --detach --rm --sdnotify conmon --name one --network none localhost/busybox:1 sleep 1000
  within 5 grep -q READY=1 "$T/said"
  grep -q "MAINPID=$(podman inspect --format '{{.State.ConmonPid}}' one)" "$T/said"
  : >"$T/said"
  # Python of the host, in a container that says it is ready when it likes.
  NOTIFY_SOCKET=$T/socket podman run --detach --rm --sdnotify container --name two --network none \
    -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro localhost/busybox:1 /usr/bin/python3 -c '
import os, socket, time
while not os.path.exists("/tmp/go"):
    time.sleep(0.02)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
time.sleep(1000)' &
  local podman=$!
  within 5 podman exec two test -d /tmp
  run ! grep -q READY=1 "$T/said"
  podman exec two touch /tmp/go
  within 5 grep -q READY=1 "$T/said"
  wait $podman
  kill $LISTENER
}

@test "podman: play kube makes the pod that is written down, and takes it down" {
  mkdir "$T/data"
  echo from the host >"$T/data/file"
  cat >"$T/pod.yaml" <<END
apiVersion: v1
kind: Pod
metadata: {name: kube}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  initContainers:
  - {name: before, image: "localhost/busybox:1", command: [sh, -c, "echo first >/shared/file"], volumeMounts: [{name: shared, mountPath: /shared}]}
  containers:
  - name: main
    image: localhost/busybox:1
    command: [sh, -c, "cat /shared/file /data/file; echo \$WORD; id -u; sleep 1000"]
    env: [{name: WORD, value: kube}]
    securityContext: {runAsUser: 1000, readOnlyRootFilesystem: true, capabilities: {drop: [all]}}
    resources: {limits: {memory: 64Mi, cpu: 500m}}
    volumeMounts: [{name: data, mountPath: /data, readOnly: true}, {name: shared, mountPath: /shared}]
  - {name: beside, image: "localhost/busybox:1", command: [sleep, "1000"]}
  volumes:
  - {name: data, hostPath: {path: "$T/data", type: Directory}}
  - {name: shared, hostPath: {path: "$T/shared", type: DirectoryOrCreate}}
END
  podman play kube "$T/pod.yaml" >/dev/null
  within 5 sh -c 'podman logs kube-main | grep -q 1000'
  [ "$(podman logs kube-main)" = $'first\nfrom the host\nkube\n1000' ]
  [ "$(namespace kube-main net)" = "$(namespace kube-beside net)" ]
  [ "$(podman inspect --format '{{.HostConfig.Memory}}' kube-main)" -eq $((64 << 20)) ]
  podman play kube --down "$T/pod.yaml" >/dev/null
  [ -z "$(podman ps --all --quiet)" ]
}
