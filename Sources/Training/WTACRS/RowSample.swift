import Tensors

/// The rows that stand for a sum of N outer products Σ hᵢᵀ gᵢ, and what each is multiplied by.
///
/// With pᵢ the part of row i in all weights and P the sum over the c certain rows, the estimate is
///
///     Σ certain hᵢᵀ gᵢ + (1 − P) / (k − c) · Σ drawn hⱼᵀ gⱼ / pⱼ,
///
/// each of the k − c others drawn with replacement by pⱼ / (1 − P). Its mean is the sum for every c and all weights that are
/// above 0 where a term is (Liu et al.: Winner-take-all column row sampling, 2023).
public struct RowSample: Sendable, Hashable {
  /// k rows, the certain ones first, heaviest first.
  public private(set) var rows: [Int32]
  /// What each row is multiplied by: 1 for a certain one.
  public private(set) var factors: [Float]
  /// c.
  public let certain: Int
  /// 1 − P.
  public let tail: Double

  /// The part of the weights beyond which what is drawn may be left out: P above this.
  public static let wholeShare = 0.999

  /// Draws k of N rows.
  ///
  /// - Parameters:
  ///   - weights: what each row is worth, ‖hᵢ‖ ‖gᵢ‖ for the least variance; finite and not negative. Where all are 0 they
  ///     count as equal.
  ///   - count: k, from 1 to N.
  ///   - estimator: which rows.
  ///   - leavesTail: whether what is drawn has the factor 0 where P is above ``wholeShare``: a bias of less than a
  ///     thousandth of the weights, for no division by a very small p.
  ///   - random: where chance comes from.
  public init(
    _ weights: [Double], keeping count: Int, _ estimator: RowEstimator = .winnerTakeAll, leavesTail: Bool = true,
    random: inout Random
  ) {
    precondition(count >= 1 && count <= weights.count, "\(count) of \(weights.count) rows")
    let isEmpty = !weights.contains { $0 > 0 }
    func weight(_ row: Int) -> Double { isEmpty ? 1 : weights[row] }
    // Heaviest first, the first of equals first.
    let order = weights.indices.sorted { weight($0) != weight($1) ? weight($0) > weight($1) : $0 < $1 }
    // What is left behind each place, summed from the lightest on: no difference of nearly equal numbers.
    var left = [Double](repeating: 0, count: order.count + 1)
    for place in order.indices.reversed() { left[place] = left[place + 1] + weight(order[place]) }
    let whole = left[0]
    switch estimator {
    case .winnerTakeAll: certain = Self.best(left, count)
    case .certain(let given):
      precondition(given >= 0 && given < count, "\(given) certain rows of \(count)")
      certain = given
    case .columnRow: certain = 0
    case .heaviest: certain = count
    }
    rows = order[..<certain].map { Int32($0) }
    factors = [Float](repeating: 1, count: certain)
    tail = left[certain] / whole
    if certain == count { return }
    // Running sums over the rows that are drawn from; the last row of any weight ends them.
    var sums: [Double] = []
    var sum = 0.0
    for row in order[certain...] where weight(row) > 0 {
      sum += weight(row)
      sums.append(sum)
    }
    let isLeft = sums.isEmpty || leavesTail && certain > 0 && 1 - tail > Self.wholeShare
    for _ in certain..<count {
      let point = random.uniform() * sum
      var (low, high) = (0, max(0, sums.count - 1))
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] > point { high = middle } else { low = middle + 1 }
      }
      let row = sums.isEmpty ? order[0] : order[certain + low]
      rows.append(Int32(row))
      factors.append(isLeft ? 0 : Float(sum / (Double(count - certain) * weight(row))))
    }
  }

  /// The c below k of the least (1 − P) / (k − c), the smallest of equals.
  private static func best(_ left: [Double], _ count: Int) -> Int {
    var (best, least) = (0, Double.infinity)
    for certain in 0..<count {
      let value = left[certain] / Double(count - certain)
      if value < least { (best, least) = (certain, value) }
    }
    return best
  }

  /// The estimate's deviation as a part of the weights' sum, from above, where the weights are the terms' norms:
  /// (1 − P) / √(k − c). That of plain sampling is 1 / √k.
  public var deviation: Double {
    rows.count > certain ? tail / Double(rows.count - certain).squareRoot() : 0
  }
}
