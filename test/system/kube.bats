# Manifests of Kubernetes: played, taken down, generated; what is said of what is not there.
load helper

teardown() {
  caisson pod rm -af >/dev/null 2>&1 || true
  caisson_teardown
}

# A manifest on standard input of `caisson kube play`, with options before it.
play() { caisson kube play "$@" -; }
# A Pod `web` of one container `one`, that runs SCRIPT, with more lines of the container, and of the spec.
pod() {
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  terminationGracePeriodSeconds: 0\n%s\n' "${3:-}"
  printf '  containers:\n  - name: one\n    image: builtin:busybox\n    command: [sh, -c, "%s"]\n%s\n' "$1" "${2:-}"
}
in_one() { caisson exec web-one sh -c "$1"; }
logs_hold() { within 5 sh -c "'$BIN' --root '$T/root' --runroot '$T/run' logs web-one 2>&1 | grep -qxF -- '$1'"; }

@test "kube: a pod is played, answers, and is taken down with all that was made for it" {
  pod 'sleep 1000' >"$T/web.yaml"
  run -0 --separate-stderr caisson kube play "$T/web.yaml"
  [ "${lines[0]}" = Pod: ]
  [ "${lines[2]}" = Container: ]
  [ "$(caisson pod inspect -f '{{.Id}}' web)" = "${lines[1]}" ]
  [ "$(caisson inspect -f '{{.Id}}' web-one)" = "${lines[3]}" ]
  [ "$(in_one hostname)" = web ]
  [ "$(caisson inspect -f '{{.HostConfig.RestartPolicy.Name}}' web-one)" = always ]
  run -125 caisson kube play "$T/web.yaml"
  [[ "$output" == *"there is a pod web already"* ]]
  caisson kube play --replace "$T/web.yaml" >/dev/null
  [ "$(caisson kube down "$T/web.yaml" | cut -c1-12 | tr '\n' ' ' | grep -c 'Pods stopped')" = 1 ]
  nothing_kept
  [ -z "$(ls -A "$T/root/pods")" ]
  [ -z "$(caisson volume ls -q)" ]
  caisson kube down "$T/web.yaml"
}

