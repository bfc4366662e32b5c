"""Images whose layers say everything that a layer can, and what a directory has in it.

layers.py names              the cases there are
layers.py make CASE DIR      writes the image of a case: DIR/image is an OCI layout with one image, called `made`
layers.py wrap DIR FILE…     writes the image whose layers are these tar archives
layers.py layers LAYOUT      the layers of a layout's image, the lowest first: FILE DIGEST SIZE DIFFID CHAINID a line
layers.py list DIR           everything that is below a directory, an entry a line
layers.py agree WHO A B      compares the listing of an oracle, umoci or podman, with one of ours
layers.py within COMMAND…    executes a command in a user namespace
"""

import collections
import ctypes
import gzip
import hashlib
import io
import itertools
import json
import os
import pathlib
import re
import stat
import sys
import tarfile

# --- entries: a layer is a list of them, in the order of the archive ---------------------------------------------------

CAPABLE = b"\x01\x00\x00\x02\x00\x20\x00\x00" + bytes(12)  # cap_net_raw in the permitted set


def entry(name, kind, mode, content=b"", **more):
    return {"name": name, "kind": kind, "mode": mode, "content": content, **more}


def d(name, mode=0o755, **more):
    return entry(name, tarfile.DIRTYPE, mode, **more)


def f(name, content="", mode=0o644, **more):
    return entry(name, tarfile.REGTYPE, mode, content.encode(), **more)


def l(name, target, **more):
    return entry(name, tarfile.SYMTYPE, 0o777, target=target, **more)


def h(name, target):
    return entry(name, tarfile.LNKTYPE, 0o644, target=target)


def node(name, kind, major=0, minor=0, mode=0o620, **more):
    return entry(name, kind, mode, device=(major, minor), **more)


def gone(path):
    directory, base = os.path.split(path)
    return f(os.path.join(directory, f".wh.{base}"))


def opaque(directory):
    return f(os.path.join(directory, ".wh..wh..opq"))


def tree(*directories):
    """Directories, each with two files and one in it that has another."""
    return [one for path in directories for one in (
        d(path, 0o750), f(f"{path}/a", "a below"), f(f"{path}/b", "b below"), d(f"{path}/in", 0o711), f(f"{path}/in/c", "c below"))]


ROOT = d(".", 0o755)

