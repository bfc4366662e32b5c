"""Listens where a service manager would: notify_listener.py SOCKET. Prints each message that comes, for ten seconds."""

import socket
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
server.settimeout(10)
while True:
    try:
        message, *_ = server.recvmsg(4096, socket.CMSG_SPACE(4))
    except TimeoutError:
        break
    print(message.decode(), flush=True)
