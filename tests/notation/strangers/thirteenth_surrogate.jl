using Flux, Statistics
using BSON: @save

# Surrogate for the heat exchanger simulation.
# 7 design parameters -> outlet temperature [K]
model = Chain(
    Dense(7 => 14, σ; bias = false),
    Dense(14 => 14, σ),
    Dense(14 => 1),
)

loss(m, x, y) = Flux.mse(m(x), y)
opt = Flux.setup(Adam(0.01), model)

function train!(model, data; epochs = 500)
    for e in 1:epochs
        Flux.train!(loss, model, data, opt)
        e % 50 == 0 && @info "epoch $e" mean(loss(model, x, y) for (x, y) in data)
    end
    @save "surrogate_7_14_14_1.bson" model
end
