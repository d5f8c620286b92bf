#include <gtest/gtest.h>

#include <string>

#include "config/load.h"

namespace berth::config {
namespace {

Loaded with(const std::string& user) {
  return load_text("berth.yaml", "listen:\n  - { name: a, address: ':80' }\nuser: " + user + "\n");
}

TEST(User, IsAUserOrAUserAndAGroup) {
  struct Row {
    const char* text;
    const char* name;
    const char* group;
  };
  for (const Row& row :
       {Row{"www-data", "www-data", ""}, Row{"www-data:adm", "www-data", "adm"},
        Row{"65532:65532", "65532", "65532"}, Row{"65532", "65532", ""},
        Row{"'65532:0'", "65532", "0"}, Row{"nobody:root", "nobody", "root"},
        Row{"me@example.org", "me@example.org", ""}, Row{"4294967294", "4294967294", ""}}) {
    const Loaded loaded = with(row.text);
    ASSERT_TRUE(loaded.configuration) << row.text << loaded.diagnostics.render();
    EXPECT_EQ(loaded.configuration->user.name, row.name);
    EXPECT_EQ(loaded.configuration->user.group, row.group);
    EXPECT_EQ(loaded.configuration->user.position.line, 3U);
  }
}

TEST(User, NobodyIsNamedUnlessItIsSaid) {
  const Loaded loaded = load_text("berth.yaml", "listen:\n  - { name: a, address: ':80' }\n");
  ASSERT_TRUE(loaded.configuration);
  EXPECT_EQ(loaded.configuration->user.text(), "");
}

TEST(User, WhatIsNoneIsRefusedWithItsPlace) {
  for (const char* text : {"''", "':adm'", "'www-data:'", "'a:b:c'", "'a b'", "'a,b'", "a/b", "-x",
                           "007", "4294967295", "'1:4294967295'", "99999999999999999999", "{}",
                           "[a]", "root", "root:adm", "0", "'0:0'"}) {
    const Loaded loaded = with(text);
    EXPECT_FALSE(loaded.configuration) << text;
    ASSERT_EQ(loaded.diagnostics.errors(), 1U) << text;
    EXPECT_EQ(loaded.diagnostics.all().front().position.line, 3U) << text;
    // Whoever starts as root has to know that it is not nobody.
    ASSERT_TRUE(loaded.remainder) << text;
    EXPECT_TRUE(loaded.remainder->user.name.empty()) << text;
    EXPECT_TRUE(loaded.remainder->places.contains("user")) << text;
  }
}

}  // namespace
}  // namespace berth::config
