# SIGKILL at random points of what caisson does with images: what is left is whole, the next try succeeds, and prune takes
# the rest. CAISSON_TEST_SEED repeats a run.
# time limit: 900 s
load helper
load registry

setup() {
  caisson_setup
  registry_setup
  registries_are_plain
}
teardown() {
  registry_teardown
  caisson_teardown
}

@test "killed images: 200 SIGKILLs in pull, import, load, run, rmi and prune leave nothing that is not whole" {
  local seed=${CAISSON_TEST_SEED:-$RANDOM} i names=()
  echo "CAISSON_TEST_SEED=$seed"
  mkdir -p "$STATE/tree/many"
  for i in {1..400}; do echo "$i" >"$STATE/tree/many/$i"; done
  tar -C "$STATE/tree" -cf "$STATE/many.tar" many
  head -c 3000000 /dev/urandom >"$STATE/tree/large"
  tar -C "$STATE/tree" -cf "$STATE/large.tar" large
  gzip -dc "$BUILTIN" >"$STATE/busybox.tar"
  mkdir "$STATE/whole" && tar -C "$STATE/whole" -xzf "$BUILTIN" && cp "$STATE/tree/large" "$STATE/whole"
  tar -C "$STATE/whole" -cJf "$STATE/whole.tar.xz" .
  "$BUILD/test/system_image_store" "$STATE/made" add docker.io/library/one:1 "$STATE/busybox.tar" "$STATE/many.tar" "$STATE/large.tar"
  "$BUILD/test/system_image_store" "$STATE/made" add docker.io/library/two:1 "$STATE/busybox.tar" "$STATE/large.tar"
  docker_registry
  for i in one two; do
    quiet skopeo copy --dest-tls-verify=false "oci:$STATE/made:docker.io/library/$i:1" "docker://127.0.0.1:$PORT/$i:1"
  done
  caisson pull -q "127.0.0.1:$PORT/one:1" >/dev/null
  caisson save -o "$STATE/one.tar" "127.0.0.1:$PORT/one:1"

  python3 -B "$BATS_TEST_DIRNAME/killed_images.py" "$seed" "${CAISSON_TEST_KILLS:-200}" "$STATE/root" \
    "127.0.0.1:$PORT/one:1" "127.0.0.1:$PORT/two:1" "$STATE/one.tar" "$STATE/whole.tar.xz" -- "${CAISSON[@]}"

  caisson image prune -af >/dev/null
  caisson system check >/dev/null
  nothing_kept
  find "$STATE/root/images" "$STATE/root/layers" ! -type d -printf '%P\n' >"$T/left"
  [ "$(sort "$T/left" | grep -v '^lock/')" = $'index.json\noci-layout' ] || { cat "$T/left" && false; }
}
