"""Answers every question for an address with 203.0.113.7: name_server.py ADDRESS."""

import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
while True:
    query, asker = server.recvfrom(512)
    end = query.index(0, 12) + 5  # the question, behind the header: a name, a type and a class (RFC 1035, 4.1.2)
    is_address = query[end - 4:end - 2] == b"\0\1"
    header = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_address else b"\0\0") + b"\0\0\0\0"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + bytes([203, 0, 113, 7]) if is_address else b""
    server.sendto(header + query[12:end] + answer, asker)
