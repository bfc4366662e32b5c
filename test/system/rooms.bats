# The rooms of src: an arrow that is not listed does not build, and the pure rooms ask the kernel for nothing.
bats_require_minimum_version 1.5.0

BUILD=${CAISSON_BUILD:-$BATS_TEST_DIRNAME/../../build/release}

# Compiles a file with nothing but an include of $2 as if it were a source of room $1.
compiles_in() {
  echo "#include \"$2\"" >"$BATS_TEST_TMPDIR/include.cc"
  python3 - "$BUILD/compile_commands.json" "/src/$1/" "$BATS_TEST_TMPDIR/include.cc" <<'PYTHON'
import json, shlex, subprocess, sys
entry = next(entry for entry in json.load(open(sys.argv[1])) if sys.argv[2] in entry["file"])
words = shlex.split(entry["command"])
words = words[words[0].endswith("ccache"):words.index("-o")] + ["-fsyntax-only", sys.argv[3]]
sys.exit(subprocess.run(words, cwd=entry["directory"]).returncode)
PYTHON
}

@test "rooms: a header of a room that is known can be included" {
  compiles_in plan spec/config.h
  compiles_in explain plan/plan.h
}

@test "rooms: a header of a room that is not known cannot" {
  for arrow in "plan kernel/files.h" "spec plan/plan.h" "explain execute/executor.h" "execute spec/config.h" "kernel plan/plan.h" \
    "base kernel/files.h" "image plan/plan.h" "transport registry/options.h" "archive registry/options.h" "keeper kernel/files.h"; do
    run ! compiles_in $arrow
    [[ "$output" = *"No such file or directory"* ]] || { echo "$arrow: $output" && false; }
  done
}

# What the C library may be asked by a function of its arguments alone.
PURE='mem(cpy|move|set|cmp|chr|mem)|str(len|cmp|ncmp|chr|rchr|str|toull|toll|tod)|snprintf|localeconv|pow|log2|fnmatch|inet_(pton|ntop)'
PURE="$PURE|strerror(name|desc)_np|getopt_long|opt(arg|ind|opt|err)|abort|free|malloc|realloc|__errno_location|__libc_single_threaded"
PURE="$PURE|__gxx_personality_v0|_Unwind_Resume|__cxa_.*|__dso_handle|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__(u?div|u?mod|popcount)[a-z]+[0-9]"
PURE="$PURE|is(alnum|alpha|graph|space)|toupper|strtoul"
# Of the C++ library: what reads files, clocks or chance.
IMPURE='basic_[io]?fstream|basic_filebuf|filesystem|chrono.*now|random_device|thread|condition_variable|ios_base4Init'

@test "rooms: the pure rooms ask the kernel for nothing" {
  for room in spec plan explain cgroup_conversion image_spec registry_text compose options; do
    asked=$(nm -u "$BUILD/lib$room.a" | awk '$1 == "U" { print $2 }' | sort -u)
    [ -n "$asked" ]
    wrong=$(echo "$asked" | grep -v '^_Z' | grep -vxE "$PURE" || true)
    wrong=$wrong$(echo "$asked" | grep '^_Z' | grep -E "$IMPURE" || true)
    [ -z "$wrong" ] || { echo "$room: $wrong" && false; }
  done
}

@test "rooms: that can be told: a room that does is found out" {
  asked=$(nm -u "$BUILD/libkernel.a" | awk '$1 == "U" { print $2 }' | sort -u)
  [ -n "$(echo "$asked" | grep -v '^_Z' | grep -vxE "$PURE")" ]
}

@test "rules: nothing that may not be written is" {
  run -0 "$BATS_TEST_DIRNAME/../../script/lint" --rules
}
