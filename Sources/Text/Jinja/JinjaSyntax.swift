/// What a template is parsed into.
enum JinjaSyntax {
  indirect enum Expression: Sendable {
    case constant(JinjaValue)
    case name(String)
    case list([Expression], isTuple: Bool)
    case dictionary([(key: Expression, value: Expression)])
    case attribute(Expression, String)
    case item(Expression, Expression)
    case slice(Expression, start: Expression?, end: Expression?, step: Expression?)
    case call(Expression, Arguments)
    /// A filter's input is missing in `set` and `filter` blocks, where it is the block's text.
    case filter(Expression?, String, Arguments)
    case test(Expression, String, Arguments)
    case not(Expression)
    case sign(Expression, isMinus: Bool)
    case binary(Operator, Expression, Expression)
    case concatenation([Expression])
    case and(Expression, Expression)
    case or(Expression, Expression)
    case comparison(Expression, [(Comparison, Expression)])
    case conditional(Expression, condition: Expression, otherwise: Expression?)
  }

  struct Arguments: Sendable {
    var positional: [Expression] = []
    var named: [(name: String, value: Expression)] = []
  }

  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
  }

  enum Comparison: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in`
    case notIn = "not in"
  }

  indirect enum Target: Sendable {
    case name(String)
    case attribute(String, String)
    case tuple([Target])
  }

  struct Statement: Sendable {
    var line: Int
    var kind: Kind
  }

  indirect enum Kind: Sendable {
    case text(JinjaText)
    case output(Expression)
    case set(Target, Expression)
    case setBlock(Target, filter: Expression?, [Statement])
    case condition([(condition: Expression, body: [Statement])], otherwise: [Statement])
    case loop(Target, Expression, condition: Expression?, body: [Statement], otherwise: [Statement])
    case macro(Macro)
    case call(Expression, caller: Macro)
    case filter(Expression, [Statement])
    case with([(Target, Expression)], [Statement])
    /// What the assistant said, which only training looks at.
    case generation([Statement])
    case leaveLoop
    case nextPass
  }

  struct Macro: Sendable {
    var name: String
    var parameters: [(name: String, value: Expression?)]
    var body: [Statement]
  }
}
