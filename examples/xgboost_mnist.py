"""Train XGBoost on handwritten digits, then use its endpoint from another model object.

As the notebook `MNIST-xgboost-train` of sagemaker-spark does.
"""

from __future__ import annotations

from examples.digits import INSTANCE, Digits, accuracy, deleted_at_end, run
from sparkml_sm import EndpointCreationPolicy, IAMRole, SageMakerModel
from sparkml_sm.algorithms import XGBoostSageMakerEstimator
from sparkml_sm.transformation.deserializers import XGBoostCSVRowDeserializer
from sparkml_sm.transformation.serializers import LibSVMRequestRowSerializer


def main(role: str, digits: Digits) -> dict[str, float]:
    """Return the accuracy on images that were held out."""
    estimator = XGBoostSageMakerEstimator(
        trainingInstanceType=INSTANCE,
        trainingInstanceCount=1,
        endpointInstanceType=INSTANCE,
        endpointInitialInstanceCount=1,
        sagemakerRole=IAMRole(role),
    )
    estimator.setNumRound(15)
    estimator.setNumClasses(10)
    estimator.setObjective("multi:softmax")

    model = estimator.fit(digits.train)
    with deleted_at_end(model):
        model.transform(digits.test.limit(5)).show()

        attached = SageMakerModel(
            existingEndpointName=model.endpointName,
            endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE,
            endpointInstanceType=None,
            endpointInitialInstanceCount=None,
            requestRowSerializer=LibSVMRequestRowSerializer(),
            responseRowDeserializer=XGBoostCSVRowDeserializer(),
        )
        found = accuracy(attached.transform(digits.test))
        print(f"accuracy on held-out images: {found:.3f}")
    return {"accuracy": found}


if __name__ == "__main__":
    run(main)
