; The captures are explained in rust.scm.

(decorated_definition (class_definition name: (_) @name body: (_) @body)) @decl.class
(decorated_definition (function_definition name: (_) @name body: (_) @body)) @decl.function
(class_definition name: (_) @name body: (_) @body) @decl.class
(function_definition name: (_) @name body: (_) @body) @decl.function
(type_alias_statement left: (type (identifier) @name)) @decl.type
(assignment left: (identifier) @name) @decl.variable
(assignment left: (pattern_list (identifier) @name)) @decl.variable

(parameters (identifier) @param)
(lambda_parameters (identifier) @param)
[(default_parameter name: (identifier) @param) (typed_default_parameter name: (_) @param)]
(typed_parameter (identifier) @param)
[(list_splat_pattern (identifier) @param) (dictionary_splat_pattern (identifier) @param)]
(tuple_pattern (identifier) @local)
(for_statement left: [(identifier) @local (pattern_list (identifier) @local)])
(for_in_clause left: [(identifier) @local (pattern_list (identifier) @local)])
(as_pattern_target (identifier) @local)
(case_pattern (dotted_name . (identifier) @local .))
(named_expression name: (identifier) @name) @local

(import_statement name: [(dotted_name) @path (aliased_import name: (_) @path)]) @import
(import_from_statement module_name: (_) @path) @import
(future_import_statement "__future__" @path) @import
(import_statement name: (dotted_name . (identifier) @imported))
(import_from_statement name: (dotted_name (identifier) @imported))
(import_statement name: (aliased_import name: (_) @name alias: (_) @alias) @imported)
(import_from_statement name: (aliased_import name: (_) @name alias: (_) @alias) @imported)

(call function: [(identifier) @name (attribute attribute: (_) @name)]) @call

[
  (lambda) (list_comprehension) (set_comprehension) (dictionary_comprehension)
  (generator_expression)
] @scope
(block) @block

(module (_) @statement)
(block (_) @statement)

(comment) @comment
(string) @string
(interpolation) @code

; What declarations say of themselves.
(decorator) @annotation
(class_definition superclasses: (argument_list [(identifier) (attribute) (subscript) (call)] @supertype))
(parameters [
  (identifier) (list_splat_pattern) (dictionary_splat_pattern) (keyword_separator)
  (positional_separator)
] @parameter)
(parameters (default_parameter name: (_) @name) @parameter)
(parameters (typed_parameter . (_) @name type: (_) @type) @parameter)
(parameters (typed_default_parameter name: (_) @name type: (_) @type) @parameter)
(function_definition return_type: (_) @gives)
(assignment type: (_) @gives)
