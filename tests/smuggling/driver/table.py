"""The table of cases: reads cases/*.txt, whose format README.md tells. No case is judged here."""

import dataclasses
import itertools
import pathlib
import re

VERDICTS = ("forbidden", "allowed", "either")
PROBE = b"GET /probe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

_ESCAPE = re.compile(r"\\(?:([rnt\\])|x([0-9a-fA-F]{2})|)|\{(?:([0-9]+)\*([^{}]*)|([a-z_]+))\}|[{}]")
_PLAIN = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}
_HEADER = re.compile(r"([a-z0-9_\[\]]+) \| ([a-z]+) \| ([0-9 a-z-]+) \| (.+)")
_EXPECTED = re.compile(r"(?:-|[0-9]{3}(?: [0-9]{3})*)(?: probe| alone)?")
_RULE = re.compile(r"RFC (?:9110|9112) s[0-9]+(?:\.[0-9]+)*(?: MUST| SHOULD)?")
_ROW = re.compile(r"([a-z0-9_]+) =(?: (.*))?")


class Malformed(Exception):
    """A table that is not one; the text begins with file and line."""


@dataclasses.dataclass
class Case:
    name: str
    family: str
    verdict: str
    statuses: list     # Berth's replies, interim ones among them, without that of the probe
    probe: bool        # whether Berth answers the probe as well
    alone: bool        # no probe is sent
    rule: str
    place: str         # file:line
    note: str = ""
    raw: bytes = b""
    understood: list = dataclasses.field(default_factory=list)  # by Berth's handler, or empty: not said

    @property
    def sent(self):
        return self.raw if self.alone else self.raw + PROBE

    @property
    def is_must(self):
        """Whether the RFC tells a recipient with a MUST what to do, and not with the SHOULD of RFC 9112 s2.2, which
        is about whatever is not of the grammar."""
        return self.rule.endswith("MUST")


@dataclasses.dataclass
class _Block:
    """A case as it is written: one for each member of the product of the sets that it names."""

    name: str
    verdict: str
    expected: str
    rule: str
    place: str
    lines: list = dataclasses.field(default_factory=list)


def unescaped(text, words):
    """The bytes of one line. Raises ValueError."""
    out = bytearray()
    at = 0
    for match in _ESCAPE.finditer(text):
        out += text[at:match.start()].encode("ascii")
        at = match.end()
        plain, byte, count, repeated, word = match.groups()
        if plain:
            out += _PLAIN[plain]
        elif byte:
            out.append(int(byte, 16))
        elif count:
            out += int(count) * unescaped(repeated, {})
        elif word in words:
            out += words[word]
        else:
            raise ValueError(f"no such escape or word: {match.group()}")
    return bytes(out + text[at:].encode("ascii"))


def _replaced(text, row, part):
    """The text with [set] as the key (part 0) or the value (part 1) of that set's row."""
    for name, pair in row.items():
        text = text.replace(f"[{name}]", pair[part])
    return text


def _checked(case):
    if not case.raw:
        raise ValueError("sends nothing")
    if not re.fullmatch("[a-z0-9_]+", case.name):
        raise ValueError("names a set that is not there")
    if case.verdict == "either" and not case.note:
        raise ValueError("is 'either' and has no note that says why")
    if (case.verdict == "forbidden") != case.rule.endswith((" MUST", " SHOULD")):
        raise ValueError("only rules that forbid end with MUST or SHOULD, and all of them do")
    if case.verdict == "allowed" and not case.understood and not case.note:
        raise ValueError("is 'allowed' and does not say what the handler understands")
    return case


class _Reader:
    def __init__(self, words, sets):
        self.words = words
        self.sets = sets
        self.cases = []

    def read(self, path):
        block = rows = None
        number = 0
        try:
            for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
                if line.startswith("  "):
                    if rows is not None:
                        self._add_row(rows, line[2:])
                    elif block is not None:
                        block.lines.append((number, line[2:]))
                    else:
                        raise ValueError("belongs to nothing")
                elif line and not line.startswith("#"):
                    self._expand(block, path)
                    block = rows = None
                    if line.startswith("let "):
                        name, _, value = line[4:].partition(" = ")
                        self.words[name] = unescaped(value, self.words)
                    elif line.startswith("set "):
                        rows = self.sets[line[4:]] = []
                    else:
                        block = self._begin(line, f"{path.name}:{number}")
            self._expand(block, path)
        except ValueError as error:
            raise Malformed(f"{path.name}:{number}: {error}") from None

    @staticmethod
    def _add_row(rows, text):
        row = _ROW.fullmatch(text)
        if not row:
            raise ValueError("not: key = value")
        rows.append((row[1], row[2] or ""))

    @staticmethod
    def _begin(line, place):
        header = _HEADER.fullmatch(line)
        if not header:
            raise ValueError("not: name | verdict | Berth's replies | rule")
        name, verdict, expected, rule = header.groups()
        if verdict not in VERDICTS or not _EXPECTED.fullmatch(expected):
            raise ValueError(f"no verdict or no replies: {verdict} | {expected}")
        if not _RULE.fullmatch(rule):
            raise ValueError(f"names no section of an RFC: {rule}")
        return _Block(name, verdict, expected, rule, place)

    def _expand(self, block, path):
        if block is None:
            return
        names = [name for name in re.findall(r"\[([a-z0-9_]+)\]", block.name) if name in self.sets]
        for rows in itertools.product(*(self.sets[name] for name in names)):
            self.cases.append(self._case(block, dict(zip(names, rows)), path.stem))

    def _case(self, block, row, family):
        statuses = [int(word) for word in block.expected.split() if word.isdecimal()]
        case = Case(_replaced(block.name, row, 0), family, block.verdict, statuses, block.expected.endswith("probe"),
                    block.expected.endswith("alone"), block.rule, block.place)
        for number, line in block.lines:
            text = _replaced(line, row, 1)
            if text.startswith("# "):
                case.note = f"{case.note} {text[2:]}".strip()
            elif text.startswith("= "):
                case.understood.append(text[2:])
            else:
                try:
                    case.raw += unescaped(text, self.words)
                except ValueError as error:
                    raise Malformed(f"{family}.txt:{number}: {error}") from None
        return case


def read_table(folder):
    """All cases below the folder, in the order of the files' names; words.txt first. Raises Malformed."""
    words = _Reader({}, {})
    folder = pathlib.Path(folder)
    words.read(folder / "words.txt")
    cases = []
    for path in sorted(folder.glob("*.txt")):
        if path.name != "words.txt":
            reader = _Reader(dict(words.words), dict(words.sets))
            reader.read(path)
            cases += reader.cases
    names = {}
    for case in cases:
        try:
            if case.name in names:
                raise ValueError(f"{names[case.name]} has a case of that name")
            names[case.name] = case.place
            _checked(case)
        except ValueError as error:
            raise Malformed(f"{case.place}: {case.name}: {error}") from None
    return cases
