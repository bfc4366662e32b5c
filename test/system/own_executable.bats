# Nothing a container could reach leads back to caisson's own file in a way that it could be written (CVE-2019-5736).
load helper

@test "own executable: whoever keeps a container runs from a read-only view of the program" {
  "${CAISSON[@]}" run --name kept builtin:busybox sleep 100 &
  local keeper=$!
  until [ "$(caisson inspect -f '{{.State.Pid}}' kept 2>/dev/null || echo 0)" != 0 ]; do sleep 0.05; done
  run python3 -c 'import os, sys; print(bool(os.statvfs(f"/proc/{sys.argv[1]}/exe").f_flag & os.ST_RDONLY))' "$keeper"
  caisson rm -f kept
  wait "$keeper" || :
  [ "$output" = True ]
}

@test "own executable: a command that names /proc/self/exe as its interpreter gets that view" {
  local root
  root=$(rootfs)
  printf '#!/proc/self/exe\n' >"$root/bin/trap"
  chmod +x "$root/bin/trap"
  run -125 caisson run --rm "$root" trap
  [[ "$output" == *"there is no command"* ]]
}
