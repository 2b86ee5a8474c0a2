import Costs
import Tensors

/// A weight matrix that some rows see changed by their adapter: x Wᵀ + s · (x Aᵀ) Bᵀ.
///
/// Which rows have which adapter, and so A, B and s, is read when the product runs; see ``/Tensors/LowRankRows``.
public struct AdaptedLinear: LinearCore {
  /// The matrix without any adapter.
  public let base: any LinearCore
  /// The matrix' number in adapters.
  let site: Int
  let rows: LowRankRows
  let part: LowRankRows.Part

  /// A core over `base`, number `site` in the adapters of `rows`.
  public init(_ base: any LinearCore, site: Int, rows: LowRankRows, part: LowRankRows.Part = .all) {
    self.base = base
    self.site = site
    self.rows = rows
    self.part = part
  }

  /// The length of an input row.
  public var inFeatures: Int { base.inFeatures }
  /// The length of an output row.
  public var outFeatures: Int { base.outFeatures }
  /// The bytes that a product reads of the matrix; those of adapters depend on the rows.
  public var byteCount: Int { base.byteCount }

  /// x Wᵀ with each row's change, [rows, outFeatures].
  public func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor {
    let y = base(x, context)
    context.within("adapter") { context.addLowRank(x.rows, to: [(site, y)], rows: rows, of: part) }
    return y
  }

  /// y += x Wᵀ with each row's change, in y's own storage.
  public func add(_ x: LinearInput, to y: Tensor, _ context: Context) {
    base.add(x, to: y, context)
    context.within("adapter") { context.addLowRank(x.rows, to: [(site, y)], rows: rows, of: part) }
  }

  /// What the product with `rows` rows computes and moves at least, without adapters.
  public func cost(rows: Int) -> OperationCost { base.cost(rows: rows) }

  /// The products of the same rows with several matrices.
  static func together(_ cores: [AdaptedLinear], _ x: LinearInput, _ context: Context) -> [Tensor] {
    let results = Layers.together(cores.map(\.base), x, context)
    context.within("adapter") {
      context.addLowRank(
        x.rows, to: zip(cores, results).map { ($0.site, $1) }, rows: cores[0].rows, of: cores[0].part)
    }
    return results
  }
}

/// What a weight matrix of a block is for.
public enum LinearRole: Int, Sendable, CaseIterable {
  case query, key, value, output, gate, up, down
}
