import Foundation
import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Gradients without backpropagation") struct LocalGradientTests {
  struct Golden: Decodable {
    struct Network: Decodable {
      let rule: String
      let shapes: [[Int]]
      let labels, wrong: [Int]
      let losses: [Double]
      let gradients: [[Double]]
    }
    struct Squares: Decodable {
      let rows, columns, rank: Int
      let ridge: Double
      let solution: [Double]
    }
    let networks: [Network]
    let squares: [Squares]

    static func load() throws -> Golden {
      try JSONDecoder().decode(Golden.self, from: Data(contentsOf: GoldenFiles.url("local_learning.json")))
    }
  }

  static func unit(_ first: UInt64, _ count: Int) -> [Double] {
    (0..<UInt64(count)).map { index in
      var z = (index &+ first) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return Double(z >> 40) * 0x1p-23 - 1
    }
  }

  private static func network(
    _ rule: LearningRule, _ context: Context, _ change: (inout LocalNetworkConfiguration) -> Void = { _ in }
  ) throws -> LocalNetwork {
    var configuration = LocalNetworkConfiguration(
      input: [12], blocks: [.dense(9), .dense(7)], classes: 4, rule: rule)
    (configuration.threshold, configuration.goodness) = (0.25, .mean)
    change(&configuration)
    return try LocalNetwork(configuration, seed: 1, context: context)
  }

  /// The golden weights in the network's places.
  private static func fill(_ network: LocalNetwork) {
    for (index, parameter) in network.parameters.enumerated() {
      let values = unit(1_000_000 * UInt64(index + 1), parameter.value.count)
      for (place, value) in values.enumerated() { parameter.value.pointer(as: Float.self)[place] = Float(value / 2) }
    }
  }

  private static func pass(_ network: LocalNetwork, _ context: Context, seed: UInt64 = 0) -> Pass {
    Pass(
      .training, weights: network.parameters.map(\.value), buffers: network.buffers.map(\.value), seed: seed,
      context: context)
  }

  private static func images(_ context: Context) -> Tensor {
    context.tensor(unit(101_000_000, 72).map { Float($0) }, [6, 12])
  }

  @Test("They equal PyTorch's autograd with detach in the same places", arguments: [1, 2])
  func golden(threads: Int) throws {
    let golden = try Golden.load()
    #expect(golden.networks.map(\.rule) == ["mf", "ff"])
    let context = Context(threads: threads)
    for item in golden.networks {
      let network = try Self.network(#require(LearningRule(rawValue: item.rule)), context)
      Self.fill(network)
      #expect(network.parameters.map(\.value.shape.dimensions) == item.shapes)
      let pass = Self.pass(network, context)
      // The golden wrong labels: what ours draws is checked apart.
      var input = Self.images(context)
      if item.rule == "ff" {
        input = context.concatenate([
          network.labelled(input, item.labels, pass), network.labelled(input, item.wrong, pass),
        ])
      }
      for stage in network.stages.indices {
        let places = network.stages[stage]
        let (loss, gradients, output) = try context.valueAndGradient(of: places.map(pass.weight)) { tracked in
          let (loss, output) = try network.stage(stage, input, item.labels, pass.replacing(places, by: tracked))
          return (value: loss, others: output.detached())
        }
        input = output
        #expect(abs(Double(loss.floats[0]) - item.losses[stage]) < 1e-5, "\(item.rule), layer \(stage)")
        for (place, gradient) in zip(places, gradients) {
          let worst = zip(gradient.floats, item.gradients[place]).map { abs(Double($0) - $1) }.max() ?? 1
          #expect(worst < 1e-5, "\(item.rule), \(network.parameters[place].name)")
        }
      }
    }
  }

  @Test("The stages' own tapes give the gradients of the sum of all losses", arguments: LearningRule.allCases)
  func together(_ rule: LearningRule) throws {
    let context = Context(threads: 2)
    let network = try Self.network(rule, context)
    Self.fill(network)
    let batch = ImageBatch(images: Self.images(context), labels: [0, 1, 2, 3, 0, 1])
    let places = network.stages.flatMap { $0 }
    let pass = Self.pass(network, context)
    let (loss, gradients) = try network.differentiated(batch, tracking: places, pass)
    let (whole, expected) = try context.valueAndGradient(of: places.map(pass.weight)) { tracked in
      try network.loss(of: batch, pass.replacing(places, by: tracked))
    }
    #expect(abs(loss.floats[0] - whole.floats[0]) < 1e-6)
    for (a, b) in zip(gradients, expected) { #expect(a.floats == b.floats) }
  }

  @Test(
    "What a layer learns does not depend on the layers above",
    arguments: [LearningRule.monoForward, .forwardForward, .cascadedForward])
  func local(_ rule: LearningRule) throws {
    let context = Context(threads: 2)
    let network = try Self.network(rule, context)
    Self.fill(network)
    let batch = ImageBatch(images: Self.images(context), labels: [0, 1, 2, 3, 0, 1])
    func first() throws -> [[Float]] {
      let (_, gradients) = try network.differentiated(
        batch, tracking: network.stages[0], Self.pass(network, context))
      return gradients.map(\.floats)
    }
    let before = try first()
    #expect(before.contains { $0.contains { $0 != 0 } })
    let isAbove = { (name: String) in name.contains(".1") }
    for parameter in network.parameters where isAbove(parameter.name) {
      for place in 0..<parameter.value.count { parameter.value.pointer(as: Float.self)[place] += 3 }
    }
    #expect(try first() == before)
    // Backpropagation's does: the test can fail.
    let other = try Self.network(.backpropagation, context)
    Self.fill(other)
    func all() throws -> [Float] {
      try other.differentiated(batch, tracking: [0], Self.pass(other, context)).gradients[0].floats
    }
    let ours = try all()
    for place in 0..<other.parameters[2].value.count { other.parameters[2].value.pointer(as: Float.self)[place] += 3 }
    #expect(try all() != ours)
  }

  @Test("One layer of Mono-Forward with M the identity is softmax regression over its activations")
  func regression() throws {
    let context = Context(threads: 1)
    let network = try Self.network(.monoForward, context) { $0.blocks = [.dense(4)] }
    Self.fill(network)
    let head = network.parameters[2].value
    #expect(head.shape == [4, 4])
    for place in 0..<16 { head.pointer(as: Float.self)[place] = place % 5 == 0 ? 1 : 0 }
    let labels = [0, 1, 2, 3, 0, 1]
    let batch = ImageBatch(images: Self.images(context), labels: labels)
    let gradients = try network.differentiated(batch, tracking: [0, 1], Self.pass(network, context)).gradients
    // By hand, in Double: p - y where the unit is above 0, times the input.
    let (w, b) = (
      network.parameters[0].value.floats.map(Double.init), network.parameters[1].value.floats.map(Double.init)
    )
    let x = Self.unit(101_000_000, 72)
    var (dw, db) = ([Double](repeating: 0, count: 48), [Double](repeating: 0, count: 4))
    for row in 0..<6 {
      let z = (0..<4).map { unit in b[unit] + (0..<12).reduce(0) { $0 + w[unit * 12 + $1] * x[row * 12 + $1] } }
      let a = z.map { max(0, $0) }
      let sum = a.reduce(0) { $0 + exp($1) }
      for unit in 0..<4 where z[unit] > 0 {
        let error = (exp(a[unit]) / sum - (labels[row] == unit ? 1 : 0)) / 6
        db[unit] += error
        for column in 0..<12 { dw[unit * 12 + column] += error * x[row * 12 + column] }
      }
    }
    for (found, exact) in zip(gradients[0].floats + gradients[1].floats, dw + db) {
      #expect(abs(Double(found) - exact) < 1e-6)
    }
  }

  @Test("Forward-Forward's normalised rows have length 1, and rows of nothing stay so")
  func unitNorm() {
    let context = Context(threads: 1)
    let rows = context.tensor((0..<40).map { Float($0 % 7) - 2 } + [Float](repeating: 0, count: 10), [5, 10])
    let normalized = LocalNetwork.normalized(rows, context).floats
    for row in 0..<5 {
      let length = (0..<10).reduce(0) { $0 + normalized[row * 10 + $1] * normalized[row * 10 + $1] }.squareRoot()
      #expect(abs(length - (row == 4 ? 0 : 1)) < 2e-4)
    }
  }

  @Test("Wrong labels are wrong, all of them are drawn, and a label is written over the first inputs only")
  func labels() throws {
    let context = Context(threads: 1)
    let network = try Self.network(.forwardForward, context)
    let pass = Self.pass(network, context, seed: 3)
    let right = (0..<3000).map { $0 % 4 }
    let wrong = network.wrongLabels(right, pass)
    #expect(zip(right, wrong).allSatisfy { $0 != $1 && (0..<4).contains($1) })
    for label in 0..<4 {
      for other in 0..<4 where other != label {
        let share = zip(right, wrong).count { $0 == label && $1 == other }
        #expect((190...310).contains(share), "\(share) of 750")
      }
    }
    let images = Self.images(context)
    let written = network.labelled(images, [2, 0, 1, 3, 2, 1], pass).floats
    #expect(Array(written[..<4]) == [0, 0, 1, 0] && Array(written[4..<12]) == Array(images.floats[4..<12]))
  }

  @Test("Least squares equal numpy's, also where columns depend on each other")
  func squares() throws {
    let golden = try Golden.load()
    #expect(golden.squares.count == 10)
    for threads in [1, 2] {
      let context = Context(threads: threads)
      for item in golden.squares {
        let features: [Double]
        if item.rank < min(item.rows, item.columns) {
          let (left, right) = (
            Self.unit(7_000_000, item.rows * item.rank), Self.unit(8_000_000, item.rank * item.columns)
          )
          features = (0..<item.rows * item.columns).map { place in
            let (row, column) = (place / item.columns, place % item.columns)
            return (0..<item.rank).reduce(0) {
              $0 + left[row * item.rank + $1] * right[$1 * item.columns + column]
            }
          }
        } else {
          features = Self.unit(7_000_000, item.rows * item.columns)
        }
        let solution = try LeastSquares.solve(
          features, Self.unit(9_000_000, item.rows * 3), rows: item.rows, ridge: item.ridge, context: context)
        let worst = zip(solution, item.solution).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 1
        #expect(worst < 1e-6, "\(item.rows) × \(item.columns) of rank \(item.rank), ridge \(item.ridge): \(worst)")
      }
    }
  }

  @Test("What cannot be built or learned from is refused by name")
  func refused() throws {
    let context = Context(threads: 1)
    for change in [
      { $0.threshold = 0 }, { $0.threshold = -1 }, { $0.threshold = .nan }, { $0.classes = 13 }, { $0.classes = 1 },
      { $0.blocks = [] }, { $0.blocks = [.dense(0)] }, { $0.blocks = [.convolution(3)] }, { $0.input = [0] },
    ] as [(inout LocalNetworkConfiguration) -> Void] {
      #expect(throws: DataError.self) { try Self.network(.forwardForward, context, change) }
    }
    for rule in LearningRule.allCases {
      let network = try Self.network(rule, context)
      let batch = ImageBatch(images: Self.images(context), labels: [0, 1, 2, 4, 0, 1])
      #expect(throws: DataError.self, "\(rule)") {
        try network.differentiated(batch, tracking: network.stages[0], Self.pass(network, context))
      }
      #expect(throws: DataError.self, "\(rule)") {
        try network.scores(context.zeros([2, 11]), Self.pass(network, context))
      }
    }
    let cafo = try Self.network(.cascadedForward, context)
    let batch = ImageBatch(images: Self.images(context), labels: [0, 1, 2, 3, 0, 1])
    #expect(throws: DataError.self) { try cafo.fitPredictors(batch, ridge: -1, context: context) }
    let mf = try Self.network(.monoForward, context)
    #expect(throws: DataError.self) { try mf.fitPredictors(batch, ridge: 1, context: context) }
  }
}
