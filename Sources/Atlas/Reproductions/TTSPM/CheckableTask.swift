import NumericTypes

/// A question with one right answer, of a class whose questions are about equally hard.
struct CheckableTask: Sendable {
  /// Classes of questions.
  enum Kind: String, CaseIterable, Sendable {
    case addition = "one-digit sums"
    case longAddition = "two-digit sums"
    case subtraction = "two-digit differences"
    case product = "one-digit products"
    case letters = "letters of a word"
    case occurrences = "a letter in a word"
    case weekday = "days of the week"
    case capitals = "capital letters"
    case next = "arithmetic sequences"
    case larger = "the larger number"
  }

  var kind: Kind
  var question: String
  var answer: String

  /// Three solved questions of the class and this one, as text that ends where the answer begins.
  var prompt: String { prompt(after: []) }

  /// The same where these answers were given before; after each it is asked to think again.
  func prompt(after answers: [String]) -> String {
    var text = Self.examples(of: kind).map { "Q: \($0.question)\nA: \($0.answer)\n" }.joined()
    text += "Q: \(question)\nA:"
    for answer in answers { text += " \(answer)\nQ: Think again. \(question)\nA:" }
    return text
  }

  /// An answer in the form in which equal ones are equal: without spaces around it and a full stop after it; `nil` for nothing.
  static func normalized(_ text: String) -> String? {
    var rest = text[...]
    while let last = rest.last, last.isWhitespace || last == "." { rest.removeLast() }
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    return rest.isEmpty ? nil : String(rest)
  }

  /// Whether a text is the right answer and nothing else.
  func isSolved(by text: String) -> Bool { Self.normalized(text) == answer }

  /// Different questions, none of them an example; the same ones for a seed.
  static func questions(of kind: Kind, count: Int, seed: UInt64) -> [CheckableTask] {
    var random = Random(seed: seed, stream: UInt64(Kind.allCases.firstIndex(of: kind) ?? 0))
    var known = Set(examples(of: kind).map(\.question))
    var tasks: [CheckableTask] = []
    // Some classes have few questions: what comes up often enough again is left out.
    for _ in 0..<50 * count where tasks.count < count {
      let task = draw(kind, &random)
      if known.insert(task.question).inserted { tasks.append(task) }
    }
    return tasks
  }

  private static func draw(_ kind: Kind, _ random: inout Random) -> CheckableTask {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    switch kind {
    case .addition: return sum(kind, number(1...9), number(1...9))
    case .longAddition: return sum(kind, number(10...99), number(10...99))
    case .subtraction:
      let (a, b) = (number(10...99), number(10...99))
      return difference(max(a, b), min(a, b))
    case .product: return product(number(2...9), number(2...9))
    case .letters: return letters(words[number(0...words.count - 1)])
    case .occurrences:
      let word = words[number(0...words.count - 1)]
      return occurrences(of: Array(word)[number(0...word.count - 1)], in: word)
    case .weekday: return weekday(number(0...6), number(1...6))
    case .capitals: return capitals(words[number(0...words.count - 1)])
    case .next: return next(number(1...20), number(2...9))
    case .larger:
      let a = number(10...98)
      return larger(a, number(a + 1...99), isFirst: number(0...1) == 1)
    }
  }

  private static func examples(of kind: Kind) -> [CheckableTask] {
    switch kind {
    case .addition: [sum(kind, 2, 5), sum(kind, 9, 3), sum(kind, 4, 4)]
    case .longAddition: [sum(kind, 12, 25), sum(kind, 48, 37), sum(kind, 60, 19)]
    case .subtraction: [difference(58, 23), difference(71, 46), difference(90, 15)]
    case .product: [product(2, 4), product(7, 3), product(5, 6)]
    case .letters: [letters("lamp"), letters("orange"), letters("sky")]
    case .occurrences:
      [occurrences(of: "o", in: "food"), occurrences(of: "n", in: "lion"), occurrences(of: "e", in: "sleeve")]
    case .weekday: [weekday(1, 2), weekday(5, 3), weekday(3, 1)]
    case .capitals: [capitals("lamp"), capitals("orange"), capitals("sky")]
    case .next: [next(2, 2), next(5, 3), next(7, 10)]
    case .larger: [larger(14, 62, isFirst: true), larger(35, 81, isFirst: false), larger(40, 47, isFirst: true)]
    }
  }

  private static func sum(_ kind: Kind, _ a: Int, _ b: Int) -> CheckableTask {
    CheckableTask(kind: kind, question: "What is \(a) + \(b)?", answer: "\(a + b)")
  }

  private static func difference(_ a: Int, _ b: Int) -> CheckableTask {
    CheckableTask(kind: .subtraction, question: "What is \(a) - \(b)?", answer: "\(a - b)")
  }

  private static func product(_ a: Int, _ b: Int) -> CheckableTask {
    CheckableTask(kind: .product, question: "What is \(a) times \(b)?", answer: "\(a * b)")
  }

  private static func letters(_ word: String) -> CheckableTask {
    CheckableTask(kind: .letters, question: "How many letters has the word \"\(word)\"?", answer: "\(word.count)")
  }

  private static func occurrences(of letter: Character, in word: String) -> CheckableTask {
    CheckableTask(
      kind: .occurrences, question: "How many times is the letter \"\(letter)\" in \"\(word)\"?",
      answer: "\(word.count { $0 == letter })")
  }

  private static func weekday(_ day: Int, _ later: Int) -> CheckableTask {
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    return CheckableTask(
      kind: .weekday, question: "Today is \(days[day]). What day is it in \(later) day\(later == 1 ? "" : "s")?",
      answer: days[(day + later) % 7])
  }

  private static func capitals(_ word: String) -> CheckableTask {
    CheckableTask(
      kind: .capitals, question: "Write the word \"\(word)\" in capital letters.", answer: word.uppercased())
  }

  private static func next(_ first: Int, _ step: Int) -> CheckableTask {
    let row = (0..<4).map { "\(first + step * $0)" }.joined(separator: ", ")
    return CheckableTask(kind: .next, question: "What comes next: \(row)?", answer: "\(first + 4 * step)")
  }

  private static func larger(_ less: Int, _ more: Int, isFirst: Bool) -> CheckableTask {
    CheckableTask(
      kind: .larger, question: "Which is larger, \(isFirst ? more : less) or \(isFirst ? less : more)?",
      answer: "\(more)")
  }

  private static let words = [
    "apple", "banana", "bottle", "bridge", "butter", "candle", "carpet", "cheese", "circle", "coffee", "cotton",
    "desert",
    "dinner", "engine", "father", "flower", "forest", "garden", "hammer", "island", "jacket", "kitchen", "ladder",
    "letter",
    "market", "mirror", "mother", "mountain", "needle", "number", "paper", "pencil", "pepper", "pillow", "planet",
    "rabbit",
    "river", "school", "silver", "spoon", "summer", "table", "tomato", "valley", "village", "window", "winter",
    "yellow",
  ]
}
