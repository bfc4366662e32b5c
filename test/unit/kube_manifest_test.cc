// Manifests read: what is said of what is wrong, unknown, not supported or without effect.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/quantity.h"
#include "kube/read_manifest.h"

namespace caisson::kube {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string pod(const std::string& container, const std::string& spec = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n" + spec +
         "  containers:\n  - name: one\n    image: i\n" + container;
}

void expect_error(const std::string& text, const std::string& words) {
  EXPECT_THAT(read_manifest(text, "web.yaml").errors, Contains(HasSubstr(words))) << text;
}

void expect_warning(const std::string& text, const std::string& words) {
  const Reading reading = read_manifest(text, "web.yaml");
  EXPECT_THAT(reading.errors, IsEmpty());
  EXPECT_THAT(reading.warnings, Contains(HasSubstr(words))) << text;
}

TEST(Quantity, Values) {
  struct Row {
    const char* text;
    std::int64_t thousandths;
  };
  const Row rows[] = {
      {"1", 1000}, {"500m", 500}, {"1.5", 1500}, {"64Mi", (64LL << 20) * 1000}, {"1e3", 1000000}, {"1k", 1000000},
      {"1u", 1},   {"0", 0},      {"+2", 2000},  {"1P", 1000000000000000000LL}};
  for (const Row& row : rows) EXPECT_EQ(parse_quantity(row.text), row.thousandths) << row.text;
  for (const char* text : {"", "m", "-1", "1Zi", "1.2.3", "1e99", "9999999999999999999", "100Ei", "1 Gi"})
    EXPECT_EQ(parse_quantity(text), std::nullopt) << text;
  EXPECT_EQ(in_units(1500, 1000), "2");
  EXPECT_EQ(in_units((64LL << 20) * 1000, (1LL << 20) * 1000), "64");
}

TEST(Base64, Values) {
  EXPECT_EQ(decode_base64("aGVsbG8="), "hello");
  EXPECT_EQ(decode_base64("aGVs\nbG8=\n"), "hello");
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("AA=="), std::string(1, '\0'));
  for (const char* text : {"a", "aGVsbG8", "aGVsbG8==", "a*==", "=aaa"})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

TEST(Manifest, SaysWhatIsWrongAndWhere) {
  expect_error(pod("    imagePullPolcy: Always\n"),
               "web.yaml: document 1 (Pod web): line 8: spec.containers[0].imagePullPolcy: is unknown: did you mean "
               "imagePullPolicy?");
  expect_error(pod("    lifecycle: {preStop: {exec: {command: [x]}}}\n"),
               "spec.containers[0].lifecycle: is not supported");
  expect_error(pod("    args: [1]\n"),
               "spec.containers[0].args[0]: has to be text, and is a number: quotes make it text");
  expect_error(pod("    env: [{name: A, value: true}]\n"),
               "spec.containers[0].env[0].value: has to be text, and true is true or false");
  expect_error(pod("    ports: [{containerPort: 70000}]\n"), "containerPort: has to be a whole number from 1 to 65535");
  expect_error(pod("    workingDir: x\n"), "has to be an absolute path");
  expect_error(pod("    volumeMounts: [{name: v, mountPath: /v, subPath: ../x}]\n"), "subPath: has '..' in it");
  expect_error(pod("    resources: {limits: {memory: lots}}\n"),
               "spec.containers[0].resources.limits.memory: is no quantity");
  expect_error(pod("  - name: one\n    image: i\n"), "spec.containers[1].name: 'one' is there twice");
  expect_error(pod("", "  restartPolicy: Sometimes\n"), "'Sometimes' is none of Always, OnFailure, Never");
  expect_error(pod("", "  volumes: [{name: v, nfs: {server: a, path: /b}}]\n"),
               "spec.volumes[0].nfs: is not supported");
  expect_error(pod("", "  volumes: [{name: v, configMap: {name: c, items: [{key: a, path: ../b}]}}]\n"),
               "has to be relative");
  expect_error(pod("    livenessProbe: {periodSeconds: 3}\n"), "one of them is needed");
  expect_error(pod("    livenessProbe: {tcpSocket: {port: http}}\n"), "none is called 'http'");
  expect_error("apiVersion: v1\nkind: Pod\nmetadata: {name: Web_1}\nspec: {containers: [{name: a, image: b}]}\n",
               "is no name");
  expect_error("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n", "spec: is missing");
  expect_error("apiVersion: v2\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: b}]}\n",
               "is not v1");
  expect_error("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n", "no document of a kind that there is here");
  expect_error("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: '*'}\n", "is no base64");
  expect_error("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {../a: b}\n", "is no key");
  expect_error("[]", "has to be a map");
  expect_error("a: [", "web.yaml: line");
}

TEST(Manifest, AllFindingsAtOnce) {
  const Reading reading = read_manifest(pod("    a: 1\n    b: 2\n    c: 3\n"), "web.yaml");
  EXPECT_EQ(reading.errors.size(), 3U);
}

TEST(Manifest, NamesWhatHasNoEffect) {
  expect_warning(pod("    readinessProbe: {tcpSocket: {port: 1}}\n"),
                 "spec.containers[0].readinessProbe: has no effect here");
  expect_warning(pod("", "  nodeSelector: {a: b}\n"), "spec.nodeSelector: has no effect here: there is one node");
  expect_warning(pod("") + "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n",
                 "document 2 (Service s): line 10: kind: there is no Service here");
}

TEST(Manifest, Deployment) {
  const Reading reading = read_manifest(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: 2\n  selector: {matchLabels: {a: "
      "b}}\n"
      "  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: c, image: i}]}\n",
      "d.yaml");
  ASSERT_THAT(reading.errors, IsEmpty());
  ASSERT_EQ(reading.manifest.pods.size(), 2U);
  EXPECT_EQ(reading.manifest.pods[1].metadata.name, "d-pod-1");
  EXPECT_EQ(reading.manifest.pods[1].metadata.labels.at("a"), "b");
}

TEST(Manifest, PodInFull) {
  const Reading reading = read_manifest(R"(apiVersion: v1
kind: Pod
metadata:
  name: web
  creationTimestamp: null
spec:
  hostAliases:
  - ip: 10.0.0.1
    hostnames: [a, b]
  dnsConfig:
    nameservers: [1.1.1.1]
    options: [{name: ndots, value: "2"}, {name: rotate}]
  initContainers:
  - {name: first, image: i, command: [true]}
  containers:
  - name: one
    image: i
    command: ["a"]
    ports: [{name: http, containerPort: 8080}]
    livenessProbe: {httpGet: {port: http, path: /x}}
    resources: {limits: {cpu: 1.5, memory: 64Mi}, requests: {cpu: 100m}}
  volumes:
  - {name: v, secret: {secretName: s, defaultMode: 0400}}
  - {name: w, configMap: {name: c, defaultMode: 256}}
  - {name: e}
status: {}
)",
                                        "web.yaml");
  ASSERT_THAT(reading.errors, ElementsAre(HasSubstr("spec.initContainers[0].command[0]")));
  const PodSpec& spec = reading.manifest.pods.at(0).spec;
  EXPECT_THAT(spec.dns_options, ElementsAre("ndots:2", "rotate"));
  EXPECT_EQ(spec.containers.at(0).liveness->port, "8080");
  EXPECT_EQ(spec.containers.at(0).resources.cpu_limit, 1500);
  EXPECT_EQ(spec.containers.at(0).resources.cpu_request, 100);
  EXPECT_EQ(spec.volumes.at(0).mode, 0400);
  EXPECT_EQ(spec.volumes.at(1).mode, 0400);
  EXPECT_EQ(spec.volumes.at(2).kind, Volume::Kind::kEmpty);
}

}  // namespace
}  // namespace caisson::kube
