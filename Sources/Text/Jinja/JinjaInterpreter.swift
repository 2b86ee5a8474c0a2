/// Runs a template within budgets. What it computes is charged in steps: one for each node visited, and one for every eight
/// code points and for every element made, so that time and memory are bounded together.
final class JinjaInterpreter {
  let limits: ChatTemplateLimits
  let now: CalendarTime
  private(set) var steps = 0
  /// How deep calls, blocks and filters of filters are in each other.
  var depth = 0
  /// The line of the statement that runs.
  var line = 1
  /// What may refer to itself in circles, and is emptied at the end.
  var namespaces: [JinjaNamespace] = []
  private var scopes: [JinjaScope] = []

  init(limits: ChatTemplateLimits, now: CalendarTime) {
    self.limits = limits
    self.now = now
  }

  enum Flow { case on, leaveLoop, nextPass }

  /// The template's output with these variables.
  func render(_ statements: [JinjaSyntax.Statement], _ variables: [String: JinjaValue]) throws(JinjaError) -> JinjaText
  {
    let scope = JinjaScope(parent: nil)
    scope.variables = variables
    defer {
      for namespace in namespaces { namespace.attributes = [:] }
      for scope in scopes { scope.variables = [:] }
    }
    var out = JinjaText()
    _ = try run(statements, scope, &out)
    return out
  }

  // MARK: Budgets

  func failure(_ problem: String) -> JinjaError { JinjaError(line: line, reason: .failed(problem)) }

  func charge(_ count: Int) throws(JinjaError) {
    steps += count
    if steps > limits.steps { throw JinjaError(line: line, reason: .budget("steps", limit: limits.steps)) }
  }

  /// Charges a text before it is made.
  func charge(text count: Int) throws(JinjaError) {
    if count > limits.textLength {
      throw JinjaError(line: line, reason: .budget("code points of a text", limit: limits.textLength))
    }
    try charge(1 + count / 8)
  }

  func charge(elements count: Int) throws(JinjaError) { try charge(1 + count) }

  func enter() throws(JinjaError) {
    depth += 1
    steps += 1
    if depth > limits.depth { throw JinjaError(line: line, reason: .budget("depth of recursion", limit: limits.depth)) }
    if steps > limits.steps { throw JinjaError(line: line, reason: .budget("steps", limit: limits.steps)) }
  }

  func list(_ elements: [JinjaValue], isTuple: Bool = false) throws(JinjaError) -> JinjaValue {
    try charge(elements: elements.count)
    let list = JinjaList(elements, isTuple: isTuple)
    try check(depth: list.depth)
    return .list(list)
  }

  func series(_ elements: [JinjaValue], isView: Bool = false) throws(JinjaError) -> JinjaValue {
    try charge(elements: elements.count)
    let series = JinjaSeries(elements, isView: isView)
    try check(depth: series.depth)
    return .series(series)
  }

  func check(depth: Int) throws(JinjaError) {
    if depth > Self.valueDepthLimit {
      throw JinjaError(line: line, reason: .budget("nesting of a value", limit: Self.valueDepthLimit))
    }
  }

  static let valueDepthLimit = 150

  func append(_ text: JinjaText, to out: inout JinjaText) throws(JinjaError) {
    try charge(text: out.count + text.count > limits.textLength ? .max : text.count)
    out.append(text)
  }

  // MARK: Statements

  func run(
    _ statements: [JinjaSyntax.Statement], _ scope: JinjaScope, _ out: inout JinjaText
  ) throws(JinjaError) -> Flow {
    try enter()
    defer { depth -= 1 }
    for statement in statements {
      line = statement.line
      try charge(1)
      switch statement.kind {
      case .text(let text): try append(text, to: &out)
      case .output(let value): try append(try text(of: try evaluate(value, scope)), to: &out)
      case .set(let target, let value): try assign(target, try evaluate(value, scope), scope)
      case .condition(let branches, let otherwise):
        let flow = try run(branches: branches, otherwise, scope, &out)
        if flow != .on { return flow }
      case .loop(let target, let items, let condition, let body, let otherwise):
        let values = try elements(of: try evaluate(items, scope))
        try loop(target, values, condition, body, otherwise, scope, &out)
      case .leaveLoop: return .leaveLoop
      case .nextPass: return .nextPass
      default: try run(block: statement.kind, scope, &out)
      }
    }
    return .on
  }

