# Makes reference.json: metric values by scikit-learn on fixed cases.
# Run: python reference.py > reference.json (scikit-learn and numpy only; the
# cases are seeded, so that the same versions give the same file).
#
# Where scikit-learn warns that a metric is undefined, or gives NaN, the metric
# is listed as undefined instead of the number that stands in for it.
import json
import sys
import warnings

import numpy
import sklearn
from sklearn import metrics as m
from sklearn.calibration import calibration_curve


def ece(y, p, bins=10):
    """Expected calibration error over calibration_curve's uniform bins."""
    true, predicted = calibration_curve(y, p, n_bins=bins, strategy="uniform")
    edges = numpy.linspace(0.0, 1.0, bins + 1)
    counts = numpy.bincount(numpy.searchsorted(edges[1:-1], p), minlength=bins)
    weights = counts[counts > 0] / len(y)
    return float(numpy.sum(weights * numpy.abs(true - predicted)))


def values(functions):
    """The metrics that have a value, and the names of those that have none."""
    expected, undefined = {}, []
    for name, f in functions.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                v = float(f())
            except (ValueError, ZeroDivisionError):
                v = float("nan")
        complaints = ("ill-defined", "undefined", "Only one class", "No positive class", "y_pred contains classes not in y_true",
                      "not well-defined", "A single label was found")
        if numpy.isnan(v) or any(c in str(w.message) for w in caught for c in complaints):
            undefined.append(name)
        else:
            expected[name] = v
    return {"expected": expected, "undefined": undefined} if undefined else {"expected": expected}


def binary(name, y, p, threshold):
    z = (p >= threshold).astype(int)
    tn, fp, fn, tp = (int(v) for v in m.confusion_matrix(y, z, labels=[0, 1]).ravel())
    return {
        "name": name, "problem": "binary_classification", "threshold": threshold,
        "labels": [int(v) for v in y], "scores": [float(v) for v in p],
        **values({
            "accuracy": lambda: m.accuracy_score(y, z),
            # Of one class scikit-learn averages over that class alone, without a word.
            "balanced_accuracy": lambda: m.balanced_accuracy_score(y, z) if len(set(y)) == 2 else float("nan"),
            "precision": lambda: m.precision_score(y, z),
            "recall": lambda: m.recall_score(y, z),
            "specificity": lambda: m.recall_score(y, z, pos_label=0),
            "f1": lambda: m.f1_score(y, z),
            "auc": lambda: m.roc_auc_score(y, p),
            "average_precision": lambda: m.average_precision_score(y, p),
            "log_loss": lambda: m.log_loss(y, p, labels=[0, 1]),
            "brier": lambda: m.brier_score_loss(y, p, labels=[0, 1]),
            "expected_calibration_error": lambda: ece(y, p),
            "false_positive_rate": lambda: fp / (fp + tn),
            "false_negative_rate": lambda: fn / (fn + tp),
            "positive_rate": lambda: float(z.mean()),
        }),
    }


def multiclass(name, y, probs, classes):
    z = numpy.asarray(classes)[probs.argmax(axis=1)]
    out = {
        "name": name, "problem": "multiclass_classification",
        "labels": [str(v) for v in y], "predicted": [str(v) for v in z],
        "classes": list(classes), "probabilities": [[float(v) for v in row] for row in probs],
        "expected": {
            "accuracy": m.accuracy_score(y, z),
            "balanced_accuracy": m.balanced_accuracy_score(y, z),
            "log_loss": m.log_loss(y, probs, labels=list(classes)),
        },
    }
    for average in ("macro", "weighted"):
        p, r, f, _ = m.precision_recall_fscore_support(y, z, average=average, zero_division=0)
        out["expected"].update({average + "_precision": p, average + "_recall": r, average + "_f1": f})
    return out


def regression(name, y, p):
    return {
        "name": name, "problem": "regression",
        "labels": [float(v) for v in y], "scores": [float(v) for v in p],
        "expected": {
            "mse": m.mean_squared_error(y, p),
            "rmse": m.mean_squared_error(y, p) ** 0.5,
            "mae": m.mean_absolute_error(y, p),
            "r2": m.r2_score(y, p),
        },
    }


