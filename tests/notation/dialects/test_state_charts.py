"""Diagrams of states and of activities list layers in their order; branches and other charts are refused."""

import random

import pytest

import chalknet as cn
from chalknet.errors import CannotExpress, ChalknetError

FORMULA = "784 -> 64 relu -> 10 softmax"
CHARTS = {
    "activities": "@startuml\nstart\n:Input 784;\n:Dense 64 ReLU;\n:Dense 10 softmax;\nstop\n@enduml",
    "a step each": "@startuml\n:Input (784);\n:Dense 64;\n:ReLU;\n:Dense 10;\n:Softmax;\nend\n@enduml",
    "lines, frames and notes": '@startuml\n|Net|\nstart\npartition "Forward" {\n#palegreen:Input layer\n784 units;\n'
    "-> W1;\n:Hidden layer\n64 units, ReLU;\nnote right\n  drawn by Ana\nend note\n}\n:Output layer\\n10 units, softmax;\nstop\n@enduml",
    "the older kind": '@startuml\n(*) --> "Input 784" as a\na -right-> "Dense 64 ReLU"\n-->[W2] "Dense 10 softmax"\n--> (*)\n@enduml',
    "states of PlantUML": "@startuml\n[*] --> Input\nInput : 784 features\nInput -down-> Hidden\nHidden : 64 units\nHidden : ReLU\n"
    "Hidden --> Output\nOutput : 10 units, softmax\nOutput --> [*]\n@enduml",
    "states of Mermaid": "stateDiagram-v2\n  direction LR\n  [*] --> a\n  a: Input (784)\n  b: Dense 64\n  b: ReLU\n"
    '  a --> b\n  b --> c\n  state "Dense 10, softmax" as c\n  c --> [*]\n  classDef x fill:#fff\n',
    "names as labels": "stateDiagram\n  state Net {\n    Input_784 --> Dense_64_ReLU\n    Dense_64_ReLU --> Dense_10_softmax\n  }\n"
    "  note right of Net : drawn by Ana\n",
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_layers_in_a_chart_are_read_in_their_order(chart):
    assert cn.read(chart) == cn.read(FORMULA)


@pytest.mark.parametrize("seed", range(10))
def test_random_networks_as_charts_are_read_back(seed):
    draw = random.Random(seed)
    sizes = [draw.randint(2, 900) for _ in range(draw.randint(3, 6))]
    acts = [draw.choice(["ReLU", "tanh", "sigmoid"]) for _ in sizes[1:]]
    boxes = [f"Input {sizes[0]}", *(f"Dense {size} {act}" for size, act in zip(sizes[1:], acts, strict=True))]
    states = "\n".join(f"  s{at} : {box}" for at, box in enumerate(boxes))
    moves = "\n".join(f"  s{at} --> s{at + 1}" for at in range(len(boxes) - 1))
    wanted = cn.read(
        " -> ".join([str(sizes[0]), *(f"{s} {a}" for s, a in zip(sizes[1:], acts, strict=True))])
    )
    assert cn.read(f"stateDiagram-v2\n{states}\n{moves}\n") == wanted
    assert (
        cn.read("@startuml\nstart\n" + "\n".join(f":{box};" for box in boxes) + "\nstop\n@enduml") == wanted
    )


OTHERS = {
    "a branch": "@startuml\nstart\n:Input 4;\nif (more?) then (yes)\n:Dense 3;\nelse (no)\n:Dense 2;\nendif\nstop\n@enduml",
    "a loop": "@startuml\nstart\n:Input 4;\nwhile (epochs left?) is (yes)\n:Dense 3 ReLU;\nendwhile (no)\n:Dense 1;\nstop\n@enduml",
    "beside each other": "stateDiagram-v2\n state N {\n Input_4 --> Dense_3\n --\n Input_5 --> Dense_2\n }\n",
    "a choice": "stateDiagram-v2\n state c <<choice>>\n Input_4 --> c\n c --> Dense_3\n",
}


@pytest.mark.parametrize("chart", OTHERS.values(), ids=OTHERS)
def test_charts_with_branches_are_refused(chart):
    with pytest.raises(CannotExpress):
        cn.read(chart)


@pytest.mark.parametrize(
    "chart",
    [
        "stateDiagram-v2\n [*] --> Red30s\n Red30s --> Green45s\n Green45s --> Yellow5s\n Yellow5s --> [*]\n",
        "@startuml\n[*] --> Idle\nIdle --> Filling : level < 20\nFilling --> Full : level > 90\nFull --> Idle\n@enduml",
        "@startuml\nstart\n:Boil 2 cups of water;\n:Add 1 teaspoon of tea;\n:Wait 5 minutes;\nstop\n@enduml",
        "@startuml\nstart\n:do;\nstop\n@enduml",
        "stateDiagram-v2\n a --> b\n note right of a\n never closed\n",
    ],
)
def test_charts_of_something_else_are_refused(chart):
    with pytest.raises(ChalknetError):
        cn.read(chart)
