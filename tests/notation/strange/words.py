"""The words that people write into drawings, in eleven languages, and how they spell activations."""

from __future__ import annotations

# A row a language: input layer, hidden layer, output layer, units, no bias, result, prediction, target, loss,
# data, more units, activation, bias, figure
_COLUMNS = "input hidden output units nobias result prediction target loss data more activation bias figure"
_ROWS = {
    "English": "Input layer|Hidden layer|Output layer|neurons|no bias|result|prediction|target|loss|dataset|more|activation|bias|Figure",
    "German": "Eingabeschicht|Verdeckte Schicht|Ausgabeschicht|Neuronen|ohne Bias|Ergebnis|Vorhersage|Zielwert|Verlust|Daten|weitere|Aktivierung|Bias|Abbildung",
    "French": "Couche d'entrée|Couche cachée|Couche de sortie|neurones|sans biais|résultat|prédiction|cible|perte|données|autres|activation|biais|Figure",
    "Spanish": "Capa de entrada|Capa oculta|Capa de salida|neuronas|sin sesgo|resultado|predicción|objetivo|pérdida|datos|más|activación|sesgo|Figura",
    "Portuguese": "Camada de entrada|Camada oculta|Camada de saída|neurônios|sem viés|resultado|previsão|alvo|perda|dados|mais|ativação|viés|Figura",
    "Italian": "Strato di input|Strato nascosto|Strato di output|neuroni|senza bias|risultato|predizione|obiettivo|perdita|dati|altri|attivazione|bias|Figura",
    "Korean": "입력층|은닉층|출력층|뉴런|편향 없음|결과|예측|정답|손실|데이터|개 더|활성화|편향|그림",
    "Japanese": "入力層|隠れ層|出力層|ニューロン|バイアスなし|結果|予測|正解|損失|データ|個 省略|活性化|バイアス|図",
    "Chinese": "输入层|隐藏层|输出层|神经元|无偏置|结果|预测|目标|损失|数据|个省略|激活|偏置|图",
    "Russian": "Входной слой|Скрытый слой|Выходной слой|нейронов|без смещения|результат|прогноз|цель|потери|данные|ещё|активация|смещение|Рисунок",
    "Polish": "Warstwa wejściowa|Warstwa ukryta|Warstwa wyjściowa|neuronów|bez biasu|wynik|predykcja|cel|strata|dane|więcej|aktywacja|bias|Rysunek",
}
WORDS = {
    language: dict(zip(_COLUMNS.split(), row.split("|"), strict=True)) for language, row in _ROWS.items()
}
# More ways to name the layers in English, and the slips of people who type fast.
ENGLISH = {
    "input": [
        "Input layer",
        "Input",
        "Inputs",
        "input_layer",
        "INPUT LAYER",
        "Layer 0 (input)",
        "inputs",
        "Imput Layer",
    ],
    "hidden": [
        "Hidden layer",
        "Hidden",
        "hidden_layer",
        "HIDDEN LAYER",
        "hidden",
        "Hiden layer",
        "Dense layer",
    ],
    "output": ["Output layer", "Output", "Outputs", "output_layer", "OUTPUT LAYER", "outputs", "Ouput Layer"],
}
LANGUAGES = {"English": 14.0} | dict.fromkeys(list(WORDS)[1:], 1.0)

