#include "app/generation_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/sha256.h"
#include "support/temporary_folder.h"

namespace berth::app {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

std::string digest_of(const std::string& bytes) {
  base::Sha256 sha256;
  sha256.add(bytes);
  return base::hexadecimal(sha256.finish());
}

config::Recording recording_of(std::uint64_t number) {
  return {{{"berth.yaml", true, "# " + std::to_string(number) + "\n", "1:2"}}, {}};
}

StoredGeneration generation_of(std::uint64_t number, const std::vector<std::string>& images) {
  StoredGeneration generation{.number = number,
                              .origin = "reload",
                              .made_at = 1'700'000'000,
                              .configuration = "berth.yaml",
                              .plugins = {}};
  for (const std::string& image : images) {
    generation.plugins.push_back({"p", "/srv/p.so", digest_of(image), "0123", "1.0"});
  }
  return generation;
}

base::Status<> save(const GenerationStore& store, std::uint64_t number,
                    const std::vector<std::string>& images) {
  std::vector<ImageBytes> bytes;
  for (const std::string& image : images) bytes.push_back({digest_of(image), image});
  return store.save(generation_of(number, images), recording_of(number), bytes);
}

std::vector<std::uint64_t> numbers(const GenerationStore& store) {
  std::vector<std::uint64_t> found;
  for (const StoredGeneration& generation : store.list()) found.push_back(generation.number);
  return found;
}

using Numbers = std::vector<std::uint64_t>;

class Store : public testing::Test {
 protected:
  [[nodiscard]] std::string state() const { return folder_.path() + "/state"; }
  [[nodiscard]] GenerationStore open(std::uint64_t keep = 5, GenerationStore::BeforeStep steps = {},
                                     const std::string& configuration = "/srv/berth.yaml") const {
    auto store = GenerationStore::open(state(), configuration, keep, std::move(steps));
    EXPECT_TRUE(store.ok()) << store.error().text;
    return std::move(*store);
  }
  [[nodiscard]] std::string image_path(const std::string& bytes) const {
    return state() + "/images/" + digest_of(bytes) + ".so";
  }
  // The folder of a generation of the only configuration.
  [[nodiscard]] std::string path_of(std::uint64_t number) const {
    for (const auto& entry : fs::directory_iterator(state() + "/generations")) {
      if (entry.is_directory()) return entry.path().string() + "/" + std::to_string(number);
    }
    return {};
  }
  [[nodiscard]] std::set<std::string> images() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(state() + "/images")) {
      names.insert(entry.path().string());
    }
    return names;
  }
  // How many files and folders there are whose names say that they are not whole.
  [[nodiscard]] int leftovers() const {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(state())) {
      if (entry.path().filename().string().starts_with(".new-")) ++count;
    }
    return count;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }

  test::TemporaryFolder folder_;
};

TEST_F(Store, AGenerationIsLoadedAsItWasSaved) {
  const GenerationStore store = open();
  ASSERT_TRUE(save(store, 3, {"one", "two"}).ok());
  const auto kept = store.load(3);
  ASSERT_TRUE(kept.ok()) << kept.error().text;
  EXPECT_EQ(kept->generation, generation_of(3, {"one", "two"}));
  EXPECT_EQ(kept->recording, recording_of(3));
  const auto image = store.image(digest_of("two"));
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->bytes, "two");
  EXPECT_EQ(image->path, image_path("two"));
  EXPECT_EQ(mode_of(image->path), 0500U);
  EXPECT_EQ(mode_of(path_of(3)), 0700U);
  EXPECT_EQ(mode_of(path_of(3) + "/manifest.json"), 0600U);
  EXPECT_EQ(store.load(4).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store.load(4).error().text, "generation 4 is not kept");
  EXPECT_EQ(store.image(digest_of("three")).error().code, ErrorCode::kNotFound);
}

