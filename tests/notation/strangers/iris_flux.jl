# Лабораторная работа №2: ирисы Фишера на Julia
using Flux

модель = Chain(
    Dense(4 => 8, tanh),   # скрытый слой
    Dense(8 => 3),         # выходной слой
    softmax
)

потери(x, y) = Flux.crossentropy(модель(x), y)
опт = Flux.setup(Adam(0.01), модель)

for эпоха in 1:200
    Flux.train!((m, x, y) -> Flux.crossentropy(m(x), y), модель, [(X, Y)], опт)
end
