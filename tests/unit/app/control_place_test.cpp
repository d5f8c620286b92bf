#include "app/control_place.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace berth::app {
namespace {

using Paths = std::vector<std::string>;

TEST(ControlPlace, AServiceHasTheFolderThatSystemdMade) {
  const RuntimeEnvironment service{"/run/berth", "", 999};
  EXPECT_EQ(control_folder(service), "/run/berth");
  EXPECT_EQ(control_paths(service), (Paths{"/run/berth/control.sock"}));
  EXPECT_EQ(control_folder({"/run/berth-b:/run/other", "", 0}), "/run/berth-b");
  EXPECT_EQ(control_folder({"relative", "", 0}), "/run/berth");
}

TEST(ControlPlace, RootHasRunAndAUserTheirOwn) {
  EXPECT_EQ(control_folder({"", "", 0}), "/run/berth");
  EXPECT_EQ(control_folder({"", "/run/user/1000", 1000}), "/run/user/1000/berth");
  EXPECT_EQ(control_folder({"", "", 1000}), std::nullopt);
  EXPECT_EQ(control_folder({"", "not/absolute", 1000}), std::nullopt);
}

TEST(ControlPlace, AClientLooksAtTheServicesPlaceToo) {
  EXPECT_EQ(control_paths({"", "/run/user/1000", 1000}),
            (Paths{"/run/user/1000/berth/control.sock", "/run/berth/control.sock"}));
  EXPECT_EQ(control_paths({"", "", 1000}), (Paths{"/run/berth/control.sock"}));
  EXPECT_EQ(control_paths({"", "/run/user/0", 0}),
            (Paths{"/run/berth/control.sock", "/run/user/0/berth/control.sock"}));
}

}  // namespace
}  // namespace berth::app
