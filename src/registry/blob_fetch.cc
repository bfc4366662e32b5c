#include "registry/blob_fetch.h"

#include <algorithm>

#include <fmt/format.h>

#include "registry/answer_words.h"
#include "registry/retry.h"

namespace caisson::registry {

namespace {

constexpr long kWhole = 200;
constexpr long kPart = 206;
constexpr long kNoSuchRange = 416;

class Fetch {
 public:
  Fetch(const image::Descriptor& blob, std::int64_t offset, transport::Sink& sink)
      : blob_(blob), sink_(sink), at_(offset), furthest_(offset) {}

  bool is_whole() const { return at_ == blob_.size; }
  std::int64_t at() const { return at_; }
  bool takes_parts() const { return takes_parts_; }
  void take_no_parts() { takes_parts_ = false; }
  bool got_another_part() const { return got_another_part_; }

  HttpRequest request(const Url& url) {
    begun_ = false;
    got_another_part_ = false;
    HttpRequest request{.url = url};
    if (at_ > 0 && takes_parts_) request.headers.push_back(fmt::format("Range: bytes={}-", at_));
    request.receive = [this](const HttpResponse& head, std::string_view bytes) { return receive(head, bytes); };
    return request;
  }

  // Whether more of it is there than ever before.
  bool has_gained() { return at_ > std::exchange(furthest_, std::max(at_, furthest_)); }

 private:
  static std::unexpected<Error> wrong(const HttpResponse& head, const std::string& what) {
    return fail(in("GET " + head.url.shown(), complaint(what)));
  }

  Result<> begin(const HttpResponse& head) {
    begun_ = true;
    if (head.status == kPart) {
      const auto range = parse_content_range(head.header("content-range").value_or(""));
      if (range && range->first == at_ && range->size.value_or(blob_.size) == blob_.size) return {};
      got_another_part_ = true;
      return wrong(head, fmt::format("asked for the bytes from {} on, it gives '{}'", at_,
                                     shown_words(head.header("content-range").value_or(""))));
    }
    if (at_ > 0) TRY(sink_.restart());
    at_ = 0;
    return {};
  }

  Result<> receive(const HttpResponse& head, std::string_view bytes) {
    if (!begun_) TRY(begin(head));
    if (bytes.size() > static_cast<std::uint64_t>(blob_.size - at_)) {
      return wrong(head, fmt::format("there is more of it than {} bytes", blob_.size));
    }
    TRY(sink_.write(bytes));
    at_ += static_cast<std::int64_t>(bytes.size());
    return {};
  }

  const image::Descriptor& blob_;
  transport::Sink& sink_;
  std::int64_t at_;
  std::int64_t furthest_;
  bool begun_ = false;
  bool takes_parts_ = true;
  bool got_another_part_ = false;
};

}  // namespace

std::expected<void, FetchFailure> fetch_blob(const HttpLimits& limits, const SendRequest& send, const Url& url,
                                             const image::Descriptor& blob, std::int64_t offset,
                                             transport::Sink& sink) {
  Fetch fetch(blob, offset, sink);
  Patience patience(limits);
  int short_ends = 0;
  while (!fetch.is_whole()) {
    const HttpRequest request = fetch.request(url);
    const HttpOutcome outcome = send(request);
    if (fetch.has_gained()) patience.gained();
    if (fetch.is_whole()) break;
    const bool has_no_such_part = fetch.got_another_part() || (outcome && outcome->status == kNoSuchRange);
    if (has_no_such_part && fetch.takes_parts()) {
      fetch.take_no_parts();
      continue;
    }
    if (outcome && (outcome->status == kWhole || outcome->status == kPart)) {
      if (++short_ends < limits.tries) continue;
      const std::string what = fmt::format("it ended after {} of {} bytes", fetch.at(), blob.size);
      return std::unexpected(FetchFailure{in(fmt::format("GET {}", url.shown()), complaint(what)), outcome->status});
    }
    if (patience.wait_after(outcome)) continue;
    if (!outcome) return std::unexpected(FetchFailure{outcome.error().error});
    return std::unexpected(FetchFailure{answer_error(request, *outcome), outcome->status});
  }
  return {};
}

}  // namespace caisson::registry
