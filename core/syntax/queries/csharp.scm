; The captures are explained in rust.scm.

(namespace_declaration name: (_) @name body: (_) @body) @decl.module
(class_declaration name: (_) @name body: (_) @body) @decl.class
(struct_declaration name: (_) @name body: (_) @body) @decl.class
(record_declaration name: (_) @name body: (_)? @body) @decl.class
(record_declaration (parameter_list (parameter name: (_) @name) @decl.field))
(interface_declaration name: (_) @name body: (_) @body) @decl.interface
(enum_declaration name: (_) @name body: (_) @body) @decl.enum
(enum_member_declaration name: (_) @name) @decl.variant
(delegate_declaration name: (_) @name) @decl.type
(method_declaration name: (_) @name body: (_)? @body) @decl.method
(constructor_declaration name: (_) @name body: (_)? @body) @decl.method
(destructor_declaration name: (_) @name body: (_)? @body) @decl.method
(local_function_statement name: (_) @name body: (_)? @body) @decl.function
(property_declaration name: (_) @name accessors: (_)? @body) @decl.field
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @decl.field
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name))) @decl.field

(parameter name: (identifier) @param)
(implicit_parameter) @param
(foreach_statement left: (identifier) @local)
(catch_declaration name: (identifier) @local)
(declaration_pattern name: (identifier) @local)
(declaration_expression name: (identifier) @local)
(var_pattern name: (identifier) @local)
(variable_declaration (variable_declarator name: (identifier) @name)) @local

(using_directive !name [(identifier) (qualified_name)] @path) @import
(using_directive name: (identifier) @imported (type) @path) @import

(invocation_expression function: [
  (identifier) @name
  (generic_name . (identifier) @name)
  (member_access_expression name: [(identifier) @name (generic_name . (identifier) @name)])
  (conditional_access_expression (member_binding_expression name: (_) @name))
]) @call
(object_creation_expression type: [
  (identifier) @name
  (generic_name . (identifier) @name)
  (qualified_name name: (_) @name)
]) @call

[
  (lambda_expression) (anonymous_method_expression) (for_statement) (foreach_statement)
  (using_statement) (catch_clause) (switch_section) (switch_expression_arm)
] @scope
(block) @block @scope
[
  (declaration_list) (enum_member_declaration_list) (accessor_list) (switch_body)
  (switch_expression) (initializer_expression)
] @block

(statement) @statement
(compilation_unit (_) @statement)
(declaration_list (_) @statement)
(enum_member_declaration_list (_) @statement)

(comment) @comment
[
  (string_literal) (verbatim_string_literal) (raw_string_literal) (character_literal)
  (interpolated_string_expression)
] @string
(interpolation) @code

; What declarations say of themselves.
(file_scoped_namespace_declaration name: (_) @package)
(attribute_list) @annotation
(base_list [(identifier) (generic_name) (qualified_name) (alias_qualified_name)] @supertype)
(base_list (primary_constructor_base_type type: (_) @supertype))
(parameter type: (_)? @type name: (_) @name) @parameter
(parameter_list type: (_) @type name: (_) @name @parameter)
(record_declaration (parameter_list (parameter type: (_) @gives)))
(method_declaration returns: (_) @gives)
(local_function_statement type: (_) @gives)
(property_declaration type: (_) @gives)
(field_declaration (variable_declaration type: (_) @gives))
(event_field_declaration (variable_declaration type: (_) @gives))
