/// Words as a search compares them.
enum SearchTerms {
  /// The words of a text without accents, letter case and endings, each with its place.
  static func of(_ text: some StringProtocol) -> [String] {
    plain(text).split { !$0.isLetter && !$0.isNumber }.map { stem(String($0)) }.filter { !ignored.contains($0) }
  }

  /// The letters and digits of a name, and nothing else: `FlashAttention-2` and `flash attention 2` are the same.
  static func letters(of text: some StringProtocol) -> String {
    String(plain(text).filter { $0.isLetter || $0.isNumber })
  }

  /// Lower case, with accents and raised digits made plain.
  private static func plain(_ text: some StringProtocol) -> String {
    String(text.lowercased().map { plainCharacters[$0] ?? $0 })
  }

  private static let plainCharacters: [Character: Character] = [
    "é": "e", "è": "e", "ö": "o", "ü": "u", "ä": "a", "²": "2", "³": "3", "’": "'",
  ]

  /// Words that say nothing about a system.
  private static let ignored: Set<String> = [
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or",
    "so", "that", "the", "their", "them", "to", "which", "with",
  ]

  private static let suffixes = [
    "isations", "izations", "isation", "ization", "ations", "isers", "izers", "ation", "ising", "izing", "ised", "ized",
    "iser", "izer", "ises", "izes", "ise", "ize", "ers", "ing", "ion", "ed", "er", "es", "s",
  ]

  /// A word without its ending, so that `scheduling`, `schedules` and `scheduler` are one.
  ///
  /// The suffixes of Porter's stemmer that matter for nouns and verbs, taken off the longest first while at least three
  /// letters stay.
  static func stem(_ word: String) -> String {
    var word = word
    if word.hasSuffix("ies"), word.count > 4 { word = word.dropLast(3) + "y" }
    for suffix in suffixes
    where word.hasSuffix(suffix) && word.count - suffix.count >= 4 && !(suffix == "s" && word.hasSuffix("ss")) {
      word.removeLast(suffix.count)
      break
    }
    // `plann(ing)` is `plan`, `routin(g)` and `route` are `rout`.
    if word.count > 4, let last = word.last, last == word.dropLast().last, !"lsz".contains(last) { word.removeLast() }
    if word.count > 4, word.hasSuffix("e") { word.removeLast() }
    return word
  }
}
