// docs/configuration.md against the code: every key has a row, every row a key, and the numbers are
// those that are checked.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/configuration.h"
#include "config/restart.h"
#include "config/settings.h"
#include "config/values.h"

namespace {

namespace config = berth::config;
namespace fs = std::filesystem;

const fs::path kRoot = fs::path(BERTH_TESTS_DIR).parent_path();

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::set<std::string> all_matches(const std::string& text, const std::string& expression) {
  const std::regex regex(expression);
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    found.insert((*it)[1].str());
  }
  return found;
}

const std::string& document() {
  static const std::string text = read(kRoot / "docs/configuration.md");
  return text;
}

std::string_view type_name(config::Unit unit) {
  switch (unit) {
    case config::Unit::kCount:
      return "count";
    case config::Unit::kBytes:
      return "size";
    case config::Unit::kBytesPerSecond:
      return "rate";
    case config::Unit::kDuration:
      return "duration";
  }
  return {};
}

std::string format(std::int64_t value, config::Unit unit) {
  switch (unit) {
    case config::Unit::kCount:
      return std::to_string(value);
    case config::Unit::kBytes:
      return config::format_bytes(static_cast<std::uint64_t>(value));
    case config::Unit::kBytesPerSecond:
      return config::format_bytes(static_cast<std::uint64_t>(value)) + "/s";
    case config::Unit::kDuration:
      return config::format_duration(berth::base::Duration(value));
  }
  return {};
}

std::int64_t number(berth::base::Duration value) { return value.count(); }
std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::int64_t number(int value) { return value; }

// What the struct holds where the file says nothing; "none" for an absent value.
template <class S>
std::string default_of(const config::Setting<S>& setting) {
  const S defaults;
  return std::visit(
      [&](auto member) -> std::string {
        const auto& value = defaults.*member;
        if constexpr (requires { value.has_value(); }) {
          return value ? format(number(*value), setting.unit) : "none";
        } else {
          return format(number(value), setting.unit);
        }
      },
      setting.member);
}

template <class S>
std::string range_of(const config::Setting<S>& setting) {
  std::string text = format(setting.bounds.minimum, setting.unit) + " to " +
                     format(setting.bounds.maximum, setting.unit);
  if (setting.none == config::AllowNone::kYes) text += ", or none";
  return text;
}

// Each setting has the row "| `SECTION.key` | type | default | range |"; where the default is no
// number, it is the text given.
template <class S>
void expect_rows(std::span<const config::Setting<S>> settings, const std::string& section,
                 bool numeric_defaults) {
  ASSERT_FALSE(settings.empty());
  for (const config::Setting<S>& setting : settings) {
    const std::string head = "| `" + section + std::string(setting.name) + "` | " +
                             std::string(type_name(setting.unit)) + " | ";
    const std::size_t at = document().find(head);
    ASSERT_NE(at, std::string::npos) << "no row begins with " << head;
    const std::size_t begin = at + head.size();
    const std::string row = document().substr(begin, document().find('\n', begin) - begin);
    const std::size_t bar = row.find(" | ");
    ASSERT_NE(bar, std::string::npos) << row;
    if (numeric_defaults) {
      EXPECT_EQ(row.substr(0, bar), default_of(setting)) << head;
    }
    EXPECT_EQ(row.substr(bar + 3, row.find(" |", bar + 3) - bar - 3), range_of(setting)) << head;
  }
}

TEST(ConfigurationDocument, HasTheNumbersOfTimeouts) {
  expect_rows(config::timeout_settings(), "timeouts.", true);
}
TEST(ConfigurationDocument, HasTheNumbersOfTheTopLevel) {
  expect_rows(config::top_level_settings(), "", true);
}
TEST(ConfigurationDocument, HasTheNumbersOfPlugins) {
  expect_rows(config::plugin_settings(), "plugins.NAME.", false);
}
TEST(ConfigurationDocument, HasTheNumbersOfLimits) {
  expect_rows(config::limit_settings(), "limits.", true);
}
TEST(ConfigurationDocument, HasTheNumbersOfSockets) {
  expect_rows(config::socket_settings(), "listen[].socket.", false);
}
TEST(ConfigurationDocument, HasTheNumbersOfRoutes) {
  expect_rows(config::route_settings(), "routes[].", false);
}

TEST(ConfigurationDocument, SaysOfEachKeyWhetherAReloadOrARestartTakesIt) {
  const std::regex row(R"re(\n\| `([^`]+)` \|[^|\n]*\|[^|\n]*\|[^|\n]*\| ([a-z]+) \|)re");
  std::size_t rows = 0;
  for (std::sregex_iterator it(document().begin(), document().end(), row), end; it != end; ++it) {
    const bool reload = config::takes((*it)[1].str()) == config::Takes::kReload;
    EXPECT_EQ((*it)[2].str(), reload ? "reload" : "restart") << (*it)[1].str();
    ++rows;
  }
  EXPECT_EQ(rows, all_matches(document(), R"re(\n\| `([a-zA-Z_.\[\]0-9]+)` \| )re").size());
}

// The tables of keys are the initializers {"key"}, {"key", Key..., {"key", Unit... and {"key", &...
TEST(ConfigurationDocument, NamesEveryKeyAndNoOther) {
  std::set<std::string> known;
  for (const std::string name : {"settings.cpp", "read_configuration.cpp", "read_listeners.cpp",
                                 "read_log.cpp", "read_routes.cpp"}) {
    const std::string source = read(kRoot / "host/config" / name);
    ASSERT_FALSE(source.empty()) << name;
    known.merge(all_matches(source, R"re(\{"([a-z_0-9]+)"(?:\}|, Key::|, Unit::|, &))re"));
    known.merge(all_matches(source, R"re(Key k[A-Za-z]+\{"([a-z_0-9]+)")re"));
  }
  ASSERT_GT(known.size(), 30U);
  // A section that is a map or a list of its own is named by what stands in it.
  std::set<std::string> named =
      all_matches(document(), R"re(\n\| `(?:[a-z\[\]A-Z]+\.)*([a-z_0-9]+)` \|)re");
  named.merge(all_matches(document(), R"re(\n## ([a-z_0-9]+)\n)re"));
  const std::size_t later = document().find("## Keys that are known and refused");
  ASSERT_NE(later, std::string::npos);
  named.merge(all_matches(document().substr(later), R"re(`([a-z_0-9]+)`)re"));
  EXPECT_EQ(named, known);
}

}  // namespace
