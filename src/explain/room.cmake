caisson_room(explain SOURCES names.cc words.cc listing.cc json.cc shell_steps.cc shell.cc
                             call.cc failure.cc cause.cc hints.cc executable.cc death.cc
             KNOWS base spec host_facts plan)
caisson_unit_test(explain SOURCES explain_words_test.cc explain_listing_test.cc explain_shell_test.cc
                          explain_failure_test.cc explain_executable_test.cc explain_death_test.cc
                  KNOWS base spec host_facts plan cgroup_conversion explain LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(hints SOURCES hints_test.cc KNOWS base spec host_facts plan cgroup_conversion explain)
# spec, cgroup_conversion, seccomp, plan and explain make no system calls.
add_test(NAME pure_rooms
         COMMAND sh ${PROJECT_SOURCE_DIR}/test/unit/pure_rooms.sh $<TARGET_FILE:spec> $<TARGET_FILE:cgroup_conversion>
                 $<TARGET_FILE:seccomp> $<TARGET_FILE:plan> $<TARGET_FILE:explain>)
