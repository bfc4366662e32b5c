# Who has signed an image or a tarball: cosign's signatures with a key, detached OpenPGP ones, and the policy that pull
# and run obey.
# time limit: 600 s
load helper
load registry

setup() {
  require_program openssl
  caisson_setup
  registry_setup
  registries_are_plain
  export CAISSON_POLICY=$STATE/policy.json
  echo '{}' >"$CAISSON_POLICY"
  for name in team other; do
    openssl ecparam -name prime256v1 -genkey -noout -out "$STATE/$name.key"
    openssl ec -in "$STATE/$name.key" -pubout -out "$STATE/$name.pub" 2>/dev/null
  done
}
teardown() {
  registry_teardown
  [ ! -d "$STATE/gnupg" ] || gpgconf --homedir "$STATE/gnupg" --kill all
  caisson_teardown
}

insecure() { printf '[[registry]]\nlocation = "127.0.0.1:%s"\ninsecure = true\n' "$PORT" >"$CONTAINERS_REGISTRIES_CONF"; }
policy() { printf '%s' "$1" >"$CAISSON_POLICY"; }
cosign_policy() { policy "{\"rules\": [{\"match\": \"$NAME*\", \"cosign\": [\"$STATE/$1.pub\"]}]}"; }

# A registry with busybox as $NAME:1, whose manifest is $DIGEST.
publish() {
  docker_registry
  insecure
  NAME=127.0.0.1:$PORT/team/tool
  caisson import -q -c 'CMD ["true"]' "$BUILTIN" "$NAME:1" >/dev/null
  DIGEST=$(caisson push -q "$NAME:1" | sed 's/.*digest: //')
  caisson rmi "$NAME:1" >/dev/null
}

# Signs $1, a digest, as cosign does, with the key $2: an image of its own in the registry, under the tag that says so.
# $3: what is said to be signed.
cosign_sign() {
  local layout=$STATE/signature
  rm -rf "$layout"
  python3 -B - "$layout" "${3:-$1}" "$STATE/$2.key" "$NAME" <<'PY'
import base64, hashlib, json, os, subprocess, sys
layout, digest, key, name = sys.argv[1:]
os.makedirs(f"{layout}/blobs/sha256")
def put(content, kind, **more):
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    sha = hashlib.sha256(text).hexdigest()
    open(f"{layout}/blobs/sha256/{sha}", "wb").write(text)
    return {"mediaType": kind, "digest": "sha256:" + sha, "size": len(text), **more}
payload = json.dumps({"critical": {"identity": {"docker-reference": name}, "image": {"docker-manifest-digest": digest},
                                   "type": "cosign container image signature"}, "optional": None}).encode()
signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=payload, stdout=subprocess.PIPE, check=True).stdout
layer = put(payload, "application/vnd.dev.cosign.simplesigning.v1+json",
            annotations={"dev.cosignproject.cosign/signature": base64.b64encode(signature).decode()})
config = put({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}},
             "application/vnd.oci.image.config.v1+json")
manifest = put({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [layer]},
               "application/vnd.oci.image.manifest.v1+json", annotations={"org.opencontainers.image.ref.name": "s"})
