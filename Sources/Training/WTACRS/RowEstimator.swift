/// Which rows of a sum of outer products stand for all of them.
public enum RowEstimator: Sendable, Hashable {
  /// The c heaviest rows for certain, the others by chance; the c of the least variance.
  case winnerTakeAll
  /// The same with a given c, below the number of rows kept.
  case certain(Int)
  /// All by chance, with replacement: plain column-row sampling.
  case columnRow
  /// The heaviest rows alone: biased, for comparison.
  case heaviest
}
