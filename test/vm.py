"""The virtual machines in which the system tests run again: cgroup v2, systemd, AppArmor, Debian's own kernel (6.1).

They are emulated, without hardware acceleration: any machine can run them, ten to twenty times slower than itself.

The files of test/system run there once more, but for those that test/vm/left_out.txt names with the reason, and those of
test/conformance that are about cgroups, which v2 has others of. A new file test/vm/NAME.bats is run there and nowhere
else. A file runs as root, in a service with a delegated cgroup, with a terminal; `load ../system/helper` gives it what the
other system tests have, and `load helper` the logins of ordinary users
(as_user). Nothing in a machine can reach a network, and what it writes is gone with it.
"""

import hashlib
import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import bats

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "test" / "vm"
CONFORMANCE = [ROOT / "test" / "conformance" / f"{name}.bats" for name in ("cgroups", "devices", "events", "pause", "update")]
CACHE = pathlib.Path(os.environ.get("CAISSON_TEST_CACHE", "/var/tmp/caisson-test"))
RECIPE = ["make_image", "kernel", "packages.txt", "guest/payload.service"]
PAYLOAD = ["README.md", "docs", "programs", "script", "test", "build/release/bin", "build/release/libexec",
           "build/release/share", "build/release/units", "build/release/bench", "build/release/test"]
MACHINES = 2  # side by side: a file runs on one processor most of the time
MEMORY = "3G"
BOOT_LIMIT_S = 900  # twenty seconds on an idle host
PATIENCE = 10  # how many times longer than on the host anything may take
LAST_BEGIN_S = 1200  # beside the other tests no file begins later than this after script/test, which may have built for long
TOO_LATE = "no time was left to begin with it: script/test vm runs it"
KEPT_FOR_S = 14 * 24 * 3600  # an image that nobody used for so long is removed


class Unavailable(Exception):
    """There can be no virtual machine on this host."""


class Broken(Exception):
    """A virtual machine did not start, or went away."""


def left_out():
    """Files of test/system → why they do not run in a machine."""
    lines = (FOLDER / "left_out.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def files():
    system = (ROOT / "test" / "system").glob("*.bats")
    return sorted(FOLDER.glob("*.bats")) + CONFORMANCE + sorted(file for file in system if file.name not in left_out())


def title(file):
    """vm/NAME.bats; vm/conformance/NAME.bats, as names are unique only where they are."""
    return f"vm/conformance/{file.name}" if file.parent.name == "conformance" else f"vm/{file.name}"


# --- the disks -----------------------------------------------------------------------------------------------------


def kernel():
    done = subprocess.run([FOLDER / "kernel"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(done.stderr.strip())
    return done.stdout.strip()


def image():
    """The machine's own disk, made once for each recipe and kernel, and never written to by a machine."""
    digest = hashlib.sha256(kernel().encode())
    for name in RECIPE:
        digest.update((FOLDER / name).read_bytes())
    file = CACHE / f"vm-{digest.hexdigest()[:12]}.img"
    CACHE.mkdir(parents=True, exist_ok=True)
    for other in CACHE.glob("vm-*.img"):
        if other != file and time.time() - other.stat().st_mtime > KEPT_FOR_S:
            other.unlink()
    with open(CACHE / "vm.lock", "w") as lock:
        subprocess.run(["flock", str(lock.fileno())], pass_fds=[lock.fileno()], check=True)
        if not file.exists():
            done = subprocess.run([FOLDER / "make_image", file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                raise Unavailable("its disk cannot be made here: " + " ".join(done.stdout.split()))
    os.utime(file)
    return file


def payload(directory):
    """A disk with the programs and the tests as they are now."""
    tree = directory / "payload"
    for name in PAYLOAD:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, symlinks=True)
        else:
            shutil.copy2(ROOT / name, tree / name)
    disk = directory / "payload.img"
    with open(disk, "wb") as file:
        file.truncate(2 << 30)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, disk], stdin=subprocess.DEVNULL, check=True)
    shutil.rmtree(tree)
    return disk


# --- a machine -----------------------------------------------------------------------------------------------------


class Machine:
    def __init__(self, directory, disk, payload_disk, niceness):
        release = kernel()
        self.console = directory / "console"
        port = directory / "port"
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nice", "-n", str(niceness), "qemu-system-x86_64",
             "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", MEMORY,
             "-nodefaults", "-display", "none", "-no-reboot", "-nic", "none",
             "-kernel", f"/boot/vmlinuz-{release}", "-initrd", f"/boot/initrd.img-{release}",
             # A busy host's emulated timer does not tick as often as the kernel wants to see before it goes on.
             "-append", "root=/dev/vda rw console=ttyS0 quiet mitigations=off no_timer_check panic=-1 systemd.show_status=0 "
             f"systemd.default_timeout_start_sec={BOOT_LIMIT_S} udev.event_timeout={BOOT_LIMIT_S} "
             f"systemd.setenv=CAISSON_TEST_PATIENCE={PATIENCE}",
             "-drive", f"file={disk},if=virtio,format=raw,snapshot=on,cache=unsafe",
             "-drive", f"file={payload_disk},if=virtio,format=raw,snapshot=on,cache=unsafe",
             "-serial", f"file:{self.console}", "-device", "virtio-serial",
             "-chardev", f"socket,id=report,path={port},server=on,wait=off",
             "-device", "virtserialport,chardev=report,name=report"],
            stdin=subprocess.DEVNULL, stdout=open(directory / "qemu", "w"), stderr=subprocess.STDOUT)
        self.port = self.connect(port)
        self.received = b""
        self.answer(BOOT_LIMIT_S)

    def connect(self, path):
        end = time.monotonic() + 10
        while True:
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(str(path))
                return connection
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Broken("qemu did not start:\n" + (path.parent / "qemu").read_text())
                time.sleep(0.05)

    def answer(self, limit_s):
        end = time.monotonic() + limit_s
        while b"\n" not in self.received:
            self.port.settimeout(max(0.1, end - time.monotonic()))
            try:
                more = self.port.recv(65536)
            except TimeoutError:
                more = b""
            if not more:
                what = "it ended" if self.process.poll() is not None else f"no answer in {limit_s:.0f} s"
                raise Broken(f"{what}; the end of its console:\n" + "\n".join(self.console_lines()[-30:]))
            self.received += more
        line, self.received = self.received.split(b"\n", 1)
        return json.loads(line)

    def console_lines(self):
        return self.console.read_text(errors="replace").replace("\r", "").splitlines() if self.console.exists() else []

    def run(self, file):
        """Results and seconds, as bats.run() gives them."""
        self.port.sendall(f"{file.relative_to(ROOT)}\n".encode())
        said = self.answer(bats.limit_s(file, PATIENCE) + 60)
        return [tuple(result) for result in said["results"]], said["took_s"]

    def close(self):
        self.process.kill()
        self.process.wait()


