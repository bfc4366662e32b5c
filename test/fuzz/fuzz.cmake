caisson_fuzzer(config SOURCES unit/generated_config.cc KNOWS base spec host_facts cgroup_conversion plan explain)
caisson_fuzzer(mounts SOURCES unit/generated_config.cc KNOWS base spec host_facts cgroup_conversion plan explain)
caisson_fuzzer(run_options SOURCES unit/generated_config.cc
               KNOWS base spec host_facts cgroup_conversion plan command_line compose options image_spec)
caisson_fuzzer(tar_reader KNOWS base image_spec image unpack)
caisson_fuzzer(reference KNOWS base image_spec)
caisson_fuzzer(image_documents KNOWS base spec image_spec)
caisson_fuzzer(seccomp SOURCES unit/filter_interpreter.cc unit/seccomp_generated.cc KNOWS base spec seccomp)
