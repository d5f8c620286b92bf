#include "cli/command_line.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/host.h"
#include "app/process.h"
#include "app/validate.h"
#include "cli/inspect_verb.h"
#include "cli/routes_verb.h"
#include "config/load.h"
#include "config/printable.h"
#include "config/suggest.h"

namespace berth::cli {

namespace {

constexpr int kRefused = 1;
constexpr int kUsage = 2;

// What the options say; a verb takes its own.
struct Options {
  std::optional<std::string> config;
  bool allow_root = false;
  bool json = false;
  int report = -1;
  std::optional<std::string> explain;
  std::string listener;
  std::string plugin_file;
};

base::Result<std::string> configuration_file(const Options& options) {
  config::FileSearch search;
  search.option = options.config;
  if (const char* file = std::getenv("BERTH_CONFIG")) search.environment = file;
  search.exists = [](const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
  };
  return config::find_file(search);
}

template <class Verb>
int with_configuration(const Options& options, Verb verb) {
  const auto file = configuration_file(options);
  if (!file) {
    std::cerr << "berth: error: " << file.error().text << '\n';
    return kRefused;
  }
  return verb(*file);
}

void add_config_option(CLI::App& verb, Options& options) {
  verb.add_option("-c,--config", options.config,
                  "The configuration; else $BERTH_CONFIG, ./berth.yaml, /etc/berth/berth.yaml")
      ->option_text("FILE");
}

// "berth plugin" for the verb that was reached.
std::string full_name(const CLI::App& verb) {
  const CLI::App* const parent = verb.get_parent();
  return parent == nullptr ? verb.get_name() : full_name(*parent) + " " + verb.get_name();
}

std::string unknown_verb(const CLI::App& parent, const std::string& word) {
  std::string text = "unknown verb " + config::quote(word);
  std::vector<std::string> known;
  for (const CLI::App* verb : parent.get_subcommands([](const CLI::App*) { return true; })) {
    if (!verb->get_group().empty()) known.push_back(verb->get_name());
  }
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const std::string meant = config::nearest(word, candidates);
  if (!meant.empty()) text += " (did you mean " + config::quote(meant) + "?)";
  return text;
}

std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  std::string text = config::printable(error.what());
  const std::vector<std::string> rest = app->remaining();
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
      app->get_require_subcommand_min() > 0) {
    text = rest.empty() ? "which verb?" : unknown_verb(*app, rest.front());
  } else if (!rest.empty()) {
    text = "unexpected argument " + config::quote(rest.front());
  }
  return "berth: error: " + text + "\nhelp: see " + full_name(*app) + " --help\n";
}

}  // namespace

int run(int argc, char** argv) {
  Options options;
  CLI::App berth("Berth serves HTTP from handlers in native plugins, named in a YAML route table.",
                 "berth");
  berth.require_subcommand(1);
  berth.failure_message(usage_error);
  berth.set_version_flag("--version", "berth " + std::string(app::version()));
  berth.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.\n"
      "`berth VERB --help` tells a verb's options.");

  CLI::App* const run = berth.add_subcommand("run", "Serve until SIGTERM or SIGINT");
  add_config_option(*run, options);
  run->add_flag("--allow-root", options.allow_root, "Serve even as root");

  CLI::App* const validate = berth.add_subcommand(
      "validate", "Check the configuration and load its plugins in a child process; serve nothing");
  add_config_option(*validate, options);

  CLI::App* const probe = berth.add_subcommand("probe", "What validate starts")->group("");
  add_config_option(*probe, options);
  probe->add_option("--report", options.report)->required();

  CLI::App* const routes = berth.add_subcommand("routes", "Show the route table");
  add_config_option(*routes, options);
  routes
      ->add_option("--explain", options.explain,
                   "Tell which route answers a request, and why, such as \"GET http://host/path\"")
      ->option_text("REQUEST");
  routes->add_option("--listener", options.listener, "The listener the request comes in by")
      ->option_text("NAME");

  CLI::App* const plugin = berth.add_subcommand("plugin", "Tools for plugin files");
  plugin->require_subcommand(1);
  CLI::App* const inspect =
      plugin->add_subcommand("inspect", "Tell what a plugin file is, running none of its code");
  inspect->add_option("FILE", options.plugin_file, "The plugin, such as hello.so")->required();
  inspect->add_flag("--json", options.json, "As one JSON object");

  CLI::App* const version = berth.add_subcommand("version", "Show the version");

  try {
    berth.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return berth.exit(error) == 0 ? 0 : kUsage;
  }
  if (run->parsed()) {
    return with_configuration(options, [&](const std::string& file) {
      return app::run_host({.file = file, .allow_root = options.allow_root});
    });
  }
  if (validate->parsed()) {
    return with_configuration(options,
                              [&](const std::string& file) { return app::validate(file); });
  }
  if (probe->parsed()) return app::probe(options.config.value_or(""), options.report);
  if (routes->parsed()) {
    return with_configuration(options, [&](const std::string& file) {
      return options.explain ? explain_route(file, *options.explain, options.listener)
                             : show_routes(file);
    });
  }
  if (inspect->parsed()) return inspect_plugin(options.plugin_file, options.json);
  if (version->parsed()) std::cout << "berth " << app::version() << '\n';
  return 0;
}

}  // namespace berth::cli
