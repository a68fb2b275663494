; JavaScript alone.

(field_definition property: (_) @name value: (arrow_function body: (_) @body)) @decl.method
(field_definition property: (_) @name) @decl.field
(formal_parameters (identifier) @param)
