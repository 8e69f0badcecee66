"""The page in a real browser: headless Chromium, no driver and no network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from html import escape, unescape
from pathlib import Path

import pytest
from helpers.reports import report_of

from segjob.report.page import Page, render

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=3000",
    "--enable-logging=stderr",
    "--v=0",
)

# Two readers, one on a phone and one at a desk: each picks another feature for the map and looks at what is there then.
READERS = """<!doctype html><body style="margin:0">
<template>{page}</template>
<iframe style="border:0;width:390px;height:900px"></iframe><iframe style="border:0;width:1280px;height:900px"></iframe>
<script>
const told = [], frames = [...document.querySelectorAll("iframe")];
for (const frame of frames) frame.addEventListener("load", () => {{
  const page = frame.contentDocument, all = (what) => [...page.querySelectorAll(what)];
  const seen = {{ lists: all(".pick select").length, before: all("figure[data-x] svg use").length }};
  for (const list of all(".pick select").slice(0, 1)) {{
    list.selectedIndex = (list.selectedIndex + 1) % list.options.length;
    list.dispatchEvent(new frame.contentWindow.Event("change"));
  }}
  seen.after = all("figure[data-x] svg use").length;
  seen.figures = all("figure svg").length;
  seen.flat = all("figure svg").filter((svg) => svg.getBoundingClientRect().height < 30).map((svg) => svg.textContent);
  seen.foreign = all("img,iframe,object,embed,[onclick],[onerror]").length;
  seen.title = page.title;
  seen.spare = frame.clientWidth - page.documentElement.scrollWidth;
  told.push(seen);
  document.body.setAttribute("data-told", JSON.stringify(told));
}});
const text = document.querySelector("template").content.textContent;
for (const frame of frames) frame.srcdoc = text;
</script>"""


Browse = Callable[..., tuple[str, str]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's command."""
    names = ("chromium", "chromium-browser", "google-chrome")
    command = next(filter(None, map(shutil.which, names)), None)
    if command is None:
        pytest.skip("no Chromium here; Debian has it as `chromium`")
    return command


@pytest.fixture
def browse(chromium: str) -> Browse:
    """Opens a page: the document as the browser holds it in the end, and what it logged."""
    return partial(_browse, chromium)


def _browse(chromium: str, page: Path, *flags: str) -> tuple[str, str]:
    profile = page.parent / f"profile-{time.monotonic_ns()}"
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    shutil.rmtree(profile, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def complaints(log: str) -> list[str]:
    """What the page itself wrote to the console."""
    return [line for line in log.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module", params=["mall", "people", "hostile"])
def opened(
    chromium: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Page, Path]:
    names = {"mall": "income_spending", "people": "people", "hostile": "<i>seg</i>"}
    rendered = render(report_of(request.getfixturevalue(request.param), names[request.param]))
    page = tmp_path_factory.mktemp("browser") / "page.html"
    page.write_text(rendered.html, encoding="utf-8")
    return rendered, page


def test_nothing_is_wrong_and_every_figure_is_there(browse: Browse, opened: tuple[Page, Path]) -> None:
    rendered, page = opened
    dom, log = browse(page, "--window-size=1280,900", "--dump-dom")
    assert complaints(log) == []
    for figure in rendered.figures:
        there = rf'<figure class="panel" id="{figure.name}"[^>]*>.*?<svg .*?</svg>'
        assert re.search(there, dom, re.DOTALL), figure.name
    assert len(re.findall(r"<script\b", dom)) == 2
    assert "<img" not in dom
    assert not re.search(r"<title>owned", dom)
    several = len(rendered.report.numeric) > 2
    assert dom.count("<select") == (2 if several else 0)


def test_the_policy_stops_what_is_injected_all_the_same(browse: Browse, page: Page, tmp_path: Path) -> None:
    """The second lock: were a name not escaped, its script would still not run."""
    forced = tmp_path / "forced.html"
    payload = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    forced.write_text(
        page.html.replace('<main class="wrap">', f'<main class="wrap">{payload}', 1), encoding="utf-8"
    )
    dom, log = browse(forced, "--dump-dom")
    assert "<title>owned" not in dom
    assert "Content Security Policy" in "".join(complaints(log)), "and the console check sees such things"


def test_readers_can_use_it(browse: Browse, opened: tuple[Page, Path]) -> None:
    """On a phone and at a desk: nothing sticks out, and another pair of features can be picked."""
    rendered, page = opened
    readers = page.with_name("readers.html")
    readers.write_text(READERS.format(page=escape(page.read_text(encoding="utf-8"))), encoding="utf-8")
    dom, log = browse(readers, "--window-size=1700,900", "--dump-dom")
    assert complaints(log) == []
    found = re.search(r'data-told="([^"]*)"', dom)
    assert found is not None
    told = json.loads(unescape(found[1]))
    assert len(told) == 2
    assert rendered.report.sample is not None
    drawn, several = len(rendered.report.sample.segment_id), len(rendered.report.numeric) > 2
    for seen in told:
        assert seen["spare"] >= 0, "nothing sticks out"
        assert seen["flat"] == []
        assert seen["foreign"] == 0
        assert seen["figures"] == len(rendered.figures)
        assert seen["title"].endswith("customer segments")
        assert seen["lists"] == (2 if several else 0)
        assert seen["after"] == (drawn if several else seen["before"])
        assert seen["before"] >= drawn
