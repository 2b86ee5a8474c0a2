/// Seconds of the modules of one step on each of several devices that share every layer.
public struct TensorParallelStep: Sendable, Hashable {
  /// Attention with its norm and its products.
  public var attention: Double
  /// The feed-forward layer with its norm.
  public var feedForward: Double
  /// What follows the last layer.
  public var head: Double
  /// The sum of a module's outputs over the devices.
  public var allReduce: Double

  /// A step from its parts.
  public init(attention: Double, feedForward: Double, head: Double, allReduce: Double) {
    self.attention = attention
    self.feedForward = feedForward
    self.head = head
    self.allReduce = allReduce
  }

  /// Seconds of a step in which nothing overlaps.
  func standardSeconds(layers: Int) -> Double {
    Double(layers) * (attention + feedForward + 2 * allReduce) + head
  }

  /// The step's work for two streams.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for layers outside 1…2¹⁶, a range outside of them, an exchange after no block,
  ///   and times that are none.
  public func schedule(_ wiring: ResidualWiring, layers: Int) throws(PlannerError) -> StreamSchedule {
    guard (1...1 << 16).contains(layers) else {
      throw .invalid(field: "layers", problem: "\(layers) lies outside 1…2¹⁶")
    }
    if case .ladder(let range) = wiring, range.lowerBound < 0 || range.upperBound > layers {
      throw .invalid(field: "ladder", problem: "\(range) lies outside of \(layers) layers")
    }
    if case .desync(let every) = wiring, every < 1 {
      throw .invalid(field: "desync", problem: "an exchange after every \(every) blocks")
    }
    var schedule = StreamSchedule()
    // All-reduces that nothing has waited for yet: two at the most.
    var pending: [Int] = []
    func laddered(_ layer: Int) -> Bool { if case .ladder(let range) = wiring { range.contains(layer) } else { false } }
    func module(_ name: String, _ seconds: Double, waitsForAll: Bool, exchanges: Bool) throws(PlannerError) {
      let waited = waitsForAll ? pending : pending.dropLast()
      let task = try schedule.add(name, on: .compute, seconds: seconds, after: waited)
      pending.removeFirst(waited.count)
      if exchanges {
        pending.append(
          try schedule.add(name + ".sum", on: .communication, seconds: allReduce, after: [task]))
      }
    }
    for layer in 0..<layers {
      if wiring == .parallel {
        try module("\(layer)", attention + feedForward, waitsForAll: true, exchanges: true)
        continue
      }
      for (index, (name, seconds)) in [("attention", attention), ("feedForward", feedForward)].enumerated() {
        let block = 2 * layer + index
        // The first block after others of another wiring reads a whole stream.
        let isInside = laddered(layer) && (index == 1 || layer == 0 || laddered(layer - 1))
        let exchanges: Bool =
          switch wiring {
          case .silent: false
          case .desync(let every): (block + 1).isMultiple(of: every)
          case .standard, .ladder, .parallel: true
          }
        try module("\(layer).\(name)", seconds, waitsForAll: !isInside, exchanges: exchanges)
      }
    }
    try schedule.add("head", on: .compute, seconds: head, after: pending)
    return schedule
  }
}
