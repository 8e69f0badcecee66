"""The page in a real browser: headless Chromium, no driver and no network."""

from __future__ import annotations

import json
import os
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
from segjob.report.payload import POINT_DIGITS
from segjob.report.words import feature_name, feature_value

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
{faults}
const told = [], frames = [...document.querySelectorAll("iframe")];
for (const frame of frames) frame.addEventListener("load", () => {{
  const page = frame.contentDocument, all = (what) => [...page.querySelectorAll(what)];
  for (const folded of all("details")) folded.open = true;
  const seen = {{ lists: all(".pick select").length, before: all("figure[data-x] svg use").length }};
  seen.faults = faults(page);
  seen.tip = pointed(page, frame.contentWindow);
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


# What a reader cannot read: text that is cut, that leaves its figure or panel, that covers other text or a dashed line.
FAULTS = """
function faults(page) {
  const found = [], view = page.defaultView;
  const say = (what, where, ...texts) => found.push([what, where, ...texts].join(" | "));
  const over = (a, b, by) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > by
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > by;
  const outside = (a, box) => a.left < box.left - 1.5 || a.right > box.right + 1.5
    || a.top < box.top - 1.5 || a.bottom > box.bottom + 1.5;
  const pairs = (items, where) => items.forEach(([text, a], i) => items.slice(0, i).forEach(([other, b]) => {
    if (over(a, b, 2.5)) say("covers", where, text, other);
  }));
  for (const figure of page.querySelectorAll("figure")) {
    const svg = figure.querySelector("svg"), box = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((t) => t.textContent.trim())
      .map((t) => [t.textContent.trim(), t.getBoundingClientRect()]);
    for (const [text, at] of texts) {
      if (outside(at, box)) say("leaves", figure.id, text);
      if (text.includes("\u2026")) say("cut", figure.id, text);
      for (const line of svg.querySelectorAll('path[style*="dasharray"]')) {
        const { left, right, top, bottom } = line.getBoundingClientRect();
        if (over({ left: left - 1, right: right + 1, top, bottom }, at, 1.5)) say("crossed", figure.id, text);
      }
    }
    pairs(texts, figure.id);
  }
  for (const panel of page.querySelectorAll(".panel, header")) {
    const walker = page.createTreeWalker(panel, view.NodeFilter.SHOW_TEXT), texts = [];
    while (walker.nextNode()) {
      const node = walker.currentNode, parent = node.parentElement;
      if (!node.textContent.trim() || parent.closest("svg, .scroll, select, .tip, [hidden]")) continue;
      const range = page.createRange();
      range.selectNodeContents(node);
      for (const at of range.getClientRects()) texts.push([node.textContent.trim().slice(0, 60), at]);
    }
    const box = panel.getBoundingClientRect();
    for (const [text, at] of texts) if (outside(at, box)) say("leaves", panel.id || panel.className, text);
    pairs(texts, panel.id || panel.className);
  }
  for (const element of page.querySelectorAll("header *, main *")) {
    const hides = ["hidden", "clip"].includes(view.getComputedStyle(element).overflowX);
    if (hides && !element.matches(".hidden, svg, svg *") && element.scrollWidth > element.clientWidth + 1) {
      say("cut", element.className, element.textContent.slice(0, 60));
    }
  }
  return found;
}
// What is said of the first point when a mouse is on it.
function pointed(page, view) {
  const point = page.querySelector("figure[data-x] svg use");
  if (!point) return [];
  const at = point.getBoundingClientRect();
  point.closest("svg").dispatchEvent(new view.PointerEvent("pointermove", {
    clientX: (at.left + at.right) / 2, clientY: (at.top + at.bottom) / 2, bubbles: true,
  }));
  return [...page.querySelectorAll(".tip:not([hidden]) > *")].map((line) => line.textContent);
}
"""


Browse = Callable[..., tuple[str, str]]


def _said_values(rendered: Page) -> set[str]:
    """What may be said of a point: a segment's number and name, or a feature's value, as everywhere on the page."""
    report = rendered.report
    said = {f"{s.segment_id} · {s.name}" for s in report.segments}
    for j in report.numeric:
        transform = report.transforms[j]
        for value in report.original[:, j].tolist():
            shown = feature_value(report, transform, float(f"{value:.{POINT_DIGITS}g}"))
            said.add(f"{feature_name(report, transform)}: {shown}")
    return said


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


@pytest.fixture(scope="module", params=["mall", pytest.param("people", marks=pytest.mark.long), "hostile"])
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
    text = READERS.format(page=escape(page.read_text(encoding="utf-8")), faults=FAULTS)
    readers.write_text(text, encoding="utf-8")
    dom, log = browse(readers, "--window-size=1700,900", "--dump-dom")
    assert complaints(log) == []
    found = re.search(r'data-told="([^"]*)"', dom)
    assert found is not None
    told = json.loads(unescape(found[1]))
    assert len(told) == 2
    is_hostile = "seg" in rendered.report.run["segmentation"]  # whose names are cut after 60 characters
    values = _said_values(rendered)
    assert rendered.report.sample is not None
    drawn, several = len(rendered.report.sample.segment_id), len(rendered.report.numeric) > 2
    for seen in told:
        assert seen["spare"] >= 0, "nothing sticks out"
        assert is_hostile or seen["faults"] == []
        assert set(seen["tip"]) <= values
        assert len(seen["tip"]) >= 3 or not seen["before"]
        assert seen["flat"] == []
        assert seen["foreign"] == 0
        assert seen["figures"] == len(rendered.figures)
        assert seen["title"].endswith("customer segments")
        assert seen["lists"] == (2 if several else 0)
        assert seen["after"] == (drawn if several else seen["before"])
        assert seen["before"] >= drawn


@pytest.mark.parametrize(
    "file", sorted(Path(os.environ.get("SEGJOB_PAGES") or os.devnull).glob("*.html")), ids=str
)
def test_nothing_is_cut_or_covered_on_further_pages(browse: Browse, tmp_path: Path, file: Path) -> None:
    """Opt-in: SEGJOB_PAGES is a folder of pages that `segjob report` wrote."""
    readers = tmp_path / "readers.html"
    text = READERS.format(page=escape(file.read_text(encoding="utf-8")), faults=FAULTS)
    readers.write_text(text, encoding="utf-8")
    dom, log = browse(readers, "--window-size=1700,900", "--dump-dom")
    assert complaints(log) == []
    found = re.search(r'data-told="([^"]*)"', dom)
    assert found is not None
    told = json.loads(unescape(found[1]))
    assert [seen["faults"] for seen in told] == [[], []]
    assert all(seen["spare"] >= 0 for seen in told)
