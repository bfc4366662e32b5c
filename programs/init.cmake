caisson_program(init LIBEXEC SOURCES programs/init/main.cc)
target_compile_options(init PRIVATE -fno-exceptions)
