"""Rows as Params of an estimator: every way in is guarded by the same sentence."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from pyspark.ml import Estimator, Model
from pyspark.ml.param import Param
from pyspark.ml.tuning import ParamGridBuilder

from sparkml_sm.catalog.algorithm import Algorithm, Rule, When
from sparkml_sm.catalog.xgboost import XGBOOST
from sparkml_sm.errors import ConfigurationError
from sparkml_sm.hyperparameters import Float, Hyperparameter, Int, Retirement
from sparkml_sm.params.hyperparameters import HasHyperparameters


class Fitted(Model):  # type: ignore[misc]
    def __init__(self, request: dict[str, str]) -> None:
        super().__init__()
        self.request = request

    def _transform(self, dataset: Any) -> Any:
        return dataset


class AlgorithmEstimator(HasHyperparameters, Estimator):  # type: ignore[misc]
    def _fit(self, dataset: Any) -> Fitted:
        self.check_hyperparameters()
        return Fitted(self.hyperparameter_request())


class Trees(AlgorithmEstimator):
    algorithm = XGBOOST


class MoreTrees(Trees):
    """A user's subclass: it has the Params without a line."""


class MadeUp(AlgorithmEstimator):
    algorithm = Algorithm(
        name="made-up",
        repository="made-up",
        version="2.0-1",
        hyperparameters=(
            Hyperparameter("k", Int(1), "Number of things", required=True),
            Hyperparameter("rate", Float(0, 1), "Rate", default=0.5),
            Hyperparameter("old", Int(), "Old", retirements=(Retirement("2.0-1", "use `k`"),)),
            Hyperparameter("width", Int(1), "Width"),
        ),
        content_types={"csv": "text/csv"},
        training_format="csv",
        request_format="csv",
        allow_nan=False,
        supervised=False,
        rules=(Rule((When("width"),), When("rate", ("0.5",)), "`width` needs `rate` 0.5"),),
    )

    def setWidth(self, value: int) -> MadeUp:
        """Write the estimator's own setter, which the rows must not replace."""
        self._set(width=2 * value)
        return self


SETTABLE = [row for row in XGBOOST.hyperparameters if not row.retirements]


@pytest.mark.parametrize("row", XGBOOST.hyperparameters, ids=lambda row: row.name)
def test_every_row_is_a_param_with_accessors_and_docs(row: Hyperparameter) -> None:
    trees = Trees()
    param = trees.getParam(row.name)
    assert (param.parent, param.name) == (trees.uid, row.name)
    assert row.doc in trees.explainParam(row.name)
    assert row.check.expected in trees.explainParam(row.name)
    for prefix in ("set", "get"):
        accessor = getattr(Trees, prefix + row.suffix)
        assert accessor.__qualname__ == f"Trees.{prefix}{row.suffix}"
        assert accessor.__module__ == Trees.__module__
        assert f"`{row.name}`" in accessor.__doc__
    with pytest.raises(KeyError):
        getattr(trees, f"get{row.suffix}")()


def test_params_lists_each_row_once_and_in_spark_s_order() -> None:
    names = [param.name for param in Trees().params]
    assert names == sorted(row.name for row in XGBOOST.hyperparameters)


def test_setters_chain_and_getters_return_canonical_values() -> None:
    trees = Trees()
    assert trees.setNumRound(np.int64(10)).setEta(1).setNThread(2.0) is trees
    assert (trees.getNumRound(), trees.getEta(), trees.getNThread()) == (10, 1.0, 2)
    assert [type(trees.getNumRound()), type(trees.getEta())] == [int, float]


def test_the_request_of_the_golden_case() -> None:
    with pytest.warns(FutureWarning, match="reg:squarederror"):
        trees = Trees().setObjective("reg:linear").setEta(0.3).setNumRound(5)
    assert trees.hyperparameter_request() == {
        "objective": "reg:linear",
        "eta": "0.3",
        "num_round": "5",
    }


def test_nothing_set_is_nothing_sent() -> None:
    assert Trees().hyperparameter_request() == {}


def test_a_default_is_sent_and_can_be_overridden() -> None:
    assert MadeUp().setK(1).hyperparameter_request() == {"k": "1", "rate": "0.5"}
    assert MadeUp().setRate(1e-4).hyperparameter_request() == {"rate": "1.0E-4"}
    assert MadeUp().getRate() == 0.5


def test_lambda_is_reached_by_every_way() -> None:
    trees = Trees().setLambda(2)
    assert trees.getLambda() == 2.0
    assert trees.getOrDefault("lambda") == 2.0
    assert trees.lambda_weights == trees.getParam("lambda")
    assert trees.copy({trees.lambda_weights: 3}).getLambda() == 3.0
    assert trees.hyperparameter_request() == {"lambda": "2.0"}


REFUSAL = r"^`eta` of Trees must be a float in \[0, 1\], got 2$"


