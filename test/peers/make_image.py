"""Writes an image that podman, containerd and Docker can load: make_image.py ROOTFS.tar.gz FILE REFERENCE [NAME=VALUE…].

It is an archive of the Docker image format (manifest.json), with the root filesystem as its one layer, what follows as its
environment, and a shell as its command.
"""

import gzip
import hashlib
import io
import json
import os
import pathlib
import sys
import tarfile

rootfs, file, reference, *environment = sys.argv[1:]
layer = gzip.decompress(pathlib.Path(rootfs).read_bytes())
config = json.dumps({
    "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "amd64"),
    "os": "linux",
    "created": "2020-01-01T00:00:00Z",
    "config": {"Cmd": ["sh"], "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", *environment]},
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "make_image.py"}],
}).encode()
config_name = f"{hashlib.sha256(config).hexdigest()}.json"
manifest = json.dumps([{"Config": config_name, "RepoTags": [reference], "Layers": ["layer.tar"]}]).encode()
with tarfile.open(file, "w") as archive:
    for name, content in ((config_name, config), ("layer.tar", layer), ("manifest.json", manifest)):
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
