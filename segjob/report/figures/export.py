"""A figure as SVG for the page (its colours follow light and dark), and as SVG and PNG bytes for slides.

It writes no files.
"""

from __future__ import annotations

import re
from html import escape
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

from segjob.report.figures.canvas import Figure
from segjob.report.files import GENERATOR, SVG_MARK
from segjob.report.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Plot

PNG_DPI = 180
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_ROLES = {colour: f"var(--{role},{colour})" for role, colour in LIGHT.items()}
_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r' id="([^"]+)"')
_LONG = re.compile(r"-?\d+\.\d{2,}")
_HEX = re.compile(r"#[0-9a-f]{6}\b")
_USE = re.compile(r'<use xlink:href="(#[^"]+)" x="([^"]+)" y="([^"]+)" style="([^"]*)"/>\s*')
_RUN = re.compile(r'(?:<use xlink:href="[^"]+" x="[^"]+" y="[^"]+" style="[^"]*"/>\s*){2,}')
_NO_DATE = {"Date": None, "Creator": None, "Format": None, "Type": None}


def page_svg(figure: Figure, key: str) -> str:
    """An `<svg>` element for the page.

    key : starts every identifier in it; unique on the page, and short, because thousands of points repeat it.
    """
    body = _compact(_raw(figure.plot))
    ident = f"figure-{figure.name}"
    body = re.sub(r'<(g|svg) id="[^"]*"', r"<\1", body)
    names = {name: f"{key}-{i}" for i, name in enumerate(dict.fromkeys(_ID.findall(body)))}
    body = _ID.sub(lambda m: f' id="{names[m[1]]}"', body)
    body = re.sub(r'(?:xlink:)?href="#([^"]+)"', lambda m: f'href="#{names[m[1]]}"', body)
    body = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{names[m[1]]})", body)
    body = _TAG.sub(lambda tag: _HEX.sub(lambda m: _ROLES.get(m[0], m[0]), tag[0]), body)
    return _with_head(figure, body, ident, size="")


def file_svg(figure: Figure) -> str:
    """A whole SVG document, in light colours."""
    body = _compact(_raw(figure.plot))
    width, height = (float(v) * 72 for v in figure.plot.get_size_inches())
    size = f' width="{width:g}" height="{height:g}" font-family="{FONTS}"'
    declaration = '<?xml version="1.0" encoding="utf-8"?>'
    return f"{declaration}\n{SVG_MARK}\n" + _with_head(figure, body, f"figure-{figure.name}", size)


def files(figure: Figure) -> dict[str, bytes]:
    """NAME.svg and NAME.png -> their contents."""
    image = BytesIO()
    figure.plot.savefig(image, format="png", dpi=PNG_DPI, metadata={"Software": GENERATOR})
    return {f"{figure.name}.svg": file_svg(figure).encode(), f"{figure.name}.png": image.getvalue()}


def _raw(plot: Plot) -> str:
    text = StringIO()
    plot.savefig(text, format="svg", metadata=_NO_DATE, transparent=True)
    return text.getvalue()


def _with_head(figure: Figure, svg: str, ident: str, size: str) -> str:
    """The element with a head of its own: role, title and description for screen readers."""
    inner = svg[svg.index(">", svg.index("<svg")) + 1 :]
    width, height = (float(v) * 72 for v in figure.plot.get_size_inches())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"{size} '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{ident}-title {ident}-desc">'
        f'<title id="{ident}-title">{escape(figure.title)}</title>'
        f'<desc id="{ident}-desc">{escape(figure.summary)}</desc>{inner}'
    ).strip()


def _compact(svg: str) -> str:
    """Without comments and metadata, rounded to a tenth of a pixel, and points of one style grouped."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style type=\"text/css\">.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = _RUN.sub(_grouped_uses, svg)
    svg = _TAG.sub(lambda tag: _LONG.sub(lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), tag[0]), svg)
    svg = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", svg)
    svg = re.sub(r' d="([^"]*)"', lambda d: f' d="{" ".join(d[1].split())}"', svg)
    svg = re.sub(r">\s+<(?!/text)", "><", svg)
    return re.sub(r"<g id=\"[^\"]*\"/>", "", svg)


def _grouped_uses(run: re.Match[str]) -> str:
    """Consecutive uses of markers, grouped by their style."""
    parts: list[str] = []
    open_style = None
    for href, x, y, style in _USE.findall(run[0]):
        if style != open_style:
            parts.append(("</g>" if open_style is not None else "") + f'<g style="{style}">')
            open_style = style
        parts.append(f'<use xlink:href="{href}" x="{x}" y="{y}"/>')
    return "".join([*parts, "</g>"])
