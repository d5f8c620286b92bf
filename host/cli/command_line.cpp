#include "cli/command_line.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/host.h"
#include "app/plan.h"
#include "app/plugin_probe.h"
#include "app/process.h"
#include "app/validate.h"
#include "base/identity.h"
#include "cli/control_verbs.h"
#include "cli/crashes_verb.h"
#include "cli/inspect_verb.h"
#include "cli/install_verb.h"
#include "cli/new_verb.h"
#include "cli/routes_verb.h"
#include "cli/run_verb.h"
#include "config/json_schema.h"
#include "config/load.h"
#include "config/printable.h"
#include "config/suggest.h"
#include "config/values.h"

namespace berth::cli {

namespace {

using namespace std::chrono_literals;

// A reload probes its plugins one after another, each for timeouts.probe at most; a stop waits for
// timeouts.shutdown. The others are answered at once.
constexpr base::Duration kLongTimeout = 2min;
constexpr base::Duration kShortTimeout = 10s;

// What the options say; a verb takes its own.
struct Options {
  std::optional<std::string> config;
  bool allow_root = false;
  bool last_good = false;
  bool json = false;
  std::optional<std::string> explain;
  std::string listener;
  std::string plugin_file;
  std::optional<std::string> control;
  std::string timeout;  // empty: the verb's own
  bool dry_run = false;
  bool wait = false;
  std::optional<std::uint64_t> generation;
  std::string alias;
  std::optional<std::string> crash;
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

// Of the verbs that talk to a running server.
void add_control_options(CLI::App& verb, Options& options, bool json) {
  verb.add_option("-c,--config", options.config,
                  "The configuration of the server: its `control:` says where the socket is")
      ->option_text("FILE");
  verb.add_option("--control", options.control,
                  "Its control socket; else /run/berth/control.sock or "
                  "$XDG_RUNTIME_DIR/berth/control.sock")
      ->option_text("PATH")
      ->excludes("--config");
  verb.add_option("--timeout", options.timeout, "How long to wait, such as 30s or 5m")
      ->option_text("DURATION");
  if (json) verb.add_flag("--json", options.json, "What the server answers, as JSON");
  verb.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no server answers, 4 none in "
      "time.");
}

void add_dry_run(CLI::App& verb, Options& options) {
  verb.add_flag("--dry-run", options.dry_run, "Tell what it would do, and do nothing");
}

CLI::Option* add_generation(CLI::App& verb, Options& options, const std::string& name,
                            const std::string& description) {
  return verb.add_option(name, options.generation, description)
      ->option_text("N")
      ->check([](const std::string& text) {
        const auto number = config::parse_integer(text);
        return number && *number > 0 ? std::string()
                                     : config::quote(text) + " is not the number of a generation";
      });
}

template <class Verb>
int with_server(const Options& options, base::Duration timeout, Verb verb) {
  if (!options.timeout.empty()) {
    const auto given = config::parse_duration(options.timeout);
    if (!given) {
      std::cerr << "berth: error: --timeout: " << given.error().what
                << "\nhelp: " << given.error().help << '\n';
      return kUsage;
    }
    timeout = *given;
  }
  return verb(ControlOptions{.target = {.path = options.control, .config = options.config},
                             .json = options.json,
                             .timeout = timeout});
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
  run->add_flag("--last-good", options.last_good,
                "Where the configuration or a plugin is refused, serve what served last");

  bool alone = false;
  run->add_flag("--no-supervisor", alone,
                "Serve in this very process, which a plugin that crashes ends");
  // What it starts.
  CLI::App* const plan = berth.add_subcommand("plan", "Open the sockets for run")->group("");
  CLI::App* const host = berth.add_subcommand("host", "Serve for run")->group("");
  for (CLI::App* const started : {plan, host}) {
    add_config_option(*started, options);
    started->add_flag("--allow-root", options.allow_root);
    started->add_flag("--last-good", options.last_good);
  }
  add_generation(*host, options, "--generation", "The one that served");
  bool standby = false;
  host->add_flag("--standby", standby);
  std::string user;
  host->add_option("--user", user)->check([](const std::string& text) {
    return base::parse_identity(text) ? std::string()
                                      : config::quote(text) + " is no user with its groups";
  });

  CLI::App* const validate = berth.add_subcommand(
      "validate", "Check the configuration and load its plugins in a child process; serve nothing");
  add_config_option(*validate, options);

  CLI::App* const probe = berth.add_subcommand("probe", "What validate starts")->group("");

  CLI::App* const routes = berth.add_subcommand("routes", "Show the route table");
  add_config_option(*routes, options);
  routes
      ->add_option("--explain", options.explain,
                   "Tell which route answers a request, and why, such as \"GET http://host/path\"")
      ->option_text("REQUEST");
  routes->add_option("--listener", options.listener, "The listener the request comes in by")
      ->option_text("NAME");

  CLI::App* const reload = berth.add_subcommand(
      "reload", "Have the server load its configuration and the plugins that changed");
  add_dry_run(*reload, options);
  add_control_options(*reload, options, true);

  CLI::App* const rollback =
      berth.add_subcommand("rollback", "Have the server go back to a generation that is kept");
  add_generation(*rollback, options, "--to", "Which; else the one before");
  add_dry_run(*rollback, options);
  add_control_options(*rollback, options, true);

  CLI::App* const status = berth.add_subcommand("status", "Show what the server does");
  add_control_options(*status, options, true);

  CLI::App* const generations = berth.add_subcommand(
      "generations", "Show what serves, what is on its way out, and what can be rolled back to");
  add_generation(*generations, options, "--why", "Tell what holds that generation in memory");
  add_control_options(*generations, options, true);

  CLI::App* const upgrade = berth.add_subcommand(
      "upgrade", "Have the program's file and the configuration take over, without a gap");
  add_control_options(*upgrade, options, true);

  CLI::App* const stop = berth.add_subcommand("stop", "Stop the server as SIGTERM does");
  stop->add_flag("--wait", options.wait, "Until its process has ended");
  add_control_options(*stop, options, false);

  CLI::App* const plugin =
      berth.add_subcommand("plugin", "Tools for plugin files, and for plugins that serve");
  plugin->require_subcommand(1);
  CLI::App* const inspect =
      plugin->add_subcommand("inspect", "Tell what a plugin file is, running none of its code");
  inspect->add_option("FILE", options.plugin_file, "The plugin, such as hello.so")->required();
  inspect->add_flag("--json", options.json, "As one JSON object");

  InstallOptions installed;
  CLI::App* const install = plugin->add_subcommand(
      "install", "Check a plugin's file, its code too, and put it in place in one step");
  install->add_option("FILE", installed.file, "The plugin, such as build/hello.so")->required();
  install->add_option("--as", installed.alias, "Which plugin of the configuration it is")
      ->option_text("ALIAS");
  install
      ->add_option("--to", installed.folder,
                   "The folder to put it into, instead of where the configuration has it")
      ->option_text("FOLDER");
  add_config_option(*install, options);

  CLI::App* const pin = plugin->add_subcommand(
      "pin", "Have reloads leave the image of a plugin alone, whatever becomes of its file");
  pin->add_option("ALIAS", options.alias, "The plugin, by its name in the configuration")
      ->required();
  add_control_options(*pin, options, false);
  CLI::App* const unpin = plugin->add_subcommand("unpin", "Undo berth plugin pin");
  unpin->add_option("ALIAS", options.alias, "The plugin, by its name in the configuration")
      ->required();
  add_control_options(*unpin, options, false);

  CLI::App* const release = plugin->add_subcommand(
      "release", "Have a plugin that was quarantined for its crashes called again, by a reload");
  release->add_option("ALIAS", options.alias, "The plugin, by its name in the configuration")
      ->required();
  add_control_options(*release, options, true);

  NewOptions made;
  CLI::App* const create = berth.add_subcommand(
      "new", "Make the project of a plugin: a handler, a test, a configuration that serves it");
  create->add_option("NAME", made.name, "The plugin's, such as shop")->required();
  create->add_option("--to", made.folder, "The folder to make; else one of that name, here")
      ->option_text("FOLDER");

  CLI::App* const crashes = berth.add_subcommand(
      "crashes", "List the crash reports that the server has left, or show one of them");
  crashes->add_option("NAME", options.crash, "The report to show, as the list has it");
  crashes->add_flag("--json", options.json, "As JSON");

  bool included = false;
  CLI::App* const schema = berth.add_subcommand(
      "schema", "Print the JSON Schema of the configuration, by which editors check it");
  schema->add_flag("--included", included, "That of a file that another one includes");

  CLI::App* const version = berth.add_subcommand("version", "Show the version");

  // Behind the verbs, which have begun with the one above.
  berth.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage; of the verbs that ask a running\n"
      "server also 3 no server answers, 4 none in time.\n"
      "`berth VERB --help` tells a verb's options.");

