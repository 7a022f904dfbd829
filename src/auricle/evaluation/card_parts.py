"""Parts of the model card that only some models have: hierarchy, instruments, thresholds of confidence."""

from collections.abc import Iterator
from typing import Any

from auricle.evaluation.report_coverage import chosen_on, coverage_caption, coverage_rows
from auricle.evaluation.verdict import interval_text

Json = dict[str, Any]


def occasional_parts(metrics: Json) -> Iterator[str]:
    """Headings, tables and sentences of what these metrics hold, and nothing of what they do not."""
    if near := metrics.get("nearness"):
        yield "### Hierarchy"
        yield _nearness(near)
        yield _levels_table(metrics["levels"])
    if metrics.get("instruments"):
        yield "### Instruments"
        yield _instruments_table(metrics["instruments"])
    if coverage := metrics.get("coverage"):
        yield "### Answering only where it is sure"
        yield coverage_caption(coverage)
        yield _thresholds_table(coverage)
        yield _thresholds_text(coverage)


def _nearness(near: Json) -> str:
    shares = ", ".join(
        f"{near[key]['value']:.3f} {words} ({interval_text(near[key]) or 'no interval claimed'}; the majority"
        f" baseline {near[key]['majority']:.3f})"
        for key, words in (("right", "right"), ("nearly_right", "nearly right"), ("wrong", "wrong"))
    )
    return (
        f"Of the judged recordings {shares}. Nearly right is a wrong class under the right {near['level']}."
        " What is said of a level is its label with the largest sum of probabilities."
    )


def _levels_table(levels: list[Json]) -> str:
    rows = [
        "| level | labels | accuracy | interval | majority | p-value |"
        " macro-F1 | interval | majority | p-value |",
        f"|---|{'---:|' * 9}",
    ]
    rows += [f"| {row['name']} | {len(row['labels'])} | {_pair(row)} |" for row in levels]
    return "\n".join(rows)


def _instruments_table(instruments: list[Json]) -> str:
    rows = [
        "| instrument | recordings | groups | accuracy | interval | majority | p-value |"
        " macro-F1 | interval | majority | p-value |",
        f"|---|{'---:|' * 10}",
    ]
    for row in instruments:
        name = str(row["instrument"]).replace("|", "\\|")
        rows.append(f"| {name} | {row['recordings']} | {row['groups']} | {_pair(row)} |")
    return "\n".join(rows)


def _pair(row: Json) -> str:
    """Accuracy and macro-F1 with interval, majority and p-value, as cells."""
    cells = []
    for name in ("accuracy", "macro_f1"):
        entry = row[name]
        p_value = entry.get("p_value")  # metrics of before there was one have none
        cells += [f"{entry['value']:.3f}", interval_text(entry) or "no claim", f"{entry['majority']:.3f}"]
        cells += ["" if p_value is None else f"{p_value:.3f}"]
    return " | ".join(cells)


def _thresholds_table(coverage: Json) -> str:
    rows = ["| threshold | abstain_below | answered | accuracy of the answers |", f"|---|{'---:|' * 3}"]
    for row in coverage_rows(coverage):
        if row["threshold"] is None:
            rows.append(f"| {row['name']} | none: {row['reason']} | | |")
            continue
        answered, right = (_with_interval(row[key]) for key in ("coverage", "accuracy"))
        rows.append(f"| {row['name']} | {row['threshold']:.3f} | {answered} | {right} |")
    return "\n".join(rows)


def _with_interval(entry: Json) -> str:
    if entry["value"] is None:
        return "n/a"
    interval = interval_text(entry)
    return f"{entry['value']:.3f} ({interval})" if interval else f"{entry['value']:.3f}"


def _thresholds_text(coverage: Json) -> str:
    return (
        f"Suggested thresholds were chosen on {chosen_on(coverage)}, and are judged on the recordings above."
        " `auricle.load(…, abstain_below=…)` says `uncertain` below one; it calibrates probabilities with the"
        " temperature in the bundle."
    )


def domain_text(domain: Json) -> str:
    """Whether the model says how unlike its corpus a recording is, by what training found of it."""
    if not domain["usable"]:
        return f"It has no usable out-of-domain score: {domain['reason']}."
    return (
        "`out_of_domain` says how unlike its corpus a recording is: the share of validation recordings that"
        f" lie nearer. It tells these from noise, tones and clicks with an AUROC of {domain['auroc']:.3f};"
        " what is more like them may pass."
    )
