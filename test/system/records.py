"""Makes many containers of one: records.py ROOT RUNROOT NAME COUNT [--running]

The record of the container NAME, which has ended, is written COUNT times more, as many-0000, many-0001, …; as if they had
ended too, or, with --running, as if they ran: then their locks are held, "ready" is printed, and all is as before once
standard input ends.
"""

import fcntl
import json
import os
import shutil
import sys


def main():
    root, runroot, name, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    running = "--running" in sys.argv[5:]
    directory = f"{root}/containers/{os.readlink(f'{root}/names/{name}')}"
    files = {each: open(f"{directory}/{each}").read() for each in ("container.json", "config.json", "exit.json")}
    record = json.loads(files["container.json"])
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    locks, made = [], []
    for number in range(count):
        identifier = f"{number:08x}" * 8
        record.update(id=identifier, name=f"many-{number:04}", created=record["created"] + 1)
        made.append((f"{root}/containers/{identifier}", f"{root}/names/many-{number:04}", f"{runroot}/containers/{identifier}"))
        os.makedirs(made[-1][0])
        for each, text in {**files, "container.json": json.dumps(record)}.items():
            if each != "exit.json" or not running:
                with open(f"{made[-1][0]}/{each}", "w") as file:
                    file.write(text)
        os.symlink(identifier, made[-1][1])
        if not running:
            continue
        os.makedirs(made[-1][2])
        lock = open(f"{made[-1][2]}/lock", "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        locks.append(lock)
        process = {"pid": os.getpid(), "startTicks": ticks}
        with open(f"{made[-1][2]}/state.json", "w") as file:
            json.dump({"version": 1, "keeper": process, "process": process, "started": record["created"]}, file)
    if running:
        print("ready", flush=True)
        sys.stdin.read()
        for container, link, live in made:
            os.unlink(link)
            shutil.rmtree(container)
            shutil.rmtree(live)


main()
