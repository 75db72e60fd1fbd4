"""Expression policies: the few words of authentik's Python that ours are written in, and nothing else."""

from __future__ import annotations

import ast
import textwrap


class ExpressionError(Exception):
    """The expression can't be evaluated: the binding's `failure_result` decides."""


def evaluate(expression: str, groups: tuple[str, ...]) -> bool:
    """Return what an expression says of a member of `groups`; one that returns nothing says no.

    Raises:
        ExpressionError: it is no Python, or uses more than `if`, `return`, `and`, `or`, `not`, constants,
            `ak_message(…)` and `ak_is_group_member(request.user, name="…")`.

    """
    try:
        tree = ast.parse("def policy():\n" + textwrap.indent(expression, "    "))
    except SyntaxError as error:
        raise ExpressionError(str(error)) from error
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef):
        raise ExpressionError(expression)
    return bool(_run(function.body, groups))


def _run(statements: list[ast.stmt], groups: tuple[str, ...]) -> object:
    for statement in statements:
        match statement:
            case ast.Return(value=None):
                return False
            case ast.Return(value=ast.expr() as value):
                return _value(value, groups)
            case ast.If():
                branch = statement.body if _value(statement.test, groups) else statement.orelse
                result = _run(branch, groups)
                if result is not None:
                    return result
            case ast.Expr(value=ast.Call(func=ast.Name(id="ak_message"))):
                continue
            case _:
                raise ExpressionError(ast.unparse(statement))
    return None


def _value(node: ast.expr, groups: tuple[str, ...]) -> bool:
    match node:
        case ast.Constant(value=bool() as value):
            return value
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, groups)
        case ast.BoolOp(op=ast.And()):
            return all(_value(value, groups) for value in node.values)
        case ast.BoolOp(op=ast.Or()):
            return any(_value(value, groups) for value in node.values)
        case ast.Call(
            func=ast.Name(id="ak_is_group_member"),
            args=[ast.Attribute(value=ast.Name(id="request"), attr="user")],
            keywords=[ast.keyword(arg="name", value=ast.Constant(value=str() as name))],
        ):
            return name in groups
        case _:
            raise ExpressionError(ast.unparse(node))
