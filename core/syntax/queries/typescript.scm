; TypeScript and TSX alone.

(abstract_class_declaration name: (_) @name body: (_) @body) @decl.class
(interface_declaration name: (_) @name body: (_) @body) @decl.interface
(enum_declaration name: (_) @name body: (_) @body) @decl.enum
(enum_body name: (property_identifier) @decl.variant)
(enum_assignment name: (_) @name) @decl.variant
(type_alias_declaration name: (_) @name) @decl.type
(internal_module name: (_) @name body: (_) @body) @decl.module
(module name: (_) @name body: (_)? @body) @decl.module
(function_signature name: (_) @name) @decl.function
[(method_signature name: (_) @name) (abstract_method_signature name: (_) @name)] @decl.method
(public_field_definition name: (_) @name value: (arrow_function body: (_) @body)) @decl.method
(public_field_definition name: (_) @name) @decl.field
(interface_body (property_signature name: (_) @name) @decl.field)

(required_parameter pattern: (identifier) @param)
(optional_parameter pattern: (identifier) @param)

(import_statement (import_require_clause (identifier) @imported source: (_) @path)) @import

[(interface_body) (enum_body) (object_type)] @block

(interface_body (_) @statement)
(enum_body (_) @statement)
(template_literal_type) @string

; What declarations say of themselves.
(extends_clause value: (_) @supertype)
(implements_clause (_) @supertype)
(extends_type_clause type: (_) @supertype)
(required_parameter pattern: (_) @name type: (type_annotation (_) @type)?) @parameter
(optional_parameter pattern: (_) @name type: (type_annotation (_) @type)?) @parameter
[
  (function_declaration return_type: (_ (_) @gives))
  (function_expression return_type: (_ (_) @gives))
  (function_signature return_type: (_ (_) @gives))
  (generator_function_declaration return_type: (_ (_) @gives))
  (arrow_function return_type: (_ (_) @gives))
  (method_definition return_type: (_ (_) @gives))
  (method_signature return_type: (_ (_) @gives))
  (abstract_method_signature return_type: (_ (_) @gives))
]
[
  (public_field_definition type: (type_annotation (_) @gives))
  (interface_body (property_signature type: (type_annotation (_) @gives)))
  (variable_declarator type: (type_annotation (_) @gives))
]
