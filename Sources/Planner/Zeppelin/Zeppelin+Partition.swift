extension Zeppelin {
  /// The most sequences of a batch.
  static let sequenceLimit = 1 << 12
  /// The most sequences times devices: hundreds of plans are tried, each of which looks at all devices for each sequence.
  static let searchLimit = 1 << 22
  /// The most sequences times devices for which single sequences are moved afterwards.
  static let refinementLimit = 1 << 10

  /// The plan whose layer takes the shortest that was found.
  ///
  /// Sequences are taken from the longest down. The longest `wide` go around devices of all nodes or as many as they need, the next
  /// `narrow` around devices of a node, the others whole to the device with the least attention that has room. Both numbers rise from
  /// what capacity demands; plans in which something finds no room are left out, and the last, in which everything is spread over
  /// all devices, always has room. In small batches single sequences are then moved as long as that helps.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no sequences or too many for so many devices, lengths below one, and more
  ///   tokens than all devices have room for.
  public func plan(_ lengths: [Int], parts: Parts = Parts()) throws(PlannerError) -> ZeppelinPlan {
    guard (1...Self.sequenceLimit).contains(lengths.count) else {
      throw .invalid(field: "lengths", problem: "\(lengths.count) sequences lie outside 1…\(Self.sequenceLimit)")
    }
    guard lengths.count * devices <= Self.searchLimit else {
      throw .invalid(
        field: "lengths",
        problem: "\(lengths.count) sequences on \(devices) devices are more than \(Self.searchLimit) pairs")
    }
    var sum = 0
    for length in lengths {
      guard (1...1 << 30).contains(length) else {
        throw .invalid(field: "lengths", problem: "\(length) lies outside 1…2³⁰ tokens")
      }
      sum += length
    }
    guard sum <= devices * capacity else {
      throw .invalid(
        field: "lengths", problem: "\(sum) tokens do not fit \(devices) devices with room for \(capacity) each")
    }
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    let spread = uniform(lengths, order)
    guard parts.partition, devices > 1 else { return spread }
    var best = (seconds: try layer(spread, parts: parts).seconds, plan: spread)
    // What of a length cannot be whole on a device, or on a node.
    let needsNode = order.count { lengths[$0] > capacity }
    let needsCluster = order.count { lengths[$0] > capacity * devicesPerNode }
    for wide in Self.counts(from: needsCluster, through: nodes > 1 ? order.count : needsCluster) {
      for narrow in Self.counts(from: max(wide, needsNode), through: order.count) {
        for size in ringSizes {
          guard let plan = partition(lengths, order, wide: wide, narrow: narrow, ring: size) else { continue }
          let seconds = try layer(plan, parts: parts).seconds
          if seconds < best.seconds { best = (seconds, plan) }
        }
      }
    }
    guard lengths.count * devices <= Self.refinementLimit else { return best.plan }
    let plan = try refined(best.plan, parts)
    guard parts.queues else { return plan }
    // A second way to where no single move helps: without queues other moves do.
    var others = parts
    others.queues = false
    let other = try refined(refined(best.plan, others), parts)
    return try layer(other, parts: parts).seconds < layer(plan, parts: parts).seconds ? other : plan
  }

  /// Moves one sequence after the other to a device, or to those of a node or of each node that have the least to do, while a layer
  /// gets faster.
  private func refined(_ plan: ZeppelinPlan, _ parts: Parts) throws(PlannerError) -> ZeppelinPlan {
    var best = (seconds: try layer(plan, parts: parts).seconds, plan: plan)
    var isBetter = true
    while isBetter {
      isBetter = false
      for place in best.plan.placements.indices {
        for members in candidates(for: place, in: best.plan) {
          var moved = ZeppelinPlan(self)
          var loads = [Int](repeating: 0, count: devices)
          for (other, placement) in best.plan.placements.enumerated() {
            moved.place(
              placement.sequence, length: placement.length, on: other == place ? members : placement.devices,
              loads: &loads)
          }
          guard loads.allSatisfy({ $0 <= capacity }) else { continue }
          let seconds = try layer(moved, parts: parts).seconds
          // A thousandth at least, so that it ends soon.
          if seconds < 0.999 * best.seconds { (best, isBetter) = ((seconds, moved), true) }
        }
      }
    }
    return best.plan
  }

  /// Where else a plan's sequence could go.
  private func candidates(for place: Int, in plan: ZeppelinPlan) -> [[Int]] {
    var work = [Double](repeating: 0, count: devices)
    for (other, placement) in plan.placements.enumerated() where other != place {
      for device in placement.devices {
        work[device] += attentionSeconds(placement.length) / Double(placement.devices.count)
      }
    }
    let idle = (0..<nodes).map { node in
      (node * devicesPerNode..<(node + 1) * devicesPerNode).sorted { (work[$0], $0) < (work[$1], $1) }
    }
    var found = (0..<devices).map { [$0] }
    for size in 1...devicesPerNode {
      if size > 1 { for node in idle { found.append(node.prefix(size).sorted()) } }
      if nodes > 1 { found.append(idle.flatMap { $0.prefix(size).sorted() }) }
    }
    return found
  }

  /// Every sequence on all devices.
  private func uniform(_ lengths: [Int], _ order: [Int]) -> ZeppelinPlan {
    var plan = ZeppelinPlan(self)
    var loads = [Int](repeating: 0, count: devices)
    for index in order { plan.place(index, length: lengths[index], on: Array(0..<devices), loads: &loads) }
    return plan
  }

  /// Numbers to try: the first and those 1, 2, 4, … further, and the last.
  private static func counts(from first: Int, through last: Int) -> [Int] {
    guard first <= last else { return [] }
    var (counts, step) = ([first], 1)
    while first + step < last {
      counts.append(first + step)
      step *= 2
    }
    return last > first ? counts + [last] : counts
  }

  /// Devices of a ring inside a node: two, twice as many, and all.
  private var ringSizes: [Int] {
    var sizes: [Int] = []
    var size = 2
    while size < devicesPerNode {
      sizes.append(size)
      size *= 2
    }
    return sizes + [max(1, devicesPerNode)]
  }

  private func partition(
    _ lengths: [Int], _ order: [Int], wide: Int, narrow: Int, ring: Int
  ) -> ZeppelinPlan? {
    var plan = ZeppelinPlan(self)
    var tokens = [Int](repeating: 0, count: devices)
    var work = [Double](repeating: 0, count: devices)
    func place(_ index: Int, _ members: [Int]) -> Bool {
      let length = lengths[index]
      plan.place(index, length: length, on: members, loads: &tokens)
      for device in members { work[device] += attentionSeconds(length) / Double(members.count) }
      return members.allSatisfy { tokens[$0] <= capacity }
    }
    let room = capacity * devicesPerNode
    func range(_ node: Int) -> Range<Int> { node * devicesPerNode..<(node + 1) * devicesPerNode }
    for (rank, index) in order.enumerated() {
      let length = lengths[index]
      let isPlaced: Bool
      if rank < wide {
        // As many nodes as it fills, two at least.
        let count = min(nodes, max(2, (length + room - 1) / room))
        let works = (0..<nodes).map { node in range(node).reduce(0.0) { $0 + work[$1] } }
        let chosen = (0..<nodes).sorted { (works[$0], $0) < (works[$1], $1) }.prefix(count).sorted()
        isPlaced = place(index, chosen.flatMap { Array(range($0)) })
      } else if rank < narrow {
        let size = min(devicesPerNode, max(ring, (length + capacity - 1) / capacity))
        let share = (length + size - 1) / size
        var best: (work: Double, members: [Int])?
        for node in 0..<nodes {
          let free = range(node).filter { tokens[$0] + share <= capacity }
          guard free.count >= size else { continue }
          let members = free.sorted { (work[$0], $0) < (work[$1], $1) }.prefix(size)
          let most = members.last.map { work[$0] } ?? 0
          if best.map({ most < $0.work }) ?? true { best = (most, members.sorted()) }
        }
        guard let best else { return nil }
        isPlaced = place(index, best.members)
      } else {
        var chosen = -1
        for device in 0..<devices where tokens[device] + length <= capacity {
          if chosen < 0 || work[device] < work[chosen] { chosen = device }
        }
        guard chosen >= 0 else { return nil }
        isPlaced = place(index, [chosen])
      }
      guard isPlaced else { return nil }
    }
    return plan
  }
}
