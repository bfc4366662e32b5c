# Volumes: made, listed, mounted, shared, removed; what is mounted of them, and of images.
load helper

# What a volume holds on the disk.
data() { echo "$STATE/root/volumes/$1/_data"; }
# An image docker.io/library/NAME:latest in the store: image NAME CONFIG LAYER…, the first layer busybox.
image() {
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" "docker.io/library/$1:latest" "$2" "$BUILTIN" "${@:3}"
}

@test "volumes: are made once, listed by filters, inspected and removed" {
  [ "$(caisson volume create -l tier=test -l x data)" = data ]
  [ "$(caisson volume create data)" = data ]
  [ "$(caisson volume create --name other)" = other ]
  [[ "$(caisson volume create)" =~ ^[0-9a-f]{64}$ ]]
  [ "$(caisson volume ls -q -f name=dat)" = data ]
  [ "$(caisson volume ls -q -f label=tier=test)" = data ]
  [ "$(caisson volume ls -q -f 'label!=tier' | wc -l)" -eq 2 ]
  [ "$(caisson volume ls -q -f dangling=true | wc -l)" -eq 3 ]
  [ "$(caisson volume ls -q -f dangling=false)" = "" ]
  [ "$(caisson volume ls | head -n 1)" = "DRIVER  VOLUME NAME" ]
  [ "$(caisson volume ls --format '{{.Name}} {{.Labels}}' -f name=data)" = "data tier=test,x=" ]
  [ "$(caisson volume inspect -f '{{.Name}} {{.Driver}} {{.Mountpoint}} {{json .Labels}}' data)" = \
    "data local $T/root/volumes/data/_data {\"tier\":\"test\",\"x\":\"\"}" ]
  caisson volume exists data
  run -1 caisson volume exists nothing
  run -1 caisson volume inspect nothing
  [[ "$output" == *"no such volume: nothing"* ]]
  run -1 caisson volume rm data nothing
  [ "${lines[0]}" = data ]
  [[ "$output" == *"no such volume: nothing"* ]]
  caisson volume rm -f nothing
  run -1 caisson volume exists data
  for name in ../x a/b -x '' . ; do run -125 caisson volume create --name "$name" --label a "x$name/"; done
  run -125 caisson volume create -d nfs x
  run -125 caisson volume create -o size=1m x
  run -125 caisson volume create -o type=tmpfs x
  [ "$(caisson volume ls -q | wc -l)" -eq 2 ]
}

@test "volumes: outlive containers, and are kept for each that names them, also when it has ended" {
  box -v=data:/data sh -c 'echo kept >/data/file'
  [ "$(box -v=data:/data:ro cat /data/file)" = kept ]
  run -1 box -v=data:/data:ro touch /data/new
  caisson run --name ended -v data:/data builtin:busybox true
  caisson run -d --name up -v data:/more builtin:busybox sleep 1000
  run -1 caisson volume rm data
  [[ "${lines[0]}" == "caisson: error: volume rm: volume data is in use by containers "*"up"* ]]
  [[ "${lines[0]}" == *ended* ]]
  [ "$(caisson volume prune -af)" = "Total reclaimed space: 0B" ]
  caisson rm ended
  run -1 caisson volume rm -f data
  caisson rm -f up
  [ "$(caisson volume rm data)" = data ]
  [ -z "$(ls -A "$T/root/volumes")" ]
}

@test "volumes: without a name go with --rm and rm -v alone, and not while another has them" {
  box -v=/data sh -c 'touch /data/x'
  [ -z "$(caisson volume ls -q)" ]
  caisson run --name one -v /data builtin:busybox sh -c 'echo shared >/data/x'
  local name
  name=$(caisson volume ls -q)
  [[ "$name" =~ ^[0-9a-f]{64}$ ]]
  [ "$(caisson inspect -f '{{range .Mounts}}{{.Name}}{{end}}' one 2>/dev/null || caisson inspect -f '{{json .Mounts}}' one | grep -o '[0-9a-f]\{64\}' | head -n 1)" = "$name" ]
  caisson run --name two --volumes-from one builtin:busybox cat /data/x
  caisson rm -v one
  [ "$(caisson volume ls -q)" = "$name" ]
  caisson rm -v two
  [ -z "$(caisson volume ls -q)" ]
  caisson run --name three -v /data builtin:busybox true
  caisson rm three
  [ "$(caisson volume ls -q | wc -l)" -eq 1 ]
  caisson volume create named
  [ "$(caisson volume prune -f | sed -n 2p | wc -c)" -eq 65 ]
  [ "$(caisson volume ls -q)" = named ]
  [[ "$(caisson volume prune -f --filter all=1)" == *named* ]]
  # One that could not be started leaves none.
  run -127 caisson run -v /data builtin:busybox /no/such/program
  [ -z "$(caisson volume ls -q)" ]
}

