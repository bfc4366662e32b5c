# Networks: containers reach each other, the host and what is outside, by published ports and by name. All of it in a
# network namespace of the test's own, with a second one as the world outside.
# time limit: 900 s
load helper

setup() {
  unset CAISSON_NETWORK
  caisson_setup
  require_program nft
  unshare --net sleep infinity &
  HOST=$!
  unshare --net sleep infinity &
  OUTSIDE=$!
  within 5 has_own_network "$HOST"
  within 5 has_own_network "$OUTSIDE"
  on_host ip link set lo up
  # 192.0.2.1 is the host's address in the world, 192.0.2.2 that of somebody in it.
  on_host ip link add wan type veth peer name wan netns "/proc/$OUTSIDE/ns/net"
  on_host ip address add 192.0.2.1/24 dev wan
  on_host ip address add 2001:db8::1/64 dev wan nodad
  on_host ip link set wan up
  outside ip address add 192.0.2.2/24 dev wan
  outside ip address add 2001:db8::2/64 dev wan nodad
  outside ip link set wan up
  outside ip link set lo up
}

teardown() {
  local left
  [ -z "$(caisson pod ps -q)" ] || caisson pod rm -f -a
  mapfile -t left < <(caisson ps -aq)
  [ "${#left[@]}" -eq 0 ] || caisson rm -f "${left[@]}"
  within 5 no_server || { echo "a name server is left" && kill "$(cat "$T/run/names/aardvark.pid")"; }
  caisson_teardown
}

has_own_network() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
on_host() { nsenter --net="/proc/$HOST/ns/net" "$@"; }
outside() { nsenter --net="/proc/$OUTSIDE/ns/net" "$@"; }
caisson() { on_host "$BIN" --root "$T/root" --runroot "$T/run" "$@"; }
no_server() { [ ! -e "$T/run/names/aardvark.pid" ]; }

# A web server that says its argument: web NAME [OPTION…]
web() {
  local name=$1
  shift
  caisson run -d --name "$name" "$@" builtin:busybox sh -c "mkdir -p /www && echo 'I am $name' >/www/index.html && exec httpd -f -p 80 -h /www" >/dev/null
  within 5 answers "$name"
}

answers() { [ -n "$(seen_by "$1" 127.0.0.1 80)" ]; }

# What a web server says, as a container sees it: seen_by CONTAINER ADDRESS PORT; seen_on NETWORK ADDRESS PORT by a new one.
# (busybox's wget asks a resolver that a static program has not.)
GET='printf "GET / HTTP/1.0\r\n\r\n" | nc -w 2 "$0" "$1" | tail -1'
seen_by() { caisson exec "$1" sh -c "$GET" "$2" "$3"; }
seen_on() { caisson run --rm --network "$1" builtin:busybox sh -c "$GET" "$2" "$3"; }

