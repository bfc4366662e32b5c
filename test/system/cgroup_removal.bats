load helper

@test "a cgroup is removed with whatever is left in it, and tells what happened" {
  local program="$BUILD/test/system_cgroup"
  [ -x "$program" ] || skip "$program is not built"
  "$program" --gtest_brief=1
}