TEST_F(Store, NumbersGoOnAfterARestart) {
  EXPECT_EQ(open().newest_number(), 0U);
  ASSERT_TRUE(save(open(), 9, {}).ok());
  ASSERT_TRUE(save(open(), 10, {}).ok());
  EXPECT_EQ(open().newest_number(), 10U);
  EXPECT_EQ(numbers(open()), (Numbers{10, 9}));
  EXPECT_EQ(save(open(), 10, {}).error().code, ErrorCode::kAlreadyInUse);
}

TEST_F(Store, TheNewestAreKeptAndTheServingOneAndNoImageMoreThanThey) {
  const GenerationStore store = open(3);
  for (std::uint64_t number = 1; number <= 6; ++number) {
    ASSERT_TRUE(save(store, number, {"shared", "of " + std::to_string(number)}).ok());
  }
  ASSERT_TRUE(store.prune(2).ok());
  EXPECT_EQ(numbers(store), (Numbers{6, 5, 2}));
  EXPECT_EQ(images(), (std::set<std::string>{image_path("shared"), image_path("of 6"),
                                             image_path("of 5"), image_path("of 2")}));
  ASSERT_TRUE(store.prune(7).ok());  // which is not there: not kept, or not yet
  EXPECT_EQ(numbers(store), (Numbers{6, 5}));
}