  private func run(
    branches: [(condition: JinjaSyntax.Expression, body: [JinjaSyntax.Statement])],
    _ otherwise: [JinjaSyntax.Statement], _ scope: JinjaScope, _ out: inout JinjaText
  ) throws(JinjaError) -> Flow {
    for branch in branches where try evaluate(branch.condition, scope).isTrue {
      return try run(branch.body, scope, &out)
    }
    return try run(otherwise, scope, &out)
  }

  private func run(block: JinjaSyntax.Kind, _ scope: JinjaScope, _ out: inout JinjaText) throws(JinjaError) {
    switch block {
    case .setBlock(let target, let filter, let body):
      var value = JinjaValue.text(try capture(body, scope))
      if let filter { value = try evaluate(filter, scope, input: value) }
      try assign(target, value, scope)
    case .macro(let definition):
      scope.variables[definition.name] = .macro(try macro(definition, scope))
    case .call(let call, let caller):
      guard case .call(let callee, let arguments) = call else { return }
      var values = try evaluate(arguments, scope)
      values.named.append(("caller", .macro(try macro(caller, scope))))
      try append(try text(of: try self.call(try evaluate(callee, scope), values)), to: &out)
    case .filter(let filter, let body):
      let value = try evaluate(filter, scope, input: .text(try capture(body, scope)))
      try append(try text(of: value), to: &out)
    case .with(let values, let body):
      let inner = JinjaScope(parent: scope)
      for (target, value) in values { try assign(target, try evaluate(value, scope), inner) }
      _ = try run(body, inner, &out)
    case .generation(let body): try append(try capture(body, scope), to: &out)
    default: break
    }
  }

  private func capture(_ body: [JinjaSyntax.Statement], _ scope: JinjaScope) throws(JinjaError) -> JinjaText {
    var out = JinjaText()
    _ = try run(body, JinjaScope(parent: scope), &out)
    return out
  }

  private func macro(_ definition: JinjaSyntax.Macro, _ scope: JinjaScope) throws(JinjaError) -> JinjaMacro {
    try charge(4)
    scopes.append(scope)
    return JinjaMacro(definition: definition, scope: scope)
  }

  private func loop(
    _ target: JinjaSyntax.Target, _ items: [JinjaValue], _ condition: JinjaSyntax.Expression?,
    _ body: [JinjaSyntax.Statement], _ otherwise: [JinjaSyntax.Statement], _ scope: JinjaScope, _ out: inout JinjaText
  ) throws(JinjaError) {
    var items = items
    if let condition {
      var kept: [JinjaValue] = []
      for item in items {
        let inner = JinjaScope(parent: scope)
        try assign(target, item, inner)
        if try evaluate(condition, inner).isTrue { kept.append(item) }
      }
      items = kept
    }
    if items.isEmpty {
      _ = try run(otherwise, JinjaScope(parent: scope), &out)
      return
    }
    let loop = JinjaLoop(items: items, depth: scope.loopDepth + 1)
    for (index, item) in items.enumerated() {
      loop.index = index
      let inner = JinjaScope(parent: scope)
      inner.loopDepth += 1
      inner.variables["loop"] = .loop(loop)
      try assign(target, item, inner)
      if try run(body, inner, &out) == .leaveLoop { break }
    }
  }

