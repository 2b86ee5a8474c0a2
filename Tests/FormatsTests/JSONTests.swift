import Formats
import Testing

@Suite("JSON")
struct JSONTests {
  @Test func writesEveryKindAndReadsItBack() throws {
    let value: JSON = [
      "null": .null, "yes": true, "no": false, "count": -42, "share": 0.125, "tiny": .number(1e-300),
      "text": "a\"b\\c\nd\te\u{1}\u{7F}é😀\u{2028}", "list": [1, 2.5, "x", []], "empty": .object([]),
    ]
    #expect(try JSON(parsing: value.line) == value)
    #expect(try JSON(parsing: value.pretty) == value)
    #expect(!value.line.contains("\n"))
  }

  @Test func numbersThatAreNotFiniteAreNull() {
    #expect(JSON.number(.nan).line == "null")
    #expect(JSON.number(.infinity).line == "null")
    #expect(JSON.rounded(-.infinity).line == "null")
  }

  @Test func roundsToSignificantDigits() {
    #expect(JSON.rounded(1234.5678, digits: 4) == .number(1235))
    #expect(JSON.rounded(0.000123456, digits: 3) == .number(0.000123))
    #expect(JSON.rounded(-9.9996, digits: 4) == .number(-10))
    #expect(JSON.rounded(0) == .number(0))
  }

  @Test(arguments: [
    ("", 0), ("{", 1), ("{\"a\"}", 4), ("[1,]", 3), ("tru", 0), ("1 2", 2), ("\"abc", 4), ("01", 0), ("-", 0),
    ("1.", 2),
    ("1e", 2), ("\"\\x\"", 2), ("\"\\u12\"", 3), ("{\"a\":1,}", 7), ("nan", 0), ("\"\u{1}\"", 1), ("1e999", 5),
    ("[1 2]", 3),
  ])
  func refusesWhatIsNotJSON(_ text: String, _ offset: Int) {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
    #expect(error?.offset == offset, "\(text)")
  }

  @Test func nestingIsBounded() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try JSON(parsing: deep) }
  }

  @Test func readsSurrogatesAndHalves() throws {
    #expect(try JSON(parsing: #""\ud83d\ude00""#).text == "😀")
    #expect(try JSON(parsing: #""\ud83dx""#).text == "\u{FFFD}x")
    #expect(try JSON(parsing: #""\udc00""#).text == "\u{FFFD}")
  }

  @Test func invalidUTF8IsRefused() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
  }
}
