#include "image/containerfile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Containerfile, NamesTheImagesItIsMadeFrom) {
  EXPECT_THAT(images_in_containerfile("FROM busybox\nRUN true\n"), ElementsAre("busybox"));
  EXPECT_THAT(images_in_containerfile("# FROM a\nfrom --platform=linux/arm64 a:1 as build\nFROM b@sha256:1\n"
                                      "COPY --from=build /x /\nCOPY --from=c:2 /y /\nFROM build\nFROM a:1"),
              ElementsAre("a:1", "b@sha256:1", "c:2"));
  EXPECT_THAT(images_in_containerfile("FROM \\\n  a \\\n  AS x\r\nFROM x\n"), ElementsAre("a"));
  EXPECT_THAT(images_in_containerfile("FROM scratch\nCOPY --from=0 / /\n"), IsEmpty());
}

TEST(Containerfile, ArgumentsBeforeTheFirstStageAreKnown) {
  EXPECT_THAT(images_in_containerfile("ARG BASE=a\nARG TAG\nFROM ${BASE}:${TAG:-2}\nFROM $BASE\nFROM x:$TAG\n"),
              ElementsAre("a:2", "a"));
  EXPECT_THAT(images_in_containerfile("FROM a${\nFROM $\n"), IsEmpty());
}

}  // namespace
}  // namespace caisson::image
