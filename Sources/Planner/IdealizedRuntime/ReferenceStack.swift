import Costs

/// A dense decoder shared by some devices, at parts of their limits: for models that cannot be run.
///
/// A prompt takes its operations 2·P·p + 2·L·p²·d at the part e_c of the arithmetic and the weights at the part e_m of the
/// bandwidth; a token the weights and its keys and values. Each layer joins its shares twice: 2·(n−1) messages of a fixed time
/// and 2·(n−1)/n of the bytes over the link.
public struct ReferenceStack: Sendable, Hashable {
  /// How a prompt's arithmetic and the weights' traffic go together.
  public enum Overlap: String, Sendable, Hashable, CaseIterable {
    /// The longer counts.
    case whole
    /// Both count.
    case none
  }

  /// The model.
  public var model: LongContextModel
  /// One of the devices.
  public var device: Device
  /// How many share each layer.
  public var devices: Int
  /// The parts of the limits.
  public var efficiency: Efficiency
  /// How a prompt's arithmetic and traffic go together.
  public var overlap: Overlap
  /// Seconds of a message between two devices.
  public var messageSeconds: Double

  /// 5 µs for a message: a kernel's launch, as elsewhere in the planner; not measured.
  public static let assumedMessageSeconds = 5e-6

  /// A stack.
  ///
  /// - Throws: ``PlannerError`` for devices outside 1…1024 and parts that are none, several devices without a link, and a device
  ///   that does not compute in 16 bits.
  public init(
    _ model: LongContextModel, on device: Device, devices: Int, efficiency: Efficiency = Efficiency(),
    overlap: Overlap = .none, messageSeconds: Double = ReferenceStack.assumedMessageSeconds
  ) throws(PlannerError) {
    guard (1...1024).contains(devices) else {
      throw .invalid(field: "devices", problem: "\(devices) lies outside 1…1024")
    }
    guard efficiency.isValid else {
      throw .invalid(field: "efficiency", problem: "\(efficiency) must hold fractions above 0 and at most 1")
    }
    guard devices == 1 || device.link != nil else {
      throw .invalid(field: "devices", problem: "\(devices), and \(device.name) has no link")
    }
    guard messageSeconds >= 0, messageSeconds.isFinite else {
      throw .invalid(field: "messageSeconds", problem: "\(messageSeconds) must not be below 0")
    }
    guard device.compute[.bf16] != nil else { throw .unsupportedPrecision(.bf16, device: device.name) }
    self.model = model
    self.device = device
    self.devices = devices
    self.efficiency = efficiency
    self.overlap = overlap
    self.messageSeconds = messageSeconds
  }

  private var rate: Double { (device.compute[.bf16]?.value ?? .nan) * efficiency.compute * Double(devices) }
  private var bandwidth: Double { device.bandwidth.value * efficiency.memory * Double(devices) }

  /// Seconds in which the shares of all layers are joined for so many tokens.
  private func joining(_ tokens: Double) -> Double {
    guard devices > 1, let link = device.link?.value else { return 0 }
    let n = Double(devices)
    let bytes = tokens * Double(model.width) * 2
    return 2 * Double(model.layers) * (2 * (n - 1) * messageSeconds + 2 * (n - 1) / n * bytes / link)
  }

  /// F(p).
  public func promptSeconds(_ prompt: Int) -> Double {
    let p = Double(prompt)
    let flops = 2 * model.activeParameters * p + 2 * Double(model.layers) * Double(model.width) * p * p
    let (arithmetic, traffic) = (flops / rate, model.parameters * model.weightBytes / bandwidth)
    return (overlap == .whole ? max(arithmetic, traffic) : arithmetic + traffic) + joining(p)
  }

  /// g at `context` tokens.
  public func tokenSeconds(_ context: Int) -> Double {
    let state = 2 * Double(model.layers) * Double(model.kvHeads) * Double(model.headDim) * 2 * Double(context)
    return (model.parameters * model.weightBytes + state) / bandwidth + joining(1)
  }

  /// The parts of the limits, and the overlap, that come nearest to timed rows, by relative errors.
  ///
  /// - Throws: ``PlannerError`` as the plain initialiser, and for no rows.
  public static func fitted(
    _ model: LongContextModel, on device: Device, devices: Int, rows: [ReferenceRow],
    overlaps: [Overlap] = Overlap.allCases
  ) throws(PlannerError) -> (stack: ReferenceStack, squares: Double) {
    guard !rows.isEmpty, !overlaps.isEmpty else { throw .invalid(field: "rows", problem: "there is none") }
    var best: (stack: ReferenceStack, squares: Double)?
    for overlap in overlaps {
      let plain = try ReferenceStack(model, on: device, devices: devices, overlap: overlap)
      // For each part of the bandwidth the best of the arithmetic, both on a grid first.
      func stack(_ compute: Double, _ memory: Double) -> ReferenceStack {
        var stack = plain
        stack.efficiency = Efficiency(compute: compute, memory: memory)
        return stack
      }
      func inner(_ memory: Double) -> (place: Double, value: Double) {
        GoldenSection.minimum(in: 0.01...1, places: 40) { stack($0, memory).squares(rows) }
      }
      let memory = GoldenSection.minimum(in: 0.01...1, places: 40) { inner($0).value }
      let compute = inner(memory.place)
      if compute.value < best?.squares ?? .infinity { best = (stack(compute.place, memory.place), compute.value) }
    }
    guard let best else { throw .invalid(field: "rows", problem: "no stack comes near them") }
    return best
  }

  private func squares(_ rows: [ReferenceRow]) -> Double {
    rows.reduce(0) { sum, row in
      let (prompt, token) = (promptSeconds(row.prompt) / row.promptSeconds - 1, seconds(row) / row.tokenSeconds - 1)
      return sum + prompt * prompt + token * token
    }
  }

  /// g of a row: the context is its prompt and half of its output.
  func seconds(_ row: ReferenceRow) -> Double { tokenSeconds(row.prompt + row.output / 2) }
}
