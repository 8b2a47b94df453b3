# concrete compressive strength, UCI data (8 mix parameters -> MPa)
using Flux, CSV, DataFrames, Statistics

df = CSV.read("Concrete_Data.csv", DataFrame)
X = Float32.(Matrix(df[:, 1:8])')
y = Float32.(df[:, 9])'
X = (X .- mean(X, dims=2)) ./ std(X, dims=2)

model = Chain(
    Dense(8 => 25, relu),
    Dense(25 => 10, σ),
    Dense(10 => 1),
)

loss(m, x, y) = Flux.mse(m(x), y)
opt = Flux.setup(Adam(0.01), model)
loader = Flux.DataLoader((X, y), batchsize=32, shuffle=true)

for epoch in 1:300
    Flux.train!(loss, model, loader, opt)
    epoch % 50 == 0 && @info "epoch $epoch" loss(model, X, y)
end
