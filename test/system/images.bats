# The verbs that look at the store of images, and those that take things out of it.
load helper

setup() {
  caisson_setup
  require_program python3
  mkdir -p "$T/upper"
}

# An image called NAME in the store, whole reference: image NAME CONFIG LAYER….
image() {
  python3 -B "$BATS_TEST_DIRNAME/images.py" "$T/root/images" "$@" >"$T/made"
  read -r MANIFEST ID <"$T/made"
}
# A layer with the file NAME in it: $T/NAME.tar.
layer() { echo "$1" >"$T/upper/$1" && tar -C "$T/upper" -cf "$T/$1.tar" "$1"; }
chains() { find "$T/root/layers/chain" -mindepth 1 -maxdepth 1 | wc -l; }
blobs() { find "$T/root/images/blobs/sha256" -type f | wc -l; }

@test "images: columns, digests, templates and filters as docker has them" {
  run -0 caisson images
  [ "$output" = "REPOSITORY  TAG  IMAGE ID  CREATED  SIZE" ]
  layer a
  image docker.io/library/one:1.0 '{"config": {"Labels": {"tier": "test"}}, "created": "2020-01-02T03:04:05Z"}' "$T/a.tar"
  local one=$ID manifest=$MANIFEST
  image registry.example:5000/team/two:latest '{"config": {}, "created": "2023-01-02T03:04:05Z"}' "$BUILTIN" "$T/a.tar"
  run -0 caisson images
  [[ "${lines[1]}" =~ ^registry.example:5000/team/two\ +latest\ +${ID:7:12}\ +[0-9]+\ years?\ ago\ +1.0[0-9]MB$ ]]
  [[ "${lines[2]}" =~ ^one\ +1.0\ +${one:7:12}\ +[0-9]+\ years?\ ago\ +[0-9.]+kB$ ]]
  [ "$(caisson images -q --no-trunc)" = "$ID"$'\n'"$one" ]
  [ "$(caisson images --digests --format '{{.Repository}} {{.Digest}}' one)" = "one $manifest" ]
  [ "$(caisson image ls --format '{{.Repository}}:{{.Tag}}' --filter reference='registry*/*/*')" = registry.example:5000/team/two:latest ]
  [ "$(caisson images -q --filter label=tier=test)" = "${one:7:12}" ]
  [ "$(caisson images -q --filter 'label!=tier')" = "${ID:7:12}" ]
  [ "$(caisson images -q --filter until=2021-01-01)" = "${one:7:12}" ]
  [ -z "$(caisson images -q --filter dangling=true)" ]
  run -125 caisson images --filter color=red
  [[ "${lines[0]}" == *"--filter color=red: 'color' is no filter for images"* ]]
  [ "$(caisson images -a)" = "$(caisson images)" ]
}

@test "images: what skopeo stores is listed, inspected and run" {
  require_program skopeo
  image docker.io/library/mine:1 '{"Cmd": ["echo", "hi"]}' "$BUILTIN"
  skopeo copy --quiet "oci:$T/root/images:docker.io/library/mine:1" "oci:$T/layout:there"
  rm -r "$T/root/images"
  mkdir -p "$T/root/images"
  skopeo copy --quiet "oci:$T/layout:there" "oci:$T/root/images:docker.io/library/theirs:latest"
  [ "$(caisson images --format '{{.Repository}}:{{.Tag}}')" = theirs:latest ]
  [ "$(caisson image inspect -f '{{.Config.Cmd}} {{.RepoTags}}' theirs)" = '[echo hi] [theirs:latest]' ]
  [ "$(caisson run --rm theirs)" = hi ]
  [ "$(skopeo inspect --config "oci:$T/root/images:docker.io/library/theirs:latest" | sha256sum | cut -c1-64)" != "" ]
}

@test "images: tag gives a name, rmi takes it, and the last one takes the image" {
  layer a && layer b
  image docker.io/library/one:latest '{}' "$T/a.tar" "$T/b.tar"
  local blobs
  caisson tag one two:2
  caisson tag "${ID:7:12}" localhost/three
  [ "$(caisson images --format '{{.Repository}}:{{.Tag}}' | sort | tr '\n' ' ')" = "localhost/three:latest one:latest two:2 " ]
  run -125 caisson tag one 'Two!'
  [ "${#lines[@]}" -ge 1 ]
  run -125 caisson tag none four
  [ "${lines[0]}" = "caisson: error: tag: no such image: none" ]
  run -0 caisson rmi two:2
  [ "$output" = "Untagged: two:2" ]
  run -1 caisson rmi "${ID:7:12}"
  [[ "${lines[0]}" == *"has several names: "* ]]
  blobs=$(blobs)
  [ "$blobs" -eq 4 ]
  run -0 caisson image rm -f "${ID:7:12}"
  [ "${lines[2]}" = "Deleted: $ID" ]
  [ "$(blobs)" -eq 0 ]
  run -1 caisson rmi one
  [ "${lines[0]}" = "caisson: error: rmi: no such image: one" ]
}

