"""The table as a page of a team's: Markdown for a repository or a wiki, HTML that stands alone and sorts by a click."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.checked import HOLDS, NONE, SIGNS, Checked
from lockstep_tool.repositories.trend import Trend

__all__ = ["BADNESS", "format_html", "format_markdown"]

BADNESS = (HOLDS, NONE, *SIGNS.values())
MEANING = dict(zip(BADNESS, ("holds", "nothing to look at", "warning", "not looked at", "broken"), strict=True))
STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse } th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: center }
th:first-child, td:first-child { text-align: left } th button { all: unset; cursor: pointer; font-weight: 600 }
th button:focus-visible { outline: 2px solid } td.s4 { background: #fbd5d5 } td.s3 { background: #e4e4e4 }
td.s2 { background: #fdf0c4 } details { margin: .4rem 0 } pre { margin: .2rem 0 .6rem 1rem; white-space: pre-wrap }"""
SCRIPT = """\
for (const [column, button] of [...document.querySelectorAll('th button')].entries())
  button.addEventListener('click', () => {
    const body = document.querySelector('tbody'), turn = button.dataset.turn = -(button.dataset.turn || -1);
    const value = row => row.cells[column].dataset.value;
    const rows = [...body.rows].sort((a, b) => turn * (column
      ? Number(value(b)) - Number(value(a)) : value(a).localeCompare(value(b))));
    body.append(...rows);
  });"""


def format_markdown(found: Sequence[Checked], asked: Mapping[str, str], trend: Trend, day: str, said: str) -> str:
    """A table with a line a service, and what is wrong below it."""
    lines = [f"# {len(found)} services on {day}", "", said, ""]
    lines += ["| " + " | ".join(["service", *asked, "broken"]) + " |", "|---" * (len(asked) + 2) + "|"]
    for one in found:
        cells = [f"{one.sign(column)}{trend.of(one, column)}" for column in asked]
        lines.append("| " + " | ".join([cell(one.name), *cells, str(one.count(Severity.ERROR))]) + " |")
    lines += ["", "; ".join(f"{sign} {meaning}" for sign, meaning in MEANING.items()) + "."]
    for one in found:
        findings = list(list_findings(one, asked))
        if findings or one.unseen:
            lines += ["", f"## {cell(one.name)}", ""]
            lines += [f"Not looked at: {cell(one.unseen)}."] if one.unseen else []
            for finding in findings:
                lines.append(f"- {SIGNS[finding.severity]} `{finding.check}`: {cell(finding.what)} {cell(finding.fix)}")
                lines += [f"  - {code(spot)} {code(text)}" for spot, text in finding.where]
    return "\n".join([*lines, ""])


def cell(text: str) -> str:
    """A text that is no markup where it is put."""
    return escape(" ".join(text.split()), quote=False).replace("|", "\\|").replace("[", "\\[")


def code(text: str) -> str:
    """A text as code, which no mark in it ends."""
    flat = " ".join(text.split())
    fence = "`" * (max(map(len, re.findall("`+", flat)), default=0) + 1)
    return f"{fence} {flat} {fence}" if len(fence) > 1 else f"`{flat}`" if flat else ""


def format_html(found: Sequence[Checked], asked: Mapping[str, str], trend: Trend, day: str, said: str) -> str:
    """One file without any other: a heading sorts its column by a click."""
    heads = "".join(f'<th><button title="{escape(why)}">{name}</button></th>' for name, why in head(asked).items())
    rows = "\n".join(format_row(one, asked, trend) for one in found)
    details = "\n".join(text for one in found if (text := format_details(one, asked)))
    legend = "; ".join(f"{sign} {meaning}" for sign, meaning in MEANING.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{len(found)} services</title><style>
{STYLE}
</style></head><body>
<h1>{len(found)} services on {escape(day)}</h1>
<p>{escape(said)}</p>
<table><thead><tr>{heads}</tr></thead><tbody>
{rows}
</tbody></table>
<p>{escape(legend)}.</p>
{details}
<script>
{SCRIPT}
</script></body></html>
"""


def head(asked: Mapping[str, str]) -> dict[str, str]:
    return {"service": "by name", **asked, "broken": "how many columns"}


def format_row(one: Checked, asked: Mapping[str, str], trend: Trend) -> str:
    cells = [f'<td data-value="{escape(one.name)}">{escape(one.name)}</td>']
    for column in asked:
        bad = BADNESS.index(one.sign(column))
        said = escape("; ".join(finding.what for finding in one.of(column)) or one.unseen or MEANING[one.sign(column)])
        cells.append(f'<td class="s{bad}" data-value="{bad}" title="{said}">{one.sign(column)}{trend.of(one, column)}</td>')
    count = one.count(Severity.ERROR)
    return f'<tr>{"".join(cells)}<td data-value="{count}">{count}</td></tr>'


def format_details(one: Checked, asked: Mapping[str, str]) -> str:
    """What is wrong with one service, folded."""
    parts = [f"<p>Not looked at: {escape(one.unseen)}</p>"] if one.unseen else []
    for finding in list_findings(one, asked):
        rows = "\n".join(f"{spot}   {text}" for spot, text in finding.where)
        said = f"{SIGNS[finding.severity]} <b>{finding.check}</b> {escape(finding.what)} {escape(finding.fix)}"
        parts.append(f"<p>{said}</p><pre>{escape(rows)}</pre>")
    return f"<details><summary>{escape(one.name)}</summary>{''.join(parts)}</details>" if parts else ""


def list_findings(one: Checked, asked: Mapping[str, str]) -> Iterator[Finding]:
    """In the order of the columns."""
    return (finding for column in asked for finding in one.of(column))
