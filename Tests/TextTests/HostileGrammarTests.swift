import Formats
import Testing
import Text

/// Grammars and schemas that are broken, or want to use up the machine: an error of its own for each.
struct HostileGrammarTests {
  static let broken: [String] = [
    "", "root", "root ::", "root ::= \"a", "root ::= [a", "root ::= (\"a\"", "root ::= \"a\")", "root ::= \"\\q\"",
    "root ::= a",
    "a ::= \"a\"", "root ::= \"a\"\nroot ::= \"b\"", "root ::= \"a\"{2", "root ::= \"a\"{}", "root ::= \"a\"{3,2}",
    "root ::= [b-a]",
    "root ::= \"\\x4\"", "root ::= \"\\uD800\"", "root ::= \"\\UFFFFFFFF\"", "root ::= <think>", "root ::= !<[1]>",
    "::= \"a\"",
    "root ::= *", "root ::= \"a\" $", "root ::= [\\", "root ::= \"a\"{,3}", "root = \"a\"", "\u{0}",
  ]

  @Test(arguments: broken)
  func brokenGrammars(_ source: String) {
    do {
      _ = try Grammar(gbnf: source)
      Issue.record("compiled")
    } catch {
      guard case .grammarMalformed(let line, let problem) = error, line >= 1, !problem.isEmpty else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test(arguments: [
    "root ::= root \"a\" | \"a\"", "root ::= a\na ::= b\nb ::= root", "root ::= \"\" root", "root ::= \"a\"? root",
    "root ::= \"a\"* (root | \"b\")", "root ::= a root\na ::= \"b\"{0,3}", "root ::= root", "root ::= (root)*",
    "root ::= \"x\" | a\na ::= a",
  ])
  func leftRecursion(_ source: String) {
    do {
      _ = try Grammar(gbnf: source)
      Issue.record("compiled")
    } catch {
      guard case .grammarLeftRecursion(let rule) = error, !rule.isEmpty else {
        Issue.record("\(error)")
        return
      }
    }
  }

  static let large: [(name: String, source: String)] = [
    ("groups", "root ::= " + String(repeating: "(", count: 100_000)),
    ("repetitions", "root ::= \"a\"{1000000000}"),
    ("powers", "root ::= \"a\"" + String(repeating: "{9999}", count: 40)),
    ("powers in groups", "root ::= ((((\"a\"{999}){999}){999}){999})"),
    ("stars", "root ::= \"a\"" + String(repeating: "*", count: 100_000)),
    ("a long source", "root ::= \"" + String(repeating: "a", count: 1 << 20) + "\""),
    ("states", "root ::= " + String(repeating: "\"abcdefgh\" ", count: 60_000)),
    ("rules", "root ::= " + (0..<11_000).map { "r\($0)" }.joined(separator: " ")),
    ("optional parts", "root ::= " + String(repeating: "\"a\"? ", count: 90_000)),
    ("classes", "root ::= ([^a]{999} [^b]){60}"),
  ]

  @Test(arguments: large)
  func largeGrammars(_ name: String, _ source: String) {
    do {
      _ = try Grammar(gbnf: source)
      Issue.record("compiled")
    } catch {
      guard case .grammarLimit(let what, let limit) = error, !what.isEmpty, limit > 0 else {
        Issue.record("\(error)")
        return
      }
    }
  }

  /// Grammars whose texts can be read in ever more ways end in an error, or in an answer, soon.
  @Test(arguments: [
    "root ::= a\na ::= \"a\" a \"b\" | \"a\" a \"c\" | \"a\"", "root ::= (\"a\" | \"a\")*",
    "root ::= (\"a\"* \"a\"*)* \"b\"",
    "root ::= a\na ::= \"a\" a a | \"a\"", "root ::= (\"a\" [a-z]{0,200})*", "root ::= ((\"a\"?){50}){50}",
    "root ::= \"(\" root \")\" | \"a\"*", "root ::= ([a-z]{0,50} [a-z]{0,50}){0,9}",
  ])
  func manyReadings(_ source: String) throws {
    let trie = TokenTrie(try SmolLM2.tokenizer().vocabulary)
    for text in [String(repeating: "a", count: 400), String(repeating: "(", count: 400)] {
      do {
        let grammar = try Grammar(gbnf: source)
        _ = try grammar.matches(text.utf8)
        let matcher = try GrammarMatcher(grammar, trie)
        _ = try matcher.mask()
        for token in try SmolLM2.tokenizer().encode(text) where try matcher.advance(token) { _ = matcher.isAccepting }
        _ = try matcher.mask()
      } catch {
        guard case TextError.grammarLimit = error else { throw error }
      }
    }
  }

  /// Each with the place, and a word of the error.
  static let schemas: [(source: String, path: String, word: String)] = [
    ("1", "#", "object"), ("false", "#", "nothing"), ("{\"type\":\"strin\"}", "#/type", "type"),
    ("{\"type\":[]}", "#/type", "empty"),
    ("{\"type\":1}", "#/type", "type"), ("{\"not\":{}}", "#", "not"), ("{\"if\":{}}", "#", "if"),
    ("{\"contains\":{}}", "#", "contains"),
    ("{\"patternProperties\":{}}", "#", "patternProperties"), ("{\"propertyNames\":{}}", "#", "propertyNames"),
    ("{\"type\":\"number\",\"multipleOf\":3}", "#", "multipleOf"),
    ("{\"dependentRequired\":{}}", "#", "dependentRequired"),
    ("{\"type\":\"array\",\"uniqueItems\":true}", "#", "uniqueItems"), ("{\"unheardOf\":1}", "#", "unheardOf"),
    ("{\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"(?=a)\"}}}", "#/properties/a/pattern", "?"),
    ("{\"type\":\"string\",\"pattern\":\"a\\\\b\"}", "#/pattern", "\\b"),
    ("{\"type\":\"string\",\"pattern\":\"(a\"}", "#/pattern", "group"),
    ("{\"type\":\"string\",\"pattern\":\"a**\"}", "#/pattern", "repetition"),
    ("{\"type\":\"string\",\"pattern\":\"^a|b$\"}", "#/pattern", "|"),
    ("{\"type\":\"string\",\"pattern\":\"[z-a]\"}", "#/pattern", "backwards"),
    ("{\"type\":\"string\",\"pattern\":\"a)\"}", "#/pattern", ")"),
    ("{\"type\":\"string\",\"pattern\":\"a$b\"}", "#/pattern", "$"),
    ("{\"type\":\"string\",\"pattern\":\"(a)\\\\1\"}", "#/pattern", "1"),
    ("{\"type\":\"string\",\"pattern\":1}", "#/pattern", "text"),
    ("{\"type\":\"string\",\"format\":\"email\"}", "#", "email"),
    ("{\"type\":\"string\",\"minLength\":-1}", "#/minLength", "whole"),
    ("{\"type\":\"string\",\"minLength\":1.5}", "#/minLength", "whole"),
    ("{\"type\":\"string\",\"minLength\":3,\"maxLength\":2}", "#", "minLength"),
    ("{\"type\":\"array\",\"minItems\":3,\"maxItems\":2}", "#", "minItems"),
    ("{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", "#", "between"),
    ("{\"type\":\"number\",\"minimum\":0.5}", "#", "whole"),
    ("{\"type\":\"integer\",\"minimum\":1e300}", "#", "minimum"),
    ("{\"type\":\"integer\",\"minimum\":\"1\"}", "#/minimum", "number"),
    ("{\"enum\":[]}", "#/enum", "list"), ("{\"enum\":1}", "#/enum", "list"),
    ("{\"type\":\"string\",\"enum\":[1]}", "#", "enum"),
    ("{\"const\":1,\"minimum\":3}", "#", "minimum"), ("{\"anyOf\":[]}", "#/anyOf", "list"),
    ("{\"anyOf\":1}", "#/anyOf", "list"),
    ("{\"$ref\":\"http://x/y\"}", "#/$ref", "http"), ("{\"$ref\":\"#/$defs/a\"}", "#/$ref", "not there"),
    ("{\"$ref\":1}", "#/$ref", "text"),
    ("{\"$ref\":\"#/$defs/a\",\"type\":\"string\"}", "#", "$ref"), ("{\"properties\":1}", "#/properties", "object"),
    ("{\"required\":1}", "#/required", "list"), ("{\"required\":[1]}", "#/required", "text"),
    ("{\"properties\":{\"a\":true},\"required\":[\"b\"],\"additionalProperties\":false}", "#/required", "'b'"),
    ("{\"properties\":{\"a\":true,\"a\":true}}", "#/properties", "twice"),
    ("{\"type\":\"string\",\"type\":\"null\"}", "#", "twice"),
    ("{\"allOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "#", "type"),
    ("{\"allOf\":[{\"type\":\"string\",\"pattern\":\"a\"},{\"pattern\":\"b\"}]}", "#", "pattern"),
    ("{\"items\":false,\"minItems\":1}", "#", "minItems"), ("{\"prefixItems\":[true],\"minItems\":2}", "#", "minItems"),
    ("{\"properties\":{\"a\":{\"items\":{\"x\":1}}}}", "#/properties/a/items", "x"),
    ("{\"properties\":{\"a\":{\"\":1}}}", "#/properties/a", "''"),
  ]

  @Test(arguments: schemas)
  func refusedSchemas(_ source: String, _ path: String, _ word: String) throws {
    let schema = try JSON(parsing: source)
    do {
      _ = try Grammar(jsonSchema: schema)
      Issue.record("compiled")
    } catch {
      switch error {
      case .schemaUnsupported(path, let text), .schemaInvalid(path, let text): #expect(text.contains(word), "\(error)")
      default: Issue.record("\(error)")
      }
    }
  }

  @Test func largeSchemas() throws {
    func nested(_ count: Int) -> JSON { (0..<count).reduce(true) { schema, _ in ["type": "array", "items": schema] } }
    let values = JSON.array((0..<5_000).map { .integer($0) })
    let chain = JSON.object(
      (0..<200).map { JSON.Member("d\($0)", ["$ref": .string("#/$defs/d\($0 + 1)")]) } + [JSON.Member("d200", true)])
    let doubling = JSON.object(
      (0..<40).map {
        JSON.Member(
          "d\($0)", ["allOf": [["$ref": .string("#/$defs/d\($0 + 1)")], ["$ref": .string("#/$defs/d\($0 + 1)")]]])
      } + [JSON.Member("d40", ["type": "string"])])
    let wide = JSON.object((0..<4_000).map { JSON.Member("p\($0)", true) })
    let long = JSON.object([JSON.Member(String(repeating: "n", count: 5_000), true)])
    let schemas: [JSON] = [
      nested(70), ["enum": values], ["$ref": "#/$defs/d0", "$defs": chain], ["type": "string", "maxLength": 1_000_000],
      ["type": "array", "items": true, "maxItems": 1_000_000], ["properties": wide],
      ["properties": long, "additionalProperties": true], ["allOf": [["$ref": "#"]]],
      [
        "type": "array", "items": ["type": "string", "minLength": 9_000], "minItems": 1,
        "prefixItems": .array(
          (0..<30).map { _ in ["type": "string", "minLength": 9_999] }),
      ],
      ["type": "string", "pattern": .string(String(repeating: "(", count: 4_000))],
      ["type": "string", "pattern": .string(String(repeating: "a", count: 5_000))],
      ["type": "string", "pattern": "a{99999}"], ["type": "string", "pattern": "((a{999}){999}){999}"],
      ["anyOf": .array(Array(repeating: true, count: 2_000))],
    ]
    for (number, schema) in schemas.enumerated() {
      do {
        _ = try Grammar(jsonSchema: schema)
        Issue.record("compiled schema \(number)")
      } catch {
        guard case .grammarLimit(let what, _) = error, !what.isEmpty else {
          Issue.record("schema \(number): \(error)")
          continue
        }
      }
    }
    // Merging the same reference with itself again and again ends.
    _ = try? Grammar(jsonSchema: ["$ref": "#/$defs/d0", "$defs": doubling])
    #expect(throws: TextError.self) { try Grammar(jsonSchema: ["$ref": "#"]) }
    #expect(throws: TextError.self) { try Grammar(jsonSchema: ["anyOf": [["$ref": "#"], ["type": "null"]]]) }
  }
}
