# The verbs of the OCI runtime: parse, call, print.
caisson_room(oci SOURCES checkpoint_options.cc chosen.cc command.cc create_options.cc default_config.cc foreground.cc global_options.cc report.cc state_json.cc stats_json.cc
                     verb_checkpoint.cc verb_create.cc verb_delete.cc verb_events.cc verb_exec.cc verb_explain.cc verb_features.cc verb_kill.cc verb_list.cc verb_pause.cc verb_ps.cc verb_restore.cc
                     verb_run.cc verb_spec.cc verb_start.cc verb_state.cc verb_update.cc
             KNOWS base command_line kernel spec host_facts seccomp cgroup plan explain execute runtime keeper terminal
             LIBRARIES nlohmann_json::nlohmann_json)
target_compile_definitions(oci PRIVATE CAISSON_VERSION="${PROJECT_VERSION}")
caisson_unit_test(oci SOURCES oci_events_test.cc
                  KNOWS base command_line kernel spec host_facts seccomp cgroup plan explain execute runtime keeper terminal oci
                  LIBRARIES nlohmann_json::nlohmann_json)
