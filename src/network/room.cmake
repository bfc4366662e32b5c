# What networks are as text, data and messages of netlink: pure.
caisson_room(network_text FOLDER network
             SOURCES address.cc choice.cc filter_messages.cc filter_rules.cc foreign_messages.cc holding.cc lease.cc link_messages.cc message.cc network_record.cc port.cc words.cc
             KNOWS base LIBRARIES nlohmann_json::nlohmann_json)
caisson_unit_test(network_text SOURCES network_text_test.cc network_messages_test.cc KNOWS base network_text)

# The networks themselves: devices, addresses, rules, who holds what.
caisson_room(network FOLDER network
             SOURCES attach.cc bridges.cc daemon.cc entrance.cc foreign_rules.cc host_ports.cc links.cc listeners.cc names.cc netlink_socket.cc networks.cc user_network.cc
             KNOWS base kernel network_text)
caisson_unit_test(network SOURCES network_test.cc KNOWS base kernel network_text network)
