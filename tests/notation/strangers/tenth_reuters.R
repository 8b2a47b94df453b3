library(keras)
# Kapitel 3.5, Reuters newswires: 46 topics, 10000 most frequent words
network <- keras_model_sequential() %>%
  layer_dense(units = 64, activation = "relu", input_shape = c(10000)) %>%
  layer_dropout(rate = 0.5) %>%
  layer_dense(units = 64, activation = "relu") %>%
  layer_dense(units = 46, activation = "softmax")

network %>% compile(optimizer = "rmsprop",
                    loss = "categorical_crossentropy",
                    metrics = c("accuracy"))
history <- network %>% fit(x, y, epochs = 9, batch_size = 512)