@test "volumes: begin with what the image has: owner, mode, attributes, links; once" {
  local root
  root=$(rootfs)
  mkdir -p "$root/data/deep" && echo seed >"$root/data/deep/seed" && ln -s deep/seed "$root/data/link"
  chown 7:8 "$root/data" "$root/data/deep/seed" && chmod 2750 "$root/data" && chmod 4755 "$root/data/deep/seed"
  [ "$(caisson run --rm -v fresh:/data "$root" sh -c 'stat -c "%a %u %g" /data; cat /data/link; rm /data/link')" = $'2750 7 8\nseed' ]
  [ "$(stat -c '%a %u %g' "$(data fresh)/deep/seed")" = "4755 7 8" ]
  [ "$(caisson run --rm -v fresh:/data "$root" ls /data)" = deep ]
  [ -z "$(caisson run --rm -v empty:/data:nocopy "$root" ls /data)" ]
  [ -z "$(caisson run --rm --mount type=volume,src=other,dst=/data,volume-nocopy "$root" ls /data)" ]
  # What is in it already stays, whatever the image has.
  caisson volume create full && touch "$(data full)/own"
  [ "$(caisson run --rm -v full:/data "$root" ls /data)" = own ]
  # Ten at once: nobody sees half of it.
  mkdir "$root/data/many" && for i in {1..300}; do echo "$i" >"$root/data/many/$i"; done
  local pids=() i
  for i in {1..10}; do
    caisson run --rm -v race:/data "$root" sh -c 'ls /data/many | wc -l' >"$T/out.$i" 2>&1 &
    pids+=($!)
  done
  wait "${pids[@]}"
  [ "$(cat "$T"/out.* | sort -u)" = 300 ]
  # One in which a copy has broken off is no volume to begin with.
  caisson volume create half && touch "$(data half)/link" && chmod 0 "$(data half)"
  run -125 caisson run --rm -v half:/data "$root" true
  [[ "$output" == *"hint: a copy into it has broken off before"* ]]
}

@test "volumes: twenty containers make one of a new name at once" {
  local i pids=()
  for i in {1..20}; do
    caisson run --rm -v "many:/data" builtin:busybox sh -c "echo $i >/data/$i" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  [ "$(ls "$(data many)" | wc -l)" -eq 20 ]
  [ "$(ls -A "$T/root/volumes")" = many ]
}

@test "volumes: a part of one is shown, and links in it lead nowhere else" {
  box -v=data:/d sh -c 'mkdir -p /d/sub/deep; echo in >/d/sub/deep/f; ln -s / /d/out; ln -s ../../../../etc /d/up; ln -s sub/deep /d/short'
  [ "$(box --mount=type=volume,src=data,dst=/x,volume-subpath=sub/deep cat /x/f)" = in ]
  [ "$(box --mount=type=volume,src=data,dst=/x,volume-subpath=short cat /x/f)" = in ]
  [ "$(box --mount=type=volume,src=data,dst=/x,volume-subpath=sub/deep/f cat /x)" = in ]
  [ "$(box --mount=type=volume,src=data,dst=/x,volume-subpath=out ls /x | xargs)" = "out short sub up" ]
  run -125 box --mount=type=volume,src=data,dst=/x,volume-subpath=up ls /x
  run -125 box --mount=type=volume,src=data,dst=/x,volume-subpath=none ls /x
  [[ "$output" == *"none is not in "* ]]
}

@test "volumes: are file systems and directories of the host by docker's options" {
  caisson volume create -o type=tmpfs -o device=tmpfs -o o=size=1m,uid=7,noexec memory
  [ "$(box -v=memory:/m stat -c %u /m)" = 7 ]
  [[ "$(box -v=memory:/m grep ' /m ' /proc/mounts)" == "tmpfs /m tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k,"* ]]
  mkdir "$T/host" && touch "$T/host/file"
  caisson volume create -o type=none -o o=bind,ro -o device="$T/host" host
  [ "$(box -v=host:/h ls /h)" = file ]
  run -1 box -v=host:/h touch /h/new
  [ "$(caisson volume inspect -f '{{json .Options}}' memory)" = '{"device":"tmpfs","o":"size=1m,uid=7,noexec","type":"tmpfs"}' ]
  box --mount=type=volume,src=made,dst=/m,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-label=a=b true
  [ "$(caisson volume inspect -f '{{json .Options}} {{json .Labels}}' made)" = '{"device":"tmpfs","type":"tmpfs"} {"a":"b"}' ]
}

