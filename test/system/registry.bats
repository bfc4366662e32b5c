# Images are pulled from registries and pushed to them, from Debian's docker-registry and from one of the test's own that
# behaves badly (registry_server.py).
# time limit: 600 s
load helper

setup() {
  T=$BATS_TEST_TMPDIR
  TOOL=$BUILD/test/system_registry
  [ -x "$TOOL" ] || skip "$TOOL is not built"
  require_program skopeo
  STATE=$(mktemp -d /dev/shm/caisson-registry.XXXXXX)
  PIDS=()
  # No credentials and no settings but those of the test.
  export HOME=$STATE/home XDG_RUNTIME_DIR=$STATE/run XDG_CONFIG_HOME=$STATE/home/.config
  export CONTAINERS_REGISTRIES_CONF=$STATE/registries.conf
  mkdir -p "$HOME/.config/containers" "$XDG_RUNTIME_DIR"
  : >"$CONTAINERS_REGISTRIES_CONF"
  unset REGISTRY_AUTH_FILE DOCKER_CONFIG http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
}
teardown() {
  local pid
  for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  [ -z "${STATE:-}" ] || rm -rf --one-file-system "$STATE"
}

quiet() { "$@" >"$T/output" 2>&1 || { cat "$T/output" && false; }; }
registry() { "$TOOL" "$@"; }
plain() { registry --tls-verify=false "$@"; }

# An image of two layers, the second of which has 3 MB, as the OCI layout $STATE/LAYOUT.
make_image() {
  local layout=$STATE/${1:-image} layer
  mkdir -p "$STATE/tree"
  echo small >"$STATE/tree/small" && tar -C "$STATE/tree" -cf "$STATE/small.tar" .
  head -c 3000000 /dev/urandom >"$STATE/tree/large" && tar -C "$STATE/tree" -cf "$STATE/large.tar" .
  "$BUILD/test/system_image_store" "$STATE/store" add docker.io/library/made:1 "$STATE/small.tar" "$STATE/large.tar" >/dev/null
  quiet skopeo copy "oci:$STATE/store:docker.io/library/made:1" "oci:$layout:made"
  DIGEST=$(skopeo inspect --format '{{.Digest}}' "oci:$layout:made")
  LARGE=$(skopeo inspect --format '{{index .Layers 1}}' "oci:$layout:made")
  LARGE_BYTES=$(stat -c %s "$layout/blobs/sha256/${LARGE#sha256:}")
}

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

@test "registry: an image is pushed to Debian's registry and pulled from it, and skopeo sees the same" {
  make_image
  docker_registry
  [ "$(plain push "$STATE/image" "127.0.0.1:$PORT/a/b:1.0")" = "127.0.0.1:$PORT/a/b:1.0 $DIGEST" ]
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$PORT/a/b:1.0")" = "$DIGEST" ]
  plain pull "127.0.0.1:$PORT/a/b:1.0" "$STATE/pulled"
  same_image "$STATE/pulled"
  plain pull "127.0.0.1:$PORT/a/b@$DIGEST" "$STATE/by_digest"
  same_image "$STATE/by_digest"
  quiet skopeo copy --dest-tls-verify=false --format v2s2 "oci:$STATE/image" "docker://127.0.0.1:$PORT/a/docker"
  plain pull "127.0.0.1:$PORT/a/docker" "$STATE/docker"
  [ "$(skopeo inspect --format '{{.Layers}}' "oci:$STATE/docker")" = "$(skopeo inspect --format '{{.Layers}}' "oci:$STATE/image")" ]

  # What is there is not sent again, and what another repository has is mounted.
  plain push "$STATE/image" "127.0.0.1:$PORT/other:1" "127.0.0.1:$PORT/a/b"
  plain pull "127.0.0.1:$PORT/other:1" "$STATE/other"
  same_image "$STATE/other"
  run -1 plain pull "127.0.0.1:$PORT/a/b:2" "$STATE/none"
  [[ "$output" = "error: GET http://127.0.0.1:$PORT/v2/a/b/manifests/2: HTTP status 404: manifest unknown" ]]
  [ ! -e "$STATE/none" ]
}

