"""Presets: each runs, is named once, and says what is true."""

import numpy as np
import pytest

from optlearn import explore
from optlearn.declare import InvalidArgument
from optlearn.explorer import presets


def runs(name):
    explorer = explore(preset=name)
    return explorer.surface, explorer.trajectories


def first_below(run, share):
    return int(np.argmax(run.loss < share * run.loss[0]))


def test_there_are_at_least_twelve_with_a_name_and_a_line_each():
    assert len(presets.PRESETS) >= 12
    assert len({preset.title for preset in presets.PRESETS.values()}) == len(presets.PRESETS)
    questions = [preset.question for preset in presets.PRESETS.values() if preset.question]
    assert len(questions) >= 4
    for preset in presets.PRESETS.values():
        assert 20 < len(preset.comment) < 110
        assert preset.comment.endswith(".")
    for question in questions:
        assert 2 <= len(question.answers) <= 4
        assert 0 <= question.right < len(question.answers)


def test_an_unknown_preset_names_the_near_ones():
    with pytest.raises(InvalidArgument, match="ravine"):
        explore(preset="ravne")


def test_answers_are_what_the_runs_show():
    _, rates = runs("rates")
    assert int(np.argmin([run.loss[-1] for run in rates])) == presets.PRESETS["rates"].question.right
    assert rates[3].loss[-1] > rates[3].loss[0]
    _, damping = runs("damping")
    assert [first_below(run, 1e-3) for run in damping] == [17, 9, 43, 54]
    _, correction = runs("correction")
    with_it, without = (np.abs(run.w[1] - run.w[0]).max() for run in correction)
    assert with_it == pytest.approx(0.1, rel=1e-6)
    assert without / with_it == pytest.approx(0.1 / np.sqrt(0.001), rel=1e-6)
    _, aligned = runs("aligned")
    _, turned = runs("turned")
    assert int(np.argmin([run.loss[-1] for run in turned])) == presets.PRESETS["turned"].question.right
    assert aligned[1].loss[-1] < 1e-10 * aligned[0].loss[-1]
    surface, ridge = runs("ridge")
    assert all(run.w[-1][0] == 0 for run in ridge)
    assert surface([0.0, 0.0]) > surface([1.0, 0.0])


def test_comments_are_what_the_runs_show():
    surface, valleys = runs("valleys")
    ends = {int(np.argmin(np.linalg.norm(np.array(surface.minima) - run.w[-1], axis=1))) for run in valleys}
    assert len(ends) == 3
    _, flight = runs("flight")
    assert [run.diverged is not None for run in flight] == [False, False, True]
    surface, wells = runs("wells")
    assert wells[0].loss[-1] > -1.0
    assert wells[1].loss[-1] < -1.2
    _, signs = runs("signs")
    # At rest it would be at the minimum; it keeps stepping by its rate.
    assert np.abs(np.diff(signs[0].w[-10:], axis=0)).min() == pytest.approx(0.1)
    assert signs[0].loss.min() > 1e-4
    _, saddle = runs("saddle")
    away = [int(np.argmax(np.abs(run.w[:, 0]) > 0.5)) for run in saddle]
    assert away[1] < away[0]
    assert away[2] < away[0]
    crawl, roll = (np.linalg.norm(np.diff(saddle[i].w[: away[i]], axis=0), axis=1).min() for i in (0, 1))
    assert 2 * crawl < roll
    assert np.linalg.norm(saddle[2].w, axis=1).min() > 0.5
    _, traps = runs("traps")
    assert min(run.loss[-1] for run in traps) > 10
    _, cliff = runs("cliff")
    assert cliff[1].w[:, 0].min() < -3.5
    _, noise = runs("noise")
    late = [np.std(run.w[-60:, 0]) for run in noise[:2]]
    assert late[0] > 2 * late[1]
    assert first_below(noise[0], 0.1) < first_below(noise[1], 0.1)
    _, look = runs("lookahead")
    assert look[1].loss[-1] < look[0].loss[-1]