@test "kube: variables come from values, ConfigMaps, Secrets, fields and resources, and are expanded" {
  { cat <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {COLOR: red, path: /x}
---
apiVersion: v1
kind: Secret
metadata: {name: hidden}
data: {password: aHVudGVyMg==}
stringData: {user: me}
---
Y
    pod 'env | sort; echo args $(PLAIN) $$(PLAIN); sleep 1000' '    env:
    - {name: PLAIN, value: "a$(NOTHING)"}
    - {name: TWICE, value: "$(PLAIN)-$(PLAIN)"}
    - {name: COLOR2, valueFrom: {configMapKeyRef: {name: settings, key: COLOR}}}
    - {name: PASSWORD, valueFrom: {secretKeyRef: {name: hidden, key: password}}}
    - {name: NONE, valueFrom: {secretKeyRef: {name: none, key: x, optional: true}}}
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: LIMIT, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
    envFrom:
    - {prefix: C_, configMapRef: {name: settings}}
    - {secretRef: {name: hidden}}
    resources: {limits: {memory: 64Mi, cpu: 500m}}'; } >"$T/web.yaml"
  caisson kube play "$T/web.yaml" >/dev/null
  for line in 'PLAIN=a$(NOTHING)' 'TWICE=a$(NOTHING)-a$(NOTHING)' COLOR2=red PASSWORD=hunter2 POD=web LIMIT=64 C_COLOR=red \
    C_path=/x user=me password=hunter2; do logs_hold "$line"; done
  run ! in_one 'env | grep NONE'
  # The secret stays for later manifests, and goes with its own.
  pod 'echo again $P; sleep 1000' '    env: [{name: P, valueFrom: {secretKeyRef: {name: hidden, key: password}}}]' | play --replace >/dev/null
  logs_hold 'again hunter2'
  caisson kube down "$T/web.yaml" | grep -q 'Secrets removed'
  [ -z "$(caisson secret ls -q)" ]
}

@test "kube: volumes are empty, of the host, of ConfigMaps and Secrets, of claims, with modes, items and parts" {
  mkdir "$T/host" && echo outside >"$T/host/file"
  { cat <<Y
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: one, b: two}
binaryData: {c: AAE=}
---
apiVersion: v1
kind: Secret
metadata: {name: hidden}
stringData: {key: hunter2}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {fsGroup: 77}
  initContainers:
  - {name: first, image: builtin:busybox, command: [sh, -c, "echo init >/e/x; echo kept >/k/x"], volumeMounts: [{name: e, mountPath: /e}, {name: k, mountPath: /k}]}
  containers:
  - name: one
    image: builtin:busybox
    command: [sleep, "1000"]
    volumeMounts:
    - {name: e, mountPath: /e}
    - {name: e, mountPath: /part, subPath: part}
    - {name: h, mountPath: /h, readOnly: true}
    - {name: c, mountPath: /c}
    - {name: i, mountPath: /i}
    - {name: s, mountPath: /s}
    - {name: k, mountPath: /k}
    - {name: m, mountPath: /m}
    - {name: f, mountPath: /f}
  volumes:
  - {name: e, emptyDir: {}}
  - {name: h, hostPath: {path: "$T/host", type: Directory}}
  - {name: f, hostPath: {path: "$T/made", type: FileOrCreate}}
  - {name: c, configMap: {name: settings, defaultMode: 0640}}
  - {name: i, configMap: {name: settings, items: [{key: b, path: deep/er, mode: 0600}]}}
  - {name: s, secret: {secretName: hidden}}
  - {name: k, persistentVolumeClaim: {claimName: kept}}
  - {name: m, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
Y
  } >"$T/web.yaml"
  caisson kube play "$T/web.yaml" >/dev/null
  [ "$(in_one 'cat /e/x /k/x /h/file /c/a /i/deep/er /s/key')" = "init
kept
outside
onetwohunter2" ]
  [ "$(in_one 'stat -c "%a %g" /e /c/a /i/deep/er /part' | tr '\n' ' ')" = "2777 77 640 77 600 77 777 0 " ]
  [ "$(in_one 'od -An -tx1 /c/c' | tr -d ' ')" = 0001 ]
  run ! in_one 'touch /h/new'
  run ! in_one 'touch /s/new'
  run ! in_one 'dd if=/dev/zero of=/m/x bs=1M count=2 2>/dev/null'
  in_one 'echo p >/part/y; cat /e/part/y' | grep -qx p
  [ -f "$T/made" ]
  caisson kube down "$T/web.yaml" >/dev/null
  [ "$(caisson volume ls -q)" = kept ]
  caisson kube down --force "$T/web.yaml" | grep -q kept
  [ -z "$(caisson volume ls -q)" ]
}

@test "kube: rights, limits, names and shared namespaces are what the manifest asks for" {
  pod 'sleep 1000' '    resources: {limits: {memory: 64Mi, cpu: 500m}, requests: {cpu: 250m}}
    securityContext: {runAsUser: 5, runAsGroup: 6, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [KILL]}}' \
    '  hostname: inner
  shareProcessNamespace: true
  restartPolicy: Never
  hostAliases: [{ip: 10.1.2.3, hostnames: [other]}]
  dnsConfig: {nameservers: [10.9.9.9], searches: [example.org], options: [{name: ndots, value: "2"}]}
  securityContext: {supplementalGroups: [42], sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "7"}]}' | play >/dev/null
  [ "$(in_one 'id -u; id -g' | tr '\n' ' ')" = "5 6 " ]
  [[ " $(in_one 'id -G') " == *" 42 "* ]]
  run ! in_one 'touch /x'
  [ "$(in_one 'grep NoNewPrivs /proc/self/status | tr -dc 0-9')" = 1 ]
  [ "$(in_one 'grep CapBnd /proc/1/status' | tr -dc 0-9a-f | tail -c 16)" != 0000000000000000 ]
  [ "$(in_one 'hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start' | tr '\n' ' ')" = "inner 7 " ]
  in_one 'cat /etc/hosts' | grep -q '10.1.2.3.*other'
  in_one 'cat /etc/resolv.conf' | grep -q 'nameserver 10.9.9.9'
  [ "$(in_one 'tr "\0" " " </proc/1/cmdline')" = "/pause " ]
  [ "$(caisson inspect -f '{{.HostConfig.Memory}}' web-one)" = $((64 << 20)) ]
  run -125 play --replace < <(pod 'true' '    securityContext: {runAsNonRoot: true}')
  [[ "$output" == *"spec.containers[0].securityContext.runAsNonRoot"* ]]
}

