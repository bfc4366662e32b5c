# The table of `run`: pure.
caisson_room(options FOLDER cli SOURCES pod_options.cc run_options.cc run_setters.cc KNOWS base command_line image_spec compose network_text)
caisson_unit_test(options SOURCES cli_run_options_test.cc KNOWS base command_line image_spec compose options network_text)

# The verbs: parse, call, print.
caisson_room(cli SOURCES command.cc completion.cc container_filter.cc container_inspect.cc container_json.cc container_stats.cc container_tree.cc explain_seccomp.cc global_options.cc image_filter.cc image_json.cc journal_log.cc moment.cc names.cc network_filter.cc network_json.cc question.cc selection.cc template.cc transfer.cc pod_filter.cc pod_json.cc pod_selection.cc
                     verb_attach.cc verb_build.cc verb_commit.cc verb_completion.cc verb_conclude.cc verb_container.cc verb_cp.cc verb_diff.cc verb_enter.cc verb_events.cc verb_exec.cc verb_explain.cc verb_export.cc verb_generate.cc verb_healthcheck.cc verb_history.cc verb_image.cc verb_image_inspect.cc verb_image_tree.cc verb_image_verify.cc verb_images.cc
                     verb_import.cc verb_info.cc verb_inspect.cc verb_lifecycle.cc verb_load.cc verb_login.cc verb_logs.cc verb_port.cc verb_ps.cc verb_network.cc verb_network_audit.cc verb_pull.cc verb_push.cc verb_rename.cc verb_rmi.cc verb_run.cc verb_kube.cc verb_pod.cc verb_pod_lifecycle.cc
                     verb_save.cc verb_secret.cc verb_stats.cc verb_system.cc verb_system_df.cc verb_system_prune.cc verb_top.cc verb_update.cc verb_version.cc verb_volume.cc verb_volume_prune.cc verb_container_prune.cc verb_exists.cc verb_wait.cc volume_filter.cc
             KNOWS base kernel command_line spec host_facts cgroup seccomp plan explain execute runtime image_spec image keeper terminal compose options engine network_text network templates inspect_text inspect units kube_text kube
             LIBRARIES nlohmann_json::nlohmann_json)
target_compile_definitions(cli PRIVATE CAISSON_VERSION="${PROJECT_VERSION}")
caisson_unit_test(cli SOURCES cli_completion_test.cc cli_output_test.cc cli_container_test.cc
                  KNOWS base templates kernel spec host_facts compose engine host cgroup cgroup_conversion plan explain execute runtime image_spec image keeper terminal
                        command_line options network_text network cli
                  LIBRARIES nlohmann_json::nlohmann_json)
