# What the tests in the virtual machine have besides ../system/helper: ordinary users as they log in.

# Runs a command as the account `user`, in a session of its own as a login makes it, with the user's own systemd beside it:
# as_user COMMAND…. Its exit status is the command's.
as_user() { su --login user --command "$(printf '%q ' "$@")"; }
