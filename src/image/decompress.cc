#include "image/decompress.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include <bzlib.h>
#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace caisson::image {

namespace {

// What a decoder may take for what it has to look back at, whatever the data ask for: with all else that a process
// needs for it, 64 MiB. xz -8 takes 33 MiB, xz -9 65; zstd -19 8 MiB, which is all that RFC 8878 asks for, zstd -20 32.
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kXzBytes = 40 * kMiB;
constexpr int kUsualWindowLog = 23;  // 8 MiB
constexpr int kMostWindowLog = 25;   // 32 MiB
constexpr std::string_view kZstdMagic("\x28\xb5\x2f\xfd");

Error damaged(std::string_view format, std::string_view how) {
  return complaint(fmt::format("the {} data are damaged: {}", format, how));
}
Error cut_off(std::string_view format) { return complaint(fmt::format("the {} data break off", format)); }
Error garbage(std::string_view format) { return complaint(fmt::format("something else follows the {} data", format)); }

// What has been read and not yet used, and whether there is more.
class Pending {
 public:
  Pending(Input& input, std::string_view first) : input_(input), bytes_(first) {}

  // Something to work on, unless it is the end.
  Result<std::string_view> get() {
    if (bytes_.empty()) bytes_ = TRY(input_.more());
    return bytes_;
  }
  void keep_last(std::size_t count) { bytes_.remove_prefix(bytes_.size() - count); }

  // Padding between members; then false if it is the end.
  Result<bool> skip_zeros() {
    for (;;) {
      const std::string_view bytes = TRY(get());
      if (bytes.empty()) return false;
      const std::size_t zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
      keep_last(bytes.size() - zeros);
      if (zeros < bytes.size()) return true;
    }
  }

 private:
  Input& input_;
  std::string_view bytes_;
};

unsigned char* writable(std::string_view bytes) {  // for C interfaces that take char* and do not write
  return reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
}

class Plain : public Decompressor {
 public:
  explicit Plain(Pending pending) : pending_(pending) {}

  Result<std::size_t> fill(std::span<char> output) override {
    std::size_t filled = 0;
    while (filled < output.size()) {
      const std::string_view bytes = TRY(pending_.get());
      if (bytes.empty()) break;
      const std::size_t part = std::min(bytes.size(), output.size() - filled);
      std::memcpy(output.data() + filled, bytes.data(), part);
      pending_.keep_last(bytes.size() - part);
      filled += part;
    }
    return filled;
  }

 private:
  Pending pending_;
};

// RFC 1952, by ISA-L, which checks length and CRC of each member.
class Gzip : public Decompressor {
 public:
  explicit Gzip(Pending pending) : pending_(pending), state_(std::make_unique<inflate_state>()) {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
  }

  Result<std::size_t> fill(std::span<char> output) override {
    state_->next_out = reinterpret_cast<std::uint8_t*>(output.data());
    state_->avail_out = static_cast<std::uint32_t>(output.size());
    while (state_->avail_out > 0) {
      if (between_members_ && !TRY(next_member())) break;
      const std::string_view bytes = TRY(pending_.get());
      state_->next_in = writable(bytes);
      state_->avail_in = static_cast<std::uint32_t>(bytes.size());
      const std::uint32_t room = state_->avail_out;
      const int result = isal_inflate(state_.get());
      if (result != ISAL_DECOMP_OK) return fail(damaged("gzip", words(result)));
      pending_.keep_last(state_->avail_in);
      between_members_ = state_->block_state == ISAL_BLOCK_FINISH;
      if (bytes.empty() && !between_members_ && state_->avail_out == room) return fail(cut_off("gzip"));
    }
    return output.size() - state_->avail_out;
  }

 private:
  Result<bool> next_member() {
    if (!TRY(pending_.skip_zeros())) return false;
    if (TRY(pending_.get())[0] != '\x1f') return fail(garbage("gzip"));
    isal_inflate_reset(state_.get());
    state_->crc_flag = ISAL_GZIP;
    return true;
  }

  static std::string_view words(int result) {
    switch (result) {
      case ISAL_INCORRECT_CHECKSUM: return "the checksum is wrong";
      case ISAL_INVALID_WRAPPER: return "a member's header is wrong";
      case ISAL_UNSUPPORTED_METHOD: return "the method is not deflate";
      default: return "a deflate block is invalid";
    }
  }

