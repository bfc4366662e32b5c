"""Makes images for the tests, in an OCI layout: images.py LAYOUT NAME CONFIG LAYER…

CONFIG is the JSON of an image's "config", or of a whole image configuration if it has "config" in it. Layers are tar
archives, perhaps compressed with gzip or zstd. Prints the digest of the manifest and the image's id. A store of caisson's is such a
layout.
"""
import gzip
import hashlib
import json
import os
import subprocess
import sys


def put(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as blob:
        blob.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def main(layout, name, config, *archives):
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    layers, diff_ids = [], []
    for archive in archives:
        with open(archive, "rb") as file:
            stored = file.read()
        if stored.startswith(b"\x1f\x8b"):
            kind, content = "+gzip", gzip.decompress(stored)
        elif stored.startswith(b"\x28\xb5\x2f\xfd"):
            kind, content = "+zstd", subprocess.run(["zstd", "-dc", "--long=31"], input=stored, check=True, capture_output=True).stdout
        else:
            kind, content = "", stored
        layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar" + kind, **put(layout, stored)})
        diff_ids.append("sha256:" + hashlib.sha256(content).hexdigest())
    whole = json.loads(config)
    if "config" not in whole:
        whole = {"config": whole}
    whole = {"architecture": "amd64", "os": "linux", "created": "2024-01-02T03:04:05Z",
             "rootfs": {"type": "layers", "diff_ids": diff_ids}, **whole}
    described = put(layout, json.dumps(whole).encode())
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **described}, "layers": layers}
    line = {"mediaType": manifest["mediaType"], **put(layout, json.dumps(manifest).encode()),
            "annotations": {"org.opencontainers.image.ref.name": name}}
    with open(f"{layout}/oci-layout", "w", encoding="utf-8") as file:
        file.write('{"imageLayoutVersion":"1.0.0"}')
    index = {"schemaVersion": 2, "manifests": []}
    if os.path.exists(f"{layout}/index.json"):
        with open(f"{layout}/index.json", encoding="utf-8") as file:
            index = json.load(file)
    index["manifests"] = [other for other in index["manifests"]
                          if other.get("annotations", {}).get("org.opencontainers.image.ref.name") != name] + [line]
    with open(f"{layout}/index.json", "w", encoding="utf-8") as file:
        json.dump(index, file)
    print(line["digest"], described["digest"])


main(*sys.argv[1:])
