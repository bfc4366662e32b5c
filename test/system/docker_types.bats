# Images with Docker's own media types: kept byte by byte, and nevertheless found by what reads the store as a layout of OCI.
load helper
load registry

setup() {
  caisson_setup
  registry_setup
  registries_are_plain
  require_program umoci
}
teardown() {
  registry_teardown
  caisson_teardown
}

# An image of Docker's types at Debian's registry, $NAME, whose manifest there has the digest $THERE.
push_docker_image() {
  gzip -dc "$BUILTIN" >"$STATE/busybox.tar"
  make_image image "$STATE/busybox.tar"
  docker_registry
  NAME=127.0.0.1:$PORT/team/tool:1
  quiet skopeo copy --dest-tls-verify=false --format v2s2 "oci:$STATE/image" "docker://$NAME"
  skopeo inspect --raw --tls-verify=false "docker://$NAME" >"$STATE/manifest"
  grep -q vnd.docker.distribution.manifest.v2 "$STATE/manifest"
  THERE=sha256:$(sha256sum <"$STATE/manifest" | cut -d' ' -f1)
}
podman_at() { podman --root "$STATE/podman" --runroot "$STATE/podman.run" --storage-driver vfs "$@"; }
# skopeo, umoci and podman find the image NAME of the store, and it is what it should be: others_read NAME.
others_read() {
  local place=oci:$STATE/root/images:$1
  [ "$(skopeo inspect --format '{{len .Layers}}' "$place")" = 2 ]
  skopeo inspect --raw "$place" | grep -q vnd.oci.image.manifest.v1
  quiet umoci unpack --image "${place#oci:}" "$STATE/bundle"
  [ "$(stat -c %s "$STATE/bundle/rootfs/large")" = 3000000 ]
  rm -r "$STATE/bundle"
  # By a path without capital letters, of which podman makes a name.
  (cd "$STATE/root" && quiet podman_at pull -q "oci:images:$1")
  [ "$(podman_at images -q --no-trunc | head -1)" = "$(caisson image inspect -f '{{.Id}}' "$1")" ]
  quiet podman_at rmi -af
}
blobs() { find "$STATE/root/images/blobs/sha256" -type f | wc -l; }

@test "docker types: what a registry has is kept byte by byte, and skopeo, umoci and podman read it in the store" {
  require_program podman
  push_docker_image
  caisson pull -q "$NAME"
  cmp "$STATE/manifest" "$STATE/root/images/blobs/sha256/${THERE#sha256:}"
  others_read "$NAME"
  [ "$(blobs)" -eq 5 ]
  [ "$(caisson image inspect -f '{{.Digest}} {{.RepoDigests}}' "$NAME")" = "$THERE [${NAME%:1}@$THERE]" ]
  [ "$(caisson images --digests --format '{{.Repository}} {{.Digest}}')" = "${NAME%:1} $THERE" ]
  [ "$(caisson run --rm --pull never "${NAME%:1}@$THERE" stat -c %s /large)" = 3000000 ]

  # What is pushed has the same bytes.
  caisson push -q "$NAME" "127.0.0.1:$PORT/again:1" >/dev/null
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$PORT/again:1")" = "$THERE" ]
  caisson save -q --format docker-dir -o "$STATE/dir" "$NAME"
  cmp "$STATE/manifest" "$STATE/dir/manifest.json"

  # Both manifests are one image: for prune, for a second name, and for rmi.
  caisson tag "$NAME" other:1
  others_read docker.io/library/other:1
  caisson rmi "$NAME" >/dev/null
  caisson image prune -f >/dev/null
  [ "$(blobs)" -eq 5 ]
  others_read docker.io/library/other:1
  caisson system check
  [ "$(caisson images -q | wc -l)" -eq 1 ]
  caisson rmi other:1 >/dev/null
  [ "$(blobs)" -eq 0 ]
}

@test "docker types: a list that was pulled by its digest is found by others too" {
  push_docker_image
  python3 -B - "$STATE" "$PORT" <<'END'
import hashlib, json, sys, urllib.request
state, port = sys.argv[1:]
manifest = open(state + "/manifest", "rb").read()
kind = "application/vnd.docker.distribution.manifest."
one = {"mediaType": kind + "v2+json", "digest": "sha256:" + hashlib.sha256(manifest).hexdigest(), "size": len(manifest),
       "platform": {"os": "linux", "architecture": "amd64"}}
body = json.dumps({"schemaVersion": 2, "mediaType": kind + "list.v2+json", "manifests": [one]}).encode()
request = urllib.request.Request(f"http://127.0.0.1:{port}/v2/team/tool/manifests/many", body,
                                 {"Content-Type": kind + "list.v2+json"}, method="PUT")
urllib.request.urlopen(request)
open(state + "/list", "w").write("sha256:" + hashlib.sha256(body).hexdigest())
END
  local name
  name=${NAME%:1}@$(cat "$STATE/list")
  caisson pull -q "$name"
  [ "$(skopeo inspect --format '{{len .Layers}}' "oci:$STATE/root/images:$name")" = 2 ]
  [ "$(caisson image inspect -f '{{.Digest}} {{.RepoDigests}}' "$name")" = "$THERE [$name]" ]
  caisson image prune -f >/dev/null
  [ "$(caisson run --rm --pull never "$name" stat -c %s /large)" = 3000000 ]
  caisson system check
  caisson rmi "$name" >/dev/null
  [ "$(blobs)" -eq 0 ]
}

@test "docker types: what others find is checked and made anew, and a lost index does not make two images of one" {
  push_docker_image
  caisson pull -q "$NAME"
  local place=oci:$STATE/root/images:$NAME blob
  blob=$STATE/root/images/blobs/sha256/$(skopeo inspect --raw "$place" | sha256sum | cut -d' ' -f1)
  echo >>"$blob"
  run -125 caisson system check
  [[ "$output" = *"image '$NAME': its manifest in OCI's words, for other programs, is missing"* ]]
  run -0 caisson system check --repair
  [[ "$output" = *"is missing (made anew)"* ]]
  others_find() { [ "$(skopeo inspect --format '{{len .Layers}}' "$1")" = 2 ]; }
  others_find "$place"

  # A program that makes the line lead to an image of its own means that.
  quiet umoci config --image "${place#oci:}" --config.label new=yes
  [ "$(caisson image inspect -f '{{.Config.Labels.new}}' "$NAME")" = yes ]
  caisson pull -q "$NAME"
  caisson image prune -f >/dev/null
  truncate -s 20 "$STATE/root/images/index.json"
  caisson system check --repair >/dev/null
  [ "$(caisson images --digests --format '{{.Digest}}')" = "$THERE" ]
  caisson tag "$(caisson images -q)" found:1
  others_find "oci:$STATE/root/images:docker.io/library/found:1"
}

@test "docker types: a docker-archive and a directory of skopeo's are read by others from the store too" {
  require_program podman
  gzip -dc "$BUILTIN" >"$STATE/busybox.tar"
  make_image image "$STATE/busybox.tar"
  quiet skopeo copy "oci:$STATE/image" "docker-archive:$STATE/archive.tar:archived:1"
  caisson load -q -i "$STATE/archive.tar" >/dev/null
  others_read docker.io/library/archived:1
  quiet skopeo copy --format v2s2 "oci:$STATE/image" "dir:$STATE/v2s2"
  caisson tag "$(caisson pull -q "dir:$STATE/v2s2")" directory:1
  others_read docker.io/library/directory:1
  caisson system check
}
