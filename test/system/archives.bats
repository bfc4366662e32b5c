# Archives, layouts and directories of images: what podman, buildah and skopeo write is read, and they read what is
# written. archives.py makes those that no tool makes.
# time limit: 600 s
load helper

setup() {
  T=$BATS_TEST_TMPDIR
  require_program skopeo
  require_program umoci
  [ -x "$BUILD/test/system_archive" ] || skip "$BUILD/test/system_archive is not built"
  STATE=$(mktemp -d /dev/shm/caisson-archives.XXXXXX)
  cd "$STATE"
  mkdir spool
}
teardown() { [ -z "${STATE:-}" ] || rm -rf --one-file-system "$STATE"; }

archive() { "$BUILD/test/system_archive" "$STATE/spool" "$@"; }
make() { python3 -B "$BATS_TEST_DIRNAME/archives.py" "$@"; }
quiet() { "$@" >"$T/output" 2>&1 || { cat "$T/output" && false; }; }

# An engine of the test's own.
podman() { command podman --log-level error --root "$STATE/podman" --runroot "$STATE/podman-run" --storage-driver vfs "$@"; }

# What an image is, as skopeo reads it: the digest of its config, and of its layers when they are unpacked.
image_of() { skopeo inspect --config --raw "$1" | tee "$T/config" | sha256sum | cut -d' ' -f1 && jq -r '.rootfs.diff_ids[]' "$T/config"; }
# The blobs of an image, as its manifest names them.
# That the second place has the manifest of the first, byte by byte if that is OCI's.
same_manifest() {
  if skopeo inspect --raw "$1" | grep -q docker; then
    diff <(blobs_of "$1") <(blobs_of "$2")
  else
    diff <(skopeo inspect --raw "$1") <(skopeo inspect --raw "$2")
  fi
}
blobs_of() { skopeo inspect --raw "$1" | jq -r '.config.digest, .layers[].digest'; }

# An image of two layers and one of three, of which two are the same, with all that skopeo may be asked for: localhost/two:1
# and localhost/three:1 in an engine.
make_images() {
  require_program podman
  require_root
  mkdir -p lower/etc upper/etc
  head -c 300000 /dev/urandom >lower/etc/random && echo upper >upper/etc/upper
  printf 'FROM scratch\nCOPY lower /\nCOPY upper /\nCMD ["/x"]\n' >Containerfile
  quiet podman build --layers -t two:1 -f Containerfile .
  printf 'FROM two:1\nENV A=1\nCOPY upper /more\n' >Containerfile
  quiet podman build --layers -t three:1 -f Containerfile .
}

