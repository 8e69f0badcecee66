"""Jobs that share a catalogue without locks, on a catalogue in memory: one at a time, and no number twice."""

from __future__ import annotations

import re
from typing import Any

import pytest

from segjob.errors import StatementFailed, WarehouseBusy
from segjob.warehouse.lease import CLAIMS, FLAGS, LEASE_SECONDS, Lease


class Catalogue:
    """Views of one schema; creating one that is there fails, as in a metastore. now : the server's time in seconds."""

    def __init__(self) -> None:
        self.views: dict[str, str] = {}
        self.now = 1000.0

    def send(self, text: str) -> None:
        """CREATE [OR REPLACE], ALTER or DROP VIEW."""
        match = re.match(
            r"(CREATE OR REPLACE|CREATE|ALTER|DROP) VIEW (?:IF EXISTS )?s\.(\w+)(?: AS (.*))?", text
        )
        assert match is not None, text
        how, name, body = match.groups()
        if (how == "CREATE" and name in self.views) or (how == "ALTER" and name not in self.views):
            raise StatementFailed("refused", text, words="refused")
        if how == "DROP":
            self.views.pop(name, None)
        else:
            self.views[name] = body

    def rows(self, text: str) -> list[Any]:
        """SHOW VIEWS, the time, or what a flag says."""
        if "unix_timestamp() AS now" in text:
            return [{"now": self.now}]
        if listed := re.search(r"LIKE '(\w+)\*'", text):
            return [{"viewName": name} for name in self.views if name.startswith(listed[1])]
        flag = re.search(r"FROM s\.(\w+)", text)
        assert flag is not None, text
        said = re.match(r"SELECT '(.*)' AS holder, (\d+) AS beat", self.views[flag[1]])
        assert said is not None
        return [{"holder": said[1], "age": self.now - int(said[2])}]

    def lease(self, holder: str) -> Lease:
        """A job's lease on the schema."""
        return Lease("s", "the catalogue", holder, self.send, self.rows)


def test_a_job_that_was_taken_for_dead_keeps_its_number_for_itself() -> None:
    catalogue = Catalogue()
    sleeper, other, third = map(catalogue.lease, ("sleeper", "other", "third"))
    with sleeper.held(0):
        assert sleeper.claim_number(after=4) == 5
        catalogue.now += LEASE_SECONDS + 1
        with other.held(0):
            assert other.claim_number(after=4) == 6
            with pytest.raises(WarehouseBusy, match="another job may be publishing"):
                sleeper.refuse_lost()
    with third.held(0):
        assert third.claim_number(after=6) == 7
    assert catalogue.views == {}


def test_a_number_that_was_taken_at_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = Catalogue()
    lease = catalogue.lease("one")
    seen: list[str] = []

    def late(text: str) -> list[Any]:
        rows = catalogue.rows(text)
        if CLAIMS in text and not seen:
            seen.append(text)
            catalogue.send(f"CREATE VIEW s.{CLAIMS}1 AS SELECT 1 AS run_id")
        return rows

    monkeypatch.setattr(lease, "rows", late)
    assert lease.claim_number(after=0) == 2


def test_a_schema_in_which_no_view_may_be_created(monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Catalogue().lease("one")

    def refuse(text: str) -> None:
        raise StatementFailed("no right", text, words="no right")

    monkeypatch.setattr(lease, "send", refuse)
    with pytest.raises(StatementFailed, match="no right"):
        lease.claim_number(after=0)


def test_a_job_that_died_is_waited_for_as_long_as_is_said() -> None:
    catalogue = Catalogue()
    catalogue.send(f"CREATE VIEW s.{FLAGS}dead AS SELECT 'dead' AS holder, {int(catalogue.now)} AS beat")
    catalogue.now += LEASE_SECONDS
    with pytest.raises(WarehouseBusy, match="published to by dead"), catalogue.lease("next").held(0):
        pass
    catalogue.now += 1
    with catalogue.lease("next").held(0):
        assert len(catalogue.views) == 1
    assert catalogue.views == {}
