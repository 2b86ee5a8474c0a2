#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Finds systems by words: rows that hold more of the words, rarer ones, and in a more telling place come first.
public struct CatalogueSearch: Sendable {
  /// A row that was found.
  public struct Hit: Sendable, Hashable {
    /// The row.
    public let entry: SystemEntry
    /// How well it fits; the best hit of all has the highest.
    public let score: Double
  }

  /// A text of a row, and what a word in it counts.
  private struct Field: Sendable {
    var weight: Double
    var terms: [String]
  }

  private let documents: [(entry: SystemEntry, fields: [Field])]
  private let rows: [String: Int]

  /// An index of `entries`.
  public init(_ entries: [SystemEntry] = Catalogue.entries) {
    documents = entries.map { entry in
      let fields = [
        Field(weight: 5, terms: SearchTerms.of(entry.name)), Field(weight: 5, terms: SearchTerms.of(entry.slug)),
        Field(weight: 3, terms: SearchTerms.of(entry.keywords)), Field(weight: 2, terms: SearchTerms.of(entry.summary)),
        Field(weight: 1, terms: SearchTerms.of(entry.family.title)),
      ]
      return (entry, fields)
    }
    var rows: [String: Int] = [:]
    for document in documents {
      for term in Set(document.fields.flatMap(\.terms)) { rows[term, default: 0] += 1 }
    }
    self.rows = rows
  }

  /// The rows that hold a word of `query`, best first, then by number; those that hold few of several words are left out.
  public func hits(_ query: String) -> [Hit] {
    let wanted = SearchTerms.of(query)
    if wanted.isEmpty { return [] }
    let called = Catalogue.entry(query)
    let hits: [Hit] = documents.compactMap { entry, fields in
      if entry == called { return Hit(entry: entry, score: 1000) }
      let scores = wanted.map { term in worth(term, fields) }
      let found = scores.count { $0 > 0 }
      if found == 0 || 2 * found < wanted.count { return nil }
      // A row with all the words comes before one that holds one of them many times.
      let share = Double(found) / Double(wanted.count)
      var total = scores.reduce(0, +) * share * share
      for field in fields where Self.isPhrase(wanted, in: field.terms) { total += field.weight * 4 }
      return Hit(entry: entry, score: total)
    }
    return hits.sorted { ($1.score, $0.entry.number) < ($0.score, $1.entry.number) }
  }

  /// What one word counts in a row: its best place, times how rare it is among all rows.
  private func worth(_ term: String, _ fields: [Field]) -> Double {
    var best = 0.0
    for field in fields {
      for word in field.terms where word == term || (term.count > 3 && word.hasPrefix(term)) {
        best = max(best, word == term ? field.weight : field.weight / 2)
      }
    }
    if best == 0 { return 0 }
    return best * log(1 + Double(documents.count) / Double(max(1, rows[term] ?? 1)))
  }

  /// Whether the words stand side by side, several of them.
  private static func isPhrase(_ wanted: [String], in terms: [String]) -> Bool {
    guard wanted.count > 1, terms.count >= wanted.count else { return false }
    return (0...(terms.count - wanted.count)).contains { Array(terms[$0..<$0 + wanted.count]) == wanted }
  }
}
