"""Drawings that look like a network and are none: a reader has to refuse them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from tests.notation.strange.choice import Choices
from tests.notation.strange.networks import write
from tests.notation.strange.picture import Node, Picture

# Boxes one behind the other, with some questions or side branches. Each row: the words of one domain.
FLOWS = {
    "flow chart": [
        "Start; Read input; Is valid?; Process data; Save result; End",
        "Wake up; Coffee left?; Drink coffee; Go to work; Sleep",
        "Anfang; Zahl einlesen; n > 0?; Quadrieren; Ausgabe; Ende",
        "시작; 입력; 조건 확인?; 처리; 출력; 종료",
        "Login; Password ok?; Show dashboard; Log out",
    ],
    "pipeline": [
        "GitHub; Build; Unit tests; Docker image; Staging; Production",
        "Kafka; Spark job; Parquet; Warehouse; Dashboard",
        "Raw data; Cleaning; Feature engineering; Train/test split; Model training; Evaluation; Deployment",
        "Camera; Preprocessing; Detector; Tracker; Alarm",
    ],
    "state machine": [
        "Idle; Running; Paused; Stopped", "Locked; Unlocked; Open", "CLOSED; SYN_SENT; ESTABLISHED; FIN_WAIT; TIME_WAIT",
        "q0; q1; q2; q3", "Rot; Gelb; Grün",
    ],
    "convolutions": [
        "Input 32×32×3; Conv 3×3, 32; ReLU; MaxPool 2×2; Conv 3×3, 64; MaxPool 2×2; Flatten; Dense 128; Softmax 10",
        "image 28x28x1; Conv2d(1, 6, 5); AvgPool; Conv2d(6, 16, 5); AvgPool; FC 120; FC 84; Output 10",
        "224×224×3; conv1 64; pool; conv2 128; pool; conv3 256; fc 4096; softmax 1000",
    ],
    "transformer": [
        "Tokens; Embedding 512; Positional encoding; Multi-head attention; Add & Norm; Feed forward; Add & Norm; Linear; Softmax",
        "Q; K; V; MatMul; Scale; Softmax; MatMul",
    ],
    "recurrent": ["x_t; LSTM 128; LSTM 64; Dense 1; y_t", "word; Embedding; GRU 256; Dense; next word", "x(t); h(t); y(t)", "Input 10; RNN 32; Output 2"],
    "residual": ["x; Linear 64; ReLU; Linear 64; +; ReLU; y", "input 128; fc1 128; fc2 128; add; output 10", "x; F(x); relu; F2; ⊕; H(x)"],
}  # fmt: skip
TREES = {
    "org chart": ["CEO; CTO; CFO; COO; Dev lead; QA lead; Accounting; Sales; Ops", "Rektor; Dekan A; Dekan B; Institut 1; Institut 2; Institut 3; Sekretariat",
                  "대표이사; 개발팀; 영업팀; 인사팀; 개발1; 개발2; 영업1"],
    "decision tree": ["age > 30?; income > 50k?; student?; yes; no; yes; no", "petal length < 2.45; setosa; petal width < 1.75; versicolor; virginica",
                      "X[0] <= 0.8\ngini = 0.66; gini = 0.0\nsamples = 50; X[1] <= 1.75; gini = 0.17; gini = 0.04"],
    "family tree": ["Anna; Bert; Clara; David; Emil; Frieda; Gustav", "Queen; Charles; Anne; Andrew; William; Harry; Peter"],
    "mind map": ["Machine learning; supervised; unsupervised; reinforcement; regression; classification; clustering", "Project; scope; budget; time; risks; team; tools"],
    "file tree": ["src; main.py; utils; tests; io.py; math.py; test_io.py", "/; home; etc; usr; anna; bin; lib"],
    "taxonomy": ["Animal; Mammal; Bird; Dog; Cat; Eagle; Owl", "Fahrzeug; Auto; Rad; Kombi; Limousine; Rennrad; MTB"],
}  # fmt: skip
LAYERED = {
    "supply chain": [
        ["Plant Busan", "Plant Ulm"],
        ["Warehouse A", "Warehouse B", "Warehouse C"],
        ["Customer 1", "Customer 2"],
    ],
    "computer network": [
        ["Router 1", "Router 2"],
        ["Switch A", "Switch B", "Switch C"],
        ["Server web", "Server db"],
    ],
    "food web": [["grass", "algae"], ["rabbit", "fish", "insect"], ["fox", "eagle"]],
    "bipartite match": [["Alice", "Bob", "Carol"], ["Job 1", "Job 2", "Job 3"]],
    "causes": [["Smoking", "Pollution"], ["Cancer", "Bronchitis", "Asthma"], ["X-ray", "Dyspnoea"]],
    "timetable": [["Maths", "Physics"], ["Room 101", "Room 102", "Lab"], ["Mon", "Tue"]],
    "microservices": [
        ["web app", "mobile app"],
        ["auth service", "orders service", "search service"],
        ["postgres", "redis"],
    ],
}
TEXTS = {
    "class diagram": "classDiagram\n    class {0} {{\n        +String name\n        +run() void\n    }}\n    {0} <|-- {1}\n    {0} <|-- {2}\n    {1} --> {2} : uses\n",
    "sequence diagram": "sequenceDiagram\n    participant {0}\n    participant {1}\n    {0}->>{1}: request\n    {1}->>{2}: query\n    {2}-->>{1}: rows\n    {1}-->>{0}: answer\n",
    "state diagram": "stateDiagram-v2\n    [*] --> {0}\n    {0} --> {1} : start\n    {1} --> {2} : stop\n    {2} --> [*]\n",
    "entities": "erDiagram\n    {0} ||--o{{ {1} : has\n    {1} ||--|{{ {2} : contains\n",
    "gantt": "gantt\n    title Plan\n    section {0}\n    {1} :a1, 2024-01-01, 30d\n    {2} :after a1, 20d\n",
    "git graph": "gitGraph\n    commit id: \"{0}\"\n    branch {1}\n    checkout {1}\n    commit id: \"{2}\"\n    checkout main\n    merge {1}\n",
    "pie": "pie title {0}\n    \"{1}\" : 40\n    \"{2}\" : 60\n",
    "mindmap": "mindmap\n  root(({0}))\n    {1}\n      small\n    {2}\n",
    "journey": "journey\n    title {0}\n    section Day\n      {1}: 5: Me\n      {2}: 3: Me\n",
}  # fmt: skip
NAMES = [
    "Order Customer Product",
    "Model Trainer Dataset",
    "Neuron Layer Network",
    "User Account Session",
    "Server Client Cache",
    "Idle Busy Done",
]


def lookalike(choices: Choices) -> tuple[str, str]:
    """Return a drawing that is no network, and its suffix."""
    tables: dict[str, tuple[dict, Callable[[Choices, str], Picture]]] = {
        "flow": (FLOWS, _flow), "tree": (TREES, _tree), "layered": (LAYERED, _layered),
    }  # fmt: skip
    rows = {kind: 1.0 for table, _ in tables.values() for kind in table} | dict.fromkeys(TEXTS, 0.4)
    kind = choices.pick("look-alike", rows)
    if kind in TEXTS:
        choices.keep("dialect", "mermaid")
        choices.keep("tool", "hand")
        return TEXTS[kind].format(*choices.shuffled(choices.one(NAMES).split())), ".mmd"
    dialect = choices.pick("dialect", {"mermaid": 5.0, "dot": 5, "svg": 2})
    choices.keep("tool", "hand")
    draw = next(make for table, make in tables.values() if kind in table)
    return write(choices, draw(choices, kind), dialect, "hand")


def _flow(choices: Choices, kind: str) -> Picture:
    picture, words = Picture(), choices.one(FLOWS[kind]).split("; ")
    usual = {"flow chart": "round", "state machine": "circle"}.get(kind, "box")
    keys = []
    for at, word in enumerate(words):
        shape = "diamond" if word.endswith("?") else choices.one([usual, usual, "box", "round"])
        keys.append(picture.add(Node(f"k{at}", word, at, shape)))
    for start, end in itertools.pairwise(keys):
        picture.link(start, end, choices.one(["yes", "ok"]) if "?" in picture.nodes[start].label else "")
    jump = choices.rng.randrange(1, len(keys) - 1)
    if kind == "flow chart":
        asked = next((key for key in keys if "?" in picture.nodes[key].label), keys[jump])
        picture.link(asked, choices.one([keys[0], keys[-1]]), "no")
    if kind == "state machine":
        for start in choices.shuffled(keys)[:2]:
            picture.link(
                start,
                choices.one([key for key in keys if key != start]),
                choices.one(["reset", "a", "b", "timeout"]),
            )
        picture.link(keys[-1], keys[0], "reset")
    if kind == "recurrent":
        loops = keys[1 : -1 if len(keys) < 4 else 2]
        for key in loops:
            picture.link(key, key, choices.one(["", "W_hh", "t-1", "recurrent"]))
    if kind == "residual":
        added = next(key for key in keys if picture.nodes[key].label in ("+", "add", "⊕"))
        picture.link(keys[0], added, choices.one(["", "skip", "identity"]))
    return picture


def _tree(choices: Choices, kind: str) -> Picture:
    picture, words = Picture(), choices.one(TREES[kind]).split("; ")
    shape = choices.one(["box", "box", "ellipse", "round", "circle"])
    branching = 2 if kind == "decision tree" else choices.one([2, 3])
    asking = [at for at, word in enumerate(words) if kind != "decision tree" or "?" in word or "<" in word]
    parents, depth = [-1], [0]
    for at in range(1, len(words)):  # each that asks has its answers, in the order of the words
        parents.append(asking[(at - 1) // branching])
        depth.append(depth[parents[at]] + 1)
    for at, word in enumerate(words):
        picture.add(Node(f"k{at}", word, depth[at], shape))
        if at:
            answers = ["yes", "no"] if kind == "decision tree" else ["", ""]
            picture.link(f"k{parents[at]}", f"k{at}", answers[at % 2])
    return picture


def _layered(choices: Choices, kind: str) -> Picture:
    picture, columns = Picture(), []
    shape = choices.one(["box", "circle", "ellipse", "round"])
    for place, names in enumerate(LAYERED[kind]):
        columns.append(
            [picture.add(Node(f"u{place}_{at}", name, place, shape)) for at, name in enumerate(names)]
        )
    for starts, ends in itertools.pairwise(columns):
        picture.all_to_all(starts, ends)
        if kind in ("food web", "causes", "bipartite match"):
            for _ in range(2):
                picture.links.pop(choices.rng.randrange(len(picture.links)))
    return picture
