/// The methods of Python's values that templates may call.
enum JinjaMethods {
  static let ofText: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "replace", "upper", "lower",
    "title", "capitalize", "find", "rfind", "index", "count", "join", "format", "isdigit", "isalpha", "isalnum",
    "isspace",
    "isupper", "islower", "partition", "rpartition", "removeprefix", "removesuffix", "zfill",
  ]
  static let ofDictionary: Set<String> = ["get", "items", "keys", "values", "copy"]
  static let ofList: Set<String> = ["index", "count"]
  /// Those that change a dictionary, which no template may.
  static let changing: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]
}

extension JinjaInterpreter {
  func call(method name: String, of value: JinjaValue, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    switch value {
    case .text(let text): return try call(name, text, arguments)
    case .dictionary(let dictionary):
      switch name {
      case "get":
        try arguments.check(name, ["key", "default"], self)
        guard let key = arguments.value(0, "key") else { throw failure("get without a key") }
        if JinjaKey(key) == nil, !key.isUndefined { throw failure("a \(key.typeName) as the key of a dictionary") }
        return dictionary[key] ?? arguments.value(1, "default") ?? .none
      case "items":
        var pairs: [JinjaValue] = []
        for (key, value) in zip(dictionary.keys, dictionary.values) {
          pairs.append(try list([key, value], isTuple: true))
        }
        return try series(pairs, isView: true)
      case "keys": return try series(dictionary.keys, isView: true)
      case "values": return try series(dictionary.values, isView: true)
      default: return value
      }
    case .list(let list):
      guard let wanted = arguments.positional.first else { throw failure("\(name) without a value") }
      var count = 0
      for (index, element) in list.elements.enumerated() where try areEqual(element, wanted) {
        try charge(1)
        if name == "index" { return .integer(index) }
        count += 1
      }
      if name == "index" { throw failure("a value that is not in the list") }
      return .integer(count)
    default: throw failure("the method '\(name.prefix(40))' of a \(value.typeName)")
    }
  }

  private func text(_ value: JinjaValue?, _ name: String) throws(JinjaError) -> JinjaText {
    guard case .text(let text)? = value else { throw failure("\(name) of a \(value?.typeName ?? "nothing")") }
    return text
  }

