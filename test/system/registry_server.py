"""A registry for test/system/registry.bats, which can behave badly.

    registry_server.py DIRECTORY [KEY=VALUE…]

Listens on 127.0.0.1 and writes its port to DIRECTORY/port once it does; logs each request to DIRECTORY/log as
"METHOD PATH STATUS [range=…] [auth=SCHEME]". Serves what is pushed to it, and the images of an OCI layout:

    layout=DIR:REPOSITORY:TAG   the first image of that layout
    without=DIGEST              that blob is not there
    auth=basic|token            for user "user" with the password "secret" (pull without them: anonymous=1)
    identity=TOKEN              the token server takes this identity token
    token_elsewhere=URL         the token server is there, says a redirect
    scope=REPOSITORY            the realm's scope that the registry asks for on top of what is asked for
    uses=N                      a token is good for so many requests
    cut=N                       the connection is cut after N bytes of a blob; cuts=K times in all, or always
    hang=N:DIGEST               nothing more comes after N bytes of that blob; hangs=K times in all, or always
    rate=N                      bytes in a second, of each blob
    short=N long=N              a blob's answer has N bytes less or more, and says so
    flip=blob|manifest|DIGEST   one byte is another: of each blob, of a manifest, of that blob
    ranges=no|wrong|none        ignores Range; gives another part; 416
    pause=SECONDS               before a blob's body
    redirect=URL                where blobs are instead
    fail=STATUS:COUNT[:AFTER]   the first requests for manifests and blobs fail so, with a Retry-After
    page=N                      tags are listed in pages of so many
    warning=TEXT                Warning: 299
    upload_cut=N                the connection is cut after N bytes of an upload, once; forgets=1: and all of it is lost
    absolute=1                  Locations are absolute, not relative
    put_cut=1                   an upload is finished, and nothing said of it
    tls=CERTIFICATE:KEY         by TLS; what the realm says of itself is plain HTTP
"""
import base64
import hashlib
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

directory, settings = sys.argv[1], dict(word.split("=", 1) for word in sys.argv[2:])
number = lambda key: int(settings.get(key, 0))
blobs, manifests, uploads, tokens = {}, {}, {}, {}
counts = {"cuts": number("cuts") or 1 << 30, "hangs": number("hangs") or 1 << 30, "upload_cut": 1, "put_cut": number("put_cut"), "fail": 0}
lock = threading.Lock()
if "fail" in settings:
    counts["fail"] = int(settings["fail"].split(":")[1])


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def take(key):
    """Whether one of so many is left."""
    with lock:
        counts[key] -= 1
        return counts[key] >= 0


