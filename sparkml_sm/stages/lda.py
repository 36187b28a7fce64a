"""Latent Dirichlet allocation on SageMaker."""

from __future__ import annotations

from sparkml_sm.catalog.lda import LDA
from sparkml_sm.inference.deserializers import LDAProtobufResponseRowDeserializer
from sparkml_sm.stages.algorithm import SageMakerAlgorithmEstimator

__all__ = ["LDASageMakerEstimator"]


class LDASageMakerEstimator(SageMakerAlgorithmEstimator):
    """Trains SageMaker's LDA: topics of documents, each a row of word counts.

    Parameters are those of `SageMakerAlgorithmEstimator`; ``num_topics`` is required when `fit`
    starts, and ``trainingInstanceCount`` must be 1. The model appends ``topic_mixture``, a vector
    of that length: the share of each topic.

    Examples
    --------
    >>> estimator = LDASageMakerEstimator(
    ...     trainingInstanceType="ml.c5.xlarge", trainingInstanceCount=1, num_topics=20
    ... )
    >>> estimator.setAlpha0(0.1).getNumTopics()
    20
    """

    algorithm = LDA
    default_deserializer = LDAProtobufResponseRowDeserializer
