"""What a RUN's commands do to the files of an image, by the table and the rules; unknown ones may read everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from devenv.layout.scene import SHELL
from devenv.layout.shell import UnclearError, split
from devenv.layout.site import Site, effect, everything, exactly, operand, shown, unsure, within
from devenv.layout.steps import Effect, Kind
from devenv.layout.table import Call, Form, form_of, programs, sort
from devenv.layout.words import Command, Word

_DEPTH = 8
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_OWN_SCRIPTS = ("bin/rails", "bin/rake", "bin/bundle", "./manage.py", "manage.py", "bin/console")
_ASKS = ("--version", "-V", "-VV", "-v", "--help", "-h")
_KINDS = {"reads": Kind.READS, "needs": Kind.NEEDS, "writes": Kind.WRITES, "removes": Kind.REMOVES}

Rule = Callable[["Reader", Call, Form, tuple[Word, ...]], list[Effect]]
"""What the table can't say, by the name that it has there."""


@dataclass(frozen=True)
class Reader:
    """Reads the commands of one RUN. `replaced` are the tools whose work the app's own command does."""

    site: Site
    rules: Mapping[str, Rule]
    replaced: frozenset[str] = frozenset()
    depth: int = 0

    def script(self, text: str, folder: str | None, command: Command | None = None) -> list[Effect]:
        """The effects of a shell script; of one that can't be taken apart, that it may read everything."""
        if self.depth > _DEPTH:
            raise UnclearError("its commands call each other")
        whole = command or Command((), text, folder)
        try:
            commands = split(text, folder, self.site.variables)
            inner = replace(self, depth=self.depth + 1)
            return [each for command in commands for each in inner.command(command)]
        except UnclearError as error:
            return [everything(whole, f"may read it, as `{shown(whole)}` can't be taken apart: {error}")]

    def run(self, args: tuple[str, ...], folder: str, shell: tuple[str, ...]) -> list[Effect]:
        """The effects of a RUN in its JSON form, which no shell reads."""
        words = tuple(Word(word) for word in args)
        return self.command(Command(words, " ".join(args), folder))

    def command(self, command: Command) -> list[Effect]:
        """The effects of one command, those that it runs in turn among them."""
        return unsure(self._effects(command), command)

    def _effects(self, command: Command) -> list[Effect]:
        name = command.name
        if name is None:
            return [everything(command, f"may read it, as it isn't clear what `{shown(command)}` runs")]
        found = programs().get(self._program(name, command))
        if found is None:
            return [everything(command)]
        call = sort(command, found)
        folder = self._folder(call)
        if found.wraps is not None:
            return self._wrapped(call, found.wraps)
        call = replace(call, command=replace(command, folder=folder))
        if call.options and not call.operands and all(option in _ASKS for option, _ in call.options):
            return []
        match = form_of(call)
        if match is None:
            return [everything(command)]
        form, rest = match
        result = self._by_form(call, form, rest)
        if form.tool and self._is_replaced(form.tool, call.command.name or ""):
            return [replace(each, replaced=True) for each in result]
        return result

    def _is_replaced(self, tool: str, program: str) -> bool:
        return tool in self.replaced or (tool == "*" and program.rpartition("/")[2] in self.replaced)

    def _program(self, name: str, command: Command) -> str:
        """The name by which the table knows a program: without its folder, unless it is a script of the project."""
        if "/" not in name:
            return name
        place = self.site.place(command.folder or "/", name)
        if name not in _OWN_SCRIPTS and (command.folder is None or self.site.has(place)):
            return name
        ours = name.startswith(
            ("./node_modules/.bin/", "node_modules/.bin/", ".venv/bin/", "./.venv/bin/", "vendor/bin/")
        )
        return name.rpartition("/")[2] if name.startswith("/") or ours or name in _OWN_SCRIPTS else name

    def _folder(self, call: Call) -> str | None:
        word = call.option(*call.program.folder) if call.program.folder else None
        folder = call.command.folder
        if word is None:
            return folder
        if word.text is None or (folder is None and not word.text.startswith("/")):
            return None
        return self.site.place(folder or "/", word.text)

    def _wrapped(self, call: Call, operands: int) -> list[Effect]:
        """The command behind a wrapper's options, assignments and own operands."""
        words = list(call.command.words[1:])
        while words and (text := words[0].text) is not None:
            if text.startswith("-") and text != "-":
                takes = text in call.program.values and len(words) > 1
                words = words[2 if takes else 1 :]
            elif "=" in text and "/" not in text.partition("=")[0] and call.program.name == "env":
                words = words[1:]
            elif operands:
                operands -= 1
                words = words[1:]
            else:
                break
        return self.command(replace(call.command, words=tuple(words))) if words else []

    def _by_form(self, call: Call, form: Form, rest: tuple[Word, ...]) -> list[Effect]:
        command = call.command
        result: list[Effect] = []
        if form.rule:
            result += self.rules[form.rule](self, call, form, rest)
        if form.reads or form.lists or form.writes:
            result += self.patterns(command, form)
        for word in rest:
            path = word.text is None or "/" in word.text or word.text.startswith(".")
            way = form.each or (form.paths if path else "") or ("reads" if word.wild and command.kept else "")
            if way:
                result += self.operand(command, word, _KINDS[way])
        if form.why or form.hint:
            why = form.why.format(shown(command))
            result = [
                replace(each, why=why or each.why, hint=form.hint) if each.kind is Kind.READS else each
                for each in result
            ]
        return result

    def patterns(self, command: Command, form: Form) -> list[Effect]:
        """The effects of a form's patterns in the folder that a command works in."""
        folder = command.folder
        if folder is None:
            return [everything(command, f"may read it, as it isn't clear where `{shown(command)}` runs")]
        spared = "|".join(within(folder, pattern) for pattern in form.spares)
        reads = [within(folder, pattern) for pattern in form.reads]
        if spared:
            reads = [f"(?!(?:{spared})$){each}" for each in reads]
        reads += [within(folder, pattern) for pattern in form.also_reads]
        return [
            *effect(Kind.READS, command, reads),
            *effect(Kind.LISTS, command, (within(folder, pattern) for pattern in form.lists)),
            *effect(Kind.WRITES, command, (within(folder, pattern) for pattern in form.writes)),
        ]

    def operand(self, command: Command, word: Word, kind: Kind) -> list[Effect]:
        """An effect on what a word names; on everything where that isn't clear."""
        found = operand(self.site, command, word)
        if found is None:
            return [everything(command, f"may read it, as it isn't clear what `{shown(command)}` names")]
        result = effect(kind, command, [found])
        if word.wild and kind is Kind.NEEDS:
            result = effect(Kind.LISTS, command, [found])
        return result

    def names(self, command: Command, folder: str, *paths: str, kind: Kind = Kind.READS) -> list[Effect]:
        """An effect on files by their path in a folder."""
        return effect(kind, command, [exactly(self.site.place(folder, path)) for path in paths])


def is_shell(shell: tuple[str, ...]) -> bool:
    """Whether a SHELL line names one whose scripts can be taken apart."""
    return shell == SHELL or (bool(shell) and shell[0].rpartition("/")[2] in _SHELLS and shell[-1].endswith("c"))
