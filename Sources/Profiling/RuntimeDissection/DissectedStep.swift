import CVenturi
import Costs
import Tensors

/// Parts of a step, in the order of their names in tables.
public enum DissectionPhase: String, Sendable, Hashable, CaseIterable {
  /// What is asked for is computed.
  case forward
  /// Gradients go back.
  case backward
  /// What was not kept is computed once more.
  case recompute
  /// Weights are changed.
  case optimizer
}

/// One run of an operator in a dissected step.
public struct DissectedOperator: Sendable, Hashable {
  /// What it does.
  public var kind: OperatorKind
  /// The part of the step.
  public var phase: DissectionPhase
  /// The module, such as `qkv`; `other` outside of those that are named.
  public var module: String
  /// The part of the module, such as `scores`, or nothing.
  public var part: String
  /// The layer's number.
  public var layer: Int?
  /// When it began, in seconds from the step's beginning.
  public var start: Double
  /// How long it took.
  public var seconds: Double
  /// What it computes and moves.
  public var cost: OperationCost

  /// When it ended.
  var end: Double { start + seconds }

  /// A run from its record.
  init(_ record: OperatorRecord, from begin: Double) {
    let scope = record.operator.scope
    kind = record.operator.kind
    let path = scope.path
    if path.first == "optimizer" {
      phase = .optimizer
    } else {
      phase =
        switch scope.phase {
        case .forward: .forward
        case .backward: .backward
        case .recompute: .recompute
        }
    }
    module = path.first ?? "other"
    part = path.dropFirst().joined(separator: " ")
    layer = scope.layer
    start = record.start - begin
    seconds = record.seconds
    cost = record.cost?.total ?? OperationCost()
  }

  /// A run from its parts.
  package init(
    kind: OperatorKind, phase: DissectionPhase, module: String, part: String = "", layer: Int?, start: Double,
    seconds: Double, cost: OperationCost = OperationCost()
  ) {
    (self.kind, self.phase, self.module, self.part) = (kind, phase, module, part)
    (self.layer, self.start, self.seconds, self.cost) = (layer, start, seconds, cost)
  }
}

/// A step with the times of its operators.
public struct DissectedStep: Sendable, Hashable {
  /// Runs of operators, in their order.
  public var operators: [DissectedOperator]
  /// The whole step.
  public var seconds: Double

  /// What `body` runs in a context, each operator timed.
  ///
  /// - Throws: what `body` throws.
  init(recording context: Context, _ body: () throws -> Void) throws {
    let recorder = OperatorRecorder(capacity: 1 << 14)
    try context.recording(into: recorder, body)
    let end = vt_monotonic_seconds()
    self.init(recorder.records.map { DissectedOperator($0, from: recorder.start) }, seconds: end - recorder.start)
  }

  /// A step from its parts.
  package init(_ operators: [DissectedOperator], seconds: Double) {
    (self.operators, self.seconds) = (operators, seconds)
  }

  /// Seconds in which no operator ran: between the clock's begin and the first, between neighbours, and behind the last.
  public var idle: Double {
    var (sum, at) = (0.0, 0.0)
    for one in operators {
      sum += max(0, one.start - at)
      at = max(at, one.end)
    }
    return sum + max(0, seconds - at)
  }

  /// Operations of products and of attention: what closed forms count.
  public var products: Double {
    operators.reduce(0) { $0 + (Self.isProduct($1.kind) ? $1.cost.flops : 0) }
  }

  /// Whether arithmetic is what an operator of this kind is made for.
  static func isProduct(_ kind: OperatorKind) -> Bool {
    [.matmul, .linear, .attention, .attentionBackward].contains(kind)
  }
}

/// What a module takes of a step, all layers together.
public struct DissectedModule: Sendable, Hashable {
  /// The part of the step.
  public var phase: DissectionPhase
  /// The module and its part, such as `attention scores`.
  public var name: String
  /// Runs of operators in a step.
  public var calls: Int
  /// Seconds in a step: the mean over the steps.
  public var seconds: Double
  /// Seconds among them of products and attention.
  public var productSeconds: Double
  /// What it computes and moves in a step.
  public var cost: OperationCost

  /// Operations a second.
  public var flopsPerSecond: Double { seconds > 0 ? cost.flops / seconds : 0 }
  /// Bytes a second.
  public var bytesPerSecond: Double { seconds > 0 ? cost.bytes / seconds : 0 }

  /// The modules of some steps of one kind, the longest first.
  package static func modules(of steps: [DissectedStep]) -> [DissectedModule] {
    struct Key: Hashable {
      var phase: DissectionPhase
      var name: String
    }
    var found: [Key: DissectedModule] = [:]
    let share = 1 / Double(max(1, steps.count))
    for (index, step) in steps.enumerated() {
      for one in step.operators {
        let name = one.part.isEmpty ? one.module : "\(one.module) \(one.part)"
        let key = Key(phase: one.phase, name: name)
        var module =
          found[key]
          ?? DissectedModule(
            phase: key.phase, name: name, calls: 0, seconds: 0, productSeconds: 0, cost: OperationCost())
        module.seconds += one.seconds * share
        if DissectedStep.isProduct(one.kind) { module.productSeconds += one.seconds * share }
        if index == 0 {
          module.calls += 1
          module.cost = module.cost + one.cost
        }
        found[key] = module
      }
    }
    return found.values.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }
}
