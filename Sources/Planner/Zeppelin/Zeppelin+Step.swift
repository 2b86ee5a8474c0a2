extension Zeppelin {
  /// A layer of a step.
  public struct Layer: Sendable, Hashable {
    /// Seconds of attention on each device, forward, transfers that nothing hides included.
    public var attention: [Double]
    /// Seconds of the other products on the slowest device, forward.
    public var linear: Double
    /// Seconds of moving tokens before and behind attention.
    public var remapping: Double
    /// Bytes that each device sends inside its node, forward.
    public var insideBytes: [Double]
    /// Bytes that each device sends to other nodes, forward.
    public var outsideBytes: [Double]
    /// Seconds of the forward pass.
    public var forward: Double
    /// Seconds of the backward pass.
    public var backward: Double

    /// Seconds of both.
    public var seconds: Double { forward + backward }

    /// How much longer the slowest device attends than the mean.
    public var imbalance: Double {
      let mean = attention.reduce(0, +) / Double(max(1, attention.count))
      return mean > 0 ? (attention.max() ?? 0) / mean : 1
    }
  }

  /// What a layer takes as planned.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a plan of other devices.
  public func layer(_ plan: ZeppelinPlan, parts: Parts = Parts()) throws(PlannerError) -> Layer {
    guard plan.devices == devices, plan.devicesPerNode == devicesPerNode else {
      throw .invalid(field: "plan", problem: "it is of \(plan.devices) devices, not of \(devices)")
    }
    var layer = Layer(
      attention: [], linear: 0, remapping: 0, insideBytes: [Double](repeating: 0, count: devices),
      outsideBytes: [Double](repeating: 0, count: devices), forward: 0, backward: 0)
    let forward = attention(plan, parts, compute: 1, transfer: 1, &layer)
    var unused = layer
    let backward = attention(
      plan, parts, compute: Self.backward.attention, transfer: Self.backward.transfer, &unused)
    layer.attention = forward
    let tokens = plan.tokens
    layer.linear = linearSeconds(Double(tokens.max() ?? 0))
    if parts.remapping {
      // There and back; a token's numbers once each way. Where that takes longer than it saves, tokens stay.
      let insideCost = tokenBytes / inside.bandwidth
      let outsideCost = max(insideCost, tokenBytes / card.bandwidth)
      let remap = try ZeppelinRemap(
        tokens, devicesPerNode: devicesPerNode, insideCost: insideCost, outsideCost: outsideCost)
      let even = linearSeconds(Double(tokens.reduce(0, +)) / Double(devices))
      let saved = (1 + Self.backward.linear) * (layer.linear - even)
      if 4 * remap.seconds < saved { (layer.linear, layer.remapping) = (even, 2 * remap.seconds) }
    }
    layer.forward = (forward.max() ?? 0) + layer.linear + layer.remapping
    layer.backward = (backward.max() ?? 0) + Self.backward.linear * layer.linear + layer.remapping
    return layer
  }

  /// Seconds of attention on each device. A ring of R takes R turns, in each of which a device attends to one block while the next is
  /// under way; one more turn brings gradients home, which is not counted. With queues a device's transfers run under all that
  /// it computes; without, each ring's under its own.
  private func attention(
    _ plan: ZeppelinPlan, _ parts: Parts, compute: Double, transfer: Double, _ layer: inout Layer
  ) -> [Double] {
    var computing = [Double](repeating: 0, count: devices)
    var moving = [Double](repeating: 0, count: devices)
    var waiting = [Double](repeating: 0, count: devices)
    // Without a partition all sequences travel together, in one ring.
    var together: (length: Double, compute: Double) = (0, 0)
    for placement in plan.placements {
      let members = placement.devices
      let work = compute * attentionSeconds(placement.length) / Double(members.count)
      for device in members { computing[device] += work }
      guard members.count > 1 else { continue }
      if members.count == devices, !parts.partition {
        together.length += Double(placement.length)
        together.compute += work
        continue
      }
      let seconds = ring(members, length: Double(placement.length), parts, transfer, &layer)
      for device in members {
        moving[device] += seconds
        waiting[device] += max(0, seconds - work)
      }
    }
    if together.length > 0 {
      let seconds = ring(Array(0..<devices), length: together.length, parts, transfer, &layer)
      for device in 0..<devices {
        moving[device] += seconds
        waiting[device] += max(0, seconds - together.compute)
      }
    }
    return (0..<devices).map {
      parts.queues ? max(computing[$0], moving[$0]) : computing[$0] + waiting[$0]
    }
  }

  /// Seconds of a ring's transfers: R−1 turns, each as slow as its slowest hop.
  private func ring(
    _ members: [Int], length: Double, _ parts: Parts, _ transfer: Double, _ layer: inout Layer
  ) -> Double {
    let ranks = members.count
    let bytes = transfer * stateBytes * length / Double(ranks)
    var crosses = false
    for (index, device) in members.enumerated() {
      let next = members[(index + 1) % ranks]
      let isCrossing = node(device) != node(next)
      crosses = crosses || isCrossing
      if isCrossing {
        layer.outsideBytes[device] += Double(ranks - 1) * bytes
      } else {
        layer.insideBytes[device] += Double(ranks - 1) * bytes
      }
    }
    return Double(ranks - 1) * hopSeconds(bytes, crossesNodes: crosses, routing: parts.routing)
  }

  /// Seconds of all layers, forward and backward.
  ///
  /// - Throws: as ``plan(_:parts:)``.
  public func stepSeconds(_ lengths: [Int], parts: Parts = Parts()) throws(PlannerError) -> Double {
    let layer = try layer(plan(lengths, parts: parts), parts: parts)
    return Double(shape.layers) * layer.seconds
  }
}