@test "registry: an index goes there and comes back with all of its manifests" {
  make_image
  python3 -B - "$STATE/image" <<'END'
import hashlib, json, sys
layout = sys.argv[1]
index = json.load(open(layout + "/index.json"))
for manifest, architecture in zip(index["manifests"], ["amd64"]):
    manifest["platform"] = {"os": "linux", "architecture": architecture}
    manifest.pop("annotations", None)
body = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": index["manifests"]}).encode()
digest = hashlib.sha256(body).hexdigest()
open(f"{layout}/blobs/sha256/{digest}", "wb").write(body)
json.dump({"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + digest, "size": len(body)}]}, open(layout + "/index.json", "w"))
END
  docker_registry
  plain push "$STATE/image" "127.0.0.1:$PORT/many"
  plain pull "127.0.0.1:$PORT/many" "$STATE/pulled"
  diff -r "$STATE/image/blobs" "$STATE/pulled/blobs"
  quiet skopeo copy --src-tls-verify=false "docker://127.0.0.1:$PORT/many" "dir:$STATE/dir"
}

@test "registry: TLS with an authority of one's own, in certs.d and by --cert-dir, and with a certificate to show" {
  make_image
  make_certificates
  docker_registry "  tls: {certificate: $STATE/server.crt, key: $STATE/server.key, clientcas: [$STATE/ca.crt]}"
  run -1 registry push "$STATE/image" "127.0.0.1:$PORT/a"
  [[ "${lines[0]}" = "error: GET https://127.0.0.1:$PORT/v2/: SSL certificate problem:"* ]]
  [[ "${lines[1]}" = "hint: "*"/etc/containers/certs.d/127.0.0.1:$PORT/ca.crt"* ]]

  mkdir -p "$STATE/certs"
  cp "$STATE/ca.crt" "$STATE/certs/ca.crt"
  run -1 registry --cert-dir "$STATE/certs" push "$STATE/image" "127.0.0.1:$PORT/a" # it wants to see a certificate
  cp "$STATE/client.crt" "$STATE/certs/client.cert"
  run -1 registry --cert-dir "$STATE/certs" push "$STATE/image" "127.0.0.1:$PORT/a"
  [[ "$output" = "error: --cert-dir: $STATE/certs/client.cert: there is no client.key beside it" ]]
  cp "$STATE/client.key" "$STATE/certs/client.key"
  registry --cert-dir "$STATE/certs" push "$STATE/image" "127.0.0.1:$PORT/a"
  mkdir -p "$HOME/.config/containers/certs.d"
  cp -r "$STATE/certs" "$HOME/.config/containers/certs.d/127.0.0.1:$PORT"
  registry pull "127.0.0.1:$PORT/a" "$STATE/pulled"
  same_image "$STATE/pulled"
  quiet skopeo inspect "docker://127.0.0.1:$PORT/a"

  # The name in the certificate is another's.
  run -1 registry --cert-dir "$STATE/certs" pull "ip6-localhost:$PORT/a" "$STATE/none"
  # Whoever does not verify sees it all the same.
  rm -r "$HOME/.config/containers/certs.d"
  rm "$STATE/certs/ca.crt"
  registry --cert-dir "$STATE/certs" --tls-verify=false pull "127.0.0.1:$PORT/a" "$STATE/unverified"
}

@test "registry: a registry without TLS is not talked to, unless it may be insecure" {
  make_image
  serve_image
  run -1 registry pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled"
  [[ "${lines[0]}" = "error: GET https://127.0.0.1:$PORT/v2/: "* ]]
  [[ "${lines[1]}" = "hint: "*"--tls-verify=false"* ]]
  [ -z "$(served)" ]
  printf '[[registry]]\nlocation = "127.0.0.1:%s"\ninsecure = true\n' "$PORT" >"$CONTAINERS_REGISTRIES_CONF"
  registry pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled"
  same_image "$STATE/pulled"
  run -1 registry --tls-verify=true pull "127.0.0.1:$PORT/team/tool:1" "$STATE/other"
}

@test "registry: login checks the password, keeps it for its owner alone beside what else is there, and logout forgets it" {
  make_image
  # Of crypt(3), as htpasswd -B would.
  python3 -B -W ignore -c 'import crypt; print("user:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' >"$STATE/htpasswd"
  docker_registry "auth: {htpasswd: {realm: test, path: $STATE/htpasswd}}"
  local file=$XDG_RUNTIME_DIR/containers/auth.json
  run -1 plain push "$STATE/image" "127.0.0.1:$PORT/a"
  [[ "${lines[0]}" = *"the registry wants a user and a password" ]]
  [ "${lines[1]}" = "hint: caisson login 127.0.0.1:$PORT" ]
  run -1 plain login "127.0.0.1:$PORT" user <<<wrong
  [[ "$output" = "error: http://127.0.0.1:$PORT: the registry refuses this user or this password"* ]]
  [ ! -e "$file" ]
  [ "$(plain login "127.0.0.1:$PORT" user <<<secret)" = "$file" ]
  [ "$(stat -c %a "$file")" = 600 ]
  [ "$(stat -c %a "$XDG_RUNTIME_DIR/containers")" = 700 ]
  plain push "$STATE/image" "127.0.0.1:$PORT/a"
  plain pull "127.0.0.1:$PORT/a" "$STATE/pulled"
  same_image "$STATE/pulled"
  quiet skopeo inspect --tls-verify=false "docker://127.0.0.1:$PORT/a"
  [ "$(skopeo login --get-login "127.0.0.1:$PORT")" = user ]

  # What skopeo logs in to and out of is the same file.
  [ "$(plain logout "127.0.0.1:$PORT")" = "$file" ]
  run -1 plain logout "127.0.0.1:$PORT"
  [[ "$output" = "error: there is no login for 127.0.0.1:$PORT in $file" ]]
  quiet skopeo login --tls-verify=false -u user -p secret "127.0.0.1:$PORT"
  [ "$(registry user "127.0.0.1:$PORT/a")" = user ]
  python3 -B - "$file" <<'END'
import json, sys
document = json.load(open(sys.argv[1]))
document["auths"]["quay.io"] = {"auth": "eDp5", "email": "x@y"}
document["psFormat"] = "table"
json.dump(document, open(sys.argv[1], "w"))
END
  plain logout "127.0.0.1:$PORT"
  grep -q '"email": "x@y"' "$file" && grep -q '"psFormat": "table"' "$file"
  run ! grep -q 127.0.0.1 "$file"
  [ "$(registry logout-all)" = quay.io ]
  [ "$(registry user quay.io/a)" = nobody ]
  ls -A "$XDG_RUNTIME_DIR/containers" >"$T/left"
  [ "$(cat "$T/left")" = auth.json ]
}

@test "registry: tokens are asked for, kept, and asked for anew when they are used up or not enough" {
  make_image
  serve_image auth=token anonymous=1
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled"
  same_image "$STATE/pulled"
  [ "$(served_times "GET /token 200")" -eq 1 ]
  [ "$(served_times "401")" -eq 1 ]
  run -1 plain push "$STATE/image" "127.0.0.1:$PORT/team/other:1"
  [[ "${lines[0]}" = "error: "*"HTTP status 401: unauthorized: authentication required"* ]]

  mkdir -p "$XDG_RUNTIME_DIR/containers"
  echo '{"auths": {"127.0.0.1:'"$PORT"'/team": {"auth": "'"$(printf user:secret | base64)"'"}}}' >"$XDG_RUNTIME_DIR/containers/auth.json"
  plain push "$STATE/image" "127.0.0.1:$PORT/team/other:1"
  [ "$(served_times "GET /token 200 auth=Basic")" -eq 1 ]

  serve_image auth=token anonymous=1 uses=3
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/again"
  same_image "$STATE/again"
  [ "$(served_times "GET /token 200")" -eq 2 ] # four requests are made
  serve_image auth=token anonymous=1 scope=team/more
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/scope"
  same_image "$STATE/scope"

  echo '{"auths": {"127.0.0.1:'"$PORT"'": {"auth": "'"$(printf user:wrong | base64)"'"}}}' >"$XDG_RUNTIME_DIR/containers/auth.json"
  run -1 plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/wrong"
  [[ "${lines[0]}" = "error: "*"GET http://127.0.0.1:$PORT/token: HTTP status 401: incorrect username or password" ]]
  run ! grep -E "wrong|$(printf user:wrong | base64)" <<<"$output"
}

@test "registry: an identity token is traded for tokens, and helpers know credentials" {
  make_image
  serve_image auth=token identity=long-lived
  mkdir -p "$HOME/.docker" "$STATE/bin"
  cat >"$STATE/bin/docker-credential-test" <<'END'
#!/bin/sh
server=$(cat)
echo "$1 $server" >>"$HOME/asked"
case "$1 $server" in
  "get 127.0.0.1:"*) echo '{"Username": "<token>", "Secret": "long-lived"}' ;;
  "get fails.io") echo "the keyring is locked" && exit 1 ;;
  get*) echo "credentials not found in native keychain" && exit 1 ;;