  Pending pending_;
  std::unique_ptr<inflate_state> state_;  // large: it holds the tables and the window
  bool between_members_ = false;
};

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

bool begins_skippable_frame(std::string_view bytes) {  // RFC 8878, 3.1.2
  return bytes.size() >= 4 && (bytes[0] & 0xf0) == 0x50 && bytes.substr(1, 3) == "\x2a\x4d\x18";
}

// The window of the first frame, as its header has it (RFC 8878, 3.1.1.1); nothing where it cannot be seen.
std::optional<std::uint64_t> first_window(std::string_view bytes) {
  constexpr std::size_t kSkippableHeader = 8;
  while (begins_skippable_frame(bytes) && bytes.size() >= kSkippableHeader) {
    const std::uint64_t length = little_endian(bytes.substr(4, 4));
    if (length > bytes.size() - kSkippableHeader) return std::nullopt;
    bytes.remove_prefix(kSkippableHeader + length);
  }
  if (!bytes.starts_with(kZstdMagic) || bytes.size() < 6) return std::nullopt;
  const auto descriptor = static_cast<unsigned char>(bytes[4]);
  const bool is_single_segment = (descriptor & 0x20U) != 0;
  if (!is_single_segment) {
    const auto window = static_cast<unsigned char>(bytes[5]);
    const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3U));
    return base + base / 8 * (window & 7U);
  }
  constexpr std::size_t kDictionaryBytes[] = {0, 1, 2, 4};
  constexpr std::size_t kSizeBytes[] = {1, 2, 4, 8};
  const std::size_t size_at = 5 + kDictionaryBytes[descriptor & 3U];
  const std::size_t size_bytes = kSizeBytes[descriptor >> 6U];
  if (bytes.size() < size_at + size_bytes) return std::nullopt;
  return little_endian(bytes.substr(size_at, size_bytes));
}

// The logarithm of the window that is given to data that begin so.
int window_log(std::string_view first) {
  const std::uint64_t wanted = first_window(first).value_or(0);
  int log = kUsualWindowLog;
  while (log < kMostWindowLog && wanted > std::uint64_t{1} << log) ++log;
  return log;
}

class Zstd : public Decompressor {
 public:
  Zstd(Pending pending, int window_log) : pending_(pending), stream_(ZSTD_createDStream()), window_log_(window_log) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, window_log);
  }

  Result<std::size_t> fill(std::span<char> output) override {
    ZSTD_outBuffer out{.dst = output.data(), .size = output.size(), .pos = 0};
    while (out.pos < out.size) {
      if (!in_frame_ && !TRY(pending_.skip_zeros())) break;
      const std::string_view bytes = TRY(pending_.get());
      ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
      const std::size_t before = out.pos;
      const std::size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(result) != 0) return fail(refusal(result));
      pending_.keep_last(in.size - in.pos);
      in_frame_ = result != 0;
      if (bytes.empty() && in_frame_ && out.pos == before) return fail(cut_off("zstd"));
    }
    return out.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  Error refusal(std::size_t result) const {
    if (ZSTD_getErrorCode(result) != ZSTD_error_frameParameter_windowTooLarge)
      return damaged("zstd", ZSTD_getErrorName(result));
    return complaint(fmt::format("the zstd data need a window of more than {} MiB, which is the most that is given",
                                 (std::uint64_t{1} << window_log_) / kMiB),
                     fmt::format("zstd --long={} makes them so that less is needed", window_log_));
  }

  Pending pending_;
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  int window_log_;
  bool in_frame_ = true;
};

class Xz : public Decompressor {
 public:
  explicit Xz(Pending pending) : pending_(pending) {}
  ~Xz() override { lzma_end(&stream_); }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;

  Result<> start() {
    lzma_mt options{};
    options.flags = LZMA_CONCATENATED;
    options.threads = std::max(lzma_cputhreads(), 1U);  // of use where xz made several blocks
    options.memlimit_threading = kXzBytes;              // fewer threads otherwise
    options.memlimit_stop = kXzBytes;
    const lzma_ret result = lzma_stream_decoder_mt(&stream_, &options);
    if (result != LZMA_OK) return fail(damaged("xz", words(result)));
    return {};
  }

