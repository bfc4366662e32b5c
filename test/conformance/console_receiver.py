#!/usr/bin/env python3
"""Takes the terminal that comes over a console socket, once: console_receiver.py SOCKET [WAIT SEND]…

Prints a line of what came (its name, its size, whether the kernel adds carriage returns); then, as on_terminal.py does,
waits until WAIT has appeared in the output, and types SEND (`size:RxC` changes the size instead). Prints the output, until
nobody has the other end open; ends with 124 after 20 seconds.
"""
import array, fcntl, os, select, socket, struct, sys, termios, time

path, *script = sys.argv[1:]
steps = list(zip(script[::2], script[1::2]))
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(path)
server.listen(1)
server.settimeout(20)
connection, _ = server.accept()
name, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
descriptors = array.array("i", ancillary[0][2])
assert len(descriptors) == 1, f"{len(descriptors)} descriptors came"
master = descriptors[0]

rows, columns = struct.unpack("4H", fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(8)))[:2]
returns = "adds" if termios.tcgetattr(master)[1] & termios.ONLCR else "adds no"
print(f"{name.decode()}: {rows}x{columns}, {returns} carriage returns", flush=True)

output, seen, end = b"", 0, time.monotonic() + 20
while True:
    if time.monotonic() > end:
        print("no end within 20 s", flush=True)
        sys.exit(124)
    if steps and steps[0][0].encode() in output[seen:]:
        wait, send = steps.pop(0)
        seen = output.index(wait.encode(), seen) + len(wait)
        if send.startswith("size:"):
            size = struct.pack("4H", *map(int, send[5:].split("x")), 0, 0)
            fcntl.ioctl(master, termios.TIOCSWINSZ, size)
        else:
            os.write(master, send.encode().decode("unicode_escape").encode("latin-1"))
        continue
    if not select.select([master], [], [], 0.1)[0]:
        continue
    try:
        data = os.read(master, 65536)
    except OSError:  # EIO: the last one who had the other end has closed it
        break
    if not data:
        break
    output += data
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
