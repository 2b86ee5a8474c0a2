import Formats

/// Finds calls of functions in an answer that comes in pieces, and loses nothing of it.
///
/// What looks like a call and is none, because it is not JSON, or names a function that is not there, is given out as text. A
/// call is told of as soon as its name and the beginning of its arguments are there; arguments come as they are said. Text
/// that follows the arguments and does not fit is text again. The outcome depends on the answer and not on its pieces.
public struct ToolCallParser: Sendable {
  /// A part of the answer.
  public enum Part: Sendable, Equatable {
    /// What is said.
    case text(String)
    /// What only marks calls: words around them, names, keys, and spaces between calls.
    case frame(String)
    /// A call begins.
    case call(name: String)
    /// The next part of the arguments of the call that has begun.
    case arguments(String)
    /// The call's arguments end; what they are is whole unless the answer stopped, or stopped being JSON, within them.
    case end(isWhole: Bool)
  }

  /// The most bytes of a call before its arguments can be given out: those up to its name, or up to what follows them.
  public static let headLimit = 4096

  private enum Mode {
    /// At the beginning, or behind a call, where spaces may be part of a call that follows.
    case gap
    case text
    /// Behind the marker of a list of calls, or in one, before a call.
    case listOpen
    case listCall
    case listAfter
    /// In a name that the arguments follow.
    case name
    /// In the object that is a call.
    case object
    /// In the arguments of a call that is told of.
    case arguments
    /// Behind a call's object, before what ends the call.
    case close
  }

  private let format: ToolCallFormat
  private let names: Set<String>
  private let mayRepeat: Bool
  private let marker: [UInt8]
  private static let closer = Array("</tool_call>".utf8)
  private static let argumentsWord = Array("[ARGS]".utf8)

  private var mode = Mode.gap
  /// What is not given out yet.
  private var held: [UInt8] = []
  /// How many bytes of the marker, or of what ends a call, the held bytes end with.
  private var matched = 0
  private var calls = 0
  private var hasSeparator = false
  /// Whether what is held begins with a marker that stood in the midst of text.
  private var isMarked = false
  private var object = ToolCallObject()
  private var parts: [Part] = []
  /// Bytes that are yet to be looked at, the next one last.
  private var waiting: [UInt8] = []

  /// A parser before the first piece.
  ///
  /// - Parameters:
  ///   - format: how calls are written.
  ///   - names: the functions that there are.
  ///   - mayRepeat: whether there may be more than one call; what follows the first is text if not.
  public init(_ format: ToolCallFormat, names: Set<String>, mayRepeat: Bool = true) {
    self.format = format
    self.names = names
    self.mayRepeat = mayRepeat
    marker = Array(format.marker.utf8)
  }

  /// Takes the next piece and tells what is certain by now.
  public mutating func append(_ text: String) -> [Part] {
    for byte in text.utf8 {
      waiting.append(byte)
      while let next = waiting.popLast() { step(next) }
    }
    switch mode {
    case .text: give(text: held.count - matched)
    case .arguments: give(arguments: held.count)
    default: break
    }
    defer { parts = [] }
    return parts
  }

  /// What is left at the end of the answer.
  public mutating func finish() -> [Part] {
    while !held.isEmpty || mode == .arguments {
      switch mode {
      case .arguments:
        give(arguments: held.count)
        parts.append(.end(isWhole: false))
        mode = .gap
      case .text: give(text: held.count)
      // Spaces behind a call belong to it.
      case .gap, .close, .listAfter, .object:
        if calls > 0, held.allSatisfy(Self.isSpace) { give(frame: held.count) } else { retreat() }
      default: retreat()
      }
      while let next = waiting.popLast() { step(next) }
    }
    defer { parts = [] }
    return parts
  }

  // MARK: Giving out

