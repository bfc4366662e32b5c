# buildah 1.28 with the runtime under test.
load helper

setup_file() {
  require_world
  podman_settings "$FILES/buildah" && . "$FILES/buildah/environment"
  image "$FILES/busybox.tar" localhost/busybox:1
  buildah pull --quiet "docker-archive:$FILES/busybox.tar"
}

teardown() {
  buildah rm --all >/dev/null
  peers_teardown
}

run_in() { buildah run --runtime "$CAISSON_OCI" --isolation oci --network none "$@"; }

@test "buildah: builds an image, each RUN by the runtime" {
  cat >"$T/Containerfile" <<END
FROM localhost/busybox:1 AS first
ENV WORD=said
RUN echo \$WORD >/file && id -u >>/file
USER 1000
WORKDIR /tmp/deep/er
RUN pwd >/tmp/where; id -u >>/tmp/where
FROM localhost/busybox:1
COPY --from=first /file /tmp/where /copied/
RUN --mount=type=tmpfs,target=/mnt touch /mnt/gone && cat /copied/* >/all
END
  buildah build --runtime "$CAISSON_OCI" --isolation oci --network none --tag localhost/built "$T"
  local container
  container=$(buildah from localhost/built)
  [ "$(run_in "$container" cat /all | paste -sd ' ')" = "said 0 /tmp/deep/er 1000" ]
  run ! run_in "$container" test -e /mnt/gone
}

@test "buildah: a RUN that fails ends the build with what it said" {
  printf 'FROM localhost/busybox:1\nRUN echo words; exit 3\n' >"$T/Containerfile"
  run ! buildah build --runtime "$CAISSON_OCI" --isolation oci --network none --tag localhost/never "$T"
  [[ "$output" == *words*"exit status 3"* ]]
  printf 'FROM localhost/busybox:1\nRUN ["no-such-program"]\n' >"$T/Containerfile"
  run ! buildah build --runtime "$CAISSON_OCI" --isolation oci --network none --tag localhost/never "$T"
  [[ "$output" == *no-such-program*"not found"* ]]
}

@test "buildah: run takes user, directory, terminal, limits of capabilities, volumes" {
  local container
  container=$(buildah from localhost/busybox:1)
  run run_in --user 5:6 --workingdir /tmp --env A=1 "$container" sh -c 'id -u; id -g; pwd; echo $A; exit 4'
  [ "$status" -eq 4 ]
  [[ "$output" == $'5\n6\n/tmp\n1'* ]]
  [ "$(run_in --cap-drop all "$container" awk '/CapEff/ { print $2 }' /proc/self/status)" = 0000000000000000 ]
  mkdir "$T/bound"
  run_in --volume "$T/bound:/b" "$container" touch /b/file
  [ -e "$T/bound/file" ]
  run on_terminal buildah run --runtime "$CAISSON_OCI" --isolation oci --network none --terminal "$container" sh -c 'tty; test -t 0 && echo yes'
  [ "$status" -eq 0 ]
  [[ "$output" == */dev/pts/0*yes* ]]
}
