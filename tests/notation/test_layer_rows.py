"""Tables, lists and chains in which people write layers are read; other tables and lists are refused."""

import random

import pytest
from tests.notation.strange.words import ACTIVATIONS, WORDS

import chalknet as cn
from chalknet.errors import ChalknetError, NotationError
from chalknet.notation.pages import LAYERS

HEADINGS = {
    "English": "Layer", "German": "Schicht", "French": "Couche", "Spanish": "Capa", "Portuguese": "Camada",
    "Italian": "Strato", "Korean": "층", "Japanese": "層", "Chinese": "层", "Russian": "Слой", "Polish": "Warstwa",
}  # fmt: skip
TEXT = "# Notes\n\nWhat I built this week.\n\n{}\n\nMore on this tomorrow.\n"


def heads(words):
    return [words["layer"], words["units"], words["activation"]]


def markdown(words, rows):
    table = [heads(words), ["---", "--:", ":-:"], *([n, w, a or "–"] for n, w, a in rows)]
    return TEXT.format("\n".join(f"| {' | '.join(row)} |" for row in table))


def markup(words, rows):
    cells = "".join(f"<tr><td>{n}</td><td>{w}</td><td>{a}</td></tr>\n" for n, w, a in rows)
    top = "".join(f"<th>{word}</th>" for word in heads(words))
    return f"<p>The layers.</p>\n<table>\n<tr>{top}</tr>\n{cells}</table>\n"


def wiki(words, rows):
    head = " !! ".join(heads(words))
    cells = "\n".join(
        f"|-\n| {n} || style=\"text-align:right\" | {w}\n| '''{a or '—'}'''" for n, w, a in rows
    )
    return TEXT.format(f'{{| class="wikitable"\n|+ Net\n|-\n! {head}\n{cells}\n|}}')


def comma(words, rows):
    return "\n".join(",".join(row) for row in [heads(words), *rows])


def aligned(words, rows):
    return "\n".join("".join(cell.ljust(26) for cell in row) for row in [heads(words), *rows])


def turned(words, rows):
    names, widths, acts = zip(*rows, strict=True)
    table = [
        [words["layer"], *names],
        ["-"] * (len(rows) + 1),
        [words["units"], *widths],
        [words["activation"], *acts],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in table)


def bullets(words, rows):
    return TEXT.format(
        "\n".join(f"- **{n}**: {w} {words['units']}{', ' + a if a else ''}" for n, w, a in rows)
    )


def plain(words, rows):
    return "\n".join(f"{n} – {w}{f' ({a})' if a else ''}" for n, w, a in rows)


def chain(words, rows):
    return TEXT.format(
        "```\n" + " → ".join(f"{n} ({w}{', ' + a if a else ''})" for n, w, a in rows) + "\n```"
    )


LAYOUTS = (markdown, markup, wiki, comma, aligned, turned, bullets, plain, chain)


def drawn(dice, words):
    """Return the rows of a random network, and the formula that it is."""
    widths = [dice.choice([2, 3, 7, 12, 28, 64, 100, 784, 2048]) for _ in range(dice.randint(3, 6))]
    rows, formula = [(words["input"], str(widths[0]), "")], [str(widths[0])]
    for number, width in enumerate(widths[1:], 1):
        last = number == len(widths) - 1
        kind = dice.choice(
            ["relu", "sigmoid", "tanh", "softmax", "identity"] if last else ["relu", "sigmoid", "tanh"]
        )
        name = words["output"] if last else words["hidden"]
        name += f" {number}" if not last and len(widths) > 3 else ""
        rows.append((name, str(width), dice.choice(ACTIVATIONS[kind][:3])))
        formula.append(f"{width}" + ("" if kind == "identity" else f" {kind}"))
    return rows, " -> ".join(formula)


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layers_in_rows_are_read_in_every_language(layout, language):
    dice = random.Random(f"{layout.__name__} {language}")
    words = WORDS[language] | {"layer": HEADINGS[language]}
    for _ in range(3):
        rows, formula = drawn(dice, words)
        if layout is not turned:
            rows = rows if dice.random() < 0.7 else rows[::-1] if layout is not chain else rows
        text = layout(words, rows)
        network, wanted = cn.read(text), cn.read(formula)
        assert cn.write(network, "json") == cn.write(wanted, "json"), text


