from torch import nn, optim

sizes = [90, 60, 30, 30, 12]      # MFCC vector -> 12 keywords

layers = []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    layers += [nn.Linear(n_in, n_out), nn.SiLU()]
layers.pop()                      # no nonlinearity after the last one (CrossEntropyLoss wants logits)

model = nn.Sequential(*layers)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = optim.AdamW(model.parameters(), lr=5e-4, weight_decay=1e-2)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=25, gamma=0.5)
