# What the build makes of the room's data.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(seccomp_generated ${PROJECT_BINARY_DIR}/generated/seccomp_data)
file(MAKE_DIRECTORY ${seccomp_generated})
function(caisson_seccomp_data kind data output)
  set(generator ${PROJECT_SOURCE_DIR}/src/seccomp/generate.py)
  set(source ${PROJECT_SOURCE_DIR}/src/seccomp/data/${data})
  add_custom_command(OUTPUT ${seccomp_generated}/${output}
                     COMMAND Python3::Interpreter ${generator} ${kind} ${source} ${seccomp_generated}/${output}
                     DEPENDS ${generator} ${source}
                     COMMENT "Making ${output} of ${data}"
                     VERBATIM)
endfunction()
caisson_seccomp_data(calls calls.txt calls.inc)
caisson_seccomp_data(profile default.json default_profile.inc)

caisson_room(seccomp SOURCES answer.cc architecture.cc calls.cc compile.cc conditions.cc decide.cc default_profile.cc
                             explanation.cc
                             profile.cc program.cc ranges.cc read_profile.cc
             KNOWS base spec LIBRARIES nlohmann_json::nlohmann_json)
target_sources(seccomp PRIVATE ${seccomp_generated}/calls.inc ${seccomp_generated}/default_profile.inc)
target_include_directories(seccomp PRIVATE ${PROJECT_BINARY_DIR}/generated)

set(seccomp_profiles PODMAN_PROFILE="${PROJECT_SOURCE_DIR}/src/seccomp/data/default.json"
                     DOCKER_PROFILE="${PROJECT_SOURCE_DIR}/test/unit/data/seccomp/docker.json")
caisson_unit_test(seccomp
                  SOURCES seccomp_profile_test.cc seccomp_compile_test.cc seccomp_generated.cc filter_interpreter.cc
                  KNOWS base spec seccomp)
target_compile_definitions(unit_seccomp PRIVATE ${seccomp_profiles})

# Against libseccomp, where that is installed; the programs do not know it. A library of theirs has its name, so it is
# given by its path.
find_library(LIBSECCOMP_LIBRARY NAMES libseccomp.so)
find_path(LIBSECCOMP_INCLUDE seccomp.h)
if(LIBSECCOMP_LIBRARY AND LIBSECCOMP_INCLUDE)
  caisson_unit_test(seccomp_oracle
                    SOURCES seccomp_oracle_test.cc seccomp_oracle.cc seccomp_generated.cc filter_interpreter.cc
                    KNOWS base spec seccomp LIBRARIES ${LIBSECCOMP_LIBRARY})
  target_include_directories(unit_seccomp_oracle SYSTEM PRIVATE ${LIBSECCOMP_INCLUDE})
  target_compile_definitions(unit_seccomp_oracle PRIVATE ${seccomp_profiles})
else()
  message(STATUS "unit_seccomp_oracle is left out: libseccomp-dev is not installed")
endif()
