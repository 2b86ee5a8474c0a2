extension JinjaInterpreter {
  func call(_ callee: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    switch callee {
    case .macro(let macro): return .text(try call(macro, arguments))
    case .function(let name): return try call(function: name, arguments)
    case .method(let value, let name): return try call(method: name, of: value, arguments)
    case .undefined(let name): throw failure("'\(name.prefix(60))' is not defined and cannot be called")
    default: throw failure("a \(callee.typeName) cannot be called")
    }
  }

  private func call(_ macro: JinjaMacro, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaText {
    let definition = macro.definition
    let scope = JinjaScope(parent: macro.scope)
    scope.loopDepth = 0
    if arguments.positional.count > definition.parameters.count {
      throw failure(
        "the macro '\(definition.name)' takes \(definition.parameters.count) values, not \(arguments.positional.count)")
    }
    for (name, value) in arguments.named {
      guard let place = definition.parameters.firstIndex(where: { $0.name == name }) else {
        if name == "caller" {
          scope.variables[name] = value
          continue
        }
        throw failure("the macro '\(definition.name)' has no parameter '\(name)'")
      }
      if place < arguments.positional.count {
        throw failure("the macro '\(definition.name)' is given '\(name)' twice")
      }
      scope.variables[name] = value
    }
    let outer = line
    for (place, parameter) in definition.parameters.enumerated() {
      if place < arguments.positional.count {
        scope.variables[parameter.name] = arguments.positional[place]
      } else if scope.variables[parameter.name] == nil {
        scope.variables[parameter.name] =
          try parameter.value.map { (value) throws(JinjaError) in try evaluate(value, scope) }
          ?? .undefined(name: parameter.name)
      }
    }
    var out = JinjaText()
    _ = try run(definition.body, scope, &out)
    line = outer
    return out
  }

  private func call(function name: String, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    switch name {
    case "range":
      try arguments.check(name, ["start", "stop", "step"], self)
      var bounds: [Int] = []
      for value in arguments.positional {
        guard let bound = value.integer else { throw failure("range of a \(value.typeName)") }
        bounds.append(bound)
      }
      if bounds.isEmpty { throw failure("range without a bound") }
      let (start, stop) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
      let step = bounds.count > 2 ? bounds[2] : 1
      if step == 0 { throw failure("range with a step of 0") }
      let (distance, overflow) = stop.subtractingReportingOverflow(start)
      let (quotient, isTooLarge) = distance.dividedReportingOverflow(by: step)
      let count =
        overflow || isTooLarge
        ? Int.max : max(0, quotient.addingReportingOverflow(distance % step != 0 ? 1 : 0).partialValue)
      if (distance < 0) != (step < 0) && !overflow { return try list([]) }
      if count > Self.rangeLimit {
        throw JinjaError(line: line, reason: .budget("elements of a range", limit: Self.rangeLimit))
      }
      try charge(elements: count)
      return try list((0..<count).map { .integer(start + $0 * step) })
    case "dict":
      if !arguments.positional.isEmpty { throw failure("dict of a value") }
      var dictionary = JinjaDictionary()
      for (name, value) in arguments.named { dictionary.set(.trusted(name), value) }
      try check(depth: dictionary.depth)
      return .dictionary(dictionary)
    case "namespace":
      let namespace = JinjaNamespace()
      if let first = arguments.positional.first {
        guard arguments.positional.count == 1, case .dictionary(let dictionary) = first else {
          throw failure("namespace of a \(first.typeName)")
        }
        try charge(elements: dictionary.keys.count)
        for (key, value) in zip(dictionary.keys, dictionary.values) {
          if case .text(let name) = key { namespace.attributes[name.string] = value }
        }
      }
      for (name, value) in arguments.named { namespace.attributes[name] = value }
      try charge(4)
      namespaces.append(namespace)
      return .namespace(namespace)
    case "raise_exception":
      try arguments.check(name, ["message"], self)
      let message = try text(of: arguments.value(0, "message") ?? .trusted("")).string
      throw JinjaError(line: line, reason: .raised(String(message.prefix(1000))))
    default:
      try arguments.check(name, ["format"], self)
      guard case .text(let format)? = arguments.value(0, "format") else {
        throw failure("strftime_now without a format")
      }
      try charge(text: format.count)
      guard let text = now.formatted(format.string) else {
        throw failure("strftime_now with the format '\(format.string.prefix(60))'")
      }
      try charge(text: text.unicodeScalars.count)
      return .text(JinjaText(text, isTrusted: format.isTrusted))
    }
  }

  private static let rangeLimit = 100_000
}
