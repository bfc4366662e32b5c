caisson_program(init LIBEXEC IN_CONTAINER SOURCES programs/init/main.cc)
target_compile_options(init PRIVATE -fno-exceptions)
