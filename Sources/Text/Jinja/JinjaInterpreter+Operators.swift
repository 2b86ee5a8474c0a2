extension JinjaInterpreter {
  /// What an operator makes of two values, as in Python; whole numbers that leave 64 bits are an error.
  func apply(
    _ kind: JinjaSyntax.Operator, _ left: JinjaValue, _ right: JinjaValue
  ) throws(JinjaError) -> JinjaValue {
    switch (kind, left, right) {
    case (.add, .text(var first), .text(var second)):
      // What HTML calls safe stays so: the other part is escaped.
      if first.isMarkup != second.isMarkup {
        if first.isMarkup { second = escaped(second) } else { first = escaped(first) }
      }
      try charge(text: first.count + second.count)
      first.append(second)
      first.isMarkup = first.isMarkup || second.isMarkup
      return .text(first)
    case (.add, .list(let first), .list(let second)) where first.isTuple == second.isTuple:
      try charge(elements: first.elements.count + second.elements.count)
      return try list(first.elements + second.elements, isTuple: first.isTuple)
    case (.multiply, .text(let text), _) where right.integer != nil: return try repeated(text, right.integer ?? 0)
    case (.multiply, _, .text(let text)) where left.integer != nil: return try repeated(text, left.integer ?? 0)
    case (.multiply, .list(let values), _) where right.integer != nil: return try repeated(values, right.integer ?? 0)
    case (.multiply, _, .list(let values)) where left.integer != nil: return try repeated(values, left.integer ?? 0)
    case (.modulo, .text(let format), _): return .text(try formatted(format, right))
    default: break
    }
    if let first = left.integer, let second = right.integer {
      if let value = try whole(kind, first, second) { return .integer(value) }
    }
    guard let first = left.number, let second = right.number else {
      if left.isUndefined { throw undefined(left) }
      if right.isUndefined { throw undefined(right) }
      throw failure("'\(kind.rawValue)' between a \(left.typeName) and a \(right.typeName)")
    }
    return .float(try real(kind, first, second))
  }

  func undefined(_ value: JinjaValue) -> JinjaError {
    guard case .undefined(let name) = value else { return failure("a value of the wrong kind") }
    return failure("'\(name.prefix(60))' is not defined")
  }

  private func repeated(_ text: JinjaText, _ count: Int) throws(JinjaError) -> JinjaValue {
    let count = max(0, count)
    let (length, overflow) = text.count.multipliedReportingOverflow(by: count)
    try charge(text: overflow ? .max : length)
    var result = JinjaText()
    result.isMarkup = text.isMarkup
    if length > 0 { for _ in 0..<count { result.append(text) } }
    return .text(result)
  }

  private func repeated(_ values: JinjaList, _ count: Int) throws(JinjaError) -> JinjaValue {
    let count = max(0, count)
    let (length, overflow) = values.elements.count.multipliedReportingOverflow(by: count)
    if overflow || length > limits.steps { throw JinjaError(line: line, reason: .budget("steps", limit: limits.steps)) }
    try charge(elements: length)
    var elements: [JinjaValue] = []
    if length > 0 { for _ in 0..<count { elements += values.elements } }
    return try list(elements, isTuple: values.isTuple)
  }

  /// An operator on whole numbers; nil where the result is a real number.
  private func whole(_ kind: JinjaSyntax.Operator, _ first: Int, _ second: Int) throws(JinjaError) -> Int? {
    let (value, overflow): (Int, Bool)
    switch kind {
    case .add: (value, overflow) = first.addingReportingOverflow(second)
    case .subtract: (value, overflow) = first.subtractingReportingOverflow(second)
    case .multiply: (value, overflow) = first.multipliedReportingOverflow(by: second)
    case .divide: return nil
    case .floorDivide, .modulo:
      if second == 0 { throw failure("a division by zero") }
      // Python rounds down.
      let (quotient, tooLarge) = first.dividedReportingOverflow(by: second)
      if tooLarge { throw failure("a whole number out of range") }
      let rest = first - quotient * second
      let isBelow = rest != 0 && (rest < 0) != (second < 0)
      return kind == .modulo ? (isBelow ? rest + second : rest) : (isBelow ? quotient - 1 : quotient)
    case .power:
      if second < 0 { return nil }
      if second > 64, first.magnitude > 1 { throw failure("a whole number out of range") }
      var result = 1
      for _ in 0..<(first.magnitude > 1 ? second : min(second, 2 + second % 2)) {
        let (next, tooLarge) = result.multipliedReportingOverflow(by: first)
        if tooLarge { throw failure("a whole number out of range") }
        result = next
      }
      return result
    }
    if overflow { throw failure("a whole number out of range") }
    return value
  }

  private func real(_ kind: JinjaSyntax.Operator, _ first: Double, _ second: Double) throws(JinjaError) -> Double {
    switch kind {
    case .add: return first + second
    case .subtract: return first - second
    case .multiply: return first * second
    case .divide, .floorDivide, .modulo:
      if second == 0 { throw failure("a division by zero") }
      if kind == .divide { return first / second }
      let quotient = (first / second).rounded(.down)
      return kind == .floorDivide ? quotient : first - quotient * second
    case .power: throw failure("a power of real numbers")
    }
  }

  // MARK: Comparing

  func compare(_ kind: JinjaSyntax.Comparison, _ left: JinjaValue, _ right: JinjaValue) throws(JinjaError) -> Bool {
    switch kind {
    case .equal: return try areEqual(left, right)
    case .notEqual: return try !areEqual(left, right)
    case .less: return try precedes(left, right)
    case .greater: return try precedes(right, left)
    case .lessOrEqual: return try !precedes(right, left)
    case .greaterOrEqual: return try !precedes(left, right)
    case .in: return try contains(right, left)
    case .notIn: return try !contains(right, left)
    }
  }

  func areEqual(_ left: JinjaValue, _ right: JinjaValue) throws(JinjaError) -> Bool {
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let first), .text(let second)):
      try charge(min(first.count, second.count) / 32)
      return first.scalars == second.scalars
    case (.list(let first), .list(let second)):
      guard first.isTuple == second.isTuple, first.elements.count == second.elements.count else { return false }
      try charge(elements: first.elements.count)
      for (a, b) in zip(first.elements, second.elements) where try !areEqual(a, b) { return false }
      return true
    case (.dictionary(let first), .dictionary(let second)):
      guard first.keys.count == second.keys.count else { return false }
      try charge(elements: first.keys.count)
      for (key, value) in zip(first.keys, first.values) {
        guard let other = second[key], try areEqual(value, other) else { return false }
      }
      return true
    case (.namespace(let first), .namespace(let second)): return first === second
    case (.macro(let first), .macro(let second)): return first === second
    case (.function(let first), .function(let second)): return first == second
    default:
      if let first = left.integer, let second = right.integer { return first == second }
      if let first = left.number, let second = right.number { return first == second }
      return false
    }
  }

  /// Whether `left` is less than `right`.
  func precedes(_ left: JinjaValue, _ right: JinjaValue) throws(JinjaError) -> Bool {
    switch (left, right) {
    case (.text(let first), .text(let second)):
      try charge(min(first.count, second.count) / 32)
      return first.scalars.lexicographicallyPrecedes(second.scalars)
    case (.list(let first), .list(let second)) where first.isTuple == second.isTuple:
      for (a, b) in zip(first.elements, second.elements) where try !areEqual(a, b) {
        try charge(1)
        return try precedes(a, b)
      }
      return first.elements.count < second.elements.count
    default:
      if let first = left.integer, let second = right.integer { return first < second }
      guard let first = left.number, let second = right.number else {
        if left.isUndefined { throw undefined(left) }
        if right.isUndefined { throw undefined(right) }
        throw failure("an order between a \(left.typeName) and a \(right.typeName)")
      }
      return first < second
    }
  }

  func contains(_ container: JinjaValue, _ value: JinjaValue) throws(JinjaError) -> Bool {
    switch container {
    case .undefined: return false
    case .text(let text):
      guard case .text(let part) = value else { throw failure("a \(value.typeName) in a string") }
      try charge(1 + text.count / 16)
      return text.firstIndex(of: part.scalars) != nil
    case .list, .series:
      for element in try elements(of: container) {
        try charge(1)
        if try areEqual(element, value) { return true }
      }
      return false
    case .dictionary(let dictionary):
      if JinjaKey(value) == nil, !value.isUndefined { throw failure("a \(value.typeName) as the key of a dictionary") }
      return dictionary[value] != nil
    default: throw failure("a value in a \(container.typeName)")
    }
  }

  // MARK: Parts

  /// What a loop goes through.
  func elements(of value: JinjaValue) throws(JinjaError) -> [JinjaValue] {
    switch value {
    case .undefined: return []
    case .list(let list): return list.elements
    case .dictionary(let dictionary): return dictionary.keys
    case .text(let text):
      try charge(4 * text.count)
      return (0..<text.count).map { .text(text[$0..<$0 + 1]) }
    case .loop(let loop): return loop.items
    case .series(let series): return series.take()
    default: throw failure("a \(value.typeName) cannot be gone through")
    }
  }

  func count(of value: JinjaValue) throws(JinjaError) -> Int {
    switch value {
    case .undefined: return 0
    case .text(let text): return text.count
    case .list(let list): return list.elements.count
    case .dictionary(let dictionary): return dictionary.keys.count
    case .loop(let loop): return loop.items.count
    case .series(let series) where series.isView: return series.count
    default: throw failure("the length of a \(value.typeName)")
    }
  }

  /// `value.name`: a method or attribute of the value, else its item of that name.
  func attribute(_ name: String, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
    if let found = try member(name, of: value) { return found }
    if case .dictionary(let dictionary) = value, let found = dictionary[name] { return found }
    return .undefined(name: name)
  }

  /// `value[index]`: an item of the value, else its attribute of that name.
  func item(_ index: JinjaValue, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
    // A long key is hashed and compared as a whole.
    if case .text(let key) = index { try charge(key.count / 8) }
    switch value {
    case .undefined: throw undefined(value)
    case .dictionary(let dictionary): if let found = dictionary[index] { return found }
    case .list(let list):
      if let place = index.integer, let at = position(place, list.elements.count) { return list.elements[at] }
    case .text(let text):
      if let place = index.integer, let at = position(place, text.count) { return .text(text[at..<at + 1]) }
    default: break
    }
    guard case .text(let name) = index else { return .undefined(name: try text(of: index).string) }
    return try member(name.string, of: value) ?? .undefined(name: name.string)
  }

  private func position(_ index: Int, _ count: Int) -> Int? {
    let place = index < 0 ? index + count : index
    return place >= 0 && place < count ? place : nil
  }

  /// A method or attribute that Python's value has; nil where it has none of that name.
  private func member(_ name: String, of value: JinjaValue) throws(JinjaError) -> JinjaValue? {
    switch value {
    case .undefined: throw undefined(value)
    case .namespace(let namespace): return namespace.attributes[name]
    case .loop(let loop): return loop[name]
    case .macro(let macro): return name == "name" ? .trusted(macro.definition.name) : nil
    case .text: return JinjaMethods.ofText.contains(name) ? .method(of: value, name: name) : nil
    case .dictionary:
      // What would change a value is not to be had.
      if JinjaMethods.changing.contains(name) { return .undefined(name: name) }
      return JinjaMethods.ofDictionary.contains(name) ? .method(of: value, name: name) : nil
    case .list: return JinjaMethods.ofList.contains(name) ? .method(of: value, name: name) : nil
    default: return nil
    }
  }

  /// `value[start:end:step]`.
  func slice(
    _ value: JinjaValue, _ start: JinjaValue, _ end: JinjaValue, _ step: JinjaValue
  ) throws(JinjaError) -> JinjaValue {
    let count: Int
    switch value {
    case .text(let text): count = text.count
    case .list(let list): count = list.elements.count
    case .undefined: throw undefined(value)
    default: return .undefined(name: "a slice of a \(value.typeName)")
    }
    func number(_ part: JinjaValue) throws(JinjaError) -> Int? {
      if case .none = part { return nil }
      guard let number = part.integer else { throw failure("a \(part.typeName) as the bound of a slice") }
      return number
    }
    let stride = try number(step) ?? 1
    if stride == 0 { throw failure("a slice with a step of 0") }
    let (lowest, highest) = stride > 0 ? (0, count) : (-1, count - 1)
    func bound(_ given: Int?, _ missing: Int) -> Int {
      guard let given else { return missing }
      let place = given < 0 ? given + count : given
      return min(max(place, lowest), highest)
    }
    let first = bound(try number(start), stride > 0 ? 0 : count - 1)
    let last = bound(try number(end), stride > 0 ? count : -1)
    if case .text(let text) = value, stride == 1 {
      let range = first..<max(first, last)
      try charge(text: range.count)
      return .text(text[range])
    }
    let places = Array(Swift.stride(from: first, to: last, by: stride))
    switch value {
    case .text(let text):
      try charge(text: places.count)
      var result = JinjaText()
      result.isMarkup = text.isMarkup
      for place in places { result.append(text.scalars[place], isTrusted: text.isTrusted(at: place)) }
      return .text(result)
    case .list(let list): return try self.list(places.map { list.elements[$0] }, isTuple: list.isTuple)
    default: return .none
    }
  }
}