  private func assign(_ target: JinjaSyntax.Target, _ value: JinjaValue, _ scope: JinjaScope) throws(JinjaError) {
    switch target {
    case .name(let name): scope.variables[name] = value
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace)? = scope[name] else {
        throw failure("an attribute of '\(name)' is set, which is no namespace")
      }
      namespace.attributes[attribute] = value
    case .tuple(let targets):
      let values = try elements(of: value)
      if values.count != targets.count {
        throw failure("\(values.count) values where \(targets.count) are unpacked")
      }
      for (target, value) in zip(targets, values) { try assign(target, value, scope) }
    }
  }

  // MARK: Expressions

  func evaluate(
    _ expression: JinjaSyntax.Expression, _ scope: JinjaScope, input: JinjaValue? = nil
  ) throws(JinjaError) -> JinjaValue {
    try enter()
    defer { depth -= 1 }
    switch expression {
    case .constant(let value): return value
    case .name(let name): return lookUp(name, scope)
    case .attribute(let base, let name): return try attribute(name, of: try evaluate(base, scope))
    case .item(let base, let index): return try item(try evaluate(index, scope), of: try evaluate(base, scope))
    case .and(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? try evaluate(right, scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? value : try evaluate(right, scope)
    case .not(let value): return .bool(!(try evaluate(value, scope).isTrue))
    case .conditional(let value, let condition, let otherwise):
      if try evaluate(condition, scope).isTrue { return try evaluate(value, scope) }
      guard let otherwise else { return .undefined(name: "the value of an if without else") }
      return try evaluate(otherwise, scope)
    case .binary(let kind, let left, let right):
      return try apply(kind, try evaluate(left, scope), try evaluate(right, scope))
    case .filter(let base, let name, let arguments):
      // The text of a block goes to the innermost filter.
      let value =
        try base.map { (base) throws(JinjaError) in try evaluate(base, scope, input: input) } ?? input ?? .none
      return try filter(name, value, try evaluate(arguments, scope))
    default: return try evaluate(other: expression, scope)
    }
  }

  private func evaluate(other expression: JinjaSyntax.Expression, _ scope: JinjaScope) throws(JinjaError) -> JinjaValue
  {
    switch expression {
    case .call(let callee, let arguments):
      return try call(try evaluate(callee, scope), try evaluate(arguments, scope))
    case .test(let value, let name, let arguments):
      return .bool(try test(name, try evaluate(value, scope), try evaluate(arguments, scope)))
    case .comparison(let first, let steps):
      var left = try evaluate(first, scope)
      for (kind, next) in steps {
        let right = try evaluate(next, scope)
        if try !compare(kind, left, right) { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .concatenation(let parts):
      var text = JinjaText()
      for part in parts {
        var piece = try self.text(of: try evaluate(part, scope))
        piece.isMarkup = false
        try append(piece, to: &text)
      }
      text.isMarkup = false
      return .text(text)
    case .list(let parts, let isTuple):
      var values: [JinjaValue] = []
      for part in parts { values.append(try evaluate(part, scope)) }
      return try list(values, isTuple: isTuple)
    case .dictionary(let pairs):
      var dictionary = JinjaDictionary()
      for (key, value) in pairs {
        let key = try evaluate(key, scope)
        guard dictionary.set(key, try evaluate(value, scope)) else {
          throw failure("a \(key.typeName) as the key of a dictionary")
        }
      }
      try charge(elements: pairs.count)
      try check(depth: dictionary.depth)
      return .dictionary(dictionary)
    case .slice(let base, let start, let end, let step):
      let base = try evaluate(base, scope)
      func bound(_ part: JinjaSyntax.Expression?) throws(JinjaError) -> JinjaValue {
        guard let part else { return .none }
        return try evaluate(part, scope)
      }
      return try slice(base, try bound(start), try bound(end), try bound(step))
    case .sign(let value, let isMinus):
      switch try evaluate(value, scope) {
      case .float(let number): return .float(isMinus ? -number : number)
      case let value:
        guard let number = value.integer, number != .min else { throw failure("the sign of a \(value.typeName)") }
        return .integer(isMinus ? -number : number)
      }
    default: return .none
    }
  }

  private func lookUp(_ name: String, _ scope: JinjaScope) -> JinjaValue {
    if let value = scope[name] { return value }
    switch name {
    case "range", "dict", "namespace", "raise_exception", "strftime_now": return .function(name)
    default: return .undefined(name: name)
    }
  }

  func evaluate(_ arguments: JinjaSyntax.Arguments, _ scope: JinjaScope) throws(JinjaError) -> JinjaArguments {
    var values = JinjaArguments()
    for argument in arguments.positional { values.positional.append(try evaluate(argument, scope)) }
    for argument in arguments.named { values.named.append((argument.name, try evaluate(argument.value, scope))) }
    return values
  }
}
