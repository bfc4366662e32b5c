caisson_program(transfer DYNAMIC LIBEXEC
                SOURCES programs/transfer/main.cc programs/transfer/check.cc programs/transfer/check_layers.cc programs/transfer/commit.cc programs/transfer/diff.cc programs/transfer/export.cc programs/transfer/images.cc programs/transfer/import.cc
                        programs/transfer/layer.cc programs/transfer/layers.cc programs/transfer/load.cc programs/transfer/login.cc programs/transfer/names.cc programs/transfer/copy.cc
                        programs/transfer/pull.cc programs/transfer/push.cc programs/transfer/registries.cc
                        programs/transfer/save.cc programs/transfer/signatures.cc programs/transfer/unpack.cc programs/transfer/verify.cc
                KNOWS trust registry registry_text changes archive transport unpack image image_spec command_line kernel base)
