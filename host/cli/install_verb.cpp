#include "cli/install_verb.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <utility>

#include "app/plugin_probe.h"
#include "app/process.h"
#include "app/serving_user.h"
#include "base/whole_file.h"
#include "config/disk_files.h"
#include "config/load.h"
#include "config/printable.h"
#include "config/recorded_files.h"
#include "config/schema.h"
#include "plugin/inspect.h"

namespace berth::cli {

namespace {

constexpr mode_t kMode = 0644;

// Why not: one line, and one that helps.
struct Refusal {
  std::string what;
  std::string help;
};
template <class T>
using Found = base::Result<T, Refusal>;

int refuse(const std::string& file, const std::string& text, const std::string& help = {}) {
  std::cerr << config::printable(file) << ": error: " << config::printable(text) << '\n';
  if (!help.empty()) std::cerr << "help: " << config::printable(help) << '\n';
  return 1;
}

std::string name_of(const std::string& file) {
  return std::filesystem::path(file).filename().string();
}

Found<const config::Plugin*> plugin_in(const config::Configuration& configuration,
                                       const InstallOptions& options) {
  if (options.alias) {
    const config::Plugin* const plugin = configuration.find_plugin(*options.alias);
    if (plugin != nullptr) return plugin;
    return base::fail(Refusal{configuration.file + " has no plugin " + *options.alias,
                              "name it there first, or a folder with --to"});
  }
  const std::string name = name_of(options.file);
  const config::Plugin* found = nullptr;
  for (const config::Plugin& plugin : configuration.plugins) {
    if (name_of(plugin.file) != name) continue;
    if (found != nullptr && found->file != plugin.file) {
      return base::fail(
          Refusal{"two plugins of " + configuration.file + " have a file " + name,
                  "name one of them with --as: " + found->alias + " or " + plugin.alias});
    }
    found = &plugin;
  }
  if (found != nullptr) return found;
  return base::fail(Refusal{"no plugin of " + configuration.file + " has a file " + name,
                            "name the plugin with --as, or a folder with --to"});
}

// What the configuration says, and all that reading it read.
struct Read {
  config::Recording recording;
  config::Loaded loaded;
};

Read read_configuration(const std::string& file, const config::Environment& environment) {
  config::DiskFiles disk;
  config::RecordedFiles files(disk);
  config::Loaded loaded = config::load(file, files, environment);
  return {files.recording(), std::move(loaded)};
}

Found<std::string> place_in_folder(const InstallOptions& options) {
  if (options.alias && !config::is_name(*options.alias)) {
    return base::fail(
        Refusal{config::quote(*options.alias) + " is not a name", std::string(config::kNameHelp)});
  }
  const std::string name = options.alias ? *options.alias + ".so" : name_of(options.file);
  return (std::filesystem::path(*options.folder) / name).string();
}

// Whether the server would believe what is going to be there.
base::Status<> check_folder(const std::string& place) {
  const std::string folder = config::folder_of(place);
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) {
    return base::fail(base::system_error(errno, "cannot look at folder " + folder));
  }
  struct stat file {};
  file.st_mode = S_IFREG | kMode;
  file.st_uid = ::geteuid();
  auto trust = plugin::check_trust(file, status, place, plugin::process_policy(false));
  if (!trust) return base::fail(std::move(trust).error());
  return base::done();
}

// The version that is at the place, for people; empty: none, or nobody knows.
std::string version_at(const std::string& place) {
  const auto bytes = plugin::read_plugin_file(place, plugin::process_policy(false));
  if (!bytes) return {};
  const auto elf = plugin::ElfFile::parse(bytes->bytes);
  if (!elf) return {};
  const auto note = plugin::read_note(*elf);
  return note ? note->version : std::string();
}

void tell_next(const InstallOptions& options) {
  std::cout << "next: berth reload";
  if (options.configuration) {
    std::cout << " -c " << config::printable(*options.configuration);
  }
  std::cout << " (with --dry-run it only tells what would change)\n";
}

// Replaces what is at the place. REQUIRES: everything has been checked but the folder.
int put(const InstallOptions& options, const plugin::PluginFile& file,
        const plugin::PluginNote& note, const std::string& place) {
  if (auto trust = check_folder(place); !trust) return refuse(place, trust.error().text);
  const std::string before = version_at(place);
  if (auto written = base::replace_file(place, file.bytes, kMode); !written) {
    return refuse(options.file, written.error().text);
  }
  std::cout << config::printable(note.name) << ' ' << config::printable(note.version)
            << " is installed as " << config::printable(place);
  if (!before.empty()) std::cout << " in place of " << config::printable(before);
  std::cout << '\n';
  tell_next(options);
  return 0;
}

// For a probe by root, which becomes that user before it loads a plugin.
base::Status<> prepare_user(const config::User& named) {
  if (::geteuid() != 0 || named.name.empty()) return base::done();
  const auto user = app::find_user(named);
  if (!user) return base::fail(base::ErrorCode::kNotFound, user.error().what);
  return app::prepare_state(*user);
}

// Has the child of a probe load it as the plugin of the configuration that it is to be.
int put_as_configured(const InstallOptions& options, plugin::PluginFile file,
                      const plugin::PluginNote& note) {
  app::keep_places_of_root();
  const config::Environment environment = config::Environment::of_process();
  const Read read = read_configuration(*options.configuration, environment);
  // The plugin may be what is wrong with it.
  const auto& configuration =
      read.loaded.configuration ? read.loaded.configuration : read.loaded.remainder;
  if (!configuration) {
    std::cerr << read.loaded.diagnostics.render(app::colour_of_stderr());
    return 1;
  }
  const auto entry = plugin_in(*configuration, options);
  if (!entry) return refuse(options.file, entry.error().what, entry.error().help);
  const config::Plugin& plugin = **entry;
  if (plugin.file.find('/') == std::string::npos) {
    // The next version of berth would take it back.
    return refuse(
        options.file, "the plugin " + plugin.alias + " is one of those shipped with berth",
        "give it a file of your own, such as ./" + plugin.file + ", or name a folder with --to");
  }
  if (plugin.probe) {
    if (auto user = prepare_user(configuration->user); !user) {
      return refuse(options.file, user.error().text);
    }
    app::ProbeStarter starter(environment);
    const app::ProbeOptions probe{*options.configuration, read.recording, starter,
                                  configuration->timeouts.probe};
    if (auto fit = app::probe_plugin(probe, plugin, file); !fit) {
      std::cerr << read.loaded.diagnostics.with_only(fit.error()).render(app::colour_of_stderr());
      return refuse(options.file, "it is not installed: a reload would refuse it");
    }
  }
  return put(options, file, note, plugin.file);
}

}  // namespace

int install_plugin(const InstallOptions& options) {
  auto file = plugin::read_plugin_file(options.file, plugin::process_policy(false));
  if (!file) return refuse(options.file, file.error().text);
  const auto inspection =
      plugin::inspect(*file, plugin::this_host(), plugin::HostLibraries::snapshot());
  if (!inspection) return refuse(options.file, inspection.error().text);
  for (const std::string& text : inspection->refusals) (void)refuse(options.file, text);
  if (!inspection->refusals.empty()) return 1;
  for (const std::string& text : inspection->warnings) {
    std::cerr << config::printable(options.file) << ": warning: " << config::printable(text)
              << '\n';
  }
  if (!options.folder) return put_as_configured(options, std::move(*file), inspection->note);
  const auto place = place_in_folder(options);
  if (!place) return refuse(options.file, place.error().what, place.error().help);
  return put(options, *file, inspection->note, *place);
}

}  // namespace berth::cli
