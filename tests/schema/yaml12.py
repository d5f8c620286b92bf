"""YAML as editors read it: the core schema of 1.2. PyYAML alone reads 1.1, where `off` is false and 0660 is 432."""
import re

import yaml


class Loader(yaml.SafeLoader):
    """Refuses duplicate keys, as editors do; `<<` is a key as any."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        made = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (list, dict)):
                raise yaml.YAMLError("a key that is no text")
            key = "null" if key is None else str(key)
            if key in made:
                raise yaml.YAMLError(f"duplicate key {key}")
            made[key] = self.construct_object(value_node, deep=True)
        return made


def _map(loader, node):
    return loader.construct_mapping(node, deep=True)


def _integer(_, node):
    return int(node.value, 0) if node.value[:2] in ("0x", "0o") else int(node.value)


Loader.add_constructor("tag:yaml.org,2002:map", _map)
Loader.add_constructor("tag:yaml.org,2002:int", _integer)
for tag, expression, first in (
        ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
        ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
        ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789"))):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(expression), first)


def read(data):
    """The one document in these bytes; raises yaml.YAMLError or ValueError."""
    if data[:1] == b"%" or b"\n%TAG" in data:
        raise yaml.YAMLError("a directive")
    return yaml.load(data, Loader)
