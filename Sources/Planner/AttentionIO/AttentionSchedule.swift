/// In which order attention loads, computes and stores.
public enum AttentionSchedule: Sendable, Hashable {
  /// Part of a product of two matrices: a tile of the result stays while columns of one factor and rows of the other, `depth` of
  /// them, come and go.
  public struct ProductTile: Sendable, Hashable {
    /// Rows of the result.
    public var rows: Int
    /// Columns of the result.
    public var columns: Int
    /// Columns and rows of the factors that are there at a time: one is enough, more move no fewer words.
    public var depth: Int

    /// A tile.
    public init(rows: Int, columns: Int, depth: Int = 1) {
      self.rows = rows
      self.columns = columns
      self.depth = depth
    }

    /// Words of a tile that a product of the given sizes has at the most.
    func residency(rows most: Int, columns all: Int, depth longest: Int) -> Int {
      let (r, c, k) = (min(rows, most), min(columns, all), min(depth, longest))
      return r * c + k * (r + c)
    }
  }

  /// A row of scores at a time, key by key, stored, gone over for its largest and its exponentials, and multiplied value by value.
  case naive
  /// Blocks of queries outermost; all keys and values pass by each with a running softmax.
  case flash(rows: Int, columns: Int)
  /// Blocks of keys outermost, as in the first version: outputs and statistics go out and come back for each.
  case keysOutermost(rows: Int, columns: Int)
  /// Scores by tiles, stored; a pass over rows; outputs by tiles.
  case products(scores: ProductTile, values: ProductTile)

  /// What it is called.
  public var name: String {
    switch self {
    case .naive: "naive"
    case .flash: "flash"
    case .keysOutermost: "keys outermost"
    case .products: "products"
    }
  }

  /// Whether all blocks have something in them, and not more than can be counted.
  var isValid: Bool {
    let sizes =
      switch self {
      case .naive: [1]
      case .flash(let rows, let columns), .keysOutermost(let rows, let columns): [rows, columns]
      case .products(let a, let b): [a.rows, a.columns, a.depth, b.rows, b.columns, b.depth]
      }
    return sizes.allSatisfy { (1...1 << 24).contains($0) }
  }
}
