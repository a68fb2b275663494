; C++ alone.

(namespace_definition name: (_) @name body: (_) @body) @decl.module
(template_declaration (class_specifier name: (_) @name body: (_) @body)) @decl.class
(template_declaration (struct_specifier name: (_) @name body: (_) @body)) @decl.class
(template_declaration
  (function_definition declarator: (_) @name body: (_)? @body)) @decl.function
(class_specifier name: (_) @name body: (_) @body) @decl.class
(alias_declaration name: (_) @name) @decl.type
(concept_definition name: (_) @name) @decl.type
(field_declaration declarator: (pointer_declarator declarator: (function_declarator)) @name) @decl.method
(field_declaration declarator: (reference_declarator (function_declarator)) @name) @decl.method

(optional_parameter_declaration declarator: (_) @name) @param
(for_range_loop declarator: (_) @local)
(structured_binding_declarator (identifier) @local)
(lambda_capture_initializer left: (identifier) @local)

(using_declaration (_) @path) @import
(using_declaration (qualified_identifier) @imported)

(call_expression function: [
  (qualified_identifier) @name
  (template_function) @name
  (field_expression field: (template_method) @name)
]) @call
(new_expression type: (_) @name) @call

[(lambda_expression) (for_range_loop) (catch_clause)] @scope
(declaration_list) @block

(declaration_list (_) @statement)

(raw_string_literal) @string

; What declarations say of themselves.
(base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @supertype)
(optional_parameter_declaration type: (_) @type declarator: (_)? @name) @parameter
(variadic_parameter_declaration type: (_) @type declarator: (_) @name) @parameter
(function_declarator (trailing_return_type (_) @gives))
(function_declarator declarator: (qualified_identifier scope: (_) @receiver))