IN_AND_OUT = """
| Слой      | Вход | Выход | Смещение | Функция активации | Параметры |
|-----------|-----:|------:|:--------:|-------------------|----------:|
| Скрытый 1 |   25 |    50 |    да    | ReLU              |     1 300 |
| Выходной  |   50 |     1 |    нет   | сигмоида          |        50 |
"""
WITH_DROPOUT = """
| # | layer   | units | activation | note     |
|---|---------|------:|------------|----------|
| 0 | input   | 2,048 | –          | radius 2 |
| 1 | dense   |   512 | ReLU       |          |
| 2 | dropout |       |            | rate 0.2 |
| 3 | dense   |     1 | linear     | logS     |

| setting | value |
|---------|------:|
| epochs  |   150 |
"""
STEPS = "Couche | Neurones\n---|---\nEntrée | 784 (28×28)\nDense | 32\nReLU |\nDropout 20 % |\nSortie | 10\nSoftmax |\n"
UP = "Ausgabeschicht: 1 Neuron, Sigmoid\nverdeckte Schicht: 8 Neuronen, tanh\nEingabeschicht: 3 Merkmale\n"
PARAMETERS = "layer;units;activation;params\ninput;4;;\nhidden;8;relu;32\noutput;2;softmax;16\n"


BOTH = "| Layer | Details |\n|---|---|\n| Input | 100 |\n| Hidden 1 | 32 ReLU |\n| Hidden 2 | 16, ReLU |\n| Output | 4 (softmax) |\n"
ALONE = "| # | Layer |\n|---|---|\n| 0 | Input(100) |\n| 1 | Dense(32) + ReLU |\n| 2 | Dense(4) + Softmax |\n"
TIMES = "| Schicht | Neuronen |\n|---|---|\n| Eingabe | 6 |\n| {} | {} (tanh) |\n| Ausgabe | 2 (linear) |\n"
NO_HEADINGS = "input,30,\nhidden,15,relu\noutput,2,softmax\n"
SQL = (
    "CREATE TABLE layers (id INT PRIMARY KEY, kind TEXT, size INT, act VARCHAR(20));\n"
    "INSERT INTO layers VALUES (3, 'output', 10, 'softmax'), (1, 'input', 784, NULL);\n"
    "insert into layers (id, kind, size, act) values (2, 'hidden', 64, 'relu');\n"
)
YAML = "net:\n  - type: input\n    units: 64\n  - {type: dense, units: 32, activation: relu}\n  - type: dense\n    units: 10  # digits\n"
TOML = (
    '[[layers]]\nkind = "input"\nunits = 64\n\n[[layers]]\nkind = "dense"\nunits = 10\nactivation = "tanh"\n'
)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        (BOTH, "100 -> 32 relu -> 16 relu -> 4 softmax"),
        (ALONE, "100 -> 32 relu -> 4 softmax"),
        (TIMES.format("verdeckt ×2", "20"), "6 -> 20 tanh -> 20 tanh -> 2"),
        (TIMES.format("verdeckt", "3 x 20"), "6 -> 20 tanh -> 20 tanh -> 20 tanh -> 2"),
        (TIMES.format("verdeckt 1–2", "20"), "6 -> 20 tanh -> 20 tanh -> 2"),
        (NO_HEADINGS, "30 -> 15 relu -> 2 softmax"),
        (
            "layer,type,units,activation\n1,input,11,\n2,dense,8,relu\n3,dense,1,sigmoid\n",
            "11 -> 8 relu -> 1 sigmoid",
        ),
        (SQL, "784 -> 64 relu -> 10 softmax"),
        (YAML, "64 -> 32 relu -> 10 ?"),
        (TOML, "64 -> 10 tanh"),
        (IN_AND_OUT, "25 -> 50 relu -> 1 nobias sigmoid"),
        (WITH_DROPOUT, "2048 -> 512 relu dropout(0.2) -> 1"),
        (
            WITH_DROPOUT.replace("|       |            | rate 0.2", "| 0.2   |            |         "),
            "2048 -> 512 relu dropout(0.2) -> 1",
        ),
        (WITH_DROPOUT.replace("linear", "–"), "2048 -> 512 relu dropout(0.2) -> 1"),
        (
            STEPS.replace("Softmax |", "")
            .replace("\n---|---", " | activation\n---|---|---")
            .replace("10", "10 | none"),
            "784 -> 32 relu dropout(0.2) -> 10",
        ),
        (STEPS, "784 -> 32 relu dropout(0.2) -> 10 softmax"),
        (UP, "3 -> 8 tanh -> 1 sigmoid"),
        (PARAMETERS, "4 -> 8 nobias relu -> 2 nobias softmax"),
    ],
)
def test_what_a_row_says_besides_is_read(text, formula):
    assert cn.write(cn.read(text), "json") == cn.write(cn.read(formula), "json")