# Nothing of any container on the host: devices but the bridges, elements of maps, leases.
nothing_held() {
  local held
  held=$(on_host ip -o link | grep -o 'cs[0-9a-f]*' || true
    for map in ports4 bound4 ports6 bound6; do on_host nft list map inet caisson $map 2>/dev/null | grep elements || true; done
    cat "$T"/run/networks/*/leases 2>/dev/null || true)
  [ -z "$held" ] || { echo "held: $held" && return 1; }
}

@test "a container on the default bridge has an address, a way out, and is gone without a trace" {
  run -0 caisson run --rm --network bridge builtin:busybox sh -c 'ip -4 -o address show eth0; ip route'
  [[ "$output" == *"inet 10.87.0.2/16"* ]]
  [[ "$output" == *"default via 10.87.0.1 dev eth0"* ]]
  nothing_held
}

@test "the default of root is the bridge, unless CAISSON_NETWORK says otherwise" {
  run -0 caisson run --rm builtin:busybox ip -4 -o address show eth0
  [[ "$output" == *"inet 10.87.0.2/16"* ]]
  CAISSON_NETWORK=none run -0 caisson run --rm builtin:busybox ip -o link
  [[ "$output" != *eth0* ]]
  CAISSON_NETWORK=none run -0 caisson run --rm --network default builtin:busybox ip -o link
  [[ "$output" == *eth0* ]]
  CAISSON_NETWORK=nosuch run -125 caisson run --rm builtin:busybox true
  [[ "$output" == *"no such network: nosuch"* ]]
}

@test "what is outside is reached with the host's address, and does not reach in" {
  on_host sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  caisson run -d --name client --network bridge builtin:busybox sleep 60
  nsenter --net="/proc/$OUTSIDE/ns/net" socat TCP-LISTEN:7000,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR' &
  local server=$!
  within 5 outside sh -c 'ss -Hltn "sport = :7000" | grep -q .'
  [ "$(caisson exec client nc 192.0.2.2 7000)" = 192.0.2.1 ]
  wait "$server"
  # Whoever has a route to the subnet still does not get in.
  outside ip route add 10.87.0.0/16 via 192.0.2.1
  web inside --network bridge
  [ "$(on_host wget -q -T 3 -t 1 -O - http://10.87.0.3/)" = "I am inside" ]
  run ! outside wget -q -T 1 -t 1 -O - http://10.87.0.3/
}

@test "a published port leads in from outside, from the host by each of its addresses, and from the container itself" {
  web one --network bridge -p 8080:80
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
  [ "$(on_host wget -q -T 3 -t 1 -O - http://127.0.0.1:8080/)" = "I am one" ]
  [ "$(on_host wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
  [ "$(on_host wget -q -T 3 -t 1 -O - http://10.87.0.1:8080/)" = "I am one" ]
  [ "$(seen_by one 10.87.0.1 8080)" = "I am one" ]
  [ "$(seen_on bridge 192.0.2.1 8080)" = "I am one" ]
  run -0 caisson port one
  [ "$output" = "80/tcp -> 0.0.0.0:8080" ]
  [ "$(caisson inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' one)" = 8080 ]
  [ "$(caisson inspect -f '{{.NetworkSettings.IPAddress}}' one)" = 10.87.0.2 ]
  caisson rm -f one
  nothing_held
}

@test "the host's own loopback stays its own: nobody on a bridge or outside reaches it" {
  web one --network bridge -p 127.0.0.1:8080:80
  [ "$(on_host wget -q -T 3 -t 1 -O - http://127.0.0.1:8080/)" = "I am one" ]
  run ! outside wget -q -T 1 -t 1 -O - http://192.0.2.1:8080/
  nsenter --net="/proc/$HOST/ns/net" busybox httpd -f -p 127.0.0.1:9000 -h "$T" &
  local server=$!
  within 5 on_host wget -q -O /dev/null http://127.0.0.1:9000/host.before
  [ -z "$(seen_by one 10.87.0.1 9000)" ]
  kill "$server"
}

@test "a port that is taken is an error that names who has it, container or process" {
  web one --network bridge -p 8080:80
  run -125 caisson run --rm --network bridge -p 8080:80 builtin:busybox true
  [[ "$output" != *"-p -p"* ]]
  [[ "$output" == *"-p 8080:80"*"Address already in use"* ]]
  [[ "$output" == *"container one has the port"* ]]
  nsenter --net="/proc/$HOST/ns/net" busybox httpd -f -p 8081 -h "$T" &
  local server=$!
  within 5 on_host sh -c 'ss -Hltn "sport = :8081" | grep -q .'
  run -125 caisson run --rm --network bridge -p 8081:80 builtin:busybox true
  [[ "$output" == *"(process $server) has the port"* ]]
  kill "$server"
  # A program of the host is told the same of a container's port.
  run on_host timeout 1 busybox httpd -f -p 8080
  [[ "$output" == *"ddress already in use"* ]]
}

@test "ports: ranges, random ones, -P, udp, and both at once" {
  caisson run -d --name many --network bridge -p 9000-9002:70-72 -p 80 -p 53:53/udp -P --expose 99 builtin:busybox sleep 60
  nsenter --net="/proc/$(caisson inspect -f '{{.State.Pid}}' many)/ns/net" socat UDP-RECVFROM:53,fork EXEC:cat &
  local server=$!
  within 5 nsenter --net="/proc/$server/ns/net" sh -c 'ss -Hlun "sport = :53" | grep -q .'
  run -0 caisson port many
  [ "${#lines[@]}" -eq 6 ]
  [[ "$output" == *"71/tcp -> 0.0.0.0:9001"* ]]
  [[ "$output" =~ 80/tcp\ -\>\ 0.0.0.0:[1-9][0-9]+ ]]
  [[ "$output" =~ 99/tcp\ -\>\ 0.0.0.0:[1-9][0-9]+ ]]
  [ "$(outside sh -c 'echo hello | timeout 3 socat -t 2 - UDP:192.0.2.1:53')" = hello ]
  kill "$server"
  run -0 caisson ps --format '{{.Ports}}'
  [[ "$output" == *"0.0.0.0:53->53/udp"* ]]
}

@test "containers of a network find each other by name and alias, and nobody of another one does" {
  [ -x /usr/lib/podman/aardvark-dns ] || skip "aardvark-dns is not installed"
  caisson network create front
  caisson network create back
  web one --network front --network-alias server
  web two --network back
  [ "$(seen_on front one 80)" = "I am one" ]
  [ "$(seen_on front server 80)" = "I am one" ]
  [ -z "$(seen_on front two 80)" ]
  local address
  address=$(caisson inspect -f '{{(index .NetworkSettings.Networks "back").IPAddress}}' two)
  [ -z "$(seen_on front "$address" 80)" ]
  caisson network connect --alias other front two
  [ "$(seen_on front other 80)" = "I am two" ]
  caisson network disconnect front two
  [ -z "$(seen_on front other 80)" ]
  caisson rename one renamed
  [ "$(seen_on front renamed 80)" = "I am one" ]
  [ "$(seen_on front server 80)" = "I am one" ]
  [ -z "$(seen_on front one 80)" ]
  caisson rename renamed one
  caisson rm -f one two
  within 5 no_server
  caisson network rm front back
  nothing_held
  run on_host ip -o link
  [[ "$output" != *caisson* ]]
}

@test "who leaves a network has its way out and its ports by another, and can come back" {
  caisson network create front
  caisson network create back
  web one --network front -p 8081:80
  local front back
  front=$(caisson inspect -f '{{(index .NetworkSettings.Networks "front").IPAddress}}' one)
  caisson network connect back one
  back=$(caisson inspect -f '{{(index .NetworkSettings.Networks "back").IPAddress}}' one)
  caisson exec one grep -q "^$back" /etc/hosts
  caisson network disconnect front one
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8081/)" = "I am one" ]
  run -0 caisson exec one ip route
  [[ "$output" == *"default via ${back%.*}.1 "* ]]
  run -1 caisson exec one grep "^$front" /etc/hosts
  [ "$(caisson ps --filter network=back --format '{{.Names}} {{.Networks}}')" = "one back" ]
  [ -z "$(caisson ps -q --filter network=front)" ]
  caisson network disconnect back one
  run ! outside wget -q -T 1 -t 1 -O - http://192.0.2.1:8081/
  [ "$(caisson inspect -f '{{json .NetworkSettings.Networks}}' one)" = "{}" ]
  [ -z "$(caisson port one)" ]
  run -0 caisson exec one tail -n 1 /etc/hosts
  [[ "$output" == 127.0.0.1*one ]]
  caisson network connect front one
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8081/)" = "I am one" ]
  caisson rm -f one
  caisson network rm front back
  nothing_held
}

@test "a port without a network is warned of; a host's own gateway has a name" {
  run -0 caisson run --rm --network none -p 8082:80 builtin:busybox echo here
  [[ "$output" == *"-p 8082:80: nothing is published"*here ]]
  run -0 caisson run --rm --network bridge --add-host up:host-gateway builtin:busybox grep up /etc/hosts
  [[ "$output" =~ ^10\.[0-9.]+\.1.up$ ]]
  run -125 caisson run --rm --network none --add-host up:host-gateway builtin:busybox true
  [[ "$output" == *"--add-host: "* ]]
}

@test "a container that asks for a name at once is no stranger to the server" {
  [ -x /usr/lib/podman/aardvark-dns ] || skip "aardvark-dns is not installed"
  caisson network create front
  caisson run -d --name one --network front builtin:busybox sleep 1000
  for _ in {1..40}; do
    run -0 caisson run --rm --network front builtin:busybox nslookup one
  done
  caisson rm -f one
  within 5 no_server
  caisson network rm front
}

@test "--dns: the servers that are asked for what no container is called, by a network's own server or by the container" {
  [ -x /usr/lib/podman/aardvark-dns ] || skip "aardvark-dns is not installed"
  nsenter --net="/proc/$OUTSIDE/ns/net" python3 "$BATS_TEST_DIRNAME/name_server.py" 192.0.2.2 3>&- &
  local server=$!
  caisson network create front
  web one --network front
  run -0 caisson run --rm --network front --dns 192.0.2.2 builtin:busybox sh -c 'cat /etc/resolv.conf; nslookup far.example'
  [[ "$output" == "nameserver 10."* ]]
  [ "$(grep -c '^nameserver' <<<"$output")" -eq 1 ]
  [[ "$output" == *203.0.113.7* ]]
  run -0 caisson run --rm --network front --dns 192.0.2.2 builtin:busybox nslookup one
  [[ "$output" != *203.0.113.7* ]]
  run -0 caisson run --rm --network bridge --dns 192.0.2.2 builtin:busybox sh -c 'cat /etc/resolv.conf; nslookup far.example'
  [[ "$output" == "nameserver 192.0.2.2"*203.0.113.7* ]]
  kill "$server"
  caisson rm -f one
  within 5 no_server
  caisson network rm front
}

@test "IPv6: an address, ports and a way out, of a local subnet by default" {
  caisson network create --ipv6 --disable-dns six
  web one --network six -p 8080:80
  [[ "$(caisson inspect -f '{{(index .NetworkSettings.Networks "six").GlobalIPv6Address}}' one)" == fd* ]]
  [ "$(outside wget -q -T 3 -t 1 -O - 'http://[2001:db8::1]:8080/')" = "I am one" ]
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
  run -0 caisson port one
  [[ "$output" == *"80/tcp -> [::]:8080"* ]]
  caisson run --rm --network six --cap-add NET_RAW builtin:busybox ping -6 -c 1 -W 2 2001:db8::2
}

@test "an internal network has no way out, and its containers see each other" {
  caisson network create --internal --disable-dns inner
  web one --network inner
  local address
  address=$(caisson inspect -f '{{(index .NetworkSettings.Networks "inner").IPAddress}}' one)
  [ "$(seen_on inner "$address" 80)" = "I am one" ]
  run caisson run --rm --network inner --cap-add NET_RAW builtin:busybox ping -c 1 -W 1 192.0.2.2
  [ "$status" -ne 0 ]
  run -125 caisson run --rm --network inner -p 80 builtin:busybox true
  [[ "$output" == *"internal"* ]]
}

@test "addresses that are asked for: given, refused when they are another's or in no subnet" {
  caisson network create --subnet 10.200.0.0/24 --gateway 10.200.0.254 --ip-range 10.200.0.128/25 --disable-dns own
  run -0 caisson run --rm --network own:ip=10.200.0.7,mac=02:00:00:00:00:07 builtin:busybox sh -c 'ip -o address show eth0; ip -o link show eth0; ip route'
  [[ "$output" == *10.200.0.7/24* && "$output" == *02:00:00:00:00:07* && "$output" == *"via 10.200.0.254"* ]]
  run -0 caisson run --rm --network own builtin:busybox ip -o -4 address show eth0
  [[ "$output" == *10.200.0.128/24* ]]
  caisson run -d --name holder --network own --ip 10.200.0.9 builtin:busybox sleep 60
  run -125 caisson run --rm --network own --ip 10.200.0.9 builtin:busybox true
  [[ "$output" == *"has the address 10.200.0.9 already"* ]]
  run -125 caisson run --rm --network own --ip 10.3.0.9 builtin:busybox true
  [[ "$output" == *"10.3.0.9 is in no subnet of network own"* ]]
  run -125 caisson network create --subnet 10.200.0.0/25 again
  [[ "$output" == *"used already, by network own"* ]]
}

@test "whoever is killed leaves what the next command clears" {
  web one --network bridge -p 8080:80
  local monitor
  monitor=$(caisson inspect -f '{{.State.ConmonPid}}' one)
  kill -KILL "$monitor"
  within 5 caisson ps -a
  caisson rm -f one
  nothing_held
}

@test "start and restart have the ports and the network again" {
  web one --network bridge -p 8080:80
  caisson stop -t 0 one
  nothing_held
  caisson start one
  within 5 outside wget -q -T 1 -t 1 -O /dev/null http://192.0.2.1:8080/
  caisson restart -t 0 one
  within 5 outside wget -q -T 1 -t 1 -O /dev/null http://192.0.2.1:8080/
}

@test "restart after restart it has its network: what is removed of the one before is not the next one's" {
  local _
  caisson run -d --name again --network bridge builtin:busybox sleep 1000
  for _ in {1..10}; do
    caisson restart -t 0 again
    sleep 0.05
    caisson exec again ip -o link show eth0
  done
}

@test "rules that others have flushed are made again" {
  web one --network bridge -p 8080:80
  on_host nft flush ruleset
  caisson run --rm --network bridge builtin:busybox true
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
  on_host nft delete table inet caisson
  caisson network reload
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
}

@test "other firewalls that drop what is forwarded let caisson's bridges through, also after a reload" {
  on_host iptables-nft -P FORWARD DROP 2>/dev/null || on_host nft 'table ip filter { chain FORWARD { type filter hook forward priority filter; policy drop; }; }'
  on_host nft add chain ip filter DOCKER-USER
  web one --network bridge -p 8080:80
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
  [[ "$(on_host nft list chain ip filter DOCKER-USER)" == *'comment "caisson caisson0"'* ]]
  on_host nft flush chain ip filter FORWARD
  run ! outside wget -q -T 1 -t 1 -O - http://192.0.2.1:8080/
  caisson network reload
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
  on_host nft flush chain ip filter FORWARD
  caisson run --rm --network bridge builtin:busybox true
  [ "$(outside wget -q -T 3 -t 1 -O - http://192.0.2.1:8080/)" = "I am one" ]
  caisson rm -f one
  caisson network rm bridge
  [[ "$(on_host nft list ruleset)" != *caisson0* ]]
}

@test "explain says what is done, and which interfaces a port reaches" {
  run -0 caisson explain run --network bridge -p 8080:80 -p 127.0.0.1:53:53/udp builtin:busybox
  [[ "$output" == *"bridge: take the lowest free address of 10.87.0.0/16"* ]]
  [[ "$output" == *"publish its port 80/tcp at 0.0.0.0:8080: every interface of the host"* ]]
  [[ "$output" == *"publish its port 53/udp at 127.0.0.1:53: this host alone (127.0.0.1)"* ]]
  run -0 caisson explain --format json run --network bridge -p 8080:80 builtin:busybox
  [ "$(jq -r '.networks[1]' <<<"$output")" = "bridge: take the lowest free address of 10.87.0.0/16" ]
}

@test "system check finds what is left of networks, and removes it" {
  caisson run --rm --network bridge builtin:busybox true
  run -0 caisson system check
  on_host ip link add cs0123456789a0 type veth peer name stray
  on_host ip link set cs0123456789a0 master caisson0
  echo "$(printf '0%.0s' {1..64}) 10.87.0.9  " >>"$T/run/networks/bridge/leases"
  on_host nft add element inet caisson ports4 '{ tcp . 7777 : 10.87.0.9 . 80 }'
  run -125 caisson system check
  [[ "$output" == *"the device cs0123456789a0 of a container that is gone"* ]]
  [[ "$output" == *"addresses of container 000000000000, which is gone"* ]]
  [[ "$output" == *"the published port 0.0.0.0:7777, whose container is gone"* ]]
  caisson system check --repair
  run -0 caisson system check
  nothing_held
}

@test "audit lists what is reached, and by which interfaces" {
  web one --network bridge -p 8080:80 -p 127.0.0.1:8081:81
  run -0 caisson network audit
  [[ "$output" =~ one\ +80/tcp\ +0.0.0.0:8080\ +yes\ +every\ interface\ of\ the\ host:.*wan ]]
  [[ "$output" =~ one\ +81/tcp\ +127.0.0.1:8081\ +no\ +this\ host\ alone ]]
}

@test "macvlan shares a device of the host" {
  caisson network create -d macvlan -o parent=wan --subnet 192.0.2.0/24 --gateway 192.0.2.2 --ip-range 192.0.2.64/26 --disable-dns mac
  run -0 caisson run --rm --network mac --cap-add NET_RAW builtin:busybox sh -c 'ip -o address show eth0; ping -c 1 -W 2 192.0.2.2'
  [[ "$output" == *192.0.2.64/24* ]]
  caisson network rm mac
  run -125 caisson network create -d macvlan -o parent=nosuch other
  [[ "$output" == *"this host has no device nosuch"* ]]
}

@test "ipvlan shares a device of the host" {
  on_host ip link add probe link wan type ipvlan mode l2 2>/dev/null || skip "this kernel has no ipvlan"
  on_host ip link del probe
  caisson network create -d ipvlan -o parent=wan -o mode=l2 --subnet 192.0.2.0/24 --gateway 192.0.2.2 --ip-range 192.0.2.64/26 --disable-dns ipv
  run -0 caisson run --rm --network ipv --cap-add NET_RAW builtin:busybox sh -c 'ip -o address show eth0; ping -c 1 -W 2 192.0.2.2'
  [[ "$output" == *192.0.2.64/24* ]]
}

@test "networks: a pod's ports are published for all of its containers, by pod create and by kube play" {
  caisson pod create --name p --network bridge -p 8080:80 >/dev/null
  web in-pod --pod p
  run -0 outside busybox sh -c "$GET" 192.0.2.1 8080
  [ "$output" = "I am in-pod" ]
  caisson pod rm -f p >/dev/null
  cat >"$T/pod.yaml" <<'END'
apiVersion: v1
kind: Pod
metadata: {name: k}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: builtin:busybox
    command: [sh, -c, "mkdir /www && echo by kube >/www/index.html && exec httpd -f -p 80 -h /www"]
    ports: [{containerPort: 80, hostPort: 8081, hostIP: 192.0.2.1}]
END
  CAISSON_NETWORK=bridge caisson kube play "$T/pod.yaml" >/dev/null
  within 5 eval '[ "$(outside busybox sh -c "$GET" 192.0.2.1 8081)" = "by kube" ]'
  caisson kube down "$T/pod.yaml" >/dev/null
  [ -z "$(outside busybox sh -c "$GET" 192.0.2.1 8081)" ]
}
