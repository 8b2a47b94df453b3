"""C++ code for torch is read where it makes a Sequential, or refused with the place."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

HEAD = "#include <torch/torch.h>\n"
READ = [
    ("auto net = torch::nn::Sequential(torch::nn::Linear(784, 64), torch::nn::ReLU(), torch::nn::Linear(64, 10));",
     "784 -> 64 relu -> 10"),
    (HEAD + "using namespace torch;\nconst int64_t H = 64; // hidden\n#define OUT 3\nint main() {\n"
     "  nn::Sequential net(nn::Linear(nn::LinearOptions(4, H).bias(false)), nn::BatchNorm1d(H), /* nn::Tanh(), */\n"
     "    nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2)), nn::Dropout(0.3), nn::Linear(2 * 32, OUT), nn::Softmax(1));\n"
     "  std::cout << net << std::endl;\n}", "4 -> 64 nobias batchnorm leaky_relu(0.2) dropout(0.3) -> 3 softmax"),
    (HEAD + "torch::nn::Sequential net;\nnet->push_back(torch::nn::Linear(3, 5));\nnet->push_back(\"act\", torch::nn::Functional(torch::relu));\n"
     "net->push_back(torch::nn::Linear{5, 1});", "3 -> 5 relu -> 1"),
    (HEAD + "torch::nn::Sequential seq({{\"a\", torch::nn::Linear(3, 5)}, {\"b\", torch::nn::GELU()}, {\"c\", torch::nn::Linear(5, 2)}});",
     "3 -> 5 gelu -> 2"),
    (HEAD + "struct Net : torch::nn::Module {\n  Net() { register_module(\"net\", net); }\n  torch::Tensor forward(torch::Tensor x) { return net->forward(x); }\n"
     "  torch::nn::Sequential net{torch::nn::Linear(3, 5), torch::nn::ELU(torch::nn::ELUOptions().alpha(0.5)),\n"
     "    torch::nn::LayerNorm(torch::nn::LayerNormOptions({5})), torch::nn::Linear(5, 1)};\n};", "3 -> 5 elu(0.5) layernorm -> 1"),
]  # fmt: skip
REFUSED = [
    (HEAD + "torch::nn::Sequential net(torch::nn::Conv2d(1, 8, 3), torch::nn::Linear(5, 1));", "Conv2d"),
    (HEAD + "torch::nn::Sequential net(torch::nn::Linear(4, 8), torch::nn::Linear(9, 1));", "takes 9 features, but 8 arrive"),
    (HEAD + "torch::nn::Sequential net;\nfor (int i = 0; i < 3; ++i) net->push_back(torch::nn::Linear(8, 8));", "'for'"),
    (HEAD + "torch::nn::Sequential net;\nif (deep) { net->push_back(torch::nn::Linear(8, 8)); }", "'if'"),
    (HEAD + "torch::nn::Sequential a(torch::nn::Linear(8, 8));\ntorch::nn::Sequential b(torch::nn::Linear(8, 1));", "a in line 2"),
    (HEAD + "struct Net : torch::nn::Module { torch::nn::Linear fc{nullptr}; };", "class of its own"),
    (HEAD + "int main() {}", "without a chain"),
    (HEAD + "auto n = deep ? torch::nn::Sequential(torch::nn::Linear(2, 3)) : torch::nn::Sequential(torch::nn::Linear(2, 1));", "condition"),
    (HEAD + "struct Net : torch::nn::Module { torch::nn::Sequential net{torch::nn::Linear(3, 3)};\n torch::Tensor forward(torch::Tensor x) { return x + net->forward(x); } };",
     "forward of its own"),
    (HEAD + "torch::nn::Linear fc{784, 10};", "without a chain"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read"), READ)
def test_a_sequential_is_read(text, read):
    assert cn.write(cn.read(text), "shorthand") == read


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_plain_chain_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=f"(?s){words}") as problem:
        cn.read(text)
    assert "C++ code" in str(problem.value)
    assert problem.value.remedy


def test_a_text_that_only_mentions_a_sequential_is_read_as_what_it_is():
    text = "3 -> 4 relu -> 1  # as torch::Tensor"
    assert cn.write(cn.read(text), "shorthand") == "3 -> 4 relu -> 1"
