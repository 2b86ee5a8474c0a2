// Calls in answers: whatever the text is and however it is cut, nothing of it is lost, the pieces do not matter, and arguments
// are JSON as far as they go. The first byte says which format it is and how the text is cut.
import Formats
import Text

func check(_ bytes: UnsafeRawBufferPointer) {
  guard let first = bytes.first else { return }
  let format = ToolCallFormat.allCases[Int(first) % ToolCallFormat.allCases.count]
  let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
  let mayRepeat = first < 0x80
  var pieces: [String] = []
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index % (Int(first % 7) + 1) == 0 { pieces.append("") }
    pieces[pieces.count - 1].unicodeScalars.append(scalar)
  }
  let parts = read(format, pieces, mayRepeat)
  guard parts == read(format, [text], mayRepeat) else { fatalError("pieces matter: \(text)") }
  var (all, arguments, isOpen) = ("", "", false)
  for part in parts {
    switch part {
    case .text(let more), .frame(let more): all += more
    case .arguments(let more):
      all += more
      arguments += more
    case .call(let name):
      guard !isOpen, name == "f" || name == "g" else { fatalError("no such call: \(text)") }
      (isOpen, arguments) = (true, "")
    case .end(let isWhole):
      guard isOpen else { fatalError("an end without a beginning: \(text)") }
      isOpen = false
      var scanner = JSONObjectScanner()
      for byte in arguments.utf8 {
        if case .broken = scanner.append(byte) { fatalError("arguments that are no JSON: \(text)") }
      }
      // A number may be out of range, which the text does not show.
      let hasExponent = arguments.contains("e") || arguments.contains("E") || arguments.utf8.count > 300
      let closed = try? JSON(parsing: scanner.closed(Array(arguments.utf8)))
      guard closed?.members != nil || hasExponent else { fatalError("arguments that cannot be closed: \(text)") }
      if isWhole, !hasExponent, closed != (try? JSON(parsing: arguments)) { fatalError("not whole: \(text)") }
    }
  }
  guard all.utf8.elementsEqual(text.utf8), !isOpen else { fatalError("lost: \(text)") }
}

/// The parts of a text, neighbours of one kind as one.
private func read(_ format: ToolCallFormat, _ pieces: [String], _ mayRepeat: Bool) -> [ToolCallParser.Part] {
  var parser = ToolCallParser(format, names: ["f", "g"], mayRepeat: mayRepeat)
  var all: [ToolCallParser.Part] = []
  for part in pieces.flatMap({ parser.append($0) }) + parser.finish() {
    switch (all.last, part) {
    case (.text(let a), .text(let b)): all[all.count - 1] = .text(a + b)
    case (.frame(let a), .frame(let b)): all[all.count - 1] = .frame(a + b)
    case (.arguments(let a), .arguments(let b)): all[all.count - 1] = .arguments(a + b)
    default: all.append(part)
    }
  }
  return all
}

func seeds() -> [[UInt8]] {
  let calls = [
    "Hi <tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"é\"]}}\n</tool_call>",
    "<tool_call>{\"arguments\":{},\"name\":\"g\"}</tool_call>\n<tool_call>{\"name\":\"f\",\"arguments\":{\"x\":nul",
    "{\"name\": \"f\", \"parameters\": {\"a\": true}}; {\"name\": \"g\", \"parameters\": {}}",
    "<|python_tag|>{\"type\": \"function\", \"name\": \"f\", \"parameters\": {}}",
    "[TOOL_CALLS]f[ARGS]{\"a\": 1}g{}",
    "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"g\", \"arguments\": {}, \"id\": \"123456789\"}]",
  ]
  return calls.flatMap { call in [0, 1, 2, 3, 128].map { [UInt8($0)] + Array(call.utf8) } }
}