  Result<std::size_t> fill(std::span<char> output) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream_.avail_out = output.size();
    while (stream_.avail_out > 0 && !ended_) {
      const std::string_view bytes = TRY(pending_.get());
      stream_.next_in = writable(bytes);
      stream_.avail_in = bytes.size();
      const lzma_ret result = lzma_code(&stream_, bytes.empty() ? LZMA_FINISH : LZMA_RUN);
      pending_.keep_last(stream_.avail_in);
      if (result == LZMA_STREAM_END) {
        ended_ = true;
      } else if (result == LZMA_BUF_ERROR) {
        return fail(cut_off("xz"));
      } else if (result == LZMA_MEMLIMIT_ERROR) {
        // How much more, the decoder with threads does not tell.
        return fail(
            complaint(fmt::format("the xz data need more than {} MiB of memory, which is the most that is given",
                                  kXzBytes / kMiB),
                      "xz -9 asks for 65 MiB, xz -8 for 33; what `xz -dc` gives needs none"));
      } else if (result != LZMA_OK) {
        return fail(damaged("xz", words(result)));
      }
    }
    return output.size() - stream_.avail_out;
  }

 private:
  static std::string_view words(lzma_ret result) {
    switch (result) {
      case LZMA_MEM_ERROR: return "they need more memory than there is";
      case LZMA_FORMAT_ERROR: return "something that is not xz follows, or begins them";
      case LZMA_OPTIONS_ERROR: return "they use a filter that is not known";
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_NO_CHECK:
      case LZMA_UNSUPPORTED_CHECK:
      case LZMA_GET_CHECK:
      case LZMA_DATA_ERROR:
      case LZMA_MEMLIMIT_ERROR:
      case LZMA_BUF_ERROR:
      case LZMA_PROG_ERROR:
      case LZMA_SEEK_NEEDED:
      case LZMA_RET_INTERNAL1:
      case LZMA_RET_INTERNAL2:
      case LZMA_RET_INTERNAL3:
      case LZMA_RET_INTERNAL4:
      case LZMA_RET_INTERNAL5:
      case LZMA_RET_INTERNAL6:
      case LZMA_RET_INTERNAL7:
      case LZMA_RET_INTERNAL8: break;
    }
    return "a block is invalid or a checksum wrong";
  }

  Pending pending_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

class Bzip2 : public Decompressor {
 public:
  explicit Bzip2(Pending pending) : pending_(pending) {}
  ~Bzip2() override {
    if (in_stream_) BZ2_bzDecompressEnd(&stream_);
  }
  Bzip2(const Bzip2&) = delete;
  Bzip2& operator=(const Bzip2&) = delete;

  Result<std::size_t> fill(std::span<char> output) override {
    stream_.next_out = output.data();
    stream_.avail_out = static_cast<unsigned>(output.size());
    while (stream_.avail_out > 0) {
      if (!in_stream_ && !TRY(next_stream())) break;
      const std::string_view bytes = TRY(pending_.get());
      stream_.next_in = reinterpret_cast<char*>(writable(bytes));
      stream_.avail_in = static_cast<unsigned>(bytes.size());
      const unsigned room = stream_.avail_out;
      const int result = BZ2_bzDecompress(&stream_);
      if (result != BZ_OK && result != BZ_STREAM_END)
        return fail(damaged("bzip2", "a block is invalid or its CRC wrong"));
      pending_.keep_last(stream_.avail_in);
      if (result == BZ_STREAM_END) {
        BZ2_bzDecompressEnd(&stream_);
        in_stream_ = false;
      } else if (bytes.empty() && stream_.avail_out == room) {
        return fail(cut_off("bzip2"));
      }
    }
    return output.size() - stream_.avail_out;
  }

 private:
  Result<bool> next_stream() {
    if (!TRY(pending_.skip_zeros())) return false;
    if (TRY(pending_.get())[0] != 'B') return fail(garbage("bzip2"));
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK)
      return fail(damaged("bzip2", "there is not enough memory for them"));
    in_stream_ = true;
    return true;
  }

  Pending pending_;
  bz_stream stream_{};
  bool in_stream_ = false;
};

}  // namespace

Compression compression_of(std::string_view first) {
  constexpr std::string_view kXzMagic(
      "\xfd"
      "7zXZ\0",
      kCompressionMagicBytes);
  if (first.starts_with("\x1f\x8b")) return Compression::kGzip;
  if (first.starts_with("BZh")) return Compression::kBzip2;
  // A skippable frame is what seekable zstd files begin with.
  if (first.starts_with(kZstdMagic) || begins_skippable_frame(first)) return Compression::kZstd;
  if (first.starts_with(kXzMagic)) return Compression::kXz;
  return Compression::kNone;
}

std::uint64_t bytes_to_decompress(std::string_view first) {
  switch (compression_of(first)) {
    case Compression::kZstd: return std::uint64_t{1} << window_log(first);
    case Compression::kXz: return kXzBytes;
    case Compression::kBzip2: return 4 * kMiB;
    case Compression::kGzip:
    case Compression::kNone: break;
  }
  return 0;
}

Result<std::unique_ptr<Decompressor>> open_decompressor(Input& input) {
  const std::string_view first = TRY(input.more());
  const Pending pending(input, first);
  switch (compression_of(first)) {
    case Compression::kNone: break;
    case Compression::kGzip: return std::make_unique<Gzip>(pending);
    case Compression::kZstd: return std::make_unique<Zstd>(pending, window_log(first));
    case Compression::kBzip2: return std::make_unique<Bzip2>(pending);
    case Compression::kXz: {
      auto xz = std::make_unique<Xz>(pending);
      TRY(xz->start());
      return xz;
    }
  }
  return std::make_unique<Plain>(pending);
}

}  // namespace caisson::image
