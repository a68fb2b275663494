; The captures are explained in rust.scm.

(function_declaration name: (_) @name body: (_)? @body) @decl.function
(method_declaration name: (_) @name body: (_)? @body) @decl.method
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @decl.class
(type_spec name: (_) @name type: (interface_type) @body) @decl.interface
(type_spec name: (_) @name) @decl.type
(type_alias name: (_) @name) @decl.type
(method_elem name: (_) @name) @decl.method
(field_declaration name: (_) @name) @decl.field
(const_spec name: (identifier) @name) @decl.constant
(var_spec name: (identifier) @name) @decl.variable

(parameter_declaration name: (identifier) @param)
(variadic_parameter_declaration name: (identifier) @param)
(range_clause left: (expression_list (identifier) @local))
(type_switch_statement alias: (expression_list (identifier) @local))
(receive_statement left: (expression_list (identifier) @local))
(short_var_declaration left: (expression_list (identifier) @name)) @local

(import_spec path: (_) @path) @import
(import_spec name: (package_identifier)? @alias path: (_) @name) @imported

(call_expression function: [
  (identifier) @name
  (selector_expression field: (_) @name)
]) @call
(composite_literal type: [(type_identifier) @name (qualified_type name: (_) @name)]) @call

[
  (func_literal) (for_statement) (if_statement) (expression_switch_statement)
  (type_switch_statement) (select_statement) (expression_case) (type_case) (default_case)
  (communication_case)
] @scope
(block) @block @scope
[
  (field_declaration_list) (interface_type) (literal_value) (expression_switch_statement)
  (type_switch_statement) (select_statement)
] @block

(source_file (_) @statement)
(statement_list (_) @statement)
(field_declaration_list (_) @statement)
(method_elem) @statement

(comment) @comment
[(interpreted_string_literal) (raw_string_literal) (rune_literal)] @string

; What declarations say of themselves.
(package_clause (_) @package)
(type_spec type: (struct_type (field_declaration_list (field_declaration !name type: (_) @supertype))))
(type_spec type: (interface_type (type_elem (_) @supertype)))
(method_declaration receiver: (parameter_list (parameter_declaration type: (_) @receiver)))
(function_declaration
  parameters: (parameter_list [
    (parameter_declaration name: (_)? @name type: (_) @type) @parameter
    (variadic_parameter_declaration name: (_)? @name) @parameter
  ]))
(method_declaration
  parameters: (parameter_list [
    (parameter_declaration name: (_)? @name type: (_) @type) @parameter
    (variadic_parameter_declaration name: (_)? @name) @parameter
  ]))
(method_elem
  parameters: (parameter_list [
    (parameter_declaration name: (_)? @name type: (_) @type) @parameter
    (variadic_parameter_declaration name: (_)? @name) @parameter
  ]))
[
  (function_declaration result: (_) @gives)
  (method_declaration result: (_) @gives)
  (method_elem result: (_) @gives)
]
[(field_declaration type: (_) @gives) (var_spec type: (_) @gives) (const_spec type: (_) @gives)]
