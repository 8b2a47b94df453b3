"""What the words of a label say about a layer, in English, Korean, Chinese, Japanese, Spanish and more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from chalknet.network import Activation, Dropout, Flatten, Step
from chalknet.notation.drawings.labels import plain

Role: TypeAlias = Literal["", "input", "hidden", "output", "all"]


def _words(*words: str) -> str:
    """Return a pattern for any of the words: Latin ones stand alone, others anywhere."""
    latin = [word for word in words if re.match(r"[a-zA-Zá-ú]", word)]
    others = [word for word in words if word not in latin]
    patterns = [rf"(?<![a-zà-ÿ_])(?:{'|'.join(latin)})(?![a-zà-ÿ])"] if latin else []
    return "|".join([*patterns, *others])


# Activations, the longest names first; `read_step`'s names are among them.
_ACTIVATIONS: tuple[tuple[str, str], ...] = (
    ("log_softmax", _words(r"log[ _-]?softmax", "로그 ?소프트맥스")),
    ("softmax", _words(r"soft[ -]?max", "소프트맥스", "软最大", "ソフトマックス")),
    ("leaky_relu", _words(r"leaky[ _-]?re ?lu", r"l-?relu", "리키 ?렐루", "泄漏 ?relu")),
    ("gelu", _words("gelu")),
    ("silu", _words("silu", "swish")),
    ("softplus", _words(r"soft[ -]?plus")),
    ("elu", _words("elu")),
    (
        "relu",
        _words(r"re ?lu", "rectifier", "rectified linear(?: unit)?s?", "렐루", "修正线性", "整流")
        + r"|max\s*\(\s*0\s*,|max\s*\([^()]*,\s*0\s*\)",
    ),
    ("tanh", _words(r"tanh", "tan ?h", "하이퍼볼릭 ?탄젠트", r"tangente hiperb[oó]lica", "双曲正切")),
    (
        "sigmoid",
        _words(
            "sigmoid[ea]?",
            "sig",
            "logistic[a]?",
            "log[ií]stica",
            "sigm",
            "시그모이드",
            "S形",
            "로지스틱",
            "シグモイド",
        )
        + r"|(?-i:σ)|(?<![a-z])sigma(?![a-z])",
    ),
)
_LINEAR_ACTIVATION = re.compile(
    _words(
        "identity", "linear output", "identidad", "lineal", "sin activaci[oó]n", "no activation", "keine",
        r"activation\s*[:=]?\s*none", r"\(linear\)", r"activation\s*[:=]?\s*linear", "none", "linear",
    )
    + "|선형|항등|활성화 ?(?:함수)? ?없음|线性|恒等|无激活|線形",
    re.I,
)  # fmt: skip
_OPERATION = re.compile(
    _words(
        r"linear(?=\s*[(\d]| layer|\n)", r"dense(?:[ _]\d+)?", r"fc(?:[ _-]?\d)?", "fully[ -]connected", "affine",
        "gemm", "matmul", "inner ?product", "addmm", "densa", "totalmente conectada", r"lin(?:ear)?\d+",
        "perceptron layer",
    )
    + "|전결합|완전 ?연결|전연결|全连接|全結合|密集层",
    re.I,
)  # fmt: skip
_SUM = re.compile(r"Σ|^\+$|^sum$|가중합|加权和|求和", re.I)
_EXPRESSION = re.compile(
    r"(?<![a-zA-Z])[wŵWvV]_?\(?\d*\)?(?:\^?[T⊤])?\s*[*·⋅]?\s*(?:\^T )?[xhazX](?![a-zA-Z])|[xhaz]_?[\w,]*\s*[*·]\s*[wŵ]"
    r"|^-[\d.]*x(?:_\d+)?(?:[+-]|$)|^[\d.]+x(?:_\d+)?(?:[+-]|$)|^x(?:_\d+)?[+-]"
)
_DROPOUT = re.compile(
    r"(?:" + _words("drop[ -]?out") + r"|드롭 ?아웃|随机失活|丢弃)[^\d%\n]{0,12}(\d*\.\d+|\d+\s*%|\d\b)?",
    re.I,
)
_FLATTEN = re.compile(
    _words("flatten", "aplanar", "aplanado", "reshape", "unroll") + "|평탄화|펼치기|펴기|展平|拉平|平坦化",
    re.I,
)
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("input", re.compile(_words(r"inputs?(?:[ _-]?layer)?", "in", "entradas?", "eingabe", "data", "image", "noise")
                         + "|입력|输入|輸入|入力|特征", re.I)),
    ("hidden", re.compile(_words("hidden", "hid", "ocultas?", "verborgene", "intermedia", "bottleneck", "encoder", "decoder")
                          + "|은닉|히든|隐藏|隱藏|隐含|隠れ|中間", re.I)),
    ("output", re.compile(_words(r"outputs?(?:[ _-]?layer)?", "out", "salidas?", "ausgabe", "predictions?")
                          + "|출력|输出|輸出|出力", re.I)),
)  # fmt: skip
_ALL = re.compile(
    _words("all", "every", "each", "units?", "neurons?", "nodes?", "todas?", "todos", "cada")
    + "|모든|모두|각|所有|每",
    re.I,
)
_EXCEPT = re.compile(_words("except", "but", "salvo", "excepto") + "|제외|除", re.I)
_NO_BIAS = re.compile(
    r"bias\s*[=:]\s*(?:false|no|0|off|none)\b|\bno[ _-]?bias\b|without (?:a )?bias|w/o bias|편향 ?없|바이어스 ?없|sin sesgo|无偏置|沒有偏置",
    re.I,
)
_WITH_BIAS = re.compile(
    r"bias\s*[=:]\s*(?:true|yes|1|on)\b|\(?\+\s*[bc](?:ias)?_?\d*\)?(?![a-z])|(?<![a-z])with bias", re.I
)
_BIAS_NODE = re.compile(
    r"(?:\+ ?1|1(?:\.0)?|[bθ](?:[_^]?\(?\d*[,\d]*\)?){0,2}|(?:the )?bias(?:es)?(?:[ _]?(?:unit|node|term|neuron))?[ _]?\d*"
    r"|[xhazv]_?\(?0\)?(?:[\^_]\(?\d+\)?|\(\d+\))?|편향[ _]?\d*|바이어스[ _]?\d*|偏置[ _]?\d*|偏差[ _]?\d*|sesgo[ _]?\d*|constant|one)"
    r"(?:\s*\n?[(=]\s*(?:bias|1|\+1|편향|偏置|sesgo)\)?)?",
    re.I,
)
_DOTS = re.compile(
    r"(?:[.…⋮⋯⋱∙•·:︙⁞\s]|\\vdots)*(?:\.\s?\.|…|⋮|⋯|⋱|︙|⁞|::|· ?·|• ?•|^:$)(?:[.…⋮⋯⋱∙•·:︙⁞\s])*"
)
_LOSS = re.compile(
    _words(
        "loss(?: function)?", "cost(?: function)?", "bce(?:loss)?", "mse(?:loss)?", "nll(?:loss)?", r"cross[ -]?entropy(?: ?loss)?",
        "criterion", "error", "p[eé]rdida", "objective", r"backprop(?:agation)?", "optimizer", "sgd", "adam", "labels?", "ground truth", "targets?",
    )
    + "|손실|오차|损失|損失|误差|정답",
    re.I,
)  # fmt: skip
_FOREIGN = re.compile(
    _words(
        r"conv(?:olution(?:al)?)?(?:[ _]?[123]d)?(?: ?layer)?", r"(?:max|avg|average|global)?[ _-]?pool(?:ing)?(?:[ _]?[123]d)?", "lstm", "gru",
        "rnn", "recurrent", "attention", "self-attention", "embedding", r"batch[ _-]?norm(?:alization)?\w*", r"layer[ _-]?norm\w*",
        "transformer", "concat(?:enate)?", "residual", "relu6", "maxout", "hardtanh", "prelu", "selu", "mish", "convoluci[oó]n\\w*",
        "deconv\\w*", "upsampl\\w*",
    )
    + "|합성곱|컨볼루션|풀링|순환|卷积|池化|循环神经|注意力",
    re.I,
)  # fmt: skip
_UNKNOWN_ACTIVATION = re.compile(
    r"(?:f|g|φ|ϕ|act|activation(?: function)?|활성화 ?함수|激活函数|funci[oó]n de activaci[oó]n)\s*(?:\([·.zua]?\))?",
    re.I,
)
_UNITS = (
    r"neurons?|units?|nodes?|features?|inputs?|outputs?|values?|pixels?|dims?|dimensions?|variables?|columns?|cells?|d\b|classes|"
    r"개|뉴런|노드|유닛|차원|픽셀|个|個|神经元|神經元|节点|單元|单元|維|维|neuronas?|nodos?|unidades?|entradas?|salidas?|p[ií]xeles"
)
_NUMBER = r"\d[\d,]*"
_SIZED = re.compile(
    rf"({_NUMBER})[^\S\n]*-?[^\S\n]*(?:hidden |input |output |입력 |은닉 |출력 )?(?:{_UNITS})|"
    rf"(?:{_UNITS}|size|width|neuronas|tama[nñ]o|크기|out(?:_features|put_dim)?|in_features)\s*[=:]\s*({_NUMBER})",
    re.I,
)
_IMAGE = re.compile(r"(?<![\w.])(\d{1,5})\s*[x×*]\s*(\d{1,5})(?:\s*[x×*]\s*(\d{1,5}))?(?![\w])", re.I)
_BATCH_SHAPE = re.compile(
    r"[(\[<⟨]\s*(?:none|n|batch\w*|b|\?|-1|N)\s*[,x×]\s*(\w+(?:\s*[,x×]\s*\w+)*)\s*,?\s*[)\]>⟩]", re.I
)
_NUMBER_SHAPE = re.compile(r"[(\[]\s*(\d+)\s*,\s*(\d+(?:\s*,\s*\d+)*)\s*[)\]]")
_POWER = re.compile(r"[RℝrN]\s*\^\s*\(?(\d+)")
_BETWEEN = re.compile(
    rf"(?<![\w.])({_NUMBER}|[a-z])\s*(?:->|→|=>|⟶|➔|to|,)\s*({_NUMBER}|[a-z])(?![\w.])", re.I
)
_FEATURES = re.compile(
    rf"in(?:_features)?\s*[=:]\s*({_NUMBER}).*?out(?:_features)?\s*[=:]\s*({_NUMBER})", re.I | re.S
)
_BRACKETED = re.compile(rf"[(\[]\s*({_NUMBER})\s*[)\]]")
_NOT_A_WIDTH = re.compile(
    r"depth\s*:\s*\d+|(?:layer|capa|층|层|層|level|단계)s?\s*[#:]?\s*\d+|(?:hidden|은닉층|隐藏层|隐含层|oculta|dense|fc|linear|block|stage)[_#-]\d+"
    r"|(?:은닉층|隐藏层|隐含层|히든층)\s*\d+|#\s*\d+|\d+(?:st|nd|rd|th)\b|[\d,]+ (?:param\w*|parameters|weights)|모수 [\d,]+개|제 ?\d+|第\s*\d+",
    re.I,
)
_BARE = re.compile(rf"(?<![\w.\-^_(]){_NUMBER}(?![\w.%])")
_SLOPE = r"\s*\(?\s*(?:negative[_ ]slope|slope|alpha|α|a)?\s*[=:]?\s*(\d*\.\d+)\s*\)?"


@dataclass(frozen=True)
class Said:
    """What a text says of a layer.

    Args:
        text: the text in plain words.
        steps: activations, Dropout and Flatten in their order.
        linear: whether it says that there is no activation.
        operation: whether it names a linear map: `Dense`, `Linear(784, 32)`, `Σ`, `w·x + b`.
        state: whether it is the value of a linear map, such as `u1`, `z`, `Σ`.
        width: how many features come out.
        sure: whether the width is said in so many words, and not a bare number.
        in_width: how many features go in.
        shape: the axes of a picture, `28x28`.
        role: of the layer.
        bias: whether there is one; None where nothing is said.
        foreign: the name of a layer that no network here has.
    """

    text: str
    steps: tuple[Step, ...] = ()
    linear: bool = False
    operation: bool = False
    state: bool = False
    width: int | str | None = None
    sure: bool = False
    in_width: int | None = None
    shape: tuple[int, ...] = ()
    role: Role = ""
    bias: bool | None = None
    foreign: str = ""

    @property
    def is_function(self) -> bool:
        """Return whether it names what is done, and nothing that it is done to."""
        only_linear = self.linear and self.width is None
        return bool(self.steps or self.operation or only_linear) and not self.role


def is_dots(label: str) -> bool:
    """Return whether a label stands for what is left out."""
    return bool(_DOTS.fullmatch(plain(label)))


def is_bias(label: str) -> bool:
    """Return whether a label may be that of a bias node."""
    return bool(_BIAS_NODE.fullmatch(plain(label)))


def is_loss(label: str) -> bool:
    """Return whether a label names a loss or a target."""
    text = plain(label)
    return (bool(_LOSS.search(text)) and not said(label).steps) or text.upper() in ("J", "L")


@lru_cache(maxsize=100_000)
def said(label: str) -> Said:
    """Return what a label says."""
    text = plain(label)
    if not text:
        return Said("")
    steps, rest = _steps(text)
    bias = False if _NO_BIAS.search(rest) else True if _WITH_BIAS.search(rest) else None
    rest = _NO_BIAS.sub(" ", rest)
    if bias is False and re.search(r"[wŵθβ]_?0", text):
        bias = True  # the drawn 1 is the bias, and bias=False says that none is added besides
    rest = re.sub(r"(?:dim|axis)\s*=\s*-?[01]\b", " ", rest)
    foreign = _FOREIGN.search(rest)
    state = bool(_SUM.search(rest)) or bool(re.match(r"(?:u|z|net|linear)_?[\d^(]|[uz](?:[_\W]|$)", rest))
    operation = bool(_OPERATION.search(rest) or _SUM.search(rest) or _EXPRESSION.search(rest))
    if re.search(r"input[ _]?layer", rest, re.I) and not re.search(
        r"dense(?! ?_?input)\b|linear", rest, re.I
    ):
        operation = False
    if "matmul" in rest.lower() and bias is None:
        bias = False  # a product alone; an Add behind it is the bias
    expression = bool(_EXPRESSION.search(rest))
    width, sure, in_width, shape = _width(rest, operation and not expression)
    if not sure and expression:
        width = None  # its numbers are coefficients
    operation = operation or (in_width is not None and "linear" in rest.lower())
    linear = bool(_LINEAR_ACTIVATION.search(_OPERATION.sub(" ", _BATCH_SHAPE.sub(" ", rest))))
    return Said(
        text,
        steps,
        linear=linear,
        operation=operation,
        state=state or (operation and expression),
        width=width,
        sure=sure,
        in_width=in_width,
        shape=shape,
        role=_role(rest),
        bias=bias,
        foreign=foreign.group() if foreign else "",
    )


def clauses(caption: str) -> list[Said]:
    """Return what each clause of a caption says; its role is "all" where it speaks of every unit."""
    found = []
    for clause in re.split(r"[\n;.]|,(?!\d)", plain(caption)):
        what = said(clause)
        role = what.role or ("all" if _ALL.search(clause) else "")
        if what.steps or what.linear:
            found.append(Said(what.text, what.steps, what.linear, role=role))
    return found


def weight_of(label: str) -> float | None:
    """Return the number that an edge carries: `-4.5`, `*(-4.5)`, `w11 = 0.5`, `×2`."""
    match = re.fullmatch(
        r"(?:[wWθvb]\w*\s*[=:]\s*)?[*×·x]?\s*\(?\s*([+-]?\s*(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*\)?",
        plain(label),
    )
    return float(match.group(1).replace(" ", "")) if match else None


def is_weight(label: str) -> bool:
    """Return whether an edge's label stands for a weight: a number, `w_{11}`, `*ŵ₁`, `l1`."""
    return weight_of(label) is not None or bool(
        re.fullmatch(
            r"[*×·]?\s*[wŵWvVθβl]\s*[_^]?\(?[\w,{}()^]{0,8}\)?'*|linear|dense|fc|affine|l\d*|linr\d*",
            plain(label),
            re.I,
        )
    )


