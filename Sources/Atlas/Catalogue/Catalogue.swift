/// All 114 systems, by number.
public enum Catalogue {
  /// The rows, the first is number 1.
  public static let entries: [SystemEntry] = SystemFamily.allCases.flatMap(\.entries).sorted { $0.number < $1.number }

  /// The row that a user calls by its number (`67`, `067`), its slug or its name; letter case and signs do not count.
  public static func entry(_ call: String) -> SystemEntry? {
    if let number = Int(call) { return entries.first { $0.number == number } }
    let wanted = SearchTerms.letters(of: call)
    if wanted.isEmpty { return nil }
    return entries.first { wanted == SearchTerms.letters(of: $0.slug) || wanted == SearchTerms.letters(of: $0.name) }
  }
}