CASES = {
    "whiteouts": [
        [ROOT, *tree("d", "e", "g"), f("file", "x"), l("link", "file"), h("other", "file"), f(".hidden"), f("with\nnewline"), f("ünï"), f(" ")],
        [ROOT, d("d"), gone("d/a"), gone("d/in"), gone("e"), gone("file"), gone(".hidden"), gone("with\nnewline"), gone("ünï"), gone(" "), gone("none"),
         d("g"), gone("g/none")],
        [ROOT, d("d"), f("d/a", "again"), d("e"), f("e/new"), gone("link"), gone("g")],
    ],
    "opaque-first": [[ROOT, *tree("d", "e")], [ROOT, d("d"), opaque("d"), f("d/a", "new"), d("d/in"), f("d/in/new")], [ROOT, d("d"), f("d/b", "newer")]],
    "opaque-last": [[ROOT, *tree("d", "e")], [ROOT, d("d"), f("d/a", "new"), d("d/in"), f("d/in/new"), opaque("d")], [ROOT, d("d"), f("d/b", "newer")]],
    "opaque-between": [[ROOT, *tree("d/x", "e")], [ROOT, d("d"), d("d/x"), f("d/x/a", "new"), opaque("d"), opaque("d/x"), f("d/x/z"), opaque("e/in")]],
    "opaque-over-whiteouts": [[ROOT, *tree("d")], [ROOT, d("d"), gone("d/a"), f("d/mid")], [ROOT, d("d"), opaque("d"), f("d/b", "3")],
                              [ROOT, d("d"), f("d/a", "4")]],
    "the-file-wins": [
        [ROOT, *tree("d", "e", "g"), f("file", "below")],
        [ROOT, gone("file"), f("file", "mine"), d("d", 0o700), f("d/new", "mine"), gone("d"), gone("e"), d("e", 0o711), f("e/new", "mine"),
         d("g"), f("g/a", "mine"), gone("g/a"), gone("g/b"), f("g/b", "mine")],
    ],
    "types-change": [
        [ROOT, d("dir-file"), f("dir-file/x"), f("file-dir"), l("link-dir", "dir-file"), d("dir-link"), f("dir-link/x"), l("link-file", "file-dir"),
         node("fifo-file", tarfile.FIFOTYPE), d("dir-fifo"), f("dir-fifo/x"), f("file-device")],
        [ROOT, f("dir-file", "now"), d("file-dir"), f("file-dir/x", "now"), d("link-dir"), f("link-dir/x", "now"), l("dir-link", "file-dir"),
         f("link-file", "now"), f("fifo-file", "now"), node("dir-fifo", tarfile.FIFOTYPE), node("file-device", tarfile.CHRTYPE, 1, 3)],
        [ROOT, d("dir-file"), f("dir-file/y", "third"), f("file-dir", "third"), gone("dir-link"), d("dir-fifo"), f("dir-fifo/y")],
    ],
    "twice": [
        [ROOT, *tree("d")],
        [ROOT, f("f", "1"), f("f", "2"), d("x"), f("x/y", "3"), f("x", "4"), f("z"), d("z"), f("z/y", "5"), d("k"), f("k/kept"), d("k", 0o700), l("s", "f"), l("s", "z")],
    ],
    "hard-links": [
        [ROOT, f("a", "linked", 0o755), h("b", "a"), d("d"), h("d/c", "b"), f("alone", "x"), l("s", "a"), h("t", "s"), f("replaced", "old"), h("r2", "replaced"),
         node("n", tarfile.BLKTYPE, 7, 9), h("n2", "n")],
        [ROOT, f("b", "mine"), f("replaced", "new"), d("d"), f("d/one", "pair"), h("d/two", "d/one")],
    ],
    "hard-links-below": [
        [ROOT, d("d", 0o750, uid=3), f("d/a", "content", 0o4711, uid=5, gid=6, xattrs={"user.note": b"v", "trusted.note": b"w"}),
         f("d/cap", "x", 0o755, xattrs={"security.capability": CAPABLE}), l("d/l", "a", uid=7), node("d/p", tarfile.FIFOTYPE)],
        [ROOT, f("other")],
        [ROOT, h("a", "d/a"), h("cap", "d/cap"), h("l", "d/l"), d("e"), h("e/p", "d/p"), h("again", "a")],
    ],
    "device-links-below": [[ROOT, d("d"), node("d/n", tarfile.CHRTYPE, 1, 3, xattrs={"trusted.note": b"n"})], [ROOT, h("n", "d/n")]],
    "attributes": [
        [ROOT, f("f", "x", xattrs={"user.one": b"1", "user.two": b"\x00\xff", "trusted.three": b"3"}), f("cap", "x", 0o755, xattrs={"security.capability": CAPABLE}),
         d("d", xattrs={"user.on-directory": b"d", "trusted.on": b"d"}), l("l", "f", xattrs={"trusted.on-link": b"l"}),
         f("g", "x", xattrs={"user.gone": b"1"}), d("h", xattrs={"user.gone": b"1"}), f("h/x")],
        [ROOT, f("f", "y", xattrs={"user.one": b"2"}), f("g", "y"), d("h", xattrs={"user.new": b"2"}), d("d", xattrs={"user.on-directory": b"e"})],
    ],
    "metadata": [
        [d(".", 0o711, uid=1, gid=2, mtime="3.5"), f("suid", "x", 0o4755, uid=5), f("sgid", "x", 0o2755, gid=5), d("sticky", 0o1777), d("setgid", 0o2775, gid=50),
         f("setgid/x"), d("setgid/in"), d("shut", 0o000), f("shut/x", "x", 0o000), f("old", mtime="-1234567.25"), f("exact", mtime="1234567890.123456789"),
         f("owned", uid=60000, gid=60001), l("l", "x", uid=9, gid=8, mtime="77"), node("c", tarfile.CHRTYPE, 10, 229), node("b", tarfile.BLKTYPE, 7, 200),
         node("p", tarfile.FIFOTYPE, mode=0o600, uid=4), f("empty"), f("large", "large " * 300000)],
        [d(".", 0o755, mtime="99"), d("setgid", 0o755, uid=3), f("suid", "x", 0o755), d("sticky", 0o700, mtime="11")],
    ],
    "without-directories": [
        [d(".", 0o711, mtime="5"), d("d", 0o700, uid=3, gid=4, mtime="6.5", xattrs={"user.note": b"d"}), d("d/e", 0o1777, mtime="7"), f("d/e/a", "below"), d("x", 0o700)],
        [f("d/e/b", "new"), gone("x")],
        [gone("d/e/a"), f("d/e/f/g/h", "new", mtime="8")],
        [opaque("d/e")],
    ],
    "opaque-root": [[ROOT, *tree("d", "e"), f("x")], [ROOT, d("d"), opaque(""), f("new")], [ROOT, f("d/a", "newer")]],
    "below-whiteouts": [
        [ROOT, *tree("d", "e", "g")],
        [gone("d"), gone("d/a"), gone("e/a"), gone("e"), gone("g/in/c")],
    ],
    "links-on-the-way": [
        [ROOT, d("usr"), d("usr/lib"), l("lib", "usr/lib"), l("usr/up", "../.."), l("abs", "/usr"), f("lib/a", "a"), f("abs/lib/b", "b"), f("usr/up/usr/lib/c", "c"),
         d("lib/in"), h("lib/d", "lib/a"), h("e", "abs/lib/b")],
        [ROOT, d("usr"), d("usr/lib"), f("usr/lib/a", "2"), gone("usr/lib/b"), l("own", "usr/lib"), f("own/z", "z")],
    ],
    "aufs": [
        [ROOT, d(".wh..wh.plnk"), f(".wh..wh.plnk/1.2", "linked"), f(".wh..wh.aufs"), d(".wh..wh.orph"), f(".wh..wh.orph/x"), h("a", ".wh..wh.plnk/1.2"), f("b")],
        [ROOT, gone("b"), f(".wh..wh.aufs")],
    ],
    "hostile": [
        [ROOT, f("f", "below"), *tree("d")],
        [ROOT, node("f", tarfile.CHRTYPE, 0, 0), d("d", xattrs={"trusted.overlay.opaque": b"y", "user.overlay.opaque": b"y"}),
         d("e", xattrs={"trusted.overlay.redirect": b"/d", "user.overlay.redirect": b"/d", "user.kept": b"1"}),
         f("g", xattrs={"trusted.overlay.metacopy": b"", "user.overlay.metacopy": b""}), node("g2", tarfile.CHRTYPE, 0, 0)],
    ],
    "names": [
        [d("./"), f("./dot", "1"), f("/abs", "2"), d("./sub/"), f("sub//double", "3"), f("sub/./inner", "4"), f("a" * 200 + "/" + "b" * 200, "5"), l("./s", "./dot")],
        [f("./.wh.dot"), f("/sub/.wh.double"), f("./" + "a" * 200 + "/.wh." + "b" * 200)],
    ],
}


