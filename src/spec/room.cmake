caisson_room(spec SOURCES capability.cc problem.cc document.cc fields.cc read.cc read_process.cc read_linux.cc read_seccomp.cc seccomp.cc
                    write.cc number_list.cc landlock.cc validate.cc validate_linux.cc validate_process.cc validate_seccomp.cc
             KNOWS base LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(spec SOURCES spec_read_test.cc spec_validate_test.cc spec_write_test.cc KNOWS base spec)
target_compile_definitions(unit_spec PRIVATE TEST_DATA="${PROJECT_SOURCE_DIR}/test/unit/data")
