extension PipelineGraph {
  /// Follows messages from the sources to the root.
  ///
  /// A source with the rate f gives f / R positives a second, R being the product of all reductions on its way. The nodes before
  /// a stage see parts of the same events: their rates are averaged, not added. Compute is charged for each message that comes
  /// in, links for each that goes out.
  ///
  /// - Parameter truncates: whether messages a second are whole numbers, as the published code has them; derivatives want none.
  public func evaluate(truncates: Bool = true) -> PipelineReport {
    func whole(_ value: Double) -> Double { truncates ? value.rounded(.towardZero) : value }
    var reductions = [Double](repeating: 1, count: nodes.count)
    for place in order.reversed() {
      reductions[place] *= nodes[place].reduction
      for child in children[place] { reductions[child] = reductions[place] }
    }
    var reports = [PipelineReport.Node?](repeating: nil, count: nodes.count)
    var watts = 0.0
    for place in order {
      let node = nodes[place]
      let before = children[place].compactMap { reports[$0] }
      let bytes = before.reduce(node.bytes) { $0 + $1.outputBytes }
      let operations = node.complexity.operations(bytes)
      var (negatives, positives) = (0.0, 0.0)
      if let rate = node.rate {
        // Its own reduction counts too: what leaves the root is one in all of them.
        positives = whole(rate / reductions[place])
        negatives = whole(rate - rate / reductions[place])
      } else {
        let count = Double(before.count)
        negatives = whole(before.reduce(0) { $0 + $1.contingency.falsePositive } / count)
        positives = whole(before.reduce(0) { $0 + $1.contingency.truePositive } / count)
      }
      let rejection = node.classifier.rejection(
        negatives: negatives, positives: positives, reduction: node.reduction)
      let table = PipelineContingency(
        trueNegative: whole(negatives * rejection.trueNegative),
        falseNegative: whole(positives * rejection.falseNegative),
        falsePositive: whole(negatives * (1 - rejection.trueNegative)),
        truePositive: whole(positives * (1 - rejection.falseNegative)))
      let joules = node.joulesPerOperation * operations
      let arrival = before.map(\.seconds).max() ?? 0
      let routing = children[place].map { nodes[$0].routingSeconds }.max() ?? 0
      reports[place] = PipelineReport.Node(
        name: node.name, globalReduction: reductions[place], inputBytes: bytes,
        outputBytes: bytes * (1 - node.compression), operations: operations, inputRate: negatives + positives,
        outputRate: table.passed, contingency: table, joules: joules, watts: joules * (negatives + positives),
        seconds: node.secondsPerOperation * node.parallelism.steps(operations) + routing + arrival,
        upstreamJoules: before.reduce(joules) { $0 + $1.upstreamJoules })
      watts += joules * (negatives + positives)
    }
    let found = reports.compactMap { $0 }
    var carried: [PipelineReport.Link] = []
    for (index, link) in links.enumerated() {
      guard let from = sends.firstIndex(of: index) else { continue }
      let rate = found[from].outputBytes * found[from].outputRate
      carried.append(
        PipelineReport.Link(
          from: link.from, to: link.to, bytesPerSecond: rate, watts: link.joulesPerBit * 8 * rate))
    }
    return PipelineReport(
      nodes: found, links: carried, contingency: contingency(found), linkWatts: carried.reduce(0) { $0 + $1.watts },
      computeWatts: watts, technologyScale: technologyScale)
  }

  /// What every classifier with another after it rejects, and the whole table of the last.
  private func contingency(_ reports: [PipelineReport.Node]) -> PipelineContingency {
    var after = [Bool](repeating: false, count: nodes.count)
    var all = PipelineContingency()
    var hasClassifier = false
    for place in order.reversed() {
      let isClassifier = nodes[place].classifier != .passThrough
      let table = reports[place].contingency
      if isClassifier {
        all.trueNegative += table.trueNegative
        all.falseNegative += table.falseNegative
        if !after[place] {
          all.falsePositive += table.falsePositive
          all.truePositive += table.truePositive
          hasClassifier = true
        }
      }
      for child in children[place] { after[child] = after[place] || isClassifier }
    }
    // Without any, all that comes is stored.
    guard !hasClassifier, let root = order.last else { return all }
    return reports[root].contingency
  }
}