  private mutating func take(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held.prefix(count), as: UTF8.self)
  }

  private mutating func give(text count: Int) {
    if count == 0 { return }
    let more = take(count)
    guard case .text(var text)? = parts.last else { return parts.append(.text(more)) }
    parts.removeLast()
    text += more
    parts.append(.text(text))
  }

  private mutating func give(arguments count: Int) { if count > 0 { parts.append(.arguments(take(count))) } }
  private mutating func give(frame count: Int) { if count > 0 { parts.append(.frame(take(count))) } }

  // MARK: Steps

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
  private var mayBegin: Bool { mayRepeat || calls == 0 }

  private mutating func step(_ byte: UInt8) {
    held.append(byte)
    switch mode {
    case .text: stepText(byte)
    case .gap: stepGap(byte)
    case .listOpen:
      if Self.isSpace(byte) { return limit() }
      byte == UInt8(ascii: "[") ? enter(.listCall) : retreat()
    case .listCall: beginObject(byte)
    case .listAfter:
      if Self.isSpace(byte) { return }
      switch byte {
      case UInt8(ascii: ",") where mayBegin: mode = .listCall
      case UInt8(ascii: "]"):
        give(frame: held.count)
        enter(.gap)
      default: retreat()
      }
    case .name: stepName(byte)
    case .object: stepObject(byte)
    case .arguments: stepArguments(byte)
    case .close:
      if matched == 0, Self.isSpace(byte) { return }
      guard byte == Self.closer[matched] else { return retreat() }
      matched += 1
      if matched == Self.closer.count {
        give(frame: held.count)
        enter(.gap)
      }
    }
  }

  private mutating func enter(_ next: Mode) {
    mode = next
    matched = 0
    hasSeparator = false
    if next == .gap || next == .text { isMarked = false }
  }

  private mutating func stepText(_ byte: UInt8) {
    guard mayBegin else { return }
    // No marker has its first byte a second time.
    matched = byte == marker[matched] ? matched + 1 : byte == marker[0] ? 1 : 0
    if matched == marker.count {
      give(text: held.count - matched)
      enter(behindMarker)
      isMarked = true
    }
  }

  private mutating func stepGap(_ byte: UInt8) {
    guard mayBegin else { return Self.isSpace(byte) ? () : retreat() }
    if matched == 0 {
      if Self.isSpace(byte) { return }
      if format == .mistralNamed, byte != marker[0] {
        mode = .name
        return stepName(byte)
      }
      if format == .llama {
        if byte == UInt8(ascii: ";"), calls > 0, !hasSeparator {
          hasSeparator = true
          return
        }
        if byte == UInt8(ascii: "{") { return beginObject(byte) }
      }
    }
    if matched == 1, format == .mistral, calls == 0, byte != marker[1] {
      // A list without the marker before it.
      enter(.listCall)
      return beginObject(byte)
    }
    guard byte == marker[matched] else { return retreat() }
    matched += 1
    if matched == marker.count { enter(behindMarker) }
  }

  private var behindMarker: Mode {
    switch format {
    case .hermes, .llama: .listCall
    case .mistral: .listOpen
    case .mistralNamed: .name
    }
  }

  /// Follows a name, and the word before the arguments, as long as they can become a call.
  private mutating func stepName(_ byte: UInt8) {
    // What is held begins with spaces, a marker or nothing.
    let text = held.drop(while: Self.isSpace)
    let head = text.starts(with: marker) ? text.dropFirst(marker.count).drop(while: Self.isSpace) : text
    for name in names where name.utf8.starts(with: head.prefix(name.utf8.count)) {
      if head.count <= name.utf8.count { return limit() }
      var rest = head.dropFirst(name.utf8.count).drop(while: Self.isSpace)
      if rest.starts(with: Self.argumentsWord) {
        rest = rest.dropFirst(Self.argumentsWord.count).drop(while: Self.isSpace)
      } else if Self.argumentsWord.starts(with: rest) {
        return limit()
      }
      if rest.isEmpty { return limit() }
      guard rest.elementsEqual(CollectionOfOne(UInt8(ascii: "{"))) else { continue }
      give(frame: held.count - 1)
      object = ToolCallObject(named: name)
      tell()
      mode = .arguments
      return
    }
    retreat()
  }

  private mutating func beginObject(_ byte: UInt8) {
    if Self.isSpace(byte) { return limit() }
    guard byte == UInt8(ascii: "{") else { return retreat() }
    enter(.object)
    object = ToolCallObject()
    _ = object.append(byte, at: held.count - 1)
  }

  /// Gives up on what is held when it is too much.
  private mutating func limit() { if held.count > Self.headLimit { retreat() } }

  private mutating func stepObject(_ byte: UInt8) {
    switch object.append(byte, at: held.count - 1) {
    case .broken: return retreat()
    case .more: break
    case .name:
      guard names.contains(object.name ?? "") else { return retreat() }
      guard let range = object.arguments else { break }
      // The arguments came first.
      give(frame: range.lowerBound)
      tell()
      give(arguments: range.count)
      parts.append(.end(isWhole: true))
    case .arguments:
      guard object.name != nil else { break }
      give(frame: held.count - 1)
      tell()
      mode = .arguments
    case .done:
      // An object that is no call was found broken before.
      give(frame: held.count)
      enter(format == .mistral ? .listAfter : format == .hermes ? .close : .gap)
      return
    }
    limit()
  }

  private mutating func tell() {
    parts.append(.call(name: object.name ?? ""))
    calls += 1
    isMarked = false
  }

  private mutating func stepArguments(_ byte: UInt8) {
    switch object.scanner.append(byte) {
    case .more: break
    case .done:
      give(arguments: held.count)
      parts.append(.end(isWhole: true))
      object.endArguments()
      if format == .mistralNamed { enter(.gap) } else { mode = .object }
    case .broken:
      give(arguments: held.count - 1)
      parts.append(.end(isWhole: false))
      retreat()
    }
  }

  /// What is held is no call. Where it began with a marker in the midst of text, the first byte is text, and the others are
  /// looked at anew; else all are.
  private mutating func retreat() {
    let (before, began) = (mode, isMarked)
    let text = began ? 1 : 0
    waiting.append(contentsOf: held.dropFirst(text).reversed())
    held.removeLast(held.count - text)
    give(text: text)
    // A call without its end may be followed by another all the same.
    enter(before == .close || before == .listAfter ? .gap : .text)
  }
}
