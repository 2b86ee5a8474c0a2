/// A regression tree: splits rows where that leaves the least squared error, until a leaf's targets are all alike.
public struct RegressionTree: Sendable, Hashable, Codable {
  /// A split, or a leaf.
  struct Node: Sendable, Hashable, Codable {
    /// The feature that is asked; below zero for a leaf.
    var feature: Int
    /// Rows with at most this go left.
    var threshold: Double
    /// The mean of the leaf's targets.
    var value: Double
    /// The node of those that go left; the right one's is `right`.
    var left: Int
    var right: Int
  }

  private(set) var nodes: [Node] = []

  /// A tree of `rows`, by their places in `table`; a place may come more than once.
  init(_ table: RankedTable, rows: [Int]) {
    let most = table.distinct.map(\.count).max() ?? 0
    var builder = Builder(
      table: table, rows: rows, sums: [Double](repeating: 0, count: most), counts: [Int](repeating: 0, count: most))
    _ = builder.grow(0..<rows.count)
    nodes = builder.nodes
  }

  /// The value of the leaf that a row falls into.
  public func value(_ row: [Double]) -> Double {
    var index = 0
    while nodes[index].feature >= 0 {
      let node = nodes[index]
      index = row[node.feature] <= node.threshold ? node.left : node.right
    }
    return nodes[index].value
  }

  private struct Builder {
    let table: RankedTable
    var rows: [Int]
    /// Targets' sums and counts of each value of a feature; zero between uses.
    var sums: [Double]
    var counts: [Int]
    var nodes: [Node] = []

    /// Grows the node of `range` and what is below it; its place.
    mutating func grow(_ range: Range<Int>) -> Int {
      let place = nodes.count
      let mean = range.reduce(0) { $0 + table.targets[rows[$1]] } / Double(range.count)
      nodes.append(Node(feature: -1, threshold: 0, value: mean, left: 0, right: 0))
      guard let split = best(range) else { return place }
      var middle = range.lowerBound
      for index in range where table.ranks[split.feature][rows[index]] <= split.rank {
        rows.swapAt(index, middle)
        middle += 1
      }
      let distinct = table.distinct[split.feature]
      nodes[place].feature = split.feature
      nodes[place].threshold = (distinct[split.rank] + distinct[split.next]) / 2
      nodes[place].left = grow(range.lowerBound..<middle)
      nodes[place].right = grow(middle..<range.upperBound)
      return place
    }

    /// The split that leaves the least squared error: the largest Σ sum²/count of both sides; nothing where targets are alike.
    private mutating func best(_ range: Range<Int>) -> (feature: Int, rank: Int, next: Int)? {
      guard range.count > 1 else { return nil }
      let first = table.targets[rows[range.lowerBound]]
      guard range.contains(where: { table.targets[rows[$0]] != first }) else { return nil }
      let total = range.reduce(0) { $0 + table.targets[rows[$1]] }
      var found: (feature: Int, rank: Int, next: Int)?
      var most = -Double.infinity
      for feature in table.ranks.indices {
        for index in range {
          let rank = table.ranks[feature][rows[index]]
          sums[rank] += table.targets[rows[index]]
          counts[rank] += 1
        }
        var (sum, count, last) = (0.0, 0, -1)
        for rank in table.distinct[feature].indices where counts[rank] > 0 {
          if last >= 0 {
            let rest = total - sum
            let score = sum * sum / Double(count) + rest * rest / Double(range.count - count)
            if score > most { (most, found) = (score, (feature, last, rank)) }
          }
          sum += sums[rank]
          count += counts[rank]
          last = rank
          (sums[rank], counts[rank]) = (0, 0)
        }
      }
      return found
    }
  }
}