def load(layout, repository, tag):
    read = lambda digest: open(f"{layout}/blobs/sha256/{digest[7:]}", "rb").read()

    def add(descriptor, *names):
        content = read(descriptor["digest"])
        for name in (descriptor["digest"], *names):
            manifests[repository, name] = (descriptor["mediaType"], content)
        document = json.loads(content)
        for manifest in document.get("manifests", []):
            add(manifest)
        for blob in [document["config"], *document["layers"]] if "layers" in document else []:
            blobs[repository, blob["digest"]] = read(blob["digest"])

    add(json.load(open(f"{layout}/index.json"))["manifests"][0], tag)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.body_is_read = True

    def answer(self, status, body=b"", **headers):
        self.note(status)
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        if "warning" in settings:
            headers["Warning"] = f'299 - "{settings["warning"]}"'
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            piece = number("rate") // 20 or len(body) or 1
            for first in range(0, len(body), piece):
                self.wfile.write(body[first : first + piece])
                time.sleep(0.05 if "rate" in settings else 0)

    def note(self, status):
        words = [self.command, self.path.split("?")[0], str(status)]
        if "Range" in self.headers:
            words.append("range=" + self.headers["Range"])
        if "Authorization" in self.headers:
            words.append("auth=" + self.headers["Authorization"].split()[0])
        with lock, open(f"{directory}/log", "a") as log:
            log.write(" ".join(words) + "\n")

    def refuse(self, status, code, message, **headers):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, body, Content_Type="application/json", **headers)

    def query(self):
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)

    # --- who it is ------------------------------------------------------------------------------------------------
    def basic(self):
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return scheme == "Basic" and base64.b64decode(value) == b"user:secret"

    def wanted_scope(self, repository):
        action = "pull" if self.command in ("GET", "HEAD") else "push"
        return f"repository:{settings.get('scope', repository)}:{action}" if repository else ""

    def may(self, repository):
        kind = settings.get("auth")
        if kind == "basic" and not self.basic():
            self.refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate='Basic realm="test"')
            return False
        if kind != "token":
            return True
        value = self.headers.get("Authorization", "").removeprefix("Bearer ")
        scope = self.wanted_scope(repository)
        with lock:
            token = tokens.get(value)
            if token and token["uses"] > 0:
                name, _, action = scope.rpartition(":")
                if not scope or any(one.startswith(name + ":") and action in one for one in token["scopes"]):
                    token["uses"] -= 1
                    return True
        challenge = f'Bearer realm="http://{self.headers["Host"]}/token",service="test"'
        if scope:
            challenge += f',scope="{scope}"' + (',error="insufficient_scope"' if token else "")
        self.refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=challenge)
        return False

    def token(self, query, known):
        if not known:
            return self.answer(401, b'{"details":"incorrect username or password"}')
        value = f"t{len(tokens)}." + os.urandom(8).hex()
        scopes = [one for scope in query.get("scope", []) for one in scope.split()]
        if not self.basic() and "identity" not in settings:
            scopes = [one.rpartition(":")[0] + ":" + one.rpartition(":")[2].replace("push", "") for one in scopes]
        with lock:
            tokens[value] = {"uses": number("uses") or 1 << 30, "scopes": scopes}
        self.answer(200, json.dumps({"token": value, "expires_in": 300}).encode())

    # --- requests -------------------------------------------------------------------------------------------------
    def route(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/token" and "token_elsewhere" in settings:
            self.close_connection = True
            return self.answer(307, Location=settings["token_elsewhere"])
        if path == "/token":
            if self.command == "POST":
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                return self.token(form, form.get("refresh_token") == [settings.get("identity")])
            return self.token(self.query(), self.basic() or (number("anonymous") and "Authorization" not in self.headers))
        if path == "/v2/":
            return self.may("") and self.answer(200, b"{}")
        if listed := re.fullmatch(r"/v2/(.+)/tags/list", path):
            return self.may(listed[1]) and self.tags(listed[1])
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs|blobs/uploads)/([^/]*)", path)
        if not found:
            return self.refuse(404, "NAME_UNKNOWN", "no such thing")
        repository, kind, name = found.groups()
        if not self.may(repository):
            self.close_connection = True  # the body has not been read
            return None
        if kind != "blobs/uploads" and take("fail"):
            status, _, *after = settings["fail"].split(":")
            return self.refuse(int(status), "TOOMANYREQUESTS", "later", **({"Retry_After": after[0]} if after else {}))
        return getattr(self, kind.replace("/", "_"))(repository, name)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = route

    def tags(self, repository):
        tags = sorted(name for other, name in manifests if other == repository and ":" not in name)
        if not tags:
            return self.refuse(404, "NAME_UNKNOWN", "repository name not known to registry")
        tags = [tag for tag in tags if tag > self.query().get("last", [""])[0]]
        page = tags[: number("page") or None]
        more = {"Link": f'</v2/{repository}/tags/list?last={page[-1]}&n={len(page)}>; rel="next"'} if page != tags else {}
        return self.answer(200, json.dumps({"name": repository, "tags": page}).encode(), **more)

    def manifests(self, repository, name):
        if self.command == "PUT":
            content = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                for key in (name, digest_of(content)):
                    manifests[repository, key] = (self.headers["Content-Type"], content)
            return self.answer(201, Location=f"/v2/{repository}/manifests/{name}", Docker_Content_Digest=digest_of(content))
        if (repository, name) not in manifests:
            return self.refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, content = manifests[repository, name]
        if settings.get("flip") == "manifest":
            content = content.replace(b'"layers"', b'"Layers"')
        return self.answer(200, content, Content_Type=media_type)

    def blobs(self, repository, name):
        if (repository, name) not in blobs or name == settings.get("without"):
            return self.refuse(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if "redirect" in settings:
            return self.answer(307, Location=f"{settings['redirect']}{self.path}?signature=hush")
        return self.send_blob(name, blobs[repository, name])

    def send_blob(self, name, content):
        size, first, status, headers = len(content), 0, 200, {}
        if settings.get("flip") in ("blob", name):
            content = content[:-1] + bytes([content[-1] ^ 1])
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and settings.get("ranges") == "none":
            return self.refuse(416, "RANGE_INVALID", "no ranges")
        if asked and settings.get("ranges") != "no":
            first = int(asked[1])
            if settings.get("ranges") == "wrong":
                first = max(0, first - 10)
            status, headers = 206, {"Content_Range": f"bytes {first}-{size - 1}/{size}"}
        body = content[first:]
        if "short" in settings:
            body = body[: max(0, len(body) - number("short"))]
        body += b"x" * number("long")
        time.sleep(float(settings.get("pause", 0)))
        if self.command == "GET" and "cut" in settings and len(body) > number("cut") and take("cuts"):
            self.answer(status, body[: number("cut")], Content_Length=str(len(body)), **headers)
            self.close_connection = True
            return None
        limit, _, which = settings.get("hang", "").partition(":")
        if self.command == "GET" and which == name and len(body) > int(limit) and take("hangs"):
            self.answer(status, body[: int(limit)], Content_Length=str(len(body)), **headers)
            self.rfile.read(1)  # until it is given up
            self.close_connection = True
            return None
        return self.answer(status, body, **headers)

    # --- uploads: POST, PATCH with the bytes, PUT -------------------------------------------------------------------
    def blobs_uploads(self, repository, name):
        place = lambda upload: (f"http://{self.headers['Host']}" if number("absolute") else "") + (
            f"/v2/{repository}/blobs/uploads/{upload}?state={len(uploads.get(upload, b''))}"
        )
        if self.command == "POST":
            query = self.query()
            if "mount" in query and (query["from"][0], query["mount"][0]) in blobs:
                blobs[repository, query["mount"][0]] = blobs[query["from"][0], query["mount"][0]]
                return self.answer(201, Location=f"/v2/{repository}/blobs/{query['mount'][0]}")
            upload = os.urandom(4).hex()
            uploads[upload] = b""
            return self.answer(202, Location=place(upload), Range="0-0")
        if name not in uploads or self.query().get("state") != [str(len(uploads[name]))]:
            # After a cut, the state of before is what the client knows.
            if not (self.command in ("GET", "DELETE") and name in uploads):
                return self.refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        if self.command == "GET":
            has = len(uploads[name])
            return self.answer(204, Location=place(name), Range=f"0-{max(0, has - 1)}")
        if self.command == "DELETE":
            del uploads[name]
            return self.answer(204)
        length, limit = int(self.headers.get("Content-Length", 0)), number("upload_cut")
        if self.command == "PATCH" and 0 < limit < length and take("upload_cut"):
            uploads[name] += self.rfile.read(limit)
            if number("forgets"):
                del uploads[name]
            self.note(0)
            self.close_connection = True
            return None
        uploads[name] += self.rfile.read(length)
        if self.command == "PATCH":
            return self.answer(202, Location=place(name), Range=f"0-{len(uploads[name]) - 1}")
        digest = self.query()["digest"][0]
        if digest != digest_of(uploads[name]):
            return self.refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        blobs[repository, digest] = uploads.pop(name)
        if take("put_cut"):
            self.note(0)
            self.close_connection = True
            return None
        return self.answer(201, Location=f"/v2/{repository}/blobs/{digest}", Docker_Content_Digest=digest)


if "layout" in settings:
    load(*settings["layout"].split(":"))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if "tls" in settings:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*settings["tls"].split(":"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(f"{directory}/port.new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(f"{directory}/port.new", f"{directory}/port")
server.serve_forever()
