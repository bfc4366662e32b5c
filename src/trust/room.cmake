# Whether what is signed is: known by libexec/caisson/transfer alone.
caisson_room(trust SOURCES cosign.cc openpgp.cc
             KNOWS base kernel spec image_spec image unpack LIBRARIES OpenSSL::Crypto nlohmann_json::nlohmann_json)
caisson_unit_test(trust SOURCES trust_cosign_test.cc KNOWS base kernel image_spec image trust LIBRARIES OpenSSL::Crypto)
