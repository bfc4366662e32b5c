# Tables of options: data, from which parsing, --help, completions and man pages come.
caisson_room(command_line SOURCES options.cc help.cc man_page.cc single_dash.cc KNOWS base)
caisson_unit_test(command_line SOURCES command_line_test.cc KNOWS base command_line)
