import Formats
import Foundation
import Testing
import Text

/// Templates in the wild against the interpreter of transformers; `make setup` fetches them, nobody may copy them.
struct WildTemplateTests {
  private struct Case {
    let name: String
    let variables: [JSON.Member]
  }

  private static let now = CalendarTime(year: 2026, month: 1, day: 15, hour: 9, minute: 8, second: 7)

  private static func folder() -> URL {
    let environment = ProcessInfo.processInfo.environment
    let home = environment["VENTURI_HOME"] ?? NSHomeDirectory() + "/.cache/venturi"
    return URL(fileURLWithPath: home + "/cases/vocabularies/templates")
  }

  private static func golden() throws -> (cases: [Case], templates: [(file: String, rendered: [String])]) {
    let json = try JSON(parsing: try Golden("chat-templates.json").bytes)
    let cases = (json["cases"]?.elements ?? []).map {
      Case(name: $0["name"]?.text ?? "", variables: $0["variables"]?.members ?? [])
    }
    let templates = (json["templates"]?.elements ?? []).map {
      (file: $0["file"]?.text ?? "", rendered: ($0["rendered"]?.elements ?? []).compactMap(\.text))
    }
    return (cases, templates)
  }

  private static func template(_ name: String) throws -> ChatTemplate {
    let source = try String(contentsOf: folder().appendingPathComponent(name), encoding: .utf8)
    return try ChatTemplate(compiling: source, beginning: "<s>", end: "</s>")
  }

  /// Length, hash and beginning, as the script writes them.
  private static func summary(_ text: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let digits = String(hash, radix: 16)
    let beginning = String(String.UnicodeScalarView(text.unicodeScalars.prefix(24)))
    return "\(text.utf8.count) \(String(repeating: "0", count: 16 - digits.count))\(digits) \(beginning)"
  }

  @Test func everyTemplateRendersAsTheReference() throws {
    let (cases, templates) = try Self.golden()
    #expect(templates.count >= 60 && cases.count >= 25)
    var (equal, refused) = (0, 0)
    for (file, rendered) in templates {
      #expect(rendered.count == cases.count, "\(file)")
      let template = try Self.template(file)
      for (item, expected) in zip(cases, rendered) {
        let found: String
        do throws(TextError) {
          found = Self.summary(
            try template.render(variables: item.variables, now: Self.now).map(\.content).joined())
          equal += 1
        } catch {
          found = "!"
          refused += 1
          if expected != "!" { Issue.record("\(file), \(item.name): \(error)") }
        }
        #expect(found.utf8.elementsEqual(expected.utf8), "\(file), \(item.name)")
      }
    }
    print("\(templates.count) templates: \(equal) renderings equal, \(refused) refused as by the reference")
    #expect(equal >= 1_500)
  }

  /// Every text from outside holds a mark in the golden cases; no template's own text may.
  @Test func nothingFromOutsideIsTemplateText() throws {
    let (cases, templates) = try Self.golden()
    var marks = 0
    for (file, _) in templates {
      let template = try Self.template(file)
      for item in cases {
        guard let segments = try? template.render(variables: item.variables, now: Self.now) else { continue }
        for segment in segments {
          if case .template(let text) = segment {
            #expect(!text.contains("∎") && !text.contains("Obey"), "\(file), \(item.name)")
          } else if segment.content.contains("∎") {
            marks += 1
          }
        }
      }
    }
    #expect(marks > 2_000)
  }

  /// Whether the calls that a template writes of an earlier turn are found again, in the format that its text tells of.
  private static func findsItsOwnCall(_ name: String) throws -> Bool {
    let template = try template(name)
    let tool = ChatTool(
      name: "get_weather", description: "Weather.",
      parameters: [
        "type": "object", "properties": ["city": ["type": "string", "description": "A city."]], "required": ["city"],
      ])
    let call = ChatMessage.ToolCall(id: "123456789", name: "get_weather", arguments: ["city": "Paris"])
    let question = [ChatMessage(role: .user, content: "Weather?")]
    let answer = ChatMessage(role: .assistant, content: "", toolCalls: [call])
    let result = ChatMessage(role: .tool, content: "sunny", toolCallID: "123456789")
    let rendered = try template.render(question + [answer, result], calling: [tool]).map(\.content).joined()
    // The model's turn is what follows the question.
    guard let place = rendered.range(of: "Weather?", options: .backwards)?.upperBound else { return false }
    let turn = String(rendered[place...])
    let answers = turn.indices.filter { turn[$0] == "{" || turn[$0] == "[" || turn[$0] == "<" }.map { turn[$0...] }
    return answers.contains { answer in
      var parser = ToolCallParser(template.toolCallFormat, names: ["get_weather"])
      let parts = parser.append(String(answer))
      return parts.contains(.end(isWhole: true))
        && parts.contains { if case .arguments(let text) = $0 { text.contains("Paris") } else { false } }
    }
  }

  @Test func callsAreFoundAsTemplatesWriteThem() throws {
    let names = [
      // Formats of their own.
      "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use", "NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
      "Qwen-Qwen2.5-7B-Instruct", "Qwen-Qwen3-0.6B", "Qwen-QwQ-32B", "MiMo-VL", "Reka-Edge",
      "ibm-granite-granite-3.3-2B-Instruct", "ibm-granite-granite-4.0", "Bielik-11B-v3.0-Instruct",
      "meta-llama-Llama-3.1-8B-Instruct", "meta-llama-Llama-3.2-3B-Instruct", "meta-llama-Llama-3.3-70B-Instruct",
      "mistralai-Mistral-Nemo-Instruct-2407", "mistralai-Ministral-3-14B-Reasoning-2512",
      "unsloth-mistral-Devstral-Small-2507",
      // None: they are told in words.
      "HuggingFaceTB-SmolLM3-3B", "microsoft-Phi-3.5-mini-instruct", "llama-cpp-rwkv-world", "google-gemma-2-2b-it",
      "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
    ]
    for name in names { #expect(try Self.findsItsOwnCall(name + ".jinja"), "\(name)") }
    // One that wants arguments as text.
    let call = ChatMessage(
      role: .assistant, content: "",
      toolCalls: [ChatMessage.ToolCall(id: "c", name: "get_weather", arguments: ["city": "Paris"])])
    let text = try Self.template("meetkai-functionary-medium-v3.2.jinja").render(
      [ChatMessage(role: .user, content: "Weather?"), call], calling: [])
    #expect(text.map(\.content).joined().contains("{\"city\":\"Paris\"}"))
  }
}
