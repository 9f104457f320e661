"""A receipt as a page that stands alone, and as plain text with the same words."""

from __future__ import annotations

import textwrap
from html import escape

from sp_eval.report.receipt import Receipt

__all__ = ["as_lines", "as_page", "as_text"]

_NAMED = ("Not used", "Missing")
_CLOSING = "About this receipt: it holds counts only, no names, numbers or dates of people."
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 42rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; }
p.headline { font-size: 1.15rem; font-weight: 600; margin: 0 0 1rem; }
dl { margin: 0; }
dl div { border-top: 1px solid #bbb; padding: .5rem 0; }
dt { font-weight: 600; }
dd { margin: 0; }
footer { border-top: 1px solid #bbb; padding-top: .5rem; color: #444; font-size: .9rem; }
@media (min-width: 36rem) { dl div { display: flex; gap: 1rem; } dt { flex: 0 0 8rem; } }
@media print { body { max-width: none; padding: 0; } dl div { break-inside: avoid; } }
"""


def _title(receipt: Receipt) -> str:
    return f"{receipt.title}: your delivery of {receipt.month}"


def as_page(receipt: Receipt) -> str:
    """Return one HTML page that needs nothing else, for screen, telephone and print."""
    lines = "\n".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(_capital(label, said))}</dd></div>"
        for label, said in receipt.lines
    )
    title = escape(_title(receipt))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="headline">{escape(receipt.headline)}</p>
<dl>
{lines}
</dl>
</main>
<footer>{escape(_CLOSING)}</footer>
</body>
</html>
"""


def as_text(receipt: Receipt) -> str:
    """Return the same words as plain text, for an e-mail."""
    head = [_title(receipt), receipt.headline, ""]
    lines = [
        part
        for line in as_lines(receipt)[2:]
        for part in textwrap.wrap(line, width=92, subsequent_indent="  ", break_on_hyphens=False)
    ]
    return "\n".join([*head, *lines, "", _CLOSING]) + "\n"


def as_lines(receipt: Receipt) -> tuple[str, ...]:
    """Return title, headline and each line as one line of text, for a terminal."""
    lines = (f"{label}: {_capital(label, said)}" for label, said in receipt.lines)
    return (_title(receipt), receipt.headline, *lines)


def _capital(label: str, said: str) -> str:
    if label in _NAMED:  # a file's name is as it is
        return said
    return said[:1].upper() + said[1:]
