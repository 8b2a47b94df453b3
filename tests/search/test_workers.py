"""Where the fits of a search are made changes no number: threads, processes, a Dask cluster."""

import threading

import pytest
from tests.search.material import DATA, MODEL, RECIPE, without_times

import chalknet as cn

OVER = {"width": [2, 3], "lr": [0.01, 0.1], "seed": range(2)}


def searched(**more):
    return without_times(cn.search(MODEL, DATA, OVER, **RECIPE, metric="r2", **more))


@pytest.mark.parametrize("n_jobs", [2, 3, 16, -1])
def test_any_number_of_threads_gives_the_same_table(n_jobs):
    assert searched(n_jobs=n_jobs) == searched(n_jobs=1)


def test_fits_are_made_by_as_many_threads_as_were_asked_for_and_none_is_left(monkeypatch):
    from chalknet.searching.member import Job

    seen, both, run = set(), threading.Barrier(2, timeout=60), Job.run

    def noted(self, stop=None):
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            both.wait()  # two fits at once, or the test ends with an error
        return run(self, stop)

    monkeypatch.setattr(Job, "run", noted)
    searched(n_jobs=2)
    assert len(seen) == 2
    assert not [thread for thread in threading.enumerate() if thread.name == "chalknet-search"]


def test_searches_in_several_threads_do_not_meet():
    alone, found = searched(), {}
    threads = [threading.Thread(target=lambda at=at: found.update({at: searched()})) for at in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(each == alone for each in found.values()) and len(found) == 3


def test_an_error_of_the_callers_own_function_ends_the_search_and_its_threads():
    def raising(*_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        cn.search(MODEL, DATA, OVER, **RECIPE, on_member=raising)
    assert not [thread for thread in threading.enumerate() if thread.name == "chalknet-search"]


@pytest.mark.slow
def test_a_dask_cluster_of_two_processes_gives_the_same_table(tmp_path):
    joblib = pytest.importorskip("joblib")
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path),
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        found = searched()
        halved = searched(how="halving")
    assert found == searched()
    assert halved == searched(how="halving")
