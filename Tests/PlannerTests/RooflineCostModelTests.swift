import Costs
import Planner
import Testing

@Suite struct RooflineCostModelTests {
  private static func figure(_ value: Double) -> Figure { Figure(value, source: "test", date: "2026-11") }

  private static func device(
    flops: Double = 100e12, f32: Double = 20e12, bytes: Double = 1e12, power: Double? = 400, price: Double? = 3.6
  ) -> Device {
    Device(
      name: "test", compute: [.bf16: figure(flops), .f32: figure(f32)], memory: figure(80e9),
      bandwidth: figure(bytes), power: power.map(figure), price: price.map(figure))
  }

  private static func step(tokens: Int = 512, past: Int = 0) throws(PlannerError) -> PlannedStep {
    try TransformerShape(
      name: "m", layers: 4, width: 256, heads: 4, kvHeads: 2, headDim: 64, feedForward: 1024, gated: true,
      vocabulary: 1000, tied: true, biased: false, positions: .rotary
    ).forward(try Workload(tokens: tokens, past: past))
  }

  @Test func anOperatorTakesTheSlowerOfBoth() throws {
    let cost = OperationCost(flops: 100e12, bytesRead: 3e12, bytesWritten: 1e12)
    let step = PlannedStep("one", [PlannedOperator("op", .matmul, .bf16, cost, count: 2)])
    let plain = try RooflineCostModel.plain.estimate(step, on: Self.device())
    #expect(plain.seconds == 8 && plain.bound == .memory && plain.cost.bytes == 8e12 && plain.cost.flops == 200e12)
    #expect(plain.joules == 3200 && abs((plain.dollars ?? 0) - 0.008) < 1e-15)
    let slow = try RooflineCostModel([.matmul: Efficiency(compute: 0.1, memory: 0.5)])
    let estimate = try slow.estimate(step, on: Self.device(power: nil, price: nil))
    #expect(estimate.seconds == 20 && estimate.bound == .compute && estimate.joules == nil && estimate.dollars == nil)
    // Another kind's fractions do not count for this one.
    let other = try RooflineCostModel([.elementwise: Efficiency(compute: 0.1, memory: 0.1)])
    #expect(try other.estimate(step, on: Self.device()).seconds == 8)
  }

  /// More of anything is never slower, and never faster than what it has more of.
  @Test func timeFollowsTheLimits() throws {
    let step = try Self.step()
    let model = RooflineCostModel.plain
    func seconds(_ device: Device) throws -> Double { try model.estimate(step, on: device).seconds }
    let base = try seconds(Self.device())
    for device in [Self.device(flops: 200e12), Self.device(f32: 40e12), Self.device(bytes: 2e12)] {
      let faster = try seconds(device)
      #expect(faster <= base && faster >= base / 2)
    }
    let twice = try seconds(Self.device(flops: 200e12, f32: 40e12, bytes: 2e12))
    #expect(abs(twice / base - 0.5) < 1e-12)
    var last = Double.infinity
    for fraction in [0.1, 0.3, 0.7, 1] {
      let model = try RooflineCostModel(fallback: Efficiency(compute: fraction, memory: fraction))
      let seconds = try model.estimate(step, on: Self.device()).seconds
      #expect(seconds < last && abs(seconds * fraction / base - 1) < 1e-12)
      last = seconds
    }
  }

  @Test func timeGrowsWithTokensAndDepth() throws {
    let model = RooflineCostModel.plain
    var last = 0.0
    for tokens in [1, 2, 64, 512, 4096] {
      let seconds = try model.estimate(try Self.step(tokens: tokens), on: Self.device()).seconds
      #expect(seconds > last)
      last = seconds
    }
    last = 0
    for past in [0, 1, 100, 10_000] {
      let estimate = try model.estimate(try Self.step(tokens: 1, past: past), on: Self.device())
      #expect(estimate.seconds > last && estimate.bound == .memory)
      last = estimate.seconds
    }
    #expect(try model.estimate(try Self.step(tokens: 1 << 16), on: Self.device()).bound == .compute)
  }

  @Test func partsAddUp() throws {
    let step = try Self.step()
    let estimate = try RooflineCostModel.plain.estimate(step, on: Self.device())
    #expect(estimate.operators.map(\.name) == step.operators.map(\.name))
    let parts = Roofline.Bound.allCases.map { estimate.seconds(boundBy: $0) }.reduce(0, +)
    #expect(abs(parts / estimate.seconds - 1) < 1e-12 && estimate.cost.flops == step.cost.flops)
    // No step beats the roofline of its sums.
    let device = Self.device()
    #expect(estimate.seconds >= Roofline(device, .bf16)?.seconds(step.cost) ?? .infinity)
  }

  @Test func whatCannotRunIsRefused() throws {
    let step = try Self.step()
    var device = Self.device()
    device.compute[.bf16] = nil
    #expect(throws: PlannerError.unsupportedPrecision(.bf16, device: "test")) {
      try RooflineCostModel.plain.estimate(step, on: device)
    }
    for fraction in [0, -0.5, 1.01, .nan, .infinity] {
      #expect(throws: PlannerError.self) { try RooflineCostModel([.matmul: Efficiency(compute: fraction)]) }
      #expect(throws: PlannerError.self) { try RooflineCostModel(fallback: Efficiency(memory: fraction)) }
    }
  }

  @Test func everyPublishedDeviceRunsAStep() throws {
    let shape = try TransformerShape(
      name: "m", layers: 2, width: 256, heads: 4, kvHeads: 4, headDim: 64, feedForward: 1024, gated: false,
      vocabulary: 1000, tied: true, biased: true, positions: .learned(128))
    let step = shape.forward(try Workload(tokens: 128), precision: .f16)
    for entry in DeviceCatalogue.published.entries {
      let estimate = try RooflineCostModel.plain.estimate(step, on: entry.device)
      #expect(estimate.seconds > 0 && estimate.joules != nil)
    }
  }
}
