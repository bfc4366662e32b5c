"""Makes and changes the config of a bundle:

    config.py new CGROUP                     prints one whose process is `true`
    config.py args CONFIG WORD…              has it run these words
    config.py edit CONFIG STATEMENT…         Python, with the config's members as names: `process.env += ["A=b"]`;
                                             sections that are named and do not exist come into being; `environ` is
                                             the environment
"""

import builtins
import json
import os
import sys

CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
MASKED = ["acpi", "asound", "kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi"]
READ_ONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"]


class Section(dict):
    """An object of JSON whose members are attributes."""

    def __getattr__(self, name):
        return self.setdefault(name, Section())

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        del self[name]

    def __missing__(self, name):  # of a statement's names, those that are Python's own are not the config's
        if hasattr(builtins, name) or name == "environ":
            raise KeyError(name)
        return getattr(self, name)


def mount(destination, kind, *options):
    return {"destination": destination, "type": kind, "source": kind, "options": list(options)}


def new(cgroup):
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": ["true"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "cwd": "/",
            "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs"},
        "mounts": [
            mount("/proc", "proc"),
            mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
            mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        ],
        "linux": {
            "cgroupsPath": cgroup,
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
            "maskedPaths": [f"/proc/{name}" for name in MASKED] + ["/sys/firmware"],
            "readonlyPaths": [f"/proc/{name}" for name in READ_ONLY],
        },
    }


def main(verb, *words):
    if verb == "new":
        config = new(*words)
    else:
        path, *words = words
        with open(path) as file:
            config = json.load(file, object_hook=Section)
        if verb == "args":
            config.process.args = words
        else:
            exec("\n".join(words), {"environ": os.environ}, config)
        sys.stdout = open(path, "w")
    json.dump(config, sys.stdout, indent=1)


main(*sys.argv[1:])
