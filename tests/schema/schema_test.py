"""What `berth schema` prints and what the server takes are the same: schema_test.py BERTH"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

import yaml12

BERTH = sys.argv.pop(1)
ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/config"
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


def printed(*options):
    return json.loads(subprocess.run([BERTH, "schema", *options], check=True, capture_output=True).stdout)


SCHEMA = printed()
WHOLE = jsonschema.Draft7Validator(SCHEMA)
INCLUDED = jsonschema.Draft7Validator(printed("--included"))

LISTENER = "listen: [{ name: a, address: ':0', %s }]"
ROUTE = "listen: [{ name: a, address: ':0' }]\nplugins: { p: { file: p.so } }\nroutes: [{ pattern: /, handler: p, %s }]"
TOP = "listen: [{ name: a, address: ':0' }]\n%s"
# Each section by its name in the reference: where the schema has it, and a file with room for one more key.
SECTIONS = {
    "": ([], TOP),
    "listen[].": (["definitions", "listener"], LISTENER),
    "listen[].socket.": (["definitions", "listener", "properties", "socket"], LISTENER % "socket: { %s }"),
    "plugins.NAME.": (["definitions", "plugin"], TOP % "plugins: { p: { file: p.so, %s } }"),
    "routes[].": (["definitions", "route"], ROUTE),
    "routes[].with[].": (["definitions", "handler_use", "anyOf", 1], ROUTE % "with: [{ handler: p, %s }]"),
    "routes[].fallback.": (["definitions", "handler_use", "anyOf", 1], ROUTE % "fallback: { handler: q, %s }"),
    "timeouts.": (["properties", "timeouts"], TOP % "timeouts: { %s }"),
    "limits.": (["properties", "limits"], TOP % "limits: { %s }"),
    "log.": (["properties", "log"], TOP % "log: { %s }"),
    "quarantine.": (["properties", "quarantine", "anyOf", 1], TOP % "quarantine: { %s }"),
    "recycle.": (["properties", "recycle", "anyOf", 1], TOP % "recycle: { %s }"),
}


def properties(section):
    node = SCHEMA
    for step in SECTIONS[section][0]:
        node = node[step]
    return node["properties"]


def refusal(text):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "berth.yaml")
        file.write_text(text)
        return subprocess.run([BERTH, "validate", "-c", file], capture_output=True, text=True, check=False).stderr


def accepts(validator, data):
    try:
        return validator.is_valid(yaml12.read(data))
    except (yaml.YAMLError, ValueError):  # which an editor underlines as well
        return False


class Keys(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)
        self.assertEqual(SCHEMA["$schema"], "http://json-schema.org/draft-07/schema#")

    def test_each_section_has_the_keys_that_the_server_knows(self):
        for section, (_, text) in SECTIONS.items():
            said = refusal(text % "qqqqqqqqqqqq: 1")
            known = re.search(r"^help: .* has the keys (.*)$", said, re.M)
            self.assertIsNotNone(known, section + ": " + said)
            self.assertEqual(sorted(known[1].split(", ")), sorted(properties(section)), section)

    def test_each_key_is_described(self):
        for section in SECTIONS:
            for key, value in properties(section).items():
                self.assertGreater(len(value.get("description", "")), 10, section + key)

    def test_words_are_those_that_the_server_takes(self):
        checked = 0
        for section, (_, text) in SECTIONS.items():
            for key, value in properties(section).items():
                words = [word for way in value.get("anyOf", []) for word in way.get("enum", [])]
                if not words or words == ["off"]:
                    continue
                said = refusal(text % (key + ": qqqqqqqqqqqq"))
                known = re.search(r"is not one of (.*?)(?: or a file's path)?$", said, re.M)
                self.assertIsNotNone(known, section + key + ": " + said)
                self.assertEqual(set(known[1].split(", ")), {str(word) for word in words}, section + key)
                checked += 1
        self.assertGreaterEqual(checked, 10)

    def test_ranges_and_defaults_are_those_of_the_reference(self):
        kinds = {"duration": "duration", "size": "size", "bytes": "size", "rate": "rate"}
        row = re.compile(r"^\| `((?:[a-zA-Z\[\]]+\.)*)([a-z_0-9]+)` \| (count|duration|size|rate|bytes)\b[^|]*"
                         r"\| ([^|]*) ?\| (\S+ to [^|]*) \|", re.M)
        rows = row.findall(CONFIGURATION)
        self.assertGreater(len(rows), 30)
        for section, key, kind, default, bounds in rows:
            value = properties(section)[key]
            none = f"| {kind} or `none` |" in next(
                line for line in CONFIGURATION.splitlines() if line.startswith(f"| `{section}{key}` |"))
            none = none or bounds.endswith(", or none")
            self.assertTrue(value["description"].endswith(f" ({bounds})"), section + key)
            default = default.strip().strip("`")
            literal = default if default == "none" or default[0].isdigit() else None
            if kind == "count":
                least, most = bounds.removesuffix(", or none").split(" to ")
                self.assertEqual((value["minimum"], value["maximum"]), (int(least), int(most)), section + key)
                self.assertEqual(value["pattern"].startswith("^none$"), none, section + key)
            else:
                name = kinds[kind] + ("_or_none" if none else "")
                self.assertEqual(value["allOf"], [{"$ref": "#/definitions/" + name}], section + key)
            self.assertEqual(str(value["default"]) if "default" in value else None, literal, section + key)


class Files(unittest.TestCase):
    """The server's side of these is ConfigGolden, in tests/unit/config."""

    def test_good_files_are_accepted(self):
        for file in sorted(GOLDEN.glob("good/*.yaml")):
            self.assertTrue(accepts(WHOLE, file.read_bytes()), file)

    def test_bad_files_are_refused_but_for_what_no_schema_can_know(self):
        files = sorted(GOLDEN.glob("bad/*.yaml"))
        self.assertGreaterEqual(len(files), 100)
        listed = [line.split(maxsplit=1) for line in pathlib.Path(__file__).with_name("accepted").read_text().splitlines()
                  if not line.startswith("#")]
        self.assertTrue(all(len(entry) == 2 for entry in listed), "each has its reason")
        accepted = [file.name for file in files if accepts(WHOLE, file.read_bytes())]
        self.assertEqual(accepted, sorted(entry[0] for entry in listed))

    def test_what_is_installed_is_accepted(self):
        for name in ("conf/berth.yaml", "sdk/template/berth.yaml", "packaging/site/berth.yaml"):
            self.assertTrue(accepts(WHOLE, (ROOT / name).read_bytes()), name)
        for file in (ROOT / "packaging/site/routes.d").iterdir():
            self.assertTrue(accepts(INCLUDED, file.read_bytes()), file)
            self.assertFalse(accepts(WHOLE, file.read_bytes()), file)

    def test_each_of_these_names_its_schema(self):
        files = ["conf/berth.yaml", "sdk/template/berth.yaml", "packaging/site/berth.yaml"]
        files += [str(file.relative_to(ROOT)) for file in (ROOT / "packaging/site/routes.d").iterdir()]
        for name in files:
            first = (ROOT / name).read_text().splitlines()[0]
            self.assertRegex(first, r"^# yaml-language-server: \$schema=\S*berth\.(included\.)?schema\.json$", name)

    def test_examples_of_the_reference_are_accepted(self):
        examples = re.findall(r"^```yaml (?:valid|file=(?!wrong)\S+)\n(.*?)^```$", CONFIGURATION, re.M | re.S)
        self.assertGreater(len(examples), 10)
        for example in examples:
            self.assertTrue(accepts(INCLUDED, example.encode()), example)


unittest.main(verbosity=1)
