"""A world of its own for a file of tests, and for the peers that it drives: python3 -B test/world.py COMMAND….

The command runs as root, but with a PID, mount, network and cgroup namespace of its own: /run, /dev/shm and /var/tmp are
empty, but for what the tests keep there from one run to the next; what else is written to /etc, /var and /opt stays in
memory; there is no network but what it makes; and its cgroups are below one that is made for it. When it ends, everything
that it started ends too, and nothing of it stays.
"""

import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

INSIDE = pathlib.Path(__file__).resolve().parent / "world_inside"
REMOVAL_LIMIT_S = 10
REAL_TIME_US = 20000

numbers = itertools.count()


class World:
    """with World() as world: run world.command([…]) with world.environment()."""

    def __init__(self):
        self.hierarchies = hierarchies()
        name = f"caisson-world.{os.getpid()}.{next(numbers)}"
        self.cgroups = [pathlib.Path(top) / name for top, _ in self.hierarchies]

    def __enter__(self):
        self.disk = tempfile.mkdtemp(prefix="caisson-world.", dir="/var/tmp")  # an overlay cannot be below one of /var's
        for cgroup in self.cgroups:
            cgroup.mkdir()
            for name in ("cpuset.cpus", "cpuset.mems"):  # a cpuset of version 1 is made empty, and takes no process
                if (cgroup / name).exists() and not (cgroup / name).read_text().strip():
                    (cgroup / name).write_text((cgroup.parent / name).read_text())
            real_time = cgroup / "cpu.rt_runtime_us"  # of which all worlds together have no more than the host
            if real_time.exists() and int((cgroup.parent / real_time.name).read_text()) >= 10 * REAL_TIME_US:
                real_time.write_text(str(REAL_TIME_US))
        return self

    def command(self, words):
        # The first process of the PID namespace is a shell: it takes note of every process that ends without a parent.
        return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private",
                "sh", str(INSIDE), *words]

    def environment(self):
        lines = (f"{cgroup} {top} {options}" for cgroup, (top, options) in zip(self.cgroups, self.hierarchies))
        return {"CAISSON_WORLD_CGROUPS": "\n".join(lines), "CAISSON_WORLD_DISK": self.disk}

    def __exit__(self, *_):
        # `unshare` may have been killed a moment ago: its child ends with it, and all others with that.
        end = time.monotonic() + REMOVAL_LIMIT_S
        for cgroup in self.cgroups:
            while not remove(cgroup) and time.monotonic() < end:
                time.sleep(0.05)
        shutil.rmtree(self.disk)


def hierarchies():
    """(mount point, what `mount -o` takes for it) of each; version 2 takes nothing."""
    found = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        head, _, tail = line.partition(" - ")
        kind, _, options = tail.split()[:3]
        if kind == "cgroup2":
            found.append((head.split()[4], ""))
        elif kind == "cgroup":
            words = [word for word in options.split(",") if word not in ("rw", "ro") and not word.startswith("release_agent=")]
            found.append((head.split()[4], ",".join(["none"] * options.startswith("rw,name=") + words)))
    return found


def remove(cgroup):
    """Gives whether the cgroup is gone, with all below it."""
    try:
        for directory, _, _ in os.walk(cgroup, topdown=False):
            os.rmdir(directory)
    except OSError:
        return False
    return True


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: world.py COMMAND…")
    with World() as world:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        process = subprocess.Popen(world.command(sys.argv[1:]), env={**os.environ, **world.environment()})
        try:
            return process.wait()
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
