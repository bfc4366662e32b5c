# The built-in root filesystem, and what is installed.
load helper

PACK=$BATS_TEST_DIRNAME/../../programs/builtin/pack

@test "builtin: the same busybox gives the same bytes" {
  (umask 077 && "$PACK" /bin/busybox "$T/one.tar.gz")
  sleep 1.1 # a time that was written would differ
  (cd / && "$PACK" /bin/busybox "$T/two.tar.gz")
  cmp "$T/one.tar.gz" "$T/two.tar.gz"
  cmp "$T/one.tar.gz" "$BUILTIN"
}

@test "builtin: a busybox that needs shared libraries is refused" {
  run -1 "$PACK" /bin/sh "$T/one.tar.gz"
  [ "${lines[1]}" = "hint: install busybox-static" ]
  [ ! -e "$T/one.tar.gz" ]
}

@test "builtin: everything is root's, /tmp is everybody's, /root nobody else's" {
  run -0 tar --numeric-owner -tvzf "$BUILTIN"
  [ -z "$(echo "$output" | grep -v ' 0/0 ')" ]
  [[ "$output" = *"drwxrwxrwt 0/0 "*" ./tmp/"* ]]
  [[ "$output" = *"drwx------ 0/0 "*" ./root/"* ]]
}

@test "builtin: every command of busybox is there, and every link leads to it" {
  cd "$(rootfs)"
  for path in $(/bin/busybox --list-full | grep -vx linuxrc); do
    [ "$(readlink -f "$path")" = "$PWD/bin/busybox" ] || { echo "$path" && false; }
  done
  run -0 ./bin/busybox true
}

@test "builtin: its accounts are Debian's" {
  cd "$(rootfs)"
  for account in root daemon www-data nobody; do
    [ "$(grep "^$account:" etc/passwd | cut -d: -f 3,4)" = "$(grep "^$account:" /etc/passwd | cut -d: -f 3,4)" ]
  done
}

@test "installed, the programs find each other" {
  run -0 cmake --install "$BUILD" --prefix "$T/prefix"
  [ "$(cd "$T/prefix" && find bin lib* share/caisson -type f | sort)" = "bin/caisson
bin/caisson-oci
lib/systemd/system/caisson-restart.service
lib/systemd/user/caisson-restart.service
libexec/caisson/generator
libexec/caisson/init
libexec/caisson/monitor
libexec/caisson/systemd
libexec/caisson/transfer
share/caisson/busybox.tar.gz" ]
  BIN=$T/prefix/bin/caisson
  run -0 caisson run --rm builtin:busybox cat /etc/os-release
  [[ "$output" = *"ID=caisson-builtin"* ]]
}