def dated(layer, number, before):
    """The entries with a time for each, and links with all that their targets have, as archivers write them."""
    known = {one["name"]: one for one in before}
    for index, one in enumerate(layer):
        one = {"mtime": f"{1_000_000_000 + 1000 * number + index}", **one}
        if one["kind"] == tarfile.LNKTYPE:
            target = known[one["target"]]
            one |= {key: target[key] for key in ("mode", "uid", "gid", "mtime") if key in target}
        known[one["name"]] = one
        yield one


def archive(layer):
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for one in layer:
            info = tarfile.TarInfo(one["name"])
            info.type = one["kind"]
            info.mode = one["mode"]
            info.uid, info.gid = one.get("uid", 0), one.get("gid", 0)
            info.linkname = one.get("target", "")
            info.devmajor, info.devminor = one.get("device", (0, 0))
            info.size = len(one["content"])
            info.pax_headers = {"mtime": one["mtime"]}
            for name, value in one.get("xattrs", {}).items():
                info.pax_headers[f"SCHILY.xattr.{name}"] = value.decode("utf-8", "surrogateescape")
            tar.addfile(info, io.BytesIO(one["content"]))
    return output.getvalue()


# --- layouts -----------------------------------------------------------------------------------------------------------

def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def make(layers, directory):
    entries = []
    for number, layer in enumerate(layers):
        entries.append(list(dated(layer, number, itertools.chain(*entries))))
    wrap([archive(layer) for layer in entries], directory)


