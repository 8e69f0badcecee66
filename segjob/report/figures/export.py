"""A figure as SVG for the page (colours by role, follows light and dark), as SVG and PNG for slides."""

from __future__ import annotations

import re
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from segjob.report.figures.canvas import Drawn
from segjob.report.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def page_svg(drawn: Drawn, key: str) -> str:
    """An `<svg>` element to stand in a page; `key` is short, because thousands of points repeat it, and no other's."""
    body = _lean(_raw(drawn.figure))
    ident = f"figure-{drawn.name}"
    body = re.sub(r'<(g|svg) id="[^"]*"', r"<\1", body)
    names = {name: f"{key}-{i}" for i, name in enumerate(dict.fromkeys(_ID.findall(body)))}
    body = _ID.sub(lambda m: f' id="{names[m[1]]}"', body)
    body = re.sub(r'(?:xlink:)?href="#([^"]+)"', lambda m: f'href="#{names[m[1]]}"', body)
    body = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{names[m[1]]})", body)
    body = _TAG.sub(lambda tag: _HEX.sub(lambda m: _ROLES.get(m[0], m[0]), tag[0]), body)
    return _headed(drawn, body, ident, size="")


def file_svg(drawn: Drawn) -> str:
    """A whole SVG document, in light colours."""
    body = _lean(_raw(drawn.figure))
    width, height = (float(v) * 72 for v in drawn.figure.get_size_inches())
    size = f' width="{width:g}" height="{height:g}" font-family="{FONTS}"'
    return '<?xml version="1.0" encoding="utf-8"?>\n' + _headed(drawn, body, f"figure-{drawn.name}", size)


def write(drawn: Drawn, folder: Path) -> list[Path]:
    """NAME.svg and NAME.png in the folder."""
    svg, png = folder / f"{drawn.name}.svg", folder / f"{drawn.name}.png"
    svg.write_text(file_svg(drawn), encoding="utf-8")
    image = BytesIO()
    drawn.figure.savefig(image, format="png", dpi=PNG_DPI, metadata={"Software": None})
    png.write_bytes(image.getvalue())
    return [svg, png]


def _raw(figure: Figure) -> str:
    text = StringIO()
    figure.savefig(text, format="svg", metadata=_NO_DATE, transparent=True)
    return text.getvalue()


def _headed(drawn: Drawn, body: str, ident: str, size: str) -> str:
    """The element with its role, title and description."""
    inner = body[body.index(">", body.index("<svg")) + 1 :]
    width, height = (float(v) * 72 for v in drawn.figure.get_size_inches())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"{size} '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{ident}-title {ident}-desc">'
        f'<title id="{ident}-title">{escape(drawn.title)}</title>'
        f'<desc id="{ident}-desc">{escape(drawn.summary)}</desc>{inner}'
    ).strip()


def _lean(svg: str) -> str:
    """Without comments and metadata; points share one style; a tenth of a pixel is enough."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style type=\"text/css\">.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = _RUN.sub(_shared, svg)
    svg = _TAG.sub(lambda tag: _LONG.sub(lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), tag[0]), svg)
    svg = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", svg)
    svg = re.sub(r' d="([^"]*)"', lambda d: f' d="{" ".join(d[1].split())}"', svg)
    svg = re.sub(r">\s+<(?!/text)", "><", svg)
    return re.sub(r"<g id=\"[^\"]*\"/>", "", svg)


def _shared(run: re.Match[str]) -> str:
    """Uses of one marker in one style, in a group that holds the style."""
    parts: list[str] = []
    open_style = None
    for href, x, y, style in _USE.findall(run[0]):
        if style != open_style:
            parts.append(("</g>" if open_style is not None else "") + f'<g style="{style}">')
            open_style = style
        parts.append(f'<use xlink:href="{href}" x="{x}" y="{y}"/>')
    return "".join([*parts, "</g>"])
