#include "cgroup/gvariant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace caisson::cgroup {
namespace {

// "u 15": the signature, the words.
std::string read(std::string_view text) {
  const Result<Typed> typed = read_gvariant(text);
  return typed ? typed->signature + " " + join(typed->words, " ") : typed.error().text();
}

struct Row {
  const char* text;
  const char* read;
};

TEST(GVariant, ValuesHaveTheTypesThatGLibGivesThem) {
  for (const Row& row : {
           Row{"15", "i 15"},
           Row{"-15", "i -15"},
           Row{"0x1F", "i 31"},
           Row{"0644", "i 420"},
           Row{"uint32 15", "u 15"},
           Row{"uint64 18446744073709551615", "t 18446744073709551615"},
           Row{"int64 -9223372036854775808", "x -9223372036854775808"},
           Row{"byte 255", "y 255"},
           Row{"1.5", "d 1.5"},
           Row{"1e3", "d 1000"},
           Row{"double 2", "d 2"},
           Row{"true", "b true"},
           Row{"boolean false", "b false"},
           Row{"'a word'", "s a word"},
           Row{"\"it's\"", "s it's"},
           Row{"'it\\'s \\\\'", "s it's \\"},
           Row{"objectpath '/a'", "o /a"},
           Row{"['a', 'b']", "as 2 a b"},
           Row{"@as []", "as 0"},
           Row{"@a(ss) [('/dev/null', 'rw')]", "a(ss) 1 /dev/null rw"},
           Row{"[uint32 1, 2]", "au 2 1 2"},
           Row{"(1, 'a', true)", "(isb) 1 a true"},
           Row{"('a',)", "(s) a"},
           Row{"<uint64 5>", "v t 5"},
           Row{"{'a': 1, 'b': 2}", "a{si} 2 a 1 b 2"},
           Row{"@a{sv} {'a': <1>}", "a{sv} 1 a i 1"},
           Row{"b'ab'", "ay 3 97 98 0"},
           Row{"  [ 'a' , 'b' ]  ", "as 2 a b"},
       }) {
    EXPECT_EQ(read(row.text), row.read) << row.text;
  }
}

TEST(GVariant, WhatIsNoneIsRefusedWithThePlace) {
  for (const Row& row : {
           Row{"", "a value is missing at character 1"},
           Row{"word", "not a value at character 1"},
           Row{"'open", "the closing quote is missing at character 6"},
           Row{"1 2", "something follows the value at character 3"},
           Row{"byte 256", "a number that does not fit its type, 'y' at character 6"},
           Row{"uint32 -1", "a number that does not fit its type, 'u' at character 8"},
           Row{"3000000000", "a number that does not fit its type, 'i' at character 1"},
           Row{"uint64 18446744073709551616", "a number that does not fit its type, 't' at character 8"},
           Row{"1x", "not a number at character 1"},
           Row{"[]", "[] needs its type, as in @as [] at character 3"},
           Row{"['a', 1]", "a number is not of type 's' at character 7"},
           Row{"['a'", "',' is missing at character 5"},
           Row{"@as [1]", "a number is not of type 's' at character 6"},
           Row{"@(su) ('a')", "fewer members than the type has at character 12"},
           Row{"@(s) ('a', 'b')", "more members than the type has at character 12"},
           Row{"()", "D-Bus has no empty tuple at character 3"},
           Row{"@q 'a'", "a string is not of type 'q' at character 4"},
           Row{"@( 1", "not the type of a value at character 2"},
           Row{"uint32 true", "a value of type 'b' where 'u' is expected at character 8"},
       }) {
    EXPECT_THAT(read(row.text), testing::StartsWith(row.read)) << row.text;
  }
  EXPECT_THAT(read(std::string(100, '[')), testing::StartsWith("nested too deeply"));
}

}  // namespace
}  // namespace caisson::cgroup
