"""MATLAB's arrays of layers and networks of one call are read, or refused with the place."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

READ = [
    ("layers = [featureInputLayer(4) fullyConnectedLayer(32) reluLayer fullyConnectedLayer(3) softmaxLayer];",
     "4 -> 32 relu -> 3 softmax"),
    ("layers = [\n  featureInputLayer(4, 'Name', 'in', ...\n     'Normalization', 'none')\n  % fullyConnectedLayer(99)\n"
     "  fullyConnectedLayer(32, Name=\"fc1\"); leakyReluLayer(0.1)\n  dropoutLayer(0.5)\n  fullyConnectedLayer(1)\n  regressionLayer\n];",
     "4 -> 32 leaky_relu(0.1) dropout(0.5) -> 1"),
    ("n = 8;\nk = 2*n;\nl = [featureInputLayer(n), fullyConnectedLayer(k), eluLayer(0.5), ...\n  geluLayer, fullyConnectedLayer(n), swishLayer]\n",
     "8 -> 16 elu(0.5) gelu -> 8 silu"),
    ("%{\nlayers = [featureInputLayer(3) fullyConnectedLayer(9)]\n%}\nlayers = [featureInputLayer(4)\nbatchNormalizationLayer\n"
     "fullyConnectedLayer(6)\nlayerNormalizationLayer\nsigmoidLayer\nfullyConnectedLayer(2)\nclassificationLayer('Name','out')];",
     "4 batchnorm -> 6 layernorm sigmoid -> 2"),
    ("base = [featureInputLayer(4); fullyConnectedLayer(6); tanhLayer()];\nlayers = [base; fullyConnectedLayer(2); softmaxLayer];\n"
     "net = dlnetwork(layers);", "4 -> 6 tanh -> 2 softmax"),
    ("layers = [featureInputLayer(4); fullyConnectedLayer(6)];\nlayers = [layers; geluLayer('Approximation','tanh'); fullyConnectedLayer(2)];",
     "4 -> 6 gelu(tanh) -> 2"),
    ("a = [featureInputLayer(4); fullyConnectedLayer(6)];\nb = [fullyConnectedLayer(1); regressionLayer];\nall = [a; b];", "4 -> 6 -> 1"),
    ("net = dlnetwork([featureInputLayer(4), fullyConnectedLayer(6), leakyReluLayer, fullyConnectedLayer(1)]);",
     "4 -> 6 leaky_relu -> 1"),
    ("numObs = size(X,1);\nK = numel(categories(T));\nlayers = [featureInputLayer(4)\nfullyConnectedLayer(6,'WeightsInitializer','he')\n"
     "reluLayer\nfullyConnectedLayer(K)\nsoftmaxLayer]';", "4 -> 6 relu -> K softmax"),
    ("layers = [fullyConnectedLayer(6)\nreluLayer\nfullyConnectedLayer(1)];", "m -> 6 relu -> 1"),
    ("net = patternnet([10 5]);\nnet = train(net, x, t);", "? -> 10 tanh -> 5 tanh -> ? softmax"),
    ("h = [10, 5];\nnet = feedforwardnet(h, 'trainbr');\nnet.trainParam.epochs = 50;\nnet.layers{1}.transferFcn = 'logsig';\n"
     "net.layers{end}.transferFcn = 'tansig';", "? -> 10 sigmoid -> 5 tanh -> ? tanh"),
    ("net = fitnet;\nnet.layers{1}.size = 20;\nview(net)", "? -> 20 tanh -> ?"),
    ("net = newff(minmax(P), [4 1], {'tansig', 'purelin'});", "? -> 4 tanh -> 1"),
    ("net = newff([0 1; 0 1], [2 1], {'logsig' 'logsig'}, 'traingd');", "2 -> 2 sigmoid -> 1 sigmoid"),
    ("net = newff(P, T, [8 4], {'poslin', 'poslin', 'purelin'});", "? -> 8 relu -> 4 relu -> ?"),
]  # fmt: skip
REFUSED = [
    ("layers = [imageInputLayer([28 28 1])\nconvolution2dLayer(3, 8)\nfullyConnectedLayer(10)];", "imageInputLayer"),
    ("layers = [sequenceInputLayer(4)\nlstmLayer(10)\nfullyConnectedLayer(1)];", "sequenceInputLayer"),
    ("layers = [featureInputLayer(4)\nlstmLayer(10)\nfullyConnectedLayer(1)];", "lstmLayer"),
    ("layers = [featureInputLayer(4)];\nfor i = 1:3\n layers = [layers; fullyConnectedLayer(8); reluLayer];\nend", "'for'"),
    ("layers = [featureInputLayer(4); fullyConnectedLayer(8)];\nlayers(end+1) = reluLayer;", "changes an array"),
    ("layers = [featureInputLayer(4)\nfullyConnectedLayer(8)\nadditionLayer(2)];\nlg = layerGraph(layers);\n"
     "lg = connectLayers(lg, 'a', 'b');", "graph"),
    ("a = [featureInputLayer(4); fullyConnectedLayer(8)];\nb = [featureInputLayer(8); fullyConnectedLayer(1)];", "a in line 1"),
    ("layers = [featureInputLayer(size(X,2)); fullyConnectedLayer(8)];", "only running"),
    ("n = 4;\nn = 6;\nlayers = [featureInputLayer(n); fullyConnectedLayer(8)];", "several values"),
    ("layers = [featureInputLayer(4); fullyConnectedLayer(8); functionLayer(@(X) X.^2)];", "functionLayer"),
    ("layers = [featureInputLayer(4); fullyConnectedLayer(8,'Rank',2)];", "rank"),
    ("layers = [featureInputLayer(4); clippedReluLayer(6); fullyConnectedLayer(8)];", "clippedReluLayer"),
    ("net = cascadeforwardnet(10);", "all layers before"),
    ("net = patternnet(10);\nnet.layers{1}.transferFcn = 'radbas';", "radbas"),
    ("net = patternnet(10);\nnet.layerConnect(2,1) = 0;", "layerConnect"),
    ("net = patternnet(10);\nfor i=1:2\nnet.layers{i}.transferFcn = 'logsig';\nend", "changes the network"),
    ("for n = [5 10]\n net = patternnet(n);\nend", "'for'"),
    ("a = patternnet(10);\nb = fitnet(5);", "2 networks"),
    ("net = newff(minmax(P), [4 1]);", "release"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read"), READ)
def test_an_array_or_a_call_is_read(text, read):
    assert cn.write(cn.read(text), "shorthand") == read


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_plain_chain_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=f"(?s){words}") as problem:
        cn.read(text)
    assert "MATLAB code" in str(problem.value)
    assert problem.value.remedy


def test_what_prepares_the_data_or_starts_the_weights_is_noted():
    text = (
        "layers = [featureInputLayer(4,'Normalization','zscore')\n"
        "fullyConnectedLayer(6,'WeightsInitializer','he','BiasL2Factor',0)\nreluLayer\nfullyConnectedLayer(1)];"
    )
    notes = " ".join(cn.read(text).notes)
    assert all(words in notes for words in ("prepares the data", "says how weights begin", "penalises"))
    assert any("those of the data" in note for note in cn.read("net = fitnet(4);").notes)
    assert any("rescales inputs" in note for note in cn.read("net = fitnet(4);").notes)


def test_one_of_several_is_chosen_by_its_name():
    text = "a = patternnet(10);\nb = fitnet(5);"
    assert cn.write(cn.read(text, name="b"), "shorthand") == "? -> 5 tanh -> ?"


def test_an_array_that_is_changed_afterwards_is_noted():
    text = "layers = [featureInputLayer(4); fullyConnectedLayer(8); reluLayer];\nlayers = layers(1:end-1);"
    assert any("is not known" in note for note in cn.read(text).notes)


@pytest.mark.parametrize(
    "text",
    [
        "% layers = [reluLayer softmaxLayer]\n3 -> 4 relu -> 1",
        "Like patternnet(4) of MATLAB: 3 -> 4 relu -> 1",
    ],
)
def test_a_text_that_only_mentions_layers_is_read_as_what_it_is(text):
    assert cn.write(cn.read(text), "shorthand") == "3 -> 4 relu -> 1"


@pytest.mark.parametrize("notation", ["julia", "matlab", "rust", "cpp"])
@pytest.mark.parametrize(
    "text", ["layers = [reluLayer (3 ];\nnet = |", "m = Chain(Dense(4 => 8] , }, relu))\nx = |"]
)
def test_brackets_without_their_other_half_end_in_an_error(text, notation):
    with pytest.raises(ChalknetError):
        cn.read(text, notation=notation)
