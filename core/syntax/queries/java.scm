; The captures are explained in rust.scm.

(class_declaration name: (_) @name body: (_) @body) @decl.class
(record_declaration name: (_) @name body: (_) @body) @decl.class
(record_declaration parameters: (formal_parameters (formal_parameter name: (_) @name) @decl.field))
(interface_declaration name: (_) @name body: (_) @body) @decl.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @decl.interface
(enum_declaration name: (_) @name body: (_) @body) @decl.enum
(enum_constant name: (_) @name) @decl.variant
(method_declaration name: (_) @name body: (_)? @body) @decl.method
(constructor_declaration name: (_) @name body: (_) @body) @decl.method
(compact_constructor_declaration name: (_) @name body: (_) @body) @decl.method
(annotation_type_element_declaration name: (_) @name) @decl.method
(field_declaration declarator: (variable_declarator name: (_) @name)) @decl.field
(constant_declaration declarator: (variable_declarator name: (_) @name)) @decl.constant

(formal_parameter name: (identifier) @param)
(spread_parameter (variable_declarator name: (identifier) @param))
(lambda_expression parameters: (identifier) @param)
(inferred_parameters (identifier) @param)
(catch_formal_parameter name: (identifier) @local)
(enhanced_for_statement name: (identifier) @local)
(instanceof_expression name: (identifier) @local)
(type_pattern (identifier) @local)
(record_pattern_component (identifier) @local)
(local_variable_declaration declarator: (variable_declarator name: (identifier) @name)) @local
(resource name: (identifier) @name) @local

(import_declaration [(identifier) (scoped_identifier)] @path) @import
(import_declaration (scoped_identifier name: (_) @imported) .)

(method_invocation name: (_) @name) @call
(object_creation_expression type: [
  (type_identifier) @name
  (generic_type . (type_identifier) @name)
  (scoped_type_identifier (type_identifier) @name .)
]) @call

[
  (lambda_expression) (for_statement) (enhanced_for_statement) (catch_clause) (switch_rule)
  (try_with_resources_statement)
] @scope
[(block) (constructor_body) (switch_block)] @block @scope
[
  (class_body) (interface_body) (enum_body) (annotation_type_body) (array_initializer)
] @block

[(statement) (import_declaration) (package_declaration)] @statement
(class_body (_) @statement)
(interface_body (_) @statement)
(enum_body (enum_constant) @statement)
(enum_body_declarations (_) @statement)
(annotation_type_body (_) @statement)

[(line_comment) (block_comment)] @comment
[(string_literal) (character_literal)] @string
(string_interpolation) @code

; What declarations say of themselves.
(package_declaration [(identifier) (scoped_identifier)] @package)
[(annotation) (marker_annotation)] @annotation
(superclass (_) @supertype)
(super_interfaces (type_list (_) @supertype))
(extends_interfaces (type_list (_) @supertype))
(formal_parameter type: (_) @type name: (_) @name) @parameter
(spread_parameter (variable_declarator name: (_) @name)) @parameter
(record_declaration parameters: (formal_parameters (formal_parameter type: (_) @gives)))
(method_declaration type: (_) @gives)
(annotation_type_element_declaration type: (_) @gives)
[(field_declaration type: (_) @gives) (constant_declaration type: (_) @gives)]
