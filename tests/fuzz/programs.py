"""Programs that would take for ever, or all memory, were they run or followed to the end."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from typing import Any

from tests.fuzz.bounded import Case, outcomes

_NET = "net = nn.Sequential(nn.Linear(1, 2))"
PROGRAMS = [
    f"{program}\n{_NET}" if "nn." not in program else program
    for program in (
        "n = round(1,-30000000)\nnet = nn.Sequential(nn.Linear(n, 1))",
        "a = [nn.Linear(1,1)]\n" + "a = a + a\n" * 40 + "net = nn.Sequential(*a)",
        "a = [nn.Linear(1,1)]\n" + "a.extend(a)\n" * 40 + "net = nn.Sequential(*a)",
        "b = b'x'*3000000000\nnet = nn.Sequential(nn.Linear(1, len(b)))",
        "b = '%*d' % (3000000000, 1)\n",
        "b = '%3000000000d' % 1\n",
        "b = 'a' in range(10**12)\nnet = nn.Sequential(nn.Linear(1, 2 if b else 3))",
        "b = 1.5 in range(10**12)\nnet = nn.Sequential(nn.Linear(1, 2 if b else 3))",
        "a = [10**12]*9000\na = [math.prod(a)]*9000\na = [math.prod(a)]*9000\na=[math.prod(a)]*9000\n",
        "a = [[1]*9000]*9000\nb = sum(a, [])\n",
        "s = nn.Sequential(nn.ReLU())\n" + "s = nn.Sequential(s, s)\n" * 30,
        "s = nn.Sequential()\n" + "s = nn.Sequential(s, s)\n" * 30,
        "s = []\n"
        + "s = [s, s]\n" * 30
        + "t = []\n"
        + "t = [t, t]\n" * 30
        + "net = nn.Sequential(nn.Linear(1, 1 if s == t else 2))",
        "s = []\n" + "s = [s, s]\n" * 30 + "b = str(s)\n",
        "s = []\n" + "s = [s, s]\n" * 30 + "b = '%s' % s\n",
        "s = []\n" + "s = [s, s]\n" * 30 + "while s:\n    a = s\n",
        "s = []\n" + "s = [s, s]\n" * 30 + "for i in range(100):\n    a = s\n",
        "i = 0\nwhile True:\n    i = i + 1\n",
        "for i in range(10**12):\n    pass\n",
        "for i in range(10000):\n  for j in range(10000):\n   for k in range(10000):\n    a = k\n",
        "a = [0 for i in range(10000) for j in range(10000) for k in range(10000)]\n",
        "def f(n):\n    return f(n) + f(n)\na = f(1)\n",
        "a = int('9'*5000)\nnet = nn.Sequential(nn.Linear(1, a))",
        "a = 10**12\nnet = nn.Sequential(nn.Linear(a, a))",
        "a = {}\nfor i in range(9000):\n    a[i] = a\n",
        "a = []\na.append(a)\nb = a == a\nfor i in range(9):\n    c = a\n",
        "x = torch.randn(1)\nfor i in range(200000):\n    x = x + 1\n    x = F.relu(x)\n    i2 = i",
        "a = max(range(10**18))\n",
        "a = len(range(10**30))\n",
        "a = 2**64**64\n",
        "a = 'x'*10000\na = a + a\n" + "a = a + a\n" * 40 + "",
        "a = 1 << 10**9\n",
        "net = nn.Sequential(" + "(" * 5000,
        "net = " + "-" * 100000 + "1",
        "net = nn.Sequential(" + "nn.Sequential(" * 80 + ")" * 80 + ")",
        "a = list(zip(range(10**12), range(10**12)))\n",
        "a = sorted([[[]]*9000]*9000)\n",
        "a = dict(zip(range(9000), range(9000)))\n" + "b = dict(a)\n" * 9000 + "",
    )
]
_NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "3",
    "9000",
    "10**12",
    "2**64",
    "-30000000",
    "1.5",
    "True",
    "None",
    "'x'",
    "[]",
)
_HEADS = ("for i in range(10**9):", "while a:", "if b:", "def g(a):")
_BATCH = 40


def changed(program: str, chance: random.Random) -> str:
    """Return a program with other numbers, other lines, or lines of another one among its own."""
    lines = program.split("\n")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        words = re.split(r"(\b[0-9]+\b)", lines[at])
        match chance.randrange(6):
            case 0 if len(words) > 1:
                words[chance.randrange(1, len(words), 2)] = chance.choice(_NUMBERS)
                lines[at] = "".join(words)
            case 1:
                lines[at:at] = chance.choice(PROGRAMS).split("\n")[: chance.choice((1, 1, 3))]
            case 2:
                lines[at : at + 1] = [lines[at]] * chance.choice((2, 30))
            case 3:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case 4 if len(lines) > 1:
                del lines[at]
            case _:
                lines[at] = f"{chance.choice(_HEADS)} {lines[at].strip()}"
    return "\n".join(lines)


def fuzz(seed: int, seconds: float) -> dict[str, Any]:
    """Read programs that were changed, for some time.

    Args:
        seed: of the changes.
        seconds: how long new programs are made.

    Returns:
        How many were tried, read and refused, the longest time, and under "wrong" what must not be.
    """
    chance, counts, wrong, worst = random.Random(seed), Counter[str](), [], 0.0
    ends = time.monotonic() + seconds
    while not counts or time.monotonic() < ends:
        programs = [changed(chance.choice(PROGRAMS), chance) for _ in range(_BATCH)]
        for found in outcomes([Case("torch", f"import torch\n{one}", "", 0) for one in programs]):
            counts["wrong" if found.is_bad else found.what] += 1
            worst = max(worst, found.seconds)
            if found.is_bad:
                wrong.append(f"{found.what} from {found.case.beginning[:1000]!r}")
    return {"seed": seed, "tried": sum(counts.values()), **counts, "worst_s": worst, "wrong": wrong}
