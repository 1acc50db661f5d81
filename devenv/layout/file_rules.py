"""Rules for commands that handle files: chown, chmod, rm, cp, find and their like; each gives effects, none looks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from devenv.layout.commands import Reader, Rule
from devenv.layout.mode import is_symbolic
from devenv.layout.site import below, effect, everything, exactly, operand, shown, translate, tree_of
from devenv.layout.steps import Effect, Kind
from devenv.layout.table import Call, Form
from devenv.layout.words import Command, Word


def _everything(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    return [everything(call.command, form.why.format(shown(call.command)), form.hint)]


def _chown(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    first, *places = rest or (Word(None),)
    value = first.text
    if value is None:
        return _unclear(call.command)
    if call.command.name == "chgrp":
        value = f":{value}"
    return _attribute(reader, call, places, Kind.OWNS, value.replace(".", ":", 1) if ":" not in value else value)


def _chmod(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """chmod's mode can begin with a minus, which looks like an option."""
    places = list(rest)
    removal = next((name for name, _ in call.options if re.fullmatch(r"-[rwxXst]+", name) and name != "-R"), None)
    value = removal
    if value is None:
        if not places:
            return _unclear(call.command)
        value = places.pop(0).text
    if value is None or not (re.fullmatch(r"[0-7]{1,5}", value) or is_symbolic(value)):
        return _unclear(call.command)
    return _attribute(reader, call, places, Kind.MODES, value)


def _attribute(reader: Reader, call: Call, places: list[Word], kind: Kind, value: str) -> list[Effect]:
    """An owner or a mode for what is named, and with -R for all below; a symbolic `X` asks whether it is a folder."""
    command = call.command
    found = [operand(reader.site, command, word) for word in places]
    clear = [each for each in found if each is not None]
    if len(clear) < len(found) or not found:
        return _unclear(command)
    deep = call.has("-R", "--recursive") and not (kind is Kind.MODES and value == "-R")
    named = [each for each, word in zip(clear, places, strict=True) if not word.wild]
    globs = [each for each, word in zip(clear, places, strict=True) if word.wild]
    reach = [tree_of(each) for each in clear] if deep else clear
    fails = [] if call.has("-f", "--silent", "--quiet") else effect(Kind.NEEDS, command, named)
    return [*fails, *effect(Kind.NEEDS, command, globs), *effect(kind, command, reach, value)]


