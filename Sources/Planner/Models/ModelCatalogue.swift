import NumericTypes

/// Models by name: every shape once, with its source.
public struct ModelCatalogue: Sendable {
  /// The models, in the order in which they are listed.
  public let entries: [CataloguedModel]

  /// A catalogue of `entries`.
  public init(_ entries: [CataloguedModel]) { self.entries = entries }

  /// The models that the systems' sheets use.
  public static let published = ModelCatalogue(llama + experts + gpt + longContext)

  /// The entry with this name or alias; case, spaces, hyphens and underscores do not count.
  ///
  /// - Throws: ``PlannerError/unknownModel(_:nearest:)``.
  public func entry(_ name: String) throws(PlannerError) -> CataloguedModel {
    let asked = Self.folded(name)
    if let entry = entries.first(where: { Self.names(of: $0).contains(asked) }) { return entry }
    let near = entries.compactMap { entry in
      Self.names(of: entry).map { NearestWord.distance($0, asked) }.min().map { (name: entry.shape.name, distance: $0) }
    }
    .filter { $0.distance <= max(2, asked.count / 3) }
    .sorted { $0.distance < $1.distance }
    throw .unknownModel(name, nearest: near.prefix(3).map(\.name))
  }

  private static func names(of entry: CataloguedModel) -> [String] {
    ([entry.shape.name] + entry.aliases).map(folded)
  }

  private static func folded(_ name: String) -> String {
    String(name.lowercased().filter { $0 != " " && $0 != "-" && $0 != "_" })
  }
}
