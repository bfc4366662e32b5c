caisson_room(explain SOURCES names.cc words.cc listing.cc json.cc call.cc failure.cc cause.cc hints.cc executable.cc death.cc
             KNOWS base spec host_facts plan)
caisson_unit_test(explain SOURCES explain_words_test.cc explain_listing_test.cc explain_failure_test.cc
                          explain_executable_test.cc explain_death_test.cc
                  KNOWS base spec host_facts plan cgroup_conversion explain LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(hints SOURCES hints_test.cc KNOWS base spec host_facts plan cgroup_conversion explain)
