"""The everyday rules for the number of segments: each reads one sweep and gives one vote.

None of them can say "there are no segments", which is why they are votes and not the answer; see `choose`. The
stability rule reads the same values that a division is chosen by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.select_k.division import Division
from segjob.core.select_k.votes import Vote

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Fit, Sweep


def elbow(sweep: Sweep) -> Vote:
    """Vote for the k whose inertia lies furthest below the curve's chord (Satopää et al., 2011).

    Both axes are scaled to 0..1 over the range, so the answer depends on the range: it is shown because
    everyone knows it, not because it is right.
    """
    name = "elbow"
    ks = np.array([fit.k for fit in sweep.fits], dtype=float)
    inertia = np.array([fit.inertia for fit in sweep.fits], dtype=float)
    if ks.size < 3:
        return Vote(name, None, 0.0, f"an elbow needs at least 3 values of k, the sweep has {ks.size}")
    drop = inertia[0] - inertia[-1]
    if drop <= 0:
        return Vote(name, None, 0.0, "inertia does not fall over the range, so the curve has no elbow")
    below = (inertia[0] - inertia) / drop - (ks - ks[0]) / (ks[-1] - ks[0])
    best = int(np.argmax(below))
    if below[best] <= 1e-9:
        return Vote(name, None, 0.0, "inertia never falls more slowly: the curve has no elbow")
    depth = float(below[best])
    share = (inertia[0] - inertia[best]) / drop
    reason = (
        f"k = {ks[best]:.0f} takes {share:.0%} of the fall in inertia over k = {ks[0]:.0f} to {ks[-1]:.0f} "
        f"and bends the curve most ({depth:.2f} below its chord)"
    )
    return Vote(name, int(ks[best]), min(1.0, max(0.0, depth)), reason)


def silhouette(sweep: Sweep) -> Vote:
    """Vote for the k with the highest mean silhouette (Rousseeuw, 1987)."""
    return _best_score(sweep, "silhouette", "silhouette", lambda fit: fit.silhouette, highest=True)


def calinski_harabasz(sweep: Sweep) -> Vote:
    """Vote for the k with the highest ratio of between to within variance (Caliński and Harabasz, 1974)."""
    return _best_score(
        sweep, "calinski_harabasz", "Calinski-Harabasz", lambda fit: fit.calinski_harabasz, highest=True
    )


def davies_bouldin(sweep: Sweep) -> Vote:
    """Vote for the k whose segments are least alike their nearest neighbour (Davies and Bouldin, 1979)."""
    return _best_score(
        sweep, "davies_bouldin", "Davies-Bouldin", lambda fit: fit.davies_bouldin, highest=False
    )


def stability(divisions: Sequence[Division]) -> Vote:
    """Vote for the most segments that are each found again on random halves (Hennig, 2007)."""
    measured = [d for d in divisions if d.reference_stability is not None]
    if not measured:
        return Vote("stability", None, 0.0, "there are too few different rows to divide into halves")
    again = [d for d in measured if d.is_reproducible]
    if again:
        most = again[-1]
        reason = (
            f"k = {most.k} is the most segments that are each found again on random halves (lowest Jaccard "
            f"{most.least:.2f})"
        )
        return Vote("stability", most.k, most.least, reason)
    best = max(measured, key=lambda d: d.least)
    nearest = f"k = {best.k} comes nearest (Jaccard {best.least:.2f})"
    reason = f"for no k is each segment found again on random halves; {nearest}"
    return Vote("stability", None, 0.0, reason)


def _best_score(
    sweep: Sweep, name: str, title: str, score: Callable[[Fit], float | None], *, highest: bool
) -> Vote:
    scores = {fit.k: value for fit in sweep.fits if (value := score(fit)) is not None and np.isfinite(value)}
    if not scores:
        return Vote(name, None, 0.0, f"{title} is not defined for any k of the range (it needs two segments)")
    if len(scores) == 1:
        (k, value), *_ = scores.items()
        return Vote(name, None, 0.0, f"{title} is defined for k = {k} only ({value:.4g})")
    best, second = sorted(scores, key=lambda k: (-scores[k] if highest else scores[k], k))[:2]
    larger = max(abs(scores[best]), abs(scores[second]))
    strength = abs(scores[best] - scores[second]) / larger if larger > 0 else 0.0
    word = "highest" if highest else "lowest"
    reason = (
        f"{title} is {word} at k = {best} ({scores[best]:.4g}); next is k = {second} ({scores[second]:.4g})"
    )
    return Vote(name, best, float(min(1.0, strength)), reason)
