"""The page in a real browser: headless Chromium, no driver and no network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from html import escape, unescape
from pathlib import Path

import pytest
from made_reports import report_of

from segjob.report.page import Rendered, render

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
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
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; Debian has it as `chromium`")

# A reader in a window of this width: picks another feature for the map, and looks at what is there then.
READER = """<!doctype html><body style="margin:0">
<iframe style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", () => {{
  const page = frame.contentDocument, all = (what) => [...page.querySelectorAll(what)];
  const told = {{ lists: all(".pick select").length, before: all("figure[data-x] svg use").length }};
  for (const list of all(".pick select").slice(0, 1)) {{
    list.selectedIndex = (list.selectedIndex + 1) % list.options.length;
    list.dispatchEvent(new frame.contentWindow.Event("change"));
  }}
  told.after = all("figure[data-x] svg use").length;
  told.figures = all("figure svg").length;
  told.flat = all("figure svg").filter((svg) => svg.getBoundingClientRect().height < 30).map((svg) => svg.textContent);
  told.foreign = all("img,iframe,object,embed,[onclick],[onerror]").length;
  told.title = page.title;
  told.wide = page.documentElement.scrollWidth;
  document.body.setAttribute("data-told", JSON.stringify(told));
}});
</script>"""


def browse(page: Path, *flags: str) -> tuple[str, str]:
    """The document as the browser holds it in the end, and what it logged."""
    profile = page.parent / f"profile-{time.monotonic_ns()}"
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    shutil.rmtree(profile, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def complaints(log: str) -> list[str]:
    """What the page itself wrote to the console."""
    return [line for line in log.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module", params=["mall", "people", "hostile"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rendered, Path]:
    names = {"mall": "income_spending", "people": "people", "hostile": "<i>seg</i>"}
    rendered = render(report_of(request.getfixturevalue(request.param), names[request.param]))
    page = tmp_path_factory.mktemp("browser") / "page.html"
    page.write_text(rendered.html, encoding="utf-8")
    return rendered, page


def test_nothing_is_wrong_and_every_figure_is_there(opened: tuple[Rendered, Path]) -> None:
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


def test_the_policy_stops_what_is_injected_all_the_same(opened: tuple[Rendered, Path]) -> None:
    """The second lock: were a name not escaped, its script would still not run."""
    _, page = opened
    forced = page.with_name("forced.html")
    payload = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    text = page.read_text(encoding="utf-8").replace('<main class="wrap">', f'<main class="wrap">{payload}', 1)
    forced.write_text(text, encoding="utf-8")
    dom, log = browse(forced, "--dump-dom")
    assert "<title>owned" not in dom
    assert "Content Security Policy" in "".join(complaints(log)), "and the console check sees such things"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_reader_can_use_it(opened: tuple[Rendered, Path], width: int) -> None:
    """On a phone and on a desktop: nothing sticks out, and another pair of features can be picked."""
    rendered, page = opened
    reader = page.with_name(f"reader{width}.html")
    text = READER.format(width=width, page=escape(page.read_text(encoding="utf-8")))
    reader.write_text(text, encoding="utf-8")
    dom, log = browse(reader, "--window-size=1300,900", "--dump-dom")
    assert complaints(log) == []
    found = re.search(r'data-told="([^"]*)"', dom)
    assert found is not None
    told = json.loads(unescape(found[1]))
    assert told["wide"] <= width, "nothing sticks out"
    assert told["flat"] == []
    assert told["foreign"] == 0
    assert told["figures"] == len(rendered.figures)
    assert told["title"].endswith("customer segments")
    several = len(rendered.report.numeric) > 2
    assert told["lists"] == (2 if several else 0)
    assert rendered.report.sample is not None
    drawn = len(rendered.report.sample.segment_id)
    assert told["after"] == (drawn if several else told["before"])
    assert told["before"] >= drawn
