#include "image/report.h"

#include "base/text.h"
#include "image/digest_name.h"

namespace caisson::image {

namespace {

std::string escaped(std::string_view field) {
  std::string text;
  for (const char c : field) {
    switch (c) {
      case '\\': text += "\\\\"; break;
      case '\t': text += "\\t"; break;
      case '\n': text += "\\n"; break;
      default: text += c;
    }
  }
  return text;
}

std::string unescaped(std::string_view field) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\' || i + 1 == field.size()) {
      text += field[i];
    } else {
      const char c = field[++i];
      text += c == 't' ? '\t' : c == 'n' ? '\n' : c;
    }
  }
  return text;
}

}  // namespace

std::string report_text(const Report& report) {
  std::string text;
  for (const std::string& warning : report.warnings) text += "warning\t" + escaped(warning) + "\n";
  for (const ReportedImage& image : report.images) {
    text += "image\t" + image.manifest + "\t" + image.id;
    for (const std::string& name : image.names) text += "\t" + escaped(name);
    text += "\n";
  }
  for (const DamagedLayer& layer : report.damaged)
    text += "damaged\t" + layer.chain_id + "\t" + layer.manifest + "\t" + escaped(layer.words) + "\n";
  for (const std::string& line : report.lines) text += "line\t" + escaped(line) + "\n";
  if (report.digest) return text + "done\t" + *report.digest + "\n";
  const Error& error = report.digest.error();
  return text + "error\t" + escaped(error.call) + "\t" + std::to_string(error.number) + "\t" + escaped(error.operand) +
         "\t" + escaped(error.item) + "\t" + escaped(error.hint) + "\n";
}

Report read_report(std::string_view text) {
  Report report{.warnings = {}, .digest = fail(complaint("transfer ended without saying what came out"))};
  while (!text.empty()) {
    const Cut line = cut(text, '\n');
    if (!line.tail) break;  // broken off
    const std::vector<std::string_view> fields = split(line.head, '\t');
    if (fields[0] == "warning" && fields.size() == 2) {
      report.warnings.push_back(unescaped(fields[1]));
    } else if (fields[0] == "image" && fields.size() >= 3 && is_digest(fields[1]) && is_digest(fields[2])) {
      ReportedImage image{.manifest = std::string(fields[1]), .id = std::string(fields[2]), .names = {}};
      for (std::size_t i = 3; i < fields.size(); ++i) image.names.push_back(unescaped(fields[i]));
      report.images.push_back(std::move(image));
    } else if (fields[0] == "damaged" && fields.size() == 4 && is_digest(fields[1]) && is_digest(fields[2])) {
      report.damaged.push_back(
          {.chain_id = std::string(fields[1]), .manifest = std::string(fields[2]), .words = unescaped(fields[3])});
    } else if (fields[0] == "line" && fields.size() == 2) {
      report.lines.push_back(unescaped(fields[1]));
    } else if (fields[0] == "done" && fields.size() == 2 && (fields[1].empty() || is_digest(fields[1]))) {
      report.digest = std::string(fields[1]);
    } else if (fields[0] == "error" && fields.size() == 6) {
      report.digest = fail(Error{.call = unescaped(fields[1]),
                                 .number = static_cast<int>(parse_signed(fields[2]).value_or(0)),
                                 .operand = unescaped(fields[3]),
                                 .item = unescaped(fields[4]),
                                 .hint = unescaped(fields[5])});
    }
    text = *line.tail;
  }
  return report;
}

}  // namespace caisson::image
