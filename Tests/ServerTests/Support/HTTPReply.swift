import Formats

/// An answer as it came.
struct HTTPReply: Sendable {
  struct Malformed: Error {
    let bytes: String
  }

  var status: Int
  var headers: [String: String]
  var body: [UInt8]

  /// The first answer in `bytes`, and how many bytes it has.
  static func parse(_ bytes: [UInt8], hasBody: Bool = true) throws -> (HTTPReply, Int) {
    guard let end = find([13, 10, 13, 10], in: bytes, from: 0) else {
      throw Malformed(bytes: String(decoding: bytes, as: UTF8.self))
    }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    guard let first = lines.first, let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else {
      throw Malformed(bytes: String(decoding: bytes, as: UTF8.self))
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    var position = end + 4
    if headers["transfer-encoding"] == "chunked" {
      var body: [UInt8] = []
      while let line = find([13, 10], in: bytes, from: position) {
        guard let size = Int(String(decoding: bytes[position..<line], as: UTF8.self), radix: 16) else { break }
        position = line + 2
        guard position + size + 2 <= bytes.count else { break }
        body += bytes[position..<position + size]
        position += size + 2
        if size == 0 { return (HTTPReply(status: status, headers: headers, body: body), position) }
      }
      // One that was cut off.
      headers["cut"] = "yes"
      return (HTTPReply(status: status, headers: headers, body: body), bytes.count)
    }
    let length = hasBody ? headers["content-length"].flatMap { Int($0) } ?? 0 : 0
    guard position + length <= bytes.count else { throw Malformed(bytes: String(decoding: bytes, as: UTF8.self)) }
    return (
      HTTPReply(status: status, headers: headers, body: Array(bytes[position..<position + length])), position + length
    )
  }

  private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= needle.count, start <= bytes.count - needle.count else { return nil }
    return (start...bytes.count - needle.count).first { bytes[$0..<$0 + needle.count].elementsEqual(needle) }
  }

  /// The body as text; valid UTF-8 or a failure.
  var text: String { String(validating: body, as: UTF8.self) ?? "not UTF-8" }

  /// The body as JSON.
  var json: JSON { (try? JSON(parsing: body)) ?? .null }

  /// What an error says.
  var error: JSON { json["error"] ?? .null }

  /// The data of each event, `[DONE]` included; comments left out.
  var events: [String] { namedEvents.map(\.data) }

  /// Each event, with its name where it has one; comments left out.
  var namedEvents: [(name: String?, data: String)] {
    text.split(separator: "\n\n", omittingEmptySubsequences: true).filter { !$0.hasPrefix(":") }.map { event in
      var (name, data) = (String?.none, event)
      if event.hasPrefix("event: ") {
        let line = event.prefix { $0 != "\n" }
        (name, data) = (String(line.dropFirst(7)), event.dropFirst(line.count + 1))
      }
      return (name, data.hasPrefix("data: ") ? String(data.dropFirst(6)) : "no data: \(event)")
    }
  }

  /// The events that are JSON.
  var chunks: [JSON] { events.compactMap { try? JSON(parsing: $0) } }

  /// The text of an answer, in whichever form it came.
  var completeText: String {
    switch headers["content-type"] {
    case "text/event-stream": said()
    case "application/x-ndjson":
      text.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }.compactMap(Self.content).joined()
    default: Self.content(json["choices"]?.elements?.first ?? json) ?? ""
    }
  }

  private static func content(_ answer: JSON) -> String? {
    (answer["message"]?["content"] ?? answer["response"] ?? answer["text"])?.text
  }

  /// The text of a choice, all its chunks together.
  func said(_ index: Int = 0) -> String {
    chunks.compactMap { chunk -> String? in
      let choice = chunk["choices"]?.elements?.first { $0["index"]?.int == index }
      return choice?["delta"]?["content"]?.text ?? choice?["text"]?.text
    }.joined()
  }
}