@pytest.mark.parametrize(
    "way",
    [
        lambda trees: trees.setEta(2),
        lambda trees: trees.set(trees.eta, 2),
        lambda trees: trees._set(eta=2),
        lambda trees: trees.copy({trees.eta: 2}),
        lambda trees: trees.fit(None, {trees.eta: 2}),
        lambda trees: trees.fit(None, ParamGridBuilder().addGrid(trees.eta, [2]).build()),
    ],
    ids=["setter", "set", "_set", "copy", "fit", "grid"],
)
def test_every_way_in_is_guarded_by_one_sentence(way: Any) -> None:
    trees = Trees().setNumRound(1)
    with pytest.raises(ValueError, match=REFUSAL):
        way(trees)
    assert not trees.isSet("eta")


@pytest.mark.parametrize("value", ["0.1", None, True])
def test_a_wrong_type_is_a_type_error(value: Any) -> None:
    for way in (Trees().setEta, lambda value: Trees()._set(eta=value)):
        with pytest.raises(TypeError, match=r"^`eta` of Trees must be a float in \[0, 1\], got "):
            way(value)


def test_the_converter_alone_guards_too() -> None:
    with pytest.raises(ValueError, match=REFUSAL):
        Trees().eta.typeConverter(2)  # type: ignore[attr-defined]


def test_fit_with_a_param_map_sends_it_and_leaves_the_estimator() -> None:
    trees = Trees().setNumRound(5)
    assert trees.fit(None, {trees.getParam("eta"): 0.1}).request == {"num_round": "5", "eta": "0.1"}
    maps = ParamGridBuilder().addGrid(trees.getParam("max_depth"), [2, np.int64(3)]).build()
    assert [model.request["max_depth"] for model in trees.fit(None, maps)] == ["2", "3"]
    assert trees.hyperparameter_request() == {"num_round": "5"}


def test_copy_and_pickle_keep_values_uid_and_guard() -> None:
    trees = Trees().setNumRound(5).setMonotoneConstraints([1, 0])
    for twin in (trees.copy(), pickle.loads(pickle.dumps(trees))):
        assert twin.uid == trees.uid
        assert twin.hyperparameter_values() == trees.hyperparameter_values()
        twin.setNumRound(6)
        assert trees.getNumRound() == 5
        with pytest.raises(ValueError, match=REFUSAL):
            twin.setEta(2)


def test_instances_do_not_share_values() -> None:
    first, second = Trees().setNumRound(1), Trees()
    assert not second.isSet("num_round")
    with pytest.raises(ValueError, match="does not belong"):
        second.set(first.getParam("num_round"), 1)


def test_a_subclass_has_the_params_and_names_itself() -> None:
    assert MoreTrees().setNumRound(3).hyperparameter_request() == {"num_round": "3"}
    with pytest.raises(ValueError, match=r"^`eta` of MoreTrees must be"):
        MoreTrees().setEta(2)


def test_a_class_s_own_setter_stays() -> None:
    assert MadeUp().setWidth(3).getWidth() == 6


def test_a_param_of_the_stage_s_own_passes_unguarded() -> None:
    class Wider(MadeUp):
        channel: Param[str] = Param(MadeUp._dummy(), "channel", "A channel")

    wider = Wider()
    wider.set(wider.channel, "train")
    assert wider.hyperparameter_request() == {"rate": "0.5"}
    assert wider.getOrDefault("channel") == "train"


def test_a_retired_value_warns_once_when_set_and_is_refused_at_fit() -> None:
    trees = Trees().setNumRound(1)
    with pytest.warns(
        FutureWarning, match=r"`silent` is refused by .* 3\.2-0: use `verbosity`"
    ) as w:
        trees.setSilent(1)
    assert [one.filename for one in w] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twin = trees.copy()
    with pytest.raises(ConfigurationError, match=r"^Trees cannot train: `silent` is refused by"):
        twin.fit(None)


def test_an_obsolete_value_warns_and_is_sent() -> None:
    with pytest.warns(FutureWarning, match="`sketch_eps` is obsolete in .*: use `max_bin`"):
        trees = Trees().setNumRound(1).setSketchEps(0.03)
    assert trees.fit(None).request == {"num_round": "1", "sketch_eps": "0.03"}


def test_another_image_version_is_asked_by_its_own_rules() -> None:
    class Old(Trees):
        def _image_version(self) -> str:
            return "1"

    assert Old().setNumRound(1).setSilent(1).fit(None).request["silent"] == "1"


def test_fit_names_all_that_is_wrong() -> None:
    words = "`k` is required: call setK; `width` needs `rate` 0.5"
    with pytest.raises(ConfigurationError, match=f"^MadeUp cannot train: {words}$"):
        MadeUp().setWidth(1).setRate(1).fit(None)


def test_values_from_the_data_are_checked_and_written_like_the_others() -> None:
    trees = Trees().setNumRound(1).setObjective("multi:softprob")
    with pytest.raises(ConfigurationError, match="needs `num_class`"):
        trees.check_hyperparameters()
    trees.check_hyperparameters(staged=False)
    values = {**trees.hyperparameter_values(), "num_class": 3}
    trees.check_hyperparameters(values)
    assert trees.hyperparameter_request(values)["num_class"] == "3"


@pytest.mark.parametrize("row", SETTABLE, ids=lambda row: row.name)
def test_none_is_no_value(row: Hyperparameter) -> None:
    with pytest.raises(TypeError, match=f"`{row.name}` of Trees must be"):
        getattr(Trees(), f"set{row.suffix}")(None)
