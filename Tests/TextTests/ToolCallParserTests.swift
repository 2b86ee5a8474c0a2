import Formats
import Testing
import Text

/// Calls found in answers, and everything else left as it was.
@Suite struct ToolCallParserTests {
  private static let names: Set<String> = ["add", "get_weather"]

  /// What is heard of an answer that comes in these pieces, stretches of one kind as one.
  static func parts(
    _ format: ToolCallFormat, _ pieces: [String], mayRepeat: Bool = true
  ) -> [ToolCallParser.Part] {
    var parser = ToolCallParser(format, names: names, mayRepeat: mayRepeat)
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

  private static func said(_ parts: [ToolCallParser.Part]) -> String {
    parts.reduce(into: "") { all, part in if case .text(let text) = part { all += text } }
  }

  /// `name arguments`, with an ellipsis for those that broke off.
  private static func calls(_ parts: [ToolCallParser.Part]) -> [String] {
    var calls: [String] = []
    for part in parts {
      switch part {
      case .call(let name): calls.append(name + " ")
      case .arguments(let text): calls[calls.count - 1] += text
      case .end(false): calls[calls.count - 1] += "…"
      default: break
      }
    }
    return calls
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let format: ToolCallFormat
    let answer: String
    let text: String
    let calls: [String]
    var testDescription: String { "\(format): \(answer)" }

    init(_ format: ToolCallFormat, _ answer: String, _ text: String, _ calls: [String]) {
      (self.format, self.answer, self.text, self.calls) = (format, answer, text, calls)
    }
  }

  static let cases: [Case] = [
    Case(.hermes, "Hello.", "Hello.", []), Case(.hermes, " \n", " \n", []), Case(.hermes, "", "", []),
    Case(
      .hermes, "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": [1, 2.5e-3], \"s\": \"}\\\"é\"}}\n</tool_call>",
      "",
      ["add {\"a\": [1, 2.5e-3], \"s\": \"}\\\"é\"}"]),
    Case(
      .hermes,
      "Wait.\n<tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"get_weather\","
        + "\"arguments\":{\"c\":null}}</tool_call>\n", "Wait.\n", ["add {}", "get_weather {\"c\":null}"]),
    // Arguments before the name, and members that other formats have.
    Case(
      .hermes, "<tool_call>{\"arguments\":{\"a\":{}},\"id\":\"x\",\"name\":\"add\",\"type\":\"function\"}</tool_call>",
      "",
      ["add {\"a\":{}}"]),
    // The end of the call is missing; another call, or text, follows.
    Case(
      .hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{}}\n<tool_call>{\"name\":\"add\",\"arguments\":{\"b\":1}}",
      "",
      ["add {}", "add {\"b\":1}"]),
    Case(.hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{}} done", " done", ["add {}"]),
    Case(.hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_c", "</tool_c", ["add {}"]),
    // What only looks like a call.
    Case(.hermes, "a < b <tool", "a < b <tool", []), Case(.hermes, "<<tool_call>x", "<<tool_call>x", []),
    Case(
      .hermes, "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>",
      "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>", []),
    Case(.hermes, "<tool_call>{\"name\":\"add\"}</tool_call>", "<tool_call>{\"name\":\"add\"}</tool_call>", []),
    Case(
      .hermes, "<tool_call>{\"name\":\"add\",\"arguments\":\"x\"}", "<tool_call>{\"name\":\"add\",\"arguments\":\"x\"}",
      []),
    Case(
      .hermes, "<tool_call>{\"name\":\"add\",\"name\":\"add\",\"arguments\":{}}",
      "<tool_call>{\"name\":\"add\",\"name\":\"add\",\"arguments\":{}}", []),
    // A call behind what looked like one.
    Case(
      .hermes, "<tool_call><tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_call>", "<tool_call>", ["add {}"]),
    Case(
      .hermes,
      "<tool_call>{\"arguments\":{\"x\":\"<tool_call>{\\\"name\":1} <tool_call>{\"name\":\"add\",\"arguments\":{}}",
      "<tool_call>{\"arguments\":{\"x\":\"<tool_call>{\\\"name\":1} ", ["add {}"]),
    // Arguments that stop being JSON, or stop.
    Case(
      .hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\": oh}}</tool_call>", "oh}}</tool_call>",
      ["add {\"a\": …"]),
    Case(.hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\": \"\u{FFFD}", "", ["add {\"a\": \"\u{FFFD}…"]),
    Case(.hermes, "<tool_call>{\"name\":\"add\",\"argum", "<tool_call>{\"name\":\"add\",\"argum", []),
    Case(
      .hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{}, \"more\": 1}</tool_call>", ", \"more\": 1}</tool_call>",
      ["add {}"]),
    Case(.llama, "{\"name\": \"add\", \"parameters\": {\"a\": 1}}", "", ["add {\"a\": 1}"]),
    Case(.llama, "\n<|python_tag|>{\"name\": \"add\", \"parameters\": {}}", "", ["add {}"]),
    Case(
      .llama,
      "{\"type\": \"function\", \"name\": \"add\", \"parameters\": {}}; {\"name\": \"add\", \"parameters\": {}}", "",
      ["add {}", "add {}"]),
    Case(.llama, "{\"name\": \"Bob\", \"age\": 3}", "{\"name\": \"Bob\", \"age\": 3}", []),
    Case(
      .llama, "Say {\"name\": \"add\", \"parameters\": {}}", "Say {\"name\": \"add\", \"parameters\": {}}", []),
    Case(.llama, "Say <|python_tag|>{\"name\": \"add\", \"parameters\": {}};", "Say ;", ["add {}"]),
    Case(.llama, "{\"name\": \"add\", \"parameters\": {}} so", " so", ["add {}"]),
    Case(
      .mistral,
      "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {}}, {\"name\": \"add\", \"arguments\": {\"a\":1}, \"id\": "
        + "\"123456789\"}]", "", ["add {}", "add {\"a\":1}"]),
    Case(.mistral, "[TOOL_CALLS] [ {\"name\": \"add\", \"arguments\": {}} ] ", "", ["add {}"]),
    Case(.mistral, "[{\"name\": \"add\", \"arguments\": {}}]", "", ["add {}"]),
    Case(.mistral, "I say [TOOL_CALLS][{\"name\": \"add\", \"arguments\": {}}]", "I say ", ["add {}"]),
    Case(.mistral, "[1, 2]", "[1, 2]", []), Case(.mistral, "[", "[", []), Case(.mistral, "[TOOL", "[TOOL", []),
    Case(.mistral, "[{\"name\": \"Bob\"}]", "[{\"name\": \"Bob\"}]", []),
    Case(.mistral, "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {}}", "", ["add {}"]),
    Case(
      .mistralNamed, "[TOOL_CALLS]add[ARGS]{\"a\": 1}[TOOL_CALLS]get_weather[ARGS]{}", "",
      ["add {\"a\": 1}", "get_weather {}"]),
    // Without the words, which may be control tokens.
    Case(.mistralNamed, "add{\"a\": 1}get_weather {}\n", "", ["add {\"a\": 1}", "get_weather {}"]),
    Case(.mistralNamed, "I say [TOOL_CALLS] add [ARGS] {} so", "I say  so", ["add {}"]),
    Case(.mistralNamed, "I say add{}", "I say add{}", []), Case(.mistralNamed, "adder{}", "adder{}", []),
    Case(.mistralNamed, "[TOOL_CALLS]rm[ARGS]{}", "[TOOL_CALLS]rm[ARGS]{}", []), Case(.mistralNamed, "ad", "ad", []),
    Case(.mistralNamed, "ad d{}", "ad d{}", []), Case(.mistralNamed, "add [ARGS] x", "add [ARGS] x", []),
    Case(.mistralNamed, "add[ARG]{}", "add[ARG]{}", []), Case(.mistralNamed, "[TOOL_CALLS]{}", "[TOOL_CALLS]{}", []),
    Case(.mistralNamed, "[TOOL_CALLS]add[ARGS]{\"a\":", "", ["add {\"a\":…"]),
  ]

  @Test(arguments: cases)
  func callsAreFoundAndAllElseIsText(_ test: Case) {
    for pieces in [[test.answer], test.answer.map { String($0) }] {
      let parts = Self.parts(test.format, pieces)
      #expect(Self.said(parts) == test.text)
      #expect(Self.calls(parts) == test.calls)
    }
  }

  @Test func oneCallIsOneCallWhereNoMoreMayBe() {
    let call = "<tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_call>"
    let parts = Self.parts(.hermes, [call + "\n" + call], mayRepeat: false)
    #expect(Self.calls(parts) == ["add {}"] && Self.said(parts) == "\n" + call)
    let list = "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {}}, {\"name\": \"add\", \"arguments\": {}}]"
    let others = Self.parts(.mistral, [list], mayRepeat: false)
    #expect(Self.calls(others) == ["add {}"] && Self.said(others) == ", {\"name\": \"add\", \"arguments\": {}}]")
  }

  @Test func argumentsComeAsTheyAreSaid() {
    var parser = ToolCallParser(.hermes, names: Self.names)
    #expect(parser.append("Hi <tool") == [.text("Hi ")])
    #expect(parser.append("_call>{\"name\": \"add\", \"argu") == [])
    let frame = "<tool_call>{\"name\": \"add\", \"arguments\": "
    #expect(parser.append("ments\": {\"a") == [.frame(frame), .call(name: "add"), .arguments("{\"a")])
    #expect(parser.append("\": 1") == [.arguments("\": 1")])
    #expect(
      parser.append("}}</tool_call>") == [.arguments("}"), .end(isWhole: true), .frame("}"), .frame("</tool_call>")])
    #expect(parser.finish() == [])
  }

  @Test func whatIsHeldBackIsBounded() {
    let long = "<tool_call>{\"arguments\":{\"a\":\"" + String(repeating: "x", count: 100_000)
    var parser = ToolCallParser(.hermes, names: Self.names)
    var given = 0
    for character in long {
      for part in parser.append(String(character)) { if case .text(let text) = part { given += text.utf8.count } }
    }
    #expect(given >= long.utf8.count - ToolCallParser.headLimit)
    // Nothing that looks like a call again and again takes longer for it.
    let nested = String(repeating: "<tool_call>{\"arguments\":{\"a\":\"", count: 5_000)
    #expect(Self.said(Self.parts(.hermes, [nested])) == nested)
  }

  /// A random answer of pieces that calls are made of, some whole, some broken.
  private static func answer(_ format: ToolCallFormat, _ random: inout some RandomNumberGenerator) -> String {
    let words = [
      format.marker, "</tool_call>", "{\"name\": \"add\", ", "{\"name\":\"rm\",", "\"arguments\": ", "\"parameters\":",
      "{", "}",
      "[", "]", ",", ";", " ", "\n", "\"", "\\", "text", "é🜄", "\u{FFFD}", "1", "-0.5e", "true", "\"a\": ",
      "{\"a\": \"b\"}", "{\"name\": \"add\", \"arguments\": {\"x\": [1, {}]}}",
      "{\"name\": \"add\", \"parameters\": {}}",
      "{\"arguments\": {\"q\": \"é\"}, \"name\": \"get_weather\"}",
      "\(format.marker)[{\"name\": \"add\", \"arguments\": {}}]",
      "add[ARGS]{", "get_weather{}", "[ARGS]", "ad", "\(format.marker){\"name\": \"add\", \"arguments\": {\"y\": \"",
      "<", "<tool",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 1...12, using: &random) { text += words.randomElement(using: &random) ?? "" }
    return text
  }

  @Test(arguments: ToolCallFormat.allCases)
  func nothingIsLostAndPiecesDoNotMatter(_ format: ToolCallFormat) {
    var random = TestRandom(state: 7)
    var found = 0
    for _ in 0..<20_000 {
      let answer = Self.answer(format, &random)
      let scalars = Array(answer.unicodeScalars)
      var pieces = [""]
      for scalar in scalars {
        if Int.random(in: 0..<3, using: &random) == 0 { pieces.append("") }
        pieces[pieces.count - 1].unicodeScalars.append(scalar)
      }
      let mayRepeat = Bool.random(using: &random)
      let parts = Self.parts(format, pieces, mayRepeat: mayRepeat)
      #expect(parts == Self.parts(format, [answer], mayRepeat: mayRepeat), "\(answer)")
      var (text, isOpen, arguments) = ("", false, "")
      var calls = 0
      for part in parts {
        switch part {
        case .text(let more), .frame(let more): text += more
        case .arguments(let more):
          text += more
          arguments += more
          #expect(isOpen, "\(answer)")
        case .call(let name):
          #expect(!isOpen && Self.names.contains(name), "\(answer)")
          (isOpen, arguments) = (true, "")
          calls += 1
        case .end(let isWhole):
          #expect(isOpen, "\(answer)")
          isOpen = false
          let value = try? JSON(parsing: arguments)
          #expect((value?.members != nil) == isWhole, "\(answer)")
          // What broke off can be closed to a value.
          var scanner = JSONObjectScanner()
          for byte in arguments.utf8 { _ = scanner.append(byte) }
          let closed = try? JSON(parsing: scanner.closed(Array(arguments.utf8)))
          #expect(closed?.members != nil && (!isWhole || closed == value), "\(answer)")
        }
      }
      #expect(text == answer && !isOpen, "\(answer)")
      #expect(mayRepeat || calls <= 1)
      // Frames belong to calls.
      if calls == 0 { #expect(Self.said(parts) == answer) }
      found += calls
    }
    #expect(found > 1000, "found \(found)")
  }
}

/// What a broken-off object becomes.
@Suite struct JSONObjectScannerTests {
  @Test(arguments: [
    ("{", "{}"), ("{\"a", "{}"), ("{\"a\": 12", "{}"), ("{\"a\": 12,", "{\"a\": 12}"), ("{\"a\": tru", "{}"),
    ("{\"a\": [1, \"x", "{\"a\": [1]}"), ("{\"a\": {\"b\": null, \"c\"", "{\"a\": {\"b\": null}}"), ("", "{}"),
    ("{\"a\": {}}", "{\"a\": {}}"), ("{\"a\": [", "{\"a\": []}"),
  ])
  func anObjectIsClosedBehindWhatIsWhole(_ text: String, _ expected: String) {
    var scanner = JSONObjectScanner()
    for byte in text.utf8 { _ = scanner.append(byte) }
    #expect(String(decoding: scanner.closed(Array(text.utf8)), as: UTF8.self) == expected)
  }

  @Test(arguments: [
    "x", "[", "{x", "{\"a\" 1", "{\"a\":01", "{\"a\":+", "{\"a\":1.}", "{\"a\":1e}", "{\"a\":-}", "{\"a\":nul}",
    "{\"a\":[1,]",
    "{\"a\":1,}", "{\"a\":\"\\x", "{\"a\":\"\\u12g", "{\"a\":\"\n", "{\"a\":]", "{\"a\":[}", "{,",
  ])
  func whatIsNoObjectIsFoundBroken(_ text: String) {
    var scanner = JSONObjectScanner()
    var last = JSONObjectScanner.Outcome.more
    for byte in text.utf8 { last = scanner.append(byte) }
    #expect(last == .broken)
  }

  @Test func nestingIsBounded() {
    var scanner = JSONObjectScanner()
    let text = "{\"a\":" + String(repeating: "[", count: 200)
    #expect(text.utf8.contains { scanner.append($0) == .broken })
  }
}
