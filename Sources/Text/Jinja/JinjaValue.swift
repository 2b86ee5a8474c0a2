/// A value of a template, with Python's meaning.
enum JinjaValue: Sendable {
  /// Something that is not there; `name` is what was looked for.
  case undefined(name: String)
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case text(JinjaText)
  case list(JinjaList)
  /// What a filter goes through once.
  case series(JinjaSeries)
  case dictionary(JinjaDictionary)
  case namespace(JinjaNamespace)
  case loop(JinjaLoop)
  case macro(JinjaMacro)
  /// A function that every template has, by its name.
  case function(String)
  /// A method of a value that is not called yet.
  indirect case method(of: JinjaValue, name: String)

  static func trusted(_ text: String) -> JinjaValue { .text(JinjaText(text, isTrusted: true)) }
  static func untrusted(_ text: String) -> JinjaValue { .text(JinjaText(text, isTrusted: false)) }

  /// How deeply lists and dictionaries lie in each other.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .series(let series): series.depth
    case .dictionary(let dictionary): dictionary.depth
    case .method(let value, _): value.depth
    default: 0
    }
  }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .float(let value): value != 0
    case .text(let text): text.count > 0
    case .list(let list): !list.elements.isEmpty
    case .dictionary(let dictionary): !dictionary.keys.isEmpty
    case .series(let series): !series.isView || series.count > 0
    default: true
    }
  }

  /// What Python calls the type, for messages.
  var typeName: String {
    switch self {
    case .undefined: "undefined"
    case .none: "none"
    case .bool: "boolean"
    case .integer: "integer"
    case .float: "float"
    case .text: "string"
    case .list(let list): list.isTuple ? "tuple" : "list"
    case .series: "series"
    case .dictionary: "mapping"
    case .namespace: "namespace"
    case .loop: "loop"
    case .macro, .function, .method: "function"
    }
  }

  /// The value as a number, truth values included.
  var number: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  /// The value as a whole number, truth values included.
  var integer: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }
}

/// A list or a tuple.
struct JinjaList: Sendable {
  var elements: [JinjaValue]
  var isTuple = false
  let depth: Int

  init(_ elements: [JinjaValue], isTuple: Bool = false) {
    self.elements = elements
    self.isTuple = isTuple
    depth = 1 + (elements.lazy.map(\.depth).max() ?? 0)
  }
}

/// A dictionary that keeps the order of its keys.
struct JinjaDictionary: Sendable {
  private(set) var keys: [JinjaValue] = []
  private(set) var values: [JinjaValue] = []
  private(set) var depth = 1
  private var index: [JinjaKey: Int] = [:]

  /// The value of a key; nil where there is none, or where the key cannot be one.
  subscript(key: JinjaValue) -> JinjaValue? { JinjaKey(key).flatMap { index[$0] }.map { values[$0] } }
  subscript(key: String) -> JinjaValue? { index[.text(Array(key.unicodeScalars))].map { values[$0] } }

  /// Sets a key; false if it cannot be one.
  @discardableResult
  mutating func set(_ key: JinjaValue, _ value: JinjaValue) -> Bool {
    guard let hashed = JinjaKey(key) else { return false }
    depth = max(depth, 1 + max(value.depth, key.depth))
    if let place = index[hashed] {
      values[place] = value
    } else {
      index[hashed] = keys.count
      keys.append(key)
      values.append(value)
    }
    return true
  }
}

/// What tells the keys of a dictionary apart: numbers by their value, so that 1, 1.0 and true are one key.
enum JinjaKey: Hashable {
  case none
  case integer(Int)
  case float(Double)
  case text([Unicode.Scalar])
  case tuple([JinjaKey])

  init?(_ value: JinjaValue) {
    switch value {
    case .none: self = .none
    case .bool(let value): self = .integer(value ? 1 : 0)
    case .integer(let value): self = .integer(value)
    case .float(let value): self = Int(exactly: value).map { .integer($0) } ?? .float(value)
    case .text(let text): self = .text(text.scalars)
    case .list(let list) where list.isTuple && list.depth <= 2:
      // Deeper ones could share their parts and be endless to walk through.
      var keys: [JinjaKey] = []
      for element in list.elements {
        guard let key = JinjaKey(element) else { return nil }
        keys.append(key)
      }
      self = .tuple(keys)
    default: return nil
    }
  }
}