@test "images: rmi refuses what a container uses, and takes its layers with it when none does" {
  layer a && layer b
  image docker.io/library/one:latest '{}' "$BUILTIN" "$T/a.tar"
  image docker.io/library/two:latest '{}' "$BUILTIN" "$T/b.tar"
  caisson run -d --name up one sleep 1000 >/dev/null
  caisson run --rm two true
  [ "$(chains)" -eq 3 ]
  local force
  for force in "" -f; do
    run -1 caisson rmi $force one
    [[ "${lines[0]}" == "caisson: error: rmi: image one is in use by running container "* ]]
  done
  run -0 caisson rmi two
  [ "${#lines[@]}" -eq 3 ]
  [ "$(chains)" -eq 2 ]
  caisson stop -t 0 up >/dev/null
  run -1 caisson rmi one
  [[ "${lines[0]}" == "caisson: error: rmi: image one is in use by container "* ]]
  # By force the image goes; what the container was made from stays until it goes too.
  run -0 caisson rmi -f one
  [ "$(blobs)" -eq 0 ]
  [ "$(chains)" -eq 2 ]
  caisson rm up >/dev/null
  run -0 caisson image prune -f
  [ "$(chains)" -eq 0 ]
  [[ "${lines[-1]}" == "Total reclaimed space: "*[1-9]*B ]]
}

@test "images: prune asks, takes what has no name, and with -a what no container needs" {
  layer a && layer b
  image docker.io/library/one:latest '{"Labels": {"keep": "yes"}}' "$BUILTIN" "$T/a.tar"
  image docker.io/library/one:latest '{}' "$BUILTIN" "$T/b.tar"
  image docker.io/library/two:latest '{"Labels": {"keep": "yes"}}' "$BUILTIN"
  caisson run --rm builtin:busybox true
  caisson run -d --name up one sleep 1000 >/dev/null
  [ "$(find "$T/root/layers/sha256" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
  run -0 caisson image prune </dev/null
  [[ "$output" == *"[y/N] " ]]
  caisson image prune -f >/dev/null
  [ "$(caisson image prune -f)" = "Total reclaimed space: 0B" ]
  [ "$(find "$T/root/layers/sha256" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
  run -0 caisson image prune -af --filter 'label!=keep'
  [ "$(caisson images -q | wc -l)" -eq 2 ]
  run -0 caisson image prune -af
  [ "$(caisson images --format '{{.Repository}}')" = one ]
  [ ! -e "$T/root/layers/sha256/"* ]
  [ "$(caisson exec up cat /b)" = b ]
}

@test "images: history, tree and inspect tell how it was made and what is shared" {
  layer a && layer b
  image docker.io/library/one:latest '{"config": {"Env": ["A=b"]}, "author": "me", "history": [
    {"created": "2020-01-02T03:04:05Z", "created_by": "ADD base"},
    {"created_by": "ENV A=b", "empty_layer": true, "comment": "no layer"},
    {"created": "2021-01-02T03:04:05Z", "created_by": "a command that is longer than what a line of the table has room for"}]}' \
    "$BUILTIN" "$T/a.tar"
  image docker.io/library/two:latest '{}' "$BUILTIN" "$T/b.tar"
  run -0 caisson history one
  [[ "${lines[1]}" == *"a command that is longer than what a line of"*"…"*kB* ]]
  [[ "${lines[2]}" =~ ^\<missing\>\ +N/A\ +ENV\ A=b\ +0B\ +no\ layer$ ]]
  [[ "${lines[3]}" == "<missing>"*"ADD base"*MB* ]]
  [ "$(caisson history --human=false --no-trunc --format '{{.Size}} {{.CreatedBy}}' one | tail -1)" = "$(stat -c %s "$BUILTIN") ADD base" ]
  run -0 caisson image tree one
  [[ "${lines[0]}" == "one:latest  "*"  2 layers, 1.0"*MB ]]
  [[ "${lines[1]}" == "├─ "*"also in two:latest" ]]
  [[ "${lines[2]}" == "└─ "* && "${lines[2]}" != *also* ]]
  [ "$(caisson image inspect -f '{{.Author}} {{json .Config.Env}} {{.Os}}/{{.Architecture}}' one)" = 'me ["A=b"] linux/amd64' ]
  [ "$(caisson image inspect one two | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" -eq 2 ]
}

@test "images: inspect finds a container first, and then an image" {
  image docker.io/library/one:latest '{}' "$BUILTIN"
  [ "$(caisson inspect -f '{{.RepoTags}}' one)" = '[one:latest]' ]
  caisson run --name one one true
  [ "$(caisson inspect -f '{{.Name}}' one)" = one ]
  [ "$(caisson inspect --type image -f '{{.Id}}' one)" = "$ID" ]
  run -1 caisson inspect --type container two
  [ "${lines[0]}" = "caisson: error: inspect: no such container: two" ]
  run -1 caisson inspect two
  [ "${lines[0]}" = "caisson: error: inspect: no such container or image: two" ]
  run -125 caisson image nothing
  [ "${lines[0]}" = "caisson: error: image: unknown command 'nothing'" ]
}

@test "images: what is started while another prunes finds its layers, every time" {
  layer a
  image docker.io/library/one:latest '{}' "$BUILTIN" "$T/a.tar"
  caisson run -d --name up one sleep 1000 >/dev/null
  local i pid
  for i in {1..60}; do caisson image prune -af >/dev/null 2>&1 || echo "prune failed" >>"$T/failed"; done 3>&- &
  pid=$!
  for i in {1..20}; do
    box echo "$i" >>"$T/output" || echo "run failed" >>"$T/failed"
    caisson run --rm one cat /a >>"$T/output" || echo "run failed" >>"$T/failed"
  done
  wait $pid
  [ ! -e "$T/failed" ]
  [ "$(wc -l <"$T/output")" -eq 40 ]
}
