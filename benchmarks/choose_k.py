"""How often is a rule right about the number of groups? Peers and segjob side by side, on sets whose k is known.

    python benchmarks/choose_k.py --family round --seeds 0:200 --processes 2

Families `round` and `stretched` come from the shared suite (environment variable SEGJOB_SHARED, default ../shared),
`mixed` from mixed_sets.py. Results go to --keep as they come, so a long run can be stopped and taken up again; the
family's block in CHOOSE_K.md is written when all seeds are there. Needs scikit-learn; kneed where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import Pool
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("SEGJOB_SHARED", HERE.parent.parent / "shared"))
PAGE = HERE / "CHOOSE_K.md"
KS = range(1, 11)
KEEP = Path(tempfile.gettempdir()) / "segjob_choose_k.jsonl"
PROJECT = "segjob consensus"


def load(family: str, seed: int) -> tuple[np.ndarray, int]:
    """Standardised rows of one set and its true k."""
    if family == "mixed":
        sys.path.insert(0, str(HERE))
        rows, k, _ = import_module("mixed_sets").make(seed)
    else:
        sys.path.insert(0, str(SHARED / "bench"))
        rows, k, _ = import_module("k_suite").make(family, seed)
    return (rows - rows.mean(axis=0)) / rows.std(axis=0), k


def kneed_elbow(inertia: np.ndarray) -> int | None:
    """The elbow by kneed, None where it finds none or is not installed."""
    if find_spec("kneed") is None:
        return None
    from kneed import KneeLocator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        knee = KneeLocator(list(KS), inertia, curve="convex", direction="decreasing").knee
    return None if knee is None else int(knee)


def lowest_bic(rows: np.ndarray) -> int:
    """The number of components of the full-covariance Gaussian mixture with the lowest BIC (scikit-learn)."""
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = {k: GaussianMixture(k, random_state=0).fit(rows).bic(rows) for k in KS}
    return min(fits, key=fits.__getitem__)


def judge(task: tuple[str, int]) -> dict[str, object]:
    """What every rule says about one set, and what segjob's consensus cost beside its sweep."""
    from segjob.core.model import FitRows, Transform
    from segjob.core.select_k.choose import choose
    from segjob.core.select_k.evidence import EvidenceRequest, gather
    from segjob.core.select_k.sweep import sweep
    from segjob.core.select_k.votes import KRequest

    rows, k = load(*task)
    points = FitRows(rows, np.ones(len(rows)), "all_rows", float(len(rows)))
    swept = sweep(points, KS, seed=0)
    begun, cpu = time.perf_counter(), time.process_time()
    transforms = [Transform(f"f{j}", f"f{j}") for j in range(rows.shape[1])]
    request = EvidenceRequest.of(points, transforms, KS, 0)
    choice = choose(swept, request, gather(request)(), KRequest())
    cost = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
    inertia = np.array([fit.inertia for fit in swept.fits])
    votes = {vote.rule: vote.k for vote in choice.votes}
    said = {
        "elbow (kneed)": kneed_elbow(inertia),
        "elbow (largest second difference)": 2
        + int(np.argmax(inertia[:-2] - 2 * inertia[1:-1] + inertia[2:])),
        "elbow (furthest from the chord)": votes["elbow"],
        "silhouette, highest": votes["silhouette"],
        "Davies-Bouldin, lowest": votes["davies_bouldin"],
        "Calinski-Harabasz, highest": votes["calinski_harabasz"],
        "gap statistic": votes["gap"],
        "stability": votes["stability"],
        "Gaussian mixture, lowest BIC": lowest_bic(rows),
        "segjob groups": votes["groups"],
        PROJECT: choice.k if choice.structure == "natural" else votes["groups"],
    }
    return {"family": task[0], "seed": task[1], "k": k, "said": said, "outcome": choice.outcome, **cost}


def table(results: list[dict]) -> str:
    """The family's block: right answers by rule, and true against chosen k."""
    ones = [r for r in results if r["k"] == 1]
    lines = [
        f"| rule | right of {len(results)} | right of the {len(ones)} sets with k = 1 |",
        "|---|---|---|",
    ]
    for rule in results[0]["said"]:
        if rule == "elbow (kneed)" and find_spec("kneed") is None:
            continue
        right = np.mean([r["said"][rule] == r["k"] for r in results])
        alone = np.mean([r["said"][rule] == 1 for r in ones]) if ones else float("nan")
        lines.append(f"| {rule} | {right:.3f} | {alone:.2f} |")
    seconds, cpu = ([r[name] for r in results] for name in ("seconds", "cpu"))
    outcomes = Counter(r["outcome"] for r in results)
    sure = [r for r in results if r["outcome"] == "chosen"]
    lines += [
        "",
        f"Consensus beside its sweep: median {np.median(cpu):.2f} s of CPU time, most {max(cpu):.2f} s "
        f"(by the clock of a shared machine {np.median(seconds):.2f} and {max(seconds):.2f} s).",
        f"Outcomes: {', '.join(f'{name} {count}' for name, count in sorted(outcomes.items()))}; "
        f"of those `chosen`, {sum(r['said'][PROJECT] == r['k'] for r in sure)} of {len(sure)} are right.",
        "",
        'True k (rows) against the consensus (columns; 1 is "no structure"):',
        "",
    ]
    chosen = sorted({r["said"][PROJECT] for r in results} | {r["k"] for r in results})
    lines += ["| | " + " | ".join(map(str, chosen)) + " |", "|---" * (len(chosen) + 1) + "|"]
    for k in sorted({r["k"] for r in results}):
        counts = Counter(r["said"][PROJECT] for r in results if r["k"] == k)
        lines.append(f"| **{k}** | " + " | ".join(str(counts[c] or "") for c in chosen) + " |")
    return "\n".join(lines)


def write(family: str, seeds: str, block: str) -> None:
    """Put the block between the family's markers in CHOOSE_K.md."""
    begin, end = f"<!-- {family} -->", f"<!-- /{family} -->"
    page = PAGE.read_text(encoding="utf-8")
    if begin not in page:
        page += f"\n## {family}\n\n{begin}\n{end}\n"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    PAGE.write_text(f"{before}{begin}\nSeeds {seeds}.\n\n{block}\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Parse, run what is not kept yet, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--family", default="round", choices=["round", "stretched", "mixed"])
    parser.add_argument("--seeds", default="0:200", help="first:last, the last not included")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=KEEP, help=f"results, one set per line (default {KEEP})")
    args = parser.parse_args()
    first, last = map(int, args.seeds.split(":"))
    known = [json.loads(line) for line in args.keep.read_text().splitlines()] if args.keep.exists() else []
    done = {(r["family"], r["seed"]): r for r in known}
    todo = [(args.family, seed) for seed in range(first, last) if (args.family, seed) not in done]
    with Pool(args.processes) as pool, args.keep.open("a") as kept:
        for result in pool.imap_unordered(judge, todo):
            done[result["family"], result["seed"]] = result
            kept.write(json.dumps(result) + "\n")
            kept.flush()
    block = table([done[args.family, seed] for seed in range(first, last)])
    print(block)
    write(args.family, args.seeds, block)


if __name__ == "__main__":
    main()
