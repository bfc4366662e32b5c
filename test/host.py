"""What a test could leave on the host: mounts, cgroups, processes, network devices and rules, caisson's directories."""

import os
import pathlib
import shutil
import subprocess
import time

CGROUPS = "/sys/fs/cgroup"
NOT_OURS = f"{CGROUPS}/memory/process_api"
STATE = ["/run/caisson", "/run/caisson-oci", "/var/lib/caisson"]
PROGRAMS = {"caisson", "caisson-init", "caisson-oci", "monitor", "transfer"}


def state():
    """A set of sentences, one for each thing."""
    return mounts() | cgroups() | network_devices() | processes() | directories()


def difference(before, patience_s):
    """What is new and what is gone, once it stays so; what ends by itself may take `patience_s`."""
    end = time.monotonic() + patience_s
    while True:
        now = state()
        left = [f"left on the host: {thing}" for thing in sorted(now - before)]
        # A process that ends is no harm.
        gone = [f"gone from the host: {thing}" for thing in sorted(before - now) if not thing.startswith("process")]
        if not left + gone or time.monotonic() > end:
            return left + gone
        time.sleep(0.1)


def mounts():
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return {"mount " + " ".join(line.split()[2:]) for line in lines}


def cgroups():
    found = set()
    for directory, below, _ in os.walk(CGROUPS):
        found.add(f"cgroup {directory}")
        below[:] = [name for name in below if f"{directory}/{name}" != NOT_OURS]
    return found


def network_devices():
    found = {f"network device {name}" for name in os.listdir("/sys/class/net")}
    if os.path.isdir("/run/netns"):
        found |= {f"network namespace {name}" for name in os.listdir("/run/netns")}
    return found | rule_tables()


def rule_tables():
    """Those of nftables; none where nft(8) is not installed, or may not look."""
    nft = shutil.which("nft", path="/usr/sbin:/sbin:" + os.environ.get("PATH", ""))
    answer = subprocess.run([nft, "list", "tables"], capture_output=True, text=True) if nft else None
    return {f"rules of {table}" for table in answer.stdout.splitlines()} if answer else set()


def processes():
    """Those that bear one of caisson's names, and those in another PID namespace than ours."""
    ours = os.readlink("/proc/self/ns/pid")
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            if waits_for_init(pid):
                continue
            if name in PROGRAMS or os.readlink(f"/proc/{pid}/ns/pid") != ours:
                found.add(f"process {pid}, {name}")
        except OSError:  # ended meanwhile, or a zombie, which has no namespaces
            pass
    return found


def waits_for_init(pid):
    """Whether it has ended, and is init's to take note of."""
    state, parent = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    return state == "Z" and parent == "1"


def directories():
    found = set()
    for top in STATE:
        for directory, below, files in os.walk(top):
            found |= {f"file {directory}/{name}" for name in files}
            found.add(f"directory {directory}")
            if directory.count("/") - top.count("/") >= 2:
                below.clear()
    return found
