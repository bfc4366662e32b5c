caisson_room(execute SOURCES channel.cc copy_up.cc executor.cc start.cc lane.cc act_files.cc act_hook.cc act_systemd.cc act_mounts.cc act_network.cc act_resctrl.cc act_cgroups.cc act_namespaces.cc
                             act_filter.cc act_process.cc act_root.cc act_policy.cc act_home.cc
             KNOWS base kernel plan)
caisson_unit_test(execute SOURCES execute_test.cc execute_mounts_test.cc execute_process_test.cc execute_container_test.cc execute_hooks_test.cc allocation_tripwire.cc KNOWS base kernel plan execute spec host_facts)
