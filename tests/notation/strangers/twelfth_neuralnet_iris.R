# TD 5 - réseaux de neurones avec le package neuralnet
library(neuralnet)

data(iris)
set.seed(123)
idx   <- sample(nrow(iris), 100)
iris[, 1:4] <- scale(iris[, 1:4])

# variables indicatrices pour l'espèce
iris$setosa     <- as.numeric(iris$Species == "setosa")
iris$versicolor <- as.numeric(iris$Species == "versicolor")
iris$virginica  <- as.numeric(iris$Species == "virginica")

nn <- neuralnet(
  setosa + versicolor + virginica ~ Sepal.Length + Sepal.Width +
    Petal.Length + Petal.Width,
  data          = iris[idx, ],
  hidden        = c(5, 3),
  act.fct       = "logistic",
  linear.output = FALSE,
  stepmax       = 1e6
)

plot(nn, rep = "best")

pred <- predict(nn, iris[-idx, ])
table(iris$Species[-idx], max.col(pred))
