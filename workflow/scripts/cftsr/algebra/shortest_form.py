"""Print an exact rational function with few nodes.

A formula has many equal forms; which is shortest is not decided by one rule (3*k/(k+2) is factored,
13-6*(p/q+q/p) is not). Several are built, each by an exact identity, and the one with the fewest nodes is kept:

- factored: constant * factors / factors
- a polynomial as a sum, with common constants and labels taken out of groups of terms
- a product of two factors u*w of equal degree as square((u+w)/2) - square((u-w)/2), where `square` is allowed
- a quotient by a monomial term by term: ratios such as p/q
- quotient and remainder, or a rational constant taken out: a + b/q
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from cftsr.algebra import polynomials as poly
from cftsr.algebra.expressions import Expression, binary, constant, square, variable
from cftsr.algebra.polynomials import Exponents, Polynomial
from cftsr.algebra.rational_function import RationalFunction

# Sums of more terms are printed as they stand: the search for common factors is exponential.
MAX_GROUPED_TERMS = 12
LONG_SUM = 40  # terms of a sum that is printed without brackets

Term = tuple[Exponents, Fraction]  # of a Laurent polynomial: exponents may be negative
Terms = tuple[Term, ...]


def shortest(function: RationalFunction, labels: tuple[str, ...], unary_operators: Iterable[str] = ()) -> Expression:
    """The shortest of the forms of a function in lowest terms.

    Equal node counts keep the earlier form in the list above.
    """
    return _Printer(labels, "square" in set(unary_operators)).quotient(*function)


def _shortest(candidates: list[Expression]) -> Expression:
    return min(candidates, key=lambda expression: expression.complexity)


class _Printer:
    def __init__(self, labels: tuple[str, ...], squares: bool):
        self.labels, self.squares = labels, squares
        self.sum_of_terms = lru_cache(maxsize=None)(self._sum_of_terms)

    def quotient(self, numerator: Polynomial, denominator: Polynomial) -> Expression:
        if not numerator:
            return constant(0)
        candidates = [self._factored_quotient(numerator, denominator)]
        if len(denominator) == 1:
            ((exponents, coefficient),) = denominator.items()
            candidates.append(
                self.sum_of_terms(
                    _terms(
                        {
                            tuple(a - b for a, b in zip(powers, exponents, strict=True)): Fraction(value, coefficient)
                            for powers, value in numerator.items()
                        }
                    )
                )
            )
        else:
            whole, rest = poly.divide_with_remainder(numerator, denominator)
            if whole and rest:
                # whole*denominator + rest = numerator exactly, so this is an identity over the rationals.
                fraction = self._factored_quotient(*RationalFunction(rest, denominator).cancelled())
                candidates.append(_plus(self.polynomial(whole), fraction))
        candidates += self._without_a_constant(numerator, denominator)
        return _shortest(candidates)

    def _without_a_constant(self, numerator: Polynomial, denominator: Polynomial) -> Iterator[Expression]:
        """value + rest/denominator, for each rational constant that removes a monomial of the denominator above it."""
        for value in {Fraction(numerator.get(key, 0), scale) for key, scale in denominator.items()}:
            scaled = poly.multiply(numerator, {(0,) * len(self.labels): value.denominator})
            rest = poly.add(scaled, denominator, -value.numerator)
            if value and rest:
                below = poly.multiply(denominator, {(0,) * len(self.labels): value.denominator})
                term = _scaled(abs(value.numerator), value.denominator, [], [])
                fraction = self._factored_quotient(*RationalFunction(rest, below).cancelled())
                if value > 0:
                    yield _plus(term, fraction)
                else:
                    yield binary("-", fraction, term)

    def polynomial(self, polynomial: Polynomial) -> Expression:
        candidates = [self._product(polynomial)]
        candidates.append(self.sum_of_terms(_terms({key: Fraction(value) for key, value in polynomial.items()})))
        return _shortest(candidates)

    # ---- products and quotients of factors

    def _factors(self, polynomial: Polynomial) -> tuple[int, list[Expression]]:
        """The constant, and the printed factors without it."""
        unit, factors = poly.factorise(polynomial)
        printed = [self._power(self._sum(factor), power) for factor, power in factors]
        if self.squares:
            for i, (first, power) in enumerate(factors):
                for j, (second, other) in enumerate(factors[:i]):
                    if power == other == 1 and _degree(first) == _degree(second) > 0:
                        pair = self._difference_of_squares(first, second)
                        if pair is not None and pair.complexity < printed[i].complexity + printed[j].complexity + 1:
                            return unit, [pair, *(base for k, base in enumerate(printed) if k not in (i, j))]
        return unit, printed

    def _difference_of_squares(self, first: Polynomial, second: Polynomial) -> Expression | None:
        """first*second as square(a) - square(b), or None where a or b would not have integer coefficients."""
        plus, minus = poly.add(first, second), poly.add(first, second, -1)
        if not plus or not minus or any(value % 2 for part in (plus, minus) for value in part.values()):
            return None
        half_sum, half_difference = poly.divide_constant(plus, 2), poly.divide_constant(minus, 2)
        return binary("-", self._square(half_sum), self._square(half_difference))

    def _square(self, polynomial: Polynomial) -> Expression:
        if _degree(polynomial) == 0:  # a number, and its square is one
            (value,) = polynomial.values()
            return constant(value * value)
        if poly.content(polynomial) < 0:
            polynomial = poly.divide_constant(polynomial, -1)
        return square(self.polynomial(polynomial))

    def _power(self, base: Expression, power: int) -> Expression:
        if power == 1:
            return base
        if self.squares and power % 2 == 0:
            return square(self._power(base, power // 2))
        return binary("*", self._power(base, power - 1), base)

    def _sum(self, polynomial: Polynomial) -> Expression:
        """An irreducible factor."""
        return self.sum_of_terms(_terms({key: Fraction(value) for key, value in polynomial.items()}))

    def _product(self, polynomial: Polynomial) -> Expression:
        unit, factors = self._factors(polynomial)
        return _scaled(unit, 1, factors, [])

    def _factored_quotient(self, numerator: Polynomial, denominator: Polynomial) -> Expression:
        above, top = self._factors(numerator)
        below, bottom = self._factors(denominator)
        common = gcd(above, below)
        # A unit may also be swallowed by the polynomial: 2*(k+1) or 2*k+2.
        factored = _scaled(above // common, below // common, top, bottom)
        plain = _scaled(1, 1, [self.polynomial(numerator)], [self.polynomial(denominator)])
        return _shortest([factored, plain])

    # ---- sums of terms

    def _sum_of_terms(self, terms: Terms) -> Expression:
        if len(terms) == 1:
            return self._term(*terms[0])
        candidates = [self._plain_sum(terms)]
        if len(terms) <= MAX_GROUPED_TERMS:
            scale, primitive = _primitive(terms)
            if scale != 1:
                candidates.append(_times_constant(scale, self.sum_of_terms(primitive)))
            for factor, inside, outside in self._groupings(terms):
                group = self._times_term(factor, self.sum_of_terms(inside))
                candidates.append(_plus(self.sum_of_terms(outside), group) if outside else group)
        return _shortest(candidates)

    def _groupings(self, terms: Terms) -> Iterator[tuple[Term, Terms, Terms]]:
        """(factor, terms divided by it, other terms): each way to take a constant or a label out of >= 2 terms."""
        zero = (0,) * len(self.labels)
        magnitudes = sorted({abs(value) for _, value in terms if abs(value) != 1})
        for magnitude in magnitudes:
            inside = [(powers, value) for powers, value in terms if abs(value) == magnitude]
            if len(inside) >= 2:
                sign = -1 if all(value < 0 for _, value in inside) else 1
                outside = tuple(term for term in terms if term not in inside)
                divided = {powers: value / (sign * magnitude) for powers, value in inside}
                yield (zero, sign * magnitude), _terms(divided), outside
        for column in range(len(self.labels)):
            for direction in (1, -1):
                inside = [term for term in terms if term[0][column] * direction > 0]
                if len(inside) >= 2:
                    outside = tuple(term for term in terms if term not in inside)
                    factor = tuple(direction if i == column else 0 for i in range(len(self.labels)))
                    sign = -1 if all(value < 0 for _, value in inside) else 1
                    divided = {
                        tuple(a - b for a, b in zip(powers, factor, strict=True)): sign * value
                        for powers, value in inside
                    }
                    yield (factor, Fraction(sign)), _terms(divided), outside

    def _times_term(self, factor: Term, body: Expression) -> Expression:
        powers, value = factor
        above = [variable(name) for name, power in zip(self.labels, powers, strict=True) for _ in range(power)]
        below = [variable(name) for name, power in zip(self.labels, powers, strict=True) for _ in range(-power)]
        return _scaled(value.numerator, value.denominator, [*above, body], below)

    def _term(self, powers: tuple[int, ...], value: Fraction) -> Expression:
        above: list[Expression] = []
        below: list[Expression] = []
        for name, power in zip(self.labels, powers, strict=True):
            if power:
                (above if power > 0 else below).append(self._power(variable(name), abs(power)))
        return _scaled(value.numerator, value.denominator, above, below)

    def _plain_sum(self, terms: Terms) -> Expression:
        return self._in_order(sorted(terms, key=lambda term: (term[1] < 0, [-power for power in term[0]])))

    def _in_order(self, terms: list[Term]) -> Expression:
        """The sum of terms in this order. A long one is halved, so that no tree is deeper than Python can go."""
        if len(terms) > LONG_SUM:
            middle = len(terms) // 2
            left, right = terms[:middle], terms[middle:]
            if right[0][1] < 0:
                return binary("-", self._in_order(left), self._in_order([(key, -value) for key, value in right]))
            return binary("+", self._in_order(left), self._in_order(right))
        total = self._term(*terms[0])
        for powers, value in terms[1:]:
            term = self._term(powers, abs(value))
            total = binary("-" if value < 0 else "+", total, term)
        return total


def _terms(terms: dict[tuple[int, ...], Fraction]) -> Terms:
    return tuple(sorted((key, value) for key, value in terms.items() if value))


def _primitive(terms: Terms) -> tuple[Fraction, Terms]:
    """The rational content, negative when every coefficient is, and the terms without it."""
    scale = Fraction(gcd(*(value.numerator for _, value in terms)), lcm(*(value.denominator for _, value in terms)))
    if all(value < 0 for _, value in terms):
        scale = -scale
    return scale, tuple((powers, value / scale) for powers, value in terms)


def _degree(polynomial: Polynomial) -> int:
    return max(sum(powers) for powers in polynomial)


def _plus(left: Expression, right: Expression) -> Expression:
    """left + right, with a leading negative constant of the right operand turned into a minus."""
    flipped = _negated(right)
    return binary("+", left, right) if flipped is None else binary("-", left, flipped)


def _negated(expression: Expression) -> Expression | None:
    """-expression at no more nodes: a constant's sign changed, a difference turned round; None where there is none."""
    if expression.kind == "constant":
        return constant(-expression.value) if expression.value < 0 else None
    if expression.kind == "-":
        left, right = expression.arguments
        return binary("-", right, left)
    if expression.kind in "*/":
        left, right = expression.arguments
        if left == constant(-1) and expression.kind == "*":
            return right
        if (negated := _negated(left)) is not None:
            return binary(expression.kind, negated, right)
        return None if (negated := _negated(right)) is None else binary(expression.kind, left, negated)
    if expression.kind == "neg":
        return expression.arguments[0]
    return None


def _times_constant(scale: Fraction, body: Expression) -> Expression:
    return _scaled(scale.numerator, scale.denominator, [body], [])


def _product_of(factors: list[Expression]) -> Expression:
    total = factors[0]
    for factor in factors[1:]:
        total = binary("*", total, factor)
    return total


def _scaled(above: int, below: int, top: list[Expression], bottom: list[Expression]) -> Expression:
    """(above/below) * product(top) / product(bottom), constants written only where they are not 1."""
    if below < 0:
        above, below = -above, -below
    top, bottom = list(top), list(bottom)
    if above < 0:
        # A difference among the factors takes the sign for nothing.
        for factors in (top, bottom):
            for index, factor in enumerate(factors):
                if factor.kind == "-" and (turned := _negated(factor)) is not None:
                    factors[index] = turned
                    return _scaled(-above, below, top, bottom)
    top = [constant(above), *top] if above != 1 or not top else top
    bottom = [constant(below), *bottom] if below != 1 else bottom
    return binary("/", _product_of(top), _product_of(bottom)) if bottom else _product_of(top)