@test "volumes: O keeps changes inside, U gives it to the user, and others' come along" {
  box -v=data:/d sh -c 'touch /d/a'
  box -v=data:/d:O sh -c 'rm /d/a; touch /d/b'
  [ "$(ls "$(data data)")" = a ]
  box -u=12:13 -v=data:/d:U sh -c 'touch /d/c'
  [ "$(stat -c '%u %g' "$(data data)/a" "$(data data)/c" | sort -u)" = "12 13" ]
  mkdir "$T/host"
  caisson run --name first -v data:/d -v "$T/host:/h:ro" --tmpfs /t builtin:busybox true
  [ "$(caisson run --rm --volumes-from first builtin:busybox sh -c 'ls /d | xargs; touch /h/x 2>&1; grep -c " /t " /proc/mounts')" = \
    $'a c\ntouch: /h/x: Read-only file system\n0' ]
  run -1 caisson run --rm --volumes-from first:ro builtin:busybox touch /d/x
  caisson run --rm --volumes-from first:ro -v /d builtin:busybox touch /d/x
  run -125 caisson run --rm --volumes-from nobody builtin:busybox true
  [[ "${lines[0]}" == *"--volumes-from nobody: no such container: nobody" ]]
}

@test "volumes: an image is mounted read-only, or below an overlay, and is kept while it is" {
  require_program python3
  mkdir -p "$T/upper/extra" && echo more >"$T/upper/extra/file"
  tar -C "$T/upper" --numeric-owner -cf "$T/extra.tar" .
  image one '{}'
  image two '{}' "$T/extra.tar"
  [ "$(box --mount=type=image,src=two,dst=/i cat /i/extra/file)" = more ]
  run -1 box --mount=type=image,src=two,dst=/i touch /i/x
  box --mount=type=image,src=two,dst=/i,rw=true sh -c 'rm /i/extra/file && touch /i/x'
  [ "$(box --mount=type=image,src=two,dst=/i cat /i/extra/file)" = more ]
  run -1 box --mount=type=image,src=one,dst=/i,subpath=etc touch /i/x
  [ "$(box --mount=type=image,src=one,dst=/i,subpath=etc ls /i | head -n 1)" = group ]
  caisson run -d --name user --mount type=image,src=two,dst=/i builtin:busybox sleep 1000
  caisson rmi two
  [ "$(caisson exec user cat /i/extra/file)" = more ]
  run -125 box --mount=type=image,src=none,dst=/i,ro --pull=never true
}

@test "volumes: an image of many layers is mounted too" {
  local n tars=()
  for n in {1..12}; do
    mkdir -p "$T/layer$n" && echo "$n" >"$T/layer$n/file$n" && echo "$n" >"$T/layer$n/last"
    tar -C "$T/layer$n" --numeric-owner -cf "$T/layer$n.tar" .
    tars+=("$T/layer$n.tar")
  done
  image deep '{}' "${tars[@]}"
  [ "$(box --mount=type=image,src=deep,dst=/i cat /i/file1 /i/file12 /i/last | xargs)" = "1 12 12" ]
  [ "$(box --mount=type=image,src=deep,dst=/i grep -c ' overlay ' /proc/self/mountinfo)" = 2 ]
  run -1 box --mount=type=image,src=deep,dst=/i touch /i/x
  box --mount=type=image,src=deep,dst=/i,rw=true touch /i/x
}

@test "volumes: df counts them, and system prune --volumes takes those without a name" {
  box -v=data:/d sh -c 'head -c 100000 /dev/zero >/d/f'
  caisson run --name ended -v /x builtin:busybox sh -c 'head -c 200000 /dev/zero >/x/f'
  [ "$(caisson system df --format '{{.Type}} {{.TotalCount}} {{.Active}}' | tail -n 1)" = "Local Volumes 2 1" ]
  [[ "$(caisson system df -v)" == *"Local Volumes space usage:"*data*0*kB* ]]
  caisson system prune -f
  [ "$(caisson volume ls -q | wc -l)" -eq 2 ]
  run -0 caisson system prune -f --volumes
  [[ "$output" == "Deleted Volumes:"*"Total reclaimed space: 2"*kB ]]
  [ "$(caisson volume ls -q)" = data ]
}

@test "volumes: what a killed command leaves is cleared by the next" {
  mkdir -p "$T/root/volumes/.new.x/_data" "$T/root/volumes/.gone.y/_data/deep"
  [ -z "$(caisson volume ls -q)" ]
  exec 9<"$T/root/volumes/.new.x" && flock 9
  caisson volume create data
  [ "$(ls -A "$T/root/volumes" | xargs)" = ".new.x data" ]
  exec 9<&-
  caisson volume create other
  [ "$(ls -A "$T/root/volumes" | xargs)" = "data other" ]
}

@test "volumes: the files that the engine makes stay the same files: they are written in place" {
  caisson run -d --name up builtin:busybox sleep 1000
  local name before
  for name in hosts hostname resolv.conf; do
    before=$(stat -c %i "$T/root/containers/"*"/$name")
    [ "$(caisson exec up stat -c %i "/etc/$name")" = "$before" ]
    caisson exec up sh -c "echo '# more' >>/etc/$name"
    [ "$(tail -n 1 "$T/root/containers/"*"/$name")" = "# more" ]
    [ "$(stat -c %i "$T/root/containers/"*"/$name")" = "$before" ]
  done
}
