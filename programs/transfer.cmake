caisson_program(transfer DYNAMIC LIBEXEC SOURCES programs/transfer/main.cc programs/transfer/unpack.cc programs/transfer/layer.cc
                KNOWS unpack image command_line kernel base)
