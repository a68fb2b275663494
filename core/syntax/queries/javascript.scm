; JavaScript alone.

(field_definition property: (_) @name value: (arrow_function body: (_) @body)) @decl.method
(field_definition property: (_) @name) @decl.field
(formal_parameters (identifier) @param)

; What declarations say of themselves.
(class_heritage (_) @supertype)
(formal_parameters [(identifier) (rest_pattern) (object_pattern) (array_pattern)] @parameter)
(formal_parameters (assignment_pattern left: (_) @name) @parameter)
