#!/usr/bin/env python3
"""Runs a command on a terminal of its own: on_terminal.py ROWSxCOLUMNS [WAIT SEND]… -- COMMAND…

Waits until WAIT has appeared in the output, then types SEND (with \\n, \\x03 and the like as Python has them; `size:RxC`
changes the terminal's size instead). Prints the output and ends with the command's status; 124 after 20 seconds.
"""
import fcntl, os, pty, select, struct, sys, termios, time


def set_size(fd, text):
    rows, columns = map(int, text.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


size, *rest = sys.argv[1:]
script, command = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
steps = list(zip(script[::2], script[1::2]))
go_read, go_write = os.pipe()
pid, master = pty.fork()
if pid == 0:
    os.read(go_read, 1)  # the size is set by then
    os.execvp(command[0], command)
set_size(master, size)
os.write(go_write, b"x")

output, seen, end = b"", 0, time.monotonic() + 20
while True:
    if time.monotonic() > end:
        sys.stdout.buffer.write(output)
        os.kill(pid, 9)
        sys.exit(124)
    if steps and steps[0][0].encode() in output[seen:]:
        wait, send = steps.pop(0)
        seen = output.index(wait.encode(), seen) + len(wait)
        if send.startswith("size:"):
            set_size(master, send[5:])
        else:
            os.write(master, send.encode().decode("unicode_escape").encode("latin-1"))
        continue
    if not select.select([master], [], [], 0.1)[0]:
        continue
    try:
        data = os.read(master, 65536)
    except OSError:
        data = b""
    if not data:
        break
    output += data
sys.stdout.buffer.write(output.replace(b"\r\n", b"\n"))
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
