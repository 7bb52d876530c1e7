"""Prints the scores that TestAgreesWithScikitLearn compares: python reference.py"""
import numpy
import pandas
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

people = pandas.read_csv("../../../data/titanic.csv")
female, second, third = people.sex == "female", people.pclass == 2, people.pclass == 3
missing, child = people.age.isna(), people.age < 14
age = people.age.fillna(people.age.median())
family = people.sibsp + people.parch
terms = [female, second, third, age, child, missing, family, family >= 4, family == 0, female & second,
         female & third, female * age, female & child, female * family, female & missing, second * age,
         third * age, second & child, third & child]
design = numpy.column_stack([numpy.asarray(term, dtype=float) for term in terms])
model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=100_000, tol=1e-12))
scores = model.fit(design, people.survived).predict_proba(design)[:, 1]
print([float(round(scores[i], 6)) for i in (0, 1, 2, 200, 700, 1308)])
