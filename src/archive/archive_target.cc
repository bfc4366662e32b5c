#include <map>

#include <fmt/format.h>

#include "archive/file_target.h"
#include "archive/output_file.h"
#include "image/quoted.h"

namespace caisson::archive {

namespace {

using image::EntryKind;

class ArchiveTarget : public FileTarget {
 public:
  explicit ArchiveTarget(std::unique_ptr<OutputFile> output) : output_(std::move(output)), writer_(output_->sink()) {}

  Result<> add_directory(const char* name) { return writer_.begin(plain_entry(EntryKind::kDirectory, name)); }

  Result<bool> has(const std::string& name, std::int64_t size) const override {
    const auto found = sizes_.find(name);
    return found != sizes_.end() && found->second == size;
  }

  Result<> put(const std::string& name, const Extent& content) override {
    TRY(take_note(name, content.size));
    TRY(writer_.begin(plain_entry(EntryKind::kFile, name, content.size)));
    ExtentInput input(content);
    for (std::string_view bytes = TRY(input.more()); !bytes.empty(); bytes = TRY(input.more()))
      TRY(writer_.write(bytes));
    return writer_.end();
  }

  Result<> put(const std::string& name, std::string_view content) override {
    const auto size = static_cast<std::int64_t>(content.size());
    TRY(take_note(name, size));
    return writer_.add(plain_entry(EntryKind::kFile, name, size), content);
  }

  Result<> finish() override {
    TRY(writer_.finish());
    return output_->finish();
  }

 private:
  Result<> take_note(const std::string& name, std::int64_t size) {
    if (sizes_.emplace(name, size).second) return {};
    return fail(complaint(fmt::format("{} is in the archive already", image::quoted_name(name))));
  }

  std::unique_ptr<OutputFile> output_;
  TarWriter writer_;
  std::map<std::string, std::int64_t> sizes_;
};

}  // namespace

Result<std::unique_ptr<FileTarget>> archive_target(const std::string& path, const std::string& spool,
                                                   std::initializer_list<const char*> directories) {
  auto target = std::make_unique<ArchiveTarget>(TRY(OutputFile::create(path, spool)));
  for (const char* name : directories) TRY(target->add_directory(name));
  return target;
}

}  // namespace caisson::archive
