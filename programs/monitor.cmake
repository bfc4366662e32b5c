# Runs beside every detached container for as long as that runs: its size is counted in pages. The section flags put
# what is read and what is executed onto the same few pages.
caisson_program(monitor LIBEXEC SOURCES programs/monitor/main.cc KNOWS keeper base)
target_compile_options(monitor PRIVATE -fno-exceptions)
