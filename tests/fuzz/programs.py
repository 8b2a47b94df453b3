"""Programs that would take for ever, or all memory, were they run or followed to the end."""

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
