import Formats
import Testing
import Text

/// Class G18: templates that want to use up the machine. Each is refused by an error of its own, in bounded time and memory.
struct HostileTemplateTests {
  /// Templates that must be stopped by a budget, whether in compiling or in rendering.
  static let long: [(name: String, source: String)] = [
    (
      "loops in loops",
      String(repeating: "{% for i in range(100) %}", count: 8) + "x" + String(repeating: "{% endfor %}", count: 8)
    ),
    ("parentheses", "{{ " + String(repeating: "(", count: 100_000)),
    ("lists in lists", "{{ " + String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000) + " }}"),
    ("negations", "{{ " + String(repeating: "not ", count: 100_000) + "x }}"),
    ("minus signs", "{{ " + String(repeating: "- ", count: 100_000) + "1 }}"),
    ("sums", "{{ 1" + String(repeating: "+1", count: 60_000) + " }}"),
    ("attributes", "{{ a" + String(repeating: ".a", count: 60_000) + " }}"),
    ("subscripts", "{{ a" + String(repeating: "[0]", count: 40_000) + " }}"),
    ("calls", "{{ a" + String(repeating: "()", count: 60_000) + " }}"),
    ("filters", "{{ a" + String(repeating: "|trim", count: 60_000) + " }}"),
    ("ands", "{{ a" + String(repeating: " and a", count: 60_000) + " }}"),
    ("conditions", "{{ a" + String(repeating: " if a", count: 60_000) + " }}"),
    ("tests", "{{ a" + String(repeating: " is string()", count: 40_000) + " }}"),
    ("comparisons of comparisons", "{{ " + String(repeating: "a == (", count: 20_000)),
    ("ifs in ifs", String(repeating: "{% if a %}", count: 10_000)),
    ("fors in fors", String(repeating: "{% for a in b %}", count: 10_000)),
    ("macros in macros", String(repeating: "{% macro f() %}", count: 10_000)),
    (
      "targets in targets",
      "{% set " + String(repeating: "(", count: 50) + "a" + String(repeating: ",)", count: 50) + " = "
        + String(repeating: "(", count: 90_000)
    ),
    ("tokens", "{{ " + String(repeating: "a,", count: 150_000) + " }}"),
  ]

  static var endless: [(name: String, source: String)] {
    let cases = (try? HostileTemplates.cases("endless")) ?? []
    return long + cases.map { (name: $0["name"]?.text ?? "", source: $0["source"]?.text ?? "") }
  }

  @Test(arguments: endless)
  func budgetsStop(_ name: String, _ source: String) {
    do {
      let template = try ChatTemplate(compiling: source)
      let segments = try template.render([ChatMessage(role: .user, content: "Hi")])
      Issue.record("rendered \(segments.count) segments")
    } catch {
      guard case .chatTemplateBudget(let line, let what, let limit) = error, line >= 1, !what.isEmpty, limit > 0 else {
        Issue.record("\(error)")
        return
      }
    }
  }

  /// Templates that look bad and must end, whatever comes out.
  @Test func endsInAnyCase() throws {
    let cases = try HostileTemplates.cases("odd")
    #expect(cases.count >= 25 && Self.endless.count >= 50)
    for source in cases.compactMap(\.text) {
      do {
        let template = try ChatTemplate(compiling: source)
        let text = try template.renderText([ChatMessage(role: .user, content: "Hi")])
        #expect(text.utf8.count < 100_000 && !text.contains("0x"))
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
  }

  @Test func hostileVariables() throws {
    let template = try ChatTemplate(compiling: "{{ x | tojson }}")
    var deep = JSON.array([])
    for _ in 0..<1_000 { deep = .array([deep]) }
    #expect(throws: TextError.self) { try template.render(variables: [JSON.Member("x", deep)]) }
    let wide = JSON.array(Array(repeating: .integer(1), count: 100_000))
    #expect(try template.render(variables: [JSON.Member("x", wide)]).count >= 1)
    // A long conversation is no attack: the budget grows with it.
    let long = try ChatTemplate(
      compiling: "{% for m in messages %}{{ m.content | trim | replace('a', 'b') }}{% endfor %}")
    let messages = (0..<200).map { _ in ChatMessage(role: .user, content: String(repeating: "ab ", count: 5_000)) }
    #expect(try long.renderText(messages).utf8.count == 200 * 14_999)
  }

  @Test func ownLimits() throws {
    let template = try ChatTemplate(compiling: "{% for i in range(1000) %}{{ i }}{% endfor %}")
    #expect(throws: TextError.chatTemplateBudget(line: 1, what: "steps", limit: 500)) {
      try template.render(variables: [], limits: ChatTemplateLimits(steps: 500))
    }
    #expect(throws: TextError.chatTemplateBudget(line: 1, what: "code points of a text", limit: 100)) {
      try template.render(variables: [], limits: ChatTemplateLimits(textLength: 100))
    }
    #expect(throws: TextError.chatTemplateBudget(line: 1, what: "depth of recursion", limit: 1)) {
      try template.render(variables: [], limits: ChatTemplateLimits(depth: 1))
    }
  }
}

/// The small templates of `Golden/jinja.json`.
enum HostileTemplates {
  static func cases(_ list: String) throws -> [JSON] {
    try JSON(parsing: try Golden("jinja.json").bytes)[list]?.elements ?? []
  }
}
