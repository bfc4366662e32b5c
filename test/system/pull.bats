# pull, push, login, logout and run IMAGE against registries, as a user types them.
# time limit: 600 s
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

on_terminal() { python3 -B "$BATS_TEST_DIRNAME/on_terminal.py" "$@"; }
# busybox and a layer of 3 MB above it.
make_tool() { gzip -dc "$BUILTIN" >"$STATE/busybox.tar" && make_image image "$STATE/busybox.tar"; }
# The same at a registry of the test's own: serve_tool [KEY=VALUE…]. $NAME is the image.
serve_tool() {
  [ -d "$STATE/image" ] || make_tool
  serve_image "$@"
  NAME=127.0.0.1:$PORT/team/tool:1
}
partial() { stat -c %s "$STATE/root/images/partial/${LARGE#sha256:}" 2>/dev/null || echo 0; }
partial_has() { [ "$(partial)" -eq "$1" ]; }
runs() { [ "$(caisson run --rm "$1" stat -c %s /large)" = 3000000 ]; }
# Nothing of the image is to be seen, and all that is in the store is what its digest says.
nothing_came() {
  [ -z "$(caisson images -q)" ]
  caisson system check >/dev/null
  [ -z "$(find "$STATE/root/layers" -mindepth 2 ! -path '*/lock/*' 2>/dev/null)" ] || { find "$STATE/root/layers" && false; }
  [ ! -e "$STATE/root/images/partial/${1#sha256:}" ]
  # What was right is of use to the next pull.
  [ ! -e "$STATE/root/images/blobs/sha256/${1#sha256:}" ]
  caisson image prune -af >/dev/null
  [ -z "$(find "$STATE/root/images/blobs" -type f)" ]
}