rng = numpy.random.default_rng(20261123)
cases = []
y = rng.integers(0, 2, 300)
p = numpy.clip(0.5 * y + rng.normal(0.25, 0.25, 300), 0, 1)  # many exact 0 and 1
cases.append(binary("clipped scores", y, p, 0.5))
y = rng.integers(0, 2, 250)
p = numpy.round(numpy.clip(0.3 * y + rng.uniform(0, 0.7, 250), 0, 1), 1)  # ties and bin edges
cases.append(binary("tied scores on calibration edges", y, p, 0.5))
cases.append(binary("another threshold", y, p, 0.3))
y = (rng.uniform(size=200) < 0.04).astype(int)
cases.append(binary("rare positives", y, numpy.clip(0.2 * y + rng.beta(1, 9, 200), 0, 1), 0.15))
y = numpy.array([0, 1, 1, 0, 1])
cases.append(binary("five examples", y, numpy.array([0.1, 0.5, 0.9, 0.6, 0.4]), 0.5))
classes = ["1", "2", "3", "10"]
y = rng.choice(classes, 180, p=[0.4, 0.3, 0.25, 0.05])
probs = rng.dirichlet([1, 1, 1, 0.4], 180)
probs[numpy.arange(180), [classes.index(v) for v in y]] += 0.6
probs /= probs.sum(axis=1, keepdims=True)
# scikit-learn wants probability columns in sorted order of the labels.
order = numpy.argsort(classes)
cases.append(multiclass("four classes", y, probs[:, order], [classes[i] for i in order]))
y = rng.normal(1e6, 3, 150)  # r2 far from 0
cases.append(regression("large offset", y, y + rng.normal(0, 1, 150)))
y = rng.exponential(2, 90)
cases.append(regression("skewed", y, y * 0.8 + rng.normal(0, 0.5, 90)))

# Cases made to be hard.
half = numpy.array([0, 1, 1, 0, 1, 0, 0])
cases.append(binary("all scores tied, at the threshold", half, numpy.full(7, 0.5), 0.5))
cases.append(binary("scores just under and at a threshold that is no binary fraction", half,
                    numpy.array([0.1 + 0.2, numpy.nextafter(0.3, 0), 0.3, 0.3, numpy.nextafter(0.3, 1), 0.29, 0.31]), 0.3))
cases.append(binary("threshold 0", half, numpy.linspace(0, 1, 7), 0.0))
cases.append(binary("threshold 1", half, numpy.linspace(0, 1, 7), 1.0))
cases.append(binary("nobody predicted positive", half, numpy.full(7, 0.25) + 0.01 * half, 0.9))
cases.append(binary("negatives only", numpy.zeros(6, int), numpy.array([0, 0.1, 0.6, 0.6, 0.9, 1]), 0.5))
cases.append(binary("positives only", numpy.ones(6, int), numpy.array([0, 0.1, 0.6, 0.6, 0.9, 1]), 0.5))
cases.append(binary("one example", numpy.array([1]), numpy.array([0.7]), 0.5))
cases.append(binary("wrong about everything", half, 1.0 - half, 0.5))
cases.append(binary("scores next to 0 and 1", half, numpy.array([5e-324, 1 - 2**-53, 1e-300, 1 - 1e-16, 1, 0, 1e-17]), 0.5))
edges = numpy.linspace(0, 1, 11)
cases.append(binary("calibration edges and their neighbours", rng.integers(0, 2, 33),
                    numpy.clip(numpy.concatenate([edges, numpy.nextafter(edges, 0), numpy.nextafter(edges, 1)]), 0, 1), 0.7))
y = rng.integers(0, 2, 400)
cases.append(binary("three distinct scores", y, rng.choice([0.2, 0.5, 0.8], 400), 0.8))
y = (rng.uniform(size=700) < 0.3).astype(int)
cases.append(binary("many scores of three decimals", y, numpy.round(numpy.clip(0.25 * y + rng.beta(2, 4, 700), 0, 1), 3), 0.45))

letters = ["a", "b", "c"]
never = numpy.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1], [0.3, 0.6, 0.1], [0.8, 0.1, 0.1]])
cases.append(multiclass("a class that is never predicted", numpy.array(["a", "b", "c", "c", "a"]), never, letters))
cases.append(multiclass("a class that never occurs is predicted", numpy.array(["a", "b", "a", "b", "a"]), never[:, [2, 1, 0]], letters))
cases.append(multiclass("no chance given to the truth", numpy.array(["c", "a", "b", "c", "a"]), numpy.array([[0.5, 0.5, 0], [0, 1, 0], [0, 1, 0], [0.2, 0.2, 0.6], [1, 0, 0]]), letters))
y = rng.choice(letters, 150, p=[0.96, 0.03, 0.01])
probs = rng.dirichlet([20, 2, 1], 150)
cases.append(multiclass("rare classes", y, probs, letters))

y = numpy.array([3.0, -1, 2, 8])
cases.append(regression("the mean for everybody", y, numpy.full(4, 3.0)))
cases.append(regression("exact", y, y))
cases.append(regression("far off", y, y * -1e9))
cases.append(regression("tiny numbers", y * 1e-150, y * 1.01e-150))
y = numpy.append(rng.normal(0, 1e-3, 60), 1e6)
cases.append(regression("one outlier", y, y * 1.001))
json.dump({"made_with": {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__,
                         "script": "reference.py"}, "cases": cases}, sys.stdout, indent=1)
