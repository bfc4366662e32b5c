# export, diff and commit: what containers have made of their root filesystems. podman makes the same of the same.
# time limit: 300 s
# shellcheck disable=SC2016 # for the shells in containers
load helper

setup() { caisson_setup; }
teardown() {
  local status=0
  # podman keeps a mount of its own directory.
  if [ -d "${STATE:-}/podman" ]; then
    podman umount --all >/dev/null && podman rm --all --force >/dev/null
    umount "$STATE/podman/overlay" 2>/dev/null || true
  fi
  caisson_teardown || status=1
  return $status
}

podman() { command podman --log-level error --root "$STATE/podman" --runroot "$STATE/podman-run" --storage-driver overlay "$@"; }

layout() { skopeo inspect "$1" "oci:$T/root/images:$2"; }
# The archive of an image's uppermost layer.
top_layer() {
  local digest
  digest=$(layout --raw "$1" | jq -r '.layers[-1].digest')
  gzip -dc "$T/root/images/blobs/sha256/${digest#sha256:}"
}
config() { layout --config "$1" | jq -cS "$2"; }
listed() { python3 -B "$BATS_TEST_DIRNAME/layers.py" list "$1"; }
# What is in a tarball, a line for each entry, without the root and times.
entries() { TZ=UTC tar --numeric-owner -tvf "$1" | sed -E 's/ +[^ ]+ +[0-9]{4}-[0-9-]+ [0-9:]+//; s|/$||; / \.$/d' | LC_ALL=C sort -k3; }

# What is done in a container: something of everything.
CHANGES='
  echo new >/etc/new; mkdir -p /a/b/c; echo deep >/a/b/c/file; ln /a/b/c/file /a/hard; ln -s ../a /a/soft
  rm /bin/ls; rm -r /var/www; rm -r /etc/network; mkdir /etc/network; echo again >/etc/network/interfaces
  chmod 1777 /usr; chown 5:6 /etc/new; mkfifo /a/fifo; touch -d 2001-02-03 /a/b; chmod 4711 /a/b/c/file'
# The root filesystem that they are done to.
changed_rootfs() {
  rootfs >/dev/null
  mkdir -p "$T/rootfs/var/www" "$T/rootfs/etc/network/if-up.d" && echo script >"$T/rootfs/etc/network/if-up.d/script"
  mkdir -p "$T"/rootfs/{dev,proc,sys,run} && : >"$T/rootfs/etc/hosts" && : >"$T/rootfs/etc/resolv.conf" && : >"$T/rootfs/etc/hostname"
  tar -C "$T/rootfs" --sort=name -cf "$T/rootfs.tar" .
}

@test "commit: diff, export and commit say what podman says of the same changes" {
  require_program podman
  require_program umoci
  changed_rootfs
  podman import --quiet "$T/rootfs.tar" localhost/base >/dev/null
  podman create --name theirs localhost/base true >/dev/null
  local mounted
  mounted=$(podman mount theirs)
  # podman's own container need not run for that.
  unshare --mount --propagation private chroot "$mounted" /bin/sh -c "$CHANGES"
  caisson import -q "$T/rootfs.tar" base >/dev/null
  caisson run --name ours base sh -c "$CHANGES"
  # Of a directory that another has taken the place of, podman says that it is gone, and docker and caisson what of it is.
  local instead='/^. \/etc\/network\(\/if-up.d\)\{0,1\}$/d'
  diff <(caisson diff ours | sort | sed "$instead") <(podman diff theirs | sort | sed "$instead")
  [ "$(caisson diff ours | grep /etc/network)" = $'C /etc/network\nD /etc/network/if-up.d\nA /etc/network/interfaces' ]
  caisson export ours >"$T/ours.tar"
  podman export --output "$T/theirs.tar" theirs
  diff <(entries "$T/ours.tar") <(entries "$T/theirs.tar")
  caisson commit -q ours changed:1 >/dev/null
  podman commit --quiet theirs localhost/changed:1 >/dev/null
  podman save --quiet --format oci-archive --output "$T/saved" localhost/changed:1
  mkdir "$T/saved.d" && tar -C "$T/saved.d" -xf "$T/saved"
  gzip -dcf "$T/saved.d/blobs/sha256/$(skopeo inspect --raw "oci-archive:$T/saved" | jq -r '.layers[-1].digest[7:]')" >"$T/their-layer.tar"
  top_layer localhost/changed:1 >"$T/our-layer.tar"
  # Mode of a whiteout is nobody's.
  diff <(entries "$T/our-layer.tar" | sed '/\.wh\./s/.* //') <(entries "$T/their-layer.tar" | sed '/\.wh\./s/.* //')
  # What was committed is what was there.
  caisson run --name again changed:1 true
  mkdir "$T/before" "$T/again" && caisson export again | tar -C "$T/again" --xattrs --numeric-owner -xpf -
  tar -C "$T/before" --xattrs --numeric-owner -xpf "$T/ours.tar"
  diff <(listed "$T/before" | tail -n +2) <(listed "$T/again" | tail -n +2)
  # To others, too.
  umoci raw unpack --image "$T/root/images:localhost/changed:1" "$T/umoci" >/dev/null 2>&1
  diff <(cd "$T/before" && find . | sort) <(cd "$T/umoci" && find . | sort)
}

