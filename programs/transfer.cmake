caisson_program(transfer DYNAMIC LIBEXEC SOURCES programs/transfer/main.cc programs/transfer/unpack.cc programs/transfer/layer.cc
                        programs/transfer/layers.cc
                KNOWS unpack image image_spec command_line kernel base)
