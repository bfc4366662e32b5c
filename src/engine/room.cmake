# What was asked for → a configuration: pure, and known to the command line.
caisson_room(compose FOLDER engine
             SOURCES accounts.cc compose.cc compose_delegation.cc compose_image.cc compose_isolation.cc compose_mounts.cc compose_process.cc compose_resources.cc
                     compose_seccomp.cc compose_systemd.cc compose_volumes.cc defaults.cc device_grammar.cc health.cc isolation_grammar.cc log_choice.cc mount_grammar.cc mount_words.cc restart_policy.cc secret_grammar.cc user_namespace.cc value_grammar.cc volume_record.cc
             KNOWS base spec host_facts seccomp image_spec network_text LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(compose SOURCES engine_accounts_test.cc engine_compose_flags_test.cc engine_compose_image_test.cc engine_compose_options_test.cc engine_compose_test.cc engine_grammar_test.cc engine_health_test.cc engine_log_choice_test.cc engine_restart_policy_test.cc engine_user_namespace_test.cc engine_compose_volumes_test.cc engine_secrets_test.cc
                  KNOWS base compose spec host_facts image_spec network_text)

# The containers themselves: made, kept, ended, found.
caisson_room(engine FOLDER engine
             SOURCES attach.cc buildah.cc check_layers.cc conclude.cc container_image.cc container_tree.cc containers.cc devices.cc disk_usage.cc exec.cc frozen.cc health_state.cc id_facts.cc image_source.cc images.cc lifecycle.cc monitor.cc names_before.cc network_files.cc network_strays.cc networking.cc obey_policy.cc own_ids.cc places.cc prepare.cc record.cc recipe.cc restart.cc run.cc run_result.cc start.cc events.cc read_events.cc copy_view.cc resolve_mounts.cc secrets.cc survey.cc network_probe.cc directory_hold.cc pod_create.cc pod_lifecycle.cc pod_member.cc pod_record.cc pods.cc
                     source.cc
                     streams.cc unpack_ahead.cc sysvinit.cc update.cc short_names.cc resolve_mounts.cc volumes.cc
             KNOWS base kernel spec host_facts host cgroup_conversion cgroup plan explain execute runtime image_spec image keeper terminal compose network_text network
             LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(engine SOURCES engine_names_before_test.cc engine_records_test.cc engine_events_test.cc
                  KNOWS base kernel spec host_facts compose engine host cgroup cgroup_conversion plan explain execute runtime image_spec image keeper terminal network_text network
                  LIBRARIES nlohmann_json::nlohmann_json)
