"""Train XGBoost on digits with more of its hyperparameters set by hand.

As the notebooks `pyspark_mnist_xgboost` and `xgboost_mnist` of amazon-sagemaker-examples do.
"""

from __future__ import annotations

from examples.digits import INSTANCE, Digits, accuracy, deleted_at_end, run
from sparkml_sm import IAMRole
from sparkml_sm.algorithms import XGBoostSageMakerEstimator


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return the accuracy on images that were held out."""
    estimator = XGBoostSageMakerEstimator(
        sagemakerRole=IAMRole(role),
        trainingInstanceType=INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        imageVersion="1.2-1",  # the last that knows `silent`; now it is `verbosity`
    )
    estimator.setEta(0.2)
    estimator.setGamma(4)
    estimator.setMinChildWeight(6)
    estimator.setSilent(0)
    estimator.setObjective("multi:softmax")
    estimator.setNumClasses(10)
    estimator.setNumRound(10)

    model = estimator.fit(digits.train)
    with deleted_at_end(model):
        scored = model.transform(digits.test).cache()
        scored.show(5)
        found = accuracy(scored)
        print(f"accuracy on held-out images: {found:.3f}")
        scored.unpersist()
    return {"accuracy": found}


if __name__ == "__main__":
    run(main)
