"""Archives of images, well made and not: archives.py CASE FILE.

Each has the image TAG of two layers, whose id is printed. `archives.py peak COMMAND…` runs a command and prints the most
memory that it had, in KiB.
"""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import resource
import subprocess
import sys
import tarfile

tarfile.RECORDSIZE = tarfile.BLOCKSIZE  # no padding, in which a cut would not be seen
TAG = "docker.io/library/made:1"
CREATED = "2020-01-01T00:00:00Z"


def tar(*members):
    """A tarball of (name, content) pairs, or of TarInfo and content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            if info.isreg() and content is not None:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content or b""))
    return stream.getvalue()


def kind(name, type_, link=""):
    info = tarfile.TarInfo(name)
    info.type = type_
    info.linkname = link
    return info


def digest(content):
    return hashlib.sha256(content).hexdigest()


LAYERS = [tar(("etc/lower", b"lower\n")), tar(("etc/upper", b"upper\n" * 5000))]


def config_of(layers=None, **more):
    return json.dumps({
        "architecture": "amd64", "os": "linux", "created": CREATED, "config": {"Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest(layer) for layer in layers or LAYERS]},
        "history": [{"created": CREATED, "created_by": "archives.py"} for _ in layers or LAYERS], **more}).encode()


CONFIG = config_of()
CONFIG_FILE = digest(CONFIG) + ".json"


def listed(layers, config=CONFIG_FILE, tags=(TAG,)):
    return ("manifest.json", json.dumps([{"Config": config, "RepoTags": list(tags), "Layers": layers}]).encode())


NAMES = ["lower.tar", "upper.tar"]
FILES = list(zip(NAMES, LAYERS))
USUAL = [(CONFIG_FILE, CONFIG), *FILES, listed(NAMES)]


# --- as they are made ------------------------------------------------------------------------------------------------
def usual():
    return tar(*USUAL)


def of_docker_20():
    """A directory for each layer; a layer that is there already is a link."""
    members = []
    for i, layer in enumerate([*LAYERS, LAYERS[0]]):
        name = digest(b"%d" % i)
        members.append((kind(f"{name}/", tarfile.DIRTYPE), None))
        members.append((f"{name}/VERSION", b"1.0"))
        members.append((f"{name}/json", b"{}"))
        if i < 2:
            members.append((f"{name}/layer.tar", layer))
        else:
            members.append((kind(f"{name}/layer.tar", tarfile.SYMTYPE, f"../{digest(b'0')}/layer.tar"), None))
    config = config_of([*LAYERS, LAYERS[0]])
    name = digest(config) + ".json"
    return tar((name, config), *members, listed([f"{digest(b'%d' % i)}/layer.tar" for i in range(3)], name, ["made:1"]),
               ("repositories", json.dumps({"made": {"1": digest(b"2")}}).encode())), digest(config)


def before_docker_1_10(lowest_parent=""):
    """No manifest.json, but repositories, and a chain of layers."""
    members = []
    for i, layer in enumerate(LAYERS):
        json_ = {"id": digest(b"%d" % i), "parent": digest(b"%d" % (i - 1)) if i else lowest_parent, "created": CREATED, "os": "linux",
                 "architecture": "amd64", "container_config": {"Cmd": ["archives.py"]}, "config": {"Cmd": ["/bin/sh"]}, "Size": len(layer)}
        members += [(f"{json_['id']}/VERSION", b"1.0"), (f"{json_['id']}/json", json.dumps(json_).encode()), (f"{json_['id']}/layer.tar", layer)]
    return tar(*members, ("repositories", json.dumps({"made": {"1": digest(b"1"), "2": digest(b"1")}}).encode()))


def blob(content):
    return (f"blobs/sha256/{digest(content)}", content)


def descriptor(content, kind_, **more):
    return {"mediaType": f"application/vnd.oci.image.{kind_}", "digest": "sha256:" + digest(content), "size": len(content), **more}


def oci(layers=None, layout="1.0.0", change=None, annotations=None):
    layers = layers or LAYERS
    manifest = json.dumps({"schemaVersion": 2, "config": descriptor(CONFIG, "config.v1+json"),
                           "layers": [descriptor(layer, "layer.v1.tar") for layer in layers]}).encode()
    index = {"schemaVersion": 2, "manifests": [descriptor(manifest, "manifest.v1+json", annotations=annotations or {
        "org.opencontainers.image.ref.name": TAG})]}
    if change:
        change(index["manifests"][0])
    return [("oci-layout", json.dumps({"imageLayoutVersion": layout}).encode()), blob(CONFIG), blob(manifest),
            *(blob(layer) for layer in LAYERS), ("index.json", json.dumps(index).encode())]


def of_docker_25():
    """An OCI layout whose files manifest.json names too. That one is of another image here: the layout is what counts."""
    return tar(*oci(annotations={"io.containerd.image.name": TAG, "org.opencontainers.image.ref.name": "1"}),
               listed([f"blobs/sha256/{digest(LAYERS[0])}"], f"blobs/sha256/{digest(CONFIG)}"))


def of_oci():
    return tar(*oci())


def compressed(compress):
    return lambda: tar((CONFIG_FILE, CONFIG), *((name, compress(layer)) for name, layer in FILES), listed(NAMES))


def zstd(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


def large():
    """200 MiB of zeros, compressed."""
    layer = tar(("zeros", bytes(200 << 20)))
    config = config_of([layer])
    name = digest(config) + ".json"
    return tar((name, config), ("layer.tar", gzip.compress(layer, 1)), listed(["layer.tar"], name)), digest(config)


def no_layers():
    config = config_of(rootfs={"type": "layers"})
    name = digest(config) + ".json"
    return tar((name, config), ("manifest.json", json.dumps([{"Config": name, "RepoTags": None, "Layers": None}]).encode())), digest(config)


# --- as nobody makes them --------------------------------------------------------------------------------------------
def with_header(archive, name, change):
    """An archive, and `change` made to the header of one of its files."""
    data = bytearray(archive)
    at = data.index(name.encode() + b"\0")
    change(data, at)
    data[at + 148:at + 156] = b" " * 8
    data[at + 148:at + 154] = b"%06o" % sum(data[at:at + 512])
    return bytes(data)


def larger(data, at):
    data[at + 124:at + 135] = b"%011o" % (8 << 30 - 1)


def changed(descriptor_, **to):
    descriptor_.update(to)


CASES = {
    "usual": usual, "docker-20": of_docker_20, "docker-25": of_docker_25, "oci": of_oci, "large": large, "old": before_docker_1_10, "no-layers": no_layers,
    "gzip-layers": compressed(gzip.compress), "zstd-layers": compressed(zstd), "xz-layers": compressed(lzma.compress),
    "bzip2-layers": compressed(bz2.compress),
    "root": lambda: tar((kind("./", tarfile.DIRTYPE), None), ("./etc/passwd", b""), ("manifest.json", b"[]")),
    "gzip": lambda: gzip.compress(usual()), "xz": lambda: lzma.compress(usual()), "bzip2": lambda: bz2.compress(usual()),
    "zstd": lambda: zstd(usual()),
    # Refused.
    "two-lists": lambda: tar(*USUAL, listed(["lower.tar"])),
    "two-dotted": lambda: tar(*USUAL, ("./manifest.json", b"[]")),
    "above": lambda: tar(*USUAL, ("../x", b"")),
    "link-to-link": lambda: tar((kind(CONFIG_FILE, tarfile.SYMTYPE, "a"), None), (kind("a", tarfile.SYMTYPE, "b"), None), ("b", CONFIG), *USUAL[1:]),
    "link-to-nothing": lambda: tar((kind(CONFIG_FILE, tarfile.SYMTYPE, "a"), None), *USUAL[1:]),
    "link-out": lambda: tar((kind(CONFIG_FILE, tarfile.SYMTYPE, "../a"), None), *USUAL[1:]),
    "link-to-root": lambda: tar((kind(CONFIG_FILE, tarfile.SYMTYPE, "/etc/passwd"), None), *USUAL[1:]),
    "hard-link": lambda: tar(("a", CONFIG), (kind(CONFIG_FILE, tarfile.LNKTYPE, "a"), None), *USUAL[1:]),
    "device": lambda: tar((kind("lower.tar", tarfile.CHRTYPE), None), USUAL[0], *USUAL[2:]),
    "lying-size": lambda: with_header(usual(), "upper.tar", larger),
    "long-list": lambda: tar(*USUAL[:3], ("manifest.json", b"[" + b" " * (5 << 20) + b"]")),
    "no-list": lambda: tar(*USUAL[:3], ("manifest.json", b"{}")),
    "empty-list": lambda: tar(*USUAL[:3], ("manifest.json", b"[]")),
    "more-layers": lambda: tar(*USUAL[:3], listed([*NAMES, "lower.tar"])),
    "layer-missing": lambda: tar(USUAL[0], USUAL[1], USUAL[3]),
    "config-missing": lambda: tar(*USUAL[1:]),
    "config-none": lambda: tar((CONFIG_FILE, b"[]"), *USUAL[1:]),
    "config-above": lambda: tar(*USUAL[:3], listed(NAMES, "../" + CONFIG_FILE)),
    "bad-tag": lambda: tar(*USUAL[:3], listed(NAMES, tags=["UPPER:1"])),
    "other-bytes": lambda: tar(USUAL[0], ("lower.tar", LAYERS[0][:-1] + b"x"), *USUAL[2:]),
    "many-files": lambda: tar(*USUAL, *((f"x/{i}", b"") for i in range(70000))),
    "layout-2": lambda: tar(*oci(layout="2.0.0")),
    "no-digest": lambda: tar(*oci(change=lambda line: changed(line, digest="sha256:../../../etc/passwd"))),
    "other-digest": lambda: tar(*((name, content.replace(b"layer", b"LAYER")) for name, content in oci())),
    "other-size": lambda: tar(*oci(change=lambda line: changed(line, size=5))),
    "blob-missing": lambda: tar(*oci(layers=[*LAYERS, b"x"])),
    "old-empty": lambda: tar((f"{digest(b'1')}/layer.tar", LAYERS[0]), ("repositories", b"{}")),
    "old-circle": lambda: before_docker_1_10(lowest_parent=digest(b"1")),
    "old-above": lambda: before_docker_1_10(lowest_parent="../" + digest(b"1")),
}


def main(words):
    if words[0] == "peak":
        status = subprocess.run(words[1:]).returncode
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        sys.exit(status)
    made = CASES[words[0]]()
    content, id_ = made if isinstance(made, tuple) else (made, digest(CONFIG))
    with open(words[1], "wb") as file:
        file.write(content)
    print("sha256:" + id_)


main(sys.argv[1:])
