/// What a schedule of overlapped prompts and tokens reaches: the paper's second stage.
///
/// Each pass starts q requests; q is what the pages hold, q·Σ b·⌈(p+j)/b⌉ ≤ M over the g passes of a request's life, or what the
/// device computes, q·(p+g−1) ≤ n*. K requests take K/q passes and what filling and draining add: as long as memory fills, prompts
/// alone fill the device; while the last g passes run, nothing new starts.
public struct MoELensEstimate: Sendable, Hashable {
  /// Requests that each pass starts, q.
  public let started: Double
  /// Tokens of a pass, prompts' among them, n.
  public let tokens: Double
  /// Whether pages limit q, not the device.
  public let isMemoryBound: Bool
  /// Seconds of a pass.
  public let passSeconds: Double
  /// Seconds of a pass in which the processor reads keys and values.
  public let attentionSeconds: Double
  /// Passes in all.
  public let passes: Double
  /// Tokens of answers a second.
  public let throughput: Double
  /// The part of a pass in which the device computes.
  public let deviceUtilization: Double

  /// What `machine` reaches with `load`.
  ///
  /// - Throws: ``PlannerError/doesNotFit(step:bytes:device:)`` for a request that alone has not room enough.
  public init(_ machine: MoELens, _ load: MoELensLoad) throws(PlannerError) {
    let (p, g, k) = (Double(load.prompt), Double(load.answer), Double(load.requests))
    try machine.checkFits(prompt: load.prompt, answer: load.answer)
    let byMemory = Double(machine.pages) / Double(machine.pagePasses(load))
    let byDevice = machine.saturatingTokens / (p + g - 1)
    isMemoryBound = byMemory < byDevice
    started = min(byMemory, byDevice)
    tokens = started * (p + g - 1)
    // Tokens of answers that are computed look at p+1, …, p+g−1 kept ones.
    let read = started * (g - 1) * (p + g / 2)
    attentionSeconds = machine.attentionSeconds(keptTokens: read)
    passSeconds = machine.passSeconds(tokens: tokens, keptTokens: read)
    deviceUtilization = tokens / machine.deviceRate / passSeconds
    // What a drain computes or keeps of what the same passes could, from requests spread evenly over their lives.
    let fill: Double
    let drained: Double
    if isMemoryBound {
      fill = min(Double(machine.pages * machine.pageTokens) / machine.saturatingTokens, g) / 2
      drained = (p / 2 + g / 3) / (p + g / 2)
    } else {
      fill = 0
      drained = g / (2 * (p + g - 1))
    }
    let prompts = (k * p / machine.saturatingTokens).rounded(.up)
    passes = max(k / started + fill + g * (1 - drained), g - 1 + max(1, prompts))
    throughput = k * g / (passes * passSeconds)
  }
}

extension MoELens {
  /// Pages of a request, summed over its passes: the prompt's tokens are kept in the first, one more in each other.
  func pagePasses(_ load: MoELensLoad) -> Int {
    var sum = 0
    for pass in 0..<load.answer { sum += pages(load.prompt + pass) }
    return sum
  }

  /// - Throws: ``PlannerError/doesNotFit(step:bytes:device:)`` for a request that alone has not room enough.
  func checkFits(prompt: Int, answer: Int) throws(PlannerError) {
    let last = prompt + answer - 1
    guard pages(last) <= pages else {
      throw .doesNotFit(
        step: "a request of \(prompt) and \(answer) tokens", bytes: Double(last) * stateBytesPerToken,
        device: "the memory for keys and values")
    }
  }

  /// What a tenth more of each resource adds to the throughput, as fractions of it; the most first.
  ///
  /// - Throws: as ``MoELensEstimate/init(_:_:)``.
  public func gains(_ load: MoELensLoad, factor: Double = 1.1) throws(PlannerError) -> [Gain] {
    let now = try MoELensEstimate(self, load).throughput
    var gains: [Gain] = []
    for resource in Resource.allCases {
      let more = try MoELensEstimate(scaled(resource, by: factor), load).throughput
      gains.append(Gain(resource: resource, gain: more / now - 1))
    }
    return gains.sorted { $0.gain > $1.gain }
  }
}