def test_a_number_of_parameters_that_the_widths_do_not_make_is_told():
    notes = cn.read(PARAMETERS.replace(";32", ";41")).notes
    assert "line 3 says 41 parameters; its widths, 4 and 8, make 40" in notes


def test_rows_that_do_not_follow_each_other_are_refused():
    with pytest.raises(NotationError, match="60 inputs behind 50 units"):
        cn.read(IN_AND_OUT.replace("|   50 |     1", "|   60 |     1"))


def test_two_tables_of_different_networks_are_refused():
    with pytest.raises(NotationError, match="2 different tables"):
        cn.read(WITH_DROPOUT + WITH_DROPOUT.replace("512", "256"))


OTHERS = {
    "settings": "| setting | value |\n|---|---|\n| hidden layers | 2 |\n| units | 64 |\n| activation | relu |\n",
    "results": "| layers | units | activation | accuracy |\n|---|---|---|---|\n| 1 | 64 | relu | 0.91 |\n| 2 | 64 | tanh | 0.93 |\n",
    "search": "layer,units,activation\n1,32,relu\n2,64,tanh\n3,128,relu\n",
    "models": "| model | input | hidden | output | activation |\n|---|---|---|---|---|\n| A | 784 | 100 | 10 | relu |\n| B | 784 | 30 | 10 | tanh |\n",
    "data": "age,income,output\n23,4000,1\n45,5200,0\n61,3100,1\n",
    "columns": "| column | type | size |\n|---|---|---|\n| age | input | 8 |\n| income | input | 16 |\n| bought | output | 1 |\n",
    "layers of a map": "| Layer | Size |\n|---|---|\n| roads | 1200 |\n| rivers | 80 |\n| houses | 9000 |\n",
    "shopping": "- eggs: 12\n- milk: 2 litres\n- flour: 500 g\n",
    "tasks": "1. input: check 3 files\n2. hidden sheets: 2\n3. output: 1 report\n",
    "function": "Input: 2 numbers\nOutput: 1 number\n",
    "two networks": "- input: 4 values\n- hidden layer: 32 or 64 neurons, relu\n- output: 1 neuron\n",
    "a question": "- input: 4 values\n- hidden layer: 64? neurons, relu\n- output: 1 neuron\n",
    "convolutions": "| layer | units | activation |\n|---|---|---|\n| input | 784 | – |\n| conv2d | 32 | relu |\n| output | 10 | softmax |\n",
    "sockets": "| Device | Inputs | Outputs |\n|---|---|---|\n| Mixer | 8 | 2 |\n| Amplifier | 2 | 2 |\n",
    "a pipeline": "Input 3 → sort → Output 3",
    "corrected": "Hi,\n\nthe net has an input of 10, then not 32 but 64 hidden units with ReLU,\noutput 1, sigmoid, or maybe 2 with softmax.\n",
    "two activations": "| layer | units | activation |\n|---|---|---|\n| input | 784 | |\n| hidden | 32 ReLU | tanh |\n| output | 10 | |\n",
    "hidden layers, nobody says how many": "| layer | units |\n|---|---|\n| input | 784 |\n| hidden layers | 32 |\n| output | 10 |\n",
    "ports": "services:\n  - name: input\n    port: 80\n  - name: output\n    port: 90\n",
    "orders": "CREATE TABLE orders (id INT, item TEXT, amount INT);\nINSERT INTO orders VALUES (1, 'layer cake', 3), (2, 'bread', 2);\n",
    "rows with one number": "nr,layer,units,activation\n2,input,4,\n3,hidden,8,relu\n2,output,2,\n",
    "half a table": "| layer | units |\n|---|---|\n| input | 784 |\n| hidden | 32 |\n\n| output | 10 |\n",
    "thousands": "| layer | units |\n|---|---|\n| input | 10k |\n| hidden | 32 |\n| output | 10 |\n",
    "about": "- input: 4 values\n- hidden layer: ~64 neurons, relu\n- output: 1 neuron\n",
    "voltages": "Input voltage: 12 V\nHidden losses: 3 W\nOutput voltage: 5 V, linear\n",
    "other widths": "| layer | units | activation |\n|---|---|---|\n| input | 784 | – |\n| hidden | 32–64 | relu |\n| output | 10 | softmax |\n",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_other_tables_and_lists_are_refused(text):
    assert LAYERS.recognise(text) == 0
    with pytest.raises(ChalknetError):
        cn.read(text)


CODE = "net = nn.Sequential(nn.Linear(2048, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, {}))"


def test_rows_are_compared_with_the_code_of_their_page():
    page = WITH_DROPOUT + "\n```python\n" + CODE + "\n```\n"
    network = cn.read(page.format(1))
    assert any("show" in note and "the same network" in note for note in network.notes)
    with pytest.raises(NotationError, match="2 different networks"):
        cn.read(page.format(2))


def test_rows_in_a_remark_of_code_are_no_other_network():
    text = f'"""A net.\n\n{UP}"""\nimport torch.nn as nn\n{CODE.format(1)}\n'
    assert cn.write(cn.read(text), "json") == cn.write(cn.read(CODE.format(1)), "json")


def test_rows_say_what_was_assumed():
    notes = cn.read(STEPS.replace(" 20 %", "") + "\nNo biases anywhere.\n").notes
    assert "line 6 says no rate of dropout: 0.5, as in torch" in notes
    assert "the text around the rows says 'No biases', which is not read" in notes
    assert "the rows lead from the output to the input: they are read backwards" in cn.read(UP).notes


# layer, units, activation; input, hidden, output; the activation that is none
LANGUAGES = {
    "Vietnamese": ("Lớp", "Số nơ-ron", "Hàm kích hoạt", "Lớp vào", "Lớp ẩn", "Lớp ra", "tuyến tính"),
    "Czech": ("Vrstva", "Počet neuronů", "Aktivace", "Vstupní vrstva", "Skrytá vrstva", "Výstupní vrstva", "lineární"),
    "Hungarian": ("Réteg", "Neuronok", "Aktiváció", "Bemeneti réteg", "Rejtett réteg", "Kimeneti réteg", "lineáris"),
    "Dutch": ("Laag", "Neuronen", "Activatie", "Invoerlaag", "Verborgen laag", "Uitvoerlaag", "lineair"),
    "Ukrainian": ("Шар", "Кількість нейронів", "Функція активації", "Вхідний шар", "Прихований шар", "Вихідний шар", "лінійна"),
    "Indonesian": ("Lapisan", "Jumlah neuron", "Aktivasi", "Masukan", "Tersembunyi", "Keluaran", "linier"),
    "Swedish": ("Lager", "Antal neuroner", "Aktivering", "Indata", "Dolt lager", "Utdata", "linjär"),
    "Greek": ("Στρώμα", "Νευρώνες", "Συνάρτηση ενεργοποίησης", "Είσοδος", "Κρυφό", "Έξοδος", "γραμμική"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_are_read_in_many_languages_as_markdown_html_and_csv(language):
    layer, units, activation, first, hidden, last, linear = LANGUAGES[language]
    rows = [
        (layer, units, activation),
        (first, "5", "-"),
        (f"{hidden} 1", "10", "sigmoid"),
        (last, "1", linear),
    ]
    bars = [f"| {' | '.join(row)} |" for row in rows]
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    texts = {
        "markdown": "\n".join([bars[0], "|---|---|---|", *bars[1:]]),
        "html": f"<html><body><h1>X</h1><table>{cells}</table></body></html>",
        "csv": "\n".join(";".join(row) for row in rows),
    }
    for form, text in texts.items():
        assert cn.write(cn.read(text), "shorthand") == "5 -> 10 sigmoid -> 1", form


def test_a_quoted_cell_of_csv_may_hold_the_sign_between_cells():
    text = (
        'Nr;Schicht;Typ;Eingang;Ausgang;Aktivierung;Bias;Bemerkung\n1;S1;Dense;10;20;softplus;ja;"a; b; c"\n'
    )
    text += '2;D1;Dropout;20;20;-;-;"Rate 0,1"\n3;S2;Dense;20;2;linear;nein;"Zugfestigkeit; Bruchdehnung"\n'
    assert cn.write(cn.read(text), "shorthand") == "10 -> 20 softplus dropout(0.1) -> 2 nobias"


@pytest.mark.parametrize("join", ["-", " -> ", " → ", "–"])
@pytest.mark.parametrize(
    ("before", "acts", "behind"),
    [("", ", tanh/tanh/softmax", ""), ("", " (tanh, tanh, softmax)", ""), ("so ", " with tanh, tanh and softmax", ".\n\nthx"),
     ("Mirela: ", "; activations: tanh, tanh, softmax", "\nJonas: lunch?")],
)  # fmt: skip
def test_a_chain_of_widths_with_an_activation_each_behind_it(join, before, acts, behind):
    text = f"{before}{join.join(['4', '8', '7', '3'])}{acts}{behind}"
    assert cn.write(cn.read(text), "shorthand") == "4 -> 8 tanh -> 7 tanh -> 3 softmax"


@pytest.mark.parametrize(
    "acts",
    ["(tanh, softmax)", ", tanh, softmax output", ", tanh, tanh, tanh, softmax", " (blue, red, green)"],
)
def test_fewer_activations_than_layers_are_not_counted_off(acts):
    try:
        network = cn.read(f"MLP 4-8-7-3{acts}")
    except ChalknetError:
        return
    assert cn.write(network, "shorthand").count("?") or "tanh -> 7 tanh" in cn.write(network, "shorthand")


def test_items_of_latex_are_layers():
    text = r"""\begin{frame}{Esempio}
% \begin{itemize} \item ingresso: 99 \item uscita: 1 \end{itemize}
\begin{enumerate}
  \item<1-> ingresso: $\mathbf{x}\in\mathbb{R}^{20}$ (indicatori)
  \item<2-> primo strato nascosto: 50 unit\`a, ReLU
  \item<3-> uscita: 1 unit\`a, sigmoide $\Rightarrow P(\text{s}\mid\mathbf{x})$
\end{enumerate}
\end{frame}"""
    assert cn.write(cn.read(text), "shorthand") == "20 -> 50 relu -> 1 sigmoid"


@pytest.mark.parametrize("arrow", ["→", "->"])
def test_a_column_says_what_goes_in_and_out(arrow):
    text = f"""# Activity

| # | Layer | Shape (in {arrow} out) | Activation | Params |
|--:|---|---|---|--:|
| 1 | Linear | 22 {arrow} 44 | ReLU | 1,012 |
| 2 | Dropout | p = 0.1 | – | 0 |
| 3 | Linear | 44 {arrow} 6 | Softmax | 270 |
| | **Total** | | | **1,282** |
"""
    assert cn.write(cn.read(text), "shorthand") == "22 -> 44 relu dropout(0.1) -> 6 softmax"
    with pytest.raises(ChalknetError):
        cn.read(text.replace(f"44 {arrow} 6", f"43 {arrow} 6"))


@pytest.mark.parametrize("times", ["×", "x"])
@pytest.mark.parametrize("turned", [False, True])
def test_rows_that_follow_from_each_other_tell_which_size_goes_in(times, turned):
    widths = [(120, 90), (90, 30), (30, 8)]
    rows = [f"{b} {times} {a}" if turned else f"{a} {times} {b}" for a, b in widths]
    text = f"| Layer | Size | Activation |\n|---|---|---|\n| fc_a | {rows[0]} | GELU |\n| Dropout | 0.2 | |\n"
    text += f"| fc_b | {rows[1]} | GELU |\n| fc_c | {rows[2]} | none (logits) |\n"
    assert cn.write(cn.read(text), "shorthand") == "120 -> 90 gelu dropout(0.2) -> 30 gelu -> 8"
    with pytest.raises(ChalknetError):
        cn.read(text.replace("90", "91", 1))


@pytest.mark.parametrize("word", ["relu", "\rrelu", "relu\r"])
def test_a_carriage_return_within_a_line_is_a_blank(word):
    rows = f'layer,units,activation\n"input",4,\n"hidden"\r,8,"{word}"\n"output",2,"softmax"\n'
    assert cn.write(cn.read(rows), "shorthand") == "4 -> 8 relu -> 2 softmax"