def wrap(archives, directory):
    """The image of these archives."""
    layout = pathlib.Path(directory) / "image"
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(data, media_type, **more):
        (blobs / digest(data)[7:]).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": digest(data), "size": len(data), **more}

    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "amd64")
    config = {"architecture": machine, "os": "linux", "created": "2020-01-01T00:00:00Z", "config": {},
              "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in archives]},
              "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "layers.py"} for _ in archives]}
    manifest = {"schemaVersion": 2, "config": blob(json.dumps(config).encode(), "config.v1+json"),
                "layers": [blob(gzip.compress(data, 1, mtime=0), "layer.v1.tar+gzip") for data in archives]}
    named = blob(json.dumps(manifest).encode(), "manifest.v1+json", annotations={"org.opencontainers.image.ref.name": "made"})
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


def layers_of(directory):
    layout = pathlib.Path(directory)
    path = lambda name: layout / "blobs" / name.replace(":", "/")
    manifest = json.loads(path(json.loads((layout / "index.json").read_text())["manifests"][-1]["digest"]).read_text())
    diff_ids = json.loads(path(manifest["config"]["digest"]).read_text())["rootfs"]["diff_ids"]
    chain = None
    for layer, diff_id in zip(manifest["layers"], diff_ids, strict=True):
        chain = digest(f"{chain} {diff_id}".encode()) if chain else diff_id
        yield path(layer["digest"]), layer["digest"], layer["size"], diff_id, chain


# --- listings ----------------------------------------------------------------------------------------------------------

def describe(path, status):
    kind = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFCHR: "char", stat.S_IFBLK: "block", stat.S_IFIFO: "fifo"}
    words = [kind[stat.S_IFMT(status.st_mode)], f"{stat.S_IMODE(status.st_mode):04o}", f"{status.st_uid}:{status.st_gid}", f"mtime={status.st_mtime_ns}"]
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            words += [f"size={status.st_size}", f"content={hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"]
    if stat.S_ISLNK(status.st_mode):
        words.append(f"target={os.readlink(path)!r}")
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        words.append(f"device={os.major(status.st_rdev)}:{os.minor(status.st_rdev)}")
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        words.append(f"{name}={os.getxattr(path, name, follow_symlinks=False)!r}")
    return words


def listing(top):
    paths = [top] + sorted(os.path.join(at, name) for at, directories, files in os.walk(top) for name in directories + files)
    names = collections.defaultdict(list)
    for path in paths:
        status = os.lstat(path)
        names[status.st_dev, status.st_ino].append(os.path.relpath(path, top))
    for path in paths:
        status = os.lstat(path)
        words = describe(path, status)
        same = names[status.st_dev, status.st_ino]
        if len(same) > 1:
            words.append(f"same as {same[0]!r}")
        yield f"{os.path.relpath(path, top)!r}\t{' '.join(words)}"


def agree(who, theirs, ours):
    """Prints what the listing of an oracle has otherwise; an oracle's time that is none of the image's is no answer."""
    theirs, ours = ({line.split("\t")[0]: line for line in pathlib.Path(file).read_text().splitlines()} for file in (theirs, ours))
    differences = 0
    for path in sorted(theirs.keys() | ours.keys()):
        expected, found = theirs.get(path, "absent"), ours.get(path, "absent")
        mtime_s = int((re.search(r"mtime=(-?\d+)", expected) or [0, 0])[1]) // 1_000_000_000
        dated = mtime_s < 1_500_000_000
        if who == "podman":
            if path == "'.'" or (not dated and "\tdirectory" in expected):
                continue  # the root, and directories without an entry, are podman's own
            dated = dated and mtime_s != 0  # times before the epoch are cut off
        if not dated:
            expected, found = (re.sub(r"mtime=-?\d+", "mtime", line) for line in (expected, found))
        if expected != found:
            print(f"{who}: {expected}\n{' ' * len(who)}  {found}")
            differences += 1
    return min(differences, 1)


# --- a user namespace --------------------------------------------------------------------------------------------------

def within(command):
    """Executes a command as root of a new user namespace with 65536 ids, those of the host from 100000 on."""
    made, mapped = os.pipe(), os.pipe()
    parent = os.getpid()
    if os.fork() == 0:
        os.read(made[0], 1)
        for name in ("uid_map", "gid_map"):
            pathlib.Path(f"/proc/{parent}/{name}").write_text("0 100000 65536\n")
        os.write(mapped[1], b"x")
        os._exit(0)
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) != 0:  # CLONE_NEWUSER
        raise OSError(ctypes.get_errno(), "unshare")
    os.write(made[1], b"x")
    os.read(mapped[0], 1)
    os.wait()
    os.setgid(0)
    os.setuid(0)
    os.execvp(command[0], command)


def main(verb, *operands):
    if verb == "names":
        print("\n".join(CASES))
    elif verb == "make":
        make(CASES[operands[0]], operands[1])
    elif verb == "wrap":
        wrap([pathlib.Path(file).read_bytes() for file in operands[1:]], operands[0])
    elif verb == "layers":
        for layer in layers_of(operands[0]):
            print(*layer)
    elif verb == "list":
        print("\n".join(listing(operands[0])))
    elif verb == "agree":
        return agree(*operands)
    elif verb == "within":
        within(operands)
    return 0


sys.exit(main(*sys.argv[1:]))
