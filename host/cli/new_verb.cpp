#include "cli/new_verb.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "app/process.h"
#include "base/result.h"
#include "cli/project_template.h"
#include "config/json_schema.h"
#include "config/printable.h"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

int refuse(const std::string& text, const std::string& help) {
  std::cerr << "berth: error: " << config::printable(text) << '\n';
  if (!help.empty()) std::cerr << "help: " << config::printable(help) << '\n';
  return 1;
}

base::Status<std::string> copy_file(const fs::path& from, const fs::path& to,
                                    const ProjectName& name) {
  std::ifstream in(from, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in || text.empty()) return base::fail("cannot read " + from.string());
  std::ofstream out(to, std::ios::binary);
  out << fill_in(text, name) << std::flush;
  if (!out) return base::fail("cannot write " + to.string());
  return base::done();
}

// REQUIRES: `to` is an empty folder.
base::Status<std::string> copy_folder(const fs::path& from, const fs::path& to,
                                      const ProjectName& name) {
  std::error_code error;
  for (fs::recursive_directory_iterator each(from, error), end; each != end && !error;
       each.increment(error)) {
    const fs::path place = to / fill_in(each->path().lexically_relative(from).string(), name);
    if (each->is_directory(error)) {
      fs::create_directory(place, error);
      if (error) break;
    } else if (auto copied = copy_file(each->path(), place, name); !copied) {
      return copied;
    }
  }
  if (error) return base::fail("cannot copy " + from.string() + ": " + error.message());
  return base::done();
}

// Beside the configuration, whose first line names it to editors.
base::Status<std::string> write_schema(const fs::path& to) {
  std::ofstream out(to, std::ios::binary);
  out << config::json_schema() << std::flush;
  if (!out) return base::fail("cannot write " + to.string());
  return base::done();
}

// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  const auto is_plain = [](char c) {
    return std::string_view("'\"\\ $`&|;<>()*?[]{}~#!\t\n").find(c) == std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += "'\\'";
    quoted += c;
  }
  return quoted + "'";
}

void tell_next(const std::string& folder, const ProjectName& name, const app::SdkPlace& sdk) {
  const std::string package =
      sdk.is_found ? std::string() : " -DBerthSDK_DIR=" + shell_word(sdk.package);
  const std::string_view root = ::geteuid() == 0 ? " --allow-root" : "";
  std::cout << config::printable(folder) << " has a plugin: src/" << name.plugin()
            << ".cpp answers, tests/" << name.plugin() << "_test.cpp asks it without a server\n"
            << "next: cd " << config::printable(shell_word(folder)) << '\n'
            << "      cmake -S . -B build -G Ninja" << config::printable(package)
            << " && cmake --build build\n"
            << "      ctest --test-dir build\n"
            << "      berth run -c berth.yaml" << root << '\n'
            << "and:  curl http://localhost:8080/" << name.plugin() << "/you\n";
}

}  // namespace

int new_plugin(const NewOptions& options) {
  const auto name = ProjectName::parse(options.name);
  if (!name) return refuse(config::quote(options.name) + " cannot be a plugin", name.error());
  const app::SdkPlace sdk = app::sdk_place();
  if (sdk.package.empty()) {
    return refuse("the SDK is not installed",
                  "it is Debian's package libberth-sdk-dev, and part of cmake --install");
  }
  const std::string folder = options.folder.value_or(name->plugin());
  std::error_code error;
  if (!fs::create_directory(folder, error)) {
    if (error) return refuse("cannot make folder " + folder + ": " + error.message(), {});
    return refuse(folder + " is there already", "name another folder with --to");
  }
  auto made = copy_folder(sdk.project_template, folder, *name);
  if (made) made = write_schema(fs::path(folder) / "berth.schema.json");
  if (!made) {
    fs::remove_all(folder, error);
    return refuse(made.error(), {});
  }
  tell_next(folder, *name, sdk);
  return 0;
}

}  // namespace berth::cli
