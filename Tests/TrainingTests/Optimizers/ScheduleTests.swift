import Foundation
import Testing
import Training

@Suite("Schedules")
struct ScheduleTests {
  private static func made() throws -> [String: any Schedule] {
    [
      "constant": try ConstantSchedule(0.1), "linear": try LinearSchedule(from: 0.025, to: 0.075, steps: 30),
      "cosine": try CosineSchedule(from: 0.1, to: 0.01, steps: 40),
      "cosineRestarts1": try CosineSchedule(from: 0.1, to: 0.001, steps: 15, restartGrowth: 1),
      "cosineRestarts2": try CosineSchedule(from: 0.1, steps: 10, restartGrowth: 2),
      "warmUpCosine": try WarmUp(10, from: 0.1, then: CosineSchedule(from: 0.1, steps: 60)),
      "oneCycle": try OneCycleSchedule(peak: 0.1, steps: 97),
      "oneCycleThree": try OneCycleSchedule(
        peak: 0.1, steps: 120, rise: 0.4, division: 10, finalDivision: 100, shape: .linear, threePhases: true),
      "step": try StepSchedule(0.1, factor: 0.5, every: 7),
      "multiStep": try StepSchedule(0.1, factor: 0.3, milestones: [5, 20, 20, 33]),
      "exponential": try ExponentialSchedule(0.1, factor: 0.93),
      "polynomial": try PolynomialSchedule(from: 0.1, steps: 40, exponent: 2),
    ]
  }

  @Test("Rates equal those of PyTorch's schedulers")
  func golden() throws {
    let golden = try GoldenOptimizers.load().schedules
    let made = try Self.made()
    #expect(Set(golden.map(\.name)) == Set(made.keys))
    for item in golden {
      let schedule = try #require(made[item.name])
      #expect(item.rates.count >= 20)
      for (step, rate) in item.rates.enumerated() {
        // PyTorch multiplies its way from step to step, so a rate that should be 0 is a rounding of the first one.
        #expect(abs(schedule.rate(at: step) - rate) <= 1e-12 + 1e-12 * rate, "\(item.name), step \(step)")
      }
    }
  }

  @Test("A plateau lies between the rise and the fall, of whatever shape")
  func plateau() throws {
    for (shape, middle) in [(Anneal.linear, 0.55), (.cosine, 0.55), (.oneMinusRoot, 0.1 + 0.9 * (1 - sqrt(0.5)))] {
      let schedule = try WarmUpStableDecay(peak: 1, floor: 0.1, rise: 4, plateau: 10, fall: 6, shape: shape)
      #expect((0..<5).map(schedule.rate) == [0, 0.25, 0.5, 0.75, 1])
      #expect((4..<15).allSatisfy { schedule.rate(at: $0) == 1 })
      #expect(abs(schedule.rate(at: 17) - middle) < 1e-12)
      #expect([20, 21, 1000].allSatisfy { abs(schedule.rate(at: $0) - 0.1) < 1e-12 })
    }
    let never = try WarmUpStableDecay(peak: 1, rise: 0, plateau: 0, fall: 0)
    #expect(never.rate(at: 0) == 0)
  }

  @Test("The inverse root is the formula of the Transformer's paper")
  func inverseRoot() throws {
    let (width, rise) = (512.0, 400.0)
    let schedule = try InverseRootSchedule(peak: 1 / sqrt(width * rise), rise: 400)
    for step in [0, 1, 100, 398, 399, 400, 401, 10000] {
      let number = Double(step + 1)
      let expected = pow(width, -0.5) * min(pow(number, -0.5), number * pow(rise, -1.5))
      #expect(abs(schedule.rate(at: step) - expected) < 1e-12 * expected)
    }
  }

  @Test("No step number is out of bounds")
  func extremes() throws {
    let all =
      Array(try Self.made().values) + [
        try WarmUpStableDecay(peak: 1, rise: 1, plateau: .max - 1, fall: .max),
        try InverseRootSchedule(peak: 1, rise: .max), try WarmUp(.max, then: ConstantSchedule(1)),
        try CosineSchedule(from: 1, steps: .max, restartGrowth: .max), try StepSchedule(1, every: .max),
        try OneCycleSchedule(peak: 1, steps: .max), try OneCycleSchedule(peak: 1, steps: 2, rise: 0),
        try OneCycleSchedule(peak: 1, steps: 2, rise: 1),
      ]
    for schedule in all {
      #expect(schedule.rate(at: -1) == schedule.rate(at: 0) && schedule.rate(at: .min) == schedule.rate(at: 0))
      for step in [0, 1, 2, 1 << 40, .max - 1, .max] {
        let rate = schedule.rate(at: step)
        #expect(rate.isFinite && rate >= 0 && rate <= 1, "\(schedule), step \(step): \(rate)")
      }
    }
  }

  @Test("Settings outside their ranges are refused by name")
  func refused() {
    func field(_ make: () throws -> any Schedule) -> String? {
      do {
        _ = try make()
        return nil
      } catch OptimizerError.invalidSetting(let field, _, _) { return field } catch { return "\(error)" }
    }
    let cases: [(String, () throws -> any Schedule)] = [
      ("ConstantSchedule.rate", { try ConstantSchedule(-1) }),
      ("ConstantSchedule.rate", { try ConstantSchedule(.nan) }),
      ("LinearSchedule.end", { try LinearSchedule(from: 0, to: .infinity, steps: 1) }),
      ("LinearSchedule.steps", { try LinearSchedule(from: 0, to: 1, steps: 0) }),
      ("CosineSchedule.floor", { try CosineSchedule(from: 1, to: -0.1, steps: 3) }),
      ("CosineSchedule.restartGrowth", { try CosineSchedule(from: 1, steps: 3, restartGrowth: 0) }),
      ("WarmUp.steps", { try WarmUp(-1, then: ConstantSchedule(1)) }),
      ("WarmUp.start", { try WarmUp(1, from: 2, then: ConstantSchedule(1)) }),
      ("WarmUpStableDecay.fall", { try WarmUpStableDecay(peak: 1, rise: 1, plateau: 1, fall: -1) }),
      ("WarmUpStableDecay.plateau", { try WarmUpStableDecay(peak: 1, rise: .max, plateau: 1, fall: 1) }),
      ("OneCycleSchedule.rise", { try OneCycleSchedule(peak: 1, steps: 9, rise: 0.6, threePhases: true) }),
      ("OneCycleSchedule.division", { try OneCycleSchedule(peak: 1, steps: 9, division: 0) }),
      ("StepSchedule.interval", { try StepSchedule(1, every: 0) }),
      ("StepSchedule.milestones", { try StepSchedule(1, milestones: [3, -3]) }),
      ("ExponentialSchedule.factor", { try ExponentialSchedule(1, factor: 1.5) }),
      ("PolynomialSchedule.exponent", { try PolynomialSchedule(from: 1, steps: 2, exponent: 0) }),
      ("InverseRootSchedule.rise", { try InverseRootSchedule(peak: 1, rise: 0) }),
    ]
    for (expected, make) in cases { #expect(field(make) == expected) }
  }
}
