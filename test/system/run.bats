# script/run: a newcomer's first command.
# time limit: 600 s
load helper

setup() {
  caisson_setup
  PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  RUN=$PROJECT/script/run
}

@test "script/run: without a terminal it demonstrates, and ends well" {
  run -0 --separate-stderr with_own_state "$RUN" </dev/null
  [[ "$output" = *"on the host"*"in this container"* ]]
  [[ "$output" = *"1 root "*" ps"* ]]
  [[ "$output" = *"uid=65534(nobody) gid=65534(nogroup)"* ]]
  [[ "$output" = *"touch: /docs/mine: Read-only file system"* ]]
  [[ "$output" = *"chown: /tmp: Operation not permitted"* ]]
  [[ "$output" = *"[exit status 137]"* ]]
}

@test "script/run: the README shows the commands of the demonstration" {
  run -0 --separate-stderr with_own_state "$RUN" </dev/null
  [ "$(echo "$output" | grep '^\$ ')" = "$(sed -n '/^```text/,/^```$/p' "$PROJECT/README.md" | grep '^\$ caisson')" ]
}

@test "script/run: the account shows namespaces of the container's own, and those it shares" {
  run -0 --separate-stderr with_own_state "$RUN" </dev/null
  for name in ipc net pid uts; do
    [[ "$output" =~ "$name namespace"\ +$(readlink /proc/self/ns/$name | tr -dc 0-9)\ +[0-9]+ ]]
  done
  [[ "$output" =~ "user namespace"\ +[0-9]+\ +"the host's" ]]
}

@test "script/run: a command's output, input and exit status are its own" {
  run -0 --separate-stderr with_own_state "$RUN" sh -c 'echo $$; read -r line; echo "$line"' <<<"from outside"
  [ "$output" = "1
from outside" ]
  run -7 with_own_state "$RUN" sh -c 'exit 7' </dev/null
}

@test "script/run: on a terminal it starts a shell, after an account of what is isolated" {
  run -0 with_own_state script -qefc "$RUN" /dev/null < <(keep_typing 'echo "I am $$"; exit')
  [[ "$output" = *"in this container"*"pid namespace"*"I am 1"* ]]
}

@test "script/run: the second time it takes seconds" {
  with_own_state timeout 10 "$RUN" true </dev/null
}
