; What a query file may capture. Each pattern has one main capture, or several that agree:
;
;   @decl.KIND   a declaration; KIND is a name of `SymbolKind`
;   @param       a parameter
;   @local       another variable, which can be used from the end of the node on
;   @import      an import statement             @imported   one name that it brings in
;   @call        a call
;   @scope       what confines the names declared in it, where that is no declaration
;   @block       braces, or an indented block    @statement  a statement or a member
;   @comment     a comment                       @string     a string or character literal
;   @code        code interpolated in a string
;
; of what declarations say of themselves, which only outlines ask for:
;
;   @package     what the file says it is a part of       @annotation  before a declaration, or in it
;   @supertype   what a type extends or implements        @receiver    the type that a function extends
;   @parameter   a parameter                  @gives      a value's type, or what a function returns
;
; and parts: @name (the node itself where missing), @body, @type, @path and @alias of imports. In
; the C family a declarator stands for the name in it. Where two patterns tell of the same name the
; earlier one counts.

(mod_item name: (_) @name body: (_)? @body) @decl.module
(struct_item name: (_) @name body: (_)? @body) @decl.class
(union_item name: (_) @name body: (_) @body) @decl.class
(enum_item name: (_) @name body: (_) @body) @decl.enum
(enum_variant name: (_) @name) @decl.variant
(trait_item name: (_) @name body: (_) @body) @decl.interface
(impl_item type: [
  (type_identifier) @name
  (generic_type type: (_) @name)
  (scoped_type_identifier name: (_) @name)
  [
    (primitive_type) (reference_type) (pointer_type) (tuple_type) (unit_type) (array_type)
    (dynamic_type) (function_type) (never_type)
  ] @name
] body: (_) @body) @decl.impl
(type_item name: (_) @name) @decl.type
(associated_type name: (_) @name) @decl.type
(function_item name: (_) @name body: (_) @body) @decl.function
(function_signature_item name: (_) @name) @decl.function
(field_declaration name: (_) @name) @decl.field
(const_item name: (_) @name) @decl.constant
(static_item name: (_) @name) @decl.variable
(macro_definition name: (_) @name) @decl.macro

(parameter pattern: (identifier) @param)
(closure_parameters (identifier) @param)
(let_declaration pattern: (identifier) @name) @local
(let_condition pattern: (identifier) @name) @local
[
  (for_expression pattern: (identifier) @local)
  (match_pattern (identifier) @local)
  (tuple_pattern (identifier) @local)
  (tuple_struct_pattern type: (_) (identifier) @local)
  (slice_pattern (identifier) @local)
  (ref_pattern (identifier) @local)
  (mut_pattern (identifier) @local)
  (reference_pattern (identifier) @local)
  (captured_pattern . (identifier) @local)
  (field_pattern pattern: (identifier) @local)
  (field_pattern name: (shorthand_field_identifier) @local)
]

(use_declaration argument: (_) @path) @import
(extern_crate_declaration name: (_) @path) @import
(extern_crate_declaration name: (_) @name alias: (_)? @alias) @imported
(use_declaration argument: [(identifier) @imported (scoped_identifier name: (identifier) @imported)])
(use_list [(identifier) @imported (scoped_identifier name: (identifier) @imported)])
(use_as_clause path: [(identifier) @name (scoped_identifier name: (_) @name)] alias: (_) @alias) @imported

(call_expression function: [
  (identifier) @name
  (scoped_identifier name: (_) @name)
  (field_expression field: (field_identifier) @name)
  (generic_function function: [
    (identifier) @name
    (scoped_identifier name: (_) @name)
    (field_expression field: (field_identifier) @name)
  ])
]) @call
(macro_invocation macro: [(identifier) @name (scoped_identifier name: (_) @name)]) @call
(struct_expression name: [(type_identifier) @name (scoped_type_identifier name: (_) @name)]) @call

[(closure_expression) (for_expression) (while_expression) (if_expression) (match_arm)] @scope
(block) @block @scope
[
  (declaration_list) (field_declaration_list) (enum_variant_list) (match_block)
  (field_initializer_list)
] @block

(source_file (_) @statement)
(block (_) @statement)
(declaration_list (_) @statement)
(field_declaration_list (_) @statement)
(enum_variant_list (_) @statement)
(match_block (_) @statement)

[(line_comment) (block_comment)] @comment
[(string_literal) (raw_string_literal) (char_literal)] @string

; What declarations say of themselves.
(attribute_item) @annotation
(impl_item trait: (_) @supertype)
(trait_item bounds: (trait_bounds (_) @supertype))
(self_parameter) @parameter
(parameter pattern: (_) @name type: (_) @type) @parameter
(function_item return_type: (_) @gives)
(function_signature_item return_type: (_) @gives)
[(field_declaration type: (_) @gives) (const_item type: (_) @gives) (static_item type: (_) @gives)]
