"""Time every section, or one of them; print it and put it in its place in docs/benchmarks.md."""

from __future__ import annotations

import argparse

from benchmarks import (
    auto,
    checkpoints,
    commands,
    cores,
    default,
    drawing,
    engines,
    estimators,
    functions,
    gpu,
    grid,
    jobs,
    memory,
    processes,
    race,
    scale,
    search,
    serve,
    sources,
    wide,
)
from benchmarks.sections import INTRODUCTION, ROOT, Asked, Section, write

SECTIONS = {
    "engines": Section("Engines", engines.measured),
    "grid": Section("The whole space", grid.measured),
    "auto": Section("By default", auto.measured),
    "default": Section("A default that fits", default.measured),
    "jobs": Section("The whole job of a table", jobs.measured),
    "cores": Section("Cores", cores.measured),
    "functions": Section("Functions", functions.measured),
    "wide": Section("Memory and cost of wide layers", wide.measured),
    "memory": Section("Memory, estimated and measured", memory.measured),
    "scale": Section("Cost against scale", scale.measured),
    "checkpoints": Section("Checkpoints", checkpoints.measured),
    "race": Section("The race", race.measured),
    "processes": Section("Processes", processes.measured),
    "search": Section("Many networks at once", search.measured),
    "sources": Section("Files against memory", sources.measured),
    "gpu": Section("On a GPU", gpu.measured),
    "estimators": Section("Searches by scikit-learn", estimators.measured),
    "commands": Section("Commands", commands.measured),
    "serve": Section("Serving", serve.measured),
    "drawings": Section("Drawings", drawing.measured),
}


def main() -> None:
    """Run what is asked for; whole sections are written, single cases and quick runs elsewhere or nowhere."""
    asking = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asking.add_argument("section", nargs="?", choices=SECTIONS, help="measure this section alone")
    asking.add_argument("case", nargs="*", help="cases of the section, e.g. S6 S7: printed, not written")
    asking.add_argument(
        "--quick", action="store_true", help="the smallest setting, written to build/: to see that all works"
    )
    asking.add_argument("--seed", type=int, nargs="+", default=[1], help="one or more, of what `grid` draws")
    asking.add_argument("--draws", type=int, default=grid.DRAWS, help="how many fits `grid` draws")
    words = asking.parse_args()
    docs = ROOT / ("build" if words.quick else "docs")
    page = docs / "benchmarks.md"
    results = docs / "benchmarks.json" if words.quick else ROOT / "benchmarks" / "results" / "latest.json"
    if not words.section:  # a whole run: nothing of an earlier one stays
        docs.mkdir(exist_ok=True)
        page.write_text(INTRODUCTION, encoding="utf-8")
        results.unlink(missing_ok=True)
    for name in [words.section] if words.section else SECTIONS:
        found = SECTIONS[name].measure(
            Asked(tuple(words.case), words.quick, docs / "pictures", tuple(words.seed), words.draws)
        )
        if not found.raw:
            asking.error(f"{name} has no case named {' or '.join(words.case)}")
        print("\n".join(found.lines), flush=True)
        if not words.case:
            write(page, results, name, SECTIONS[name], found)
            print(f"written {page.relative_to(ROOT)}: {SECTIONS[name].heading}", flush=True)


if __name__ == "__main__":
    main()
