caisson_room(cgroup_conversion FOLDER cgroup
             SOURCES conversion.cc place.cc unsupported.cc update.cc device_transition.cc writes.cc memory.cc cpu.cc block_io.cc network.cc devices.cc device_program.cc
                     scope.cc gvariant.cc unit_properties.cc unit_devices.cc
             KNOWS base spec host_facts)
caisson_unit_test(cgroup_conversion SOURCES cgroup_conversion_test.cc cgroup_place_test.cc cgroup_update_test.cc cgroup_devices_test.cc
                                            scope_test.cc gvariant_test.cc unit_properties_test.cc
                  KNOWS base spec host_facts cgroup_conversion)
caisson_room(cgroup SOURCES tree.cc removal.cc evidence.cc oom.cc pressure.cc freezer.cc apply.cc files.cc stats.cc stats_memory.cc stats_block_io.cc oom_watch.cc occupation.cc current.cc resctrl.cc KNOWS base kernel)
caisson_unit_test(cgroup SOURCES cgroup_test.cc cgroup_files_test.cc KNOWS base kernel cgroup)

# Uses, kills and removes real cgroups of its own, as root: for test/system/cgroup_removal.bats.
add_executable(system_cgroup EXCLUDE_FROM_ALL test/system/cgroup_test.cc test/system/cgroup_use_test.cc)
target_link_libraries(system_cgroup PRIVATE caisson_flags base kernel cgroup GTest::gmock GTest::gtest_main)
add_dependencies(unit_tests system_cgroup)
set_target_properties(system_cgroup PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
