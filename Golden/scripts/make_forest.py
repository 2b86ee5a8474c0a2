"""The errors of scikit-learn's random forest on five folds of a table that a formula makes; the test makes the same table.

Usage: python make_forest.py        prints the numbers that RegressionForestTests holds.
"""

import numpy as np
from sklearn.ensemble import RandomForestRegressor

PRIMES = [2, 3, 5, 7, 11, 13]


def table(rows: int = 300):
    x = np.array([[((i + 1) * p**0.5) % 1 for p in PRIMES] for i in range(rows)])
    y = 10 * x[:, 0] * x[:, 1] + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return x, y


def main() -> None:
    x, y = table()
    fold = np.arange(len(y)) % 5
    errors = []
    for k in range(5):
        # Over seeds, so that the figure is the method's and not one forest's.
        runs = []
        for seed in range(10):
            forest = RandomForestRegressor(n_estimators=100, random_state=seed).fit(x[fold != k], y[fold != k])
            runs.append(np.mean((forest.predict(x[fold == k]) - y[fold == k]) ** 2))
        errors.append(float(np.mean(runs)))
    print([round(e, 4) for e in errors], round(float(np.mean(errors)), 4), round(float(np.var(y)), 4))


if __name__ == "__main__":
    main()
