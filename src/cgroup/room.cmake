caisson_room(cgroup_conversion FOLDER cgroup
             SOURCES conversion.cc writes.cc memory.cc cpu.cc block_io.cc devices.cc KNOWS base spec host_facts)
caisson_unit_test(cgroup_conversion SOURCES cgroup_conversion_test.cc KNOWS base spec host_facts cgroup_conversion)
