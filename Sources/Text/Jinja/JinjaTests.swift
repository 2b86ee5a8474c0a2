/// What can stand after `is`.
enum JinjaTests {
  static let names: Set<String> = [
    "defined", "undefined", "none", "boolean", "false", "true", "integer", "float", "number", "string", "mapping",
    "sequence", "iterable", "callable", "sameas", "odd", "even", "divisibleby", "lower", "upper", "in", "eq", "equalto",
    "==", "ne", "!=", "lt", "lessthan", "<", "le", "<=", "gt", "greaterthan", ">", "ge", ">=",
  ]
}

extension JinjaInterpreter {
  func test(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> Bool {
    func other() throws(JinjaError) -> JinjaValue {
      guard arguments.positional.count == 1 else { throw failure("the test '\(name)' without one value") }
      return arguments.positional[0]
    }
    switch name {
    case "in": return try contains(try other(), value)
    case "eq", "equalto", "==": return try areEqual(value, try other())
    case "ne", "!=": return try !areEqual(value, try other())
    case "lt", "lessthan", "<": return try precedes(value, try other())
    case "gt", "greaterthan", ">": return try precedes(try other(), value)
    case "le", "<=": return try !precedes(try other(), value)
    case "ge", ">=": return try !precedes(value, try other())
    case "sameas": return try isSame(value, try other())
    case "odd", "even", "divisibleby":
      let divisor = name == "divisibleby" ? try other().integer : 2
      guard let number = value.integer, let divisor, divisor != 0, divisor != -1 else {
        throw failure("the test '\(name)' of a \(value.typeName)")
      }
      return (number % divisor != 0) == (name == "odd")
    default: break
    }
    if !arguments.positional.isEmpty || !arguments.named.isEmpty {
      throw failure("the test '\(name)' takes no value")
    }
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": if case .none = value { return true }
    case "boolean": if case .bool = value { return true }
    case "true": if case .bool(true) = value { return true }
    case "false": if case .bool(false) = value { return true }
    case "integer": if case .integer = value { return true }
    case "float": if case .float = value { return true }
    case "number": return value.number != nil
    case "string": if case .text = value { return true }
    case "mapping": if case .dictionary = value { return true }
    case "sequence":
      switch value {
      case .text, .list, .dictionary, .undefined: return true
      default: return false
      }
    case "iterable":
      switch value {
      case .text, .list, .dictionary, .undefined, .loop, .series: return true
      default: return false
      }
    case "callable":
      switch value {
      case .macro, .function, .method, .undefined: return true
      default: return false
      }
    case "lower", "upper":
      let scalars = try text(of: value).scalars
      try charge(scalars.count / 4)
      let wrong = name == "lower" ? \Unicode.Scalar.Properties.isUppercase : \.isLowercase
      return scalars.contains { $0.properties.isCased } && !scalars.contains { $0.properties[keyPath: wrong] }
    default: throw failure("there is no test '\(name.prefix(40))'")
    }
    return false
  }

  private func isSame(_ left: JinjaValue, _ right: JinjaValue) throws(JinjaError) -> Bool {
    switch (left, right) {
    case (.none, .none): return true
    case (.bool(let first), .bool(let second)): return first == second
    case (.none, _), (.bool, _), (_, .none), (_, .bool): return false
    case (.namespace(let first), .namespace(let second)): return first === second
    default: throw failure("the test 'sameas' between a \(left.typeName) and a \(right.typeName)")
    }
  }
}
