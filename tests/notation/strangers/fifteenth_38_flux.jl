# surrogate.jl — emulator of the ice-sheet model output (vertical profile)
using Flux, BSON, Statistics

const NIN  = 6      # T, p, accumulation, slope, thickness, geothermal flux
const NOUT = 21     # 21 σ-levels

emulator = Chain(
    x -> (x .- μ) ./ s,                 # normalise, not trained
    Dense(NIN => 100, gelu),
    Dense(100 => 100, gelu),
    Dense(100 => 50, gelu),
    Dense(50 => NOUT)
)

loss(m, x, y) = Flux.mse(m(x), y)
opt = Flux.setup(Adam(1f-3), emulator)
