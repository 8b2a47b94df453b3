"""The words of a drawing in many languages, as patterns: activations, roles, units, biases, losses."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias

from chalknet.network import ACTIVATIONS

Role: TypeAlias = Literal["", "input", "hidden", "output", "all"]


_REPEATED = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|\}[?+]?|([*+])([?+]?)")
_MOST_REPEATS = 60  # of one thing in a label, such as the digits of a number


@lru_cache(maxsize=1_000)
def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    r"""Return a pattern with every `*` and `+` bounded, so that a search takes time in proportion to the label.

    Args:
        text: the pattern as one writes it.
        flags: those of `re`.

    Example:
        >>> pattern(r"[*+]\d+").pattern
        '[*+]\\d{1,60}'
    """
    return re.compile(_REPEATED.sub(_bounded, text), flags)


def _bounded(piece: re.Match[str]) -> str:
    sign, manner = piece.groups()
    return f"{{{int(sign == '+')},{_MOST_REPEATS}}}{manner}" if sign else piece.group()


def any_of(*words: str) -> str:
    """Return a pattern for any of the words: Latin ones stand alone, others anywhere."""
    latin = [word for word in words if re.match(r"[a-zA-Zá-ú]", word)]
    others = [word for word in words if word not in latin]
    patterns = [rf"(?<![a-zà-ÿ_])(?:{'|'.join(latin)})s?(?![a-zà-ÿ])"] if latin else []
    return "|".join([*patterns, *others])


RESIDUAL = pattern(r"\[[^\[\]\n]{1,500}(?:\[[^\[\]\n]{1,200}\] ?\+ ?skip[^\[\]\n]{0,200})?\] ?\+ ?skip")
# As `write` spells it; other embeddings, of words in a sentence, are refused.
EMBED = pattern(r"(?<!\w)embed\([^()\n]{1,200}?(?:,|->|→) ?\w{1,15}\)")
# Steps with words of their own, and the options that are read as `name=value` in brackets behind them.
STEPS: tuple[tuple[str, str, str], ...] = (
    ("prelu", any_of(r"p-?re ?lu", r"parametric re ?lu"), "per_feature|init"),
    ("layernorm", any_of(r"layer[ _-]?norm(?:ali[sz]ation)?"), "eps|affine|bias"),
    (
        "batchnorm",
        any_of(r"batch[ _-]?norm(?:ali[sz]ation)?(?:1d)?", "bn")
        + "|배치 ?정규화|批归一化|批量归一化|バッチ正規化",
        "eps|momentum|affine|bias",
    ),
)
# Activations, the longest names first.
_ACTIVATIONS: tuple[tuple[str, str], ...] = (
    ("log_softmax", any_of(r"log[ _-]?softmax", "로그 ?소프트맥스")),
    ("softmax", any_of(r"soft[ -]?max", "소프트맥스", "软最大", "ソフトマックス", r"софтмакс\w*")),
    ("leaky_relu", any_of(r"leaky[ _-]?re ?lu", r"l-?relu", "리키 ?렐루", "泄漏 ?relu")),
    ("gelu", any_of("gelu")),
    ("selu", any_of("selu", "scaled elu")),
    ("relu6", any_of(r"re ?lu-?6")),
    ("hardsigmoid", any_of(r"hard[ _-]?sigmoid")),
    ("softsign", any_of(r"soft[ _-]?sign")),
    ("hardswish", any_of(r"hard[ _-]?(?:swish|silu)")),
    ("mish", any_of("mish")),
    ("silu", any_of("silu", "swish")),
    ("softplus", any_of(r"soft[ -]?plus")),
    ("elu", any_of("elu")),
    (
        "relu",
        any_of(r"re ?lu", "rectifier", "rectified linear(?: unit)?s?", "poslin", "렐루", "修正线性", "整流")
        + r"|max\s*[({]\s*0\s*,\s*[\w·.]{0,3}\s*[)}]?|max\s*[({][^(){}]*,\s*0\s*[)}]",
    ),
    (
        "tanh",
        any_of(
            r"tanh",
            "tan ?h|hyperbolic tan(?:gent)?",
            "tansig",
            "하이퍼볼릭 ?탄젠트",
            r"tang(?:ente|ens)[ -]?h[iy]perb[oó]li(?:ca|que|cus)",
            "双曲正切",
            r"гиперболическ\w* тангенс\w*",
            r"tangens hiperboliczn\w*",
            r"tanh-?funktion",
            "ハイパボリックタンジェント",
        ),
    ),
    (
        "sigmoid",
        any_of(
            "sigmo[iï]de?a?",
            "sigmo[iï]da(?:l|les|ux|is|lna|ler)",
            r"sig[ -]moid",
            "sig",
            "logistica?(?!s)",
            r"logistis(?:ch|k|tisk)\w*",
            r"logistiques?",
            "log[ií]stica",
            "sigm",
            "logsig",
            "시그모이드",
            r"сигмоид\w*",
            r"sigmoidaln\w*",
            r"sigmoid-?(?:funktion|kurve)",
            "S形",
            "로지스틱",
            "シグモイド",
        )
        + r"|(?-i:(?<![α-ώ])σ(?![α-ώ]))|(?<![a-z])sigma(?![a-z])|1\s*/\s*\(\s*1\s*\+\s*(?:exp\s*\(|e\s*\^)\s*\(?-?[^()]*\)?\s*\)?",
    ),
)


def activation_patterns() -> tuple[tuple[str, str], ...]:
    """Return each activation with its pattern: a row without one here is read by its own spellings."""
    known = {"identity", *(name for name, _ in _ACTIVATIONS)}
    rows = [row for row in ACTIVATIONS.values() if row.settled and row.name not in known]
    return (*((row.name, any_of(*map(re.escape, (row.name, *row.aliases)))) for row in rows), *_ACTIVATIONS)


LINEAR_ACTIVATION = pattern(
    any_of(
        "identity", "purelin", "linear output", "identidade?", "identit[éà]", "identität", "lineal", "lin[ée]aire", "lineare?", "sin activaci[oó]n", "no activation", "sem ativação", "sans activation", "ohne aktivierung(?:sfunktion)?", "without (?:an )?activation", "geen activatie(?:functie)?", "senza attivazione", "bez aktywacji", "doğrusal", "lineair", "linj[äa]r", "keine", "tuyến tính", "lineární", "lineáris", "liniar[ăa]?", "lineaarinen", "linier", "lineær",
        r"activation\s*[:=]?\s*none", r"\(linear\)", r"activation\s*[:=]?\s*linear", "none", "linear", "lin",
    )
    + "|линейн\\w*|лінійн\\w*|γραμμικ\\w*|خطي|เชิงเส้น|liniow\\w*|линейная|선형|항등|활성화 ?(?:함수)? ?없음|без (?:функции )?активации|线性|恒等|无激活|(?:不使?用|没有)激活|線形|恒等関数|活性化(?:関数)?(?:なし|を?使わない)",
    re.I,
)  # fmt: skip
ALSO_LINEAR = pattern(
    r"(?:dense|fc\d?|units|neurons)\b[^\n]{0,20}[+,(/|\n]\s*(?:linear|identity)\b(?!\s*[(\d])", re.I
)
OPERATION = pattern(
    any_of(
        r"linear(?=[^\S\n]*[(\d]|\s*\(| layer|\n(?![\d,]+ ?(?:param|weight)))", r"dense(?:[ _]\d+)?", r"fc(?:[ _-]?\d)?", "fully[ -]connected", "affine",
        "gemm", "matmul", "inner ?product", "addmm", "densa", "totalmente conectada", r"lin(?:ear)?\d+",
        "perceptron layer",
    )
    + "|전결합|완전 ?연결|전연결|全连接|全結合|密集层",
    re.I,
)  # fmt: skip
SUM = pattern(r"Σ|^\+$|^sum$|가중합|加权和|求和", re.I)
EXPRESSION = pattern(
    r"(?<![a-zA-Z])[wŵWvV]_?\(?\d*\)?(?:\^?[T⊤])?\s*[*·⋅]?\s*(?:\^T )?[xhazX](?![a-zA-Z])|[xhaz]_?[\w,]*\s*[*·]\s*[wŵ]"
    r"|^-[\d.]*x(?:_\d+)?(?:[+-]|$)|^[\d.]+x(?:_\d+)?(?:[+-]|$)|^x(?:_\d+)?[+-]"
)
PLUS_BIAS = pattern(r"\+\s*(?:b|β|θ|bias|w_?\{?\(?0)(?![a-zA-Z])", re.I)  # in a formula
REGRESSION = pattern(
    any_of("(?:linear|logistic|softmax) regression", "regresi[oó]n (?:lineal|log[ií]stica)")
    + "|(?:선형|로지스틱) ?회귀|(?:线性|逻辑)回归",
    re.I,
)
DROPOUT = pattern(
    r"(?:"
    + any_of("drop[ -]?out", r"drop(?=\s?\(\s?(?:p\s?=\s?)?0?\.\d)")
    + r"|드롭 ?아웃|随机失活|丢弃)(?:[^\d%\n.]|\.(?!\d)){0,12}(\d*\.\d+|\d+\s*%|\d\b)?",
    re.I,
)
FLATTEN = pattern(
    any_of("flatten", "aplanar", "aplanado", "reshape", "unroll") + "|평탄화|펼치기|펴기|展平|拉平|平坦化",
    re.I,
)
ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("input", pattern(any_of(r"inputs?(?:[ _-]?layer)?", r"^in(?=\s*(?:$|[:(\n]))", "entradas?", "entr[ée]e?s?", "eingabe(?:schicht)?", "eing[aä]nge?n?", "eingangs\\w+", "ingress[oi]", "invoer(?:laag)?", "girdi", "masukan", "vstup\\w*", "bemenet\\w*", "indata", "indgang\\w*", "inngang\\w*", "intrare", "intrări", "syöte\\w*", "data", "image", "noise")
                         + "|είσοδο|εισόδου|вхідн|إدخال|อินพุต|giriş|đầu vào|lớp vào|입력|输入|輸入|入力|特征|wejści|вход", re.I)),
    ("hidden", pattern(any_of("hidden", "hid", "tersembunyi", "skryt\\w*", "rejtett\\w*", "skjult\\w*", "ascuns\\w*", "piilo\\w*", "ocultas?", "cach(?:ée?|ee)s?", "couches? cache", "verborgen\\w*", "versteckt\\w*", "verdeckt\\w*", "nascost[oaei]", "gizli", "escondid[oa]s?", "dold[ae]?", "intermedia", "bottleneck", "encoder", "decoder")
                          + "|κρυφ|прихован|مخفي|ซ่อน|lớp ẩn|은닉|히든|ukryt|скрыт|隐藏|隱藏|隐含|隠れ|中間", re.I)),
    ("output", pattern(any_of(r"outputs?(?:[ _-]?layer)?", r"^out(?=\s*(?:$|[:(\n]))", "salidas?", "sorties?", "sa[ií]da", "uscit[ae]", "uitvoer(?:laag)?", "ausgabe(?:schicht|neuron)?", "ausg[aä]nge?n?", "ausgangs\\w+", "keluaran", "výstup\\w*", "kimenet\\w*", "utgång\\w*", "utdata", "udgang\\w*", "utgang\\w*", "ie[șs]ire\\w*", "ulostulo\\w*", "predictions?")
                          + "|έξοδο|εξόδου|вихідн|إخراج|เอาต์พุต|çıkış|çıktı|đầu ra|lớp ra|출력|输出|輸出|出力|wyjści|выход", re.I)),
)  # fmt: skip
INSIDE_LOSS = pattern(  # `cross-entropy loss (softmax inside)`: of the loss, and not of the network
    r"(?<=loss|ropy)\s*\(?(?:(?:log[-_ ]?)?soft-?max|sigmoid) (?:is )?(?:inside|included|built[- ]?in)\)?"
    r"|(?<=loss|ropy)\s*\(?(?:includes|incl\.|applies|contains|with) (?:the |its |own )?(?:log[-_ ]?)?soft-?max\)?",
    re.I,
)
PRUNED = pattern(r"(?:connections?|weights?|edges?|links?|synapses?).{0,40}\bprun(?:ed|ing)|\bpruned", re.I)
EVERY = (
    any_of("all", "every", "each", "todas?", "todos", "cada", "tutt[ei]", "tou(?:s|te|tes)", "alle[rn]?", "jede[rsmn]?")
    + r"|everywhere|throughout|partout|überall|ovunque|dappertutto|en todas partes|em tod[ao]s|tüm|bütün|wszędzie|wszystki\w*|każd\w+|везде|во всех|всех|모든|모두|각|所有|每|都|均|全て|すべて|各"
)  # fmt: skip
DEFINED = r"(?<![^\W\d_])[gfφϕ](?:\([^()]{0,9}\))?\s*(?:=|is\b|:)"  # `φ = tanh` speaks of all units
_NOUN = "activation|aktivierung|activaci[oó]n|attivazione|ativação|aktywacj|активаци|激活函数|活性化関数|활성화 ?함수|aktivasyon"
ALL = pattern(
    any_of("units?", "neurons?", "nodes?", r"act\w*(?:[ .]?f(?:ct|n|unction)\w*)?(?=\s*[=:])")
    + rf"|{EVERY}|{DEFINED}"
    rf"|{_NOUN}",
    re.I,
)
ACTIVATION_SETTING = pattern(rf"(?:f\w+ (?:de |di |d')?)?(?:{_NOUN})[^\W\d_]{{0,9}}(?:[ -]f\w+)?\s*:?", re.I)
EXCEPT = pattern(
    any_of("except(?: for)?", "but(?= the (?:last|output))", "sauf", "hormis", "excepto", "salvo", "menos", "exceto", "tranne", "eccetto", "außer", "ausgenommen", "behalve", "utom", "oprócz", "kromě", "kivéve", "kecuali")
    + "|кроме|за исключением|除了|除外|以外|제외|빼고|εκτός|hariç|dışında",
    re.I,
)  # fmt: skip
NO_BIAS = pattern(
    r"bias\s*[=:]\s*(?:false|no|0|off|none)\b|\b(?:no|ohne|sans|senza|sem|bez|zonder|utan)[ _-]?bias(?:u|es)?\b|sem (?:viés|vieses)|sin (?:sesgos?|bias)|sans biais|senza bias|без (?:смещени\w*|байас\w*)|bez (?:obciążeni\w*|wyrazu wolnego)|无偏(?:置|差)|無偏置|沒有偏置|バイアス ?(?:なし|無し)|바이어스 ?없\w*|편향 ?없\w*|no biases|without (?:a )?bias|w/o bias"
    r"|não (?:\w{1,9} )?(?:viés|bias)|no (?:tienen?|hay|usan?|llevan?) (?:sesgos?|bias)|\bkein(?:e|en|er)? bias|pas de biais|non (?:\w{1,9} )?bias"
    r"|нет (?:смещени|байас)\w*|(?:bias|yanlılık) yok"
    r"|편향 ?없|바이어스 ?없|sin sesgo|sans biais|无偏置|沒有偏置|バイアスなし",
    re.I,
)
WITH_BIAS = pattern(
    r"bias\s*[=:]\s*(?:true|yes|1|on)\b|\(?\+\s*[bc](?:ias)?_?\d*\)?(?![a-z])|(?<![a-z])with bias", re.I
)
BIAS_NODE = pattern(
    r"(?:[+-] ?1|1(?:\.0)?|[bθ](?:[_^]?\(?\d*[,\d]*\)?){0,2}|(?:the )?bias(?:es)?(?:[ _]?(?:unit|node|term|neuron))?[ _]?\d*"
    r"|[xhazv](?:\^[\[(]?\d[\])]?)?_?\(?0\)?(?:[\^_]\(?\d+\)?|\(\d+\))?|편향[ _]?\d*|바이어스[ _]?\d*|偏置[ _]?\d*|偏差[ _]?\d*|sesgo[ _]?\d*"
    r"|バイアス[ _]?\d*|biais[ _]?\d*|offset|threshold|schwelle|intercept|constant|\(?intercept\)?|one)"
    r"(?:\s*b_?\w?)?(?:\s*\n?[(=]\s*(?:bias|1|\+1|편향|偏置|sesgo)\)?)?(?:\s*[=:\n]?\s*[+-]?\d*\.\d+)?",
    re.I,
)
LAYER = pattern(
    any_of("layers?", "neurons", "units", "nodes", "cells", "features", "capas?", "couches?", "schicht(?:en)?", "strat[oi]", "camadas?", "warstw\\w*", "neurones", "neuronas", "neuronen", "neuroni", "neurônios", "nöron(?:lar|u)?", "katman\\w*", "unidades", "perceptrons", "mlp", "stack", "lag(?:en)?", "lager", "lapisan", "laag", "vrstv\\w*", "réteg\\w*", "strat(?:ul)?", "kerro\\w*", "skikt\\w*")
    + "|input_?layer\\b|층|계층|레이어|层|層|сло[йяиё]|шар(?![^\\W\\d_]{3})|στρώμα|επίπεδο|طبقة|ชั้น|lớp|ニューロン群",
    re.I,
)  # fmt: skip
ONE_UNIT = pattern(
    r"\b(?:neuron|unit|node|neurone|neurona|perceptron|perceptr[oó]n|neurônio)\b(?!\s*layer)|뉴런(?! ?층)|神经元|神經元|ニューロン|нейрон\b|\b(?:neuro[nń]|neuroni?|nöron|neuroon)\b",
    re.I,
)
ENVIRONMENT = pattern(
    any_of(
        "environment",
        "env",
        "gym(?:nasium)?",
        "atari",
        "simulat(?:or|ion)",
        "umgebung",
        "entorno",
        "environnement",
        "ambiente",
        "ortam",
    )
    + r"|环境|環境|환경|сред[аы]\b|(?<!\w)\w{3,20}-v\d(?!\w)",
    re.I,
)
NETWORK = pattern(
    any_of(
        "neural (?:net|network)",
        "perceptron",
        "perceptr[oó]n",
        "perzeptron",
        "percettrone",
        "mlp",
        "ann",
        "nn",
        "autoencoder",
        "auto-?encodeur",
        "(?:logistic|linear|softmax) regression",
        "red(?:es)? neurona\\w*",
        "réseau de neurones",
        "rede neural",
        "neuronales? netz\\w*",
        "rete neurale",
        "sieć neuronowa",
        "sinir ağ\\w*",
        "feed[ -]?forward",
    )
    + "|신경망|퍼셉트론|神经网络|感知|ニューラル|パーセプトロン|нейронн|нейросет|персептрон|перцептрон",
    re.I,
)
BIAS_WORD = pattern(
    any_of(
        "bias(?:es)?",
        "biais",
        "sesgos?",
        "intercept",
        "schwelle",
        "vi[eé]s",
        "umbral(?:es)?",
        "limiar",
        "seuil",
        "yanlılık",
    )
    + "|편향|바이어스|偏置|偏差|バイアス|смещени",
    re.I,
)
# A matrix that stands for a map: `W1: 3072x50`, `W ∈ R^128×784`, `V (10, 128)`.
MATRIX = pattern(
    r"(?<![a-zA-Z])(?:[WVU]|weights?)_?\^?[\[(]?\d*[\])]?\s*(?:[:=∈(]|is)?\s*(?:R\s*\^\s*)?[(\[{]?\s*(\d+)\s*[x×,]\s*(\d+)"
)
RATE = pattern(r"(?<![a-z])(?:rate|p|prob\w*)\s*[=:]?\s*(0?\.\d+)", re.I)
_MORE_WORDS = (
    "more|others?|further|omitted|not\\s+(?:shown|drawn)|skipped|left\\s+out|hidden|weitere|weggelassen|ausgelassen|más|omitid[oa]s|autres|omis|altri|omess[ie]|mais|więcej|pominięt\\w*|ещ[её]|пропущен\\w*"
    "|개\\s?(?:더|생략)|더|생략|개|省略|个\\s?省略|個\\s?省略|个|個|他"
)
MORE = pattern(
    rf"\(?\s*(?:\+|and|plus|[.…⋮⋯\s]+)\s*\(?\+?\s*(\d[\d,]*)\s*(?:(?:{_MORE_WORDS})\s*){{0,2}}\)?(?:\s*(?:units?|nodes?|neurons?|inputs?))?(?:\s*(?:{_MORE_WORDS}))?[\s.…⋮)\]]*",
    re.I,
)
# The same within a title, `Input Layer (+3)`; `784 + 1` and `+1 bias` are no such thing.
_LEFT_OUT = r"more|others?|further|not\s+(?:shown|drawn)|omitted|개\s?더|más|weitere|autres|altri|他"
_SOME_UNITS = r"(?:\s*(?:units?|nodes?|neurons?|개))?"
MORE_IN_TITLE = pattern(
    rf"[(\[,;]?\s*(?:(?:\+|plus|and|&|[.…⋮⋯]+)\s*)?(?<![\d.,])(?P<some>\d[\d,]*){_SOME_UNITS}\s*(?:{_LEFT_OUT})\b{_SOME_UNITS}\s*[)\]]?"
    rf"|(?<!\d)(?<!\d )[(\[]?\s*(?:\+|\bplus\b)\s*(?P<plus>\d[\d,]*)(?![\w.]){_SOME_UNITS}(?!\s*bias)\s*[)\]]?",
    re.I,
)
HIDDEN_NUMBER = pattern(
    r"(?:hidden[ _-]?(?:layer)?|dense[ _-]?layer|ocultas?|cach[ée]e|verdeckte schicht|versteckte schicht|nascosto|ukryta|скрытый слой|은닉 ?층|히든 ?층|隠れ層|隐藏层|隱藏層|隐含层|中間層)[\s_#-]{0,3}([1-9]\d?)(?![\d.]|,\d|\s*(?:neurons|units))|第\s*([1-9]\d?)\s*(?:隐藏|隱藏|隠れ|中間)|([1-9])(?:st|nd|rd|th) hidden",
    re.I,
)
NUMBER_BEHIND_LAYER = pattern(
    r"(?:layer|capa|couche|schicht|층|层|層|слой|camada|strato|katman)[^\S\n]*(\d{1,6})(?![\d,.:]|[^\S\n]*\W?[^\S\n]*\d)",
    re.I,
)
LAYERS_LEFT_OUT = pattern(
    r"(\d{1,4})\s*(?:more|further|other|additional|identical|similar|weitere|más|autres|mais|altri|개 ?더|个|個)\s*(?:hidden |similar |identical |fully connected |dense |versteckte |ocultas )*(?:layers?|blocks?|schichten|capas|couches|camadas|strati|층|层|層)"
    r"|(?:×|x)\s*(\d{1,4})\s*(?:more )?(?:hidden )?(?:layers|blocks)",
    re.I,
)
WIDTHS_IN_A_ROW = pattern(
    r"(?<![\w.])\d(?:[\d,]{0,8}\d)?(?:\s*(?:-|–|—|→|->|:|×|x|/|,(?=\s))\s*\d(?:[\d,]{0,8}\d)?){1,40}(?!\w|\.\d)"
)  # `MLP 784-128-10`
SOME_OF = pattern(
    r"(?<!layer )(?<![\d.,])(\d[\d,]*)\s*(?:of|out of|/|von|sur|de)\s*(\d[\d,]*)(?![\w.])", re.I
)
DOTS = re.compile(r"(?:[.…⋮⋯⋱∙•·:︙⁞\s_~|-]|\\vdots)+")  # as a whole, with one of the next in it
AND_SO_ON = pattern(
    r"(?:\W*(?:etc|and so on|usw|u\.s\.w|und so weiter|y as[ií] sucesivamente|et cetera|ecc|itd|i tak dalej|и т\. ?д|等等?|など|등등?|以下同様)\W*)",
    re.I,
)
ELLIPSIS = pattern(r"\.\s?\.|…|⋮|⋯|⋱|︙|⁞|::|·\s?·|•\s?•|^:$")
FOREIGN = pattern(
    any_of(
        r"conv(?:olution(?:al)?)?(?:[ _]?[123]d)?(?: ?layer)?", r"(?:max|avg|average|global|mean|adaptive)[ _-]?(?:(?:max|avg|average)[ _-]?)?pool(?:ing)?(?:[ _]?[123]d)?", "pooling", "lstm", "gru",
        "rnn", "recurrent", r"(?<!pay )(?<!your )attention(?!\s*[!:])", "self-attention", "embed(?:ding)?", r"batch[ _-]?norm(?:ali[sz]ation)?\w+", r"layer[ _-]?norm\w+",
        "transformer", "concat(?:enate)?", r"(?<!pde )(?<!ode )(?<!physics )(?<!equation )residual(?! (?:error|plot|sum|variance|loss))", "maxout", "hardtanh", "hard tanh", "log[ _-]?sigmoid", "convoluci[oó]n\\w*",
        "primary key", "foreign key", r"varchar\w*", "deconv\\w*", "upsampl\\w*",
    )
    + r"|^\W*pool[ _]?\d?(?: layer)?[\s,:(\d×x*=k)]*$|합성곱|컨볼루션|풀링|순환|卷积|池化|循环神经|注意力",
    re.I,
)  # fmt: skip
# What is said not to be there: `no convolutions`.
WITHOUT = pattern(
    r"(?<![^\W\d_])(?:no|not?|without|w/o|ohne|keine?|sin|sans|pas de|sem|senza|без|bez) [^\W\d_]{4,20}", re.I
)
# `p=0,4` as most of Europe writes it; a zero before a comma begins a fraction, but in an index.
DECIMAL_COMMA = pattern(r"(?<![\w.,_{\[^])(?<!\w\()(0),(\d{1,4})(?![\d,])")
STEP_FUNCTION = pattern(
    any_of(r"(?:binary |unit |heaviside )*step(?:[ -]?(?:function|unit|activation))s?", "heaviside", "signum", "hard[ -]?lim(?:it(?:er)?|s)?", "threshold(?:ing)?(?: function| unit)", "schwellwert(?:funktion)?", "stufenfunktion", "escal[oó]n", "échelon", "gradino", "degrau", "função degrau", r"step(?=\s*(?:\(|$|\n))", r"sgn", r"sign(?=\s*(?:\(|$|\n))", "sprungfunktion", "basamak(?: fonksiyonu)?", "adım(?: fonksiyonu)?", "skoková funkce", "lépcsős?függvény", "ugrásfüggvény", "stegfunktion", "trinnfunksjon", "fungsi (?:tangga|undak)", "stapfunctie", "askelfunktio", "funcția treaptă", "funkcja (?:skokowa|progowa)", "fonction seuil", "funzione (?:a )?(?:gradino|soglia)")
    + "|^thresh(?:old)?$|пороговая|符号函数|階段関数|ステップ関数|阶跃函数|階躍函數|계단 ?함수|ступенчат",
    re.I,
)  # fmt: skip
# How many rows a table has, which is no width: `n = 1030 samples`, `10 000 rows`.
SAMPLES = pattern(
    r"(?:(?<![^\W\d_])[nNm]\s*=\s*)?(?<![\w.])\d[\d,. \u202f]{0,15}(?<=\d)\s*(?:training |test |labelled )?"
    r"(?:samples?|rows?|records?|observations?|examples?|instances?|passengers|patients|proben|zeilen|beispiele|datensätze|"
    r"muestras|filas|registros|ejemplos|échantillons|lignes|exemples|campioni|righe|esempi|amostras|linhas|exemplos|"
    r"satır|örnek|wierszy|próbek|przykładów)(?![^\W\d_])|(?<![\w.])\d[\d,. ]{0,15}(?<=\d)\s*(?:строк|примеров|образцов|행|샘플|표본|件|サンプル|样本|樣本|行|条)",
    re.I,
)
OPERATOR = pattern(
    r"(?:@|·|∙|•|\*|×|⊗|⊙|dot|mul|mat ?mul|product|w\s*[·*]\s*x)", re.I
)  # a product, as a node of its own
MORE_THAN_STEPS = pattern(
    r"(?<![a-z])(?!(?:z|x|u|a|v|h|f|g|φ|act|activation|function|funktion|layer|activación|fonction|the|dim|axis|p|t)(?![a-zà-ÿ]))[^\W\d_]+",
    re.I,
)
UNKNOWN_ACTIVATION = pattern(
    r"(?:(?:clipped|capped|squared|shifted|bounded|truncated|thresholded|concatenated|s?c)[ -]?re ?lu|hard[ -]?shrink|snake|f|g|φ|ϕ|act|activation(?: function)?|활성화 ?함수|激活函数|funci[oó]n de activaci[oó]n)\s*(?:\((?:[·.zuasxv]?|net|sum|Σ|in)\))?",
    re.I,
)
UNITS = (
    r"neurons?|units?|nodes?|features?|inputs?|outputs?|values?|pixels?|booleans?|bits|flags|sensors?|sensor readings|genes|attributes?|atributos?|attributi|attributs|dims?|dimensions?|variables?|columns?|cells?|d\b|classes|logits?|"
    r"개|뉴런|노드|유닛|차원|픽셀|个|個|神经元|神經元|节点|單元|单元|維|维|ニューロン|ノード|ユニット|次元|neurones?|n(?:oe|œ)uds?|unit[ée]s?|knoten|einheiten|"
    r"neuronen?|neuron[óo]w|neuroni|neurônios?|нейрон\w*|узл\w*|merkmale|neuronas?|nodos?|unidades?|entradas?|salidas?|p[ií]xeles|"
    r"neuron[ůyu]?|neuronok|nơ-?ron|neuroner|neuronia|νευρών\w*|عصبون\w*|نيورون|เซลล์|нейронів|вузл\w*"
)
NUMBER = r"\d[\d,]{0,19}"
_OF_BATCH = r"[(\[<⟨]\s*(?:none|batch\w*|n|m|b|\?|-?1)\s*[,x×]\s*\d+\s*,?\s*[)\]>⟩]"
SHAPE_IN_BRACKETS = pattern(_OF_BATCH, re.I)
SHAPE_IN_WORDS = pattern(
    rf"(?:input|output)[ _]?(?:shape|size)s?\s*[:=]?(?:\s*[(\[<⟨][^()\[\]<>⟨⟩]{{0,60}}[)\]>⟩])?|output\s*[:=]?\s*{_OF_BATCH}"
    r"|,\s*input_dim\s*=|(?<![a-z])in(?:put)?\s*[:=]\s*\d+.{0,20}?out(?:put)?\s*[:=]\s*\d+",
    re.I | re.S,
)  # `output shape (None, 6)`, `output (1, 6)`, `in: 6 out: 6`: what a tool notes in the box of any step
FIGURE = pattern(
    any_of("fig(?:ure)?", "abb(?:ildung)?", "figura", "rysunek", "ilustraci[oó]n", r"\w*param\w*", "weights?")
    + r"|рис(?:унок)?|그림\s*\d|図\s*\d|图\s*\d",
    re.I,
)
COUNT_OF_WEIGHTS = pattern(r"(?:weights|param\w*)\s*:\s*\d|\d\s*(?:weights|param\w*)", re.I)
WRITTEN_COUNT = pattern(
    r"(?<![\d,.])(\d[\d,]*)\s*(?:trainable\s+)?(?:param(?:s|eters?)?\b|모수|매개변수|参数|параметр)"
    r"|(?:param(?:s|eters?)?|weights)\s*#?\s*[:=]\s*(\d[\d,]*)(?!\s*[x×,\d])",
    re.I,
)
FIGURE_NUMBER = pattern(r"^\W*[^\W\d]{1,14}\.?\s*\d{1,3}(?:\.\d{1,3})?\s*[:.–—-]\s+")
# A line that says what goes in and what comes out, `784 → 128`; a row of more widths is a caption.
IN_AND_OUT = pattern(rf"(?:^|[\n:])\s*{NUMBER}\s*(?:->|→|=>|⟶|➔)\s*{NUMBER}(?![\d.]|\s*(?:->|→|=>|⟶|➔))")
DECIMAL = pattern(r"[+-]?\d*\.\d+")  # a weight on an edge, of which there may be many
SLOPE = r"\s*\(?\s*(?:negative[_ ]slope|slope|alpha|α|a)?\s*[=:]?\s*(\d*\.\d+)\s*\)?"
