/// What of the residual stream a block of a tensor-parallel decoder reads, and so what it waits for.
public enum ResidualWiring: Sendable, Hashable {
  /// All that was computed before: every block waits for the all-reduce before it.
  case standard
  /// In these layers all but the latest block's output: a block waits for the all-reduce before the one that is under way.
  case ladder(Range<Int>)
  /// Attention and feed-forward layer read the same and share one all-reduce.
  case parallel
  /// A device's own sums, which are exchanged after every so many blocks only.
  case desync(every: Int)
  /// Nothing is exchanged: wrong, and the least that there can be.
  case silent

  /// What it is called.
  public var name: String {
    switch self {
    case .standard: "standard"
    case .ladder: "ladder"
    case .parallel: "parallel"
    case .desync(let every): "desync \(every)"
    case .silent: "no communication"
    }
  }
}
