# A Docker swarm of one node with the runtime under test: a service is started, scaled, and rolled to a new image. Without the
# routing mesh, for which not every kernel has what it takes.
load helper

setup_file() {
  require_world
  # Addresses to advertise: the world has no device but lo.
  ip link add swarm0 type bridge
  ip addr add 10.99.0.1/24 dev swarm0
  ip link set swarm0 up
  docker_start
  image "$FILES/one.tar" busybox:1 VERSION=one
  image "$FILES/two.tar" busybox:2 VERSION=two
  docker load --quiet --input "$FILES/one.tar" >/dev/null
  docker load --quiet --input "$FILES/two.tar" >/dev/null
  docker swarm init --advertise-addr 10.99.0.1 --listen-addr 10.99.0.1:2377 >/dev/null
  # What it makes once, for the first service and beside it, is there.
  service busybox:1 sleep 1000
  within 30 count 1 busybox:1
  docker service rm service >/dev/null
  within 20 none_runs
  within 20 test -e "$DOCKER_FILES/exec/netns/ingress_sbox"
  within 20 ip link show docker_gwbridge
  docker container prune --force >/dev/null
}

teardown_file() {
  [ -z "${DOCKER_FILES-}" ] || docker swarm leave --force
  docker_stop
}

teardown() {
  local left
  mapfile -t left < <(docker service ls --quiet)
  [ "${#left[@]}" -eq 0 ] || docker service rm "${left[@]}" >/dev/null
  within 20 none_runs
  local ended
  mapfile -t ended < <(docker ps --all --quiet)
  [ "${#ended[@]}" -eq 0 ] || docker rm --force "${ended[@]}" >/dev/null
  peers_teardown
}
none_runs() { [ -z "$(docker ps --quiet)" ]; }

service() {
  docker service create --name service --no-resolve-image --network host --stop-grace-period 0s \
    --update-delay 0s --update-monitor 1s --detach "$@" >/dev/null
}
# count COUNT IMAGE: so many of its containers run.
count() { [ "$(docker ps --quiet --filter name=service --filter "ancestor=$2" | wc -l)" -eq "$1" ]; }

@test "swarm: a service of 3 replicas is scaled to 6 and rolled to a new image, all by the runtime under test" {
  service --replicas 3 busybox:1 sh -c 'echo $VERSION; exec sleep 1000'
  within 30 count 3 busybox:1
  docker service scale --detach service=6 >/dev/null
  within 30 count 6 busybox:1
  docker ps --quiet | xargs /usr/bin/docker inspect --format '{{.HostConfig.Runtime}} {{.State.Status}}' | sort -u | grep -qx "under-test running"
  docker service update --detach --no-resolve-image --update-parallelism 3 --image busybox:2 service >/dev/null
  within 60 count 6 busybox:2
  within 10 count 0 busybox:1
  local container
  for container in $(docker ps --quiet); do
    [ "$(docker logs "$container")" = two ]
  done
}

@test "swarm: a replica that dies is replaced; secrets and limits reach it" {
  echo 'not for everybody' | docker secret create key - >/dev/null
  service --replicas 1 --secret key --limit-memory 32m --restart-delay 0s --with-registry-auth=false busybox:1 \
    sh -c 'cat /run/secrets/key; exec sleep 1000'
  within 30 count 1 busybox:1
  local first
  first=$(docker ps --quiet)
  within 5 sh -c "/usr/bin/docker logs $first | grep -q 'not for everybody'"
  [ "$(docker inspect --format '{{.HostConfig.Memory}}' "$first")" -eq $((32 << 20)) ]
  docker kill "$first"
  within 30 another_than "$first"
  docker service rm service >/dev/null
  within 20 none_runs
  docker secret rm key >/dev/null
}
another_than() { [ -n "$(docker ps --quiet)" ] && [ "$(docker ps --quiet)" != "$1" ]; }
