"""Completions of the command line for bash, zsh and fish."""

HEAD = "# Completions of berth(1) for {shell}. Generated from what `berth --help` says.\n"
FILES = ("FILE", "PATH")  # arguments that are a file
FOLDERS = ("FOLDER",)


def all_names(verb):
    return [name for option in verb.options for name in option.names]


def takes_files(verb):
    return any(positional.name in FILES for positional in verb.positionals)


def bash(berth):
    def pattern(verb, names):
        return " | ".join(f'"{" ".join(verb.words)} {name}"' for name in names)

    reached, arguments, words = [], [], []
    for verb in berth.all():
        for below in verb.verbs:
            reached.append(f'      {pattern(verb, [below.name])}) verb="{" ".join(below.words)}" ;;\n')
        for option in verb.options:
            kind = "files" if option.argument in FILES else "folders" if option.argument in FOLDERS else "nothing"
            if option.argument:
                arguments.append(f"    {pattern(verb, option.names)}) kind={kind} ;;\n")
        offered = [below.name for below in verb.verbs] + all_names(verb)
        words.append(f'    "{" ".join(verb.words)}") words="{" ".join(offered)}" kind={"files" if takes_files(verb) else "words"} ;;\n')
    return HEAD.format(shell="bash") + f"""
_berth() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} verb="" kind="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$verb ${{COMP_WORDS[i]}}" in
{"".join(reached)}    esac
  done
  case "$verb $before" in
{"".join(arguments)}  esac
  [[ -n $kind ]] || case $verb in
{"".join(words)}  esac
  [[ $current != -* || -z $words ]] || kind=words
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    files) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folders) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
  esac
}}
complete -F _berth berth
"""


def zsh(berth):
    def quoted(text):
        return "'" + text.replace("'", "'\\''") + "'"

    def described(text):
        for special in "\\[]:":
            text = text.replace(special, "\\" + special)
        return text

    def action(name):
        return "_files" if name in FILES else "_files -/" if name in FOLDERS else ""

    def specifications(verb):
        for option in verb.options:
            argument = f":{option.argument}:{action(option.argument)}" if option.argument else ""
            for name in option.names:
                others = " ".join(option.names)
                yield quoted(f"({others}){name}[{described(option.description)}]{argument}")
        for place, positional in enumerate(verb.positionals, 1):
            optional = "" if positional.is_required else ":"
            yield quoted(f"{place}:{optional}{positional.name}:{action(positional.name)}")

    def function(verb):
        name = "_".join(("_berth", *verb.words))
        arguments = list(specifications(verb))
        if not verb.verbs:
            lines = "".join(f" \\\n    {argument}" for argument in arguments)
            return f"{name}() {{\n  _arguments{lines}\n}}\n"
        lines = "".join(f" \\\n    {argument}" for argument in [*arguments, "'1: :->verb'", "'*:: :->rest'"])
        verbs = "".join(f"\n        {quoted(below.name + ':' + described(below.description))}" for below in verb.verbs)
        cases = "".join(f"\n        {below.name}) {'_'.join(('_berth', *below.words))} ;;" for below in verb.verbs)
        return f"""{name}() {{
  local curcontext=$curcontext state line
  local -a verbs
  _arguments -C{lines}
  case $state in
    verb)
      verbs=({verbs}
      )
      _describe verb verbs
      ;;
    rest)
      case $line[1] in{cases}
      esac
      ;;
  esac
}}
"""

    functions = "\n".join(function(verb) for verb in reversed(berth.all()))
    return f"#compdef berth\n{HEAD.format(shell='zsh')}\n{functions}\n_berth \"$@\"\n"


def fish(berth):
    def quoted(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def reached(verb):
        seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in verb.words)
        if not verb.verbs:
            return quoted(seen)
        below = f"not __fish_seen_subcommand_from {' '.join(below.name for below in verb.verbs)}"
        return quoted(f"{seen}; and {below}" if seen else below)

    lines = ["complete -c berth -f"]
    for verb in berth.all():
        where = f"complete -c berth -n {reached(verb)}"
        for below in verb.verbs:
            lines.append(f"{where} -a {below.name} -d {quoted(below.description)}")
        for option in verb.options:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            kind = (" -r -F" if option.argument in FILES else " -x -a '(__fish_complete_directories)'" if option.argument in FOLDERS
                    else " -x" if option.argument else "")
            lines.append(f"{where} {names}{kind} -d {quoted(option.description)}")
        if takes_files(verb):
            lines.append(f"{where} -F")
    return HEAD.format(shell="fish") + "\n".join(lines) + "\n"
