# A room is a folder of src/ with one library, and the list of rooms it may know. Headers are included as
# "room/name.h"; the include path of a room holds only the rooms it knows, so an arrow that is not listed does not build.

# The target's files begin with the headers of `from`, where those are precompiled (CMakeLists.txt). GCC 12 forgets that they
# are not ours, and has false warnings of what std::string does.
function(caisson_precompiled target from)
  if(TARGET ${from})
    target_precompile_headers(${target} REUSE_FROM ${from})
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
                           $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>)
  endif()
endfunction()

function(caisson_room name)
  cmake_parse_arguments(ROOM "" "FOLDER" "SOURCES;KNOWS;LIBRARIES" ${ARGN})
  if(NOT ROOM_FOLDER)
    set(ROOM_FOLDER ${name})
  endif()
  set(entrance ${PROJECT_BINARY_DIR}/rooms/${ROOM_FOLDER})
  file(MAKE_DIRECTORY ${entrance})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${ROOM_FOLDER} ${entrance}/${ROOM_FOLDER} SYMBOLIC)
  if(NOT ROOM_SOURCES)  # headers alone
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${entrance})
    return()
  endif()
  list(TRANSFORM ROOM_SOURCES PREPEND src/${ROOM_FOLDER}/)
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC ${entrance})
  target_link_libraries(${name} PRIVATE caisson_flags ${ROOM_KNOWS} ${ROOM_LIBRARIES})
  caisson_precompiled(${name} caisson_headers)
endfunction()

# A program of this project: its sources, the rooms it knows; static unless DYNAMIC or sanitized. One that runs
# IN_CONTAINER, where no libraries are, is static always and has no sanitizers.
function(caisson_program name)
  cmake_parse_arguments(PROGRAM "DYNAMIC;LIBEXEC;IN_CONTAINER" "" "SOURCES;KNOWS;LIBRARIES" ${ARGN})
  add_executable(${name} ${PROGRAM_SOURCES})
  target_link_libraries(${name} PRIVATE caisson_flags ${PROGRAM_KNOWS} ${PROGRAM_LIBRARIES})
  set_target_properties(${name} PROPERTIES IN_CONTAINER ${PROGRAM_IN_CONTAINER})
  if(PROGRAM_IN_CONTAINER OR NOT (PROGRAM_DYNAMIC OR CAISSON_SANITIZE))
    target_link_options(${name} PRIVATE -static)
    if(NOT PROGRAM_LIBEXEC)  # large ones: what a container's start needs lies side by side, see script/order
      target_link_options(${name} PRIVATE -Wl,-T,${PROJECT_SOURCE_DIR}/cmake/order.ld)
      set_target_properties(${name} PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/order.ld)
    endif()
  endif()
  if(PROGRAM_LIBEXEC)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/libexec/caisson)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/caisson)
  else()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

# Unit tests of one room: test/unit/<name>_test.cc.
function(caisson_unit_test name)
  cmake_parse_arguments(UNIT "" "" "SOURCES;KNOWS;LIBRARIES" ${ARGN})
  list(TRANSFORM UNIT_SOURCES PREPEND test/unit/)
  add_executable(unit_${name} EXCLUDE_FROM_ALL ${UNIT_SOURCES})
  target_link_libraries(unit_${name} PRIVATE caisson_flags ${UNIT_KNOWS} ${UNIT_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_include_directories(unit_${name} PRIVATE test/unit)
  target_compile_options(unit_${name} PRIVATE -Wno-missing-field-initializers)  # tables leave out what a row is not about
  target_compile_options(unit_${name} PRIVATE -O0)  # a test runs for a moment and is compiled for many
  caisson_precompiled(unit_${name} caisson_test_headers)
  set_target_properties(unit_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
  add_dependencies(unit_tests unit_${name})
  add_test(NAME ${name} COMMAND unit_${name})
endfunction()

# A fuzzer: test/fuzz/<name>_fuzz.cc. Its corpus, test/fuzz/corpus/<name>, is replayed as a unit test; with the preset
# fuzz there is libFuzzer's program too, fuzz/<name>.
function(caisson_fuzzer name)
  cmake_parse_arguments(FUZZER "" "" "SOURCES;KNOWS;LIBRARIES" ${ARGN})
  list(TRANSFORM FUZZER_SOURCES PREPEND test/)
  add_library(fuzzer_${name} OBJECT EXCLUDE_FROM_ALL test/fuzz/${name}_fuzz.cc ${FUZZER_SOURCES})
  target_include_directories(fuzzer_${name} PRIVATE test/fuzz test/unit)
  target_link_libraries(fuzzer_${name} PUBLIC caisson_flags ${FUZZER_KNOWS} ${FUZZER_LIBRARIES})
  if(CAISSON_SANITIZE MATCHES "fuzzer")
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL)
    target_link_libraries(fuzz_${name} PRIVATE fuzzer_${name})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(fuzz_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    add_dependencies(fuzzers fuzz_${name})
    return()
  endif()
  add_executable(unit_fuzz_${name} EXCLUDE_FROM_ALL test/fuzz/replay.cc)
  target_link_libraries(unit_fuzz_${name} PRIVATE fuzzer_${name})
  set_target_properties(unit_fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
  add_dependencies(unit_tests unit_fuzz_${name})
  add_test(NAME fuzz_${name} COMMAND unit_fuzz_${name} ${PROJECT_SOURCE_DIR}/test/fuzz/corpus/${name})
endfunction()
