import Formats

/// Follows the object that is a call, byte by byte: a name and arguments in any order, and what some models add to them.
struct ToolCallObject: Sendable {
  /// What a byte leads to.
  enum Outcome {
    case more
    /// The name is there.
    case name
    /// The arguments begin with this byte.
    case arguments
    /// The object ends, with a name and arguments.
    case done
    case broken
  }

  private enum State {
    case start, key, colon, value, string, escape, after
    /// Arguments that come before the name.
    case arguments
  }

  /// The members that a call may have, and whether they hold the arguments.
  private static let keys = ["name": false, "id": false, "type": false, "arguments": true, "parameters": true]

  private(set) var name: String?
  /// Where the arguments stand, if they ended before the name came.
  private(set) var arguments: Range<Int>?
  /// Follows the arguments.
  var scanner = JSONObjectScanner()
  private var state = State.start
  private var seen: Set<String> = []
  private var key = ""
  /// The string that is being read, with its first quote.
  private var string: [UInt8] = []
  private var hasArguments = false
  private var argumentsStart = 0

  init() {}

  /// A call whose name is known, at the first byte of its arguments.
  init(named name: String) {
    self.name = name
    _ = scanner.append(UInt8(ascii: "{"))
  }

  /// The arguments, which are followed outside once the call is told of, have ended.
  mutating func endArguments() {
    hasArguments = true
    state = .after
  }

  /// Takes the next byte, which stands at a place of what is held.
  mutating func append(_ byte: UInt8, at place: Int) -> Outcome {
    let isSpace = byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    switch state {
    case .start: return go(.key, if: byte == UInt8(ascii: "{"))
    case .key:
      if isSpace { return .more }
      string = [byte]
      key = ""
      return go(.string, if: byte == UInt8(ascii: "\""))
    case .colon:
      if isSpace { return .more }
      return go(.value, if: byte == UInt8(ascii: ":"))
    case .value:
      if isSpace { return .more }
      guard Self.keys[key] == true else {
        string = [byte]
        return go(.string, if: byte == UInt8(ascii: "\""))
      }
      guard !hasArguments, byte == UInt8(ascii: "{") else { return .broken }
      scanner = JSONObjectScanner()
      _ = scanner.append(byte)
      argumentsStart = place
      state = .arguments
      return .arguments
    case .string:
      string.append(byte)
      if byte == UInt8(ascii: "\\") { state = .escape }
      if byte != UInt8(ascii: "\"") { return byte < 0x20 ? .broken : .more }
      return endString()
    case .escape:
      string.append(byte)
      state = .string
      return .more
    case .after:
      if isSpace { return .more }
      if byte == UInt8(ascii: ",") { return go(.key, if: true) }
      return byte == UInt8(ascii: "}") && name != nil && hasArguments ? .done : .broken
    case .arguments:
      switch scanner.append(byte) {
      case .more: return .more
      case .broken: return .broken
      case .done:
        arguments = argumentsStart..<place + 1
        endArguments()
        return .more
      }
    }
  }

  private mutating func go(_ next: State, if fits: Bool) -> Outcome {
    state = next
    return fits ? .more : .broken
  }

  private mutating func endString() -> Outcome {
    guard case .string(let text)? = try? JSON(parsing: string) else { return .broken }
    if key.isEmpty {
      guard Self.keys[text] != nil, seen.insert(text).inserted else { return .broken }
      key = text
      return go(.colon, if: true)
    }
    state = .after
    guard key == "name" else { return .more }
    name = text
    return .name
  }
}
