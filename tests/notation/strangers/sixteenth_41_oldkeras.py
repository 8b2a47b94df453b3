# -*- coding: utf-8 -*-
# 당뇨병 예측 예제 (피마 인디언 데이터)
import numpy
from keras.models import Sequential
from keras.layers import Dense, Activation, LeakyReLU

seed = 5
numpy.random.seed(seed)

dataset = numpy.loadtxt('./data/pima-indians-diabetes.csv', delimiter=',')
x = dataset[:, 0:8]
y = dataset[:, 8]

model = Sequential()
model.add(Dense(16, input_dim=8, init='uniform'))
model.add(LeakyReLU(alpha=0.1))
model.add(Dense(8, init='uniform'))
model.add(Activation('relu'))
model.add(Dense(1, init='uniform'))
model.add(Activation('sigmoid'))   # 출력층

model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(x, y, nb_epoch=150, batch_size=10)

scores = model.evaluate(x, y)
print('%s: %.2f%%' % (model.metrics_names[1], scores[1] * 100))
