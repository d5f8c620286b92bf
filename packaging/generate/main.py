"""Writes what is installed beside a built berth and follows from it: completions and manual pages."""

import argparse
import os
import time

import completions
import help_text
import pages

PACKAGING = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)


def read_text(*path):
    with open(os.path.join(PACKAGING, *path), encoding="ascii") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--berth", required=True, help="the program")
    parser.add_argument("--version", required=True, help="that the pages show")
    parser.add_argument("--to", required=True, help="the folder to write to")
    given = parser.parse_args()
    berth = help_text.read(os.path.abspath(given.berth))
    day = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", "0"))))
    values = {"DATE": day, "VERSION": given.version, "VERBS": pages.verbs(berth),
              "KEYS": pages.keys(read_text(os.pardir, "docs", "configuration.md"))}
    files = {"berth.bash": completions.bash(berth), "_berth": completions.zsh(berth), "berth.fish": completions.fish(berth)}
    for name in sorted(os.listdir(os.path.join(PACKAGING, "man"))):
        files[name.removesuffix(".in")] = pages.page(read_text("man", name), values)
    os.makedirs(given.to, exist_ok=True)
    for name, text in files.items():
        with open(os.path.join(given.to, name), "w", encoding="ascii") as file:
            file.write(text)


main()
