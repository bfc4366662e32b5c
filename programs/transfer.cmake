caisson_program(transfer DYNAMIC LIBEXEC SOURCES programs/transfer/main.cc KNOWS unpack image kernel base)
