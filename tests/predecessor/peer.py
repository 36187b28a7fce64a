"""The predecessor's side, on Python 3.10 and Spark 3.3: what it writes and scores."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.peer_side import Peer, session
from benchmarks.side import serve


class Predecessor(Peer):
    """Writes and scores whole DataFrames, for another Spark to compare."""

    def write(self, data: str, out: str, kind: str, options: dict[str, str]) -> dict[str, Any]:
        """Write the rows of a parquet folder as its `fit` would."""
        self.spark.read.parquet(data).write.format(kind).options(**options).save(f"file://{out}")
        return {}

    def transform(
        self, data: str, out: str, url: str, endpoint: str, serializer: str, deserializer: str
    ) -> dict[str, Any]:
        """Score the rows of a parquet folder through an endpoint, into another parquet folder."""
        from sagemaker_pyspark import EndpointCreationPolicy, SageMakerModel
        from sagemaker_pyspark.transformation import deserializers, serializers

        self._reach(url)
        model = SageMakerModel(
            endpointInstanceType=None,
            endpointInitialInstanceCount=None,
            requestRowSerializer=getattr(serializers, serializer)(),
            responseRowDeserializer=getattr(deserializers, deserializer)(),
            existingEndpointName=endpoint,
            endpointCreationPolicy=EndpointCreationPolicy.DO_NOT_CREATE,
        )
        model.transform(self.spark.read.parquet(data)).write.parquet(out)
        return {}


def _start() -> Any:
    peer = Predecessor(session(int(sys.argv[1])))
    return {name: getattr(peer, name) for name in ("write", "transform")}


if __name__ == "__main__":
    serve(_start)