def _mkdir(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """Makes folders known; a file at one of these places, or on the way to it, would make it fail."""
    blocked: list[str] = []
    for word in rest:
        if word.text is None or word.wild or (call.command.folder is None and not word.text.startswith("/")):
            continue
        place = reader.site.place(call.command.folder or "/", word.text)
        for piece in _alternatives(place):
            reader.site.scene.remember_folder(piece)
            parts = piece.split("/")[1:]
            blocked += [exactly("/" + "/".join(parts[:count])) for count in range(1, len(parts) + 1)]
    return effect(Kind.READS, call.command, blocked)


def _alternatives(place: str) -> list[str]:
    """`/app/{a,b}` is two places for bash and one for sh."""
    found = re.fullmatch(r"(.*)\{([^{}]*,[^{}]*)\}(.*)", place)
    return [f"{found[1]}{each}{found[3]}" for each in found[2].split(",")] if found else [place]


def _rm(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    command = call.command
    deep = call.has("-r", "-R", "--recursive", "-d") or command.name == "rimraf"
    gentle = call.has("-f", "--force") or command.name == "rimraf"
    result: list[Effect] = []
    for word in rest:
        found = operand(reader.site, command, word)
        if found is None:
            return _unclear(command)
        if not gentle:
            result += effect(Kind.LISTS if word.wild else Kind.NEEDS, command, [found])
        result += effect(Kind.REMOVES, command, [tree_of(found) if deep else found])
    return result


def _ln(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """Makes a link known. A file where the link is to be would be in its way."""
    command = call.command
    if len(rest) != 2 or command.folder is None or any(word.text is None or word.wild for word in rest):
        return _unclear(command) if len(rest) > 1 else []
    source, target = (word.text or "" for word in rest)
    place = reader.site.place(command.folder, target)
    if place in reader.site.scene.folders or target.endswith("/"):
        place = reader.site.place(place, source.rstrip("/").rpartition("/")[2])
    if call.has("-s", "--symbolic") and command.sure:
        reader.site.scene.link(place, source)
        return effect(Kind.READS, command, [below(place)])
    origin = reader.site.place(command.folder, source)
    return effect(Kind.READS, command, [below(place), below(origin)])


def _trees(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """Everything that is named, and all in it: copied, moved, searched or written over."""
    words = [*rest, *call.all("-t", "--target-directory")]
    found = [operand(reader.site, call.command, word) for word in words]
    if None in found or not found:
        return _unclear(call.command)
    return effect(Kind.READS, call.command, [tree_of(each) for each in found if each is not None])


def _list(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """What it lists goes to the terminal, unless it is kept; what is named must be there."""
    if call.command.kept:
        return _trees(reader, call, form, rest or (Word("."),))
    return [each for word in rest for each in reader.operand(call.command, word, Kind.NEEDS)]


def _words(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """A program with many ways to name files: whatever word there is may be one."""
    words = [*rest, *(value for _, value in call.options if value is not None)]
    return [each for word in words for each in reader.operand(call.command, word, Kind.READS)]


def _unpack(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """An archive, or what a clone brings, may be written over anything in the folder that it goes to."""
    command = call.command
    if command.folder is None:
        return _unclear(command)
    words = [*rest, *(word for word in command.words[1:] if word.text and not word.text.startswith("-"))]
    targets = call.all("-C", "-d", "--directory") or _behind(command, "-C", "-d")
    folder = targets[-1].text if targets else (rest[-1].text if command.name == "git" and len(rest) > 1 else ".")
    if folder is None:
        return _unclear(command)
    place = reader.site.place(command.folder, folder)
    reads = [each for word in words for each in reader.operand(command, word, Kind.READS)]
    if command.name == "git":
        reads = []
    return [*reads, *effect(Kind.WRITES, command, [below(place)])]


def _behind(command: Command, *options: str) -> list[Word]:
    pairs = zip(command.words, command.words[1:], strict=False)
    return [following for word, following in pairs if word.text in options]


def _download(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """Writes over what it names for its output, or over a file of any name where it stands."""
    command = call.command
    targets = call.all("-o", "--output", "-O", "--output-document")
    targets = [word for word in targets if word.text not in ("-", "/dev/null") and "://" not in (word.text or "")]
    result = [each for word in targets for each in reader.operand(command, word, Kind.WRITES)]
    if not targets and command.folder and (command.name == "wget" or call.has("-O", "--remote-name")):
        names = [word.text.rstrip("/").rpartition("/")[2] for word in rest if word.text]
        result += effect(Kind.WRITES, command, (exactly(reader.site.place(command.folder, name)) for name in names))
    return result


_TESTS = {"-name": "(?:.*/)?{}", "-path": "{}", "-iname": "(?i:(?:.*/)?{})"}


def _find(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """Without an action it prints; with one the action falls on every file below that its tests may let through."""
    command = call.command
    texts = [word.text for word in command.words[1:]]
    split_at = next(
        (at for at, text in enumerate(texts) if text is None or text.startswith(("-", "(", "!"))), len(texts)
    )
    places = [operand(reader.site, command, word) for word in command.words[1 : split_at + 1]]
    places = places or [operand(reader.site, command, Word("."))]
    if None in places or None in texts:
        return _unclear(command)
    tests = [text or "" for text in texts[split_at:]]
    reach = [tree_of(place) for place in places if place is not None]
    exact = _exact_test(tests)
    narrowed = [f"(?={exact}$){each}" for each in reach] if exact else reach
    if "-delete" in tests:
        return effect(Kind.REMOVES if exact else Kind.READS, command, narrowed)
    actions = [at for at, text in enumerate(tests) if text in ("-exec", "-execdir", "-ok")]
    if not actions:
        return effect(Kind.READS, command, reach) if command.kept else []
    return [each for at in actions for each in _action(reader, call, tests[at + 1 :], narrowed, bool(exact))]


def _action(reader: Reader, call: Call, words: list[str], reach: list[str], exact: bool) -> list[Effect]:
    command = call.command
    end = next((at for at, word in enumerate(words) if word in (";", "+")), len(words))
    program, *others = words[:end] or [""]
    operands = [word for word in others if not word.startswith("-") and word != "{}"]
    if exact and program == "chmod" and len(operands) == 1 and "-R" not in others:
        return effect(Kind.MODES, command, reach, operands[0])
    if exact and program == "rm":
        return effect(Kind.REMOVES, command, [tree_of(each) for each in reach])
    if program in ("chmod", "chown", "rm", "sed", "dos2unix", "cat", "grep", "mv", "cp", "touch", "chgrp"):
        return effect(Kind.READS, command, reach)
    return _unclear(command)


def _exact_test(tests: list[str]) -> str:
    """The expression of find's tests where they are a name, and a kind of file; empty for anything else."""
    names = ""
    at = 0
    while at < len(tests):
        test = tests[at]
        if test in _TESTS and at + 1 < len(tests) and not names:
            names = _TESTS[test].format(translate(tests[at + 1]).replace("[^/]*", ".*" if test == "-path" else "[^/]*"))
            at += 2
        elif test == "-type" and tests[at + 1 : at + 2] == ["f"]:
            at += 2
        elif test in ("-exec", "-delete", "-execdir"):
            return names
        else:
            return ""
    return names


def _xargs(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """What comes in by the pipe are operands that nobody knows."""
    words = [word for word in call.command.words[1:] if word.text is None or not word.text.startswith("-")]
    known = ("apt-get", "apt", "apk", "echo", "pip", "pip3")
    if words and words[0].text in known:
        return []
    return _unclear(call.command)


def _output(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    return [each for word in call.all("-o", "--output") for each in reader.operand(call.command, word, Kind.WRITES)]


def _options(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    values = [value for _, value in call.options if value is not None]
    return [each for word in values for each in reader.operand(call.command, word, Kind.READS)]


def _rest(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    """The command behind a verb such as `exec`, with all its own words."""
    words = call.command.words
    verb = next((at for at, word in enumerate(words) if word.text in ("exec", "run", "dlx", "x")), 0)
    inner = [*words[verb + 1 :]]
    while inner and (inner[0].text or "").startswith("-"):
        inner = inner[1:]
    return (
        reader.command(Command(tuple(inner), call.command.text, call.command.folder, call.command.sure))
        if inner
        else []
    )


def _shell(reader: Reader, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
    command = call.command
    texts = [word.text for word in command.words]
    flag = next((at for at, text in enumerate(texts) if text and text.startswith("-") and text.endswith("c")), None)
    if flag is not None and len(texts) > flag + 1 and (script := texts[flag + 1]) is not None:
        return reader.script(script, command.folder, command)
    if command.stdin and not rest:
        return reader.script(command.stdin, command.folder, command)
    return _unclear(command)


def _unclear(command: Command) -> list[Effect]:
    return [everything(command)]


RULES: Mapping[str, Rule] = {
    "everything": _everything,
    "chown": _chown,
    "chmod": _chmod,
    "mkdir": _mkdir,
    "rm": _rm,
    "ln": _ln,
    "trees": _trees,
    "list": _list,
    "words": _words,
    "unpack": _unpack,
    "download": _download,
    "find": _find,
    "xargs": _xargs,
    "output": _output,
    "options": _options,
    "rest": _rest,
    "shell": _shell,
}
