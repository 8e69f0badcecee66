"""A segment in plain words: what sets it apart from everyone."""

from __future__ import annotations

from collections.abc import Sequence

from segjob.core.model import Floats


def automatic_names(profile_z: Floats, features: Sequence[str], shares: Sequence[float]) -> list[str]:
    """Names from the profile, unique within a run.

    Parameters
    ----------
    profile_z : (k, d) how many overall standard deviations each segment's mean is from everyone's.
    """
    names: list[str] = []
    for z in profile_z:
        telling = sorted(range(len(features)), key=lambda j: (-abs(z[j]), j))[:2]
        words = [
            f"{'high' if z[j] > 0 else 'low'} {features[j].replace('_', ' ')}"
            for j in telling
            if abs(z[j]) >= 0.5
        ]
        name = ", ".join(words) or "average"
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names
