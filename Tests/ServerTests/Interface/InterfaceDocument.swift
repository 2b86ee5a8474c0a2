import Formats
import ServerInterface
import Testing

/// The description of the server's interface, and what answers must be by it.
struct InterfaceDocument {
  let json: JSON
  let check: SchemaCheck
  /// For answers: they have what is described, and nothing else.
  let strict: SchemaCheck

  init(_ json: JSON) {
    self.json = json
    check = SchemaCheck(document: json)
    strict = SchemaCheck(document: json, allowsOthers: false)
  }

  /// The file as it stands in the program.
  static func file() throws -> InterfaceDocument { InterfaceDocument(try JSON(parsing: InterfaceFile.bytes)) }

  /// A method of a path.
  struct Operation {
    let method: String
    let path: String
    let json: JSON

    var isOpen: Bool { json["security"] == [] }
  }

  /// All operations, those under other names included.
  var operations: [Operation] {
    (json["paths"]?.members ?? []).flatMap { path in
      (check.resolved(path.value).members ?? []).map {
        Operation(method: $0.key.uppercased(), path: path.key, json: $0.value)
      }
    }
  }

  /// The operation that a request is for.
  func operation(_ method: String, _ path: String) -> Operation? {
    let method = method == "HEAD" ? "GET" : method
    let path = path.prefix { $0 != "?" }
    let all = operations.filter { $0.method == method }
    return all.first { $0.path == path } ?? all.first { Self.matches($0.path, String(path)) }
  }

  /// Whether a path is one that a path with a place for a parameter stands for.
  static func matches(_ template: String, _ path: String) -> Bool {
    guard let start = template.firstIndex(of: "{"), path.hasPrefix(template[..<start]) else { return template == path }
    let rest = path.dropFirst(template.distance(from: template.startIndex, to: start))
    return !rest.isEmpty && !rest.contains("/")
  }

  /// The schema of a body.
  func body(_ operation: Operation) -> JSON? {
    operation.json["requestBody"]?["content"]?["application/json"]?["schema"]
  }

  /// What is wrong with an answer to a request, also to one for a path or a method that there is not.
  func problems(_ reply: HTTPReply, _ method: String, _ path: String) -> [String] {
    let named = json["components"]?["responses"]
    let operation = operation(method, path)
    let isMessages = path.prefix { $0 != "?" } == "/v1/messages"
    let form = path.hasPrefix("/api/") ? "Ollama" : isMessages ? "Messages" : ""
    var response = operation?.json["responses"]?["\(reply.status)"].map(check.resolved)
    if reply.status == 405 { response = named?[form + "MethodNotAllowed"] }
    if operation == nil, reply.status == 404 { response = named?[form + "NotFound"] }
    guard let response else { return ["the status \(reply.status) is not described"] }
    var problems: [String] = []
    for header in response["headers"]?.members ?? [] {
      let described = check.resolved(header.value)
      guard let value = reply.headers[header.key.lowercased()] else {
        if described["required"] == true { problems.append("there is no header \(header.key)") }
        continue
      }
      let schema = described["schema"] ?? .null
      let number = schema["type"] == "integer" ? Int(value).map { JSON.integer($0) } : nil
      problems += strict.problems(number ?? .string(value), schema, at: header.key)
    }
    guard let content = response["content"] else {
      return problems + (reply.body.isEmpty ? [] : ["a body that is not described"])
    }
    if method == "HEAD" { return problems + (reply.body.isEmpty ? [] : ["a body of HEAD"]) }
    let type = String((reply.headers["content-type"] ?? "").prefix { $0 != ";" })
    guard let media = content[type] else { return problems + ["the type '\(type)' is not described"] }
    return problems + self.problems(reply, type, media)
  }

  private func problems(_ reply: HTTPReply, _ type: String, _ media: JSON) -> [String] {
    guard String(validating: reply.body, as: UTF8.self) != nil else { return ["a body that is not UTF-8"] }
    let (schema, item) = (media["schema"] ?? .null, media["x-item-schema"] ?? .null)
    func checked(_ texts: [String], _ schema: JSON) -> [String] {
      texts.enumerated().flatMap { index, text -> [String] in
        guard let value = try? JSON(parsing: text) else { return ["no JSON: \(text.prefix(80))"] }
        return strict.problems(value, schema, at: "$\(index)")
      }
    }
    switch type {
    case "application/json": return checked([reply.text], schema)
    case "application/x-ndjson":
      if !reply.text.hasSuffix("\n") { return ["a line without its end"] }
      return checked(reply.text.split(separator: "\n").map(String.init), item)
    case "text/event-stream":
      let events = reply.namedEvents
      let isClosed = events.last?.data == "[DONE]"
      let last = reply.chunks.last
      let hasTypes = last?["type"] != nil
      let ends = ["response.completed", "response.incomplete", "message_stop"]
      let isWhole = hasTypes ? ends.contains(last?["type"]?.text ?? "") : isClosed
      // One that ends early ends with an error.
      if !isWhole, last?["error"] == nil, last?["type"] != "error" { return ["a stream without its end"] }
      let data = events.map(\.data).dropLast(isClosed && !hasTypes ? 1 : 0)
      let names = zip(events, data).filter { $0.name != (try? JSON(parsing: $1))?["type"]?.text }
      return names.map { "an event called \($0.0.name ?? "nothing"): \($0.1.prefix(80))" } + checked(Array(data), item)
    default: return strict.problems(.string(reply.text), schema)
    }
  }
}
