caisson_room(runtime SOURCES bundle.cc cgroup_options.cc checkpoint.cc create.cc criu.cc criu_barrier.cc criu_arguments.cc examine.cc exec.cc external_mounts.cc hand_over.cc hooks.cc image_streams.cc image_terminal.cc
                             launch.cc notify.cc pause.cc remove.cc restore.cc settle.cc signal.cc start.cc state.cc systemd.cc target.cc timings.cc update.cc
             KNOWS base kernel spec host_facts host cgroup_conversion cgroup plan explain execute LIBRARIES nlohmann_json::nlohmann_json)

# Runs whole plans on a real host, as root: for test/system/launch.bats.
add_executable(system_launch EXCLUDE_FROM_ALL test/system/launch_test.cc)
target_link_libraries(system_launch PRIVATE caisson_flags base kernel spec seccomp host_facts host cgroup plan explain execute runtime
                      GTest::gmock GTest::gtest)
add_dependencies(unit_tests system_launch)
set_target_properties(system_launch PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
caisson_unit_test(runtime_criu SOURCES runtime_criu_test.cc
                  KNOWS base kernel spec host_facts host cgroup_conversion cgroup plan explain execute runtime LIBRARIES nlohmann_json::nlohmann_json)
