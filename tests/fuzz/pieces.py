"""What texts are made of that readers are tried with: the pieces of every notation, and where they stand."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]

from chalknet.notation import NOTATIONS

# Pieces of all notations, and of what stands around them in files.
PIECES = (
    '#', '//', '/*/', '/**/', '%', '%%', '->', '--', '-', '=', ',', ';', ':', '(', ')', '[', ']', '{', '}',
    '<', '>', '\\', '"', "'", '`', '```', '~~~', '|', '&', '.', '_', '^', '$', '$$', '~', '@', '!', '?', '*',
    '+', '×', 'x', 'θ', '1', 'a', '0', '1,', 'x_1', '1,1,', 'relu', 'l1', '784', 'graph', 'digraph',
    'strict', 'subgraph', 'end', 'flowchart', 'node', 'edge', 'label', 'rank', '-1', '…', '≥', '한', '<td>',
    '</td>', '<td', '<td>a</td>', '<svg', '<svg>', '</svg>', '<g>', '</g>', '<metadata>', '<network>',
    '<metadata><network>', '<text>', '\\[', '\\(', '\\begin{align}', '\\end{align}', '\\limits', '\\overset',
    '\\underset', '\\to', '\\bf', '\\hat', '\\frac', '\\\\', '\\%', '\\left', '\\a', '\\,', 'u1(n,32)',
    'nn.', 'nn.Linear(1,1)', 'Sequential(', '{"', '["', '{"a":', '-relu->', '->32', 'a[b]', 'a-->b', 'a->b;',
    'a[', 'a(', 'a((', 'a{', '"a"', 'a:b:c', '{a}', 'x=', '=x', '(n,', '(n,1)', '..', '.5', '1e', 'e+', '-',
    '-.', 'w1', 'b=', 'bias', 'dropout(', '0.', '1x1', '-->', '==', '==>', 'o--o', ':::a', '@{', '@{label:',
    '<b>', '</b>', '<sub>', '&amp;', '&#1;', '#quot;', '#1;', '>>>', '...', '%m', '(0):', 'ReLU()', 'in=',
    'out=', 'in:1', '[]=', 'max(', 'max(0,', '1/(', 'e^', 'W', 'W(1,', 'batch', '(n,a', '(1,1)', '^(', '^{',
    '_{', '_(', "''", '←', '{[(', ']})', '<!--', '-->', '<![CDATA[', ']]>', '<!ENTITY', '&a;', '<?xml',
    '1em', 'import', 'def', ' ', '\n', '\t', '\r', '\r\n', '\x00', '\ufeff', '\u200f', '̧́',
    '# input shape: ', '>>> ', 'In [1]: ', '// ', 'x ', 'a ', '1 ', ', ', '- ', ' -', 'a\n', '#\n', '%%\n',
    '---\n', '--- ', '```dot\n', '```dot', '```mermaid\n', '> ', '| ', 'a=b ', 'a b ', 'graph ',
    'subgraph a\n', 'end\n', 'subgraph {', 'a & ', 'bias ', '(0): ReLU()\n', 'if 1:\n', ' (', 'l1 -> ',
    '-l1-> u ', 'relu ', '+1 more ', 'batch size ', '1 x 1 ', '1 -> ', 'import torch\n',
)  # fmt: skip
LABEL = ("dot", 'digraph { a -> b; a [label="', '"]}')
# Where the pieces stand: in a text of no known form, and inside each form, where its reader meets them.
PLACES: tuple[tuple[str | None, str, str], ...] = (
    (None, "", ""),
    (None, "import torch\n", ""),
    ("latex", r"\to ", ""),
    ("latex", r"\overset{a}{", "}"),
    ("arrows", "784 -> ", ""),
    ("arrows", "X(n,", ")"),
    ("json", '{"input_shape": 1, "steps": [', "]}"),
    ("dot", "digraph { a -> b; ", "}"),
    LABEL,
    ("dot", "digraph { a -> b; a [label=<", ">]}"),
    ("dot", 'digraph { a -> b; a [shape=record, label="', '"]}'),
    ("mermaid", "flowchart LR\n", ""),
    ("mermaid", "flowchart LR\na --> b\na[", "]"),
    ("mermaid", "flowchart LR\na -- ", " --> b"),
    ("svg", "<svg>", "</svg>"),
    ("svg", "<svg><g class='node'><title>a</title><text>", "</text></g></svg>"),
    (None, "# A page\n\n```mermaid\nflowchart LR\na --> b\n", "\n```\n"),
    (None, "<html><body><pre class='mermaid'>flowchart LR\n", "</pre></body></html>"),
    (None, "import graphviz\ng = graphviz.Digraph()\ng.edge('a', '", "')\n"),
)


def pieces_of_patterns() -> Iterator[str]:
    """Yield the words that stand literally in the patterns of the readers, each as it would be typed."""
    import chalknet.notation.drawings.meaning
    import chalknet.notation.drawings.svg_reader  # noqa: F401

    assert NOTATIONS
    for pattern in patterns():
        yield from _words(_parser.parse(pattern.pattern, pattern.flags))


def patterns() -> Iterator[re.Pattern[str]]:
    """Yield the compiled patterns of the readers' modules."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith(("chalknet.notation", "chalknet.forms")):
            for value in vars(module).values():
                yield from _patterns_in(value)


def _patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _patterns_in(part)


def _words(parsed: object) -> Iterator[str]:
    word = ""
    for operation, argument in parsed:  # type: ignore[attr-defined]
        if operation is _constants.LITERAL:
            word += chr(argument)
            continue
        if word:
            yield word
        word = ""
        for part in argument if isinstance(argument, tuple | list) else [argument]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, _parser.SubPattern):
                    yield from _words(inner)
    if word:
        yield word
