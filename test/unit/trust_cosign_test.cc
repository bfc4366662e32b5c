#include "trust/cosign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>

#include "temporary_directory.h"

namespace caisson::trust {
namespace {

using testing::HasSubstr;

// A pair of keys, whose public half is a file.
class Pair {
 public:
  Pair(const char* kind, const std::string& path) : path_(path) {
    const std::string name = kind;
    if (name == "EC") key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    if (name == "RSA") key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(2048));
    if (name == "ED25519") key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    std::FILE* file = std::fopen(path.c_str(), "w");
    EXPECT_EQ(PEM_write_PUBKEY(file, key_), 1);
    std::fclose(file);
  }
  ~Pair() { EVP_PKEY_free(key_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  std::string sign(const std::string& message) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const EVP_MD* hash = EVP_PKEY_id(key_) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, hash, nullptr, key_), 1);
    std::string signature(1024, '\0');
    std::size_t size = signature.size();
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                             reinterpret_cast<const unsigned char*>(message.data()), message.size()),
              1);
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
  }
  PublicKey read() const { return PublicKey::read(path_).value(); }

 private:
  std::string path_;
  EVP_PKEY* key_ = nullptr;
};

TEST(PublicKey, KnowsWhatItHasSigned) {
  const TemporaryDirectory place;
  for (const char* kind : {"EC", "RSA", "ED25519"}) {
    const Pair pair(kind, place / kind);
    const Pair other(kind, place / (std::string("other-") + kind));
    const std::string signature = pair.sign("message");
    EXPECT_TRUE(pair.read().has_signed("message", signature)) << kind;
    EXPECT_FALSE(pair.read().has_signed("massage", signature)) << kind;
    EXPECT_FALSE(other.read().has_signed("message", signature)) << kind;
    EXPECT_FALSE(pair.read().has_signed("message", "")) << kind;
  }
}

TEST(PublicKey, IsReadFromPem) {
  const TemporaryDirectory place;
  EXPECT_THAT(PublicKey::read(place / "none").error().text(), HasSubstr("No such file"));
  EXPECT_THAT(PublicKey::read("/etc/passwd").error().text(), HasSubstr("this is no public key in PEM"));
}

TEST(Payload, NamesTheDigest) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto payload = [&](const std::string& kind, const std::string& is) {
    return R"({"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":")" + is +
           R"("},"type":")" + kind + R"("},"optional":null})";
  };
  EXPECT_EQ(signed_digest(payload("cosign container image signature", digest)), digest);
  EXPECT_FALSE(signed_digest(payload("atomic container signature", digest)));
  EXPECT_FALSE(signed_digest(payload("cosign container image signature", "sha256:short")));
  EXPECT_FALSE(signed_digest("{}"));
  EXPECT_EQ(signature_tag(digest), "sha256-" + std::string(64, 'a') + ".sig");
}

}  // namespace
}  // namespace caisson::trust
