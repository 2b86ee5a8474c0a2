import Costs

/// What a training step of a multilayer perceptron costs by backpropagation, Mono-Forward and Forward-Forward.
///
/// For a layer m → n, batch N and K classes (multiply-adds count twice): backpropagation 6Nmn, of the first layer 4Nmn;
/// Mono-Forward 4Nmn + 6NnK; Forward-Forward 8Nmn, for it sees each sample twice.
public struct LocalLearningPlan: Sendable, Hashable {
  /// A way to learn.
  public enum Rule: String, Sendable, Hashable, CaseIterable {
    case backpropagation = "bp"
    case monoForward = "mf"
    case forwardForward = "ff"
  }

  /// The numbers of a sample.
  public var inputs: Int
  /// The widths of the hidden layers.
  public var hidden: [Int]
  /// The classes.
  public var classes: Int
  /// The samples of a step.
  public var batch: Int

  /// A network and its batch.
  public init(inputs: Int, hidden: [Int], classes: Int = 10, batch: Int = 256) {
    self.inputs = inputs
    self.hidden = hidden
    self.classes = classes
    self.batch = batch
  }

  /// The step, operator by operator, with AdamW's update of all weights at its end; f32.
  public func step(_ rule: Rule) -> PlannedStep {
    var operators: [PlannedOperator] = []
    let rows = Double(rule == .forwardForward ? 2 * batch : batch)
    func product(_ name: String, _ m: Double, _ n: Double, _ k: Double) {
      let cost = OperationCost(flops: 2 * m * n * k, bytesRead: 4 * (m * k + k * n), bytesWritten: 4 * m * n)
      operators.append(PlannedOperator(name, .matmul, .f32, cost))
    }
    func pass(_ name: String, _ elements: Double, reads: Double = 1) {
      let cost = OperationCost(flops: elements, bytesRead: 4 * reads * elements, bytesWritten: 4 * elements)
      operators.append(PlannedOperator(name, .elementwise, .f32, cost))
    }
    /// y = x Wᵀ + b and back, with a rectifier for a hidden layer.
    func layer(_ name: String, _ m: Int, _ n: Int, isFirst: Bool, isHidden: Bool) {
      let (m, n) = (Double(m), Double(n))
      product("\(name).forward", rows, n, m)
      pass("\(name).bias", rows * n)
      if isHidden {
        pass("\(name).relu", rows * n)
        pass("\(name).relu.backward", rows * n, reads: 2)
      }
      product("\(name).weights", n, m, rows)
      pass("\(name).bias.backward", rows * n)
      if !isFirst { product("\(name).inputs", rows, m, n) }
    }
    func update(_ name: String, _ count: Double) {
      operators.append(
        PlannedOperator(
          name, .elementwise, .f32, OperationCost(flops: 10 * count, bytesRead: 16 * count, bytesWritten: 12 * count)))
    }
    func head(_ name: String, _ width: Int) {
      let (n, k) = (Double(width), Double(classes))
      product("\(name).forward", rows, k, n)
      product("\(name).weights", k, n, rows)
      product("\(name).inputs", rows, n, k)
      update("\(name).update", n * k)
    }
    let widths = [inputs] + hidden
    for (index, (m, n)) in zip(widths, widths.dropFirst()).enumerated() {
      layer("layer \(index)", m, n, isFirst: index == 0 || rule != .backpropagation, isHidden: true)
      if rule == .monoForward { head("head \(index)", n) }
      if rule == .forwardForward {
        // Goodness and back, and the next layer's normalised input.
        pass("layer \(index).goodness", 4 * rows * Double(n))
      }
      update("layer \(index).update", Double(m * n + n))
    }
    if rule == .backpropagation, let last = hidden.last { head("head", last) }
    return PlannedStep("\(rule.rawValue) step, \(widths) → \(classes), batch \(batch)", operators)
  }

  /// Operations of the products alone, as the formulas above have them.
  public func arithmetic(_ rule: Rule) -> Double {
    step(rule).operators.reduce(0) { $0 + ($1.kind == .matmul ? $1.cost.flops : 0) }
  }

  /// Bytes of activations at the most: all layers' for backpropagation, else one layer's input and output.
  public func activationBytes(_ rule: Rule) -> Double {
    let widths = [inputs] + hidden
    let rows = Double(rule == .forwardForward ? 2 * batch : batch)
    if rule == .backpropagation { return 4 * rows * Double(hidden.reduce(0, +)) }
    return 4 * rows * (zip(widths, widths.dropFirst()).map { Double($0 + $1) }.max() ?? 0)
  }

  /// Seconds of a step on a device where no operator takes less than `launch`.
  ///
  /// - Throws: ``PlannerError``.
  public func seconds(
    _ rule: Rule, on device: Device, _ model: RooflineCostModel, launch: Double = 0
  ) throws(PlannerError) -> Double {
    let estimate = try model.estimate(step(rule), on: device)
    return estimate.operators.reduce(0) { $0 + max($1.seconds, launch) }
  }
}
