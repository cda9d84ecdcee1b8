"""
What PySR compiles on Python's side: loaded, and precompiled, where PythonCall is there too.
"""
module CftsrSearchPythonCallExt

using CftsrSearch: STATEMENTS, compile_statements
using PrecompileTools: @compile_workload
using PythonCall: PythonCall

include_dependency(STATEMENTS)

module Names end

@compile_workload compile_statements(Names)

end
