"""Runs a command with a controlling terminal of its own, in its foreground, as a person would start it."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import threading
import time

given_up = threading.Event()  # set when nobody wants to know any more: whatever runs is killed


def run(command, output, limit_s, environment):
    """Standard output and error go to the file `output`; standard input is the terminal, on which nobody ever types.

    Gives whether the command ended within the limit, and before it was given up; if not, all processes of its session are
    killed.
    """
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(command, stdin=slave, stdout=output, stderr=subprocess.STDOUT, env=environment,
                               start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(slave)
    try:
        ended = wait(process, master, time.monotonic() + limit_s)
    finally:
        kill_session(process.pid)
        process.wait()
        os.close(master)
    return ended


def wait(process, master, deadline):
    """Reads away what is written to the terminal, so that nobody waits for that."""
    while process.poll() is None:
        if time.monotonic() > deadline or given_up.is_set():
            return False
        readable, _, _ = select.select([master], [], [], 0.05)
        if readable:
            try:
                os.read(master, 65536)
            except OSError:  # EIO: nobody has the other end open
                time.sleep(0.05)
    return True


def kill_session(session):
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.getsid(int(name)) == session:
                os.kill(int(name), signal.SIGKILL)
        except ProcessLookupError:
            pass
