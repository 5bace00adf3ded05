"""From JSON to the types of the protocol and back, without guessing: 5 is no string, and "5" no number."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from typing import Any, get_origin

import cattrs
from cattrs.cols import list_structure_factory
from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException

from vizsla.lsp.envelopes import INVALID_PARAMS, Json, RefusedError

PLAIN = frozenset({types.WORKSPACE_DID_CHANGE_WATCHED_FILES})
"""Methods whose parameters are long at times and stay plain data: their handlers check them, off the loop."""

logger = logging.getLogger(__name__)


def strict_converter() -> cattrs.Converter:
    """A converter for the protocol's types that refuses a primitive of another kind instead of making it fit."""
    converter = cattrs.Converter()
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _only(kind))
    converter.register_structure_hook(float, _only(float, int))
    converter.register_structure_hook_factory(_is_array, _array)
    return converters.get_converter(converter)


def structure_params(converter: cattrs.Converter, method: str, params: object) -> Any:
    """Parameters as the protocol's type for them; as they came for methods in ``PLAIN`` and those of our own.

    Raises:
        RefusedError: they do not fit the type.
    """
    known: tuple[Any, ...] | None = types.METHOD_TO_TYPES.get(method)
    if known is None or method in PLAIN:
        return params
    if known[2] is None:
        return None
    try:
        return converter.structure(params, known[2])
    except Exception as error:  # cattrs and the hooks of lsprotocol raise all kinds, also AttributeError
        where = "; ".join(_reasons(error)[:3])
        raise RefusedError(INVALID_PARAMS, f"the parameters of '{method}' do not fit the protocol: {where}") from error


def structure_answer(converter: cattrs.Converter, message: Json, kind: type | None) -> Any:
    """The result in a client's answer to a request of ours.

    Args:
        converter: of the protocol's types.
        message: the answer.
        kind: the protocol's type of such an answer; None takes the result as it came.

    Raises:
        JsonRpcException: the client refused, or its answer does not fit the protocol.
    """
    try:
        if (error := message.get("error")) is not None:
            raise JsonRpcException.from_error(converter.structure(error, types.ResponseError))
        # Clients whose language has no null leave the result out.
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": message.get("result")}
        return converter.structure(answer, kind).result if kind else answer["result"]
    except JsonRpcException:
        raise
    except Exception as misfit:  # whoever asked looks out for one kind of error
        where = "; ".join(_reasons(misfit)[:3])
        raise JsonRpcException(f"the client's answer does not fit the protocol: {where}") from misfit


def structure_initialize(converter: cattrs.Converter, params: Json, encoding: str) -> types.InitializeParams:
    """Parameters of ``initialize`` that were answered already, less whatever of them does not fit the protocol.

    A client may be newer than the protocol that we know, and name capabilities in words that we have never heard.

    Args:
        converter: of the protocol's types.
        params: as the client sent them; ``check_initialize`` let them pass.
        encoding: of positions, as it was agreed on.
    """
    params = copy.deepcopy(params)
    try:
        structured = converter.structure(params, types.InitializeParams)
    except Exception as error:
        logger.warning("some of initialize does not fit the protocol and is left out: %s", "; ".join(_reasons(error)))
        kept = _fitting(converter, params, types.InitializeParams, keep=("capabilities",))
        kept["capabilities"] = _fitting(converter, params["capabilities"], types.ClientCapabilities)
        structured = converter.structure({"processId": None, **kept}, types.InitializeParams)
    general = structured.capabilities.general or types.GeneralClientCapabilities()
    general.position_encodings = [encoding]
    structured.capabilities.general = general
    return structured


def _fitting(converter: cattrs.Converter, values: Json, kind: type, keep: tuple[str, ...] = ()) -> Json:
    """Those of the values that fit their place one by one."""
    base: Json = {"processId": None, "capabilities": {}} if kind is types.InitializeParams else {}
    fitting = {}
    for name, value in values.items():
        try:
            converter.structure({**base, name: value}, kind)
        except Exception:
            if name not in keep:
                continue
        fitting[name] = value
    return fitting


def _only(*kinds: type) -> Any:
    def check(value: object, _: type) -> object:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError(f"need {kinds[0].__name__}, got {type(value).__name__}")
        return value

    return check


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is Sequence


def _array(kind: Any, converter: cattrs.Converter) -> Any:
    structure = list_structure_factory(kind, converter)

    def check(value: object, _: Any) -> object:
        if not isinstance(value, list):  # a text and an object can be gone through too
            raise TypeError(f"need array, got {type(value).__name__}")
        return structure(value, kind)

    return check


def _reasons(error: BaseException, where: str = "") -> list[str]:
    """What does not fit, and where; never the value, which may be source text."""
    inner = getattr(error, "exceptions", ())
    if not inner:
        told = type(error).__name__
        if isinstance(error, KeyError):
            told = "is missing"
        elif isinstance(error, TypeError) and str(error).startswith("need "):
            told = str(error)
        return [f"{where.lstrip('.') or 'params'}: {told}"]
    found = []
    for each in inner:
        notes = [note for note in getattr(each, "__notes__", ()) if hasattr(note, "name")]
        found += _reasons(each, f"{where}.{notes[0].name}" if notes else where)
    return found
