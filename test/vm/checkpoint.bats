# criu itself, where it gets on with the kernel: what it dumps goes on when it is restored.
load ../system/helper

OCI=$BUILD/bin/caisson-oci
oci() { "$OCI" --root "$T/oci" "$@"; }

setup() {
  caisson_setup
  criu check >/dev/null 2>&1 || skip "criu check fails"
  # With it criu closes the network of what it dumps; the machine has none.
  command -v ip6tables-restore >/dev/null || skip "ip6tables-restore is not installed"
  rootfs >/dev/null
  cd "$T"
  oci spec
  sed -i 's/"terminal": true/"terminal": false/; s|"sh"|"sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.1; done"|' config.json
}

teardown() {
  [ ! -d "$T/oci/box" ] || oci delete --force box
  caisson_teardown
}

@test "checkpoint: a container is dumped, and goes on from there when it is restored" {
  oci run --detach box </dev/null >/dev/null 2>&1
  sleep 2
  oci checkpoint --image-path "$T/images" box
  ! oci state box
  oci restore --image-path "$T/images" --detach box </dev/null >/dev/null 2>&1
  [ "$(oci state box | grep -c '"running"')" = 1 ]
  oci kill box KILL
}
