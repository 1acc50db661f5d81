"""A COPY or ADD line as Puts, and a RUN's bind mounts: flags, sources and destination by BuildKit's rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from devenv.errors import InputError
from devenv.layout.dockerfile import Dockerfile, Instruction
from devenv.layout.ignore import Ignore
from devenv.layout.scene import Scene
from devenv.layout.source import BadPatternError, Source
from devenv.layout.steps import CONTEXT, ELSEWHERE, Put, matches
from devenv.layout.tree import Tree

_REMOTE = re.compile(r"https?://|git@|git://|ssh://")
_FLAGS = frozenset(
    {"from", "chown", "chmod", "link", "parents", "exclude", "keep-git-dir", "checksum", "unpack", "network"}
)


@dataclass(frozen=True)
class Copying:
    """What a line needs to know: `origin` finds a stage by name, `is_folder` whether a place is known as a folder."""

    dockerfile: Dockerfile
    tree: Tree
    scene: Scene
    origin: Callable[[str, int], int]
    is_folder: Callable[[str], bool]

    def puts(self, line: Instruction) -> list[Put]:
        """One Put for each source. Raises InputError for what the builder refuses."""
        self._check_flags(line)
        words = [self._expand(word, line) for word in line.args]
        *sources, target = words
        if not target:
            raise self.dockerfile.fail(line.line, f"{line.name} has an empty destination", f"it says: {line.shown}")
        if len(sources) > 1 and not target.endswith("/") and target not in (".", ".."):
            hint = f"with more than one source it ends in a slash: `{target}/`"
            raise self.dockerfile.fail(line.line, f"the destination `{target}` of {line.name} is no folder", hint)
        base = self._base(line, target)
        result = [each for word in sources for each in self._put(base, line, word, target)]
        self.scene.remember_folder((result[0].dest if result[0].into else result[0].dest.rpartition("/")[0]) or "/")
        return result

    def mounts(self, line: Instruction) -> Iterator[Put]:
        """The bind mounts of a RUN, as if they were copied for as long as it runs."""
        for text in line.all_flags("mount"):
            pairs = [part.partition("=") for part in text.split(",")]
            options = {key.strip().lower(): self._expand(value, line) for key, _, value in pairs}
            if options.get("type", "bind") != "bind":
                continue
            target = options.get("target") or options.get("dst") or options.get("destination")
            if not target:
                raise self.dockerfile.fail(line.line, "a bind mount has no target", "--mount=type=bind,target=/path")
            origin = self.origin(options["from"], line.line) if options.get("from") else CONTEXT
            source = self._source(line, options.get("source") or options.get("src") or "", origin, plain=True)
            place = self._place(target)
            put = Put(line.line, line.shown, origin, source, "" if place == "/" else place, into=False)
            yield replace(put, aliases=self._links(put))

    def _base(self, line: Instruction, target: str) -> Put:
        origin = self._origin(line)
        place = self._place(target)
        into = target.endswith(("/", "/.", "/..")) or target in (".", "..")
        into = into or len(line.args) > 2 or self.is_folder(place)
        doubt = "" if self.scene.sure or target.startswith("/") else self._doubt()
        if name := next(filter(None, map(self.scene.unknown, (*line.args, *line.flags))), ""):
            doubt = f"it depends on `${name}`, which only the base image can have set"
        if not into and not doubt and place.count("/") == 1 and "." not in place:
            doubt = f"`{target}` may be a folder of the base image: write `{target}/` if it is one"
        if line.is_on("link") and any(place == link or place.startswith(link + "/") for link in self.scene.links):
            doubt = "COPY --link may or may not follow the link in its destination"
        mode, changes = self._mode(line)
        return Put(
            line.line,
            line.shown,
            origin,
            None,
            "" if place == "/" else place,
            into,
            self._owner(line),
            mode,
            changes,
            self._exclude(line),
            doubt=doubt,
            fresh=not self.is_folder(place),
        )

    def _doubt(self) -> str:
        return "its place depends on the base image's WORKDIR, which is not known before the image is here"

    def _put(self, base: Put, line: Instruction, word: str, target: str) -> Iterator[Put]:
        if word.startswith("<<") and line.heredocs:
            name = next((each.name for each in line.heredocs if each.name in word), word)
            yield replace(base, origin=ELSEWHERE, source=Source(name))
            return
        if line.name == "ADD" and (_REMOTE.match(word) or word.endswith(".git")):
            yield replace(base, origin=ELSEWHERE, source=Source(word.rpartition("/")[2]))
            return
        source = self._source(line, word, base.origin)
        put = replace(base, source=source, unpacks=line.name == "ADD" and line.flag("unpack") != "false")
        if line.is_on("parents"):
            put = replace(put, pivot=_pivot(word), into=True)
        elif not put.into and put.doubt and self._is_clear(put):
            put = replace(put, doubt="" if put.doubt.endswith("if it is one") else put.doubt)
        yield replace(put, aliases=self._links(put))

    def _is_clear(self, put: Put) -> bool:
        """Whether it matters little what the destination is: a folder is copied, or a file under its own name."""
        assert put.source
        if put.source.text.rpartition("/")[2] == put.dest.rpartition("/")[2]:
            return True
        if put.origin != CONTEXT or put.source.wild:
            return put.origin != CONTEXT
        real = self.tree.real(put.source.text)
        return real is not None and self.tree.is_folder(real)

    def _source(self, line: Instruction, word: str, origin: int, *, plain: bool = False) -> Source:
        try:
            source = Source.of(word.replace("\\", "\\\\") if plain else word)
        except BadPatternError as error:
            hint = "a backslash takes a `[` its meaning"
            raise self.dockerfile.fail(line.line, f"`{word}` is not a pattern: {error}", hint) from error
        outside = origin == CONTEXT and re.match(r"(\./+)*\.\.(/|$)", word)
        if outside and not self.tree.is_there(source.text):
            hint = "nothing above the context can be copied; make the context a folder that holds both"
            raise self.dockerfile.fail(line.line, f"`{word}` is outside the build context", hint)
        return source

    def _links(self, put: Put) -> tuple[tuple[str, str], ...]:
        """Which of the things that a source meets are links, or lie behind one, and where they lead."""
        if put.source is None or put.origin == ELSEWHERE:
            return ()
        if put.origin != CONTEXT:
            return ()
        entries = matches(put.source, self.tree) if put.source.wild else [put.source.text]
        pairs = ((self.tree.real(entry), entry) for entry in entries)
        return tuple((real, entry) for real, entry in pairs if real is not None and real != entry)

    def _place(self, target: str) -> str:
        return self.scene.resolve(self.scene.absolute(target))

    def _origin(self, line: Instruction) -> int:
        name = line.flag("from")
        if name is None:
            return CONTEXT
        if "$" in name:
            hint = "write the stage's name; a stage of its own can be `FROM $NAME AS name`"
            raise self.dockerfile.fail(line.line, "--from takes no variable", hint)
        return self.origin(name, line.line)

    def _owner(self, line: Instruction) -> str | None:
        text = line.flag("chown")
        return None if text is None else owner(self._expand(text, line))

    def _mode(self, line: Instruction) -> tuple[int | None, tuple[str, ...]]:
        text = line.flag("chmod")
        if text is None:
            return None, ()
        text = self._expand(text, line)
        if re.fullmatch(r"[0-7]{1,5}", text):
            return int(text, 8), ()
        return None, (text,)

    def _exclude(self, line: Instruction) -> Ignore | None:
        patterns = [self._expand(text, line) for text in line.all_flags("exclude")]
        if not patterns:
            return None
        try:
            return Ignore.from_text("\n".join(patterns))
        except InputError as error:
            raise self.dockerfile.fail(line.line, f"--exclude: {error.message}", error.hint) from error

    def _expand(self, word: str, line: Instruction) -> str:
        return self.dockerfile.expand(word, self.scene.variables, line.line)

    def _check_flags(self, line: Instruction) -> None:
        for flag in line.flags:
            name = flag[2:].partition("=")[0]
            if name not in _FLAGS:
                raise self.dockerfile.fail(line.line, f"{line.name} has no flag `--{name}`", f"it says: {line.shown}")


def owner(text: str) -> str:
    """`--chown`'s value as `user:group`: a lone number is both, a lone name's group is left to the image (`name:`)."""
    user, colon, group = text.partition(":")
    if not colon:
        return f"{user}:{user}" if user.isdecimal() else f"{user}:"
    return f"{user or '0'}:{group}" if group or not user.isdecimal() else f"{user}:{user}"


def _pivot(word: str) -> int:
    """How many parts of a source `--parents` drops: those up to `/./`."""
    head, mark, _ = word.partition("/./")
    return len([part for part in head.split("/") if part not in ("", ".")]) if mark else 0
