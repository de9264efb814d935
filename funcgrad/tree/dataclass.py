"""Dataclasses as containers: some fields are children, the others structure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from funcgrad.deferred import deferred_module
from funcgrad.errors import TreeRegistrationError, message
from funcgrad.tree.keys import GetAttrKey
from funcgrad.tree.node_type import NodeType
from funcgrad.tree.registry import register_node_type, show_custom

if TYPE_CHECKING:
    import dataclasses
else:
    dataclasses = deferred_module("dataclasses")

C = TypeVar("C", bound=type)


def static(**kwargs: Any) -> Any:
    """A dataclass field that is structure and not a child.

    Parameters
    ----------
    **kwargs
        As for `dataclasses.field`.

    Returns
    -------
    dataclasses.Field

    Examples
    --------
    >>> @register_dataclass
    ... @dataclasses.dataclass
    ... class Power:
    ...     base: float
    ...     exponent: int = static(default=2)
    >>> from funcgrad import tree
    >>> tree.leaves(Power(3.0))
    [3.0]
    """
    metadata = {**(kwargs.pop("metadata", None) or {}), "static": True}
    return dataclasses.field(**kwargs, metadata=metadata)


def register_dataclass(
    nodetype: C,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> C:
    """Make a dataclass a container.

    Parameters
    ----------
    nodetype : type
        A dataclass, or any class whose constructor takes the fields by keyword.
    data_fields : sequence of str, optional
        Fields that are children; by default all but those made by `static`.
    meta_fields : sequence of str, optional
        Fields that are structure: compared and hashed. Given if and only if
        ``data_fields`` is.
    drop_fields : sequence of str
        Fields of the dataclass that are left to their defaults.

    Returns
    -------
    type
        ``nodetype`` itself, so that it serves as a decorator.

    Raises
    ------
    TreeRegistrationError
        If the fields are not those of the dataclass, or it is registered already.

    Examples
    --------
    >>> @register_dataclass
    ... @dataclasses.dataclass
    ... class Line:
    ...     slope: float
    ...     offset: float
    >>> from funcgrad import tree
    >>> tree.map(lambda x: 2 * x, Line(1.0, 3.0))
    Line(slope=2.0, offset=6.0)
    """
    if (data_fields is None) != (meta_fields is None):
        raise TreeRegistrationError(
            message(
                "data_fields and meta_fields are given together or not at all.",
                got=f"data_fields={data_fields}, meta_fields={meta_fields}",
            )
        )
    if data_fields is None or meta_fields is None:
        data, meta = _default_fields(nodetype, drop_fields)
    else:
        data, meta = tuple(data_fields), tuple(meta_fields)
        _check_fields(nodetype, data, meta, tuple(drop_fields))

    def flatten(value: Any) -> tuple[list[Any], Any]:
        children = [getattr(value, name) for name in data]
        return children, tuple([getattr(value, name) for name in meta])

    def unflatten(structure: tuple[Any, ...], children: list[Any]) -> Any:
        fields = dict(zip(meta, structure, strict=True))
        fields.update(zip(data, children, strict=True))
        return nodetype(**fields)

    register_node_type(
        NodeType(
            nodetype,
            flatten,
            unflatten,
            lambda _, count: [GetAttrKey(name) for name in data],
            show_custom(nodetype.__name__),
        )
    )
    return nodetype


def _default_fields(
    nodetype: type, dropped: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields that are children and those marked as static."""
    if not dataclasses.is_dataclass(nodetype):
        raise TreeRegistrationError(
            message(
                "the fields of a class that is not a dataclass are not known.",
                got=repr(nodetype),
                expected="a dataclass",
                fix="register_dataclass(cls, data_fields=[...], meta_fields=[...])",
            )
        )
    fields = [
        field
        for field in dataclasses.fields(nodetype)
        if field.init and field.name not in dropped
    ]
    is_static = {field.name: bool(field.metadata.get("static")) for field in fields}
    data = tuple([name for name, flag in is_static.items() if not flag])
    return data, tuple([name for name, flag in is_static.items() if flag])


def _check_fields(
    nodetype: type,
    data: tuple[str, ...],
    meta: tuple[str, ...],
    dropped: tuple[str, ...],
) -> None:
    if not dataclasses.is_dataclass(nodetype):
        return
    given = (*data, *meta)
    required = {field.name for field in dataclasses.fields(nodetype) if field.init}
    missing = sorted(required - set(given) - set(dropped))
    unknown = sorted(set(given) - required)
    twice = sorted({name for name in given if given.count(name) > 1})
    problems = {"missing": missing, "no field": unknown, "named twice": twice}
    found = [f"{what}: {', '.join(names)}" for what, names in problems.items() if names]
    if found:
        raise TreeRegistrationError(
            message(
                f"data_fields and meta_fields are not the fields of "
                f"`{nodetype.__name__}`.",
                got="; ".join(found),
                expected=", ".join(sorted(required)),
                fix="drop_fields=[...] for fields that keep their defaults",
            )
        )