@test "commit: diff says nothing where nothing changed, and what was made to be mounted over is no change" {
  mkdir "$T/volume"
  caisson run --name idle -v "$T/volume:/data" builtin:busybox true
  [ -z "$(caisson diff idle)" ]
  caisson run --name busy -v "$T/volume:/data" builtin:busybox sh -c 'echo x >/data/in-the-volume; rm /bin/ls; touch /new'
  [ "$(caisson diff busy)" = $'C /bin\nD /bin/ls\nA /new' ]
  # In export it is there, and empty.
  [ "$(caisson export busy | tar -tf - | grep -c '^\(\./\)\?data/')" -eq 1 ]
  [ "$(caisson export busy | tar -xOf - etc/resolv.conf | wc -c)" -eq 0 ]
  caisson commit -q busy left
  [ -z "$(top_layer localhost/left:latest | tar -tf - | grep -E 'data|hosts|resolv|proc|sys' || true)" ]
}

@test "commit: the image says what the image below and the options said, and --change" {
  caisson import -q -c 'CMD ["below"]' -c 'ENV A=1 B=2' -c 'LABEL a=image' -c 'EXPOSE 80' -c 'WORKDIR /' "$BUILTIN" below >/dev/null
  caisson run --name one -e B=3 -e C=4 -w /tmp -u 7:8 --label b=mine below echo hello
  local id
  id=$(caisson commit -q -a 'A. Person' -m 'what was done' -c 'ENV D=5' -c 'USER 9' one made)
  [ "$id" = "$(caisson images -q --no-trunc localhost/made)" ]
  [ "$(config localhost/made:latest .config)" = '{"Cmd":["echo","hello"],"Env":["A=1","B=3","C=4","D=5"],"ExposedPorts":{"80/tcp":{}},"Labels":{"a":"image","b":"mine"},"User":"9","WorkingDir":"/tmp"}' ]
  [ "$(config localhost/made:latest '[.author, (.history | length), .history[-1].comment, .history[-1].author, .history[-1].created_by]')" = '["A. Person",2,"what was done","A. Person","echo hello"]' ]
  [ "$(config localhost/made:latest '.created == .history[-1].created')" = true ]
  # Again, the digest of the layer is the same; without a name it is unnamed.
  id=$(caisson commit -q one)
  [ "$(caisson images -q --no-trunc --filter dangling=true)" = "$id" ]
  [ "$(caisson run --rm made)" = hello ]
  [ "$(caisson run --rm made sh -c 'echo $B; id -u; pwd')" = $'3\n9\n/tmp' ]
  # Its own entrypoint goes with its own command.
  caisson run --name two --entrypoint printf below '%s\n' x
  caisson commit -q two other >/dev/null
  [ "$(config localhost/other:latest '[.config.Entrypoint, .config.Cmd]')" = '[["printf"],["%s\\n","x"]]' ]
  umoci stat --image "$T/root/images:localhost/other:latest" >/dev/null
  run -0 caisson system check
}

@test "commit: a container of a tarball, or of a directory below it, gives its first layer" {
  caisson run --name one builtin:busybox sh -c 'rm /bin/ls && echo new >/new'
  caisson commit -q one tarball >/dev/null
  [ "$(config localhost/tarball:latest '[(.rootfs.diff_ids | length), (.history | length)]')" = '[2,2]' ]
  [ "$(caisson run --rm tarball sh -c 'cat /new; test ! -e /bin/ls && echo gone')" = $'new\ngone' ]
  caisson run --name two "$(rootfs):O" sh -c 'echo new >/new'
  [ "$(caisson diff two)" = 'A /new' ]
  caisson commit -q two directory >/dev/null
  [ "$(caisson run --rm directory cat /new)" = new ]
  caisson run --name three "$T/rootfs" sh -c 'echo new >/in-place'
  run -125 caisson diff three
  [[ "${lines[0]}" == "caisson: error: diff: three: its root is the directory "*"/rootfs, used in place: what was there before is not known" ]]
  run -125 caisson commit three other
  [[ "${lines[0]}" == "caisson: error: commit: three: its root is the directory "*", used in place: there is no layer of it" ]]
  [ "$(caisson export three | tar -xOf - in-place)" = new ]
}

