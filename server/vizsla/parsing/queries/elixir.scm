; Elixir, where every definition is a call. Clauses of one name are merged by the engine.

(call
  target: (identifier) @_keyword
  (arguments . (alias) @name)
  (do_block) @body
  (#eq? @_keyword "defmodule")) @unit.class
(call
  target: (identifier) @_keyword
  (arguments . (alias) @name)
  (do_block) @body
  (#eq? @_keyword "defprotocol")) @unit.interface
(call
  target: (identifier) @_keyword
  (arguments . (alias) @name (keywords (pair value: (alias) @container))?)
  (do_block)
  (#eq? @_keyword "defimpl")) @scope.class

(call
  target: (identifier) @_keyword
  (arguments
    . [
      (identifier) @name
      (call target: (_) @name)
      (binary_operator left: [(identifier) @name (call target: (_) @name)] operator: "when")
    ]
    (keywords)? @body)
  (do_block)? @body
  (#any-of? @_keyword
    "def" "defp" "defmacro" "defmacrop" "defguard" "defguardp" "defdelegate" "defn" "defnp")) @unit.function
; def a <> b
(call
  target: (identifier) @_keyword
  (arguments
    . (binary_operator operator: _ @name)
    (keywords)? @body)
  (do_block)? @body
  (#any-of? @_keyword "def" "defp" "defmacro" "defmacrop")
  (#not-eq? @name "when")) @unit.function

; test "of nothing is zero", %{shop: shop} do
(call
  target: (identifier) @_keyword
  (arguments . (string) @name)
  (do_block) @body
  (#any-of? @_keyword "test" "property" "feature")) @unit.function
(call
  target: (identifier) @_keyword
  (arguments . (string) @name)
  (do_block)
  (#eq? @_keyword "describe")) @scope

; Attributes above belong to the unit; of these @doc is its documentation.
(unary_operator
  operand: (call target: (identifier) @_attribute)
  (#any-of? @_attribute
    "spec" "impl" "deprecated" "dialyzer" "tag" "decorate" "since" "compile" "describetag")) @attribute
(unary_operator
  operand: (call
    target: (identifier) @_attribute
    (arguments [(string) @doc (sigil (quoted_content) @doc) (boolean) (keywords)]))
  (#eq? @_attribute "doc")) @attribute.doc
(call
  target: (identifier) @_keyword
  (do_block
    (unary_operator
      operand: (call
        target: (identifier) @_attribute
        (arguments [(string) @doc (sigil (quoted_content) @doc)]))))
  (#any-of? @_keyword "defmodule" "defprotocol")
  (#eq? @_attribute "moduledoc")) @unit.class
