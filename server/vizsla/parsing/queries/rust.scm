; Units of Rust. The captures are described in units.py.
(function_item name: (_) @name body: (_) @body) @unit.function
((attribute_item)+ @outer . (function_item) @unit.function)

(struct_item name: (_) @name) @unit.struct
((attribute_item)+ @outer . (struct_item) @unit.struct)
(union_item name: (_) @name) @unit.struct
((attribute_item)+ @outer . (union_item) @unit.struct)
(enum_item name: (_) @name) @unit.enum
((attribute_item)+ @outer . (enum_item) @unit.enum)
(trait_item name: (_) @name) @unit.trait
((attribute_item)+ @outer . (trait_item) @unit.trait)

(impl_item
  type: [
    (type_identifier) @name
    (primitive_type) @name
    (scoped_type_identifier name: (_) @name)
    (generic_type type: (type_identifier) @name)
    (generic_type type: (scoped_type_identifier name: (_) @name))
    (reference_type type: (type_identifier) @name)
    (reference_type type: (generic_type type: (type_identifier) @name))
    (dynamic_type trait: (_) @name)
    (tuple_type) @name
    (array_type element: (_) @name)
  ]) @scope.class
(mod_item name: (_) @name body: (_)) @scope
(foreign_mod_item body: (_)) @scope

; macro_rules! name { ... }
(macro_definition name: (_) @name ["{" "(" "["] @body) @unit.function
((attribute_item)+ @outer . (macro_definition) @unit.function)

; let name = |x| { ... };
(let_declaration
  pattern: (identifier) @name
  value: (closure_expression body: (block) @body)) @unit.function

(source_file . (inner_attribute_item)* . (line_comment (inner_doc_comment_marker))+ @module.doc)

; Names of the module, and what it offers of others.
(const_item name: (_) @defines)
(static_item name: (_) @defines)
(source_file (type_item name: (_) @defines))
(use_declaration (visibility_modifier) argument: [
  (scoped_identifier name: (identifier) @defines)
  (use_as_clause alias: (identifier) @defines)
])
(use_declaration (visibility_modifier) argument: (scoped_use_list list: (use_list [
  (identifier) @defines
  (scoped_identifier name: (identifier) @defines)
  (use_as_clause alias: (identifier) @defines)
  (scoped_use_list list: (use_list [
    (identifier) @defines
    (scoped_identifier name: (identifier) @defines)
    (use_as_clause alias: (identifier) @defines)
  ]))
])))
