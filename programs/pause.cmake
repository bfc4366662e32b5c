# Holds a pod's namespaces for as long as the pod runs: counted in pages, and so without a C library.
caisson_program(pause LIBEXEC IN_CONTAINER SOURCES programs/pause/main.cc)
target_compile_options(pause PRIVATE -ffreestanding -fno-exceptions -fno-stack-protector -fno-asynchronous-unwind-tables)
target_link_options(pause PRIVATE -nostdlib -Wl,--build-id=none)
