"""Manual pages out of their templates in packaging/man, the help of the verbs and the tables of docs/configuration.md."""

import re


def roff(text):
    """Plain text, so that none of it is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def from_markdown(text):
    """A cell of a table: `code` is bold, a link is its text, and what the page shows elsewhere is in the document."""
    text = re.sub(r": see \[below\]\([^)]*\)$", "", text).replace("see below", "see configuration.md")
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text.replace("\\|", "|").replace("**", ""))
    parts = text.split("`")
    return "".join(f"\\fB{roff(part)}\\fR" if index % 2 else roff(part) for index, part in enumerate(parts))


def verbs(berth):
    """Each verb with its options and arguments, as paragraphs."""
    lines = []
    for verb in berth.all():
        words = " ".join(("berth", *verb.words))
        if verb.words:
            names = " ".join(f"\\fI{roff(one.name)}\\fR" if one.is_required else f"[\\fI{roff(one.name)}\\fR]"
                             for one in verb.positionals)
            lines += [f".SS {roff(words)}", roff(verb.description) + "."]
            lines += [f"Takes {names}."] if names else []
            lines += [f"Its verbs: {', '.join(roff(below.name) for below in verb.verbs)}."] if verb.verbs else []
        for option in verb.options:
            if verb.words and "--help" in option.names:
                continue
            names = ", ".join(f"\\fB{roff(name)}\\fR" for name in option.names)
            lines += [".TP", f"{names} \\fI{roff(option.argument)}\\fR" if option.argument else names]
            lines += [roff(option.description) + "."]
        for one in verb.positionals:
            lines += [".TP", f"\\fI{roff(one.name)}\\fR", roff(one.description) + "."]
    return "\n".join(lines)


def keys(document):
    """The reference of the configuration: a paragraph for each key, below the title it stands under."""
    lines = []
    title, told = "", ""
    for line in document.splitlines():
        if line.startswith("## "):
            title = line[3:].strip()
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if len(cells) != 8 or not cells[1].startswith("`"):
            continue
        if title != told:
            lines.append(f".SS {roff(title)}")
            told = title
        _, key, kind, default, bounds, takes, meaning, _ = cells
        lines += [".TP", from_markdown(key)]
        facts = [kind, default if default in ("", "required") else f"default {default}", bounds, f"taken by a {takes}"]
        lines.append(f"({from_markdown('; '.join(fact for fact in facts if fact))})")
        lines.append(from_markdown(meaning) + ".")
    return "\n".join(lines)


def page(template, values):
    """The template with @NAME@ replaced, each of them known."""
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], template)