json.dump({"schemaVersion": 2, "manifests": [manifest]}, open(f"{layout}/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open(f"{layout}/oci-layout", "w"))
PY
  quiet skopeo copy --dest-tls-verify=false "oci:$layout:s" "docker://$NAME:${1/:/-}.sig"
}

@test "verify: what cosign has signed is pulled, run and remembered; what it has not is not even fetched" {
  publish
  cosign_policy team
  run -125 caisson pull -q "$NAME:1"
  [[ "$output" = *"$NAME:1: "*"GET http://"*"/sha256-${DIGEST#sha256:}.sig: "*"manifest unknown"* ]]
  [ -z "$(find "$T/root/images/blobs" -type f)" ]

  cosign_sign "$DIGEST" team
  caisson pull -q "$NAME:1"
  caisson run --rm "$NAME:1"
  run -0 caisson image verify "$NAME:1"
  [ "$output" = "$NAME:1: signed with $STATE/team.pub" ]
  [ "$(caisson images -q | wc -l)" -eq 1 ]
  # No registry is asked any more.
  kill "${PIDS[@]}" && wait "${PIDS[@]}" || true
  PIDS=()
  caisson run --rm "$NAME:1"
  run -0 caisson image verify --offline "$NAME:1"
  # It was found once, and is not looked for at each run; but a file of keys that is two seconds old may change unseen.
  sleep 2
  caisson run --rm "$NAME:1"
  run -0 strace -f -o "$T/trace" -e trace=execve "$BIN" --root "$T/root" --runroot "$T/run" run --rm "$NAME:1"
  run ! grep -q transfer "$T/trace"
  # Its signatures go with it.
  [ "$(grep -c 'sha256-[0-9a-f]*\.sig' "$T/root/images/index.json")" -eq 1 ]
  caisson tag "$NAME:1" other:1
  caisson rmi "$NAME:1" >/dev/null
  caisson rmi other:1 >/dev/null
  [ -z "$(find "$T/root/images/blobs" -type f)" ]
}

@test "verify: another key, another image, another payload" {
  publish
  caisson pull -q "$NAME:1"
  cosign_policy team
  cosign_sign "$DIGEST" other
  run -125 caisson run --rm "$NAME:1"
  [[ "$output" = *"as $CAISSON_POLICY requires: $NAME:1: the signatures of $DIGEST are by other keys"* ]]
  run -0 caisson image verify --key "$STATE/other.pub" "$NAME:1"
  run -125 caisson image verify --key "$STATE/team.pub" "$NAME:1"
  caisson image verify --key "$STATE/team.pub" --key "$STATE/other.pub" "$NAME:1"

  # A good signature of something else does not count.
  local signature="$NAME:${DIGEST/:/-}.sig"
  caisson rmi "$signature" >/dev/null || true
  cosign_sign "$DIGEST" team "sha256:$(printf 'a%.0s' {1..64})"
  run -125 caisson run --rm "$NAME:1"
  [[ "$output" = *"are by other keys"* ]]
}

@test "verify: a key that has changed is asked anew" {
  publish
  cosign_policy team
  cosign_sign "$DIGEST" team
  caisson pull -q "$NAME:1"
  caisson run --rm "$NAME:1"
  cp "$STATE/other.pub" "$STATE/team.pub"
  run -125 caisson run --rm "$NAME:1"
  [[ "$output" = *"are by other keys"* ]]
}

@test "verify: OpenPGP signatures of images and of tarballs" {
  require_program gpg
  require_program gpgv
  mkdir -m 700 "$STATE/gnupg"
  local gpg=(gpg --homedir "$STATE/gnupg" --batch --quiet --yes)
  "${gpg[@]}" --passphrase '' --quick-generate-key 'Team <team@example.org>' rsa2048 sign never
  "${gpg[@]}" --export >"$STATE/ring.gpg"
  cp "$BUILTIN" "$STATE/root.tar.gz"
  policy "{\"rules\": [{\"match\": \"$STATE/*\", \"gpg\": [\"$STATE/ring.gpg\"]},
                      {\"match\": \"localhost/*\", \"gpg\": [\"$STATE/ring.gpg\"], \"signatures\": \"$STATE/signatures\"}]}"
  run -125 caisson run --rm "$STATE/root.tar.gz" true
  [[ "$output" = *"no signature of it was found: neither $STATE/root.tar.gz.asc nor $STATE/root.tar.gz.sig is there"* ]]
  "${gpg[@]}" --armor --detach-sign -o "$STATE/root.tar.gz.asc" "$STATE/root.tar.gz"
  caisson run --rm "$STATE/root.tar.gz" true
  run -0 caisson image verify "$STATE/root.tar.gz"
  [[ "${lines[0]}" = "$STATE/root.tar.gz: signed by the OpenPGP key "* ]]
  # Another content, though the name and the signature are the same.
  gzip -dc "$BUILTIN" | gzip -1 >"$STATE/root.tar.gz"
  run -125 caisson run --rm "$STATE/root.tar.gz" true
  [[ "$output" = *"no good signature by a key of $STATE/ring.gpg: BAD signature"* ]]

  local id
  id=$(caisson import -q "$BUILTIN" signed:1)
  DIGEST=$(caisson image inspect -f '{{.Digest}}' signed:1)
  run -125 caisson run --rm signed:1 true
  [[ "$output" = *"localhost/signed:1: no signature of it was found"* ]]
  mkdir "$STATE/signatures"
  "${gpg[@]}" --detach-sign -o "$STATE/signatures/${DIGEST#sha256:}.sig" "$T/root/images/blobs/sha256/${DIGEST#sha256:}"
  caisson run --rm signed:1 true
  run -0 caisson image verify --gpg "$STATE/ring.gpg" --signature "$STATE/signatures/${DIGEST#sha256:}.sig" "$id"
}

@test "verify: what the policy rejects, and a policy that cannot be read" {
  caisson import -q "$BUILTIN" some:1 >/dev/null
  policy '{"default": "reject", "rules": [{"match": "localhost/open:*", "default": "accept"}]}'
  run -125 caisson run --rm some:1 true
  [[ "$output" = *"localhost/some:1: the policy $CAISSON_POLICY rejects it"* ]]
  run -125 caisson run --rm - true <"$BUILTIN"
  [[ "$output" = *"-: the policy $CAISSON_POLICY rejects it"* ]]
  caisson tag some:1 localhost/open:1
  caisson run --rm open:1 true
  policy '{"defualt": "reject"}'
  run -125 caisson run --rm open:1 true
  [[ "$output" = *"/defualt: unknown key: did you mean 'default'?"* ]]
  rm "$CAISSON_POLICY"
  run -125 caisson run --rm open:1 true
  [[ "$output" = *"$CAISSON_POLICY"*"No such file"* ]]
}
