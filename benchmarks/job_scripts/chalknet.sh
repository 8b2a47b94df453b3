chalknet fit --data train.csv --y TARGET --out run
chalknet predict run --data new.csv --out predictions.csv
