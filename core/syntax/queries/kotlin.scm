; The captures are explained in rust.scm.

(class_declaration "interface" name: (_) @name (class_body)? @body) @decl.interface
(class_declaration name: (_) @name (enum_class_body) @body) @decl.enum
(class_declaration name: (_) @name (class_body)? @body) @decl.class
(object_declaration name: (_) @name (class_body)? @body) @decl.class
(companion_object "companion" @name (class_body)? @body) @decl.class
(enum_entry . (modifiers)? . (identifier) @name) @decl.variant
(function_declaration name: (_) @name (function_body)? @body) @decl.function
(secondary_constructor "constructor" @name (block)? @body) @decl.method
(property_declaration (variable_declaration (identifier) @name)) @decl.variable
(property_declaration
  (multi_variable_declaration (variable_declaration (identifier) @name))) @decl.variable
(class_parameter ["val" "var"] (identifier) @name) @decl.field
(type_alias type: (identifier) @name) @decl.type

(parameter . (identifier) @param)
(class_parameter (identifier) @param)
(lambda_parameters (variable_declaration . (identifier) @param))
(lambda_parameters (multi_variable_declaration (variable_declaration . (identifier) @param)))
(for_statement (variable_declaration . (identifier) @local))
(for_statement (multi_variable_declaration (variable_declaration . (identifier) @local)))
(catch_block . (identifier) @local)
(when_subject (variable_declaration . (identifier) @local))

(import . [(identifier) (qualified_identifier)] @path) @import
(import . (qualified_identifier (identifier) @name .) "as" (identifier) @alias) @imported
((import . (qualified_identifier (identifier) @imported .) .) @_import
  (#not-match? @_import "[*]$"))

(call_expression . [
  (identifier) @name
  (navigation_expression (identifier) @name .)
]) @call
(constructor_invocation (user_type (identifier) @name .)) @call

[
  (lambda_literal) (anonymous_function) (for_statement) (catch_block) (when_entry)
  (when_expression)
] @scope
(block) @block @scope
(lambda_literal) @block
[(class_body) (enum_class_body) (when_expression)] @block

(source_file (_) @statement)
(block (_) @statement)
(lambda_literal (statement) @statement)
(class_body (_) @statement)
(enum_class_body (_) @statement)
(when_entry) @statement

[(line_comment) (block_comment)] @comment
[(string_literal) (multiline_string_literal) (character_literal)] @string
(interpolation) @code

; What declarations say of themselves.
(package_header (qualified_identifier) @package)
[(annotation) (file_annotation)] @annotation
(delegation_specifier [
  (type) @supertype
  (constructor_invocation (type) @supertype)
  (explicit_delegation (type) @supertype)
])
(parameter . (identifier) @name (type) @type) @parameter
(class_parameter (identifier) @name (type) @type) @parameter
(class_parameter ["val" "var"] (type) @gives)
(function_declaration [(user_type) (nullable_type) (parenthesized_type)] @receiver . ".")
(function_declaration (function_value_parameters) . (type) @gives)
(property_declaration (variable_declaration (type) @gives))
