# The verbs of the OCI runtime: parse, call, print.
caisson_room(oci SOURCES chosen.cc command.cc create_options.cc default_config.cc foreground.cc global_options.cc report.cc state_json.cc
                     verb_create.cc verb_delete.cc verb_exec.cc verb_explain.cc verb_features.cc verb_kill.cc verb_list.cc verb_ps.cc
                     verb_run.cc verb_spec.cc verb_start.cc verb_state.cc
             KNOWS base command_line kernel spec host_facts seccomp cgroup plan explain execute runtime keeper terminal)
target_compile_definitions(oci PRIVATE CAISSON_VERSION="${PROJECT_VERSION}")