@test "archives: what podman saves in each form is what skopeo reads there" {
  make_images
  local form kind
  for form in docker-archive:docker-archive oci-archive:oci-archive oci-dir:oci docker-dir:dir; do
    kind=${form#*:}
    quiet podman save --format "${form%:*}" --output "saved-$kind" two:1
    [ "$(archive any "saved-$kind" | head -1)" = "$kind" ]
    quiet archive copy "$kind:saved-$kind" "oci:out:$kind"
    [ "$(image_of "oci:out:$kind")" = "$(image_of "$kind:saved-$kind")" ]
    [ "$kind" = docker-archive ] || same_manifest "$kind:saved-$kind" "oci:out:$kind"
  done
  quiet podman save --multi-image-archive --output several two:1 three:1
  [ "$(archive any several | cut -d' ' -f2 | tail -2 | tr '\n' ' ')" = "localhost/two:1 localhost/three:1 " ]
  quiet archive copy docker-archive:several:localhost/three:1 oci:out:three
  [ "$(image_of oci:out:three)" = "$(image_of docker-archive:several:localhost/three:1)" ]
}

@test "archives: what skopeo copies in both formats and each compression is read" {
  make docker-20 "$T/made" >/dev/null
  local format compression place want
  for format in oci v2s2; do
    for compression in gzip zstd; do
      [ "$format $compression" != "v2s2 zstd" ] || continue # which skopeo does not write
      # skopeo writes Docker's manifests into layouts too, and does not find them there.
      for place in dir:directory oci:layout:made oci-archive:archive:made; do
        rm -rf layout archive directory
        quiet skopeo copy --format "$format" --dest-compress --dest-compress-format "$compression" "docker-archive:$T/made" "$place"
        [ "$place" != dir:directory ] || want=$(image_of "$place")
        quiet archive copy "$place" oci:out:made
        [[ "$format $place" = v2s2\ oci* ]] || same_manifest "$place" oci:out:made
        [ "$(image_of oci:out:made)" = "$want" ]
        quiet archive copy "$place" docker-archive:back:made
        [ "$(image_of docker-archive:back)" = "$want" ]
      done
    done
  done
}

@test "archives: skopeo, umoci and podman read what is written, with the same digests" {
  make_images
  quiet podman save --format oci-archive --output saved two:1
  local want place
  want=$(image_of oci-archive:saved)
  for place in oci:out:localhost/again:1 oci-archive:out.tar:localhost/again:1 docker-archive:out-docker.tar:localhost/again:1 dir:out-dir; do
    quiet archive copy oci-archive:saved "$place"
    [ "$(image_of "$place")" = "$want" ]
    [[ "$place" = docker-archive:* ]] || diff <(blobs_of oci-archive:saved) <(blobs_of "$place")
  done
  quiet umoci unpack --image out:localhost/again:1 bundle
  cp -r lower tree && cp -r upper/. tree
  diff -r tree bundle/rootfs
  for place in out.tar out-docker.tar out-dir; do
    quiet podman rmi --all --force
    quiet podman load --input "$place"
    [ "$(podman images --quiet --no-trunc)" = "sha256:$(head -1 <<<"$want")" ]
    [ "$place" = out-dir ] || podman image exists localhost/again:1
  done
}

@test "archives: several images in one, their layers once" {
  make_images
  quiet podman save --multi-image-archive --output several two:1 three:1
  quiet archive copy docker-archive:several docker-archive:out.tar
  [ "$(tar -tf out.tar | sort | uniq -d)" = "" ]
  [ "$(tar -tf out.tar | grep -c '\.tar$')" -eq 3 ]
  quiet podman rmi --all --force
  quiet podman load --input out.tar
  podman image exists localhost/two:1 && podman image exists localhost/three:1
  quiet archive copy docker-archive:several oci-archive:out-oci.tar
  [ "$(archive list oci-archive:out-oci.tar | cut -d' ' -f2 | tr '\n' ' ')" = "localhost/two:1 localhost/three:1 " ]
  [ "$(image_of oci-archive:out-oci.tar:localhost/three:1)" = "$(image_of docker-archive:several:localhost/three:1)" ]
  # Nor is a layer there twice that came compressed, and not.
  make usual plain >/dev/null && make gzip-layers compressed >/dev/null
  quiet archive copy docker-archive:plain docker-archive:compressed docker-archive:both
  [ "$(tar -tf both | wc -l)" -eq 4 ]
  [ "$(image_of docker-archive:both)" = "$(image_of docker-archive:plain)" ]
  # One that was meant, or an error that names them.
  [ "$(archive list docker-archive:several:localhost/two:1 | wc -l)" -eq 1 ]
  run -1 archive list docker-archive:several:two:1
  [[ "$output" = *"there is no image of the name 'two:1'"*"'localhost/two:1', 'localhost/three:1'"* ]]
  run -1 archive copy docker-archive:several dir:one
  [[ "$output" = *"one image in such a directory"* ]]
  [ ! -e one ]
}

@test "archives: the forms that Docker has written come to the same image" {
  local id case
  for case in usual gzip-layers zstd-layers xz-layers bzip2-layers docker-25 docker-20 no-layers; do
    id=$(make "$case" made)
    quiet archive copy docker-archive:made "oci:out:$case"
    [ "sha256:$(image_of "oci:out:$case" | head -1)" = "$id" ]
    quiet skopeo copy "oci:out:$case" "dir:read"
    [ "$case" = no-layers ] || [ "$(archive list docker-archive:made | cut -d' ' -f2)" = docker.io/library/made:1 ]
    [ "$(archive any made | head -1)" = "$([ "$case" = docker-25 ] && echo oci-archive || echo docker-archive)" ]
  done
  [ "$(skopeo inspect --raw oci:out:gzip-layers | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar+gzip ]
  [ "$(skopeo inspect --raw oci:out:zstd-layers | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar+zstd ]
  [ "$(skopeo inspect --raw oci:out:xz-layers | jq -r '.layers[0].mediaType')" = application/vnd.oci.image.layer.v1.tar ]
}

@test "archives: what Docker saved before it had configs gets one" {
  make old made >/dev/null && make usual usual >/dev/null
  [ "$(archive any made | cut -d' ' -f2-)" = $'docker-archive\ndocker.io/library/made:1 docker.io/library/made:2' ]
  quiet archive copy docker-archive:made:made:2 oci:out:made
  [ "$(image_of oci:out:made | tail -2)" = "$(image_of docker-archive:usual | tail -2)" ]
  diff <(skopeo inspect --config oci:out:made | jq .) <(skopeo inspect --config docker-archive:usual | jq .)
  run -1 archive list docker-archive:made:made:3
  [[ "$output" = *"'docker.io/library/made:1', 'docker.io/library/made:2'"* ]]
}

@test "archives: compressed as a whole, through a pipe, and written to one" {
  local id compression
  id=$(make usual usual)
  for compression in gzip zstd xz bzip2; do
    make $compression made >/dev/null
    [ "$(archive list docker-archive:made)" = "$(archive list docker-archive:usual)" ]
    [ "$(archive list docker-archive:- <made)" = "$(archive list docker-archive:usual)" ]
    [ "$(cat made | archive any - | tail -1)" = "$(archive list docker-archive:usual)" ]
  done
  # However small the first piece is that comes.
  make xz made >/dev/null
  [ "$({ head -c 1 made && sleep 0.2 && tail -c +2 made; } | archive list docker-archive:-)" = "$(archive list docker-archive:usual)" ]
  archive copy docker-archive:usual docker-archive:- | archive copy docker-archive:- oci-archive:- >through.tar
  [ "sha256:$(image_of oci-archive:through.tar | head -1)" = "$id" ]
  mkfifo pipe
  cat pipe >from-pipe &
  quiet archive copy docker-archive:usual oci-archive:pipe
  wait $!
  quiet archive copy docker-archive:usual oci-archive:plain
  cmp from-pipe plain
  [ -p pipe ]
  [ -z "$(ls -A spool)" ]
}

@test "archives: a tarball of a root filesystem is none" {
  make root made >/dev/null
  [ "$(archive any made)" = "root filesystem" ]
  [ "$(archive any - <"$BUILTIN")" = "root filesystem" ]
  run -1 archive list docker-archive:made
  [[ "$output" = *"there is no image in it"* ]]
}

@test "archives: the same images make the same archive" {
  make docker-20 made >/dev/null
  local form
  for form in docker-archive oci-archive; do
    quiet archive copy docker-archive:made $form:one:made:1
    sleep 1.1
    TZ=Asia/Tokyo quiet archive copy docker-archive:made $form:two:made:1
    cmp one two
    [ "$(tar --numeric-owner -tvf one | awk '{ print $2, $4, $5 }' | sort -u)" = "0/0 1970-01-01 00:00" ]
    tar -xOf one >/dev/null
  done
}

@test "archives: a layout keeps what is in it, and a name is another image's from then on" {
  make usual one >/dev/null && make docker-20 two >/dev/null
  quiet archive copy docker-archive:one oci:layout:a
  quiet umoci new --image layout:theirs
  jq '.annotations = {"kept": "yes"}' layout/index.json >index && cp index layout/index.json
  quiet archive copy docker-archive:one oci:layout:b
  quiet archive copy docker-archive:two oci:layout:a
  [ "$(umoci list --layout layout | sort | tr '\n' ' ')" = "a b theirs " ]
  [ "$(jq -r .annotations.kept layout/index.json)" = yes ]
  [ "$(image_of oci:layout:a)" = "$(image_of docker-archive:two)" ]
  [ "$(image_of oci:layout:b)" = "$(image_of docker-archive:one)" ]
  # Named by the archive itself, and twice.
  quiet archive copy docker-archive:one oci:layout
  quiet archive copy docker-archive:one oci:layout
  [ "$(umoci list --layout layout | sort | tr '\n' ' ')" = "a b docker.io/library/made:1 theirs " ]
  # Those who write at the same time do so one after the other.
  for i in 1 2 3 4 5 6; do archive copy docker-archive:one "oci:layout:at-once-$i" & done
  wait
  [ "$(umoci list --layout layout | grep -c at-once)" -eq 6 ]
  [ -z "$(find layout -name '.*')" ]
}

@test "archives: a directory's image gives way to another one, and nothing else does" {
  make usual one >/dev/null && make docker-20 two >/dev/null
  quiet archive copy docker-archive:one dir:directory
  touch directory/mine
  quiet archive copy docker-archive:two dir:directory
  [ "$(image_of dir:directory)" = "$(image_of docker-archive:two)" ]
  quiet archive copy docker-archive:one dir:directory
  [ "$(find directory -type f | wc -l)" -eq 6 ] # the config, two layers, manifest.json, version, mine
  mkdir other && touch other/file
  for place in dir:other oci:other; do
    run -1 archive copy docker-archive:one $place
    [[ "$output" = *"$place: the directory is not empty"* ]]
  done
  [ "$(ls -A other)" = file ]
  run -1 archive copy docker-archive:one oci-archive:other
  [[ "$output" = *"open(other): Is a directory"* ]]
  run -1 archive copy docker-archive:one oci:no/such/directory
  [[ "$output" = *"mkdir(no/such/directory): No such file or directory"* ]]
}

@test "archives: what cannot be the truth is refused by name" {
  refuses() {
    make "$1" made >/dev/null
    for place in oci:out oci-archive:out docker-archive:out dir:out; do
      run -1 archive copy "${3:-docker-archive}:made" $place
      [[ "${lines[0]}" = "error: ${3:-docker-archive}:made: "*"$2"* ]] || { echo "$1: $output" && return 1; }
      [ "$(ls -A)" = $'made\nspool' ] || { echo "$1: left: $(ls -A)" && return 1; }
    done
    [ -z "$(ls -A spool)" ]
  }
  refuses two-lists "'manifest.json' is there twice"
  refuses two-dotted "'manifest.json' is there twice"
  refuses above "'../x'"
  refuses link-to-link "is a link to a link"
  refuses link-to-nothing "is a link to 'a', which is missing"
  refuses link-out "is a link that leads out of it"
  refuses link-to-root "is a link that leads out of it"
  refuses hard-link "is a hard link"
  refuses device "'lower.tar' is a device"
  refuses lying-size "the archive breaks off"
  refuses long-list "'manifest.json': it has 5242882 bytes, and 4194304 are allowed"
  refuses no-list "manifest.json: wrong type: a list is expected"
  refuses empty-list "there is no image in it"
  refuses more-layers "it tells of 2 layers, and the archive has 3"
  refuses layer-missing "'upper.tar' is missing"
  refuses config-missing ".json' is missing"
  refuses config-none "image config"
  refuses config-above "/0/Config"
  refuses bad-tag "/0/RepoTags/0"
  refuses other-bytes "other bytes came"
  refuses many-files "more files in it than images have"
  refuses old-empty "there is no image in it"
  refuses old-circle "more than 127 layers"
  refuses old-above "is no id of a layer"
  refuses layout-2 "oci-layout: it is of version '2.0.0', and 1.0.0 is known" oci-archive
  refuses no-digest "/manifests/0/digest" oci-archive
  refuses other-digest "its content has the digest sha256:" oci-archive
  refuses other-size "bytes, not 5" oci-archive
  refuses blob-missing "is missing" oci-archive
}

@test "archives: what lies in a layout leads nowhere else" {
  make oci made >/dev/null
  mkdir layout && tar -xf made -C layout
  local blob
  blob=layout/blobs/sha256/$(jq -r '.manifests[0].digest' layout/index.json | cut -d: -f2)
  mv "$blob" elsewhere
  for what in "ln -s $PWD/elsewhere" "ln -s ../../../elsewhere" mkfifo mkdir; do
    $what "$blob"
    run -1 archive copy oci:layout dir:out
    [[ "$output" = *"is missing"* || "$output" = *"no regular file"* ]]
    rm -r "$blob"
  done
  # A link inside is fine.
  mv elsewhere layout/kept && ln -s ../../kept "$blob"
  quiet archive copy oci:layout dir:out
}

@test "archives: cut off anywhere, an archive is refused, and nothing is left" {
  local case form size i
  for case in usual:docker-archive oci:oci-archive zstd:docker-archive docker-25:docker-archive; do
    make "${case%:*}" made >/dev/null
    form=${case#*:}
    size=$(stat -c %s made)
    for i in 0 1 2 3 4 5 6 7 8 9; do
      head -c $((size * i / 10)) made >cut
      run -1 archive copy $form:cut oci:out
      [[ "$output" = "error: $form:cut: "* ]]
      [ ! -e out ]
      run -1 archive any cut
      [ "$i" -eq 0 ] || run -1 archive copy $form:- oci-archive:out <cut
      [ ! -e out ]
    done
  done
}

@test "archives: who is killed leaves no archive behind" {
  make large made >/dev/null
  local moment
  for moment in 0.02 0.05 0.1; do
    "$BUILD/test/system_archive" "$STATE/spool" copy docker-archive:made docker-archive:out &
    sleep $moment
    kill -KILL $!
    wait $! || true
    [ "$(find . -mindepth 1 | sort | tr '\n' ' ')" = "./made ./spool " ]
  done
}

@test "archives: memory is bounded, whatever the size" {
  make large made >/dev/null
  local peak
  peak=$(make peak "$BUILD/test/system_archive" "$STATE/spool" copy docker-archive:made docker-archive:out)
  [ "$peak" -lt 65536 ] || { echo "$peak KiB" && false; }
  [ "$(stat -c %s out)" -gt $((200 << 20)) ]
  cat made | make peak "$BUILD/test/system_archive" "$STATE/spool" copy docker-archive:- oci-archive:- 2>&1 >"$T/peak" | head -c 10000 >/dev/null
  [ "$(tail -1 "$T/peak" | grep -ao '[0-9]*$')" -lt 65536 ]
  [ "$(image_of docker-archive:out)" = "$(image_of docker-archive:made)" ]
}
