#include "image/check_store.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "image/digest.h"
#include "image_store_fixture.h"
#include "kernel/files.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class CheckStore : public ImageStoreTest {
 protected:
  // As put(), with the right digest.
  Descriptor put_right(std::string_view media_type, const std::string& content) {
    const std::string digest = digest_of(content).value();
    EXPECT_TRUE(add_blob(store_, content, digest));
    return {.media_type = std::string(media_type), .digest = digest, .size = static_cast<std::int64_t>(content.size())};
  }
  Manifest put_named(const std::string& name, const std::string& content) {
    const Descriptor layer = put_right(media_type::kOciLayer, content);
    const ImageConfig config{.platform = {.os = "linux", .architecture = "amd64"}, .diff_ids = {layer.digest}};
    Manifest manifest{.media_type = std::string(media_type::kOciManifest), .config = {}, .layers = {layer}};
    manifest.config = put_right(media_type::kOciConfig, write_image_config(config));
    manifest_ = put_right(media_type::kOciManifest, write_manifest(manifest));
    EXPECT_TRUE(set_name(store_, name, manifest_));
    return manifest;
  }
  void damage(const std::string& path) { std::fstream(path, std::ios::in | std::ios::out).put('X'); }

  StoreCheck check(Mend mend = Mend::kNo) {
    const Result<StoreCheck> checked = check_store(store_.path(), mend);
    EXPECT_TRUE(checked) << checked.error().text();
    return checked.value_or(StoreCheck());
  }

  Descriptor manifest_;
};

TEST_F(CheckStore, AWholeStoreHasNoProblems) {
  put_named("localhost/a:1", "one");
  put_named("localhost/b:1", "two");
  const StoreCheck found = check();
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_EQ(found.blobs, 6U);
  EXPECT_GT(found.bytes, 6U);
}

TEST_F(CheckStore, ThereMayBeNone) {
  std::filesystem::remove_all(store_.path());
  EXPECT_THAT(check().problems, IsEmpty());
  EXPECT_FALSE(kernel::exists(store_.path()));
}

TEST_F(CheckStore, AWrongByteAnywhereIsFoundAndMended) {
  const Manifest whole = put_named("localhost/whole:1", "whole");
  const Manifest manifest = put_named("localhost/a:1", "one");
  const std::string manifest_digest = manifest_.digest;
  for (const std::string& digest : {manifest.layers[0].digest, manifest.config.digest, manifest_digest}) {
    put_named("localhost/a:1", "one");
    damage(store_.blob_path(digest));
    const StoreCheck found = check();
    ASSERT_EQ(found.problems.size(), 2U) << digest;
    EXPECT_THAT(found.problems[0], HasSubstr("blob " + digest + ": its content has another digest, sha256:"));
    EXPECT_THAT(found.problems[1], HasSubstr("image 'localhost/a:1': "));
    EXPECT_EQ(found.unmended, 2U);
    EXPECT_THAT(names(), UnorderedElementsAre("localhost/whole:1", "localhost/a:1"));

    EXPECT_EQ(check(Mend::kYes).unmended, 0U);
    EXPECT_THAT(check().problems, IsEmpty());
    EXPECT_THAT(names(), ElementsAre("localhost/whole:1"));
    EXPECT_FALSE(kernel::exists(store_.blob_path(digest)));
  }
}

TEST_F(CheckStore, WhatIsMissingIsNamed) {
  const Manifest manifest = put_named("localhost/a:1", "one");
  ASSERT_EQ(::unlink(store_.blob_path(manifest.layers[0].digest).c_str()), 0);
  EXPECT_THAT(check().problems,
              ElementsAre("image 'localhost/a:1': the layer " + manifest.layers[0].digest + " is missing"));
}

TEST_F(CheckStore, ABlobThatAnotherNeedsStaysForNow) {
  const Manifest manifest = put_named("localhost/a:1", "one");
  const auto hold = hold_blob(store_, manifest.layers[0]);
  damage(store_.blob_path(manifest.layers[0].digest));
  EXPECT_EQ(check(Mend::kYes).unmended, 1U);
}

TEST_F(CheckStore, AnIndexThatCannotBeReadIsMadeAnew) {
  put_named("localhost/a:1", "one");
  put_named("localhost/b:1", "two");
  ASSERT_EQ(::truncate((store_.path() + "/index.json").c_str(), 20), 0);
  EXPECT_EQ(check().unmended, 1U);
  EXPECT_EQ(check(Mend::kYes).unmended, 0U);
  EXPECT_THAT(names(), ElementsAre("", ""));
  EXPECT_TRUE(kernel::exists(store_.path() + "/index.json.damaged"));
  EXPECT_THAT(check().problems, IsEmpty());
}

TEST_F(CheckStore, ALineThatCannotBeReadGoes) {
  put_named("localhost/a:1", "one");
  const std::string path = store_.path() + "/index.json";
  std::string text = kernel::read_file(path).value();
  text.replace(text.find("\"manifests\":["), 13, "\"manifests\":[{\"digest\":\"none\"},");
  std::ofstream(path) << text;
  EXPECT_EQ(check().problems.size(), 1U);
  EXPECT_EQ(check(Mend::kYes).unmended, 0U);
  EXPECT_THAT(check().problems, IsEmpty());
  EXPECT_THAT(names(), ElementsAre("localhost/a:1"));
}

TEST_F(CheckStore, AnEmptyLayoutFileIsMadeAnew) {
  put_named("localhost/a:1", "one");
  ASSERT_EQ(::truncate((store_.path() + "/oci-layout").c_str(), 0), 0);
  EXPECT_THAT(check_store(store_.path(), Mend::kNo).error().text(), HasSubstr("oci-layout: it is empty"));
  EXPECT_EQ(check(Mend::kYes).unmended, 0U);
  EXPECT_THAT(check().problems, IsEmpty());
}

}  // namespace
}  // namespace caisson::image
