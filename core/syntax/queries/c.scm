
; What C and C++ share. The captures are explained in rust.scm.

(struct_specifier name: (_) @name body: (_) @body) @decl.class
(union_specifier name: (_) @name body: (_) @body) @decl.class
(enum_specifier name: (_) @name body: (_) @body) @decl.enum
(enumerator name: (_) @name) @decl.variant
(type_definition type: (struct_specifier !name body: (_) @body) declarator: (_) @name) @decl.class
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (_) @name) @decl.enum
(type_definition declarator: (_) @name) @decl.type
(function_definition declarator: (_) @name body: (_)? @body) @decl.function
(declaration declarator: [
  (function_declarator)
  (pointer_declarator declarator: (function_declarator))
] @name) @decl.function
(declaration declarator: (_) @name) @decl.variable
(field_declaration declarator: (function_declarator declarator: (field_identifier)) @name) @decl.method
(field_declaration declarator: (_) @name) @decl.field
(preproc_def name: (_) @name) @decl.macro
(preproc_function_def name: (_) @name) @decl.macro

(parameter_declaration declarator: (_) @name) @param

(preproc_include path: (_) @path) @import

(call_expression function: [
  (identifier) @name
  (field_expression field: (field_identifier) @name)
]) @call

(for_statement) @scope
(compound_statement) @block @scope
[(field_declaration_list) (enumerator_list) (initializer_list)] @block

[(statement) (declaration)] @statement
(translation_unit (_) @statement)
(field_declaration_list (_) @statement)
(enumerator) @statement

(comment) @comment
[(string_literal) (system_lib_string) (char_literal)] @string

; What declarations say of themselves. Declarators carry parts of types.
(parameter_declaration type: (_) @type declarator: (_)? @name) @parameter
(parameter_list _ @parameter (#eq? @parameter "..."))
[(attribute_declaration) (attribute_specifier)] @annotation
[
  (function_definition type: (_) @type declarator: (_) @name)
  (declaration type: (_) @type declarator: (_) @name)
  (field_declaration type: (_) @type declarator: (_) @name)
] @gives
