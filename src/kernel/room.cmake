caisson_room(kernel SOURCES bytes_on_disk.cc few_mounts.cc network_ahead.cc own_executable.cc own_mappings.cc syscalls.cc in_root.cc copy_tree.cc netlink.cc files.cc remove_tree.cc processes.cc user_namespace.cc KNOWS base)
caisson_unit_test(kernel SOURCES kernel_test.cc KNOWS base kernel)
