"""Makes reference.json with scikit-learn: python reference.py > reference.json"""
import json
import random

import sklearn
from sklearn import metrics

random.seed(20120415)
cases = []
for name, n, digits, prevalence in [("separable", 6, 1, 0.5), ("ties", 60, 1, 0.4), ("rare", 200, 3, 0.05), ("smooth", 500, 12, 0.4)]:
    labels = [0, 1] + [int(random.random() < prevalence) for _ in range(n - 2)]
    if name == "separable":
        scores = [0.1 + 0.7 * y for y in labels]
    else:
        scores = [round(min(0.99, max(0.01, random.gauss(0.4 + 0.25 * y, 0.2))), digits) for y in labels]
    predicted = [int(s >= 0.5) for s in scores]
    tn, fp, fn, tp = metrics.confusion_matrix(labels, predicted).ravel().tolist()
    cases.append({
        "name": name, "labels": labels, "scores": scores,
        "metrics": {
            "accuracy": metrics.accuracy_score(labels, predicted),
            "precision": metrics.precision_score(labels, predicted),
            "recall": metrics.recall_score(labels, predicted),
            "specificity": metrics.recall_score(labels, predicted, pos_label=0),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
            "f0_5": metrics.fbeta_score(labels, predicted, beta=0.5),
            "f1": metrics.f1_score(labels, predicted),
            "f2": metrics.fbeta_score(labels, predicted, beta=2),
            "auc": metrics.roc_auc_score(labels, scores),
            "average_precision": metrics.average_precision_score(labels, scores),
            "log_loss": metrics.log_loss(labels, scores),
            "brier": metrics.brier_score_loss(labels, scores),
            "false_positive_rate": fp / (fp + tn),
            "false_negative_rate": fn / (fn + tp),
            "positive_rate": sum(predicted) / n,
        },
    })
print(json.dumps({"made_with": "scikit-learn " + sklearn.__version__, "cases": cases}))
