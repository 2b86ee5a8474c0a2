import Formats

/// Makes requests of a description: right ones, spoiled ones, and some for what there is not.
struct RequestMaker {
  struct Made {
    var kind: String
    var method: String
    var path: String
    var headers: [String: String] = [:]
    var body: [UInt8]?
    /// What may be answered.
    var statuses: Set<Int>
  }

  private let document: InterfaceDocument
  private let operations: [InterfaceDocument.Operation]
  private var sampler: SchemaSampler

  init(_ document: InterfaceDocument, seed: UInt64) {
    self.document = document
    operations = document.operations
    sampler = SchemaSampler(document.check, chosen: [:], seed: seed)
  }

  /// Values that a schema alone does not tell: names, tokens of the vocabulary, what the model gives.
  private static func chosen(_ path: String) -> [String: [JSON]] {
    let usesEncoder = ["/embeddings", "/rerank", "/embed"].contains { path.hasSuffix($0) }
    let names: [JSON] = usesEncoder ? ["minilm", .null] : ["scripted", "scripted", .null]
    func tools(_ names: [String]) -> JSON { .array(names.map { InterfaceFixtures.tool(path, $0) }) }
    // A call that has to be made may be one of "pick".
    let someTools: [JSON] = [.null, [], tools(["pick"]), tools(["pick", "b-2_"])]
    return [
      "ChatTools": someTools, "ResponseTools": someTools, "MessagesTools": someTools, "ToolName": ["pick"],
      "ModelName": path.hasPrefix("/api/") ? names + [usesEncoder ? "minilm:latest" : "scripted:latest"] : names,
      "Token": (3..<259).map { .integer($0) }, "Dimensions": [384, .null], "BestOf": [.null],
      "ContextTokens": [400, 512, .null], "KeepAlive": ["5m", -1, 300, 0.5, .null],
      "EmbeddingInput": ["hello", "", ["a", "b\u{0}🜄"], [101, 7592, 102], [[101, 7592, 102], "x"]],
      "PlannedModel": ["llama-2-7b", "GPT 1T", "mixtral-8x7b"], "PlannedDevice": ["a100", "H100-SXM", "l4"],
      "Grammar": ["root ::= \"yes\" | \"no\"", "root ::= [a-z]+", .null],
      "SchemaObject": [
        ["type": "object"], ["type": "array", "items": ["type": "integer"], "maxItems": 3], ["enum": ["a", 1, .null]],
        ["type": "string", "maxLength": 5, "description": "short"], ["type": "object", "properties": ["a": true]],
      ],
    ]
  }

  mutating func next() -> Made {
    // Mostly those that take something.
    let method = Int.random(in: 0..<10, using: &sampler.random) < 8 ? "POST" : "GET"
    let some = operations.filter { $0.method == method }
    let operation = some[Int.random(in: some.indices, using: &sampler.random)]
    let path = path(operation)
    guard operation.method == "POST", let schema = document.body(operation) else { return looked(operation, path) }
    sampler.chosen = Self.chosen(operation.path)
    guard let value = sampler.value(schema) else {
      return Made(kind: "none", method: "POST", path: path, statuses: [])
    }
    switch Int.random(in: 0..<100, using: &sampler.random) {
    case 0..<50: return made("valid", path, value, statuses: Self.right(path, value))
    case 50..<90:
      let spoiled = sampler.spoiled(value)
      let isRight = document.check.accepts(spoiled, schema)
      // What stands in a free text, or which model is called, is more than the schema knows.
      return made(isRight ? "changed" : "wrong", path, spoiled, statuses: isRight ? [200, 400, 404] : [400, 404])
    case 90..<96:
      var made = made("spoiled", path, value, statuses: [200, 400, 404])
      made.body = sampler.spoiled(made.body ?? [])
      return made
    case 96..<98: return made("anything", path, sampler.anything(), statuses: [200, 400])
    default:
      var made = made("method", path, value, statuses: [405])
      made.method = ["PUT", "DELETE", "PATCH", "GET", "HEAD"].randomElement(using: &sampler.random) ?? "PUT"
      return made
    }
  }

  /// What a request is answered that the schema accepts: its prompt may not fit the context, and answers to several prompts
  /// together may be too many. A device may not compute in a format, and a sweep may count halves.
  private static func right(_ path: String, _ value: JSON) -> Set<Int> {
    if path.hasPrefix("/plan/") { return [200, 400] }
    // The template writes what stands around tools on routes that take less of it.
    let size = value.line.utf8.count + 80 * (value["tools"]?.elements?.count ?? 0)
    let answers = (value["prompt"]?.elements?.count ?? 1) * (value["n"]?.int ?? 1)
    return size > 350 || answers > 16 ? [200, 400] : [200]
  }

  private func made(_ kind: String, _ path: String, _ value: JSON, statuses: Set<Int>) -> Made {
    Made(
      kind: kind, method: "POST", path: path, headers: ["Content-Type": "application/json"],
      body: Array(value.line.utf8), statuses: statuses)
  }

  /// A request without a body.
  private mutating func looked(_ operation: InterfaceDocument.Operation, _ path: String) -> Made {
    let hasParameter = operation.path.contains("{")
    switch Int.random(in: 0..<10, using: &sampler.random) {
    case 0:
      return Made(kind: "method", method: "POST", path: path, body: [], statuses: hasParameter ? [404, 405] : [405])
    case 1: return Made(kind: "head", method: "HEAD", path: path, statuses: hasParameter ? [200, 404] : [200])
    case 2:
      let query = "?\(sampler.random.word(3))=%00\(sampler.random.word(2))"
      return Made(kind: "query", method: "GET", path: path + query, statuses: hasParameter ? [200, 404] : [200])
    case 3: return Made(kind: "nowhere", method: "GET", path: "/\(sampler.random.word(5))", statuses: [404])
    default: return Made(kind: "look", method: "GET", path: path, statuses: hasParameter ? [200, 404] : [200])
    }
  }

  /// The path with something in place of its parameter.
  private mutating func path(_ operation: InterfaceDocument.Operation) -> String {
    guard let start = operation.path.firstIndex(of: "{") else { return operation.path }
    let known = ["scripted", "minilm", "main.js", "style.css", "%2e%2e", "%00", "a%2Fb", "..", "%ff", "%"]
    let text = sampler.random.text(scalars: 4).utf8.map { byte in
      let digits = String(byte, radix: 16)
      return "%" + (digits.count < 2 ? "0" : "") + digits
    }
    let one = Bool.random(using: &sampler.random) ? known.randomElement(using: &sampler.random) ?? "x" : text.joined()
    return operation.path[..<start] + one
  }
}