@test "commit: a running container stands still meanwhile, and goes on; what is mounted in it is not in the tarball" {
  mkdir "$T/volume" && echo secret >"$T/volume/file"
  # Two files that are changed together, but for a moment; between them is one that takes long to read.
  caisson run -d --name writer -v "$T/volume:/data" --tmpfs /scratch builtin:busybox sh -c '
    echo s >/scratch/s; head -c 40000000 /dev/urandom >/n2; i=0
    while true; do i=$((i+1)); for n in 1 3; do echo $i >/new && mv /new /n$n; done; done' >/dev/null
  local id
  id=$(caisson ps -q --no-trunc)
  within 30 test -s "$T/root/containers/$id/upper/n3"
  caisson commit -q writer caught >/dev/null
  [ "$(cat /sys/fs/cgroup/{,freezer/}"caisson-$id"/{cgroup.freeze,freezer.state} 2>/dev/null | grep -cvx '0\|THAWED')" -eq 0 ]
  local first third
  read -r first third < <(caisson run --rm caught sh -c 'echo $(cat /n1) $(cat /n3)')
  [ "$first" -eq "$third" ] || [ "$first" -eq $((third + 1)) ]
  # It runs on.
  local before
  before=$(caisson exec writer cat /n1)
  sleep 0.2
  [ "$(caisson exec writer cat /n1)" -gt "${before:-0}" ]
  caisson commit -q --pause=false writer moving >/dev/null
  for _ in 1 2 3; do caisson diff writer >"$T/diff"; grep -qx 'A /n1' "$T/diff"; done
  caisson export -o "$T/writer.tar" writer
  run -0 tar -tf "$T/writer.tar"
  [[ "$output" != *data/file* && "$output" != *scratch/s* && "$output" != *proc/1* ]]
  [ "$(stat -c %a "$T/writer.tar")" = 600 ]
  caisson rm -f writer >/dev/null
  run -0 caisson system check
}

@test "commit: a signal that ends it leaves the container running, and nothing in the store" {
  caisson run -d --name slow builtin:busybox sh -c 'head -c 300000000 /dev/urandom >/big; touch /ready; i=0; while true; do i=$((i+1)); echo $i >/new; mv /new /n; done' >/dev/null
  local upper
  upper=$T/root/containers/$(caisson ps -q --no-trunc)/upper
  within 60 test -e "$upper/ready"
  "${CAISSON[@]}" commit -q slow never >/dev/null 2>&1 &
  local pid=$!
  within 10 pgrep -P "$pid"
  kill -TERM "$(pgrep -P "$pid")" "$pid"
  local status=0
  wait "$pid" || status=$?
  [ "$status" -eq 143 ]
  local before
  before=$(caisson exec slow cat /n)
  sleep 0.2
  [ "$(caisson exec slow cat /n)" != "$before" ]
  [ -z "$(caisson images -q)" ]
  caisson rm -f slow >/dev/null
  run -0 caisson system check
}