class Run:
    """The files run in machines side by side while the caller does something else; results() waits for each in turn.

    Whoever runs other tests beside them lets those go first, and has no time for a file that has not begun at `last_begin`
    (time.time()): it is skipped.
    """

    def __init__(self, wanted, niceness=0, last_begin=None):
        self.wanted = wanted
        self.niceness = niceness
        self.last_begin = last_begin
        self.waiting = queue.SimpleQueue()
        for file in wanted:
            self.waiting.put(file)
        self.done = {file: queue.SimpleQueue() for file in wanted}
        self.has_disk = threading.Event()
        threading.Thread(target=self.work, daemon=True).start()

    def await_disk(self):
        """Making the disk shows on the host, as mounts and processes: nobody should compare what it is like meanwhile."""
        self.has_disk.wait()

    def work(self):
        outcome, reason = "failed", "no virtual machine is left to run it"
        try:
            disk = image()
            self.has_disk.set()
            with tempfile.TemporaryDirectory(prefix="caisson-vm.") as name:
                directory = pathlib.Path(name)
                payload_disk = payload(directory)
                count = min(MACHINES, len(self.wanted))
                workers = [threading.Thread(target=self.serve, args=(directory / str(number), disk, payload_disk), daemon=True)
                           for number in range(count)]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
        except Unavailable as unavailable:
            outcome, reason = "skipped", f"no virtual machine: {unavailable}"
        except (OSError, subprocess.SubprocessError) as error:
            reason = f"no virtual machine: {error}"
        self.has_disk.set()
        self.give_up(outcome, reason)

    def serve(self, directory, disk, payload_disk):
        directory.mkdir()
        machine = None
        while (file := self.next()) is not None:
            try:
                machine = machine or Machine(directory, disk, payload_disk, self.niceness)
                self.done[file].put(machine.run(file))
            except (Broken, OSError, ValueError) as error:
                self.done[file].put(([(title(file), "failed", f"the virtual machine broke: {error}")], 0))
                break
        if machine:
            machine.close()

    def next(self):
        if self.last_begin is not None and time.time() > self.last_begin:
            self.give_up("skipped", TOO_LATE)
        try:
            return self.waiting.get_nowait()
        except queue.Empty:
            return None

    def give_up(self, outcome, reason):
        try:
            while True:
                file = self.waiting.get_nowait()
                self.done[file].put(([(f"{title(file)}: {name}", outcome, reason) for name in bats.names(file)], 0))
        except queue.Empty:
            pass

    def results(self):
        for file in self.wanted:
            results, took_s = self.done[file].get()
            yield file, results, took_s
