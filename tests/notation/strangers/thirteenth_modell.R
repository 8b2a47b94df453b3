# Prediktion av återinläggning inom 30 dagar
library(keras)
library(dplyr)

data <- read.csv2("vard.csv")
x <- data %>% select(-aterinlagd) %>% scale()   # 14 kolumner
y <- data$aterinlagd

model <- keras_model_sequential() %>%
  layer_dense(units = 32, activation = "relu", input_shape = c(14)) %>%
  layer_dropout(rate = 0.25) %>%
  layer_dense(units = 16, activation = "relu") %>%
  layer_dropout(rate = 0.25) %>%
  layer_dense(units = 1, activation = "sigmoid")

model %>% compile(
  optimizer = optimizer_adam(learning_rate = 1e-3),
  loss = "binary_crossentropy",
  metrics = c("accuracy")
)

historik <- model %>% fit(x, y, epochs = 40, batch_size = 64, validation_split = 0.2)
plot(historik)
