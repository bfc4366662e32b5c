# The measuring programs. They are not installed; script/bench builds and runs them.
function(caisson_bench name)
  cmake_parse_arguments(BENCH "" "" "SOURCES;KNOWS" ${ARGN})
  list(TRANSFORM BENCH_SOURCES PREPEND bench/)
  add_executable(${name} ${BENCH_SOURCES})
  target_link_libraries(${name} PRIVATE caisson_flags ${BENCH_KNOWS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
  if(NOT CAISSON_SANITIZE)
    target_link_options(${name} PRIVATE -static)
  endif()
endfunction()

caisson_bench(floor SOURCES floor.cc floor_cgroups.cc)
