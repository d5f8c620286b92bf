#include "config/expand.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "config/environment.h"
#include "config/load.h"
#include "support/memory_files.h"

namespace berth::config {
namespace {

const Environment& environment() {
  static const Environment made({{"NAME", "value"},
                                 {"_x9", "under"},
                                 {"EMPTY", ""},
                                 {"NESTED", "${NAME} $${NAME}"},
                                 {"YAML", "{ a: [1, 2] } # no comment"},
                                 {"LINES", "one\n\ttwo"},
                                 {"BELL", "a\x07"},
                                 {"CR", "a\r"},
                                 {"DEL", "\x7f"},
                                 {"C1", "\xC2\x85"},
                                 {"LATIN", "\xE9"},
                                 {"PORT", "8080"},
                                 {"YES", "true"},
                                 {"NULL", "null"}});
  return made;
}

TEST(Expand, ReplacesReferencesOnce) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"${NAME}", "value"},
      {"<${NAME}${_x9}>", "<valueunder>"},
      {"${EMPTY}", ""},
      {"${EMPTY:-d}", "d"},
      {"${NAME:-d}", "value"},
      {"${NOWHERE:-d}", "d"},
      {"${NOWHERE:-}", ""},
      {"${NOWHERE:-a b:-c$d{}", "a b:-c$d{"},
      {"${NESTED}", "${NAME} $${NAME}"},
      {"${YAML}", "{ a: [1, 2] } # no comment"},
      {"${LINES}", "one\n\ttwo"},
      // Only ${ means something.
      {"$", "$"},
      {"$$", "$$"},
      {"$NAME {NAME} $(NAME) ^a$", "$NAME {NAME} $(NAME) ^a$"},
      {"/{$}", "/{$}"},
      {"$${NAME}", "${NAME}"},
      {"$$${NAME}", "$${NAME}"},
      {"$$ ${NAME}", "$$ value"},
  };
  for (const auto& row : rows) {
    const Expansion expansion = expand(row.text, environment());
    EXPECT_TRUE(expansion.errors.empty()) << row.text;
    EXPECT_EQ(expansion.text, row.expected) << row.text;
  }
}

TEST(Expand, RefusesWhatHasNoValue) {
  constexpr std::string_view kNoReference = "this is no reference to a variable of the environment";
  const struct {
    std::string_view text;
    std::size_t number;
    std::string_view what;
  } rows[] = {
      {"${NOWHERE}", 0, "the environment has no variable NOWHERE"},
      {"${NAME}$${x}${NOWHERE}", 2, "the environment has no variable NOWHERE"},
      {"${}", 0, kNoReference},
      {"${9A}", 0, kNoReference},
      {"${A-b}", 0, kNoReference},
      {"${A:b}", 0, kNoReference},
      {"${ A}", 0, kNoReference},
      {"${A", 0, kNoReference},
      {"${", 0, kNoReference},
      {"${A:-b", 0, "the reference is never closed"},
      {"${A:-${NAME}}", 0, "a default may not hold a reference"},
      {"${BELL}", 0, "the value of the variable BELL holds a control character"},
      {"${CR}", 0, "the value of the variable CR holds a control character"},
      {"${DEL}", 0, "the value of the variable DEL holds a control character"},
      {"${C1}", 0, "the value of the variable C1 holds a control character"},
      {"${LATIN:-x}", 0, "the value of the variable LATIN is not UTF-8"},
  };
  for (const auto& row : rows) {
    const Expansion expansion = expand(row.text, environment());
    ASSERT_FALSE(expansion.errors.empty()) << row.text;
    EXPECT_EQ(expansion.errors.front().number, row.number) << row.text;
    EXPECT_EQ(expansion.errors.front().what, row.what) << row.text;
  }
  EXPECT_EQ(expand("${A} ${B:-b} ${C}", Environment()).errors.size(), 2U);
}

TEST(Expand, EscapedTextComesBack) {
  for (const std::string text :
       {"", "$", "${", "$${", "$$${A}", "a${A}b${", "{$}", "${NOWHERE}", "$$$", "${${"}) {
    EXPECT_EQ(expand(escape_references(text), environment()).text, text);
  }
}

// A configuration of one file.
Loaded with_environment(const std::string& text) {
  test::MemoryFiles files({{"b.yaml", "listen: [{ name: a, address: ':0' }]\n" + text}});
  return load("b.yaml", files, environment());
}

