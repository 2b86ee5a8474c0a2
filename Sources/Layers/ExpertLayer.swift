import Costs
import Tensors

/// A feed-forward layer of many experts of which each row sees a few, beside one that sees all rows where there is one.
///
/// y = Σ_j w_j · expert_j(x) + share(x) · shared(x), the experts and their weights chosen by an ``ExpertRouting`` from the
/// router's products with x, share(x) = sigmoid(g · x) or 1. A row's result does not depend on the others; what is read of
/// the weights is what the chosen experts have.
public struct ExpertLayer: FeedForward {
  let router: any LinearCore
  let routing: ExpertRouting
  let bias: Tensor?
  let experts: PackedExperts
  let precision: LinearPrecision
  let downPrecision: LinearPrecision
  let shared: (any FeedForward)?
  let sharedGate: (any LinearCore)?

  /// A layer from its parts.
  ///
  /// - Parameters:
  ///   - router: [experts, width].
  ///   - routing: how experts are chosen.
  ///   - bias: what is added to the scores for choosing, [experts], f32.
  ///   - experts: the experts.
  ///   - precision: how gate and up take their input.
  ///   - downPrecision: how down takes its input.
  ///   - shared: a layer that sees all rows.
  ///   - sharedGate: [1, width]: the share that it gets.
  /// - Precondition: the parts have one number of experts and one width.
  public init(
    router: any LinearCore, routing: ExpertRouting, bias: Tensor? = nil, experts: PackedExperts,
    precision: LinearPrecision = .bytes, downPrecision: LinearPrecision? = nil, shared: (any FeedForward)? = nil,
    sharedGate: (any LinearCore)? = nil
  ) {
    precondition(
      router.outFeatures == routing.experts && experts.count == routing.experts
        && router.inFeatures == experts.gate.inFeatures && sharedGate.map { $0.outFeatures == 1 } ?? true,
      "a router of \(router.outFeatures) for \(experts.count) experts, \(routing.experts) ruled")
    self.router = router
    self.routing = routing
    self.bias = bias
    self.experts = experts
    self.precision = precision
    self.downPrecision = downPrecision ?? precision
    self.shared = shared
    self.sharedGate = sharedGate
  }

  /// The layer's result alone, [rows, width].
  public func callAsFunction(_ x: LinearInput, _ context: Context) -> Tensor {
    let y = context.zeros(x.rows.shape)
    add(x, to: y, context)
    return y
  }

  /// y += the layer's result, in y's own storage.
  public func add(_ x: LinearInput, to y: Tensor, _ context: Context) {
    let (chosen, weights) = context.within("router") { routing(router(x, context), bias: bias, context) }
    context.within("experts") {
      context.addExperts(
        x.rows, chosen: chosen, weights: weights, experts, precision: precision, downPrecision: downPrecision, to: y)
    }
    guard let shared else { return }
    context.within("shared") {
      guard let sharedGate else { return shared.add(x, to: y, context) }
      let share = context.sigmoid(sharedGate(x, context))
      context.accumulate(context.multiply(shared(x, context), share), into: y)
    }
  }

  /// What `rows` rows compute and move at least: as many experts' weights as one row sees.
  public func cost(rows: Int) -> OperationCost {
    let parts = [experts.gate, experts.up, experts.down]
    var cost = router.cost(rows: rows) + (shared?.cost(rows: rows) ?? OperationCost())
    for part in parts {
      let slots = Double(rows * routing.used)
      cost.flops += 2 * slots * Double(part.inFeatures) * Double(part.outFeatures)
      cost.bytesRead += Double(routing.used * part.matrixBytes) + 4 * slots * Double(part.inFeatures)
      cost.bytesWritten += 4 * slots * Double(part.outFeatures)
    }
    return cost
  }
}