esac
END
  chmod +x "$STATE/bin/docker-credential-test"
  PATH=$STATE/bin:$PATH
  echo '{"credsStore": "test", "auths": {"127.0.0.1:'"$PORT"'": {}}}' >"$HOME/.docker/config.json"
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled"
  same_image "$STATE/pulled"
  [ "$(served_times "POST /token 200")" -eq 1 ]
  [ "$(registry user "127.0.0.1:$PORT/a")" = " by token" ]
  [ "$(registry user docker.io/library/a)" = nobody ]
  [ "$(tail -n1 "$HOME/asked")" = "get https://index.docker.io/v1/" ]
  run -1 registry user fails.io/a
  [ "$output" = "error: credentials: $HOME/.docker/config.json: docker-credential-test: the keyring is locked" ]
  echo '{"credHelpers": {"quay.io": "is-not-there"}}' >"$HOME/.docker/config.json"
  run -1 registry user quay.io/a
  [ "$output" = "error: credentials: $HOME/.docker/config.json: posix_spawnp(docker-credential-is-not-there): No such file or directory" ]
  echo '{"credHelpers": {"127.0.0.1:'"$PORT"'": "test"}}' >"$HOME/.docker/config.json"
  [ "$(plain --authfile "$HOME/.docker/config.json" logout "127.0.0.1:$PORT")" = docker-credential-test ]
  [ "$(tail -n1 "$HOME/asked")" = "erase 127.0.0.1:$PORT" ]
}

