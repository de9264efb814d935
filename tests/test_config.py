"""Settings: reading, changing, overriding in a block and a thread, environment."""

import threading

import pytest

from funcgrad.config import (
    Config,
    check_index,
    config,
    debug_infs,
    debug_nans,
    disable_jit,
    enable_checks,
    initial_values,
    log_compiles,
    override,
)
from funcgrad.errors import ConfigError
from funcgrad.settings import SETTINGS

CONTEXT_MANAGERS = {
    "debug_nans": debug_nans,
    "debug_infs": debug_infs,
    "disable_jit": disable_jit,
    "check_index": check_index,
    "enable_checks": enable_checks,
    "log_compiles": log_compiles,
}


@pytest.fixture(autouse=True)
def restored():
    before = config.values()
    yield
    for name, value in before.items():
        config.update(name, value)


def test_every_setting_is_an_annotated_attribute():
    assert set(Config.__annotations__) == set(SETTINGS)
    assert set(config.values()) == set(SETTINGS)


def test_update_is_seen_by_all_threads():
    config.update("debug_nans", True)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(config.debug_nans))
    thread.start()
    thread.join()
    assert config.debug_nans is True
    assert seen == [True]


def test_override_is_seen_by_its_own_thread_only():
    seen = []
    with override("threads", 3):
        thread = threading.Thread(target=lambda: seen.append(config.threads))
        thread.start()
        thread.join()
        assert config.threads == 3
    assert seen == [0]
    assert config.threads == 0


def test_update_inside_a_block_waits_for_its_end():
    with override("threads", 3):
        config.update("threads", 5)
        assert config.threads == 3
    assert config.threads == 5


@pytest.mark.parametrize("name", CONTEXT_MANAGERS)
def test_context_managers_nest_and_restore(name):
    manager = CONTEXT_MANAGERS[name]
    with manager():
        assert getattr(config, name) is True
        with manager(False):
            assert getattr(config, name) is False
        assert getattr(config, name) is True
    assert getattr(config, name) is False


def test_an_exception_restores_too():
    with pytest.raises(KeyError), debug_nans(True):
        raise KeyError
    assert config.debug_nans is False


def test_names_of_jax_are_understood():
    assert config.jax_enable_x64 is True
    config.update("jax_debug_nans", True)
    assert config.debug_nans is True
    assert config.jax_debug_nans is True


def test_assignment_is_an_update():
    config.check_index = True
    assert Config.check_index is True


def test_trace_key_changes_with_what_compiled_code_depends_on():
    keys = {config.trace_key}
    for name in ("check_index", "debug_nans", "debug_infs"):
        with override(name, True):
            keys.add(config.trace_key)
    assert len(keys) == 4


def test_unknown_setting():
    with pytest.raises(ConfigError, match="there is no setting `debug_nan`") as caught:
        config.update("debug_nan", True)
    assert "debug_nans" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("debug_nans", 1),
        ("debug_nans", "yes"),
        ("threads", -1),
        ("threads", True),
        ("threads", 2.0),
        ("compilation_cache_dir", ""),
        ("enable_x64", False),
    ],
)
def test_wrong_value(name, value):
    before = getattr(config, name)
    with pytest.raises(ConfigError, match=f"`{name}` cannot be"):
        config.update(name, value)
    with pytest.raises(ConfigError), override(name, value):
        pass
    assert getattr(config, name) == before


def test_environment():
    values = initial_values(
        {
            "FUNCGRAD_DEBUG_NANS": "1",
            "FUNCGRAD_THREADS": "4",
            "FUNCGRAD_COMPILATION_CACHE_DIR": "/var/cache",
            "FUNCGRAD_ENABLE_COMPILATION_CACHE": "Off",
            "DEBUG_INFS": "1",
        }
    )
    assert values["debug_nans"] is True
    assert values["debug_infs"] is False
    assert values["threads"] == 4
    assert values["compilation_cache_dir"] == "/var/cache"
    assert values["enable_compilation_cache"] is False


@pytest.mark.parametrize(
    "environment",
    [{"FUNCGRAD_DEBUG_NANS": "maybe"}, {"FUNCGRAD_THREADS": "many"}],
)
def test_unreadable_environment(environment):
    (variable,) = environment
    with pytest.raises(ConfigError, match=variable):
        initial_values(environment)


def test_environment_value_out_of_range():
    with pytest.raises(ConfigError, match="`threads` cannot be -2"):
        initial_values({"FUNCGRAD_THREADS": "-2"})


def test_repr_lists_every_setting():
    assert all(f"{name} = " in repr(config) for name in SETTINGS)


def test_attribute_that_does_not_exist():
    with pytest.raises(AttributeError):
        config.no_such_setting