  private func call(_ name: String, _ text: JinjaText, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    try charge(text: text.count)
    switch name {
    case "strip", "lstrip", "rstrip":
      try arguments.check(name, ["chars"], self)
      var isStripped: (Unicode.Scalar) -> Bool = \.isPythonSpace
      if let given = arguments.value(0, "chars") {
        if case .none = given {
        } else {
          let set = Set(try self.text(given, name).scalars)
          isStripped = set.contains
        }
      }
      return .text(text.stripped(left: name != "rstrip", right: name != "lstrip", where: isStripped))
    case "split", "rsplit": return try split(name, text, arguments)
    case "splitlines":
      return try list(
        try lines(of: text, keepsEnds: arguments.value(0, "keepends")?.isTrue ?? false).map { .text($0) })
    case "startswith", "endswith":
      try arguments.check(name, ["prefix"], self)
      let given = arguments.value(0, "prefix") ?? .none
      let choices: [JinjaValue] = if case .list(let list) = given, list.isTuple { list.elements } else { [given] }
      for choice in choices {
        let part = try self.text(choice, name).scalars
        if name == "startswith" ? text.hasPrefix(part) : text.hasSuffix(part) { return .bool(true) }
      }
      return .bool(false)
    case "replace":
      try arguments.check(name, ["old", "new", "count"], self)
      return .text(
        try replaced(
          text, try self.text(arguments.value(0, "old"), name), try self.text(arguments.value(1, "new"), name),
          arguments.value(2, "count").flatMap(\.integer) ?? -1))
    case "upper":
      return .text(text.rewritten { $0.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) } })
    case "lower":
      return .text(text.rewritten { $0.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) } })
    case "capitalize":
      return .text(
        text.rewritten { scalars in
          scalars.enumerated().flatMap { index, scalar in
            Array((index == 0 ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping).unicodeScalars)
          }
        })
    case "title":
      return .text(
        text.rewritten { scalars in
          var isInside = false
          return scalars.flatMap { scalar in
            defer { isInside = scalar.properties.isCased }
            return Array(
              (isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping).unicodeScalars)
          }
        })
    case "find", "rfind", "index", "count":
      try arguments.check(name, ["sub"], self)
      let part = try self.text(arguments.value(0, "sub"), name).scalars
      if name == "count" {
        if part.isEmpty { return .integer(text.count + 1) }
        var count = 0
        var at = 0
        while let place = text.firstIndex(of: part, from: at) {
          count += 1
          at = place + part.count
        }
        return .integer(count)
      }
      let place = name == "rfind" ? text.lastIndex(of: part) : text.firstIndex(of: part)
      if place == nil, name == "index" { throw failure("a text that is not in the string") }
      return .integer(place ?? -1)
    case "join":
      var out = JinjaText()
      for (index, element) in try elements(of: arguments.positional.first ?? .none).enumerated() {
        if index > 0 { try append(text, to: &out) }
        try append(try self.text(element, name), to: &out)
      }
      return .text(out)
    case "format": return .text(try formatted(text, arguments))
    case "isdigit": return all(text) { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
    case "isalpha": return all(text) { $0.properties.isAlphabetic }
    case "isalnum": return all(text) { $0.properties.isAlphabetic || $0.properties.numericType != nil }
    case "isspace": return all(text, \.isPythonSpace)
    case "isupper": return .bool(try test("upper", .text(text), JinjaArguments()))
    case "islower": return .bool(try test("lower", .text(text), JinjaArguments()))
    case "partition", "rpartition":
      let mark = try self.text(arguments.positional.first, name)
      if mark.count == 0 { throw failure("\(name) at nothing") }
      let isFirst = name == "partition"
      guard let place = isFirst ? text.firstIndex(of: mark.scalars) : text.lastIndex(of: mark.scalars) else {
        let nothing = JinjaValue.trusted("")
        return try list(isFirst ? [.text(text), nothing, nothing] : [nothing, nothing, .text(text)], isTuple: true)
      }
      let end = place + mark.count
      return try list(
        [.text(text[0..<place]), .text(text[place..<end]), .text(text[end..<text.count])], isTuple: true)
    case "removeprefix":
      let part = try self.text(arguments.positional.first, name).scalars
      return .text(text.hasPrefix(part) ? text[part.count..<text.count] : text)
    case "removesuffix":
      let part = try self.text(arguments.positional.first, name).scalars
      return .text(text.hasSuffix(part) ? text[0..<text.count - part.count] : text)
    case "zfill":
      guard let width = arguments.positional.first?.integer, width <= 4096 else {
        throw failure("zfill without a width")
      }
      let missing = max(0, max(0, width) - text.count)
      let signs = text.scalars.first == "-" || text.scalars.first == "+" ? 1 : 0
      return .text(
        text.rewritten { Array($0[..<signs]) + Array(repeating: "0", count: missing) + Array($0[signs...]) })
    default: throw failure("the method '\(name.prefix(40))' of a string")
    }
  }

  private func all(_ text: JinjaText, _ holds: (Unicode.Scalar) -> Bool) -> JinjaValue {
    .bool(text.count > 0 && text.scalars.allSatisfy(holds))
  }

  private func split(_ name: String, _ text: JinjaText, _ arguments: JinjaArguments) throws(JinjaError) -> JinjaValue {
    try arguments.check(name, ["sep", "maxsplit"], self)
    var most = (arguments.value(1, "maxsplit") ?? .integer(-1)).integer ?? -1
    if most < 0 { most = .max }
    var separator: [Unicode.Scalar]?
    if let given = arguments.value(0, "sep") {
      if case .none = given {} else { separator = try self.text(given, name).scalars }
    }
    if let separator, separator.isEmpty { throw failure("\(name) at nothing") }
    var parts: [JinjaText] = []
    switch (separator, name) {
    case (let separator?, "split"):
      var at = 0
      while parts.count < most, let place = text.firstIndex(of: separator, from: at) {
        parts.append(text[at..<place])
        at = place + separator.count
      }
      parts.append(text[at..<text.count])
    case (let separator?, _):
      var end = text.count
      while parts.count < most, let place = text.lastIndex(of: separator, to: end) {
        parts.append(text[place + separator.count..<end])
        end = place
      }
      parts.append(text[0..<end])
      parts.reverse()
    case (nil, "split"):
      var at = 0
      while true {
        while at < text.count, text.scalars[at].isPythonSpace { at += 1 }
        if at == text.count { break }
        if parts.count == most {
          parts.append(text[at..<text.count].stripped(left: false))
          break
        }
        let start = at
        while at < text.count, !text.scalars[at].isPythonSpace { at += 1 }
        parts.append(text[start..<at])
      }
    default:
      var end = text.count
      while true {
        while end > 0, text.scalars[end - 1].isPythonSpace { end -= 1 }
        if end == 0 { break }
        if parts.count == most {
          parts.append(text[0..<end].stripped(right: false))
          break
        }
        let last = end
        while end > 0, !text.scalars[end - 1].isPythonSpace { end -= 1 }
        parts.append(text[end..<last])
      }
      parts.reverse()
    }
    return try list(parts.map { .text($0) })
  }

  func lines(of text: JinjaText, keepsEnds: Bool) throws(JinjaError) -> [JinjaText] {
    try charge(text: text.count)
    var lines: [JinjaText] = []
    var (start, at) = (0, 0)
    while at < text.count {
      guard text.scalars[at].isPythonLineBreak else {
        at += 1
        continue
      }
      let isPair = text.scalars[at] == "\r" && at + 1 < text.count && text.scalars[at + 1] == "\n"
      let end = at + (isPair ? 2 : 1)
      lines.append(text[start..<(keepsEnds ? end : at)])
      (start, at) = (end, end)
    }
    if start < text.count { lines.append(text[start..<text.count]) }
    return lines
  }

  /// The text with `old` replaced, at most `most` times if that is not negative; an empty one stands between all.
  func replaced(_ text: JinjaText, _ old: JinjaText, _ new: JinjaText, _ most: Int) throws(JinjaError) -> JinjaText {
    let most = most < 0 ? Int.max : most
    try charge(text: text.count)
    var out = JinjaText()
    out.isMarkup = text.isMarkup
    var count = 0
    if old.count == 0 {
      for place in 0...text.count {
        if count < most {
          try append(new, to: &out)
          count += 1
        }
        if place < text.count { out.append(text.scalars[place], isTrusted: text.isTrusted(at: place)) }
      }
      return out
    }
    var at = 0
    while count < most, let place = text.firstIndex(of: old.scalars, from: at) {
      out.append(text, at..<place)
      try append(new, to: &out)
      at = place + old.count
      count += 1
    }
    if count == 0 { return text }
    try append(text[at..<text.count], to: &out)
    return out
  }
}
