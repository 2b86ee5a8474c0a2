import Tensors

/// How a layer of experts chooses those that see a row (Shazeer et al.: Outrageously large neural networks, 2017).
public struct ExpertRouting: Sendable, Hashable {
  /// How a router's products become scores.
  public enum Scoring: Sendable, Hashable {
    /// Shares of one.
    case softmax
    /// Each expert for itself (DeepSeek-V3, 2024).
    case sigmoid
  }

  /// The number of experts.
  public let experts: Int
  /// How many see a row.
  public let used: Int
  /// How products become scores.
  public let scoring: Scoring
  /// Whether the chosen experts' scores are divided by their sum.
  public let normalizes: Bool
  /// The factor of the weights.
  public let scale: Float
  /// Neighbouring experts form so many groups of one size; 1 for none.
  public let groups: Int
  /// The groups from which experts are chosen: those with the largest score, or the largest sum of two where scores are
  /// sigmoids (DeepSeek-V2 and V3, 2024).
  public let usedGroups: Int

  /// A rule from its parts.
  ///
  /// - Throws: ``MixerError/invalidSetting(field:value:expected:)`` for numbers that do not fit together.
  public init(
    experts: Int, used: Int, scoring: Scoring = .softmax, normalizes: Bool, scale: Float = 1, groups: Int = 1,
    usedGroups: Int = 1
  ) throws(MixerError) {
    guard 1...4096 ~= experts else { throw .invalidSetting(field: "experts", value: experts, expected: "1…4096") }
    guard groups >= 1, experts.isMultiple(of: groups) else {
      throw .invalidSetting(field: "expert groups", value: groups, expected: "a divisor of \(experts)")
    }
    guard 1...groups ~= usedGroups else {
      throw .invalidSetting(field: "used expert groups", value: usedGroups, expected: "1…\(groups)")
    }
    let reach = experts / groups * usedGroups
    guard 1...min(reach, 256) ~= used else {
      throw .invalidSetting(field: "used experts", value: used, expected: "1…\(min(reach, 256))")
    }
    self.experts = experts
    self.used = used
    self.scoring = scoring
    self.normalizes = normalizes
    self.scale = scale
    self.groups = groups
    self.usedGroups = usedGroups
  }

  /// The experts of each row [rows, used] i32 and their weights [rows, used] f32, from the router's products [rows,
  /// experts]; `bias` is added to the scores for choosing only. Of equals the lower number comes first.
  ///
  /// - Precondition: the products are a contiguous f32 matrix; a bias has a number for each expert.
  public func callAsFunction(
    _ products: Tensor, bias: Tensor? = nil, _ context: Context
  ) -> (chosen: Tensor, weights: Tensor) {
    precondition(
      products.shape.rank == 2 && products.shape[1] == experts && bias.map { $0.count == experts } ?? true,
      "products \(products.shape) for \(experts) experts")
    let rows = products.shape[0]
    let scores = scoring == .softmax ? context.softmax(products) : context.sigmoid(products)
    // What is ranked, and behind it the scores of the groups.
    let ranks = context.empty([rows, experts + groups])
    let (chosen, weights) = (context.empty([rows, used], .i32), context.empty([rows, used]))
    let row = Row(
      rule: self, scores: scores.pointer(as: Float.self), bias: bias?.pointer(as: Float.self),
      ranks: ranks.pointer(as: Float.self), chosen: chosen.pointer(as: Int32.self),
      weights: weights.pointer(as: Float.self))
    let workers = context.workers
    let job = WorkerJob { item, _ in for index in item * 8..<min(rows, item * 8 + 8) { row.choose(index) } }
    let count = Double(rows * experts)
    withExtendedLifetime((scores, ranks, bias)) {
      context.perform(
        .topK,
        cost: OperatorCost(
          flops: count * Double(used), bytesRead: 4 * count, bytesWritten: 8 * Double(rows * used))
      ) { workers.run((rows + 7) / 8, job) }
    }
    return (chosen, weights)
  }

  /// The numbers of f32 size that choosing for `rows` rows takes beside its result: scores and ranks.
  package func workingBlocks(rows: Int) -> [Int] {
    let (scores, ranks, result) = (4 * rows * experts, 4 * rows * (experts + groups), 4 * rows * used)
    return [scores, scores, ranks, result, result]
  }

  private struct Row {
    let rule: ExpertRouting
    let scores: UnsafeMutablePointer<Float>
    let bias: UnsafeMutablePointer<Float>?
    let ranks: UnsafeMutablePointer<Float>
    let chosen: UnsafeMutablePointer<Int32>
    let weights: UnsafeMutablePointer<Float>

    /// The place of the largest of `count` values; the first where none is a number.
    private func largest(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Int {
      var (best, value) = (0, -Float.infinity)
      for index in 0..<count where values[index] > value { (best, value) = (index, values[index]) }
      return best
    }

    func choose(_ row: Int) {
      let (count, used) = (rule.experts, rule.used)
      let (own, ranked) = (scores + row * count, ranks + row * (count + rule.groups))
      for index in 0..<count { ranked[index] = own[index] + (bias.map { $0[index] } ?? 0) }
      if rule.groups > 1 { keepGroups(ranked) }
      let (experts, shares) = (chosen + row * used, weights + row * used)
      var sum: Float = 0
      for place in 0..<used {
        let best = largest(ranked, count)
        ranked[best] = -.infinity
        experts[place] = Int32(best)
        shares[place] = own[best]
        sum += own[best]
      }
      // So small a number only matters where all scores are zero.
      let factor = rule.normalizes ? rule.scale / (sum + 1e-20) : rule.scale
      for place in 0..<used { shares[place] *= factor }
    }

    /// Leaves the experts of the best groups in the running.
    private func keepGroups(_ ranked: UnsafeMutablePointer<Float>) {
      let (groups, size) = (rule.groups, rule.experts / rule.groups)
      let best = ranked + rule.experts
      for group in 0..<groups {
        let members = ranked + group * size
        let first = largest(members, size)
        var second = -Float.infinity
        for index in 0..<size where index != first { second = max(second, members[index]) }
        best[group] = rule.scoring == .sigmoid && size > 1 ? members[first] + second : members[first]
      }
      // The last of the kept groups' scores are marked one after the other; what is left unmarked goes.
      for _ in 0..<rule.usedGroups { best[largest(best, groups)] = -.infinity }
      for group in 0..<groups where best[group] > -.infinity {
        (ranked + group * size).update(repeating: -.infinity, count: size)
      }
    }
  }
}
