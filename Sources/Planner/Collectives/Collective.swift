/// What ranks do together with a buffer.
public enum Collective: String, Sendable, Hashable, Codable, CaseIterable {
  /// Every rank ends with the sum of all buffers.
  case allReduce
  /// Every rank ends with its part of the sum.
  case reduceScatter
  /// Every rank has a part and ends with all of them.
  case allGather
  /// Every rank ends with the first one's buffer.
  case broadcast
  /// Every rank has a part for each and ends with those that are for it.
  case allToAll

  /// Who sends to whom.
  public enum Algorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// Each rank sends to the next; an all-to-all sends to the one k further in turn k.
    case ring
    /// Pairs at distances 1, 2, 4, …: whole buffers up and down a binomial tree.
    case tree
    /// Everything by way of one rank, whose link everything shares.
    case star
  }
}
