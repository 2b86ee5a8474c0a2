extension JinjaInterpreter {
  /// The filters on lists and dictionaries.
  func filter(series name: String, _ value: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    switch name {
    case "list":
      try arguments.check(name, [], self)
      return try list(try elements(of: value))
    case "items":
      try arguments.check(name, [], self)
      if value.isUndefined { return try series([]) }
      guard case .dictionary = value else { throw failure("the filter 'items' of a \(value.typeName)") }
      return try series(try elements(of: try call(method: name, of: value, arguments)))
    case "first", "last":
      try arguments.check(name, [], self)
      if case .series(let series) = value, name == "first" {
        return series.take(1).first ?? .undefined(name: "the first element of nothing")
      }
      if case .series(let series) = value, !series.isView { throw failure("the filter 'last' of a series") }
      let values = try elements(of: value)
      return (name == "first" ? values.first : values.last) ?? .undefined(name: "the \(name) element of nothing")
    case "reverse":
      if case .text(let text) = value {
        try charge(text: text.count)
        return .text(text.rewritten { $0.reversed() })
      }
      return try series(try elements(of: value).reversed())
    case "join":
      try arguments.check(name, ["d", "attribute"], self)
      let separator = try text(of: arguments.value(0, "d") ?? .trusted(""))
      var out = JinjaText()
      for (index, element) in try elements(of: value).enumerated() {
        if index > 0 { try append(separator, to: &out) }
        try append(try text(of: try key(arguments.value(1, "attribute"), of: element)), to: &out)
      }
      out.isMarkup = false
      return .text(out)
    case "map": return try mapped(value, arguments)
    case "select", "reject", "selectattr", "rejectattr": return try selected(name, value, arguments)
    case "dictsort": return try sorted(dictionary: value, arguments)
    case "sort":
      try arguments.check(name, ["reverse", "case_sensitive", "attribute"], self)
      return try sorted(
        try elements(of: value), by: arguments.value(2, "attribute"),
        isCaseSensitive: arguments.value(1, "case_sensitive")?.isTrue ?? false,
        isReversed: arguments.value(0, "reverse")?.isTrue ?? false)
    case "min", "max":
      try arguments.check(name, ["case_sensitive", "attribute"], self)
      let isCaseSensitive = arguments.value(0, "case_sensitive")?.isTrue ?? false
      var best: (value: JinjaValue, key: JinjaValue)?
      for element in try elements(of: value) {
        let key = try folded(try key(arguments.value(1, "attribute"), of: element), isCaseSensitive)
        let isBetter = try best.map { (best) throws(JinjaError) in
          name == "min" ? try precedes(key, best.key) : try precedes(best.key, key)
        }
        if isBetter ?? true { best = (element, key) }
      }
      return best?.value ?? .undefined(name: "the \(name)imum of nothing")
    case "sum":
      try arguments.check(name, ["attribute", "start"], self)
      var sum = arguments.value(1, "start") ?? .integer(0)
      for element in try elements(of: value) {
        sum = try apply(.add, sum, try key(arguments.value(0, "attribute"), of: element))
      }
      return sum
    case "unique":
      try arguments.check(name, ["case_sensitive", "attribute"], self)
      let isCaseSensitive = arguments.value(0, "case_sensitive")?.isTrue ?? false
      var seen: Set<JinjaKey> = []
      var kept: [JinjaValue] = []
      for element in try elements(of: value) {
        let found = try folded(try key(arguments.value(1, "attribute"), of: element), isCaseSensitive)
        guard let key = JinjaKey(found) ?? (found.isUndefined ? JinjaKey.tuple([]) : nil) else {
          throw failure("the filter 'unique' of a \(found.typeName)")
        }
        try charge(1)
        if seen.insert(key).inserted { kept.append(element) }
      }
      return try series(kept)
    case "attr":
      guard case .text(let name)? = arguments.value(0, "name") else {
        throw failure("the filter 'attr' without a name")
      }
      if case .dictionary = value {
        return JinjaMethods.ofDictionary.contains(name.string)
          ? .method(of: value, name: name.string) : .undefined(name: name.string)
      }
      return try attribute(name.string, of: value)
    default: throw failure("there is no filter '\(name.prefix(40))'")
    }
  }

  /// The attribute of an element, by a path such as `function.name`; the element itself without one.
  private func key(_ path: JinjaValue?, of element: JinjaValue) throws(JinjaError) -> JinjaValue {
    switch path {
    case nil, .some(.none): return element
    case .integer?: return try item(path ?? .none, of: element)
    case .text(let path)?:
      var value = element
      for part in path.string.split(separator: ".", omittingEmptySubsequences: false) {
        value = try item(Int(part).map { .integer($0) } ?? .trusted(String(part)), of: value)
      }
      return value
    case let path?: throw failure("a \(path.typeName) as the name of an attribute")
    }
  }

  private func folded(_ value: JinjaValue, _ isCaseSensitive: Bool) throws(JinjaError) -> JinjaValue {
    guard !isCaseSensitive, case .text = value else { return value }
    return try call(method: "lower", of: value, JinjaArguments())
  }

  private func sorted(
    _ elements: [JinjaValue], by attribute: JinjaValue?, isCaseSensitive: Bool, isReversed: Bool
  ) throws(JinjaError) -> JinjaValue {
    var keyed: [(value: JinjaValue, key: JinjaValue)] = []
    for element in elements {
      keyed.append((element, try folded(try key(attribute, of: element), isCaseSensitive)))
    }
    let order = try sorted(keyed) { (a, b) throws(JinjaError) in
      isReversed ? try precedes(b.key, a.key) : try precedes(a.key, b.key)
    }
    return try list(order.map(\.value))
  }

  private func sorted(dictionary value: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    try arguments.check("dictsort", ["case_sensitive", "by", "reverse"], self)
    guard case .dictionary(let dictionary) = value else {
      throw failure("the filter 'dictsort' of a \(value.typeName)")
    }
    let by = try text(of: arguments.value(1, "by") ?? .trusted("key")).string
    guard by == "key" || by == "value" else { throw failure("the filter 'dictsort' by '\(by.prefix(40))'") }
    var pairs: [JinjaValue] = []
    for (key, value) in zip(dictionary.keys, dictionary.values) { pairs.append(try list([key, value], isTuple: true)) }
    return try sorted(
      pairs, by: .integer(by == "key" ? 0 : 1), isCaseSensitive: arguments.value(0, "case_sensitive")?.isTrue ?? false,
      isReversed: arguments.value(2, "reverse")?.isTrue ?? false)
  }

  private func mapped(_ value: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    // A filter that is mapped may map in turn.
    try enter()
    defer { depth -= 1 }
    // Nothing has no elements here, whatever kind of nothing it is.
    if !value.isTrue { return try series([]) }
    var results: [JinjaValue] = []
    if arguments.positional.isEmpty {
      try arguments.check("map", ["", "attribute", "default"], self)
      guard let attribute = arguments.value(1, "attribute") else { throw failure("the filter 'map' without a filter") }
      for element in try elements(of: value) {
        let found = try key(attribute, of: element)
        results.append(found.isUndefined ? arguments.value(2, "default") ?? found : found)
      }
    } else {
      guard case .text(let name) = arguments.positional[0] else {
        throw failure("the filter 'map' of no filter's name")
      }
      var rest = arguments
      rest.positional.removeFirst()
      for element in try elements(of: value) { results.append(try filter(name.string, element, rest)) }
    }
    return try series(results)
  }

  private func selected(
    _ name: String, _ value: JinjaValue, _ arguments: JinjaArguments
  ) throws(JinjaError) -> JinjaValue {
    if !value.isTrue { return try series([]) }
    var rest = arguments
    var attribute: JinjaValue?
    if name.hasSuffix("attr") {
      if rest.positional.isEmpty { throw failure("the filter '\(name)' without an attribute") }
      attribute = rest.positional.removeFirst()
    }
    var testName: String?
    if let first = rest.positional.first {
      guard case .text(let text) = first else { throw failure("the filter '\(name)' of no test's name") }
      testName = text.string
      rest.positional.removeFirst()
    }
    var kept: [JinjaValue] = []
    for element in try elements(of: value) {
      try charge(1)
      let found = try key(attribute, of: element)
      let holds = try testName.map { (testName) throws(JinjaError) in try test(testName, found, rest) } ?? found.isTrue
      if holds == name.hasPrefix("select") { kept.append(element) }
    }
    return try series(kept)
  }
}
