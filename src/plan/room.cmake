caisson_room(plan SOURCES plan.cc failure.cc mount_options.cc builder.cc container.cc container_birth.cc container_cgroup.cc container_files.cc container_tree.cc mount_owners.cc resctrl.cc schemata.cc overlay.cc process.cc check.cc
             KNOWS base spec host_facts cgroup_conversion seccomp)
caisson_unit_test(plan SOURCES plan_test.cc plan_golden_test.cc mount_options_test.cc plan_properties_test.cc generated_config.cc
                  KNOWS base spec host_facts cgroup_conversion plan explain)
target_compile_definitions(unit_plan PRIVATE TEST_GOLDENS="${PROJECT_SOURCE_DIR}/test/unit/golden")