TEST_F(Store, APinnedImageStaysAndIsReplacedByAlias) {
  const GenerationStore store = open(1);
  ASSERT_TRUE(save(store, 1, {"old"}).ok());
  EXPECT_EQ(store.pin({"p", digest_of("absent"), ""}).error().code, ErrorCode::kNotFound);
  const Pin pin{"p", digest_of("old"), "0123"};
  ASSERT_TRUE(store.pin({"p", digest_of("old"), "another"}).ok());
  ASSERT_TRUE(store.pin(pin).ok());
  ASSERT_TRUE(save(store, 2, {"new"}).ok());
  ASSERT_TRUE(store.prune(2).ok());
  EXPECT_EQ(numbers(store), Numbers{2});
  EXPECT_EQ(open().pins().value(), std::vector<Pin>{pin});
  EXPECT_TRUE(store.image(digest_of("old")).ok());
  ASSERT_TRUE(store.unpin("p").ok());
  EXPECT_EQ(store.unpin("p").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(store.prune(2).ok());
  EXPECT_EQ(images(), std::set<std::string>{image_path("new")});
}

TEST_F(Store, ServersOfDifferentConfigurationsShareImagesAndNothingElse) {
  const GenerationStore one = open(1, {}, "/srv/one.yaml");
  const GenerationStore two = open(1, {}, "/srv/two.yaml");
  ASSERT_TRUE(save(one, 1, {"shared", "one"}).ok());
  ASSERT_TRUE(two.save(generation_of(7, {"shared"}), recording_of(7), {}).ok());
  EXPECT_EQ(numbers(one), Numbers{1});
  EXPECT_EQ(numbers(two), Numbers{7});
  ASSERT_TRUE(save(two, 8, {"two"}).ok());
  ASSERT_TRUE(two.prune(8).ok());
  EXPECT_EQ(images(),
            (std::set<std::string>{image_path("shared"), image_path("one"), image_path("two")}));
  EXPECT_EQ(numbers(open(1, {}, "/srv/x/../one.yaml")), Numbers{1});
}

TEST_F(Store, AnImageThatIsNotTheVerifiedOneIsNotSaved) {
  const GenerationStore store = open();
  const StoredGeneration generation = generation_of(1, {"bytes"});
  EXPECT_EQ(store.save(generation, recording_of(1), {}).error().code, ErrorCode::kNotFound);
  const auto other = store.save(generation, recording_of(1), {{digest_of("bytes"), "BYTES"}});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(images().empty());
  EXPECT_TRUE(numbers(store).empty());
}

TEST_F(Store, ADamagedImageIsFoundOutAndMadeAnewByTheNextSave) {
  const GenerationStore store = open();
  ASSERT_TRUE(save(store, 1, {"bytes"}).ok());
  ASSERT_EQ(::chmod(image_path("bytes").c_str(), 0700), 0);
  std::ofstream(image_path("bytes")) << "bytez";
  EXPECT_EQ(store.image(digest_of("bytes")).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(store.pin({"p", digest_of("bytes"), ""}).error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(save(store, 2, {"bytes"}).ok());
  EXPECT_TRUE(store.image(digest_of("bytes")).ok());
  ASSERT_EQ(::chmod(image_path("bytes").c_str(), 0570), 0);
  EXPECT_EQ(store.image(digest_of("bytes")).error().code, ErrorCode::kPermission);
}

TEST_F(Store, ADamagedGenerationIsLeftOutAndItsNumberIsNotUsedAgain) {
  const GenerationStore store = open();
  for (const std::uint64_t number : {1U, 2U, 3U, 4U}) ASSERT_TRUE(save(store, number, {}).ok());
  std::ofstream(path_of(2) + "/configuration", std::ios::app) << "x";
  std::ofstream(path_of(3) + "/manifest.json") << "{";
  fs::remove(path_of(4) + "/manifest.json");
  EXPECT_EQ(numbers(store), (Numbers{2, 1}));
  EXPECT_EQ(store.load(2).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(store.load(3).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(store.load(4).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(store.load(1).ok());
  EXPECT_EQ(store.newest_number(), 4U);
  EXPECT_TRUE(store.has_images(generation_of(1, {})));
  EXPECT_FALSE(store.has_images(generation_of(1, {"gone"})));
}

TEST_F(Store, WhatALaterBerthHasWrittenIsNotTakenAwayFromIt) {
  const GenerationStore store = open(5);
  ASSERT_TRUE(save(store, 1, {"bytes"}).ok());
  const std::string manifest = path_of(1) + "/manifest.json";
  std::ofstream(manifest) << "{ \"format\": 2 }\n";
  EXPECT_EQ(store.load(1).error().code, ErrorCode::kIncompatible);
  EXPECT_EQ(store.prune(2).error().code, ErrorCode::kIncompatible);
  EXPECT_EQ(images(), std::set<std::string>{image_path("bytes")});
  std::ofstream(fs::path(path_of(1)).parent_path() / "pins.json") << "{ \"format\": 2 }\n";
  EXPECT_EQ(store.pins().error().code, ErrorCode::kIncompatible);
  EXPECT_EQ(store.pin({"p", digest_of("bytes"), ""}).error().code, ErrorCode::kIncompatible);
}

class StoreCrash : public Store {
 protected:
  // Ends a child process right before the step of that number, counted from 1, of what `act` does;
  // false: there are fewer.
  template <class Act>
  bool die_before(int step, Act act) {
    const pid_t child = ::fork();
    if (child == 0) {
      int steps = 0;
      const GenerationStore store = open(1, [&steps, step](std::string_view) {
        if (++steps == step) ::_exit(7);
      });
      act(store);
      ::_exit(0);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status) == 7;
  }
};

TEST_F(StoreCrash, AtEachStepOfASaveWhatWasKeptStaysAndTheRestIsRemoved) {
  ASSERT_TRUE(save(open(), 1, {"one"}).ok());
  int step = 1;
  for (std::uint64_t number = 2;
       die_before(step, [&](const GenerationStore& store) { (void)save(store, number, {"two"}); });
       ++step) {
    const GenerationStore store = open();  // removes what the dead one has left
    EXPECT_EQ(leftovers(), 0) << step;
    EXPECT_TRUE(store.load(1).ok()) << step;
    EXPECT_TRUE(store.image(digest_of("one")).ok()) << step;
    const bool whole = store.load(number).ok();
    EXPECT_EQ(numbers(store), whole ? (Numbers{number, 1}) : Numbers{1}) << step;
    EXPECT_TRUE(!whole || store.image(digest_of("two")).ok()) << step;
    if (whole) fs::remove_all(path_of(number));
    fs::remove(image_path("two"));
  }
  EXPECT_GE(step, 6);
}

TEST_F(StoreCrash, AtEachStepOfAPruneNothingIsHalfThere) {
  int step = 1;
  bool died = true;
  for (; died; ++step) {
    fs::remove_all(state());
    const GenerationStore store = open();
    for (const std::uint64_t number : {1U, 2U, 3U}) {
      ASSERT_TRUE(save(store, number, {"of " + std::to_string(number)}).ok());
    }
    died = die_before(step, [](const GenerationStore& pruned) { (void)pruned.prune(3); });
    const GenerationStore after = open();
    EXPECT_EQ(leftovers(), 0) << step;
    EXPECT_TRUE(after.load(3).ok());
    for (const StoredGeneration& generation : after.list()) {
      EXPECT_TRUE(after.load(generation.number).ok()) << step;
      EXPECT_TRUE(after.has_images(generation)) << step;
    }
  }
  EXPECT_EQ(numbers(open()), Numbers{3});
  EXPECT_EQ(images(), std::set<std::string>{image_path("of 3")});
  EXPECT_GE(step, 6);
}

// With a limit of the size of files in the place of a full disk.
TEST_F(Store, WhereTheDiskIsFullNothingIsHarmed) {
  ASSERT_TRUE(save(open(), 1, {"one"}).ok());
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto saved = save(open(), 2, {std::string(2000, 'x')});
    ::_exit(!saved && saved.error().code == ErrorCode::kExhausted ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(leftovers(), 0);
  EXPECT_EQ(numbers(open()), Numbers{1});
  EXPECT_EQ(images(), std::set<std::string>{image_path("one")});
}

TEST_F(Store, AFolderThatOthersMayWriteOrThatCannotBeMadeIsRefused) {
  ASSERT_TRUE(save(open(), 1, {}).ok());
  ASSERT_EQ(::chmod((state() + "/images").c_str(), 0770), 0);
  const auto others = GenerationStore::open(state(), "/srv/berth.yaml", 1);
  ASSERT_FALSE(others.ok());
  EXPECT_EQ(others.error().code, ErrorCode::kPermission);
  EXPECT_FALSE(GenerationStore::open("/proc/berth", "/srv/berth.yaml", 1).ok());
  std::ofstream(folder_.path() + "/file") << "x";
  EXPECT_FALSE(GenerationStore::open(folder_.path() + "/file", "/srv/berth.yaml", 1).ok());
}

TEST_F(Store, WhoeverReadsWhileOthersWriteSeesWholeGenerations) {
  constexpr std::uint64_t kLast = 30;
  ASSERT_TRUE(save(open(), 1, {"of 1"}).ok());
  std::atomic<bool> ended{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([this, &ended] {
      const GenerationStore store = open(3);
      while (!ended) {
        for (const StoredGeneration& generation : store.list()) {
          const auto kept = store.load(generation.number);
          if (!kept) {
            EXPECT_EQ(kept.error().code, ErrorCode::kNotFound) << kept.error().text;
            continue;
          }
          EXPECT_EQ(kept->recording, recording_of(generation.number));
        }
      }
    });
  }
  const GenerationStore store = open(3);
  for (std::uint64_t number = 2; number <= kLast; ++number) {
    EXPECT_TRUE(save(store, number, {"of " + std::to_string(number)}).ok());
    EXPECT_TRUE(store.prune(number).ok());
    EXPECT_TRUE(store.image(digest_of("of " + std::to_string(number))).ok());
  }
  ended = true;
  readers.clear();
  EXPECT_EQ(numbers(store), (Numbers{kLast, kLast - 1, kLast - 2}));
}

}  // namespace
}  // namespace berth::app
