import Formats
import Layers
import NumericTypes
import Tensors

extension DecoderConfiguration {
  /// Feed-forward layers of experts. Where a file has them it has a router, `ffn_gate_inp`; other layers are ordinary ones.
  struct Experts: Sendable, Hashable {
    /// How the experts of a row are chosen.
    var routing: ExpertRouting
    /// The width of an expert's hidden layer.
    var hidden: Int
    /// The width of the hidden layer that all rows pass; 0 where there is none.
    var sharedHidden: Int
  }
}

extension DecoderConfiguration.Experts {
  /// What types the matrices of a layer's experts have, and how down takes its input in the fast mode.
  struct Types: Hashable {
    var gate, up, down: DType
    var downPrecision: LinearPrecision

    /// The most blocks that a call of the layer holds.
    func blocks(
      _ rows: Int, _ experts: DecoderConfiguration.Experts, _ width: Int, _ sizes: DecoderSizes
    ) -> [Int] {
      func blocks(_ precision: LinearPrecision, _ downPrecision: LinearPrecision) -> [Int] {
        Context.expertBlocks(
          rows: rows, used: experts.routing.used, experts: experts.routing.experts, width: width,
          hidden: experts.hidden, types: (gate, up, down), precision: precision, downPrecision: downPrecision,
          threads: sizes.threads)
      }
      if sizes.options.compute == .f32 { return blocks(.exact, .exact) }
      // Some sets of kernels give 8-bit weights refined inputs.
      let refines = gate.takesWordsFreely || up.takesWordsFreely
      return blocks(refines ? .refined : .bytes, down.takesWordsFreely ? .refined : downPrecision)
    }
  }

  /// The experts that a checkpoint says.
  ///
  /// - Throws: as ``DecoderConfiguration``'s initialiser.
  init(_ file: Checkpoint, _ architecture: String, feedForward: Int, normalizes: Bool) throws {
    func key(_ rest: String) -> String { "\(architecture).\(rest)" }
    let count = try file.uint(key("expert_count"), in: 1...4096)
    let used = try file.uint(key("expert_used_count"), in: 1...256)
    let widths = 1...1 << 20
    hidden = try file.uintIfPresent(key("expert_feed_forward_length"), in: widths) ?? feedForward
    if let own = try file.uintIfPresent(key("expert_shared_feed_forward_length"), in: 0...1 << 20) {
      sharedHidden = own
    } else {
      sharedHidden = hidden * (try file.uintIfPresent(key("expert_shared_count"), in: 0...64) ?? 0)
    }
    let scoring: ExpertRouting.Scoring
    switch try file.uintIfPresent(key("expert_gating_func"), in: 0...1024) ?? 0 {
    case 0, 1: scoring = .softmax
    case 2: scoring = .sigmoid
    case let other:
      throw ModelError.configuration(
        key: key("expert_gating_func"), problem: "\(other) where 1 (softmax) or 2 (sigmoid) is supported")
    }
    // Zero stands for none where files say it.
    let scale = try file.floatIfPresent(key("expert_weights_scale"), in: 0...1e6) ?? 0
    let sums = try file.entry(key("expert_weights_norm")).map { _ in try file.bool(key("expert_weights_norm")) }
    let groups = max(1, try file.uintIfPresent(key("expert_group_count"), in: 0...4096) ?? 1)
    let usedGroups = try file.uintIfPresent(key("expert_group_used_count"), in: 0...4096) ?? 0
    do {
      routing = try ExpertRouting(
        experts: count, used: used, scoring: scoring, normalizes: sums ?? normalizes, scale: scale == 0 ? 1 : scale,
        groups: groups, usedGroups: usedGroups == 0 ? groups : usedGroups)
    } catch {
      let names = [
        "used experts": "expert_used_count", "expert groups": "expert_group_count",
        "used expert groups": "expert_group_used_count",
      ]
      guard case .invalidSetting(let field, _, _) = error else { throw error }
      throw ModelError.configuration(key: key(names[field] ?? "expert_count"), problem: "\(error)")
    }
  }

  /// Whether a layer has experts.
  func isIn(_ layer: Int, _ file: Checkpoint) -> Bool {
    file.tensorIfPresent("blk.\(layer).ffn_gate_inp.weight") != nil
  }

