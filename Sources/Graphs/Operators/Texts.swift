import Formats
import NumericTypes

// Strings, and counts of their parts.
extension OperatorLibrary {
  static let texts: [GraphOperator] = [
    GraphOperator.one("StringConcat", 2...2) { _ in
      { call in
        let (a, b) = (try call.tensor(0), try call.tensor(1))
        guard let x = a.strings, let y = b.strings else { throw Refusal("\(a.type.name) and \(b.type.name)") }
        let shape = try Axes.broadcast(a.shape, b.shape)
        let longest = (x.map(\.utf8.count).max() ?? 0).addingClamped(y.map(\.utf8.count).max() ?? 0)
        try call.reserve(bytesEach: longest.addingClamped(16), shape)
        return try call.make(shape, strings: Axes.combine(x, a.shape, y, b.shape, shape) { $0 + $1 })
      }
    },
    GraphOperator("StringSplit", inputs: 1...1, outputs: 2) { node in
      let delimiter = try node.string("delimiter", "")
      let most = try node.int("maxsplit").map { Int($0) } ?? .max
      return { call in
        let x = try call.tensor(0)
        guard let strings = x.strings else { throw Refusal("\(x.type.name) where strings are expected") }
        let parts = strings.map { split($0, delimiter, most: max(most, 0)) }
        let width = parts.map(\.count).max() ?? 0
        let shape = x.shape + [width]
        try call.reserve(.string, shape)
        let padded = parts.flatMap { $0 + [String](repeating: "", count: width - $0.count) }
        return [
          .tensor(try call.make(shape, strings: padded)),
          .tensor(try call.make(.int64, x.shape, parts.map { Int64($0.count) })),
        ]
      }
    },
    GraphOperator.one("StringNormalizer", 1...1) { node in
      let action = try node.word("case_change_action", "NONE", among: ["NONE", "LOWER", "UPPER"])
      let isCaseSensitive = try node.flag("is_case_sensitive", false)
      let stops = Set(try (node.strings("stopwords") ?? []).map { isCaseSensitive ? $0 : $0.lowercased() })
      return { call in
        let x = try call.tensor(0)
        guard let strings = x.strings, x.rank == 1 || x.rank == 2 && x.shape[0] == 1 else {
          throw Refusal("\(x.type.name) \(x.shape) where strings [N] or [1, N] are expected")
        }
        var kept = strings.filter { !stops.contains(isCaseSensitive ? $0 : $0.lowercased()) }
        if action != "NONE" { kept = kept.map { action == "LOWER" ? $0.lowercased() : $0.uppercased() } }
        if kept.isEmpty { kept = [""] }
        return try call.make(x.rank == 1 ? [kept.count] : [1, kept.count], strings: kept)
      }
    },
    GraphOperator.one("RegexFullMatch", 1...1) { node in
      let pattern = try RegularExpression(node.string("pattern", ""))
      return { call in
        let x = try call.tensor(0)
        guard let strings = x.strings else { throw Refusal("\(x.type.name) where strings are expected") }
        return try call.make(x.shape, strings.map { pattern.matches($0) })
      }
    },
    GraphOperator.one("TfIdfVectorizer", 1...1) { node in
      let grams = try GramCounter(node)
      return { call in
        let x = try call.tensor(0)
        guard x.rank == 1 || x.rank == 2 else { throw Refusal("words \(x.shape)") }
        let words: [String] = x.strings ?? x.values(Int64.self).map { "\($0)" }
        let width = x.shape.last ?? 0
        let rows = x.rank == 2 ? x.shape[0] : 1
        try call.reserve(bytesEach: 8, [rows, grams.size])
        let counts = (0..<rows).flatMap { grams.count(Array(words[$0 * width..<($0 + 1) * width])) }
        return try call.make(.float32, x.rank == 2 ? [rows, grams.size] : [grams.size], counts)
      }
    },
  ]
}

/// The parts of a text between delimiters, or between runs of white space where there is no delimiter.
private func split(_ text: String, _ delimiter: String, most: Int) -> [String] {
  if delimiter.isEmpty {
    var parts: [String] = []
    var rest = text[...].drop { $0.isWhitespace }
    while !rest.isEmpty {
      if parts.count == most {
        while rest.last?.isWhitespace == true { rest.removeLast() }
        parts.append(String(rest))
        break
      }
      let word = rest.prefix { !$0.isWhitespace }
      parts.append(String(word))
      rest = rest[word.endIndex...].drop { $0.isWhitespace }
    }
    return parts
  }
  var parts: [String] = []
  var rest = text[...]
  while parts.count < most, let found = rest.firstRange(of: delimiter) {
    parts.append(String(rest[..<found.lowerBound]))
    rest = rest[found.upperBound...]
  }
  return parts + [String(rest)]
}

/// Counts of word sequences, weighted.
struct GramCounter: Sendable {
  private let minimum: Int
  private let maximum: Int
  private let skips: Int
  private let mode: String
  private let weights: [Float]?
  /// The column of each sequence of words.
  private let columns: [[String]: [Int]]
  let size: Int

  init(_ node: GraphNode) throws {
    minimum = Int(try node.int("min_gram_length", 1))
    maximum = Int(try node.int("max_gram_length", 1))
    skips = Int(try node.int("max_skip_count", 0))
    mode = try node.word("mode", "TF", among: ["TF", "IDF", "TFIDF"])
    weights = try node.floats("weights")
    let starts = try node.ints("ngram_counts") ?? []
    let indexes = try node.ints("ngram_indexes") ?? []
    let pool = try node.strings("pool_strings") ?? (node.ints("pool_int64s") ?? []).map { "\($0)" }
    guard minimum >= 1, maximum >= minimum, maximum <= 64, skips >= 0, skips <= 1 << 16,
      indexes.allSatisfy({ $0 >= 0 && $0 < 1 << 30 })
    else { throw Refusal("sequences of \(minimum) to \(maximum) words with \(skips) left out") }
    size = (indexes.max() ?? -1) + 1
    var columns: [[String]: [Int]] = [:]
    var gram = 0
    for (order, start) in starts.enumerated() {
      let end = order + 1 < starts.count ? starts[order + 1] : pool.count
      guard start >= 0, start <= end, end <= pool.count, (end - start).isMultiple(of: order + 1) else {
        throw Refusal("sequences of \(order + 1) words at \(start) to \(end) of \(pool.count)")
      }
      for first in stride(from: start, to: end, by: order + 1) {
        guard gram < indexes.count else { throw Refusal("\(indexes.count) columns for more sequences") }
        columns[Array(pool[first..<first + order + 1]), default: []].append(indexes[gram])
        gram += 1
      }
    }
    if let weights, weights.count < size { throw Refusal("\(weights.count) weights for \(size) columns") }
    self.columns = columns
  }

  /// The counts of a row of words.
  func count(_ words: [String]) -> [Float] {
    var counts = [Float](repeating: 0, count: size)
    for length in minimum...maximum {
      // Single words are the same for every distance.
      for distance in 1...(length == 1 ? 1 : skips + 1) {
        let span = (length - 1) * distance
        for start in 0..<max(0, words.count - span) {
          let gram = stride(from: start, through: start + span, by: distance).map { words[$0] }
          for column in columns[gram] ?? [] { counts[column] += 1 }
        }
      }
    }
    guard mode != "TF" else { return counts }
    return counts.enumerated().map { column, count in
      let weight = weights?[column] ?? 1
      return mode == "IDF" ? (count > 0 ? weight : 0) : count * weight
    }
  }
}
