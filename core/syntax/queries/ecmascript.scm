
; What JavaScript, TypeScript and TSX share. The captures are explained in rust.scm.

(class_declaration name: (_) @name body: (_) @body) @decl.class
(class name: (_) @name body: (_) @body) @decl.class
(function_declaration name: (_) @name body: (_) @body) @decl.function
(generator_function_declaration name: (_) @name body: (_) @body) @decl.function
(method_definition name: (_) @name body: (_) @body) @decl.method
(variable_declarator name: (identifier) @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
  (generator_function body: (_) @body)
]) @decl.function
(variable_declarator name: (identifier) @name) @decl.variable
(pair key: (property_identifier) @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
]) @decl.method

(arrow_function parameter: (identifier) @param)
[
  (for_in_statement left: (identifier) @local)
  (catch_clause parameter: (identifier) @local)
  (array_pattern (identifier) @local)
  (rest_pattern (identifier) @local)
  (assignment_pattern left: (identifier) @local)
  (pair_pattern value: (identifier) @local)
  (shorthand_property_identifier_pattern) @local
]

(import_statement source: (_) @path) @import
(export_statement source: (_) @path) @import
(import_clause (identifier) @imported)
(namespace_import (identifier) @imported)
(import_specifier name: (_) @name alias: (_)? @alias) @imported

(call_expression function: [
  (identifier) @name
  (member_expression property: (_) @name)
]) @call
(new_expression constructor: [
  (identifier) @name
  (member_expression property: (_) @name)
]) @call

[
  (arrow_function) (function_expression) (generator_function) (for_statement)
  (for_in_statement) (catch_clause)
] @scope
(statement_block) @block @scope
(object) @block @scope
[(class_body) (switch_body)] @block

(statement) @statement
(class_body (_) @statement)

[(comment) (html_comment)] @comment
[(string) (template_string) (regex)] @string
(template_substitution) @code

; What declarations say of themselves.
(decorator) @annotation
(arrow_function parameter: (identifier) @parameter)