  try {
    berth.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return berth.exit(error) == 0 ? 0 : kUsage;
  }
  if (run->parsed() || plan->parsed() || host->parsed()) {
    return with_configuration(options, [&](const std::string& file) {
      const app::RunOptions serving{.file = file,
                                    .allow_root = options.allow_root,
                                    .last_good = options.last_good,
                                    .generation = options.generation,
                                    .standby = standby,
                                    .user = base::parse_identity(user)};
      if (plan->parsed()) return app::run_plan(serving);
      return host->parsed() ? app::run_host(serving) : cli::run(serving, !alone);
    });
  }
  if (validate->parsed()) {
    return with_configuration(options,
                              [&](const std::string& file) { return app::validate(file); });
  }
  if (probe->parsed()) app::run_probe();
  if (routes->parsed()) {
    return with_configuration(options, [&](const std::string& file) {
      return options.explain ? explain_route(file, *options.explain, options.listener)
                             : show_routes(file);
    });
  }
  if (crashes->parsed()) {
    return options.crash ? show_crash(*options.crash, options.json) : list_crashes(options.json);
  }
  if (create->parsed()) return new_plugin(made);
  if (inspect->parsed()) return inspect_plugin(options.plugin_file, options.json);
  if (install->parsed() && installed.folder) return install_plugin(installed);
  if (install->parsed()) {
    return with_configuration(options, [&](const std::string& file) {
      installed.configuration = file;
      return install_plugin(installed);
    });
  }
  const auto long_ask = [&options](auto verb) { return with_server(options, kLongTimeout, verb); };
  const auto short_ask = [&options](auto verb) {
    return with_server(options, kShortTimeout, verb);
  };
  if (reload->parsed()) {
    return long_ask([&](const ControlOptions& to) { return cli::reload(to, options.dry_run); });
  }
  if (rollback->parsed()) {
    return long_ask([&](const ControlOptions& to) {
      return roll_back(to, options.generation, options.dry_run);
    });
  }
  if (status->parsed()) return short_ask(show_status);
  if (generations->parsed()) {
    return short_ask([&](const ControlOptions& to) {
      return options.generation ? explain_generation(to, *options.generation)
                                : show_generations(to);
    });
  }
  if (pin->parsed() || unpin->parsed()) {
    return short_ask(
        [&](const ControlOptions& to) { return cli::pin(to, options.alias, pin->parsed()); });
  }
  if (release->parsed()) {
    return long_ask([&](const ControlOptions& to) { return cli::release(to, options.alias); });
  }
  if (upgrade->parsed()) return long_ask(cli::upgrade);
  if (stop->parsed()) {
    return with_server(options, options.wait ? kLongTimeout : kShortTimeout,
                       [&](const ControlOptions& to) { return cli::stop(to, options.wait); });
  }
  if (schema->parsed()) {
    std::cout << (included ? config::included_json_schema() : config::json_schema());
  }
  if (version->parsed()) std::cout << "berth " << app::version() << '\n';
  return 0;
}

}  // namespace berth::cli
