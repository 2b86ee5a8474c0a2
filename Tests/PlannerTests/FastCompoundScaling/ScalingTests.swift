import NumericTypes
import Planner
import Testing

@Suite("Scaling of convolutional nets") struct ScalingTests {
  @Test("Counts of 36 nets are the authors' to the last one")
  func published() throws {
    let nets = try PublishedNet.all()
    #expect(nets.count == 36)
    for row in nets { #expect(row.net.complexity == row.complexity, "\(row.net.name) \(row.net.complexity)") }
  }

  @Test("Counts by loops over all outputs, channels and kernels")
  func bruteForce() throws {
    let net = try ConvolutionalNet(
      name: "tiny", resolution: 20, stemWidth: 8,
      stages: [
        .init(depth: 2, width: 8, stride: 2, block: .plain),
        .init(depth: 2, width: 16, stride: 2, block: .bottleneck(multiplier: 0.5, groupWidth: 4, squeeze: 0.25)),
        .init(depth: 1, width: 12, stride: 1, block: .inverted(expansion: 3, kernel: 5, squeeze: 0.25)),
      ], headWidth: 20, classes: 7)
    var counted = NetComplexity()
    for layer in net.layers {
      for output in 0..<layer.outputs {
        for _ in 0..<layer.side * layer.side {
          counted.activations += 1
          if layer.isBiased { counted.multiplyAdds += 1 }
          // The inputs of the output's own group.
          let group = output * layer.groups / layer.outputs
          for input in 0..<layer.inputs where input * layer.groups / layer.inputs == group {
            counted.multiplyAdds += layer.kernel * layer.kernel
          }
        }
        let group = output * layer.groups / layer.outputs
        for input in 0..<layer.inputs where input * layer.groups / layer.inputs == group {
          counted.parameters += layer.kernel * layer.kernel
        }
        counted.parameters += (layer.isBiased ? 1 : 0) + (layer.isNormed ? 2 : 0)
      }
    }
    #expect(counted == net.complexity)
    // 20 → 10 → 5 → 3 → 3 pixels.
    #expect(net.layers.map(\.side).filter { $0 > 1 }.min() == 3)
  }

  @Test("Exponents of the table: operations s, weights and activations as the strategy says")
  func exponents() throws {
    let table: [(ScalingStrategy, Double, Double)] = [
      (.d, 1, 1), (.w, 1, 0.5), (.r, 0, 1), (.dw, 1, 0.75), (.dr, 0.5, 1), (.wr, 0.5, 0.75), (.dwr, 2.0 / 3, 5.0 / 6),
      (.dWr, 0.9, 0.6),
    ]
    #expect(table.count == ScalingStrategy.named.count)
    for (strategy, parameters, activations) in table {
      #expect(abs(strategy.parameterExponent - parameters) < 1e-9, "\(strategy.name)")
      #expect(abs(strategy.activationExponent - activations) < 1e-9, "\(strategy.name)")
    }
    for alpha in [0, 1.0 / 3, 0.5, 0.8, 1] {
      let strategy = try ScalingStrategy.fast(alpha: alpha)
      #expect(abs(strategy.parameterExponent - (1 + alpha) / 2) < 1e-12)
      #expect(abs(strategy.activationExponent - (1 - alpha / 2)) < 1e-12)
    }
    #expect(try ScalingStrategy("dWr") == .dWr && ScalingStrategy("fast:0.8").width == 0.8)
    #expect(throws: PlannerError.self) { try ScalingStrategy("x") }
    #expect(throws: PlannerError.self) { try ScalingStrategy("fast:1.5") }
    #expect(throws: PlannerError.self) { try ScalingStrategy.fast(alpha: .nan) }
  }

  @Test("A dense net of wide layers scales as the exponents say, but for rounding")
  func dense() throws {
    let net = try ConvolutionalNet(
      name: "dense", resolution: 256, stemWidth: 512, stages: [.init(depth: 16, width: 512, stride: 1, block: .plain)],
      classes: 1)
    let base = net.complexity
    for strategy in ScalingStrategy.named {
      let scaled = try net.scaled(by: 16, strategy).complexity
      func power(_ exponent: Double) -> Double {
        // 16^e by square roots.
        var (result, factor, rest) = (1.0, 16.0, exponent)
        while rest >= 1 { (result, rest) = (result * 16, rest - 1) }
        for _ in 0..<50 {
          factor = factor.squareRoot()
          rest *= 2
          if rest >= 1 { (result, rest) = (result * factor, rest - 1) }
        }
        return result
      }
      #expect(abs(Double(scaled.multiplyAdds) / Double(base.multiplyAdds) / 16 - 1) < 0.06, "\(strategy.name)")
      let activations = Double(scaled.activations) / Double(base.activations)
      #expect(abs(activations / power(strategy.activationExponent) - 1) < 0.06, "\(strategy.name)")
    }
  }

  @Test("Targets are met within 2 %, groups divide channels, and mostly wide nets write least")
  func targets() throws {
    for name in ["RegNetY-4.0GF", "EfficientNet-B0", "ResNet-50"] {
      let net = try PublishedNet.named(name).net
      for multiple in [4.0, 16] {
        var activations: [String: Int] = [:]
        for strategy in [ScalingStrategy.w, .dwr, .dWr] {
          let target = multiple * Double(net.complexity.multiplyAdds)
          let scaled = try net.scaled(toMultiplyAdds: target, strategy).net
          #expect(abs(Double(scaled.complexity.multiplyAdds) / target - 1) <= 0.02, "\(name) \(multiple)")
          for stage in scaled.stages {
            if case .bottleneck(let multiplier, let group, _) = stage.block {
              let inner = Int((Double(stage.width) * multiplier).rounded())
              #expect(inner.isMultiple(of: group), "\(scaled.name) \(stage)")
            }
          }
          activations[strategy.name] = scaled.complexity.activations
        }
        do {
          let (wide, mostly) = (try #require(activations["w"]), try #require(activations["dWr"]))
          let uniform = try #require(activations["dwr"])
          #expect(wide < mostly && mostly < uniform, "\(name) \(multiple)")
        }
      }
    }
  }

  @Test("A scale of one changes nothing; up and down again is within a step of rounding")
  func inverse() throws {
    for row in try PublishedNet.all() {
      #expect(try row.net.scaled(by: 1, .dWr) == row.net)
      let back = try row.net.scaled(by: 4, .w).scaled(by: 0.25, .w)
      for (stage, old) in zip(back.stages, row.net.stages) {
        var step = 8
        if case .bottleneck(let multiplier, let group, _) = stage.block {
          step = Int((Double(max(8, group)) / multiplier).rounded(.up))
        }
        #expect(abs(stage.width - old.width) <= step, "\(row.net.name) \(old.width) \(stage.width)")
      }
    }
  }

  @Test("Three constants of RegNetX foretell the other families' times on a V100 within 15 % on the average")
  func times() throws {
    let predictions = try FastCompoundScalingPrediction.predictions()
    #expect(predictions.count == 24 && predictions.allSatisfy(\.isEvidence))
    let mean = predictions.reduce(0) { $0 + abs($1.error) } / 24
    #expect(mean <= 0.15, "\(mean)")
    let plain = predictions.reduce(0) { $0 + abs($1.plainError) } / 24
    #expect(plain > 2 * mean)
    let rows = try PublishedNet.all().map { NetTimeModel.Row($0.complexity, seconds: $0.milliseconds) }
    let r = NetTimeModel.correlations(rows)
    #expect(r.activations > r.multiplyAdds && r.activations > r.parameters, "\(r)")
    #expect(throws: PlannerError.self) { try NetTimeModel(fitting: []) }
  }

  @Test("The front: all in the budget, none beaten, and sixteen times as much is faster mostly in width")
  func front() throws {
    let net = try PublishedNet.named("RegNetY-600MF").net
    let model = try PublishedNet.v100()
    let front = try ScalingCandidate.front(net, model, multiples: [1, 4], budget: 0.2)
    #expect(!front.isEmpty && front.allSatisfy { $0.seconds <= 0.2 })
    for (a, b) in zip(front, front.dropFirst()) {
      #expect(a.seconds < b.seconds && a.complexity.multiplyAdds < b.complexity.multiplyAdds)
    }
    let target = 16 * Double(net.complexity.multiplyAdds)
    let fast = model.seconds(try net.scaled(toMultiplyAdds: target, .dWr).net.complexity)
    let uniform = model.seconds(try net.scaled(toMultiplyAdds: target, .dwr).net.complexity)
    #expect(uniform / fast > 1.1, "\(uniform / fast)")
    #expect(throws: PlannerError.self) { try ScalingCandidate.front(net, model, budget: 0) }
  }

  @Test("Nets and scales that are none are refused")
  func refusals() throws {
    let net = try PublishedNet.named("resnet-50").net
    for scale in [0, -1, Double.nan, .infinity, 1e9] {
      #expect(throws: PlannerError.self) { try net.scaled(by: scale, .w) }
      #expect(throws: PlannerError.self) { try net.scaled(toMultiplyAdds: scale * 4e9, .w) }
    }
    #expect(throws: PlannerError.self) { try PublishedNet.named("resnet-51") }
    let stage = ConvolutionalNet.Stage(depth: 1, width: 8, stride: 2, block: .plain)
    for (resolution, stages) in [
      (0, [stage]), (64, []), (4, [ConvolutionalNet.Stage](repeating: stage, count: 5)),
      (64, [.init(depth: 0, width: 8, stride: 1, block: .plain)]),
      (64, [.init(depth: 1, width: 8, stride: 1, block: .bottleneck(multiplier: 1, groupWidth: 3, squeeze: 0))]),
      (64, [.init(depth: 1, width: 8, stride: 1, block: .inverted(expansion: 0, kernel: 3, squeeze: 0))]),
    ] as [(Int, [ConvolutionalNet.Stage])] {
      #expect(throws: PlannerError.self) {
        try ConvolutionalNet(name: "", resolution: resolution, stemWidth: 8, stages: stages)
      }
    }
    #expect(throws: PlannerError.self) {
      try ConvolutionalNet.regNet("", depth: 5, initial: 8, slope: 10, multiplier: 1, groupWidth: 8)
    }
  }
}
