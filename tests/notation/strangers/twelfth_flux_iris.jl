using Flux, Statistics, MLDatasets, DataFrames
using Flux: onehotbatch, onecold

Xdf, ydf = Iris(as_df=true)[:]
X = Float32.(Matrix(Xdf)')          # 4×150
classes = unique(ydf.class)
Y = onehotbatch(ydf.class, classes) # 3×150

X = (X .- mean(X, dims=2)) ./ std(X, dims=2)

model = Chain(
    Dense(4 => 16, tanh),
    Dense(16 => 8, tanh),
    Dense(8 => 3),
    softmax,
)

loss(m, x, y) = Flux.crossentropy(m(x), y)
opt = Flux.setup(Adam(0.01), model)

for epoch in 1:200
    Flux.train!(loss, model, [(X, Y)], opt)
    epoch % 50 == 0 && @info "epoch $epoch" loss(model, X, Y)
end

acc = mean(onecold(model(X)) .== onecold(Y))
println("accuracy: ", acc)
