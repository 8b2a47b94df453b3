"""The table of exercises, each with its key and a hint in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Args:
        asks: the kind of answer: a network, numbers, or a word.
        key: the answer: a network as text, one number or several in order, a word in lower case.
        english: a hint.
        korean: the same hint.
        tolerance: how far a number may be from the key.
    """

    asks: Literal["network", "numbers", "word"]
    key: str | float | tuple[float, ...]
    english: str
    korean: str
    tolerance: float = 0.0

    @property
    def numbers(self) -> tuple[float, ...]:
        """Return the numbers of the key, for an exercise that asks for numbers."""
        assert not isinstance(self.key, str)
        return self.key if isinstance(self.key, tuple) else (self.key,)

    def hint(self, language: Literal["en", "ko"]) -> str:
        """Return the hint in a language."""
        return self.korean if language == "ko" else self.english


_WRITE_AND_DRAW = (
    Exercise(
        "network",
        "3 -> 1 sigmoid",
        "three features are the first width; one linear map goes to one number; the sigmoid is behind it.",
        "첫 번째 너비는 특성의 수 3입니다. 선형변환 하나가 이를 수 하나로 바꾸고, 그 뒤에 sigmoid가 옵니다.",
    ),
    Exercise(
        "network",
        "784 -> 32 relu -> 1 sigmoid",
        "read the shapes below the letters: the second number of each pair is a width.",
        "글자 아래의 모양을 읽으세요. 각 쌍의 두 번째 수가 너비입니다.",
    ),
    Exercise(
        "network",
        "4 -> 3 tanh -> 2 relu -> 1",
        "each map becomes a Linear(in, out), and the in of a Linear is the out of the one before.",
        "선형변환마다 Linear(in, out)을 하나씩 쓰세요. in은 바로 앞 Linear의 out과 같습니다.",
    ),
    Exercise(
        "network",
        "2 -> 3 relu -> 1 sigmoid",
        "count the nodes of each column; what stands on the edges between u and v is the activation.",
        "열마다 노드의 수를 세세요. u와 v 사이의 선에 적힌 것이 활성화 함수입니다.",
    ),
    Exercise(
        "network",
        "10 -> 20 relu -> 5 relu -> 3 softmax",
        "dots stand for nodes that are left out: the number at the last node is the width of the layer.",
        "점은 생략된 노드를 뜻합니다. 마지막 노드의 번호가 그 층의 너비입니다.",
    ),
    Exercise(
        "numbers",
        (3, 2),
        "count the steps with weights that are learned; Dropout and activations have none. Hidden: one less.",
        "학습되는 가중치가 있는 단계만 세세요. Dropout과 활성화 함수에는 없습니다. 은닉층은 하나 적습니다.",
    ),
    Exercise(
        "numbers",
        7,
        "a linear map from a to b has a times b weights and b biases; add both maps.",
        "a에서 b로 가는 선형변환에는 가중치가 a×b개, 편향이 b개 있습니다. 두 선형변환의 수를 합하세요.",
    ),
    Exercise(
        "numbers",
        32,
        "a node is a pair of u and v, so a layer has as many nodes as features.",
        "노드는 u와 v의 쌍이므로, 층의 노드 수는 특성의 수와 같습니다.",
    ),
)
_CPU_AND_GPU = (
    Exercise(
        "numbers",
        -0.9164,
        "multiply 0.2 by the weight and add the bias.",
        "0.2에 가중치를 곱하고 편향을 더하세요.",
        tolerance=5e-4,
    ),
    Exercise(
        "numbers",
        1.2068,
        "subtract net(x) from y, square each of the three differences, and take their mean.",
        "y에서 net(x)를 빼고, 세 차이를 각각 제곱한 다음 평균을 구하세요.",
        tolerance=2e-3,
    ),
    Exercise(
        "word",
        "net",
        "one of the two calls gives back a copy and leaves the original where it was.",
        "두 호출 가운데 하나는 복사본을 돌려주고 원본은 제자리에 둡니다.",
    ),
    Exercise(
        "numbers",
        4,
        "both partners of an operation must be on one device; two places for each partner, two operations.",
        "한 연산의 두 대상은 같은 장치에 있어야 합니다. 대상마다 있을 수 있는 곳이 둘이고, 연산도 둘입니다.",
    ),
    Exercise(
        "numbers",
        32,
        "float32 takes 4 bytes; x and y have three numbers each, Linear(1, 1) has a weight and a bias.",
        "float32는 4바이트입니다. x와 y에는 수가 세 개씩 있고, Linear(1, 1)에는 가중치와 편향이 있습니다.",
    ),
    Exercise(
        "word",
        "cpu",
        "the smaller of the two times wins; an update this small is mostly preparation.",
        "시간이 짧은 쪽이 빠릅니다. 갱신이 이렇게 작으면 준비하는 시간이 대부분입니다.",
    ),
    Exercise(
        "numbers",
        61.2,
        "divide the time of the CPU by that of the GPU.",
        "CPU의 시간을 GPU의 시간으로 나누세요.",
        tolerance=0.5,
    ),
)
_GRADIENT_DESCENT = (
    Exercise(
        "numbers",
        1000,
        "a hundredth of 100,000.",
        "100,000의 100분의 1입니다.",
    ),
    Exercise(
        "numbers",
        (1, 10, 4),
        "an epoch sees every sample once; divide 10 by the batch size and round up.",
        "한 에포크에서는 모든 표본을 한 번씩 봅니다. 10을 배치 크기로 나누고 올림하세요.",
    ),
    Exercise(
        "numbers",
        1,
        "three batches of 3 take 9 of the 10 samples.",
        "크기가 3인 배치 세 개가 표본 10개 가운데 9개를 씁니다.",
    ),
    Exercise(
        "word",
        "sgd",
        "three letters, which torch.optim has as a class.",
        "세 글자이며, torch.optim에 같은 이름의 클래스가 있습니다.",
    ),
    Exercise(
        "numbers",
        2,
        "the first observation of (x, y) has an x and a y.",
        "(x, y)의 첫 번째 관측값에는 x와 y가 있습니다.",
    ),
    Exercise(
        "numbers",
        (7, 377),
        "12,665 divided by 2,048 is between 6 and 7; six full batches leave a rest.",
        "12,665를 2,048로 나누면 6과 7 사이입니다. 가득 찬 배치 여섯 개를 빼고 남는 이미지를 세세요.",
    ),
    Exercise(
        "numbers",
        (8865500, 700),
        "gradient descent sees all 12,665 samples in each of the 700 updates, batch size 1 sees one.",
        "700번의 갱신에서 경사하강법은 매번 12,665개를 모두 보고, 배치 크기가 1이면 매번 하나만 봅니다.",
    ),
)
EXERCISES: Mapping[str, tuple[Exercise, ...]] = {
    "A": _WRITE_AND_DRAW,
    "B": _CPU_AND_GPU,
    "C": _GRADIENT_DESCENT,
}
