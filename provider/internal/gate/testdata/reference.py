# Makes reference.json: metric values by scikit-learn on fixed cases.
# Run: python reference.py > reference.json (scikit-learn and numpy only; the
# cases are seeded, so that the same versions give the same file).
import json
import sys

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


def binary(name, y, p, threshold):
    z = (p >= threshold).astype(int)
    tn, fp, fn, tp = (int(v) for v in m.confusion_matrix(y, z, labels=[0, 1]).ravel())
    return {
        "name": name, "problem": "binary_classification", "threshold": threshold,
        "labels": [int(v) for v in y], "scores": [float(v) for v in p],
        "expected": {
            "accuracy": m.accuracy_score(y, z),
            "balanced_accuracy": m.balanced_accuracy_score(y, z),
            "precision": m.precision_score(y, z),
            "recall": m.recall_score(y, z),
            "specificity": m.recall_score(y, z, pos_label=0),
            "f1": m.f1_score(y, z),
            "auc": m.roc_auc_score(y, p),
            "average_precision": m.average_precision_score(y, p),
            "log_loss": m.log_loss(y, p),
            "brier": m.brier_score_loss(y, p),
            "expected_calibration_error": ece(y, p),
            "false_positive_rate": fp / (fp + tn),
            "false_negative_rate": fn / (fn + tp),
            "positive_rate": float(z.mean()),
        },
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
json.dump({"made_with": {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__,
                         "script": "reference.py"}, "cases": cases}, sys.stdout, indent=1)
