# Images are pulled from registries and pushed to them, from Debian's docker-registry and from one of the test's own that
# behaves badly (registry_server.py).
# time limit: 600 s
load helper
load registry

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

@test "registry: a layer that need not be distributed is fetched from its own addresses, and no other is" {
  make_image
  serve_image
  local elsewhere=$PORT log=$SERVED/log
  # In the manifest, the large layer has a media type and addresses: with_addresses MEDIA-TYPE.
  with_addresses() {
    python3 -B - "$STATE/image" "$1" "http://127.0.0.1:1/gone" "http://127.0.0.1:$elsewhere/v2/team/tool/blobs/$LARGE" <<'END'
import hashlib, json, sys
layout, media_type, *urls = sys.argv[1:]
index = json.load(open(layout + "/index.json"))
manifest = json.load(open(f"{layout}/blobs/sha256/{index['manifests'][0]['digest'][7:]}"))
manifest["layers"][1].update(mediaType=media_type, urls=urls)
body = json.dumps(manifest).encode()
index["manifests"][0].update(digest="sha256:" + hashlib.sha256(body).hexdigest(), size=len(body))
open(f"{layout}/blobs/sha256/{index['manifests'][0]['digest'][7:]}", "wb").write(body)
json.dump(index, open(layout + "/index.json", "w"))
END
  }
  with_addresses application/vnd.oci.image.layer.nondistributable.v1.tar+gzip
  serve_image "without=$LARGE" auth=basic
  echo '{"auths": {"127.0.0.1:'"$PORT"'": {"auth": "'"$(printf user:secret | base64)"'"}}}' >"$STATE/auth.json"
  plain --tries 2 --authfile "$STATE/auth.json" pull "127.0.0.1:$PORT/team/tool:1" "$STATE/pulled"
  cmp "$STATE/image/blobs/sha256/${LARGE#sha256:}" "$STATE/pulled/blobs/sha256/${LARGE#sha256:}"
  [ "$(grep -c "blobs/$LARGE 200$" "$log")" -eq 1 ]

  : >"$log"
  with_addresses application/vnd.oci.image.layer.v1.tar+gzip
  serve_image "without=$LARGE"
  run -1 plain --tries 2 pull "127.0.0.1:$PORT/team/tool:1" "$STATE/none"
  [[ "$output" = *"blobs/$LARGE: HTTP status 404: blob unknown: blob unknown to registry" ]]
  [ ! -s "$log" ]
}

@test "registry: proxies are those of the environment" {
  make_image
  serve_image
  printf '[[registry]]\nlocation = "registry.invalid"\ninsecure = true\n' >"$CONTAINERS_REGISTRIES_CONF"
  http_proxy=http://user:hush@127.0.0.1:$PORT registry pull registry.invalid/team/tool:1 "$STATE/pulled"
  same_image "$STATE/pulled"
  local proxy
  for proxy in http://user:hush@127.0.0.1:99999999 other://user:hush@127.0.0.1:1 http://user:hush@nowhere.invalid:1; do
    http_proxy=$proxy run -1 registry pull registry.invalid/team/tool:1 "$STATE/none"
    [[ "$output" = "error: GET http://registry.invalid/v2/: "* ]]
    run ! grep -q hush <<<"$output"
  done
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
