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

caisson_bench(floor SOURCES floor.cc floor_container.cc floor_cgroups.cc)
caisson_bench(peak SOURCES peak.cc)
caisson_bench(nothing SOURCES nothing.cc)
caisson_bench(compare SOURCES compare.cc options.cc comparison.cc report.cc contender.cc deed.cc runtime.cc bundle.cc
                              fixture.cc host.cc runner.cc sample.cc
                      KNOWS base spec seccomp)
caisson_unit_test(bench SOURCES bench_test.cc ../../bench/sample.cc KNOWS base)
target_include_directories(unit_bench PRIVATE bench)

if(TARGET unit_seccomp_oracle)
  add_executable(filter EXCLUDE_FROM_ALL bench/filter.cc test/unit/seccomp_oracle.cc)
  target_include_directories(filter PRIVATE test/unit)
  target_link_libraries(filter PRIVATE caisson_flags base spec seccomp ${LIBSECCOMP_LIBRARY})
  set_target_properties(filter PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
endif()