@test "pull: an image is pulled, run, and pushed to where others read it" {
  serve_tool
  run -0 --separate-stderr caisson pull "$NAME"
  [ "$output" = "$NAME" ]
  # A line for each blob, and no escape sequences.
  [ "$(grep -cxE '[0-9a-f]{12}: [0-9.]+ [KM]?i?B in [0-9.]+ s, [0-9.]+ [KMG]?i?B/s' <<<"$stderr")" -eq 3 ]
  run ! grep -q $'\x1b' <<<"$stderr"
  grep -q "^${LARGE:7:12}: 2.9 MiB in " <<<"$stderr"
  runs "$NAME"
  run -0 --separate-stderr caisson pull "$NAME"
  [ "$(grep -cx '[0-9a-f]*: already there' <<<"$stderr")" -ge 3 ]
  [ "$(served_times "blobs/")" -eq 3 ]
  run -0 --separate-stderr caisson pull -q "$NAME@$DIGEST"
  [ "$output" = "$NAME@$DIGEST" ]
  [ -z "$stderr" ]

  docker_registry
  run -0 --separate-stderr caisson push "$NAME" "127.0.0.1:$PORT/other:2"
  [[ "$output" = "127.0.0.1:$PORT/other:2: digest: sha256:"* ]]
  [ "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$PORT/other:2")" = "${output##* }" ]
  caisson tag "$NAME" "127.0.0.1:$PORT/other:3"
  caisson push -q "127.0.0.1:$PORT/other:3" >/dev/null
  caisson rmi "$NAME" "127.0.0.1:$PORT/other:3" >/dev/null
  caisson pull -q "127.0.0.1:$PORT/other:3"
  runs "127.0.0.1:$PORT/other:3"
  run -125 caisson pull "127.0.0.1:$PORT/other:4"
  [ "$output" = "caisson: error: pull: 127.0.0.1:$PORT/other:4: GET http://127.0.0.1:$PORT/v2/other/manifests/4: HTTP status 404: manifest unknown" ]
  # One of several fails: the others come.
  run -125 caisson pull -q "127.0.0.1:$PORT/other:4" "127.0.0.1:$PORT/other:2"
  [[ "${lines[-1]}" = "127.0.0.1:$PORT/other:2" ]]
}

@test "pull: layers that are stored plain go to a registry as gzip, the same each time" {
  local pushed layer
  gzip -dc "$BUILTIN" >"$STATE/busybox.tar"
  caisson import -q "$STATE/busybox.tar" plain:1 >/dev/null
  DIGEST=$(caisson image inspect -f '{{.Digest}}' plain:1)
  layer=$(sha256sum <"$STATE/busybox.tar" | cut -d' ' -f1)
  docker_registry
  pushed=$(caisson push -q plain:1 "127.0.0.1:$PORT/small:1" | sed 's/.*digest: //')
  [ "$pushed" != "$DIGEST" ]
  skopeo inspect --raw --tls-verify=false "docker://127.0.0.1:$PORT/small:1" >"$T/manifest"
  [ "sha256:$(sha256sum <"$T/manifest" | cut -d' ' -f1)" = "$pushed" ]
  [ "$(grep -o 'layer.v1.tar[+a-z]*' "$T/manifest" | sort -u)" = layer.v1.tar+gzip ]
  quiet skopeo copy --src-tls-verify=false "docker://127.0.0.1:$PORT/small:1" "oci:$STATE/copy:1"
  gzip -dc "$STATE/copy/blobs/$(skopeo inspect --format '{{index .Layers 0}}' "oci:$STATE/copy:1" | tr : /)" | cmp - "$STATE/busybox.tar"
  # The same bytes again, which are there already.
  run -0 --separate-stderr caisson push plain:1 "127.0.0.1:$PORT/small:2"
  [ "${output##* }" = "$pushed" ]
  [ "$(grep -c ': already there$' <<<"$stderr")" -eq 2 ]
  caisson pull -q "127.0.0.1:$PORT/small@$pushed" >/dev/null
  caisson run --rm "127.0.0.1:$PORT/small@$pushed" true
  # To a layout it goes as it is.
  [ "$(caisson push -q plain:1 "oci:$STATE/plain:1" | sed 's/.*digest: //')" = "$DIGEST" ]
  # What the disk has damaged is not given a new digest.
  printf X | dd of="$STATE/root/images/blobs/sha256/$layer" bs=1 seek=5000 conv=notrunc status=none
  run -125 caisson push -q plain:1 "127.0.0.1:$PORT/small:3"
  [[ "${lines[0]}" = *"sha256:$layer: it is damaged in the store: its digest is sha256:"* ]]
}

@test "pull: run pulls what is missing, and --pull says when else" {
  serve_tool
  run -125 caisson run --rm --pull never "$NAME" true
  [ "$(served_times .)" -eq 0 ]
  caisson run --rm "$NAME" true 2>/dev/null
  local asked
  asked=$(served_times .)
  caisson run --rm "$NAME" true
  caisson run --rm --pull missing "$NAME" true
  caisson run --rm --pull never "$NAME" true
  [ "$(served_times .)" -eq "$asked" ]
  caisson run --rm --pull always "$NAME" true 2>/dev/null
  caisson run --rm --pull newer "$NAME" true 2>/dev/null
  [ "$(served_times manifests/1)" -ge 3 ]
  [ "$(served_times blobs/)" -eq 3 ]
  # Nobody is there any more: what there is does for `newer`, and not for `always`.
  registry_teardown
  run -0 caisson run --rm --pull newer "$NAME" echo runs
  [ "${lines[-1]}" = runs ]
  run -125 caisson run --rm --pull always "$NAME" true
  [[ "$output" = *"error: "*"$NAME"*"127.0.0.1:$PORT"* ]]
}

@test "pull: --platform takes another of an index, and what there is none for is said" {
  make_tool
  python3 -B - "$STATE/image" <<'END'
import hashlib, json, sys
layout = sys.argv[1]
def read(digest): return json.load(open(f"{layout}/blobs/sha256/{digest[7:]}"))
def put(document, kind, **more):
    text = json.dumps(document).encode()
    digest = hashlib.sha256(text).hexdigest()
    open(f"{layout}/blobs/sha256/{digest}", "wb").write(text)
    return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(text), **more}
top = json.load(open(layout + "/index.json"))["manifests"][0]
manifest = read(top["digest"])
config = read(manifest["config"]["digest"])
lines = []
for architecture, variant in (("amd64", None), ("arm64", "v8"), ("arm", "v7")):
    platform = {"os": "linux", "architecture": architecture, **({"variant": variant} if variant else {})}
    of_it = put({**config, **platform}, manifest["config"]["mediaType"])
    lines.append(put({**manifest, "config": of_it}, "application/vnd.oci.image.manifest.v1+json", platform=platform))
index = put({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": lines},
            "application/vnd.oci.image.index.v1+json")
json.dump({"schemaVersion": 2, "manifests": [index]}, open(layout + "/index.json", "w"))
END
  serve_image
  NAME=127.0.0.1:$PORT/team/tool:1
  caisson pull -q "$NAME"
  [ "$(caisson image inspect -f '{{.Architecture}}' "$NAME")" = amd64 ]
  runs "$NAME"
  run -0 --separate-stderr caisson pull -q --platform linux/arm/v7 "$NAME"
  [ "$(caisson image inspect -f '{{.Architecture}}{{.Variant}}' "$NAME")" = armv7 ]
  # The layers are the same, and come once.
  [ "$(served_times "blobs/$LARGE")" -eq 1 ]
  run -125 caisson pull -q --platform linux/s390x "$NAME"
  [[ "$output" = *"$NAME"*linux/s390x*linux/amd64* ]]
}

@test "pull: short names are those of registries.conf" {
  serve_tool
  cat >"$CONTAINERS_REGISTRIES_CONF" <<END
unqualified-search-registries = ["127.0.0.1:$PORT/team"]
[[registry]]
location = "127.0.0.1:$PORT"
insecure = true
[[registry]]
prefix = "blocked.io"
blocked = true
[aliases]
"ours" = "127.0.0.1:$PORT/team/tool"
END
  [ "$(caisson pull -q tool:1)" = "$NAME" ]
  caisson rmi "$NAME" >/dev/null
  [ "$(caisson run --rm ours:1 stat -c %s /large 2>/dev/null)" = 3000000 ]
  # It is here: nobody is asked again, whatever verb has the short name.
  served >"$T/before"
  local name
  for name in tool:1 ours:1; do
    [ "$(caisson run --rm --pull never "$name" stat -c %s /large 2>/dev/null)" = 3000000 ]
    [ "$(caisson run --rm "$name" stat -c %s /large 2>/dev/null)" = 3000000 ]
    [ "$(caisson image inspect -f '{{.RepoTags}}' "$name")" = "[$NAME]" ]
    caisson save -q -o "$STATE/saved.tar" "$name"
    tar -xOf "$STATE/saved.tar" manifest.json | grep -qF "[\"$NAME\"]"
    rm "$STATE/saved.tar"
  done
  caisson tag ours:1 tool:1
  [ "$(caisson image inspect -f '{{.RepoTags}}' tool:1)" = "[$NAME tool:1]" ]
  [ "$(caisson rmi tool:1)" = "Untagged: tool:1" ]
  run -0 caisson rmi ours:1
  [ "${lines[0]}" = "Untagged: $NAME" ]
  [ -z "$(caisson images -q)" ]
  run -125 caisson run --rm --pull never tool:1 true
  served | cmp - "$T/before"

  run -125 caisson pull blocked.io/x
  [[ "$output" = "caisson: error: pull: blocked.io/x"*"registries.conf blocks blocked.io" ]]
}

@test "pull: --all-tags brings all of a repository, whose list may have several pages" {
  serve_tool page=2
  local tag
  for tag in 2 3 4 5; do
    quiet skopeo copy --src-tls-verify=false --dest-tls-verify=false "docker://$NAME" "docker://127.0.0.1:$PORT/team/tool:$tag"
  done
  run -0 --separate-stderr caisson pull -aq "127.0.0.1:$PORT/team/tool"
  [ "${#lines[@]}" -eq 5 ]
  [ "${lines[0]}" = "$NAME" ]
  [ "${lines[4]}" = "127.0.0.1:$PORT/team/tool:5" ]
  [ "$(served_times tags/list)" -eq 3 ]
  [ "$(caisson images --format '{{.Tag}}' "127.0.0.1:$PORT/team/tool" | sort | tr '\n' ' ')" = "1 2 3 4 5 " ]
  runs "127.0.0.1:$PORT/team/tool:5"
  run -125 caisson pull -aq "$NAME"
  [ "$output" = "caisson: error: pull: $NAME: all tags are wanted, and the name has one, or a digest" ]
  run -125 caisson pull -aq "127.0.0.1:$PORT/team/none"
  [[ "$output" = *"/v2/team/none/tags/list: HTTP status 404: name unknown: repository name not known to registry" ]]
  run -125 caisson pull -aq "oci:$STATE/image"
  [[ "$output" = *"--all-tags: only a registry has tags" ]]
  # The same at Debian's registry.
  docker_registry
  for tag in 1 2 3; do quiet skopeo copy --dest-tls-verify=false "oci:$STATE/image:made" "docker://127.0.0.1:$PORT/team/tool:$tag"; done
  [ "$(caisson pull -aq "127.0.0.1:$PORT/team/tool" | wc -l)" -eq 3 ]
}

@test "pull: a board on a terminal, with rates and what was there already" {
  serve_tool rate=4000000
  run -0 on_terminal 24x80 -- "${CAISSON[@]}" pull "$NAME"
  # Drawn again and again, above what is done.
  [ "$(grep -cE "${LARGE:7:12}.* [0-9]+ %  .* MiB  [0-9.]+ MiB/s" <<<"$output")" -ge 3 ]
  grep -qE "${LARGE:7:12}: 2.9 MiB in 0\.[0-9] s, [0-9.]+ MiB/s" <<<"$output"
  caisson rmi "$NAME" >/dev/null
  serve_tool "hang=1000000:$LARGE"
  "${CAISSON[@]}" pull -q "$NAME" 2>/dev/null 3>&- &
  within 10 partial_has 1000000
  kill -TERM $! && wait $! || true
  serve_tool
  run -0 on_terminal 24x80 -- "${CAISSON[@]}" pull "$NAME"
  grep -qE "${LARGE:7:12}: 1.9 MiB in .*; the first 976.6 KiB were there already" <<<"$output"
}

@test "pull: logged in by a password that is typed, and out" {
  serve_tool auth=basic
  run -125 caisson pull -q "$NAME"
  [[ "${lines[0]}" = *"$NAME"*"wants a user and a password"* ]]
  [ "${lines[1]}" = "hint: caisson login 127.0.0.1:$PORT" ]
  run -0 on_terminal 24x80 'Username for' 'user\n' Password: 'secret\n' -- "${CAISSON[@]}" login "127.0.0.1:$PORT"
  [[ "$output" = *"Login Succeeded"* ]]
  [[ "$output" != *secret* ]]
  caisson pull -q "$NAME"
  runs "$NAME"
  caisson logout "127.0.0.1:$PORT"
  run -125 caisson pull -q "$NAME"
  run -125 caisson login -u user --password-stdin "127.0.0.1:$PORT" <<<wrong
  [[ "$output" = *"the registry refuses this user or this password"* ]]
  run -125 caisson pull -q "$NAME"
  # For one command alone.
  caisson login -u user --password-stdin --authfile "$STATE/auth.json" "127.0.0.1:$PORT" <<<secret
  run -125 caisson pull -q "$NAME"
  caisson pull -q --authfile "$STATE/auth.json" "$NAME"
  # Ctrl-C at the password: the terminal shows again what is typed.
  run on_terminal 24x80 Password: '\x03' done 'echo\n' -- sh -c 'trap : INT; "$@"; echo "status $?, done"; stty -a; read line' sh \
    "${CAISSON[@]}" login -u user "127.0.0.1:$PORT"
  [[ "$output" != *"status 0"* ]]
  grep -q " echo " <<<"$output" || { echo "$output" && false; }
}

@test "pull: killed at every tenth, a later process goes on, and never asks for what is there" {
  make_tool
  local step=$((LARGE_BYTES / 10 + 1)) tenth signals=(KILL TERM INT)
  serve_tool "hang=$step:$LARGE"
  for tenth in {1..9}; do
    env --default-signal=INT setsid "${CAISSON[@]}" pull -q "$NAME" 2>/dev/null 3>&- &
    within 10 partial_has $((tenth * step))
    kill "-${signals[tenth % 3]}" -- -$! && wait $! || true
    [ "$(partial)" -eq $((tenth * step)) ]
    caisson system check >/dev/null
  done
  run -0 --separate-stderr caisson pull "$NAME"
  grep -q "^${LARGE:7:12}: .*; the first 2.6 MiB were there already" <<<"$stderr"
  runs "$NAME"
  served | grep "blobs/$LARGE" | sed 's/.*range=//' >"$T/asked"
  { echo "GET /v2/team/tool/blobs/$LARGE 200" && for tenth in {1..9}; do echo "bytes=$((tenth * step))-"; done; } | diff - "$T/asked"
  # The others were whole after the first.
  [ "$(served_times blobs/)" -eq 12 ]
  [ ! -e "$STATE/root/images/partial/${LARGE#sha256:}" ]
}

asked_twice() { [ "$(served_times manifests/1)" -ge 2 ]; }
@test "pull: two at once share the work, and one goes on with what another was killed in" {
  serve_tool rate=6000000
  local pids=() pid i
  for i in 1 2; do
    "${CAISSON[@]}" pull -q "$NAME" >/dev/null 3>&- &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  [ "$(served_times 'GET .*blobs/')" -eq 3 ]
  runs "$NAME"
  caisson rmi "$NAME" >/dev/null

  serve_tool "hang=1000000:$LARGE" hangs=1
  setsid "${CAISSON[@]}" pull -q "$NAME" 2>/dev/null 3>&- &
  within 10 partial_has 1000000
  "${CAISSON[@]}" pull -q "$NAME" 3>&- >"$T/second" &
  within 10 asked_twice
  sleep 0.2
  [ "$(served_times "blobs/$LARGE")" -eq 1 ]
  kill -KILL -- -$(jobs -p | tail -n 2 | head -n 1)
  wait $!
  [ "$(served_times "blobs/$LARGE 206 range=bytes=1000000-")" -eq 1 ]
  runs "$NAME"
}

# A change of the image in $STATE/image, for which all digests but one are right: python code that sets `diff_ids`,
# `config` or `manifest`.
change_image() {
  rm -rf "$STATE/changed" && cp -a "$STATE/image" "$STATE/changed"
  python3 -B - "$STATE/changed" "$1" <<'END'
import hashlib, json, sys
layout, change = sys.argv[1:]
def read(digest): return json.load(open(f"{layout}/blobs/sha256/{digest[7:]}"))
def put(document, descriptor):
    text = json.dumps(document).encode()
    digest = hashlib.sha256(text).hexdigest()
    open(f"{layout}/blobs/sha256/{digest}", "wb").write(text)
    descriptor.update(digest="sha256:" + digest, size=len(text))
top = json.load(open(layout + "/index.json"))
manifest = read(top["manifests"][0]["digest"])
config = read(manifest["config"]["digest"])
exec(change)
put(config, manifest["config"])
put(manifest, top["manifests"][0])
json.dump(top, open(layout + "/index.json", "w"))
END
  serve "layout=$STATE/changed:team/tool:1"
  NAME=127.0.0.1:$PORT/team/tool:1
}

@test "pull: a wrong byte anywhere is refused and named, and leaves nothing" {
  make_tool
  local config blob
  config=sha256:$(skopeo inspect --raw "oci:$STATE/image:made" | grep -oE '"config":\{[^}]*' | grep -oE '[0-9a-f]{64}')
  serve_tool flip=manifest
  run -125 caisson pull -q "$NAME@$DIGEST"
  [[ "$output" = "caisson: error: pull: "*"@$DIGEST: the registry gives a manifest with another digest, sha256:"* ]]
  nothing_came "$DIGEST"
  for blob in "$config" "$LARGE"; do
    serve_tool "flip=$blob"
    run -125 caisson pull -q "$NAME"
    [[ "$output" = "caisson: error: pull: $NAME: $blob: "*"another digest"* ]] || { echo "$output" && false; }
    nothing_came "$blob"
    run -125 caisson run --rm "$NAME" true
    [[ "$output" = *"$blob: "*"another digest"* ]]
    nothing_came "$blob"
  done
  # Whole and as its digest says, but not what the config says that is in it.
  change_image 'config["rootfs"]["diff_ids"][1] = "sha256:" + "a" * 64'
  run -125 caisson pull -q "$NAME"
  [[ "$output" = "caisson: error: pull: "*"sha256:$(printf 'a%.0s' {1..64})"* ]]
  nothing_came none
  run -125 caisson run --rm "$NAME" true
  [[ "$output" = *"caisson: error: run: "*"sha256:$(printf 'a%.0s' {1..64})"* ]]
  nothing_came none
  change_image 'config["rootfs"]["diff_ids"].pop()'
  run -125 caisson pull -q "$NAME"
  nothing_came none
  change_image 'manifest["layers"][1]["size"] += 1'
  run -125 caisson pull -q "$NAME"
  [[ "$output" = *"$LARGE"* ]]
  # What came may be the beginning of the right one, and is kept until it is pruned.
  caisson system check >/dev/null
  caisson image prune -af >/dev/null
  nothing_came "$LARGE"
}

@test "pull: a wrong image leaves the one that has its name" {
  serve_tool
  caisson pull -q "$NAME"
  local port=$PORT id
  id=$(caisson images -q --no-trunc)
  change_image 'config["rootfs"]["diff_ids"][1] = "sha256:" + "a" * 64'
  caisson tag "127.0.0.1:$port/team/tool:1" "$NAME"
  run -125 caisson pull -q "$NAME"
  [ "$(caisson images -q --no-trunc | sort -u)" = "$id" ]
  runs "$NAME"
}

@test "pull: Ctrl-C ends it at once, and what came stays for the next" {
  serve_tool rate=2000000
  run -254 on_terminal 24x80 'KiB of 2.9 MiB' '\x03' -- "${CAISSON[@]}" pull "$NAME"
  [ "$(partial)" -gt 0 ]
  local had
  had=$(partial)
  caisson system check >/dev/null
  serve_tool
  caisson pull -q "$NAME"
  [ "$(served_times "blobs/$LARGE 206 range=bytes=$had-")" -eq 1 ]
}
