"""Answers for a profile's SCMP_ACT_NOTIFY, once: notify_agent.py SOCKET. Prints the state that came with the listener, and
has the first call that it is told of fail with EOPNOTSUPP."""

import array
import errno
import fcntl
import socket
import struct
import sys

RECV, SEND = 0xC0502100, 0xC0182101  # linux/seccomp.h SECCOMP_IOCTL_NOTIF_RECV, …_SEND

server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen(1)
connection, _ = server.accept()
state, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(4))
listener = array.array("i", ancillary[0][2])[0]
print(state.decode(), flush=True)

call = bytearray(80)
fcntl.ioctl(listener, RECV, call)
identity = struct.unpack_from("Q", call)[0]
fcntl.ioctl(listener, SEND, struct.pack("QqiI", identity, 0, -errno.EOPNOTSUPP, 0))
