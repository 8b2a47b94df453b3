"""Words for what people draw beside a network: data, results, targets, losses, training, ideas."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.typos import spelled
from chalknet.notation.drawings.words import SHAPE_IN_BRACKETS, any_of, pattern

Beside: TypeAlias = Literal["loss", "target", "training", "sample", "result", "idea", "legend", "weight"]

_LOSS = pattern(
    any_of(
        "(?:ic|bc|data|boundary)[ /\\w]{0,12} ?misfit",
        "(?:pde|ode|physics|equation) (?:residuals?|loss)",
        "auto-?diff\\w*",
        r"loss(?:es)?(?: ?fun\w+| ?fn)?", r"cost(?:s|[ -]?fun\w+)?", "bce(?:[ _]?loss|withlogits\\w*)?", "mse(?:[ _]?loss)?", "mae", "rmse", "sse",
        r"nll(?:[ _]?loss)?", r"cross[ -]?entropy(?:[ _]?loss)?", r"\w*[ _]?loss", "criterion", r"(?:total |squared |mean |quadratic )*errors?", "objective(?: function)?", "hinge", "kl[ -]?divergence",
        "p[eé]rdidas?", "kay[ıi]p", "hata", "förlust", "verlies", "coste", "costo", "perte", "co[uû]t", "erreurs?", "verlust(?:funktion)?", "kosten(?:funktion)?", r"\w*fehler(?:funktion)?", "perdita", "errore", "perda", "custo", "erro", "strata", "koszt", "b[łl][aą]d",
    )
    + "|손실|오차|비용|损失|損失|误差|誤差|代价|потер|ошибк|교차 ?엔트로피|交叉熵",
    re.I,
)  # fmt: skip
_LOSS_FORMULA = re.compile(
    r"[∥‖|]{1,2}[^∥‖|]{1,40}-[^∥‖|]{1,40}[∥‖|]{1,2}_?\d?\^?2?|[eδ]\w?\s*=\s*[dtyŷ]\w{0,3}\s*-\s*[dtyŷoa]\w{0,3}"
    r"|[JLEC](?:_[\w{}]{1,12}|[ _]?tot(?:al)?)?(?:\([^()]{0,40}\))?(?:\s*=.{0,300})?"
    r"|\(?\s*(?:1/2|½|0\.5|1\s*/\s*\w|frac12|frac\s*1\s*\w)?\s*[·*]?\s*Σ?(?:_\w{1,6})?\s*\(+\s*(?:t|y|ŷ|o|target|yhat|d|a)[\w^_']{0,8}\s*-\s*(?:t|y|ŷ|o|yhat|output|out|d|a|h)[\w^_'()]{0,12}\s*\)+\s*\^?\s*2?\s*\)?"
    r"|.{0,40}(?:-\s*)?\(?\s*(?<![^\W\d_])[yt](?:_?\w{1,2})?\s*[·*]?\s*(?:log|ln)\b.{0,200}",
    re.S,
)
_TARGET = pattern(
    any_of(
        "targets?(?: values?| outputs?)?", "labels?", "ground[ -]?truth", r"true (?:labels?|values?|class|y|output)", "desired(?: outputs?| values?)?", "expected(?: outputs?| values?)?", "teacher", "actual(?: values?| labels?)?", "y_?true", "one[ -]?hot(?: labels?)?",
        "objetivo", "etiquetas?", "esperad[oa]s?", "deseado", "cibles?", "attendue?s?", "étiquettes?", "zielwert\\w*", "soll(?:wert\\w*)?", "etichett[ae]", "atteso", "desejad[oa]s?", "hedef", "etiket", "alvo", "rótulos?", "cel", "etykiet[ay]",
    )
    + "|정답|타깃|타겟|目标值|目标|目標値|标签|標籤|教師|正解|ラベル|метк[аи]|целев",
    re.I,
)  # fmt: skip
_TRAINING = pattern(
    any_of(
        r"optimi[sz]er\w*", r"optim\.\w+", "sgd", "adam[wx]?", "rmsprop", "adagrad", r"back[ -]?prop\w*", r"gradient\w*", "grad", r"(?:weight |parameter )?updates?(?: weights?| parameters?| rule)?", "training(?: loop| step| data)?", "train", r"learning[ -]?rate", r"epochs?",
        r"[δ∇]\w{0,3}", r"(?:∂|d)L?\s*/\s*(?:∂|d)\w+", "repeat", r"w\s*(?:←|:=|<-)\s*w.*", "optimizador", "entrenamiento", "retropropag\\w*", "gradiente", "optimiseur", "rétropropag\\w*", "apprentissage", "optimierer", "training", "rückwärts\\w*", "gewichte anpassen", "ottimizzatore", "otimizador", "treino", "ajuste de (?:los )?pesos", "aktualisiert\\w*", "replay(?:[ _-]?(?:buffer|memory))?", "experience buffer", "güncelle\\w*", "gradyan\\w*", "optimizasyon", "mise à jour\\w*", "aggiorna\\w*", "atualiza\\w*", "actualiza\\w*",
    )
    + r"|^[δ∇∂]|^d[zwab](?:\[?\d|\^|_|\s*=)"  # dZ2, dW2, db2: gradients
    + "|옵티마이저|최적화|역전파|경사|기울기|갱신|优化器|優化器|反向传播|梯度|更新|逆伝播|勾配|最適化|оптимизатор|градиент",
    re.I,
)  # fmt: skip
_SAMPLE = pattern(
    any_of(
        r"data(?:[ -]?(?:sets?|loader|base|frame|points?))?", r"samples?(?: #?\d+)?", "images?", "pictures?", "photos?", "pixels?", "csv(?: rows?)?", "rows?", "mnist(?: digits?)?", "iris", "(?:mini[ -]?)?batch(?:es)?", "raw", "file", "records?", "sensors?", "camera", "database", "examples?", "observations?", "scaler", "standard\\w*", r"normali[sz]\w*", "preprocess\\w*", "features?", "text", "documents?", "table", "patient", "customer", r"\w+\.(?:csv|png|jpe?g|xlsx?|parquet|npy|json)",
        "datos", "im[aá]gen(?:es)?", "foto", "muestras?", "données", "échantillons?", "daten(?:satz)?", "bild(?:er)?", "beispiele?", "dati", "immagin[ei]", "campion[ei]", "dados", "imagem", "amostras?", "dane", "obraz\\w*", "próbk[ai]",
    )
    + "|데이터|이미지|그림|사진|표본|샘플|数据|图像|圖像|图片|样本|樣本|データ|画像|標本|サンプル|данны|изображен|картинк",
    re.I,
)  # fmt: skip
_RESULT = pattern(
    any_of(
        "results?", r"predict(?:ions?|ed(?: \w+)?|s)?", r"y[ _]?hat", "ŷ", "y[ _]?pred", "answers?", "decisions?", "classes", "class(?: \\w{1,12})?", "class(?:ification|es)", "scores?", "estimates?", "forecasts?", "probabilit(?:y|ies)", "verdict", "final outputs?", "hypothesis", "digit\\w*",
        r"out", r"output", r"outputs", "y", r"y_?\d{1,3}", r"o_?\d{1,3}", r"h_?\w{0,6}\s*\([^()]{0,12}\)", r"f\s*\([^()]{0,12}\)", r"p\s*\([^()]{0,20}\)", "cat", "dog", "spam", "ham", "yes", "no", "price",
        "resultados?", "predicci[oó]n(?:es)?", "respuesta", "salidas?", "résultats?", "prédictions?", "sorties?", "ergebnis(?:se)?", "vorhersagen?", "ausgaben?", "antwort", "klassen?", "risultat[oi]", "predizion[ei]", "uscit[ae]", "previs(?:ão|ões)", "sa[ií]das?", "wynik\\w*", "predykcj\\w*", "wyjści\\w*",
    )
    + "|결과|예측|출력|답|결정|결론|结果|結果|预测|預測|输出|輸出|予測|出力|答え|результат|предсказ|прогноз|ответ|выход",
    re.I,
)  # fmt: skip
_IDEA = pattern(
    any_of(
        r"weights?(?:\s*(?:&|and|\+|,)\s*bias(?:es)?)?", r"bias(?:es)?", r"parameters?", r"net(?:work)?[ -]?(?:sum|input)", r"weighted[ -]?sums?", r"activation(?:s| functions?)?", "transfer functions?", r"over[ -]?fitting", r"under[ -]?fitting", r"regulari[sz]ation", "learning", "deep learning", "machine learning", "feature (?:extraction|learning)", "hyper[ -]?parameters?", "forward (?:pass|propagation)", "backward pass", "non-?linearit\\w*",
        "neural net(?:work)?s?", "model", "theory", "idea", "concept", "definition", "example", "notes?", "remarks?", "remember", "todo", "why", "goal", "hint", "tip", "theta", "generali[sz]ation", "cross[ -]?validation", "metrics?", "accuracy", "evaluation", "test(?: set| data)?", "validation(?: set| data)?", "early stopping",
        "pesos?", "sesgos?", "activaci[oó]n", "aprendizaje", "sobreajuste", "poids", "biais", "sur[ -]?apprentissage", "remarque", "gewichte?", "überanpassung", "aktivierungsfunktion", "hinweis", "pesi", "apprendimento", "aprendizado", "wag[ai]", "uczenie",
    )
    + "|가중치|편향|과적합|학습|정규화|하이퍼|개념|참고|메모|정확도|权重|偏置|过拟合|過擬合|学习|正则化|概念|备注|重み|過学習|学習|正則化|注|веса|переобучен|обучени|примечани",
    re.I,
)  # fmt: skip
_LEGEND = pattern(
    any_of(
        "legend[ae]?",
        "key(?!s)",
        "légende",
        "leyenda",
        "legende",
        "zeichenerklärung",
        "where",
        "notation",
        "symbols?",
    )
    + "|범례|图例|圖例|凡例|легенда",
    re.I,
)
_WEIGHT = re.compile(
    r"(?:[Ww]eights?\s*)?[WwΘθ](?:[_^]?[({\[]?(?:\d{1,3}|[ijkxhyouab]|[ijk]{2}|in|out|xh|hy|hh|ih|ho)[)}\]]?)?(?:\s*[\n:=(∈].{0,60})?|[Ww]eights?[ _]?\d*(?:\s*[\n:=(].{0,60})?",
    re.S,
)
_TABLE: tuple[tuple[Beside, re.Pattern[str]], ...] = (
    ("target", _TARGET),
    ("loss", _LOSS),
    ("training", _TRAINING),
    ("sample", _SAMPLE),
    ("result", _RESULT),
    ("idea", _IDEA),
    ("legend", _LEGEND),
)


@lru_cache(maxsize=100_000)
def beside(label: str) -> frozenset[Beside]:
    """Return what a label may be beside a network: its words speak of these things.

    Args:
        label: as written.
    """
    text = SHAPE_IN_BRACKETS.sub(" ", spelled(plain(label)))  # `(batch, 64)` speaks of no batch
    found: set[Beside] = {name for name, words in _TABLE if words.search(text)}
    if text and _LOSS_FORMULA.fullmatch(text):
        found.add("loss")
    if _WEIGHT.fullmatch(text):
        found.add("weight")
    return frozenset(found)


@lru_cache(maxsize=100_000)
def is_only(label: str, kind: Beside) -> bool:
    """Return whether a label says nothing but that it is such a thing: `Prediction`, `the loss`, `Input data`."""
    text = plain(label)
    words = dict(_TABLE).get(kind)
    if kind not in beside(label):
        return False
    if words is None:
        return True
    rest = words.sub(" ", text)
    return not re.search(
        r"[^\W\d_]{3,}",
        re.sub(
            r"(?i)\b(?:the|of|our|my|for|a|an|das|die|der|le|la|el|les|los|final|model|values?|vector)\b",
            " ",
            rest,
        ),
    )
