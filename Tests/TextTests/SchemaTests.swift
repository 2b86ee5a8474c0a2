import Formats
import Testing
import Text

struct SchemaTests {
  @Test(arguments: [
    (
      "{\"type\":\"integer\",\"minimum\":-12,\"maximum\":105}", ["-12", "-9", "0", "7", "99", "105"],
      ["-13", "106", "-0", "07", "1.0", "1e1"]
    ),
    ("{\"type\":\"integer\",\"minimum\":3}", ["3", "999999999999999"], ["2", "-3"]),
    (
      "{\"type\":\"number\",\"minimum\":-2,\"maximum\":2}", ["-2", "-2.00", "-0.5", "0", "1.99", "2.0", "2"],
      ["-2.01", "2.01", "-0", "3"]
    ),
    (
      "{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":1}", ["0.5", "0.01"],
      ["0", "0.0", "1", "1.0", "-0.1"]
    ),
    ("{\"type\":\"number\"}", ["0", "-1.5e+10", "3E2"], ["01", "+1", ".5", "1.", "1e999"]),
    (
      "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", ["\"ab\"", "\"\\u00e9\u{1F600}\\n\""],
      ["\"a\"", "\"abcd\"", "\"\\ud800a\"", "\"a\nb\""]
    ),
    (
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":\"null\"}},\"required\":[\"b\"]}",
      ["{\"b\":null}", "{\"a\": null, \"b\": null}", "{\n  \"b\":null\n}"],
      ["{}", "{\"a\":null}", "{\"b\":null,\"a\":null}", "{\"b\":null,}", "{ , }"]
    ),
    (
      "{\"type\":\"object\",\"properties\":{\"a\":true,\"b\":true,\"c\":true}}",
      ["{}", "{\"a\":1,\"c\":[]}", "{\"b\":{}}"], ["{\"d\":1}", "{,\"a\":1}"]
    ),
    (
      "{\"properties\":{\"id\":{\"const\":1}},\"additionalProperties\":{\"const\":2}}",
      ["{\"id\":1,\"x\":2}", "{\"idx\":2}", "{\"i\":2,\"j\":2}"], ["{\"id\":2}", "{\"x\":1}", "{\"x\":2,\"id\":1}"]
    ),
    (
      "{\"type\":\"array\",\"items\":{\"const\":1},\"minItems\":1,\"maxItems\":3}", ["[1]", "[1, 1,1]"],
      ["[]", "[1,1,1,1]", "[1,]"]
    ),
    (
      "{\"prefixItems\":[{\"const\":1},{\"const\":2}],\"items\":{\"const\":3}}", ["[]", "[1]", "[1,2]", "[1,2,3,3]"],
      ["[2]", "[1,3]"]
    ),
    ("{\"prefixItems\":[{\"const\":1},{\"const\":2}],\"maxItems\":1}", ["[]", "[1]"], ["[1,2]"]),
    (
      "{\"type\":\"string\",\"pattern\":\"^a.c$\"}", ["\"abc\"", "\"a\\\"c\"", "\"a\\\\c\""],
      ["\"ac\"", "\"xabc\"", "\"a\\nc\""]
    ),
    ("{\"type\":\"string\",\"pattern\":\"b+\"}", ["\"b\"", "\"abbc\""], ["\"\"", "\"ac\""]),
    (
      "{\"type\":\"string\",\"format\":\"date\"}", ["\"2024-02-28\"", "\"1999-12-31\""],
      ["\"2024-02-30\"", "\"2024-13-01\"", "\"24-1-1\""]
    ),
    ("{\"anyOf\":[{\"const\":\"a\"},{\"const\":\"b\"}]}", ["\"a\"", "\"b\""], ["\"c\"", "a"]),
    (
      "{\"allOf\":[{\"type\":[\"integer\",\"string\"],\"minimum\":2},{\"type\":\"number\",\"maximum\":4}]}",
      ["2", "4"], ["1", "5", "2.5", "\"a\""]
    ),
    ("{\"enum\":[1,\"1\",null]}", ["1", "\"1\"", "null"], ["2", "true"]),
    ("true", ["null", "[1,{\"a\":\"b\"}]", "\"\""], ["nul", "[1", "{1:2}"]),
  ])
  func whatIsAllowed(_ source: String, _ good: [String], _ bad: [String]) throws {
    let grammar = try Grammar(jsonSchema: try JSON(parsing: source))
    for text in good { #expect(try grammar.matches(text.utf8), "\(source): \(text)") }
    for text in bad { #expect(try !grammar.matches(text.utf8), "\(source): \(text)") }
  }

  /// Every number near the bounds of a range, and some others.
  @Test func ranges() throws {
    var random = TestRandom(state: 9)
    for _ in 0..<120 {
      let low = Int.random(in: -1_200...1_200, using: &random)
      let high = low + Int.random(in: 0...1_500, using: &random)
      let grammar = try Grammar(jsonSchema: ["type": "integer", "minimum": .integer(low), "maximum": .integer(high)])
      for value in [low - 1, low, low + 1, high - 1, high, high + 1, 0, 9, 10, 99, 100, 999, 1_000, -1, -10, -999] {
        #expect(try grammar.matches("\(value)".utf8) == (low...high).contains(value), "\(low)...\(high): \(value)")
      }
      let exact = try Grammar(jsonSchema: [
        "type": "number", "minimum": .integer(low), "exclusiveMaximum": .integer(high + 1),
      ])
      for value in [low - 1, low, high, high + 1, 0, -1, 1] {
        for fraction in ["", ".0", ".5", ".999"] {
          if value == 0, low > 0 || fraction == "" { continue }
          let text = "\(value)\(fraction)"
          let number = Double(text) ?? .nan
          #expect(
            try grammar.matches(text.utf8) == (fraction.isEmpty && number >= Double(low) && number <= Double(high)))
          #expect(
            try exact.matches(text.utf8) == (number >= Double(low) && number < Double(high + 1)),
            "\(low) \(high): \(text)")
        }
      }
    }
  }
}
