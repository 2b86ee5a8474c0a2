import Testing
import Text

struct StopMatcherTests {
  /// The outcome by definition: the first place where a stop string ends, and of those that end there the longest.
  private func bruteForce(_ text: String, _ stops: [String]) -> (text: String, stop: Int?) {
    let bytes = Array(text.utf8)
    for end in 0...bytes.count {
      let ending = stops.indices.filter { bytes[..<end].reversed().starts(with: stops[$0].utf8.reversed()) }
      if let longest = ending.max(by: { stops[$0].utf8.count < stops[$1].utf8.count }) {
        return (String(decoding: bytes[..<(end - stops[longest].utf8.count)], as: UTF8.self), longest)
      }
    }
    return (text, nil)
  }

  @Test(arguments: 0..<100)
  func anyPartsGiveTheOutcomeOfTheWhole(seed: Int) throws {
    var random = TestRandom(state: UInt64(seed))
    let letters = ["a", "b", "é", "👍"]
    func word(_ lengths: ClosedRange<Int>) -> String {
      (0..<Int.random(in: lengths, using: &random)).map { _ in letters[Int.random(in: 0..<4, using: &random)] }.joined()
    }
    var stopped = 0
    for _ in 0..<100 {
      let stops = Array(Set((0..<Int.random(in: 0...4, using: &random)).map { _ in word(1...5) })).sorted()
      let parts = (0..<Int.random(in: 0...12, using: &random)).map { _ in word(0...3) }
      let expected = bruteForce(parts.joined(), stops)
      var matcher = try StopMatcher(stops)
      var text = ""
      var stop: Int?
      for part in parts {
        let outcome = matcher.append(part)
        #expect(stop == nil || (outcome.text.isEmpty && outcome.stop == stop))
        text += outcome.text
        stop = outcome.stop
        // Nothing comes out that the whole text would not give out.
        #expect(expected.text.hasPrefix(text))
      }
      text += matcher.finish()
      #expect(text == expected.text && stop == expected.stop, "\(parts) with \(stops)")
      stopped += stop == nil ? 0 : 1
    }
    #expect(stopped > 10)
  }

  @Test func heldTextComesOutAtTheEnd() throws {
    var matcher = try StopMatcher(["\n\nUser:"])
    #expect(matcher.append("Yes.\n\nUs") == .init(text: "Yes.", stop: nil))
    #expect(matcher.append("e this") == .init(text: "\n\nUse this", stop: nil))
    #expect(matcher.append(" \n") == .init(text: " ", stop: nil))
    #expect(matcher.finish() == "\n" && matcher.finish() == "")
    #expect(matcher.append("\nUser:") == .init(text: "\nUser:", stop: nil))
    #expect(matcher.append("\n\nUser: x") == .init(text: "", stop: 0))
    #expect(matcher.append("more") == .init(text: "", stop: 0))
  }

  @Test func limits() throws {
    #expect(throws: TextError.emptyStop(index: 1)) { try StopMatcher(["a", ""]) }
    #expect(throws: TextError.tooManyStops(count: 65, limit: 64)) {
      try StopMatcher([String](repeating: "a", count: 65))
    }
    #expect(throws: TextError.stopTooLong(index: 0, bytes: 1025, limit: 1024)) {
      try StopMatcher([String(repeating: "a", count: 1025)])
    }
    var most = try StopMatcher((0..<64).map { String(repeating: "a", count: 1024 - $0) })
    #expect(most.append(String(repeating: "a", count: 961)) == .init(text: "", stop: 63))
  }
}
