caisson_program(caisson SOURCES programs/caisson/main.cc
                KNOWS cli engine options command_line compose network_text network runtime execute explain plan cgroup cgroup_conversion image image_spec keeper terminal host spec kernel base)
