# Images built by buildah with caisson-oci, into the store.
# time limit: 600 s
load helper

setup() {
  caisson_setup
  require_program buildah
  mkdir "$T/context"
  # Buildah's own networks are not what this is about.
  BUILD_OPTIONS=(--network none)
}
teardown() {
  # Buildah keeps a mount of its storage on itself.
  umount "$STATE/root/build/storage/overlay" 2>/dev/null || true
  caisson_teardown
}

@test "build: from an image of the store, by its RUN lines, into the store; each tag is a name" {
  caisson import -q "$BUILTIN" base:1 >/dev/null
  cat >"$T/context/Containerfile" <<'LINES'
ARG BASE=base
FROM localhost/${BASE}:1
ARG WORD
RUN echo "$WORD by $(id -u)" >/made && tr '\0' ' ' </proc/1/cmdline >/by
COPY file /copied
CMD ["cat", "/made", "/copied"]
LINES
  echo copied >"$T/context/file"
  id=$(caisson build -q "${BUILD_OPTIONS[@]}" -t made:1 --tag=registry.example/made:2 --build-arg WORD=made --iidfile "$T/id" "$T/context" 2>"$T/words") ||
    { cat "$T/words" && false; }
  [ "$id" = "$(cat "$T/id")" ]
  run -0 caisson run --rm made:1
  [ "$output" = $'made by 0\ncopied' ]
  [ "$(caisson images -q --no-trunc registry.example/made:2)" = "$id" ]
  [ "$(skopeo inspect --config --format '{{index .Config.Cmd 0}}' "oci:$T/root/images:localhost/made:1")" = cat ]
  [ "$(ls "$T/root/build")" = storage ]
  caisson system check
}

@test "build: what fails leaves nothing, and where there is no buildah that is said" {
  printf 'FROM localhost/nothere:1\n' >"$T/context/Dockerfile"
  run -125 caisson build --pull=never -t a "$T/context"
  [[ "$output" = *"caisson: error: build: buildah build ended with status "* ]]
  [ -z "$(caisson images -q)" ]
  [ "$(ls "$T/root/build")" = storage ]
  run -125 env PATH=/nowhere "${CAISSON[@]}" build "$T/context"
  [ "${lines[0]}" = "caisson: error: build: buildah is not installed: it is what builds images" ]
  run -125 caisson build -t 'UPPER CASE' "$T/context"
  [[ "$output" = *"--tag UPPER CASE: "* ]]
}
