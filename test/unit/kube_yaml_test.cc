// YAML as trees: kinds, lines, aliases and merges; what is bounded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/yaml.h"

namespace caisson::kube {
namespace {

using ::testing::HasSubstr;

Node one(std::string_view text) {
  const auto documents = read_yaml(text);
  EXPECT_TRUE(documents) << documents.error().text();
  if (!documents || documents->size() != 1) return {};
  return documents->front();
}

std::string error_of(std::string_view text) {
  const auto documents = read_yaml(text);
  return documents ? "none" : documents.error().text();
}

TEST(Yaml, KindsOfScalars) {
  struct Row {
    const char* text;
    NodeKind kind;
  };
  const Row rows[] = {
      {"a: 1", NodeKind::kNumber},      {"a: -1.5e3", NodeKind::kNumber}, {"a: 0x1F", NodeKind::kNumber},
      {"a: 'yes'", NodeKind::kText},    {"a: yes", NodeKind::kBoolean},   {"a: True", NodeKind::kBoolean},
      {"a: \"1\"", NodeKind::kText},    {"a: 1.2.3", NodeKind::kText},    {"a: 100m", NodeKind::kText},
      {"a: ~", NodeKind::kNull},        {"a:", NodeKind::kNull},          {"a: !!str 1", NodeKind::kText},
      {"a: |\n  1\n", NodeKind::kText}, {"a: []", NodeKind::kList},       {"a: {}", NodeKind::kMap}};
  for (const Row& row : rows) EXPECT_EQ(one(row.text).find("a")->kind, row.kind) << row.text;
}

TEST(Yaml, LinesAndDocuments) {
  const auto documents = read_yaml("---\na: 1\n---\n# nothing\n---\nb:\n  - c\n  - d: 2\n");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 2U);
  EXPECT_EQ((*documents)[1].find("b")->items[1].find("d")->line, 8U);
}

TEST(Yaml, AliasesAndMerges) {
  const Node node = one("base: &b {x: 1, y: 2}\nmade: {<<: *b, y: 3}\nagain: *b\n");
  EXPECT_EQ(node.find("made")->find("x")->text, "1");
  EXPECT_EQ(node.find("made")->find("y")->text, "3");
  EXPECT_EQ(node.find("again")->find("y")->text, "2");
  EXPECT_THAT(error_of("a: *nothing"), HasSubstr("line 1"));
}

TEST(Yaml, Refusals) {
  EXPECT_THAT(error_of("a: 1\nb: 2\na: 3\n"), HasSubstr("line 3: 'a' is there twice"));
  EXPECT_THAT(error_of("a: [1, 2\n"), HasSubstr("line"));
  EXPECT_THAT(error_of("{[a]: 1}"), HasSubstr("a key is text"));
  EXPECT_THAT(error_of("a: !!binary aGk="), HasSubstr("tag"));
  EXPECT_THAT(error_of("a: !local x"), HasSubstr("tag"));
}

TEST(Yaml, AliasesThatGrowAreBounded) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'j'; ++c)
    bomb += std::string(1, c) + ": &" + c + " [" + [&] {
      std::string list;
      for (int i = 0; i < 10; ++i) list += std::string(i ? "," : "") + "*" + static_cast<char>(c - 1);
      return list;
    }() + "]\n";
  EXPECT_THAT(error_of(bomb), HasSubstr("more than 100000 values"));
  EXPECT_THAT(error_of(std::string(1000, '[') + std::string(1000, ']')), HasSubstr("nested deeper"));
  EXPECT_THAT(error_of(std::string(kMostYamlBytes + 1, ' ')), HasSubstr("larger than"));
}

TEST(Yaml, WrittenScalarsReadAsTheSameText) {
  for (const std::string text : {"plain",
                                 "",
                                 "yes",
                                 "1",
                                 "null",
                                 "a: b",
                                 "- x",
                                 "#x",
                                 "a #b",
                                 "x:",
                                 "\"q\"",
                                 "a\nb",
                                 "é",
                                 "*a",
                                 "/a/b",
                                 "1.5",
                                 "docker.io/library/busybox:1",
                                 " x ",
                                 "-x",
                                 "=",
                                 "{",
                                 "a\\b",
                                 "~",
                                 "y"}) {
    const Node node = one("k: " + yaml_scalar(text) + "\n");
    ASSERT_NE(node.find("k"), nullptr) << text;
    EXPECT_EQ(node.find("k")->kind, NodeKind::kText) << text;
    EXPECT_EQ(node.find("k")->text, text);
  }
}

}  // namespace
}  // namespace caisson::kube
