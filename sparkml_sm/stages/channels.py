"""The channels of a training job: rows to stage, and data that lies in S3 already."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import DataFrame

from sparkml_sm.errors import ConfigurationError, InvalidDataError, SparkMLSageMakerError
from sparkml_sm.staging.staged import StagedDataset

__all__ = ["Channel", "JobChannels", "PlannedChannel", "as_channel"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    """Data of one channel of a training job, with how the job reads it.

    A DataFrame or an S3 URI alone may stand for ``Channel(data)``.

    Parameters
    ----------
    data : DataFrame or str
        Rows, which are staged as the training rows are; or the URI of data in S3, which is neither
        copied nor deleted.
    contentType : str, optional
        By default that of the training channel.
    distribution : {"FullyReplicated", "ShardedByS3Key"}, optional
        By default each instance gets all of the data, and of the training channel what
        ``trainingS3DataDistribution`` says.
    inputMode : {"File", "FastFile", "Pipe"}, optional
        By default ``trainingInputMode``.
    s3DataType : {"S3Prefix", "ManifestFile"}, default "S3Prefix"
        What the URI names. S3 matches a prefix as text: end a folder's with a slash.

    Examples
    --------
    >>> validation = Channel("s3://my-bucket/spam/validation/", contentType="text/csv")
    >>> validation.s3DataType
    'S3Prefix'
    """

    data: DataFrame | str
    contentType: str | None = None
    distribution: str | None = None
    inputMode: str | None = None
    s3DataType: str = "S3Prefix"

    def part(self, name: str) -> dict[str, Any]:
        """Return what of CreateTrainingJob's channel is said here; None where it is not."""
        source = {
            "S3DataType": self.s3DataType,
            "S3DataDistributionType": self.distribution,
        }
        return {
            "ChannelName": name,
            "ContentType": self.contentType,
            "InputMode": self.inputMode,
            "DataSource": {"S3DataSource": source},
        }


def as_channel(data: Any) -> Channel:
    """Return `data` as the channel that it stands for."""
    return data if isinstance(data, Channel) else Channel(data)


@dataclass(frozen=True, slots=True)
class PlannedChannel:
    """A channel of one fit, decided.

    Attributes
    ----------
    name : str
    rows : DataFrame or None
        To be staged; None for data in S3.
    uri : str
        Of data in S3; for rows the place that they are staged below.
    data_type, distribution, input_mode : str
        As the API names them.
    content_type : str or None
        None sends none: first-party algorithms recognise RecordIO by themselves.
    compression : str or None
    staged : StagedDataset or None
        The rows, once they are staged.
    """

    name: str
    rows: DataFrame | None
    uri: str
    data_type: str
    distribution: str
    input_mode: str
    content_type: str | None
    compression: str | None = None
    staged: StagedDataset | None = None

    def request(self, job_mode: str) -> dict[str, Any]:
        """Return the channel's part of CreateTrainingJob, of a job with the input mode `job_mode`.

        Rows that are not staged yet stand for the place that they will be staged below.
        """
        data_type, uri = self.data_type, self.uri
        if self.staged is not None:
            # FastFile mounts a prefix and knows no manifest; the prefix holds exactly the staged
            # files.
            by_prefix = self.input_mode == "FastFile"
            data_type = "S3Prefix" if by_prefix else "ManifestFile"
            uri = self.staged.uri if by_prefix else self.staged.manifest
        source = {
            "S3DataType": data_type,
            "S3Uri": uri,
            "S3DataDistributionType": self.distribution,
        }
        optional = {
            "ContentType": self.content_type,
            "CompressionType": self.compression,
            "InputMode": None if self.input_mode == job_mode else self.input_mode,
        }
        return {
            "ChannelName": self.name,
            "DataSource": {"S3DataSource": source},
            **{member: value for member, value in optional.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class JobChannels:
    """All channels of a training job, before and after their rows are staged.

    Attributes
    ----------
    channels : tuple of PlannedChannel
        The training channel first.
    """

    channels: tuple[PlannedChannel, ...]

    @property
    def train(self) -> PlannedChannel:
        """The training channel."""
        return self.channels[0]

    @property
    def data(self) -> StagedDataset | None:
        """The staged training rows, with the labels of all staged channels; None without any."""
        train = self.train.staged
        if train is None:
            return None
        labels = train.labels
        for channel in self.channels[1:]:
            if channel.staged is not None and channel.staged.labels is not None:
                labels = channel.staged.labels.merged(labels)
        return replace(train, labels=labels)

    def request(self, job_mode: str) -> list[dict[str, Any]]:
        """Return ``InputDataConfig of CreateTrainingJob."""
        return [channel.request(job_mode) for channel in self.channels]

    def staged(self, stage_rows: Callable[[DataFrame, str], StagedDataset]) -> JobChannels:
        """Return the same channels with their rows staged.

        Parameters
        ----------
        stage_rows : callable
            Stages one DataFrame below a URI.

        Raises
        ------
        InvalidDataError
            If the rows of a channel cannot be staged, or channels differ in their number of
            features. Then nothing of any channel is left behind.
        """
        done: list[PlannedChannel] = []
        try:
            for channel in self.channels:
                rows, staged = channel.rows, None
                if rows is not None:
                    with self._named(channel):
                        staged = stage_rows(rows, channel.uri)
                done.append(replace(channel, staged=staged))
            _check_widths(done)
        except BaseException:  # Ctrl-C as well
            JobChannels(tuple(done)).delete()
            raise
        return JobChannels(tuple(done))

    def check_shards(self, instances: int) -> None:
        """Raise `ConfigurationError` if an instance would get no object of a staged channel."""
        for channel in self.channels:
            objects = len(channel.staged.objects) if channel.staged else instances
            if channel.distribution == "ShardedByS3Key" and instances > objects:
                raise ConfigurationError(
                    f"channel {channel.name!r}: {instances} training instances share {objects} "
                    "objects, so some would get none: repartition the DataFrame, or set "
                    "trainingS3DataDistribution='FullyReplicated'"
                )

    def delete(self) -> None:
        """Delete what was staged; a failure is logged, since the job's own result matters more."""
        for channel in self.channels:
            if channel.staged is None:
                continue
            try:
                channel.staged.delete()
            except SparkMLSageMakerError as error:
                uri = channel.staged.uri
                _log.warning("staged rows at %s could not be deleted: %s", uri, error)

    @contextmanager
    def _named(self, channel: PlannedChannel) -> Iterator[None]:
        try:
            yield
        except InvalidDataError as error:
            if len(self.channels) == 1:
                raise
            raise InvalidDataError(f"channel {channel.name!r}: {error}") from error


def _check_widths(channels: list[PlannedChannel]) -> None:
    widths = {channel.name: channel.staged.features for channel in channels if channel.staged}
    if len(set(widths.values())) > 1:
        found = ", ".join(f"{name!r} has {width}" for name, width in widths.items())
        raise InvalidDataError(f"the channels' rows differ in their number of features: {found}")