# An activation as people write it; the truth is its row.
ACTIVATIONS = {
    "relu": ["ReLU", "relu", "RELU", "Relu", "ReLu", "ReLU()", "max(0, z)", "relu(z)"],
    "sigmoid": ["sigmoid", "Sigmoid", "σ", "SIGMOID", "sigmoid(z)", "σ(z)", "Sigmoid()", "sig moid"],
    "tanh": ["tanh", "Tanh", "TANH", "tanh(z)", "Tanh()"],
    "softmax": ["softmax", "Softmax", "SoftMax", "soft-max", "SOFTMAX", "soft max"],
    "identity": ["linear", "Linear", "identity", "LINEAR"],
    "leaky_relu": ["LeakyReLU", "leaky ReLU", "Leaky-ReLU", "leaky_relu"],
    "gelu": ["GELU", "gelu"],
    "elu": ["ELU", "elu"],
    "softplus": ["softplus", "Softplus"],
}
IN_LANGUAGE = {
    ("sigmoid", "German"): "Sigmoid-Funktion",
    ("sigmoid", "French"): "sigmoïde",
    ("sigmoid", "Spanish"): "sigmoide",
    ("sigmoid", "Italian"): "sigmoide",
    ("sigmoid", "Portuguese"): "sigmoide",
    ("sigmoid", "Korean"): "시그모이드",
    ("sigmoid", "Japanese"): "シグモイド",
    ("sigmoid", "Russian"): "сигмоида",
    ("softmax", "Korean"): "소프트맥스",
    ("softmax", "Japanese"): "ソフトマックス",
    ("identity", "German"): "linear",
    ("identity", "French"): "linéaire",
    ("identity", "Spanish"): "lineal",
    ("identity", "Polish"): "liniowa",
}
# Sigmoid is drawn as σ in a formula; a plain ASCII pen has no σ.
HIDDEN_ACTIVATIONS = {
    "relu": 8.0,
    "sigmoid": 3,
    "tanh": 3,
    "leaky_relu": 1,
    "gelu": 0.5,
    "elu": 0.5,
    "softplus": 0.3,
}
FEATURES = [
    "age income height weight sex smoker",
    "sqft bedrooms bathrooms zipcode year garage",
    "sepal_length sepal_width petal_length petal_width",
    "temperature humidity wind pressure cloud rain",
    "Open High Low Close Volume RSI",
    "speed distance angle fuel mass drag",
]
CLASSES = [
    "cat dog bird fish frog horse",
    "setosa versicolor virginica",
    "spam ham",
    "up down flat",
    "yes no",
    "sick healthy",
]
SAMPLES = [
    "image 28×28",
    "28x28 pixels",
    "MNIST digit",
    "CSV rows",
    "Image",
    "sample x",
    "raw pixels",
    "📷 photo",
    "mini-batch",
]
LOSSES = [
    "MSE",
    "Loss",
    "Loss L(ŷ, y)",
    "½(t − o)²",
    "cross-entropy",
    "BCE loss",
    "J(θ)",
    "error E",
    "Cost function",
    "L = 1/m Σ (y-ŷ)²",
    "Binary Crossentropy",
]
OPTIMIZERS = [
    "SGD",
    "Adam (lr=0.001)",
    "optimizer",
    "Gradient descent",
    "Optimizer: RMSprop",
    "update weights",
]
CONCEPTS = [
    "Weights & Bias",
    "Net Sum",
    "Backpropagation",
    "Universal approximation",
    "Learning rate 0.01",
    "Forward pass",
    "Feature extraction",
    "Dropout = regularisation",
    "Non-linearity",
]
TITLES = [
    "My first neural network",
    "Neural Network",
    "MLP",
    "Perceptron",
    "A multi-layer perceptron",
    "XOR network",
    "MNIST classifier",
    "Lecture 4: feed-forward networks",
    "nn",
    "Deep network",
    "Model architecture",
]
HEADER_NOTES = [
    "fully connected, trained for 20 epochs",
    "batch size 32",
    "weights initialised at random",
    "source: own work",
    "see section 2.3",
    "© 2023 Prof. M.",
    "TODO: tune this",
]


def spelled(choices, activation: str, language: str) -> str:
    """Return an activation as a person with this language may write it."""
    own = IN_LANGUAGE.get((activation, language))
    return own if own and choices.chance(0.6) else choices.one(ACTIVATIONS[activation])


def layer_name(choices, role: str, language: str, number: int | None) -> str:
    """Return a layer's name, "Hidden layer 2"; the number is given where there are several hidden ones."""
    names = ENGLISH[role] if language == "English" else [WORDS[language][role]]
    name = choices.one(names)
    return f"{name} {number}" if number else name
