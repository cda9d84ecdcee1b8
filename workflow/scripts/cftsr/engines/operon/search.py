"""One run of genetic programming with pyoperon (NSGA-II on error and length), on its low-level interface.

pyoperon keeps bare pointers to the Python objects it is given, so every one of them is an attribute here: an inline
`RankSorter()`, say, is freed while it is in use and the process crashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyoperon as operon

from cftsr.algebra.expressions import Expression, binary, constant, square
from cftsr.engines.schedule import Inputs

UNLIMITED = 10**12
OBJECTIVES = {"r2": operon.R2, "mae": operon.MAE, "mse": operon.MSE}


@dataclass(frozen=True)
class RunOptions:
    """What one run does. Every bound is an amount of work, so that the result does not depend on the machine's speed.

    rows              rows sampled from the data; few rows buy many generations
    band              quantiles of the target between which they are sampled: a few extreme rows otherwise drown the
                      terms that make up the rest
    inputs            the labels, and what is offered with them
    real_constants    False: no constants but the integer columns, and every weight is 1
    local_iterations  Levenberg-Marquardt steps an individual
    """

    population: int
    generations: int
    rows: int
    band: tuple[float, float]
    objective: str
    inputs: Inputs
    max_length: int
    max_depth: int
    tournament: int
    mutation: float
    local_iterations: int
    real_constants: bool


@dataclass(frozen=True)
class Member:
    """An equation of the last population: its error on the sample, its length, and the tree up to scale and offset."""

    error: float
    length: int
    expression: Expression
    scale: float
    offset: float


class Run:
    """One genetic-programming run on a sample of the rows.

    columns   what `input_columns` returned for the sampled rows
    target    float64, shape (rows,)
    squares   whether square(.) may be used
    """

    def __init__(
        self,
        columns: list[tuple[Expression, np.ndarray]],
        target: np.ndarray,
        squares: bool,
        options: RunOptions,
        seed: int,
    ):
        kinds = operon.NodeType
        self.options = options
        self.table = np.asfortranarray(np.column_stack([value for _, value in columns] + [target]))
        self.dataset = operon.Dataset(self.table)
        variables = sorted(self.dataset.Variables, key=lambda variable: variable.Index)
        self.inputs = [variable.Hash for variable in variables[:-1]]
        self.printed = {variable.Hash: column[0] for variable, column in zip(variables[:-1], columns, strict=True)}
        self.problem = operon.Problem(self.dataset)
        self.range = operon.Range(0, len(target))
        self.problem.TrainingRange = self.range
        self.problem.TestRange = operon.Range(len(target) - 1, len(target))
        self.problem.Target = variables[-1]
        self.problem.InputHashes = self.inputs
        symbols = kinds.Add | kinds.Sub | kinds.Mul | kinds.Div | kinds.Variable
        if options.real_constants:
            symbols |= kinds.Constant
        if squares:
            symbols |= kinds.Square
        self.problem.ConfigurePrimitiveSet(symbols)
        self.primitives = self.problem.PrimitiveSet
        self._set_up_constants()
        self._set_up_errors()
        self._set_up_variation()
        self.config = operon.GeneticAlgorithmConfig(
            generations=options.generations,
            max_evaluations=UNLIMITED,
            local_iterations=self.iterations,
            population_size=options.population,
            pool_size=options.population,
            p_crossover=1.0,
            p_mutation=options.mutation,
            p_local=1.0,
            p_lamarck=1.0,
            epsilon=0.0,
            seed=seed,
        )
        self.sorter = operon.RankSorter()
        self.algorithm = operon.NSGA2Algorithm(
            self.config, self.problem, self.initializer, self.coefficients, self.generator, self.reinserter, self.sorter
        )
        self.random = operon.RandomGenerator(np.uint64(seed))
        self.algorithm.Run(self.random, None, 1, False)

    def _set_up_constants(self) -> None:
        # Operon gives every variable a weight; without real constants that weight is always 1.
        if self.options.real_constants:
            self.coefficients = operon.NormalCoefficientInitializer()
            self.coefficients.ParameterizeDistribution(0, 1)
        else:
            self.coefficients = operon.UniformIntCoefficientAnalyzer()
            self.coefficients.ParameterizeDistribution(1, 1)
        self.iterations = self.options.local_iterations if self.options.real_constants else 0
        self.dispatch = operon.DispatchTable()
        self.optimizer = operon.LMOptimizer(self.dispatch, self.problem, self.iterations, 0)
        self.local_search = operon.CoefficientOptimizer(self.optimizer)

    def _set_up_errors(self) -> None:
        self.metric = OBJECTIVES[self.options.objective]()
        self.error = operon.Evaluator(self.problem, self.dispatch, self.metric, True)  # up to scale and offset
        self.length = operon.LengthEvaluator(self.problem)
        self.evaluator = operon.MultiEvaluator(self.problem)
        for evaluator in (self.error, self.length, self.evaluator):
            evaluator.Budget = UNLIMITED
        self.evaluator.Add(self.error)
        self.evaluator.Add(self.length)

    def _set_up_variation(self) -> None:
        depth, length = self.options.max_depth, self.options.max_length
        self.creator = operon.BalancedTreeCreator(self.primitives, self.inputs, 0.0)
        self.comparison = operon.CrowdedComparison()
        self.female, self.male = (operon.TournamentSelector(self.comparison) for _ in range(2))
        self.female.TournamentSize = self.male.TournamentSize = self.options.tournament
        self.crossover = operon.SubtreeCrossover(0.9, depth, length)
        # A set of our own: the default of symbolic mode injects constants such as 1/pi.
        self.mutations = [
            operon.ChangeVariableMutation(self.inputs),
            operon.ChangeFunctionMutation(self.primitives),
            operon.ReplaceSubtreeMutation(self.creator, self.coefficients, depth, length),
            operon.InsertSubtreeMutation(self.creator, self.coefficients, depth, length),
            operon.RemoveSubtreeMutation(self.primitives),
        ]
        if self.options.real_constants:
            for kind in (operon.NormalOnePointMutation, operon.NormalMultiPointMutation):
                mutation = kind()
                mutation.ParameterizeDistribution(0, 1)
                self.mutations.append(mutation)
        self.mutation = operon.MultiMutation()
        for mutation in self.mutations:
            self.mutation.Add(mutation, 1.0)
        self.generator = operon.BasicOffspringGenerator(
            self.evaluator, self.crossover, self.mutation, self.female, self.male, self.local_search
        )
        self.reinserter = operon.KeepBestReinserter(self.comparison)
        self.initializer = operon.UniformLengthTreeInitializer(self.creator)
        self.initializer.ParameterizeDistribution(2, min(10, length))
        self.initializer.MinDepth, self.initializer.MaxDepth = 1, 1000

    @property
    def evaluations(self) -> int:
        """Evaluations of residuals and of Jacobians over the sample."""
        return int(self.error.ResidualEvaluations + self.error.JacobianEvaluations)

    def members(self) -> list[Member]:
        """The distinct equations of the last population and front, smallest error first."""
        by_text: dict[str, tuple] = {}
        for individual in chain(self.algorithm.BestFront, self.algorithm.Individuals):
            error, length = float(individual.GetFitness(0)), int(individual.GetFitness(1))
            if np.isfinite(error):
                expression = self._expression(individual.Genotype)
                by_text.setdefault(str(expression), (error, length, expression, individual.Genotype))
        members = []
        for _, (error, length, expression, tree) in sorted(
            by_text.items(), key=lambda entry: (*entry[1][:2], entry[0])
        ):
            values = operon.Evaluate(self.dispatch, tree, self.dataset, self.range)
            scale, offset = operon.FitLeastSquares(values, self.table[:, -1].astype(np.float32))
            members.append(Member(error, length, expression, float(scale), float(offset)))
        return members

    def _expression(self, tree: operon.Tree) -> Expression:
        """The tree of a genotype, from its postfix nodes: an operator's first argument is the nearest one."""
        kinds, stack = operon.NodeType, []
        operators = {kinds.Add: "+", kinds.Sub: "-", kinds.Mul: "*", kinds.Div: "/"}
        for node in tree.Nodes:
            if node.Type == kinds.Constant:
                stack.append(constant(float(node.Value)))
            elif node.Type == kinds.Variable:
                column, weight = self.printed[node.HashValue], float(node.Value)
                stack.append(column if weight == 1 else binary("*", constant(weight), column))
            elif node.Type == kinds.Square:
                stack.append(square(stack.pop()))
            else:
                first, second = stack.pop(), stack.pop()
                stack.append(binary(operators[node.Type], first, second))
        return stack.pop()
