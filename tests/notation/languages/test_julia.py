"""Julia code for Flux and Lux is read as the network that its chain makes, or refused with the place."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

READ = [
    ("Chain(Dense(7, 14, relu), Dense(14, 3), softmax)", "7 -> 14 relu -> 3 softmax"),
    ("using Flux\nmodel = Flux.Chain(Flux.Dense(7 => 14, NNlib.σ; bias=false),\n  Dense(14 => 1))",
     "7 -> 14 nobias sigmoid -> 1"),
    ("using Lux, Random\nnet = Chain(; layer1 = Dense(4 => 8, tanh_fast), out = Dense(8 => 2; use_bias=false))",
     "4 -> 8 tanh -> 2 nobias"),
    ("const H = 32 # wide\nn_in, n_out = 4, 2\nm = Chain(Dense(n_in => H, gelu), Dense(H => 2 * H, x -> elu(x, 0.5f0)), "
     "Dense(2*H => n_out))", "4 -> 32 gelu(tanh) -> 64 elu(0.5) -> 2"),
    ("m = Chain(\n  Dense(4 => 8), #= Dense(8 => 9),\n =# BatchNorm(8, relu),\n  Dropout(0.2),\n  x -> leakyrelu.(x, 0.1),\n"
     "  Dense(8 => 3),\n  x -> softmax(x; dims=1),\n) |> gpu", "4 -> 8 batchnorm relu dropout(0.2) leaky_relu(0.1) -> 3 softmax"),
    ("m = Chain(Chain(Dense(4 => 8), swish), Chain([Dense(8 => 2), x -> σ.(x)]))", "4 -> 8 silu -> 2 sigmoid"),
    ("act = relu\nhidden = Dense(4 => 8, act)\nhead = Dense(8 => 2, identity)\nm = Chain(hidden, LayerNorm(8), head)",
     "4 -> 8 relu layernorm -> 2"),
    ("encoder = Chain(Dense(9 => 3, relu))\ndecoder = Chain(Dense(3 => 9))\nauto = Chain(encoder, decoder)",
     "9 -> 3 relu -> 9"),
    ("function build()\n  return Chain(Dense(2 => 3, softplus), Dense(3 => 1))\nend\nm = build()", "2 -> 3 softplus -> 1"),
    ("n_in = size(X, 1)\nm = Chain(Dense(n_in => 8, selu), Dense(8 => 1))", "(n,n_in) -> 8 selu -> 1"),
    ("struct Net\n  chain\nend\n(m::Net)(x) = m.chain(x)\nnet = Net(Chain(Dense(2 => 2, relu), Dense(2 => 1)))",
     "2 -> 2 relu -> 1"),
    ("H = 2^4\nm = Chain(Dense(2 => H, relu), Dense(H => H ÷ 2), Dense(8 => 1))", "2 -> 16 relu -> 8 -> 1"),
    ("m = Chain(Flux.flatten, Dense(784 => 10), logsoftmax)", "784 flatten -> 10 log_softmax"),
    ("Here is my model, is it right?\n\nmodel = Chain(Dense(3 => 5, relu),\n    Dense(5 => 1))\n\nIt doesn't learn. Thanks!",
     "3 -> 5 relu -> 1"),
]  # fmt: skip
REFUSED = [
    ("m = Chain(Dense(4 => 8, relu), SkipConnection(Dense(8 => 8), +), Dense(8 => 1))", "SkipConnection"),
    ("using Flux\nm = Chain(Conv((3, 3), 1 => 8), Dense(8 => 1))", "Conv"),
    ("m = Chain(Dense(4 => 8), [Dense(8 => 8, relu) for i in 1:3]..., Dense(8 => 1))", "only running"),
    ("for h in (4, 8)\n  m = Chain(Dense(2 => h), Dense(h => 1))\nend", "'for'"),
    ("if big\n  m = Chain(Dense(2 => 9), Dense(9 => 1))\nend", "'if'"),
    ("H = 4\nH = 8\nm = Chain(Dense(2 => H), Dense(H => 1))", "several values"),
    ("gen = Chain(Dense(2 => 9, relu), Dense(9 => 4))\ndisc = Chain(Dense(4 => 9, relu), Dense(9 => 1))", "gen.*disc"),
    ("m = Chain(Dense(4 => 8, relu), Dense(9 => 1))", "takes 9 features, but 8 arrive"),
    ("m = Chain(Dense(4 => 8, relu), Dropout(0.2; dims=1), Dense(8 => 1))", "dims"),
    ("m = Chain(Dense(4 => 8, x -> x .^ 2), Dense(8 => 1))", "x -> x"),
    ("m = Chain(Dense(size(X, 1) => 8), Dense(8 => 1))", "only running"),
    ("using Flux: Dense\nx = 3", "without a chain"),
    ("struct Net\n chain\nend\n(m::Net)(x) = m.chain(x) .+ x\nn = Net(Chain(Dense(2 => 2)))", "forward of its own"),
    ("using Flux\nrelu(x) = x^2\nm = Chain(Dense(2 => 9, relu), Dense(9 => 1))", "relu"),
    ("using Flux\nfunction relu(x)\n x^2\nend\nm = Chain(Dense(2 => 9, relu), Dense(9 => 1))", "relu"),
    ("using Flux\nbig && (m = Chain(Dense(2 => 9), Dense(9 => 1)))", "condition"),
    ("using Flux\nm = softmax ∘ Chain(Dense(2 => 3, relu), Dense(3 => 1))", "place"),
    ("using Flux\nm = big ? Chain(Dense(2 => 9)) : Chain(Dense(2 => 1))", "place"),
    ("m = Parallel(vcat, Chain(Dense(2 => 2)), Chain(Dense(2 => 3)))", "Parallel"),
    ("l = Dense(2 => 2, relu)\nm = Chain(l, l, Dense(2 => 1))", "same weights"),
    ("m = Chain(Dense(4 => 8, relu), softmax(dims=2), Dense(8 => 1))", "softmax"),
    ("m = Chain(Dense(4 => 8, relu), x -> softmax(x, dims=2), Dense(8 => 1))", "dims"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read"), READ)
def test_a_chain_is_read(text, read):
    assert cn.write(cn.read(text), "shorthand") == read
    assert cn.write(cn.read(text, notation="julia"), "shorthand") == read


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_plain_chain_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=f"(?s){words}") as problem:
        cn.read(text)
    assert "Julia code" in str(problem.value)
    assert problem.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "# using Flux\n# m = Chain(relu, softmax)\n3 -> 4 relu -> 1",
        "We rewrote it in Flux with Chain(l1 = relu) and got: 3 -> 4 relu -> 1",
        '"""The Julia version:\nm = Chain(Dense(4 => 8), Dense(8 => 2))\n"""\nfrom torch import nn\n'
        "net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))",
    ],
)
def test_a_text_that_only_mentions_a_chain_is_read_as_what_it_is(text):
    assert cn.write(cn.read(text), "shorthand") == "3 -> 4 relu -> 1"


def test_an_error_points_to_the_line_of_the_program():
    text = "using Flux\n\nm = Chain(\n    Dense(4 => 8, relu),\n    Dense(9 => 1),\n)"
    with pytest.raises(ChalknetError, match="line 5") as problem:
        cn.read(text)
    assert "Dense(9 => 1)" in str(problem.value)
