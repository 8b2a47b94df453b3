# fashion mnist, following the pytorch quickstart but with my own sizes
import torch
from collections import OrderedDict
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

tf = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
train = DataLoader(datasets.FashionMNIST("data", train=True, download=True, transform=tf),
                   batch_size=64, shuffle=True)

model = nn.Sequential(OrderedDict([
    ("flatten", nn.Flatten()),          # 1x28x28 -> 784
    ("fc1", nn.Linear(28 * 28, 256)),
    ("relu1", nn.ReLU()),
    ("fc2", nn.Linear(256, 128)),
    ("relu2", nn.ReLU()),
    ("fc3", nn.Linear(128, 64)),
    ("relu3", nn.ReLU()),
    ("output", nn.Linear(64, 10)),
]))

criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

for epoch in range(5):
    running = 0.0
    for images, labels in train:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"epoch {epoch + 1}: {running / len(train):.4f}")
