# caisson-generator: units of Quadlet files.
load helper

setup() {
  caisson_setup
  export QUADLET_UNIT_DIRS=$T/first:$T/second
  mkdir "$T/first" "$T/second" "$T/out"
}
generator() { "$BUILD/libexec/caisson/generator" "$@"; }

@test "quadlet: units, and the links that [Install] asks for" {
  printf '[Container]\nImage=builtin:busybox\nExec=sleep 100\n[Install]\nWantedBy=multi-user.target\n' >"$T/first/web.container"
  printf '[Volume]\n' >"$T/first/data.volume"
  run -0 generator "$T/out" "$T/out" "$T/out"
  [ "$output" = "" ]
  [[ "$(cat "$T/out/web.service")" = *"ExecStart=$BIN run --name=systemd-%N "*" builtin:busybox sleep 100"* ]]
  [ "$(readlink "$T/out/multi-user.target.wants/web.service")" = ../web.service ]
  [ -s "$T/out/data-volume.service" ]
  run -0 systemd-analyze verify --man=no "$T/out/web.service" "$T/out/data-volume.service"
  [ "$output" = "" ]
  run -0 generator "$T/out"  # once more, over what is there
}

@test "quadlet: a wrong file is said with its line, and the others are made" {
  printf '[Container]\nImage=x\n\nNonsense=1\n' >"$T/first/a.container"
  printf '[Container]\nImage=x\n' >"$T/first/b.container"
  printf '[Network]\n' >"$T/first/c.network"
  printf 'plain\n' >"$T/first/d.service"
  run -1 generator "$T/out"
  [[ "$output" = *"caisson-generator: error: $T/first/a.container:4: Nonsense=1: there is no such key"* ]]
  [[ "$output" = *"$T/first/c.network: networks are not there yet"* ]]
  [ "$(ls "$T/out")" = b.service ]
}

@test "quadlet: the first directory counts, with the drop-ins of all; subdirectories are looked into" {
  mkdir -p "$T/first/below" "$T/second/web.container.d" "$T/first/web.container.d"
  printf '[Container]\nImage=one\n' >"$T/first/below/web.container"
  printf '[Container]\nImage=two\n' >"$T/second/web.container"
  printf '[Container]\nEnvironment=A=1\n' >"$T/second/web.container.d/20.conf"
  printf '[Container]\nEnvironment=B=2\n' >"$T/first/web.container.d/10.conf"
  run -0 generator --dryrun
  [ "${lines[0]}" = "---web.service---" ]
  [[ "$output" = *"--env=B=2 --env=A=1 one"* ]]
  [ "$(ls "$T/out")" = "" ]
}

@test "quadlet: options that run does not have are refused when the unit is made, not when it starts" {
  printf '[Container]\nImage=x\nSubUIDMap=x\n' >"$T/first/a.container"
  run -1 generator --dryrun
  [[ "$output" = *"a.container:3: SubUIDMap=x: caisson run --subuidname is not there yet"* ]]
}

@test "quadlet: what is made runs" {
  printf '[Container]\nImage=builtin:busybox\nExec=sh -c "echo $${A} $$0"\nEnvironment="A=b c"\nGlobalArgs=--root %s --runroot %s\n[Service]\nType=oneshot\n' "$T/root" "$T/run" >"$T/first/a.container"
  generator "$T/out"
  # As systemd splits it: specifiers are its own.
  run -0 python3 -B - "$T/out/a.service" "$T" <<'END'
import shlex, subprocess, sys
line = next(line for line in open(sys.argv[1]) if line.startswith("ExecStart="))
words = shlex.split(line.removeprefix("ExecStart=").replace("$$", "$").replace("%t", sys.argv[2]).replace("%N", "a"))
sys.exit(subprocess.run(words).returncode)
END
  [ "$output" = "b c sh" ]
}

@test "quadlet: how it is called" {
  run -2 generator
  run -2 generator --nosuch
  run -0 generator --help
  [[ "$output" = *"caisson-generator [OPTION…] DIRECTORY"* ]]
}