def trailing_index(label: str) -> int | str | None:
    """Return the index a unit's name ends in: `x_784` -> 784, `u1[:,31]` -> 31, `x_m` -> "m"."""
    text = re.split(r"[=\n|]", plain(label))[0].strip()
    text = re.sub(r"\^\(?\d+\)?$|\^[\[(]\d+[\])]", "", text).strip()
    text = re.sub(r"\(\d+\)$", "", text) if "_" in text else text
    match = re.search(r"(?:^|[^\d.])(\d+)\s*[\])]?$", text)
    if match:
        return int(match.group(1))
    symbol = re.search(r"(?:_\(?|\[:,\s*)([a-zA-Z])(?:\s*-\s*1)?[)\]]?$", text)
    return symbol.group(1) if symbol else None


def _steps(text: str) -> tuple[tuple[Step, ...], str]:
    """Return the steps named in a text in their order, and the text without their words."""
    found: list[tuple[int, Step]] = []
    for match in _DROPOUT.finditer(text):
        share = match.group(1) or "0.5"
        p = float(share.rstrip("% ")) / (100 if "%" in share or float(share.rstrip("% ")) > 1 else 1)
        found.append((match.start(), Dropout(min(p, 1.0))))
    text = _DROPOUT.sub(_blank, text)
    for match in _FLATTEN.finditer(text):
        found.append((match.start(), Flatten()))
    text = _FLATTEN.sub(_blank, text)
    for name, pattern in _ACTIVATIONS:
        parts = re.compile(rf"(?:{pattern})(?:{_SLOPE})?" if name in _WITH_NUMBER else pattern, re.I)
        for match in parts.finditer(text):
            value = match.group(1) if name in _WITH_NUMBER else None
            found.append(
                (match.start(), Activation(name, {_WITH_NUMBER[name]: float(value)} if value else {}))
            )
        text = parts.sub(_blank, text)
    found.sort(key=lambda entry: entry[0])
    steps = [step for _, step in found]
    if not steps and _UNKNOWN_ACTIVATION.fullmatch(text.strip()):
        steps, text = [Activation("?")], ""
    unique = [step for place, step in enumerate(steps) if place == 0 or step != steps[place - 1]]
    return tuple(unique), text


