% Clasificación de fallas en rodamientos
% Laboratorio 6 - Vibraciones mecánicas
clear; clc; close all
load('rodamientos.mat')        % X: 1200x8, T: categorical

rng(1)
nCaracteristicas = 8;
nClases = 3;                   % sano, pista interna, pista externa

capas = [
    featureInputLayer(nCaracteristicas, 'Normalization', 'zscore', 'Name', 'entrada')
    fullyConnectedLayer(20, 'Name', 'fc1')
    tanhLayer('Name', 'tanh1')
    fullyConnectedLayer(10, 'Name', 'fc2')
    tanhLayer('Name', 'tanh2')
    fullyConnectedLayer(nClases, 'Name', 'fc3')
    softmaxLayer('Name', 'softmax')
    classificationLayer('Name', 'salida')];

opciones = trainingOptions('adam', ...
    'MaxEpochs', 150, ...
    'MiniBatchSize', 32, ...
    'Plots', 'none');

red = trainNetwork(X, T, capas, opciones);
