"""What `berth --help` and the help of each verb say, as data: the one source of the completions and of berth(1)."""

import dataclasses
import re
import subprocess


@dataclasses.dataclass
class Option:
    names: list  # -c, --config
    argument: str  # FILE; empty: it takes none
    description: str


@dataclasses.dataclass
class Positional:
    name: str
    is_required: bool
    description: str


@dataclasses.dataclass
class Verb:
    words: tuple  # ("plugin", "install"); of the program itself: ()
    description: str
    options: list
    positionals: list
    verbs: list

    @property
    def name(self):
        return self.words[-1] if self.words else "berth"

    def all(self):
        """This one and those below it."""
        return [self, *(below for verb in self.verbs for below in verb.all())]


def rows(text, title):
    """Of a section: (what is described, its description). A long name has its description in the line below."""
    section = re.search(rf"^{title}:\n((?:  .*\n)*)", text, re.MULTILINE)
    found = []
    for line in section[1].splitlines() if section else ():
        words = line.strip()
        if line.startswith("   ") and found:
            found[-1][1] = f"{found[-1][1]} {words}".strip()
        else:
            found.append([*re.split(r" {2,}", words, maxsplit=1), ""][:2])
    return found


def option(row):
    names, _, argument = row[0].partition(" ")
    return Option(names.split(","), argument.strip(), row[1])


def positional(row):
    name, *rest = row[0].split()
    return Positional(name, "REQUIRED" in rest, row[1])


def read(berth, words=()):
    """The verb of these words, and all below it."""
    text = subprocess.run([berth, *words, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    description = text.partition("\nUsage:")[0].strip()
    return Verb(words, " ".join(description.split()), [option(row) for row in rows(text, "Options")],
                [positional(row) for row in rows(text, "Positionals")],
                [read(berth, (*words, row[0])) for row in rows(text, "Subcommands")])