@test "commit: what a hostile container calls its files stays in the archive" {
  caisson run --name bad builtin:busybox sh -c '
    ln -s / /out; ln -s ../../../../etc /up; touch /.wh.bin "/new
line" /--checkpoint; mkdir -p /etc/.wh.passwd; ln -s /proc/1/root /etc/hosts.link; mknod /null c 1 3 || true
    ln -s /dev/zero /zero; touch "$(printf "\033[31m")"; rm -rf /var && ln -s / /var'
  caisson diff bad >"$T/diff"
  grep -qx 'A /out' "$T/diff" && grep -qx 'C /var' "$T/diff" && [ "$(grep -c '/out/' "$T/diff")" -eq 0 ]
  # What would be an order to other programs' terminals is quoted on one.
  run -0 script -qec "${CAISSON[*]} diff bad" /dev/null
  [[ "$output" != *$'\033'* && "$output" == *"A '/\\033[31m'"* ]]
  run -0 --separate-stderr caisson commit -q bad bad
  # shellcheck disable=SC2154 # which run sets
  [[ "$stderr" == *"files were left out whose names mean something else in a layer: at "*" and 1 more"* ]]
  top_layer localhost/bad:latest >"$T/layer.tar"
  [ "$(tar -tf "$T/layer.tar" | grep -cE '\.wh\.(bin|passwd)')" -eq 0 ]
  [ "$(caisson run --rm bad sh -c 'test -e /bin/sh && test -e /etc/passwd && readlink /out')" = / ]
  caisson export bad >"$T/bad.tar"
  tar -tf "$T/bad.tar" | grep -qx 'out'
  [ -z "$(tar -tf "$T/bad.tar" | grep -E '^(/|.*\.\./|out/)' || true)" ]
}

@test "commit: notes that a container leaves itself are none of overlay's" {
  require_program setfattr
  caisson run --name noted builtin:busybox sh -c 'mkdir /mine && touch /bin/new /mine/f'
  local upper
  upper=$(echo "$T"/root/containers/*/upper)
  # As a process in the container could: it has no user namespace, so overlay's own are trusted.overlay.
  setfattr -n user.overlay.opaque -v y "$upper/bin" 2>/dev/null || skip "no attributes of users in $STATE"
  setfattr -n user.overlay.redirect -v /etc "$upper/mine"
  [ "$(caisson diff noted)" = $'C /bin\nA /bin/new\nA /mine\nA /mine/f' ]
  caisson commit -q noted noted >/dev/null
  [ "$(top_layer localhost/noted:latest | tar -tf - | grep -c '\.wh\.')" -eq 0 ]
  [ "$(caisson run --rm noted ls /bin/sh)" = /bin/sh ]
}

@test "commit: errors name what and where, and leave nothing" {
  caisson import -q "$BUILTIN" base >/dev/null
  caisson run --name one base true
  run -125 caisson export
  [ "${lines[0]}" = "caisson: error: export: one container is needed" ]
  run -125 caisson diff none
  [[ "${lines[0]}" == "caisson: error: diff: "*none* ]]
  run -125 script -qec "${CAISSON[*]} export one" /dev/null
  [[ "${lines[0]}" == *"export: standard output is a terminal"* ]]
  run -125 caisson export -o "$T" one
  [[ "${lines[0]}" == *"export: open($T): Is a directory" ]]
  run -125 caisson export -o "$T/no/where" one
  [ ! -e "$T/no" ]
  run -125 bash -c '"$@" >/dev/full' - "${CAISSON[@]}" export one
  [[ "${lines[0]}" == *"write(standard output): No space left on device" ]]
  run -125 caisson commit one 'Not A Name'
  run -125 caisson commit one "base@sha256:$(printf '0%.0s' {1..64})"
  [[ "${lines[0]}" == *"what an image is called here has no digest"* ]]
  run -125 caisson commit -c 'COPY a b' one x
  [[ "${lines[0]}" == "caisson: error: commit: --change: COPY a b: 'COPY' is none of "* ]]
  # The image can be gone, where somebody insists.
  caisson rmi -f base >/dev/null
  run -125 caisson commit one x
  [[ "${lines[0]}" == *"base:latest: the image that the container was made from is not in the store any more" ]]
  [ -z "$(caisson images -q)" ]
  [ -z "$(ls -A "$T/root/images/partial" 2>/dev/null)" ]
}

@test "commit: with a user namespace, owners are those that the container sees" {
  local mapping=(--uidmap 0:100000:65536 --gidmap 0:100000:65536)
  caisson run --name mapped "${mapping[@]}" builtin:busybox sh -c 'rm -r /var && mkdir /var && touch /var/a /b && chown 5:6 /b' || skip "mounts cannot be mapped here"
  [ "$(caisson diff mapped | grep -v '^D')" = $'A /b\nC /var\nA /var/a' ]
  caisson export mapped >"$T/mapped.tar"
  [ "$(tar --numeric-owner -tvf "$T/mapped.tar" b var/a bin/sh | awk '{ print $2 }' | tr '\n' ' ')" = "5/6 0/0 0/0 " ]
  caisson commit -q mapped mapped >/dev/null
  [ "$(top_layer localhost/mapped:latest | tar --numeric-owner -tvf - | awk '$6 != "./" { print $2, $6 }' | tr '\n' ' ')" = "5/6 b 0/0 var/ 0/0 var/.wh..wh..opq 0/0 var/a " ]
  [ "$(caisson run --rm mapped sh -c 'stat -c %u:%g /b; ls /var')" = $'5:6\na' ]
}
