# Who one is to registries, and whom one believes: TLS, logins, tokens, helpers.
# time limit: 600 s
load helper
load registry

@test "registry logins: TLS with an authority of one's own, in certs.d and by --cert-dir, and with a certificate to show" {
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

@test "registry logins: a registry without TLS is not talked to, unless it may be insecure" {
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

@test "registry logins: login checks the password, keeps it for its owner alone beside what else is there, and logout forgets it" {
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

@test "registry logins: tokens are asked for, kept, and asked for anew when they are used up or not enough" {
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

@test "registry logins: an identity token is traded for tokens, and helpers know credentials" {
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

  # It goes to nobody else, as passwords do not.
  local port=$PORT log=$SERVED/log
  : >"$log"
  serve_image auth=token identity=long-lived "token_elsewhere=http://127.0.0.1:$port/token"
  run -1 plain pull "127.0.0.1:$PORT/team/tool:1" "$STATE/none"
  [[ "$output" = *"POST http://127.0.0.1:$PORT/token: it leads to another host, http://127.0.0.1:$port/token" ]]
  [ ! -s "$log" ]
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

@test "registry logins: nobody is led from TLS to plain HTTP, neither for blobs nor for tokens" {
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
