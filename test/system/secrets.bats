# Secrets: kept, listed, removed; shown to containers in memory or as variables, and written nowhere else.
load helper

# Fails if the word is in any file of caisson's state but the secret itself.
written_nowhere() {
  local found
  found=$(grep -rlF "$1" "$STATE" --exclude-dir=secrets || true)
  [ -z "$found" ] || { echo "written to: $found" && return 1; }
}

@test "secrets: are kept for their owner alone, listed, shown when asked for, and removed" {
  local id
  id=$(printf 'hunter2' | caisson secret create -l a=b pass -)
  [[ "$id" =~ ^[0-9a-f]{25}$ ]]
  printf 'x\0y' >"$T/file" && caisson secret create binary "$T/file"
  WORD=from-variable caisson secret create --env word WORD
  [ "$(stat -c '%a %U' "$STATE/root/secrets" "$STATE/root/secrets/pass")" = $'700 root\n600 root' ]
  [ "$(caisson secret ls --format '{{.Name}} {{.Driver}}')" = $'binary file\npass file\nword file' ]
  [ "$(caisson secret ls -q -f name=pas)" = "$id" ]
  [[ "$(caisson secret ls -f id="$id")" == "ID "*"NAME"*"DRIVER"*"CREATED"*"UPDATED"*"$id"*"pass"*"file"*"ago"* ]]
  [ "$(caisson secret inspect -f '{{.Spec.Name}} {{json .Spec.Labels}}' "${id:0:6}")" = 'pass {"a":"b"}' ]
  [[ "$(caisson secret inspect pass)" != *hunter2* ]]
  [ "$(caisson secret inspect --showsecret -f '{{.SecretData}}' word)" = from-variable ]
  caisson secret exists pass
  run -1 caisson secret exists no
  run -125 caisson secret create pass "$T/file"
  [[ "${lines[0]}" == *"there is a secret pass already" ]]
  echo other | caisson secret create --replace pass -
  [ "$(caisson secret inspect --showsecret -f '{{.SecretData}}' pass)" = other ]
  run -125 caisson secret create empty /dev/null
  head -c 512000 /dev/zero >"$T/most" && caisson secret create most "$T/most"
  head -c 512001 /dev/zero | { run -125 caisson secret create large - && [[ "$output" == *"a secret has 1 to 512000 bytes" ]]; }
  for name in ../x a/b ''; do run -125 caisson secret create "$name" "$T/file"; done
  run -1 caisson secret rm no
  caisson secret rm -i no
  [[ "$(caisson secret rm most)" =~ ^[0-9a-f]{25}$ ]]
  [ "$(caisson secret rm -a | wc -l)" -eq 3 ]
  [ -z "$(ls -A "$STATE/root/secrets")" ]
}

@test "secrets: are files in memory with the owner and mode that were asked for, and go with the container" {
  printf 'hunter2' | caisson secret create pass -
  [ "$(box --secret=pass sh -c 'cat /run/secrets/pass; echo; stat -c "%a %u %g" /run/secrets/pass; awk "\$2 == \"/run/secrets/pass\" { print \$3 }" /proc/mounts')" = \
    $'hunter2\n444 0 0\ntmpfs' ]
  run -0 box --secret=pass,target=other,uid=7,gid=8,mode=0400 stat -c '%a %u %g' /run/secrets/other
  [ "$output" = "400 7 8" ]
  [ "$(box --secret=pass,target=/etc/own cat /etc/own)" = hunter2 ]
  run -1 box --secret=pass sh -c 'echo x >/run/secrets/pass'
  [ "$(box --secret=pass --uidmap=0:100000:65536 sh -c 'cat /run/secrets/pass; stat -c " %a %u" /run/secrets/pass')" = "hunter2 444 0" ]
  # Behind a tmpfs at /run as before one.
  [ "$(box --secret=pass --tmpfs=/run cat /run/secrets/pass)" = hunter2 ]
  [ "$(box --secret=pass --read-only cat /run/secrets/pass)" = hunter2 ]
  run -125 box --secret=none true
  [[ "${lines[0]}" == *"--secret none: no such secret: none" ]]
  run -125 box --secret=pass --secret=pass true
  nothing_kept
}

@test "secrets: stand in no file, log, plan or image, also as variables" {
  printf 'hunter2' | caisson secret create pass -
  caisson run -d --name up --secret pass --secret pass,type=env,target=PASS builtin:busybox \
    sh -c 'case $PASS in h?nt?r2) [ "$PASS" = "$(cat /run/secrets/pass)" ] && touch /right ;; esac; sleep 1000'
  within 10 caisson exec up test -e /right
  grep -rlF hunter2 "$STATE" | sed "s|$STATE||" | sort >"$T/found"
  [ "$(sed -E 's|[0-9a-f]{64}|ID|' "$T/found")" = $'/root/secrets/pass\n/run/containers/ID/secrets/0' ]
  [[ "$(caisson inspect up)" != *hunter2* ]]
  [ "$(caisson exec up sh -c 'echo "$PASS"')" = "" ]
  caisson commit up made >/dev/null
  [ -z "$(caisson run --rm made find /run/secrets -type f -size +0)" ]
  caisson export up | { ! grep -qF hunter2; }
  caisson rm -f up
  written_nowhere hunter2
  [[ "$(caisson explain run --secret pass --secret pass,type=env builtin:busybox true 2>&1)" != *hunter2* ]]
  # A failure says nothing of it.
  run -127 caisson run --rm --secret pass,type=env builtin:busybox /no/such/program
  [[ "$output" != *hunter2* ]]
  written_nowhere hunter2
}

@test "secrets: are refused where the files of running containers are not in memory" {
  printf 'hunter2' | caisson secret create pass -
  local disk
  disk=$(mktemp -d /var/tmp/caisson-test.XXXXXX)
  run -125 "$BIN" --root "$T/root" --runroot "$disk" run --rm --secret pass builtin:busybox true
  [[ "${lines[0]}" == *"is not in memory, where a secret has to be"* ]]
  [ -z "$(grep -rlF hunter2 "$disk")" ]
  rm -r "$disk"
}
