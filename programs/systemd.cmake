caisson_program(systemd_program DYNAMIC LIBEXEC SOURCES programs/systemd/main.cc KNOWS systemd cgroup_conversion base)
set_target_properties(systemd_program PROPERTIES OUTPUT_NAME systemd)
