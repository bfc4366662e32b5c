caisson_program(caisson-oci SOURCES programs/caisson-oci/main.cc
                KNOWS oci command_line runtime execute explain plan cgroup cgroup_conversion seccomp terminal keeper host spec kernel base)