  /// The matrices of a layer, in the order in which they are packed.
  func matrices(_ layer: Int, _ c: DecoderConfiguration, in file: Checkpoint) -> [DecoderMatrix] {
    let prefix = "blk.\(layer)."
    let (gate, up, down) = (stack(layer, "ffn_gate_exps", c), stack(layer, "ffn_up_exps", c), downs(layer, c))
    let router = DecoderMatrix(
      name: prefix + "ffn_gate_inp.weight", out: routing.experts, width: c.width, precision: .refined)
    return [router, gate, up, down] + (sharedHidden > 0 ? shared(layer, c).all : [])
  }

  /// Gate or up of a layer's experts.
  func stack(_ layer: Int, _ name: String, _ c: DecoderConfiguration) -> DecoderMatrix {
    DecoderMatrix(name: "blk.\(layer).\(name).weight", out: hidden, width: c.width, stack: routing.experts)
  }

  /// Down of a layer's experts; the first layers' take refined inputs, as those of ordinary layers do.
  func downs(_ layer: Int, _ c: DecoderConfiguration) -> DecoderMatrix {
    DecoderMatrix(
      name: "blk.\(layer).ffn_down_exps.weight", out: c.width, width: hidden,
      precision: layer < (c.layers + 9) / 10 ? .refined : .bytes, stack: routing.experts)
  }

  /// The layer that all rows pass.
  func shared(_ layer: Int, _ c: DecoderConfiguration) -> (
    gate: DecoderMatrix, up: DecoderMatrix, down: DecoderMatrix, all: [DecoderMatrix]
  ) {
    let prefix = "blk.\(layer)."
    let gate = DecoderMatrix(name: prefix + "ffn_gate_shexp.weight", out: sharedHidden, width: c.width)
    let up = DecoderMatrix(name: prefix + "ffn_up_shexp.weight", out: sharedHidden, width: c.width)
    let down = DecoderMatrix(
      name: prefix + "ffn_down_shexp.weight", out: c.width, width: sharedHidden,
      precision: layer < (c.layers + 9) / 10 ? .refined : .bytes)
    return (gate, up, down, [gate, up, down])
  }

  /// The types of the experts' matrices, each combination once.
  func types(_ c: DecoderConfiguration, in file: Checkpoint) -> [Types] {
    let all = (0..<c.layers).compactMap { layer -> Types? in
      let down = downs(layer, c)
      let tensors = [stack(layer, "ffn_gate_exps", c), stack(layer, "ffn_up_exps", c), down]
        .compactMap { file.tensorIfPresent($0.name)?.dtype }
      guard tensors.count == 3 else { return nil }
      return Types(gate: tensors[0], up: tensors[1], down: tensors[2], downPrecision: down.precision)
    }
    return Array(Set(all))
  }
}

extension DecoderWeights {
  /// A layer of experts.
  ///
  /// - Throws: as ``WeightReader/tensor(_:_:_:)``, and ``/Tensors/TensorError``.
  func expertLayer(_ index: Int, _ experts: DecoderConfiguration.Experts) throws -> ExpertLayer {
    let (c, prefix) = (configuration, "blk.\(index).")
    func stack(_ matrix: DecoderMatrix) throws -> (matrices: PackedMatrices, precision: LinearPrecision) {
      try reader.stack(
        matrix.name, count: experts.routing.experts, out: matrix.out, in: matrix.width, precision: matrix.precision)
    }
    let router = try reader.linear(
      prefix + "ffn_gate_inp.weight", out: experts.routing.experts, in: c.width, precision: .refined)
    let gate = try stack(experts.stack(index, "ffn_gate_exps", c))
    let up = try stack(experts.stack(index, "ffn_up_exps", c))
    let down = try stack(experts.downs(index, c))
    var shared: GatedMLP?
    var share: PackedLinear?
    if experts.sharedHidden > 0 {
      let parts = experts.shared(index, c)
      shared = GatedMLP(
        gate: try reader.linear(parts.gate), up: try reader.linear(parts.up), down: try reader.linear(parts.down))
      let name = prefix + "ffn_gate_inp_shexp.weight"
      if reader.checkpoint.tensorIfPresent(name) != nil {
        let row = try reader.flat(name, [1, c.width])
        share = PackedLinear(try PackedMatrix(packing: row, context: reader.context), precision: .exact)
      }
    }
    let refines = gate.precision == .refined || up.precision == .refined
    return ExpertLayer(
      router: router, routing: experts.routing,
      bias: try reader.vectorIfPresent(prefix + "exp_probs_b.bias", experts.routing.experts),
      experts: PackedExperts(gate: gate.matrices, up: up.matrices, down: down.matrices),
      precision: refines ? .refined : gate.precision, downPrecision: down.precision, shared: shared, sharedGate: share)
  }
}