TEST(ExpandInFiles, ValuesOfEveryKindAndStyle) {
  const Loaded loaded = with_environment(
      "plugins: { p: { file: p.so } }\n"
      "limits:\n  threads: ${PORT:-1}\n  connections: ${NOWHERE:-77}\n"
      "timeouts: { idle: \"${NOWHERE:-90s}\" }\n"
      "routes:\n"
      "  - pattern: /${NAME}\n"
      "    handler: \"${NOWHERE:-p}.${_x9}\"\n"
      "    config:\n"
      "      plain: ${YAML}\n"
      "      single: '${NAME}'\n"
      "      double: \"\\t${NAME}\"\n"
      "      block: |\n        ${NAME}\n"
      "      folded: >-\n        ${NAME}\n        x\n"
      "      none: ${NULL}\n"
      "      yes: ${YES}\n"
      "      ${NAME}: $${NAME}\n"
      "      list: [ \"${NAME}\" ]\n"
      "      anchor: &a ${NAME}\n"
      "      alias: *a\n");
  EXPECT_EQ(loaded.diagnostics.errors(), 1U) << loaded.diagnostics.render();  // 8080 threads
  EXPECT_EQ(loaded.diagnostics.all()[0].what, "`threads` is too large");
  ASSERT_TRUE(loaded.remainder.has_value());
  EXPECT_EQ(loaded.remainder->limits.connections, 77U);
  EXPECT_EQ(loaded.remainder->timeouts.idle, std::chrono::seconds(90));
  const Route& route = loaded.remainder->routes.at(0);
  EXPECT_EQ(route.pattern, "/value");
  EXPECT_EQ(route.plugin + "." + route.kind, "p.under");
  const auto text = [&route](std::string_view key) { return route.config.find(key)->text(); };
  EXPECT_EQ(text("plain"), "{ a: [1, 2] } # no comment");
  EXPECT_TRUE(route.config.find("plain")->is_scalar());
  EXPECT_EQ(text("single"), "value");
  EXPECT_EQ(text("double"), "\tvalue");
  EXPECT_EQ(text("block"), "value\n");
  EXPECT_EQ(text("folded"), "value x");
  EXPECT_TRUE(route.config.find("none")->is_scalar());
  EXPECT_TRUE(*route.config.find("yes")->as_bool());
  EXPECT_EQ(text("${NAME}"), "${NAME}");  // a key is not looked at
  EXPECT_EQ(route.config.at("list.0")->text(), "value");
  EXPECT_EQ(text("alias"), "value");
}

TEST(ExpandInFiles, ErrorsStandAtTheReference) {
  const struct {
    std::string text;
    std::string_view position;
  } rows[] = {
      {"x-a: one ${NAME} ${NO}\n", "b.yaml:2:18"},
      {"x-a: 'it''s $${x} ${NO}'\n", "b.yaml:2:19"},
      {"x-a: \"\\t${NO}\"\n", "b.yaml:2:9"},
      {"x-a: \"$\\x7bNAME} ${NO}\"\n", "b.yaml:2:6"},  // an escape hides one: the text
      {"x-a: | # ${x}\n  one\n  two ${NO}\n", "b.yaml:4:7"},
      {"x-a: one\n  ${NO}\n", "b.yaml:3:3"},
      {"x-a: &b ${NO}\nx-b: *b\n", "b.yaml:2:9"},
  };
  for (const auto& row : rows) {
    const Loaded loaded = with_environment(row.text);
    ASSERT_EQ(loaded.diagnostics.all().size(), 1U) << row.text << loaded.diagnostics.render();
    EXPECT_EQ(loaded.diagnostics.all()[0].position.text(), row.position) << row.text;
  }
}

TEST(ExpandInFiles, AKeyIsNeverAValueOfTheEnvironment) {
  const Loaded loaded = with_environment("x-a: &a ${NAME}\nx-b: { *a : 1 }\n");
  ASSERT_EQ(loaded.diagnostics.all().size(), 1U) << loaded.diagnostics.render();
  EXPECT_EQ(loaded.diagnostics.all()[0].what, "a key may not come from the environment");
}

TEST(ExpandInFiles, TheEnvironmentCannotMakeTheConfigurationLarge) {
  const Environment large(Environment::Variables{{"BIG", std::string(100'000, 'x')}});
  std::string text = "x-a:\n";
  for (int i = 0; i < 100; ++i) text += "  - ${BIG}\n";
  test::MemoryFiles files({{"b.yaml", text}});
  const Loaded loaded = load("b.yaml", files, large);
  ASSERT_EQ(loaded.diagnostics.all().size(), 1U);
  EXPECT_EQ(loaded.diagnostics.all()[0].what, "the environment makes more than 4 MiB of text");
}

TEST(Environment, OfTheProcessIsASnapshot) {
  ASSERT_EQ(::setenv("BERTH_TEST_SNAPSHOT", "one=1", 1), 0);
  const Environment snapshot = Environment::of_process();
  ASSERT_EQ(::setenv("BERTH_TEST_SNAPSHOT", "two", 1), 0);
  ASSERT_NE(snapshot.find("BERTH_TEST_SNAPSHOT"), nullptr);
  EXPECT_EQ(*snapshot.find("BERTH_TEST_SNAPSHOT"), "one=1");
  EXPECT_EQ(snapshot.find("BERTH_TEST_NOWHERE"), nullptr);
  ::unsetenv("BERTH_TEST_SNAPSHOT");
}

}  // namespace
}  // namespace berth::config
