// What the engine is asked for by a manifest: variables, volumes, limits, health, rights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/compose_pod.h"
#include "kube/read_manifest.h"
#include "kube/write_manifest.h"

namespace caisson::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Pod pod(const std::string& container, const std::string& spec = "") {
  Reading reading = read_manifest("apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {tier: front}}\nspec:\n" +
                                      spec + "  containers:\n  - name: one\n    image: busybox\n" + container,
                                  "web.yaml");
  EXPECT_THAT(reading.errors, IsEmpty());
  return reading.manifest.pods.empty() ? Pod() : reading.manifest.pods.front();
}

const Objects kObjects = {.config_maps = {{"c", {{"a", "1"}, {"b", "2"}}}}, .secrets = {{"s", {{"key", "hidden"}}}}};
const PodFacts kFacts = {.uid = "abc", .node_name = "host", .processors = 2, .memory_bytes = 1 << 30};

Result<engine::RunOptions> composed(const Pod& made, ContainerKind kind = ContainerKind::kPlain) {
  return compose_container(made, made.spec.containers.at(0), kind, kObjects, kFacts, {{"v", "volume"}});
}

std::string error_of(const Pod& made) {
  const auto options = composed(made);
  return options ? "none" : options.error().text();
}

TEST(Expand, AsKubernetesDoes) {
  const Environment environment = {{"A", "1"}, {"B", "2"}};
  EXPECT_EQ(expand("$(A)-$(B)", environment), "1-2");
  EXPECT_EQ(expand("$$(A)", environment), "$(A)");
  EXPECT_EQ(expand("$$$(A)", environment), "$1");
  EXPECT_EQ(expand("$(C) $A $ $(A", environment), "$(C) $A $ $(A");
}

TEST(Compose, Environment) {
  const auto options = composed(pod(R"Y(    envFrom: [{configMapRef: {name: c}, prefix: P_}]
    env:
    - {name: X, value: "$(P_a)$(LATE)"}
    - {name: LATE, valueFrom: {secretKeyRef: {name: s, key: key}}}
    - {name: Z, valueFrom: {configMapKeyRef: {name: none, key: key, optional: true}}}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: L, valueFrom: {fieldRef: {fieldPath: "metadata.labels['tier']"}}}
    - {name: M, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
    resources: {limits: {memory: 64Mi}}
    command: [sh, $(LATE)]
)Y"));
  ASSERT_TRUE(options) << options.error().text();
  std::vector<std::pair<std::string, std::string>> env;
  for (const auto& each : options->env) env.emplace_back(each.name, each.value);
  EXPECT_THAT(env, ElementsAre(Pair("P_a", "1"), Pair("P_b", "2"), Pair("X", "1$(LATE)"), Pair("LATE", "hidden"),
                               Pair("NAME", "web"), Pair("L", "front"), Pair("M", "64")));
  EXPECT_THAT(*options->entrypoint, ElementsAre("sh", "hidden"));
  EXPECT_EQ(options->source, "docker.io/library/busybox:latest");
  EXPECT_EQ(options->name, "web-one");
  EXPECT_EQ(options->memory_bytes, 64 << 20);
}

TEST(Compose, MissingObjectsAreNamed) {
  EXPECT_THAT(
      error_of(pod("    envFrom: [{secretRef: {name: none}}]\n")),
      HasSubstr("web.yaml: document 1 (Pod web): line 8: spec.containers[0].envFrom[0]: there is no Secret none"));
  EXPECT_THAT(error_of(pod("    env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: z}}}]\n")),
              HasSubstr("c has no key z"));
  EXPECT_THAT(error_of(pod("    env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]\n")),
              HasSubstr("is not supported"));
  EXPECT_THAT(error_of(pod("    volumeMounts: [{name: none, mountPath: /x}]\n")), HasSubstr("there is no volume none"));
}

TEST(Compose, ImagesAreNeverPaths) {
  for (const char* image : {"/etc", "./x", "../x", "-"}) {
    Pod made = pod("");
    made.spec.containers[0].image = image;
    EXPECT_THAT(error_of(made), HasSubstr("spec.containers[0].image")) << image;
  }
}

TEST(Compose, RightsAndLimits) {
  const auto options = composed(
      pod(R"(    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {add: [NET_ADMIN], drop: [ALL]}
    resources: {limits: {cpu: 500m}, requests: {cpu: 250m, memory: 32Mi}}
)",
          "  securityContext: {runAsUser: 5, runAsGroup: 6, fsGroup: 7, seccompProfile: {type: Unconfined}}\n"));
  ASSERT_TRUE(options) << options.error().text();
  EXPECT_EQ(options->user, "5:6");
  EXPECT_THAT(options->groups, ElementsAre("7"));
  EXPECT_TRUE(options->security.no_new_privileges && options->security.seccomp_unconfined && options->read_only);
  EXPECT_TRUE(options->cap_drop.all);
  EXPECT_EQ(options->cap_add.mask, 1U << 12U);
  EXPECT_EQ(options->nano_cpus, 500'000'000);
  EXPECT_EQ(options->cpu_shares, 256U);
  EXPECT_EQ(options->memory_reservation_bytes, 32 << 20);
  EXPECT_EQ(options->restart.when, engine::RestartWhen::kAlways);
  EXPECT_EQ(composed(pod(""), ContainerKind::kInit)->restart.when, engine::RestartWhen::kNo);
}

