import Formats
import Testing
import Text

/// What a model that must call may say, and how templates tell it of tools.
@Suite struct ToolGrammarTests {
  private static let tools = [
    ChatTool(
      name: "add", description: "Adds.",
      parameters: [
        "type": "object", "properties": ["a": ["$ref": "#/$defs/n"]], "required": ["a"],
        "$defs": ["n": ["type": "integer"]],
      ]),
    ChatTool(name: "now"),
  ]

  private static func accepts(_ format: ToolCallFormat, _ most: Int, _ text: String) throws -> Bool {
    try Grammar(calling: tools, as: format, most: most).matches(Array(text.utf8))
  }

  @Test func callsHaveTheirFramesAndSchemas() throws {
    let call = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>"
    #expect(try Self.accepts(.hermes, 1, call))
    #expect(try !Self.accepts(.hermes, 1, call + "\n" + call))
    #expect(try Self.accepts(.hermes, 2, call + "\n" + call))
    #expect(try !Self.accepts(.hermes, 2, call + "\n" + call + "\n" + call))
    #expect(
      try Self.accepts(
        .llama, 2, "{\"name\": \"now\", \"parameters\": {}}; {\"name\": \"add\", \"parameters\": {\"a\":2}}"))
    #expect(try Self.accepts(.mistral, 2, "[{\"name\": \"now\", \"arguments\": {}}]"))
    // Each function has its own schema, and no other function is there.
    #expect(try !Self.accepts(.llama, 1, "{\"name\": \"now\", \"parameters\": {\"a\": 1}}"))
    #expect(try !Self.accepts(.llama, 1, "{\"name\": \"add\", \"parameters\": {\"a\": \"x\"}}"))
    #expect(try !Self.accepts(.llama, 1, "{\"name\": \"rm\", \"parameters\": {}}"))
    #expect(try !Self.accepts(.hermes, 1, "text"))
  }

  /// What the grammar allows is what the parser finds, in every format.
  @Test(arguments: ToolCallFormat.allCases)
  func whatMayBeSaidIsFound(_ format: ToolCallFormat) throws {
    let text =
      switch format {
      case .hermes: "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"
      case .llama: "{\"name\": \"now\", \"parameters\": {}}"
      case .mistral: "[{\"name\": \"now\", \"arguments\": {}}]"
      case .mistralNamed: "now{}"
      }
    #expect(try Self.accepts(format, 1, text))
    var parser = ToolCallParser(format, names: ["now"])
    let parts = parser.append(text) + parser.finish()
    #expect(parts.contains(.call(name: "now")) && parts.contains(.end(isWhole: true)))
    #expect(!parts.contains { if case .text = $0 { true } else { false } })
  }

  @Test func aSchemaThatCannotBeBoundIsNamed() throws {
    let odd = ChatTool(name: "odd", parameters: ["type": "object", "if": true])
    let error = try #require(throws: ToolSchemaError.self) {
      try Grammar(calling: Self.tools + [odd], as: .hermes, most: 1)
    }
    #expect(error.tool == 2)
  }

  @Test func formatsAreThoseOfTheTemplates() throws {
    #expect(ToolCallFormat(template: "{{ '<tool_call>' }}") == .hermes)
    #expect(ToolCallFormat(template: "{{ '[TOOL_CALLS]' }}") == .mistral)
    #expect(ToolCallFormat(template: "{{ '[TOOL_CALLS]' + name + '[ARGS]' }}") == .mistralNamed)
    #expect(ToolCallFormat(template: "{{ '<|python_tag|>' }}") == .llama)
    #expect(ToolCallFormat(template: "{\"name\": function name, \"parameters\": …}") == .llama)
    #expect(ToolCallFormat(template: "{{ tools | tojson }}") == .hermes)
    // A template without tools is told of them in the default words.
    #expect(try ChatTemplate(compiling: "{{ '[TOOL_CALLS]' }}").toolCallFormat == .hermes)
  }

  private static let conversation = [
    ChatMessage(role: .user, content: "1+2?"),
    ChatMessage(
      role: .assistant, content: "", toolCalls: [ChatMessage.ToolCall(id: "c", name: "add", arguments: ["a": 1])]),
    ChatMessage(role: .tool, content: "3", toolCallID: "c"), ChatMessage(role: .tool, content: "4", toolCallID: "d"),
  ]
  private static let plain =
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"

  @Test func aTemplateThatKnowsToolsGetsThem() throws {
    let template = try ChatTemplate(
      compiling: "{{ tools | tojson }}{% for m in messages %}{{ m.role }}{{ m.tool_calls | length }}{% endfor %}")
    let text = try template.render(Self.conversation, calling: [Self.tools[1]]).map(\.content).joined()
    #expect(
      text == "[{\"type\": \"function\", \"function\": {\"name\": \"now\", \"parameters\": {\"type\": \"object\", "
        + "\"properties\": {}}}}]user0assistant1tool0tool0")
  }

  @Test func aTemplateThatDoesNotIsToldInWords() throws {
    let template = try ChatTemplate(compiling: Self.plain)
    let text = try template.render(Self.conversation, calling: Self.tools).map(\.content).joined()
    #expect(
      text
        == "system: \(ChatTemplate.instructions(for: Self.tools))\nuser: 1+2?\nassistant: <tool_call>\n{\"name\":\"add\","
        + "\"arguments\":{\"a\":1}}\n</tool_call>\nuser: <tool_response>\n3\n</tool_response>\n<tool_response>\n4\n"
        + "</tool_response>\nassistant: ")
    for tool in Self.tools { #expect(text.contains(tool.json.line)) }
    let own = [ChatMessage(role: .system, content: "Be brief.")] + Self.conversation.prefix(1)
    let short = try template.render(own, calling: Self.tools).map(\.content).joined()
    #expect(short.hasPrefix("system: Be brief.\n\nYou may call functions"))
    // Without tools nothing is said of them.
    let none = try template.render([ChatMessage(role: .user, content: "x")], calling: []).map(\.content).joined()
    #expect(none == "user: x\nassistant: ")
  }
}
