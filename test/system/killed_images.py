"""Kills caisson at random points of what it does with images, for killed_images.bats.

    killed_images.py SEED KILLS STATE IMAGE OTHER ARCHIVE TARBALL -- CAISSON…

Each time one of several commands runs as a process group of its own, which SIGKILL takes after a random part of the time
that the command takes. Then `system check` has to find nothing, the same command has to succeed, and a container of the
image has to run. IMAGE and OTHER are in a registry, and hold the file /large; ARCHIVE is an archive of IMAGE, TARBALL one
of a root filesystem. STATE is caisson's --root. Prints how many were killed, of which command.
"""
import collections
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import time

seed, kills, state, image, other, archive, tarball, _, *caisson = sys.argv[1:]
chance = random.Random(int(seed))
IMPORTED = "localhost/imported:1"


def run(*words, statuses=(0,)):
    done = subprocess.run([*caisson, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode not in statuses:
        sys.exit(f"after {killed}: {' '.join(words)}: status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def nothing():
    run("rmi", "-f", image, other, IMPORTED, statuses=(0, 1))


def others_there():
    """Shares layers with the image that comes."""
    nothing()
    run("pull", "-q", other)


def there():
    run("pull", "-q", image)


def packed():
    there()
    shutil.rmtree(f"{state}/layers", ignore_errors=True)


def both_there():
    others_there()
    there()


def renamed():
    """An image has lost its name to another."""
    both_there()
    run("tag", other, image)


RUN = ("run", "--rm", image, "true")
# What is to be killed: what comes before it, the command, and the image that is there afterwards.
ACTIONS = {
    "pull": (nothing, ("pull", "-q", image), image),
    "pull beside another": (others_there, ("pull", "-q", image), image),
    "import": (nothing, ("import", "-q", tarball, IMPORTED), IMPORTED),
    "load": (nothing, ("load", "-q", "-i", archive), image),
    "run, which pulls": (nothing, RUN, image),
    "run, which unpacks": (packed, RUN, image),
    "rmi": (there, ("rmi", image), None),
    "rmi beside another": (both_there, ("rmi", image), other),
    "prune": (renamed, ("image", "prune", "-f"), image),
}
killed = collections.Counter()


def kill(words, after_s):
    """Whether there was something to kill."""
    process = subprocess.Popen([*caisson, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(after_s)
    hit = process.poll() is None
    if hit:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return hit


def succeed(words, leads_to):
    # What was killed may have taken the name away.
    run(*words, statuses=(0, 1) if words[0] == "rmi" else (0,))
    if words[0] == "rmi":
        assert image not in run("images", "--format", "{{.Repository}}:{{.Tag}}"), "rmi: it is still there"
    if leads_to is None:
        return
    size = run("run", "--rm", leads_to, "stat", "-c", "%s", "/large")
    assert size == "3000000\n", f"/large has {size} bytes"


times = {}
for name, (prepare, words, leads_to) in ACTIONS.items():
    prepare()
    begin = time.monotonic()
    run(*words)
    times[name] = time.monotonic() - begin
for trial in range(10 * int(kills)):
    if killed.total() == int(kills):
        break
    name = chance.choice(list(ACTIONS))
    prepare, words, leads_to = ACTIONS[name]
    prepare()
    if not kill(words, chance.uniform(0, 1.1 * times[name])):
        continue
    killed[name] += 1
    run("system", "check")
    succeed(words, leads_to)
    spools = glob.glob(f"{state}/layers/tmp/*")
    assert not spools, f"after {name}, killed and done: {spools}"
nothing()
print(f"{killed.total()} killed: " + ", ".join(f"{count} {name}" for name, count in killed.items()))
