"""Colours hold up for colour-blind readers, on light and dark, and belong to the segment's number alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from segjob.report import palette

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
LEAST_APART = 0.09
"""In OKLab (Ottosson 2020), where black and white are 1 apart; the worst pair of Okabe and Ito's eight has 0.055."""


def linear(colour: str) -> np.ndarray:
    channel = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    lms = np.clip(rgb, 0, 1) @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(lms) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )


def contrast(a: str, b: str) -> float:
    bright, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


THEMES = pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])


@THEMES
@pytest.mark.parametrize("sight", SIGHT)
def test_segments_stay_apart(theme: dict[str, str], sight: str) -> None:
    seen = {
        role: oklab(linear(theme[role]) @ SIGHT[sight].T)
        for role in theme
        if role in {f"s{i}" for i in range(1, 9)}
    }
    assert len(seen) == 8
    for a, b in combinations(seen, 2):
        assert np.linalg.norm(seen[a] - seen[b]) >= LEAST_APART, (a, b)


@THEMES
def test_contrast(theme: dict[str, str]) -> None:
    for ground in ("surface", "paper"):
        assert contrast(theme["ink"], theme[ground]) >= 7
        assert contrast(theme["muted"], theme[ground]) >= 4.5
        assert contrast(theme["accent"], theme[ground]) >= 4.5
    for role in [*(f"s{i}" for i in range(1, 9)), "above", "below"]:
        assert contrast(theme[role], theme["surface"]) >= 3, role


def test_roles_can_be_told_from_their_colours() -> None:
    assert len(set(palette.LIGHT.values())) == len(palette.LIGHT)
    assert set(palette.LIGHT) == set(palette.DARK)


def test_fifty_segments_have_their_own_colour_and_marker() -> None:
    looks = {(palette.segment_colour(i), palette.segment_marker(i)) for i in range(1, 51)}
    assert len(looks) == 50
