# Lab 7: deep learning in R  (Statistical Learning, spring term)
library(ISLR2)
library(keras)

Gitters <- na.omit(Hitters)
x <- scale(model.matrix(Salary ~ . - 1, data = Gitters))   # 263 x 20
y <- Gitters$Salary
set.seed(13)
testid <- sample(1:nrow(Gitters), nrow(Gitters) / 3)

modnn <- keras_model_sequential() %>%
  layer_dense(units = 50, activation = "relu", input_shape = 20) %>%
  layer_dropout(rate = 0.4) %>%
  layer_dense(units = 25, activation = "relu") %>%
  layer_dense(units = 1)

modnn %>% compile(loss = "mse",
  optimizer = optimizer_rmsprop(),
  metrics = list("mean_absolute_error"))

history <- modnn %>% fit(
  x[-testid, ], y[-testid], epochs = 600, batch_size = 32,
  validation_data = list(x[testid, ], y[testid]))
plot(history, smooth = FALSE)
npred <- predict(modnn, x[testid, ])
mean(abs(y[testid] - npred))
