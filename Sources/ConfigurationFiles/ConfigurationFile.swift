import Formats
import Profiling
import Yams

/// A YAML file as a value; the numbers and words of YAML 1.2, where `1e-3` is a number and `no` is a word.
package enum ConfigurationFile {
  /// The most bytes of a file, and values in it.
  static let byteLimit = 1 << 20
  static let valueLimit = 10_000
  /// The most places that refer to another: each may stand for as many values as there are.
  static let aliasLimit = 32

  /// Reads the file at `path`.
  ///
  /// - Throws: ``ConfigurationError``; `ProfilingError` for a file that cannot be read.
  package static func read(_ path: String) throws -> JSON {
    let bytes = try readWholeFile(path)
    guard bytes.count <= byteLimit else {
      throw ConfigurationError.file(path: path, problem: "\(bytes.count) bytes, at most \(byteLimit) are read")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError.file(path: path, problem: "it is not UTF-8")
    }
    return try parse(text, path: path)
  }

  /// The value of a text; an empty one is an empty object.
  ///
  /// - Throws: ``ConfigurationError``.
  package static func parse(_ text: String, path: String) throws(ConfigurationError) -> JSON {
    let aliases = aliases(in: text)
    guard aliases <= aliasLimit else {
      throw .file(path: path, problem: "\(aliases) references to other places, at most \(aliasLimit) are read")
    }
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch { throw .file(path: path, problem: Self.text(of: error)) }
    guard let root else { return .object([]) }
    var values = 0
    return try value(of: root, path, &values)
  }

  /// The places that look like references, `*name`.
  private static func aliases(in text: String) -> Int {
    var before = UInt8(ascii: " ")
    return text.utf8.count { byte in
      defer { before = byte }
      return byte == UInt8(ascii: "*") && " \t\n\r[{,:-?".utf8.contains(before)
    }
  }

  private static func text(of error: any Error) -> String {
    guard let error = error as? YamlError else { return "\(error)" }
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return "line \(mark.line), column \(mark.column): \(problem)"
    case .duplicatedKeysInMapping(let duplicates, _):
      return "a field is there twice: \(duplicates.prefix(4).map(\.description).joined(separator: ", "))"
    default: return "not YAML: \("\(error)".prefix(200))"
    }
  }

  private static func value(of node: Node, _ path: String, _ values: inout Int) throws(ConfigurationError) -> JSON {
    values += 1
    guard values <= valueLimit else { throw .file(path: path, problem: "more than \(valueLimit) values") }
    switch node {
    case .scalar(let scalar):
      return scalar.style == .plain || scalar.style == .any
        ? Self.value(ofPlain: scalar.string) : .string(scalar.string)
    case .sequence(let sequence):
      var elements: [JSON] = []
      for element in sequence { elements.append(try value(of: element, path, &values)) }
      return .array(elements)
    case .mapping(let mapping):
      var members: [JSON.Member] = []
      for (key, element) in mapping {
        guard case .scalar(let name) = key else { throw .file(path: path, problem: "a field's name is no word") }
        members.append(JSON.Member(name.string, try value(of: element, path, &values)))
      }
      return .object(members)
    case .alias: throw .file(path: path, problem: "a reference to a place that there is none of")
    }
  }

  /// What an unquoted word stands for.
  package static func value(ofPlain text: String) -> JSON {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    // Not all that Swift takes for a number is one: "nan", "0x1p3".
    let isNumber = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    guard isNumber else { return .string(text) }
    if let whole = Int(text) { return .integer(whole) }
    if let number = Double(text), number.isFinite { return .number(number) }
    return .string(text)
  }
}
