import Formats
import Layers
import Models
import Tensors
import Text

/// A session in a file: its tokens, the state that they left, and its conversation.
///
/// All numbers are little-endian, and every part is followed by, or has before it, its checksum, XXH64:
/// ```
/// "VENTSESS"  version u32  bytes of the header u32  checksum of the header u64
/// the header  JSON: what must be the same in the engine that goes on, "form", "tokens" and "messages"
/// the tokens  i32 each; checksum u64
/// the pieces of the state (StorableState), as they lie in memory, each with its checksum u64 behind it
/// ```
/// Sizes follow from the header and are proved against the file's length before memory is taken.
enum SessionFile {
  static let magic = Array("VENTSESS".utf8)
  static let version: UInt32 = 1
  /// The bytes before the header.
  static let preambleBytes = 24
  /// The most bytes of a header, and the most values in it.
  static let headerLimit = 1 << 24
  static let headerValues = 1 << 20
  /// The form of a session that has seen nothing.
  static let emptyForm = "nothing"

  /// What must be the same so that a continuation has the same bits, field by field.
  static func identity(_ engine: Engine, _ digest: String) -> [(field: String, value: String)] {
    let settings = engine.options.settings
    let extensions = settings.extensions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.line)" }
    return [
      ("model", digest), ("compute", (settings.compute ?? .fast).rawValue),
      ("sparse", engine.options.sparse?.description ?? "none"),
      ("extensions", extensions.joined(separator: "; ")), ("kernels", KernelSet.preferred.rawValue),
      ("engine", EngineVersion.number),
    ]
  }

  /// Writes a session; the file is there whole, and on the disk, or not at all.
  ///
  /// - Returns: the file's bytes.
  /// - Throws: ``InferenceError/sessionFile(path:field:problem:)`` for what no file can keep,
  ///   ``InferenceError/system(operation:path:code:)``, `MixerError.memory`.
  static func write(_ snapshot: SessionSnapshot, of engine: Engine, to path: String) throws -> Int {
    func refusal(_ field: String, _ problem: String) -> InferenceError {
      .sessionFile(path: path, field: field, problem: problem)
    }
    guard let digest = engine.modelDigest else {
      throw refusal("model", "it came from no file, so nothing tells it from another")
    }
    guard snapshot.version == 0 else { throw refusal("adapter", "what an adapter computed is not kept in files") }
    var state: (any StorableState)?
    if let held = snapshot.state, held.tokens == snapshot.tokens.count, held.tokens > 0 {
      guard let storable = held as? any StorableState else {
        throw refusal("state", "a state of this model cannot leave memory")
      }
      state = storable
    }
    let tokens = state == nil ? [] : snapshot.tokens
    var members = identity(engine, digest).map { JSON.Member($0.field, .string($0.value)) }
    members.append(JSON.Member("form", .string(state?.form ?? emptyForm)))
    members.append(JSON.Member("tokens", .integer(tokens.count)))
    members.append(JSON.Member("messages", .array(snapshot.messages.map(\.json))))
    let header = Array(JSON.object(members).line.utf8)
    guard header.count <= headerLimit else {
      throw refusal("messages", "\(header.count) bytes with the rest of the header, at most \(headerLimit)")
    }
    let file = try Files.output(path)
    do {
      try file.write(magic)
      for number in [version, UInt32(header.count)] { try file.write([number.littleEndian]) }
      try file.write([header.withUnsafeBytes { XXHash64.of($0) }.littleEndian])
      try file.write(header)
      let ids = tokens.map(\.littleEndian)
      try file.write(ids)
      try file.write([ids.withUnsafeBytes { XXHash64.of($0) }.littleEndian])
      try state?.store { piece in
        try file.write(piece)
        try file.write([XXHash64.of(piece).littleEndian])
      }
      try file.commit()
    } catch let error as TensorError { throw Files.failure(error, path) }
    return file.byteCount
  }

  /// Reads a session that an engine of the same model can go on from.
  ///
  /// - Throws: ``InferenceError/sessionFile(path:field:problem:)`` naming what is wrong or what differs,
  ///   ``InferenceError/system(operation:path:code:)``, `MixerError.memory`.
  static func read(_ path: String, for engine: Engine) throws -> SessionSnapshot {
    let reader = try SessionReader(path)
    let (header, headerBytes) = try header(reader)
    guard let digest = engine.modelDigest else {
      throw reader.refusal("model", "this engine's came from no file, so nothing tells it from another")
    }
    for (field, value) in identity(engine, digest) {
      let found = try text(header, field, reader)
      if found != value {
        throw reader.refusal(field, "it is \(quoted(found)) where this engine has \(quoted(value))")
      }
    }
    guard let count = header["tokens"]?.int, 0...engine.contextLength ~= count else {
      throw reader.refusal("tokens", "a whole number up to the context's \(engine.contextLength) is expected")
    }
    var state: (any StorableState)?
    if count > 0 {
      guard let fresh = try engine.model.makeState(capacity: engine.contextLength) as? any StorableState else {
        throw reader.refusal("state", "a state of this model cannot be had from a file")
      }
      state = fresh
    }
    let form = try text(header, "form", reader)
    guard form == state?.form ?? emptyForm else {
      throw reader.refusal("form", "it is \(quoted(form)) where \(quoted(state?.form ?? emptyForm)) is expected")
    }
    let messages = try messages(header, reader)
    let pieces = state?.pieceSizes(tokens: count) ?? []
    // Both factors are bounded: tokens by the context, pieces by the state's own sizes.
    let expected = preambleBytes + headerBytes + 4 * count + 8 + pieces.reduce(0) { $0 + $1 + 8 }
    guard reader.size == expected else {
      throw reader.refusal("size", "the file has \(reader.size) bytes where \(expected) are expected")
    }
    var tokens = [Int32](repeating: 0, count: count)
    try tokens.withUnsafeMutableBytes { try reader.checked($0, "tokens") }
    let vocabulary = engine.model.description.vocabularySize
    for index in tokens.indices {
      tokens[index] = Int32(littleEndian: tokens[index])
      guard 0..<vocabulary ~= Int(tokens[index]) else {
        throw reader.refusal("tokens[\(index)]", "\(tokens[index]) is outside the vocabulary of \(vocabulary)")
      }
    }
    var number = 0
    try state?.load(tokens: count) { piece in
      try reader.checked(piece, "state[\(number)]")
      number += 1
    }
    return SessionSnapshot(model: engine.model, tokens: tokens, state: state, version: 0, messages: messages)
  }

  private static func header(_ reader: SessionReader) throws -> (JSON, bytes: Int) {
    var start = [UInt8](repeating: 0, count: preambleBytes)
    try start.withUnsafeMutableBytes { try reader.fill($0, "preamble") }
    guard start.starts(with: magic) else { throw reader.refusal("format", "this is no session of Venturi") }
    let (found, length, sum) = start.withUnsafeBytes { bytes in
      (
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)),
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)),
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      )
    }
    guard found == version else { throw reader.refusal("version", "it is \(found) where \(version) is read") }
    let count = Int(length)
    guard count <= min(headerLimit, reader.size - preambleBytes) else {
      throw reader.refusal("header", "\(count) bytes, at most \(min(headerLimit, reader.size - preambleBytes))")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try reader.fill($0, "header") }
    guard bytes.withUnsafeBytes({ XXHash64.of($0) }) == sum else {
      throw reader.refusal("header", "its checksum is not the one that was written")
    }
    do throws(JSONError) { return (try JSON(parsing: bytes, values: headerValues), count) } catch {
      throw reader.refusal("header", error.description)
    }
  }

  private static func text(_ header: JSON, _ field: String, _ reader: SessionReader) throws(InferenceError) -> String {
    guard let text = header[field]?.text else { throw reader.refusal(field, "a text is expected") }
    return text
  }

  private static func quoted(_ text: String) -> String { "'\(text.prefix(200))'" }

  private static func messages(_ header: JSON, _ reader: SessionReader) throws(InferenceError) -> [ChatMessage] {
    guard let elements = header["messages"]?.elements else { throw reader.refusal("messages", "a list is expected") }
    var messages: [ChatMessage] = []
    for (index, element) in elements.enumerated() {
      guard let message = ChatMessage(stored: element) else {
        throw reader.refusal("messages[\(index)]", "a message with 'role' and 'content' is expected")
      }
      messages.append(message)
    }
    return messages
  }
}

extension ChatMessage {
  /// The message that ``json`` was written of; nothing where it is none.
  fileprivate init?(stored json: JSON) {
    guard let role = json["role"]?.text.flatMap(Role.init), let content = json["content"]?.text else { return nil }
    var calls: [ToolCall] = []
    for call in json["tool_calls"]?.elements ?? [] {
      guard let id = call["id"]?.text, let function = call["function"], let name = function["name"]?.text,
        let arguments = function["arguments"]
      else { return nil }
      calls.append(ToolCall(id: id, name: name, arguments: arguments))
    }
    self.init(
      role: role, content: content, name: json["name"]?.text, reasoning: json["reasoning_content"]?.text,
      toolCalls: calls, toolCallID: json["tool_call_id"]?.text)
  }
}
