import Formats
import Tensors

// Losses over classes.
extension OperatorLibrary {
  static let losses: [GraphOperator] = [
    GraphOperator.one("NegativeLogLikelihoodLoss", 2...3) { node in
      let (reduction, ignored) = (try Self.lossReduction(node), try node.int("ignore_index"))
      return { call in
        try call.likelihoodLoss(
          call.tensor(0), call.tensor(1), weight: call.optional(2), ignored: ignored, reduction: reduction)
      }
    },
    GraphOperator("SoftmaxCrossEntropyLoss", inputs: 2...3, outputs: 2) { node in
      let (reduction, ignored) = (try Self.lossReduction(node), try node.int("ignore_index"))
      return { call in
        let scores = try call.tensor(0)
        try scores.expect("floating-point numbers") { $0.isFloat && $0 != .float64 }
        guard scores.rank >= 2, scores.shape[1] > 0 else { throw Refusal("scores \(scores.shape)") }
        let (rows, width, restore) = try call.softmaxRows(scores, axis: 1, isFlat: false)
        try call.reserve(bytesEach: 8, scores.shape)
        let logs = call.context.logSoftmax(try call.engine(rows.reshaped([rows.count / width, width])))
        let probabilities = try restore(call.convert(call.wrap(logs).reshaped(rows.shape), to: scores.type), call)
        let loss = try call.likelihoodLoss(
          probabilities, call.tensor(1), weight: call.optional(2), ignored: ignored, reduction: reduction)
        return [.tensor(loss), .tensor(probabilities)]
      }
    },
  ]

  private static func lossReduction(_ node: GraphNode) throws -> String {
    try node.word("reduction", "mean", among: ["none", "sum", "mean"])
  }
}

extension GraphCall {
  func likelihoodLoss(
    _ x: GraphTensor, _ target: GraphTensor, weight: GraphTensor?, ignored: Int64?, reduction: String
  ) throws -> GraphTensor {
    try x.expect("floating-point numbers", \.isFloat)
    guard x.rank >= 2, target.shape == [x.shape[0]] + x.shape[2...], target.type.isInteger else {
      throw Refusal("targets \(target.type.name) \(target.shape) for \(x.shape)")
    }
    let (classes, plane) = (x.shape[1], Axes.product(x.shape[2...]))
    if let weight, weight.shape != [classes] { throw Refusal("weights \(weight.shape) for \(classes) classes") }
    let (values, weights) = (x.values(Double.self), weight?.values(Double.self))
    var (losses, total) = ([Double](), 0.0)
    for (item, chosen) in target.values(Int64.self).enumerated() {
      if chosen == ignored {
        losses.append(0)
        continue
      }
      guard chosen >= 0, chosen < classes else { throw Refusal("class \(chosen) of \(classes)") }
      let (batch, place) = item.quotientAndRemainder(dividingBy: max(plane, 1))
      let share = weights?[Int(chosen)] ?? 1
      total += share
      losses.append(-values[(batch * classes + Int(chosen)) * plane + place] * share)
    }
    if reduction == "none" { return try make(x.type, target.shape, losses) }
    let sum = losses.reduce(0, +)
    return try make(x.type, [], [reduction == "sum" ? sum : sum / total])
  }
}
