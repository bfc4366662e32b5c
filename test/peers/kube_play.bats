# Manifests played by podman 4.3 and by caisson: the same processes, files, variables and rights in the containers.
load helper

setup_file() {
  require_world
  podman_settings "$FILES/podman" && . "$FILES/podman/environment"
  image "$FILES/busybox.tar" localhost/busybox:1
  podman load --quiet --input "$FILES/busybox.tar"
  podman run --rm --network none localhost/busybox:1 true  # what podman makes once is there
}

setup() {
  peers_setup
  STATE=$(mktemp -d /dev/shm/caisson-test.XXXXXX)
  "$BIN" --root "$STATE/root" --runroot "$STATE/run" load -q -i "$FILES/busybox.tar"
}

teardown() {
  podman pod rm --all --force --time 0 >/dev/null 2>&1 || true
  podman volume prune --force >/dev/null
  podman secret rm --all >/dev/null 2>&1 || true
  ours pod rm -af >/dev/null 2>&1 || true
  rm -rf --one-file-system "$STATE"
  peers_teardown
}

ours() { "$BIN" --root "$STATE/root" --runroot "$STATE/run" "$@"; }

# What is asked of each container: variables, processes by their words, who it is, and what the manifest is about.
look() {
  cat <<'S'
env | grep -vE '^(container|HOSTNAME|HOME|PWD|SHLVL|TERM|OLDPWD)=' | sort
hostname
id -u; id -g; id -G
pwd
grep NoNewPrivs /proc/self/status
# This podman's default has three capabilities more than caisson's.
[ "$(id -u)" = 0 ] || grep -E '^(CapBnd|CapEff)' /proc/self/status
for d in /e /c /h /k; do [ -d $d ] && (cd $d && for f in $(find . -type f | sort); do echo $d/$f $(cat $f); done); done
touch /rootfs 2>/dev/null && echo writable || echo read-only
grep -E '^(search|options)' /etc/resolv.conf
cat /proc/1/cmdline | tr '\0' ' '
S
}

# Plays the manifest on standard input by both, and compares what the containers NAME… tell.
same() {
  cat >"$T/web.yaml"
  podman kube play --network none "$T/web.yaml" >/dev/null
  ours kube play "$T/web.yaml" >/dev/null
  for name; do
    within 10 podman exec "$name" true
    within 10 ours exec "$name" true
    podman exec "$name" sh -c "$(look)" >"$T/theirs" 2>&1 || true
    ours exec "$name" sh -c "$(look)" >"$T/ours" 2>&1 || true
    diff "$T/theirs" "$T/ours" || { echo "$name: < podman, > caisson" && return 1; }
  done
}

@test "kube play: commands, arguments, variables and working directories are podman's" {
  same web-one web-two <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {COLOR: red}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [sh, -c]
    args: ["sleep 1000; true"]
    workingDir: /tmp
    env:
    - {name: A, value: "1"}
    - {name: COLOR2, valueFrom: {configMapKeyRef: {name: settings, key: COLOR}}}
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
    envFrom: [{configMapRef: {name: settings}}]
  - name: two
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [sleep, "1000"]
Y
}

# Without a Secret: this podman shows what is in one as base64.
@test "kube play: volumes hold what podman's hold" {
  mkdir "$T/host" && echo outside >"$T/host/file"
  same web-one <<Y
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: one, b: two}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [sh, -c, "echo empty >/e/x; echo kept >/k/x; sleep 1000"]
    volumeMounts:
    - {name: e, mountPath: /e}
    - {name: h, mountPath: /h}
    - {name: c, mountPath: /c}
    - {name: k, mountPath: /k}
  volumes:
  - {name: e, emptyDir: {}}
  - {name: h, hostPath: {path: "$T/host", type: Directory}}
  - {name: c, configMap: {name: settings, items: [{key: b, path: b}]}}
  - {name: k, persistentVolumeClaim: {claimName: kept}}
Y
}

@test "kube play: rights and names are podman's" {
  same web-one <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostname: inner
  restartPolicy: Never
  containers:
  - name: one
    image: localhost/busybox:1
    imagePullPolicy: Never
    command: [sleep, "1000"]
    securityContext:
      runAsUser: 5
      runAsGroup: 6
      readOnlyRootFilesystem: true
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL], add: [KILL]}
    resources: {limits: {memory: 64Mi, cpu: 500m}}
Y
}
