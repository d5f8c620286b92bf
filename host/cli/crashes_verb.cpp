#include "cli/crashes_verb.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string_view>
#include <vector>

#include "app/process.h"
#include "base/identity.h"
#include "base/result.h"
#include "cli/columns.h"
#include "config/printable.h"
#include "observe/crash_folder.h"
#include "observe/crash_report.h"
#include "observe/escape.h"
#include "observe/line_buffer.h"
#include "plugin/private_folder.h"

namespace berth::cli {

namespace {

using observe::CrashParts;

int refuse(const std::string& text) {
  std::cerr << "berth: error: " << config::printable(text) << '\n';
  return 1;
}

base::Result<std::string> folder() {
  auto state = plugin::state_folder(app::state_environment());
  if (!state) return state;
  return app::crash_folder(*state);
}

// Root reads what a server of another user has written as that user, who could make anything of a
// path.
base::Result<base::AsUser> as_owner(const std::string& folder) {
  struct stat status {};
  std::optional<base::Identity> owner;
  if (::geteuid() == 0 && ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
      status.st_uid != 0) {
    owner =
        base::Identity{.user = status.st_uid, .group = status.st_gid, .groups = {status.st_gid}};
  }
  return base::AsUser::enter(owner);
}

std::string json_string(std::string_view text) {
  observe::LineBuffer line;
  line.add('"');
  line.keep(1);
  observe::add_json(line, text, line.room());
  line.keep(0);
  line.add('"');
  return std::string(line.text());
}

std::string without_suffix(const std::string& name) {
  return name.ends_with(".txt") ? name.substr(0, name.size() - 4) : name;
}

// {"name":"...","time":"...",...,"backtrace":["..."]}: keys are the report's own.
std::string json_of(const std::string& name, const CrashParts& parts) {
  std::string text = "{\"name\":" + json_string(without_suffix(name));
  for (const auto& [key, value] : parts.fields) {
    if (key == "note") continue;  // there may be several
    text += "," + json_string(key) + ":" + json_string(value);
  }
  text += ",\"backtrace\":[";
  for (std::size_t i = 0; i < parts.frames.size(); ++i) {
    text += (i == 0 ? "" : ",") + json_string(parts.frames[i]);
  }
  return text + "]}";
}

std::string value_of(const CrashParts& parts, std::string_view key) {
  const auto found = std::find_if(parts.fields.begin(), parts.fields.end(),
                                  [key](const auto& field) { return field.first == key; });
  return found == parts.fields.end() ? "-" : found->second;
}

}  // namespace

int list_crashes(bool json) {
  const auto where = folder();
  if (!where) return refuse(where.error().text);
  const auto reader = as_owner(*where);
  if (!reader) return refuse(reader.error().text);
  const std::vector<std::string> names = observe::crash_reports(*where);
  std::vector<Row> rows{{"NAME", "PLUGIN", "VERSION", "ROUTE", "WHAT"}};
  std::string objects;
  for (const std::string& name : names) {
    const auto text = observe::read_crash_report(*where, name);
    if (!text) {
      (void)refuse(text.error().text);
      continue;
    }
    const CrashParts parts = observe::parts_of_report(observe::readable_report(*text));
    if (json) {
      objects += (objects.empty() ? "" : ",\n ") + json_of(name, parts);
    } else {
      rows.push_back({without_suffix(name), value_of(parts, "plugin"), value_of(parts, "version"),
                      value_of(parts, "route"), value_of(parts, "what")});
    }
  }
  if (json) {
    std::cout << "[" << objects << "]\n";
  } else if (names.empty()) {
    std::cout << "no crash reports in " << config::printable(*where) << '\n';
  } else {
    std::cout << columns(rows);
  }
  return 0;
}

int show_crash(const std::string& name, bool json) {
  const auto where = folder();
  if (!where) return refuse(where.error().text);
  const auto reader = as_owner(*where);
  if (!reader) return refuse(reader.error().text);
  const auto text = observe::read_crash_report(*where, name);
  if (!text) return refuse(text.error().text + ": " + name);
  if (json) {
    std::cout << json_of(name, observe::parts_of_report(observe::readable_report(*text))) << '\n';
    return 0;
  }
  // Its lines, each safe on a terminal whoever wrote them.
  const std::string report = observe::readable_report(*text);
  std::string_view rest = report;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    std::cout << config::printable(line) << '\n';
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return 0;
}

}  // namespace berth::cli
