"""
What this sweep adds to PySR in Julia: an objective, a look at the populations, and compiled code for both.

`make julia` adds this package to PySR's own Julia project and precompiles it once; every later process loads it.
"""
module CftsrSearch

using PrecompileTools: @compile_workload
using SymbolicRegression: SymbolicRegression, Dataset, eval_tree_array, string_tree

# A spread of predictions below so many roundings of their size is noise. As in cftsr/engines/scaling.py.
const ROUNDINGS = 64

"""
    scaled_error(prediction, target)

The mean squared error of `scale * prediction + offset` for the best scale and offset; `Inf` where a prediction is not
finite.

A search minimises whatever it is given, so three ways to fool this loss are closed. Predictions that are constant up to
rounding, or so small that they have lost their digits, count as constant: their loss is the target's variance.
Predictions that are large are divided by the largest before they are squared, so that nothing overflows. All sums are
in Float64. Its twin in Python is `best_scaling` in cftsr/engines/scaling.py.
"""
function scaled_error(prediction::AbstractVector{T}, target::AbstractVector) where {T<:AbstractFloat}
    n = length(prediction)
    largest = 0.0
    for p in prediction
        isfinite(p) || return Inf
        largest = max(largest, abs(Float64(p)))
    end
    target_mean = 0.0
    for y in target
        target_mean += Float64(y)
    end
    target_mean /= n
    constant_loss = 0.0
    for y in target
        constant_loss += (Float64(y) - target_mean)^2
    end
    constant_loss /= n
    largest < ROUNDINGS * Float64(floatmin(T)) && return constant_loss
    unit = 1 / largest
    mean = 0.0
    for p in prediction
        mean += Float64(p) * unit
    end
    mean /= n
    squares, products = 0.0, 0.0
    @inbounds for i in eachindex(prediction, target)
        spread = Float64(prediction[i]) * unit - mean
        squares += spread^2
        products += spread * (Float64(target[i]) - target_mean)
    end
    squares <= n * (ROUNDINGS * Float64(eps(T)))^2 && return constant_loss
    slope = products / squares
    loss = 0.0
    @inbounds for i in eachindex(prediction, target)
        spread = Float64(prediction[i]) * unit - mean
        loss += (Float64(target[i]) - target_mean - slope * spread)^2
    end
    return loss / n
end

"""
    scaled_loss(tree, dataset, options)

`scaled_error` of a tree, as PySR's `loss_function`.
"""
function scaled_loss(tree, dataset::Dataset{T,L}, options)::L where {T,L}
    prediction, complete = eval_tree_array(tree, dataset.X, options)
    complete || return L(Inf)
    return L(scaled_error(prediction, dataset.y))
end

members_of(population::SymbolicRegression.Population) = population.members
members_of(populations) = mapreduce(members_of, vcat, populations)

"""
    best_members(state, options, names, count)

The best `count` distinct equations of the populations in a saved state, smallest loss first, as text.
"""
function best_members(state, options, names, count)
    variable_names = [String(name) for name in names]
    members = sort(members_of(state[1]); by=member -> (isnan(member.loss) ? Inf : member.loss, member.birth))
    texts = String[]
    seen = Set{String}()
    for member in members
        length(texts) >= count && break
        text = string_tree(member.tree, options; variable_names, pretty=false)
        text in seen && continue
        push!(seen, text)
        push!(texts, text)
    end
    return texts
end

# What tiny fits by PySR compiled, written down by `make julia`: compiled here once, and kept in the package's image. A
# statement that another version cannot compile is passed over. Those on Python's side need Python: they are compiled in
# an extension, ext/CftsrSearchPythonCallExt.jl.
const STATEMENTS = joinpath(@__DIR__, "statements.jl")
include_dependency(STATEMENTS)

module Names end

"""
    compile_statements(names)

Compile the statements with the names of all loaded packages put into the module `names`; how many could be compiled.
"""
function compile_statements(names::Module)
    for (id, loaded) in Base.loaded_modules
        Core.eval(names, :(const $(Symbol(id.name)) = $loaded))
    end
    compiled = 0
    for line in eachline(STATEMENTS)
        try
            compiled += Core.eval(names, Meta.parse(line)) === true
        catch
        end
    end
    return compiled
end

Core.eval(Names, :(const CftsrSearch = $(@__MODULE__)))
@compile_workload compile_statements(Names)

end
