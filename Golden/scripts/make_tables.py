"""What scikit-learn's own loaders make of its small data sets: shapes, sums, classes, and digests of all numbers.

usage: make_tables.py OUT_FOLDER     (scikit-learn 1.7.2; layout in Golden/README.md)
"""

import hashlib
import json
import sys

import numpy as np
from sklearn import datasets


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f8").tobytes()).hexdigest()


LOADERS = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast-cancer": datasets.load_breast_cancer,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
}
tables = []
for name, load in LOADERS.items():
    data = load()
    names = [str(n) for n in getattr(data, "target_names", [])]
    target = np.asarray(data.target, dtype=float)
    tables.append(
        {
            "name": name,
            "rows": data.data.shape[0],
            "columns": data.data.shape[1],
            "classes": names,
            "classCounts": [int((target == k).sum()) for k in range(len(names))],
            "sum": float(data.data.sum()),
            "targetSum": float(target.sum()),
            "values": digest(data.data),
            "targets": digest(target),
        }
    )
with open(f"{sys.argv[1]}/tables.json", "w") as file:
    json.dump(tables, file, indent=1)
    file.write("\n")

# What MNIST-1D is drawn from: the mean and deviation of each point of each digit over 20 000 samples of the authors' package.
import mnist1d.data as mnist1d  # noqa: E402  (mnist1d 0.0.2.post1)

args = mnist1d.get_dataset_args()
args.num_samples = 20_000
made = mnist1d.make_dataset(args)
x, y = np.concatenate([made["x"], made["x_test"]]), np.concatenate([made["y"], made["y_test"]])
digits = [{"mean": x[y == k].mean(0).round(4).tolist(), "deviation": x[y == k].std(0).round(4).tolist()} for k in range(10)]
with open(f"{sys.argv[1]}/mnist1d.json", "w") as file:
    json.dump({"samples": 20_000, "digits": digits}, file)
    file.write("\n")