_WITH_NUMBER: Mapping[str, str] = {"leaky_relu": "negative_slope", "elu": "alpha"}


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _role(text: str) -> Role:
    if re.search(r"input(?: shape)?\s*:", text, re.I) and re.search(r"output(?: shape)?\s*:", text, re.I):
        return ""  # the shapes before and behind, as Keras prints them
    for role, pattern in _ROLES:
        if pattern.search(text):
            return role
    return ""


def _width(text: str, operation: bool) -> tuple[int | str | None, bool, int | None, tuple[int, ...]]:
    """Return width, whether it is sure, the width that goes in, and the shape of a picture."""
    shaped = [_sizes(match.group(1)) for match in _BATCH_SHAPE.finditer(text)]
    shaped += [
        _sizes(match.group(2)) for match in _NUMBER_SHAPE.finditer(text) if not operation or "put" in text
    ]
    told = bool(shaped) and "put" in text
    if (
        operation
        and not told
        and (match := _FEATURES.search(text) or _BETWEEN.search(_NUMBER_SHAPE.sub(_opened, text)))
    ):
        first, last = _number(match.group(1)), _number(match.group(2))
        return last, True, first if isinstance(first, int) else None, ()
    if shaped:
        first_shape, last_shape = shaped[0], shaped[-1]
        in_width = first_shape[0] if len(shaped) > 1 and isinstance(first_shape[0], int) else None
        picture = tuple(size for size in last_shape if isinstance(size, int))
        if len(last_shape) > 1 and len(picture) == len(last_shape):
            return _product(picture), True, in_width, picture
        return last_shape[-1], True, in_width, ()
    if match := _POWER.search(text):
        return int(match.group(1)), True, None, ()
    if match := _IMAGE.search(text):
        sizes = tuple(int(size) for size in match.groups() if size)
        if operation and len(sizes) == 2:  # a weight matrix: Gemm keeps (out, in), MatMul (in, out)
            out, into = sizes if "matmul" not in text.lower() else sizes[::-1]
            return out, True, into, ()
        return _product(sizes), True, None, sizes
    if match := _SIZED.search(text):
        return _number(match.group(1) or match.group(2)), True, None, ()
    if match := _BRACKETED.search(_NOT_A_WIDTH.sub(" ", text)):
        return _number(match.group(1)), True, None, ()
    bare = _BARE.findall(_NOT_A_WIDTH.sub(_blank, text))
    return (_number(bare[-1]) if bare else None), False, None, ()


def _opened(match: re.Match[str]) -> str:
    return " " + match.group()[1:-1] + " "


def _sizes(text: str) -> list[int | str]:
    return [_number(part) for part in re.split(r"\s*[,x×]\s*", text.strip())]


def _number(text: str) -> int | str:
    digits = text.replace(",", "")
    return int(digits) if digits.isdigit() else text


def _product(sizes: tuple[int, ...]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product
