# What the tests of registries share, on top of helper.bash: `load registry` behind it. Registries listen on 127.0.0.1, and
# end with the test. A file that tests caisson itself has a setup and a teardown of its own, which call helper.bash's and
# registry_setup and registry_teardown.

setup() {
  T=$BATS_TEST_TMPDIR
  TOOL=$BUILD/test/system_registry
  [ -x "$TOOL" ] || skip "$TOOL is not built"
  STATE=$(mktemp -d /dev/shm/caisson-registry.XXXXXX)
  registry_setup
}
teardown() {
  registry_teardown
  [ -z "${STATE:-}" ] || rm -rf --one-file-system "$STATE"
}

# No credentials and no settings but those of the test, which are below $STATE.
registry_setup() {
  require_program skopeo
  PIDS=()
  export HOME=$STATE/home XDG_RUNTIME_DIR=$STATE/xdg XDG_CONFIG_HOME=$STATE/home/.config
  export CONTAINERS_REGISTRIES_CONF=$STATE/registries.conf
  mkdir -p "$HOME/.config/containers" "$XDG_RUNTIME_DIR"
  : >"$CONTAINERS_REGISTRIES_CONF"
  unset REGISTRY_AUTH_FILE DOCKER_CONFIG http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
}
# Ends the registries.
registry_teardown() {
  local pid
  for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  PIDS=()
}

quiet() { "$@" >"$T/output" 2>&1 || { cat "$T/output" && false; }; }
registry() { "$TOOL" "$@"; }
plain() { registry --tls-verify=false "$@"; }

# An image of two layers, the second of which has 3 MB, as the OCI layout $STATE/LAYOUT: make_image [LAYOUT [LOWER]]. The
# tarball LOWER is the first, instead of a small one.
make_image() {
  local layout=$STATE/${1:-image}
  mkdir -p "$STATE/tree"
  echo small >"$STATE/tree/small" && tar -C "$STATE/tree" -cf "$STATE/small.tar" .
  head -c 3000000 /dev/urandom >"$STATE/tree/large" && tar -C "$STATE/tree" -cf "$STATE/large.tar" .
  "$BUILD/test/system_image_store" "$STATE/store" add docker.io/library/made:1 "${2:-$STATE/small.tar}" "$STATE/large.tar" >/dev/null
  quiet skopeo copy "oci:$STATE/store:docker.io/library/made:1" "oci:$layout:made"
  DIGEST=$(skopeo inspect --format '{{.Digest}}' "oci:$layout:made")
  LARGE=$(skopeo inspect --format '{{index .Layers 1}}' "oci:$layout:made")
  LARGE_BYTES=$(stat -c %s "$layout/blobs/sha256/${LARGE#sha256:}")
}

# Says in registries.conf that registries on 127.0.0.1 have no TLS.
registries_are_plain() { printf '[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n' >"$CONTAINERS_REGISTRIES_CONF"; }

# A registry that behaves as it is told: serve KEY=VALUE…; $PORT is where, served() what it was asked for.
serve() {
  SERVED=$(mktemp -d "$STATE/served.XXXXXX")
  : >"$SERVED/log"
  python3 -B "$BATS_TEST_DIRNAME/registry_server.py" "$SERVED" "$@" >"$SERVED/output" 2>&1 3>&- &
  PIDS+=($!)
  within 10 test -s "$SERVED/port" || { cat "$SERVED/output" && false; }
  PORT=$(cat "$SERVED/port")
}
serve_image() { serve "layout=$STATE/image:team/tool:1" "$@"; }
served() { cat "$SERVED/log"; }
# How often it was asked so: served_times REGEX.
served_times() { grep -cE "$1" "$SERVED/log" || true; }

# Debian's registry: docker_registry [LINE OF ITS CONFIGURATION…]; $PORT is where.
docker_registry() {
  require_program docker-registry
  local try line
  for try in {1..10}; do
    PORT=$((20000 + RANDOM % 20000))
    mkdir -p "$STATE/registry"
    {
      printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\n' "$STATE/registry"
      printf 'http:\n  addr: 127.0.0.1:%s\n' "$PORT"
      for line; do printf '%s\n' "$line"; done
    } >"$STATE/registry.yml"
    docker-registry serve "$STATE/registry.yml" >"$STATE/registry.output" 2>&1 3>&- &
    PIDS+=($!)
    within 10 bash -c "exec 9<>/dev/tcp/127.0.0.1/$PORT" && return 0
  done
  cat "$STATE/registry.output" && false
}

# An authority, and a certificate of its for 127.0.0.1 and localhost: $STATE/{ca,server,client}.{crt,key}.
make_certificates() {
  require_program openssl
  local name
  quiet openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=test authority" -keyout "$STATE/ca.key" -out "$STATE/ca.crt"
  for name in server client; do
    quiet openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$STATE/$name.key" -out "$STATE/$name.csr"
    quiet openssl x509 -req -in "$STATE/$name.csr" -CA "$STATE/ca.crt" -CAkey "$STATE/ca.key" -CAcreateserial -days 2 \
      -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost") -out "$STATE/$name.crt"
  done
}

# What was pulled to LAYOUT is what was made.
same_image() {
  [ "$(skopeo inspect --format '{{.Digest}}' "oci:$1")" = "$DIGEST" ]
  diff -r "$STATE/image/blobs" "$1/blobs"
}