TEST(Compose, Health) {
  const auto options =
      composed(pod("    livenessProbe: {httpGet: {port: 80, path: /x, httpHeaders: [{name: A, value: b}]}, "
                   "periodSeconds: 2, initialDelaySeconds: 4}\n"
                   "    startupProbe: {httpGet: {port: 80, path: /x, httpHeaders: [{name: A, value: b}]}, "
                   "periodSeconds: 1, failureThreshold: 30}\n"));
  ASSERT_TRUE(options) << options.error().text();
  EXPECT_THAT(options->health.test, ElementsAre("HTTP", "", "80", "/x", "A: b"));
  EXPECT_EQ(options->health.interval, std::chrono::seconds(2));
  EXPECT_EQ(options->health.start_period, std::chrono::seconds(30));
  EXPECT_EQ(options->health.on_failure, engine::OnUnhealthy::kRestart);
  EXPECT_THAT(error_of(pod("    startupProbe: {tcpSocket: {port: 1}}\n")), HasSubstr("startupProbe"));
}

TEST(Compose, Volumes) {
  const Pod made = pod(R"(    volumeMounts:
    - {name: v, mountPath: /v, subPath: a//b, readOnly: true}
    - {name: c, mountPath: /c}
    - {name: h, mountPath: /h}
    - {name: m, mountPath: /m}
)",
                       R"(  securityContext: {fsGroup: 9}
  volumes:
  - {name: v, emptyDir: {}}
  - {name: c, configMap: {name: c, items: [{key: a, path: x/y, mode: 0600}]}}
  - {name: h, hostPath: {path: /srv}}
  - {name: m, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
)");
  const auto volumes = pod_volumes(made, kObjects);
  ASSERT_TRUE(volumes) << volumes.error().text();
  ASSERT_EQ(volumes->size(), 2U);
  EXPECT_THAT((*volumes)[0].sub_paths, ElementsAre("a/b"));
  EXPECT_EQ((*volumes)[0].group, 9U);
  EXPECT_THAT((*volumes)[1].files, ElementsAre(VolumeFile{"x/y", "1", 0600}));
  const auto options = composed(made);
  ASSERT_TRUE(options) << options.error().text();
  EXPECT_EQ(options->mounts[0].source, "volume");
  EXPECT_EQ(options->mounts[0].subpath, "a/b");
  EXPECT_THAT(options->mounts[0].options, ElementsAre("ro"));
  EXPECT_THAT(options->mounts[1].options, ElementsAre("ro"));
  EXPECT_EQ(options->mounts[2].kind, engine::MountKind::kBind);
  EXPECT_THAT(options->mounts[3].options, ElementsAre("mode=1777", "size=1048576"));
}

TEST(Compose, WhatIsWrittenReadsTheSame) {
  const Pod made = pod(R"Y(    command: [sh, -c, "echo $$(A) # x"]
    env: [{name: A, value: "yes"}]
    volumeMounts: [{name: v, mountPath: /v}]
    resources: {limits: {cpu: 500m, memory: 64Mi}}
    securityContext: {runAsUser: 5, capabilities: {drop: [KILL]}}
)Y",
                       "  hostNetwork: true\n  volumes: [{name: v, hostPath: {path: /srv, type: Directory}}]\n");
  const std::string text = write_manifest({.pods = {made}});
  const Reading again = read_manifest(text, "again");
  ASSERT_THAT(again.errors, IsEmpty()) << text;
  EXPECT_EQ(write_manifest(again.manifest), text);
  EXPECT_EQ(*again.manifest.pods[0].spec.containers[0].command, *made.spec.containers[0].command);
  EXPECT_EQ(again.manifest.pods[0].spec.containers[0].resources.memory_limit, (64LL << 20) * 1000);
}

}  // namespace
}  // namespace caisson::kube
