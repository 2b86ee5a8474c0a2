import Costs

/// A model on devices that serve it.
///
///     let plan = try ServingPlan(model: llama, on: h100, machines: 2)
///     let report = try plan.serve(try .azure(.conversation, rate: 4, seconds: 120))
///     report.percentile(99) { $0.firstToken }
///
/// Times are those of a cost model, by default the device's limits: what no engine can beat. With fractions that an
/// engine was measured to reach they are a prediction of it.
public struct ServingPlan: Sendable {
  /// Bytes of numbers, and what iterations cost beside their operators.
  public struct Options: Sendable {
    /// Devices that work as one, each with its share of every matrix.
    public var devicesPerMachine = 1
    /// Bytes of a weight.
    public var weightBytes = 2.0
    /// Bytes of a number of keys and values.
    public var stateBytes = 2.0
    /// The format of products.
    public var precision = Precision.bf16
    /// The part of a device's memory that may be used.
    public var memoryShare = 0.9
    /// Seconds of every iteration beside its operators.
    public var overhead = 0.0
    /// Seconds of every exchange between devices of a machine beside its bytes.
    public var exchangeLatency = 10e-6
    /// How the machines serve; `stateBytes` of it is set by the plan.
    public var policy = ServingPolicy()
    /// What goes wrong.
    public var faults: ServingFaults?

    /// 16-bit numbers, one device to a machine, nothing goes wrong.
    public init() {}
  }

  /// The model.
  public let model: TransformerShape
  /// One of the devices.
  public let device: Device
  /// How it serves.
  public let options: Options
  /// The machines.
  public let machines: [ServingMachine]
  /// Tokens of state that a machine holds.
  public let stateTokens: Int

  /// Machines that each do both kinds of work, and machines for prompts alone and for tokens alone.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - device: one of the devices.
  ///   - machines: machines for both.
  ///   - prompts: machines for prompts.
  ///   - tokens: machines for tokens.
  ///   - costs: predicts each operator.
  ///   - options: everything else.
  /// - Throws: ``PlannerError``, ``PlannerError/doesNotFit(step:bytes:device:)`` where no state fits beside the
  ///   weights.
  public init(
    model: TransformerShape, on device: Device, machines: Int = 1, prompts: Int = 0, tokens: Int = 0,
    costs: some CostModel = RooflineCostModel.plain, options: Options = Options()
  ) throws(PlannerError) {
    for (field, count) in [("machines", machines), ("prompts", prompts), ("tokens", tokens)]
    where !(0...1 << 16).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 0…2¹⁶")
    }
    let count = options.devicesPerMachine
    guard (1...1024).contains(count) else {
      throw .invalid(field: "devicesPerMachine", problem: "\(count) lies outside 1…1024")
    }
    guard options.exchangeLatency >= 0, options.exchangeLatency < 1 else {
      throw .invalid(field: "exchangeLatency", problem: "\(options.exchangeLatency) lies outside 0…1 s")
    }
    guard options.memoryShare > 0, options.memoryShare <= 1 else {
      throw .invalid(field: "memoryShare", problem: "\(options.memoryShare) is no part of the memory")
    }
    guard count == 1 || device.link != nil else {
      throw .invalid(field: "devicesPerMachine", problem: "\(device.name) has no link that is known")
    }
    let need = try InferenceMemory(
      model, weightBytes: options.weightBytes, stateBytes: options.stateBytes, sequences: 1, tokens: 1,
      stepTokens: max(1, min(options.policy.batchTokens, 1 << 24)))
    let memory = device.memory.value * Double(count) * options.memoryShare
    let free = (memory - need.weights - need.activations) / need.statePerToken
    var policy = options.policy
    policy.stateBytes = need.statePerToken
    try policy.validate()
    let blocks = (free / Double(policy.blockTokens)).rounded(.down)
    guard blocks >= 1 else {
      throw .doesNotFit(
        step: "\(model.name) on \(count) × \(device.name)", bytes: need.total / options.memoryShare,
        device: "\(count) × \(device.name)")
    }
    var widths = NumberWidths.mixed
    widths.weights = options.weightBytes
    let (group, latency, layers) = (Double(count), options.exchangeLatency, Double(model.layers))
    let link = device.link?.value ?? .infinity
    let rowBytes = Double(model.width) * widths.activations
    // Two all-reduces in each layer, around the ring: 2 (t − 1) / t of the rows over every link.
    let iterations = try RooflineIterations(
      model, on: device.group(of: count), costs, precision: options.precision, widths: widths,
      overhead: options.overhead,
      exchange: { rows in
        count == 1 ? 0 : 2 * layers * (latency + 2 * (group - 1) / group * rows * rowBytes / link)
      })
    var all: [ServingMachine] = []
    for (role, number) in [(ServingMachine.Role.both, machines), (.prompts, prompts), (.tokens, tokens)] {
      for index in 0..<number {
        all.append(
          try ServingMachine(
            "\(device.name) \(role.rawValue) \(index)", role: role, iterations: iterations,
            blocks: Int(min(blocks, 0x1p30)), link: device.link?.value ?? 25e9))
      }
    }
    self.model = model
    self.device = device
    self.machines = all
    stateTokens = Int(min(blocks, 0x1p30)) * policy.blockTokens
    var options = options
    options.policy = policy
    self.options = options
    _ = try simulation
  }

  /// The cluster that simulates the plan.
  public var simulation: ServingSimulation {
    get throws(PlannerError) { try ServingSimulation(machines, policy: options.policy, faults: options.faults) }
  }

  /// Devices in all.
  public var devices: Int { machines.count * options.devicesPerMachine }

  /// US dollars an hour, where the device's price is known.
  public var dollarsPerHour: Double? { device.price.map { $0.value * Double(devices) } }

  /// Serves a load.
  ///
  /// - Throws: ``PlannerError``.
  public func serve(_ load: ServingLoad, seed: UInt64 = 0) throws(PlannerError) -> ServingReport {
    try simulation.run(load.requests(seed: seed), seed: seed)
  }
}

extension Device {
  /// `count` devices as one: so many times its arithmetic, memory and power.
  public func group(of count: Int) -> Device {
    guard count > 1 else { return self }
    func times(_ figure: Figure) -> Figure {
      Figure(figure.value * Double(count), source: "\(count) × \(figure.source)", date: figure.date)
    }
    return Device(
      name: "\(count) × \(name)", compute: compute.mapValues(times), memory: times(memory), bandwidth: times(bandwidth),
      link: link, power: power.map(times), price: price.map(times))
  }
}
