; Ruby. A module is an outline like a class.

(module name: (_) @name) @unit.class
(class name: (_) @name) @unit.class
(class superclass: (_) @head !body) @unit.class

(singleton_class value: (constant) @name) @scope.class

(method name: (_) @name) @unit.function
(singleton_method name: (_) @name) @unit.method
(program (singleton_method object: (constant) @container) @unit.method)

; private def secret = 42
(call
  !receiver
  method: (identifier)
  arguments: (argument_list . [(method) (singleton_method)] @unit.function .)) @outer

(call
  method: (identifier) @_define
  arguments: (argument_list . [(simple_symbol) (string)] @name)
  block: (_ body: (_) @body)
  (#any-of? @_define "define_method" "define_singleton_method")) @unit.method

; Types made by a call: Point = Struct.new(:x) do … end
(assignment
  left: (constant) @name
  right: (call
    receiver: (constant) @_maker
    method: (identifier) @_new
    block: (_ body: (_) @body))
  (#any-of? @_maker "Struct" "Class" "Data")
  (#any-of? @_new "new" "define")) @unit.class
(assignment
  left: (constant) @name
  right: (call receiver: (constant) @_maker method: (identifier) @_new block: (_))
  (#eq? @_maker "Module")
  (#eq? @_new "new")) @unit.class

; Lambdas with a name.
(assignment
  left: [(identifier) (constant) (instance_variable) (class_variable)] @name
  right: (lambda body: (_) @body)) @unit.function
(assignment
  left: [(identifier) (constant) (instance_variable) (class_variable)] @name
  right: (call !receiver method: (identifier) @_lambda block: (_ body: (_) @body))
  (#any-of? @_lambda "lambda" "proc")) @unit.function
(assignment
  left: [(identifier) (constant) (instance_variable) (class_variable)] @name
  right: (call
    receiver: (constant) @_proc
    method: (identifier) @_new
    block: (_ body: (_) @body))
  (#eq? @_proc "Proc")
  (#eq? @_new "new")) @unit.function

; Examples and tasks: it "counts" do … end, task :build do … end, scope :recent, -> { … }
(call
  !receiver
  method: (identifier) @_example
  arguments: (argument_list . [(simple_symbol) @name (string) @name (pair key: (_) @name)])
  block: (_ body: (_) @body)
  (#any-of? @_example "it" "specify" "test" "should" "task" "scenario")) @unit.function
(call
  method: (identifier) @_group
  arguments: (argument_list . (_) @name)
  block: (_)
  (#any-of? @_group "describe" "context" "feature" "namespace")) @scope

; Names of the file.
(program (assignment left: [(constant) (global_variable)] @defines))