@test "kube: a liveness probe asks by command, HTTP or TCP, and its failure restarts the container" {
  local probe
  probe='    livenessProbe: {httpGet: {port: 8080, path: /ok}, periodSeconds: 1, failureThreshold: 2}'
  pod 'mkdir -p /www && touch /www/ok && httpd -p 8080 -h /www && sleep 1000' "$probe" | play >/dev/null
  within 10 sh -c "[ \"\$('$BIN' --root '$T/root' --runroot '$T/run' inspect -f '{{.State.Health.Status}}' web-one)\" = healthy ]"
  local before
  before=$(caisson inspect -f '{{.State.Pid}}' web-one)
  in_one 'rm /www/ok'
  within 20 sh -c "p=\$('$BIN' --root '$T/root' --runroot '$T/run' inspect -f '{{.State.Pid}}' web-one) && [ \"\$p\" != 0 ] && [ \"\$p\" != $before ]"
  probe='    livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, failureThreshold: 1}'
  pod 'httpd -p 8080 && sleep 1000' "$probe" | play --replace >/dev/null
  within 10 caisson healthcheck run web-one
  in_one 'pkill httpd || killall httpd'
  run -1 caisson healthcheck run web-one
}

@test "kube: a Deployment is as many pods as it asks for" {
  cat >"$T/d.yaml" <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: many}
spec:
  replicas: 2
  selector: {matchLabels: {app: many}}
  template:
    metadata: {labels: {app: many}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: "builtin:busybox", command: [sleep, "1000"]}]
Y
  caisson kube play --start=false "$T/d.yaml" >/dev/null
  [ "$(caisson pod ps --format '{{.Name}} {{.Status}}' --sort name | tr '\n' ' ')" = "many-pod-0 Created many-pod-1 Created " ]
  [ "$(caisson pod ps -q --filter label=app=many | wc -l)" = 2 ]
  caisson kube play --down "$T/d.yaml" >/dev/null
  nothing_kept
}

@test "kube: what is wrong is said all at once, with file, document, line and path, and nothing is made" {
  pod true '    lifecycle: {}
    imagePullPolcy: Always
    args: [1]' >"$T/web.yaml"
  run -125 caisson kube play "$T/web.yaml"
  [[ "$output" == *"web.yaml: document 1 (Pod web): line "*": spec.containers[0].lifecycle: is not supported"* ]]
  [[ "$output" == *"spec.containers[0].imagePullPolcy: is unknown: did you mean imagePullPolicy?"* ]]
  [[ "$output" == *"spec.containers[0].args[0]: has to be text"* ]]
  pod true '    ports: [{containerPort: 80, hostPort: 8080, hostIP: here}]' >"$T/web.yaml"
  run -125 caisson kube play "$T/web.yaml"
  [[ "$output" == *"spec.containers[0].ports[0].hostIP: 'here' is no address"* ]]
  pod true '    image2: x
    envFrom: [{configMapRef: {name: none}}]' | sed '/image2/d' >"$T/web.yaml"
  run -125 caisson kube play "$T/web.yaml"
  [[ "$output" == *"spec.containers[0].envFrom[0]: there is no ConfigMap none"* ]]
  pod true >"$T/good.yaml"
  { cat "$T/good.yaml" && printf -- '---\n' && sed 's/name: web/name: other/; s/builtin:busybox/builtin:nothing/' "$T/good.yaml"; } >"$T/two.yaml"
  run -125 caisson kube play "$T/two.yaml"
  run -125 caisson kube play "$T/missing.yaml"
  run -125 caisson kube play https://example.org/x.yaml
  nothing_kept
  [ -z "$(ls -A "$T/root/pods" 2>/dev/null)" ]
  pod 'sleep 1000' '    readinessProbe: {tcpSocket: {port: 1}}' >"$T/web.yaml"
  run -125 caisson --strict kube play "$T/web.yaml"
  run -0 caisson kube play "$T/web.yaml"
  [[ "$output" == *"spec.containers[0].readinessProbe: has no effect here"* ]]
}

@test "kube: what is generated of a pod and of containers plays again" {
  caisson pod create --name web --label tier=front
  caisson run -d --pod web --name web-one -e 'A=$x' -m 64m --cap-drop KILL -v kept:/k -v "$T:/t:ro" -w /tmp builtin:busybox sleep 1000
  caisson kube generate web >"$T/web.yaml"
  caisson pod rm -f web
  caisson kube play "$T/web.yaml" >/dev/null
  [ "$(in_one 'echo $A; pwd' | tr '\n' ' ')" = '$x /tmp ' ]
  run ! in_one 'touch /t/x'
  [ "$(caisson inspect -f '{{.HostConfig.Memory}}' web-one)" = $((64 << 20)) ]
  [ "$(caisson pod inspect -f '{{.Labels.tier}}' web)" = front ]
  caisson run -d --name alone --rm builtin:busybox sleep 1000
  caisson generate kube alone | grep -q 'name: alone-pod'
  run -125 caisson generate kube web-one
  caisson kube generate kept | grep -q 'kind: PersistentVolumeClaim'
  caisson rm -f alone
  caisson pod rm -af
  caisson volume rm kept
}
