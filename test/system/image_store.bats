# The store of images is an OCI image layout: skopeo and umoci, which know nothing of caisson, read it as it stands.
load helper

setup() {
  T=$BATS_TEST_TMPDIR
  require_program skopeo
  require_program umoci
  [ -x "$BUILD/test/system_image_store" ] || skip "$BUILD/test/system_image_store is not built"
  STORE=$T/store/images
}
teardown() { rm -rf "$T/store"; }

store() { "$BUILD/test/system_image_store" "$STORE" "$@"; }
reads() { "$BUILD/test/system_image_store" - read "$1"; }
quiet() { "$@" >"$T/output" 2>&1 || { cat "$T/output" && false; }; }
blobs() { find "$STORE/blobs/sha256" -type f | wc -l; }

# Two tarballs, $T/lower.tar and $T/upper.tar, and the tree that they make together, $T/tree.
make_layers() {
  mkdir -p "$T"/{lower,upper,tree}/etc
  echo lower >"$T/lower/etc/lower" && ln -s lower "$T/lower/etc/link"
  echo "$RANDOM" >"$T/upper/etc/upper" && chmod 4755 "$T/upper/etc/upper"
  for layer in lower upper; do
    tar -C "$T/$layer" -cf "$T/$layer.tar" .
    tar -C "$T/tree" -xpf "$T/$layer.tar"
  done
}

@test "image store: skopeo and umoci read what caisson stores" {
  make_layers
  local name=docker.io/library/two:1.0 digest
  digest=$(store add $name "$T/lower.tar" "$T/upper.tar")
  [ "$(skopeo inspect --format '{{.Digest}} {{len .Layers}}' "oci:$STORE:$name")" = "$digest 2" ]
  [ "$(skopeo inspect --raw "oci:$STORE:$name" | sha256sum | cut -d' ' -f1)" = "${digest#sha256:}" ]
  quiet skopeo copy "oci:$STORE:$name" "dir:$T/copy"
  [ "$(umoci list --layout "$STORE")" = $name ]
  quiet umoci unpack --image "$STORE:$name" "$T/bundle"
  diff -r "$T/tree" "$T/bundle/rootfs"
  [ "$(stat -c %a "$T/bundle/rootfs/etc/upper")" = 4755 ]
}

@test "image store: caisson finds what skopeo and umoci store, and leaves it as they wrote it" {
  make_layers
  store add docker.io/library/mine:latest "$T/lower.tar"
  quiet umoci new --image "$STORE:docker.io/library/theirs:1"
  quiet umoci insert --image "$STORE:docker.io/library/theirs:1" "$T/upper/etc/upper" /upper
  quiet umoci config --image "$STORE:docker.io/library/theirs:1" --config.cmd /upper
  quiet skopeo copy "oci:$STORE:docker.io/library/theirs:1" "oci:$STORE:latest"
  [[ "$(store find theirs:1)" = sha256:*" linux/"*" /upper" ]]
  [ "$(store find latest)" = "$(store find theirs:1)" ]
  [[ "$(store find mine)" = *" /bin/sh" ]]
  [ "$(store list | wc -l)" -eq 2 ]

  store add docker.io/library/more:latest "$T/upper.tar"
  [ "$(umoci list --layout "$STORE" | sort | tr '\n' ' ')" = \
    "docker.io/library/mine:latest docker.io/library/more:latest docker.io/library/theirs:1 latest " ]
  quiet skopeo copy "oci:$STORE:latest" "dir:$T/copy"
}

@test "image store: what one leaves the other does, and nothing that is named goes" {
  make_layers
  store add docker.io/library/one:1 "$T/lower.tar" "$T/upper.tar"
  store add docker.io/library/two:1 "$T/lower.tar"
  [ "$(blobs)" -eq 6 ]
  quiet umoci gc --layout "$STORE"
  [ "$(store prune)" -eq 0 ]
  [ "$(blobs)" -eq 6 ]
  quiet umoci rm --image "$STORE:docker.io/library/one:1"
  [ "$(store prune)" -eq 3 ]
  quiet umoci unpack --image "$STORE:docker.io/library/two:1" "$T/bundle"
  diff -r "$T/lower" "$T/bundle/rootfs"
  [ "$(store remove docker.io/library/two:1)" -eq 1 ]
  quiet umoci gc --layout "$STORE"
  [ "$(blobs)" -eq 0 ]
  [ -z "$(ls -A "$STORE/lock" "$STORE/partial" | grep -v :)" ]
}

@test "image store: manifests of each format that skopeo writes are read, and schema 1 is refused by name" {
  make_layers
  store add docker.io/library/one:1 "$T/lower.tar" "$T/upper.tar"
  local source=oci:$STORE:docker.io/library/one:1
  quiet skopeo copy --format oci "$source" "dir:$T/oci"
  [ "$(reads "$T/oci/manifest.json")" = "application/vnd.oci.image.manifest.v1+json 2" ]
  quiet skopeo copy --format oci --dest-compress-format zstd --dest-compress "$source" "dir:$T/zstd"
  [ "$(reads "$T/zstd/manifest.json")" = "application/vnd.oci.image.manifest.v1+json 2" ]
  quiet skopeo copy --format v2s2 "$source" "dir:$T/v2s2"
  [ "$(reads "$T/v2s2/manifest.json")" = "application/vnd.docker.distribution.manifest.v2+json 2" ]
  quiet skopeo copy --format v2s1 "$source" "dir:$T/v2s1"
  run -1 reads "$T/v2s1/manifest.json"
  [ "$output" = "error: image manifest: Docker's schema 1, which has no config and no media types" ]
  [ "$(reads "$STORE/index.json")" = "application/vnd.oci.image.index.v1+json 1" ]
}

@test "image store: twenty that store the same at once, half of them killed, leave one whole image" {
  make_layers
  head -c 3000000 /dev/urandom >"$T/lower/large" && tar -C "$T/lower" -cf "$T/lower.tar" .
  local pids=() i
  for i in {1..20}; do
    "$BUILD/test/system_image_store" "$STORE" add docker.io/library/one:1 "$T/lower.tar" "$T/upper.tar" >/dev/null 3>&- &
    pids+=($!)
  done
  for i in {0..9}; do
    sleep 0.01
    kill -KILL "${pids[i]}" 2>/dev/null || true
  done
  for i in {10..19}; do wait "${pids[i]}"; done
  store prune
  [ "$(blobs)" -eq 4 ]
  [ -z "$(ls "$STORE/partial")" ]
  for i in "$STORE"/blobs/sha256/*; do [ "$(sha256sum "$i" | cut -d' ' -f1)" = "${i##*/}" ] || { echo "$i" && false; }; done
  quiet umoci unpack --image "$STORE:docker.io/library/one:1" "$T/bundle"
  cmp "$T/lower/large" "$T/bundle/rootfs/large"
}