@test "registry: a pull that is cut goes on where it was, in the same process and in a later one" {
  make_image
  serve_image cut=400000
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled"
  same_image "$STATE/pulled"
  [ "$(served_times "blobs/$LARGE 206 range=bytes=400000-")" -eq 1 ]
  [ "$(served_times "blobs/$LARGE 206 range=bytes=")" -eq $(((LARGE_BYTES - 1) / 400000)) ]

  # Nothing new comes any more: the next process has what there is.
  local blob=$STATE/later/blobs/sha256/${LARGE#sha256:}
  mkdir -p "$STATE/later/blobs/sha256"
  head -c 1000000 "$STATE/image/blobs/sha256/${LARGE#sha256:}" >"$blob.partial"
  serve_image cut=0
  run -1 plain --tries 3 pull "127.0.0.1:$PORT/team/tool:1" "$STATE/later"
  [[ "$output" = *"error: GET http://127.0.0.1:$PORT/v2/team/tool/blobs/sha256:"* ]]
  [ "$(served_times "blobs/$LARGE")" -eq 3 ]
  [ "$(stat -c %s "$blob.partial")" -eq 1000000 ]
  serve_image
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/later" >"$T/said"
  grep -qx "from 1000000" "$T/said"
  run ! grep -q restarted "$T/said"
  same_image "$STATE/later"
  [ "$(served_times "blobs/$LARGE 206 range=bytes=1000000-")" -eq 1 ]
}

@test "registry: who gives no parts, or others than asked for, gives all of it" {
  make_image
  local ranges
  for ranges in no wrong none; do
    serve_image ranges=$ranges cut=2000000 cuts=1
    plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/$ranges" >"$T/said"
    grep -qx restarted "$T/said"
    same_image "$STATE/$ranges"
  done
  serve_image ranges=no cut=2000000
  run -1 plain --tries 3 pull "127.0.0.1:$PORT/team/tool:1" "$STATE/never"
  [ "$(served_times "blobs/$LARGE")" -eq 3 ]
}

@test "registry: lengths and digests that are lies are refused and named" {
  make_image
  serve_image long=1
  run -1 plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/long"
  [[ "$output" =~ "error: GET http://127.0.0.1:$PORT/v2/team/tool/blobs/sha256:"[0-9a-f]+": there is more of it than "[0-9]+" bytes" ]]
  serve_image short=1
  run -1 plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/short"
  [[ "$output" =~ ": it ended after "[0-9]+" of "[0-9]+" bytes" ]]
  [ "$(served_times "blobs/$LARGE")" -le 5 ]
  serve_image flip=blob
  run -1 plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/flip"
  [[ "$output" = *"error: sha256:"*": the content has another digest, sha256:"* ]]
  serve_image flip=manifest
  run -1 plain pull "127.0.0.1:$PORT/team/tool@$DIGEST" "$STATE/manifest"
  [[ "$output" = "error: the registry gives a manifest with another digest, sha256:"* ]]
  [ ! -e "$STATE/manifest" ]
}

@test "registry: blobs elsewhere are fetched there without the credentials" {
  make_image
  serve_image
  local elsewhere=$PORT log=$SERVED/log
  serve_image auth=basic "redirect=http://127.0.0.1:$elsewhere"
  echo '{"auths": {"127.0.0.1": {"auth": "eDp5"}, "127.0.0.1:'"$PORT"'": {"auth": "'"$(printf user:secret | base64)"'"}}}' >"$STATE/auth.json"
  plain --authfile "$STATE/auth.json" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled"
  same_image "$STATE/pulled"
  [ "$(served_times "blobs/.* 307 auth=Basic")" -eq 3 ]
  [ "$(grep -c "blobs/.* 200$" "$log")" -eq 3 ]
  run ! grep -q auth= "$log"
  # The same, with what has no answer: the query, which may be a signature, is not shown.
  kill "${PIDS[0]}" && wait "${PIDS[0]}" || true
  run -1 plain --tries 2 --authfile "$STATE/auth.json" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/none"
  [[ "$output" = *"error: GET http://127.0.0.1:$elsewhere/v2/team/tool/blobs/sha256:"* ]]
  run ! grep -E "hush|eDp5|secret" <<<"$output"
}

@test "registry: nobody is led from TLS to plain HTTP, neither for blobs nor for tokens" {
  make_image
  make_certificates
  mkdir "$STATE/certs" && cp "$STATE/ca.crt" "$STATE/certs"
  serve_image
  local plain=$PORT log=$SERVED/log
  serve_image "tls=$STATE/server.crt:$STATE/server.key" "redirect=http://127.0.0.1:$plain"
  run -1 registry --cert-dir "$STATE/certs" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/none"
  [[ "$output" = *": it leads to http://127.0.0.1:$plain/v2/team/tool/blobs/sha256:"*", which is not encrypted" ]]
  [ ! -s "$log" ]
  plain --cert-dir "$STATE/certs" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled" # it may be insecure
  same_image "$STATE/pulled"

  serve_image auth=token anonymous=1 "tls=$STATE/server.crt:$STATE/server.key"
  run -1 registry --cert-dir "$STATE/certs" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/none"
  [[ "$output" = *"the registry's token server http://127.0.0.1:$PORT/token is not encrypted" ]]

  # The authority of the registry's directory holds where that leads to, too.
  serve_image "tls=$STATE/server.crt:$STATE/server.key"
  plain=$PORT
  serve_image "tls=$STATE/server.crt:$STATE/server.key" "redirect=https://127.0.0.1:$plain"
  registry --cert-dir "$STATE/certs" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/led"
  same_image "$STATE/led"
  run -1 registry --cert-dir "$STATE/nowhere" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/none"
  [ "$output" = "error: --cert-dir: open($STATE/nowhere): No such file or directory" ]
}

@test "registry: proxies are those of the environment" {
  make_image
  serve_image
  printf '[[registry]]\nlocation = "registry.invalid"\ninsecure = true\n' >"$CONTAINERS_REGISTRIES_CONF"
  http_proxy=http://user:hush@127.0.0.1:$PORT registry pull registry.invalid/team/tool:1 "$STATE/pulled"
  same_image "$STATE/pulled"
  http_proxy=http://user:hush@127.0.0.1:99999999 run -1 registry pull registry.invalid/team/tool:1 "$STATE/none"
  [[ "$output" = "error: "* ]]
  run ! grep -q hush <<<"$output"
}

@test "registry: later is taken for later, and what it warns of is passed on" {
  make_image
  serve_image fail=429:2:0 "warning=this registry will move"
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled" 2>"$T/warnings"
  same_image "$STATE/pulled"
  [ "$(cat "$T/warnings")" = "warning: 127.0.0.1:$PORT says: this registry will move" ]
  [ "$(served_times "manifests/1 429")" -eq 2 ]
  serve_image fail=503:1
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/again"
  same_image "$STATE/again"
  serve_image fail=429:1:1
  SECONDS=0
  plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/waited"
  [ $SECONDS -ge 1 ]
  serve_image fail=429:1:86400
  run -1 plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/tomorrow"
  [[ "$output" = *": HTTP status 429: toomanyrequests: later (it asks to wait for 86400 s)"* ]]
  serve_image fail=500:100
  run -1 plain --tries 3 pull "127.0.0.1:$PORT/team/tool:1" "$STATE/never"
  [ "$(served_times 500)" -eq 3 ]
}

@test "registry: one that says nothing for too long, or is not there, is given up" {
  make_image
  serve_image pause=20
  SECONDS=0
  run -1 plain --tries 2 --stall 1 pull "127.0.0.1:$PORT/team/tool:1" "$STATE/slow"
  [ $SECONDS -lt 15 ]
  [[ "$output" = *"Operation too slow"* ]]
  run -1 plain pull "127.0.0.1:1/team/tool:1" "$STATE/none"
  [[ "$output" = "error: GET http://127.0.0.1:1/v2/: Failed to connect to 127.0.0.1 port 1"* ]]
}

@test "registry: an upload that is cut goes on where the registry has it, or begins again" {
  make_image
  serve upload_cut=1000000
  plain push "$STATE/image" "127.0.0.1:$PORT/a:1"
  plain pull "127.0.0.1:$PORT/a:1" "$STATE/pulled"
  same_image "$STATE/pulled"
  [ "$(served_times "^PATCH")" -eq 4 ] # three blobs, one of them twice
  [ "$(served_times "^POST")" -eq 3 ]
  serve upload_cut=1000000 forgets=1 absolute=1
  plain push "$STATE/image" "127.0.0.1:$PORT/a:1"
  plain pull "127.0.0.1:$PORT/a:1" "$STATE/again"
  same_image "$STATE/again"
  [ "$(served_times "^POST")" -eq 4 ]

  serve put_cut=1
  plain push "$STATE/image" "127.0.0.1:$PORT/a:1"
  plain pull "127.0.0.1:$PORT/a:1" "$STATE/finished"
  same_image "$STATE/finished"

  # What is there is not sent; what a repository of the same registry has is mounted.
  : >"$SERVED/log"
  plain push "$STATE/image" "127.0.0.1:$PORT/a:2"
  [ "$(served_times "^(POST|PATCH)")" -eq 0 ]
  plain push "$STATE/image" "127.0.0.1:$PORT/b:1" "docker.io/library/x" "127.0.0.1:$PORT/a"
  [ "$(served_times "^POST .* 201")" -eq 3 ]
  [ "$(served_times "^PATCH")" -eq 0 ]
  run -1 plain push "$STATE/image" "127.0.0.1:$PORT/b@sha256:$(printf '0%.0s' {1..64})"
  [[ "$output" = "error: the image has the digest $DIGEST, and cannot be called another" ]]
}

@test "registry: mirrors come first, short names are looked for where registries.conf says, and the blocked are not" {
  make_image
  serve_image
  local port=$PORT
  cat >"$CONTAINERS_REGISTRIES_CONF" <<END
unqualified-search-registries = ["127.0.0.1:1", "127.0.0.1:$port/team"]
short-name-mode = "disabled"
[[registry]]
location = "127.0.0.1:$port"
insecure = true
[[registry]]
prefix = "example.com/x"
location = "127.0.0.1:1/none"
[[registry.mirror]]
location = "127.0.0.1:$port/nowhere"
insecure = true
[[registry.mirror]]
location = "127.0.0.1:$port/team"
insecure = true
[[registry]]
prefix = "*.blocked.io"
blocked = true
END
  [ "$(registry pull example.com/x/tool:1 "$STATE/mirrored")" = "example.com/x/tool:1 $DIGEST" ]
  same_image "$STATE/mirrored"
  [ "$(served_times "/v2/nowhere/tool/manifests/1 404")" -eq 1 ]
  [ "$(registry pull tool:1 "$STATE/short")" = "127.0.0.1:$port/team/tool:1 $DIGEST" ]
  run -1 registry pull a.blocked.io/x "$STATE/none"
  [ "$output" = "error: a.blocked.io/x:latest: registries.conf blocks *.blocked.io" ]
  run -1 registry pull example.com/x/other "$STATE/none"
  [[ "$output" = "error: "*"/v2/nowhere/other/manifests/latest: HTTP status 404"*"; "*"/v2/team/other/manifests/latest: HTTP status 404"*"; "*"127.0.0.1:1/v2/: "* ]]
  sed -i 's/disabled/enforcing/' "$CONTAINERS_REGISTRIES_CONF"
  run -1 registry pull tool:1 "$STATE/none"
  [[ "${lines[0]}" = "error: 'tool:1' may be each of 127.0.0.1:1/tool:1, 127.0.0.1:$port/team/tool:1, and"* ]]
  sed -i 's/enforcing/permissive/' "$CONTAINERS_REGISTRIES_CONF"
  registry pull tool:1 "$STATE/permissive" 2>"$T/warnings"
  grep -q "^warning: 'tool:1' may be each of" "$T/warnings"
  echo '[aliases' >"$CONTAINERS_REGISTRIES_CONF"
  run -1 registry pull tool:1 "$STATE/none"
  [[ "$output" = "error: $CONTAINERS_REGISTRIES_CONF:1: "* ]]
}
