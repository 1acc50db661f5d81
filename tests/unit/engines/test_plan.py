"""Which containers are made, replaced, started and removed, and why: the plan as text is the expected value."""

from __future__ import annotations

import pytest

from devenv.engines.compose.observe import Container
from devenv.engines.compose.plan import Desired, Plan, plan

Observed = dict[str, list[Container]]


def container(name: str, state: str = "running", *, hash: str = "h1", image: str = "i1") -> Container:  # noqa: A002
    service = name.partition("/")[0]
    return Container(name, name, service, state, None, hash, image, "/p")


def there(*containers: Container) -> Observed:
    result: Observed = {}
    for each in containers:
        result.setdefault(each.service, []).append(each)
    return result


def shown(result: Plan) -> str:
    """One line a step, then what goes."""
    return "\n".join([*map(str, result.steps), *(f"remove {each.name}" for each in result.remove)])


DB, WEB = Desired("db", "h1"), Desired("web", "h1", "i1")


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(there(), "create db\ncreate web", id="nothing is there"),
        pytest.param(there(container("db"), container("web")), "keep db\nkeep web", id="all runs as wanted"),
        pytest.param(there(container("db", "exited"), container("web")), "start db\nkeep web", id="one ended"),
        pytest.param(there(container("db", "created")), "start db\ncreate web", id="one was never started"),
        pytest.param(
            there(container("db", "restarting"), container("web")), "keep db\nkeep web", id="one restarts by itself"
        ),
        pytest.param(
            there(container("db", "dead"), container("web", "removing")),
            "create db\ncreate web",
            id="dying ones are gone",
        ),
        pytest.param(
            there(container("db", hash="h0"), container("web", "exited", hash="h0")),
            "recreate db: env.A changed\nrecreate web: its configuration changed",
            id="the configuration changed, running or not",
        ),
        pytest.param(
            there(container("db"), container("web", image="i0")), "keep db\nrecreate web: its image changed", id="image"
        ),
        pytest.param(
            there(container("db", image="pulled anew"), container("web")),
            "keep db\nkeep web",
            id="the image of what devenv does not build is not compared",
        ),
        pytest.param(
            there(container("db/new", "created"), container("db/old"), container("web")),
            "keep db\nkeep web\nremove db/new",
            id="a replacement that was cut off goes, the running one stays",
        ),
        pytest.param(
            there(container("db/new", "exited"), container("db/old", "exited"), container("web")),
            "start db\nkeep web\nremove db/old",
            id="where none runs the newest stays",
        ),
        pytest.param(
            there(container("db"), container("web"), container("cache"), container("cache/2", "exited")),
            "keep db\nkeep web\nremove cache\nremove cache/2",
            id="what the manifest no longer has goes",
        ),
        pytest.param(
            there(container("db"), container("web"), container("optional"), container("web.setup", "exited")),
            "keep db\nkeep web",
            id="what is known but not wanted now stays",
        ),
    ],
)
def test_a_plan(observed: Observed, expected: str) -> None:
    known = ["db", "web", "optional", "web.setup"]
    assert shown(plan([DB, WEB], observed, known=known, reason={"db": "env.A changed"})) == expected


def test_a_step_knows_the_container_that_stays() -> None:
    old, new = container("db/old"), container("db/new", "created")
    result = plan([DB], there(new, old), known=["db"])
    assert result["db"].container is old


def test_compose_is_asked_for_what_is_new_or_replaced_only() -> None:
    result = plan(
        [DB, WEB, Desired("x", "h1")], there(container("db", hash="h0"), container("x")), known=["db", "web", "x"]
    )
    assert result.to_create() == ["db", "web"]
