"""How the tests run: no deadlines, since a busy machine is no defect."""

from hypothesis import settings

settings.register_profile("chalknet", deadline=None, max_examples=60)
settings.load_profile("chalknet")


def pytest_addoption(parser):
    parser.addoption("--regold", action="store_true", help="write the golden files anew: look at them then")
