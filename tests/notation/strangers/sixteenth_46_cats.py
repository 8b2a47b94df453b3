# week 4 assignment, my version (don't copy, honor code!!)
import numpy as np

layers_dims = [12288, 20, 7, 5, 1]   # 64*64*3 pixels in, cat / non-cat out


def initialize_parameters_deep(layer_dims):
    np.random.seed(1)
    parameters = {}
    L = len(layer_dims)
    for l in range(1, L):
        parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) / np.sqrt(layer_dims[l - 1])
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def relu(Z):
    return np.maximum(0, Z)


def L_model_forward(X, parameters):
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A = relu(parameters["W" + str(l)] @ A + parameters["b" + str(l)])
    AL = sigmoid(parameters["W" + str(L)] @ A + parameters["b" + str(L)])
    return AL


def compute_cost(AL, Y):
    m = Y.shape[1]
    return float(-(Y @ np.log(AL).T + (1 - Y) @ np.log(1 - AL).T) / m)


parameters = initialize_parameters_deep(layers_dims)
