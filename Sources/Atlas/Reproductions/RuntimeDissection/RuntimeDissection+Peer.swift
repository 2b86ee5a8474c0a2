import Formats
import Profiling
import Tensors
import Training

extension RuntimeDissectionExperiment {
  /// The modules of a layer whose shares are compared.
  private static let modules = [
    "norm", "qkv", "rotary", "attention", "output", "residual", "gate", "up", "activation", "down",
  ]

  /// The largest difference between our shares of a layer's modules and PyTorch's, on the way forward of the same model.
  static func shares(_ one: Case, _ cells: [DissectedCell], _ conditions: RunConditions) throws -> Measure {
    let name = "\(one.name): shares of a layer's modules on the way forward beside PyTorch's, largest difference"
    func absent(_ reason: String) -> Measure {
      Measure(name, unit: "points", ours: nil, peerName: "torch", target: .atMost(10, .ours), absent: reason)
    }
    guard let cell = cells.first(where: { $0.cell.name == "F" }) else { return absent("F was not run") }
    try conditions.next("torch")
    let peer: PeerProcess
    switch ScriptPeer.start("torch", script: "torch_dissect_worker.py", conditions) {
    case .success(let process): peer = process
    case .failure(let error): return absent("\(error)")
    }
    let place = try TemporaryPlace()
    defer { withExtendedLifetime(place) {} }
    let path = "\(place.path)/model.safetensors"
    let context = Context(threads: conditions.threads)
    let sizes = cell.sizes
    let model = try one.subject.model(length: one.length, context)
    try model.parameters.write(to: path)
    let batch = try TokenBatch.dissected(0, rows: one.rows, length: one.length, vocabulary: sizes.vocabulary)
    var base = 10000.0
    if case .rotary(let own) = sizes.positions { base = own }
    let answer: JSON
    do {
      answer = try peer.request([
        "op": "forward", "weights": .string(path), "heads": .integer(sizes.heads), "kv_heads": .integer(sizes.kvHeads),
        "base": .number(base), "epsilon": .number(Double(sizes.epsilon)), "rows": .integer(one.rows),
        "inputs": .array(batch.inputs.map { .integer(Int($0)) }),
        "targets": .array(batch.targets.map { .integer(Int($0)) }), "threads": .integer(conditions.threads),
        "repeats": .integer(conditions.quick ? 3 : 7),
      ])
    } catch { return absent("\(error)") }
    // The same model computes the same loss, else shares say nothing.
    let ours = cell.losses.first ?? .nan
    guard let theirs = answer["loss"]?.double, abs(theirs / ours - 1) < 1e-3 else {
      return absent("its loss is \(answer["loss"]?.double ?? .nan) where ours is \(ours)")
    }
    var own: [String: Double] = [:]
    for module in cell.modules where module.phase == .forward {
      own[String(module.name.prefix { $0 != " " }), default: 0] += module.seconds
    }
    let other = modules.map { answer["seconds"]?[$0]?.double ?? 0 }
    let mine = modules.map { own[$0] ?? 0 }
    let (whole, all) = (other.reduce(0, +), mine.reduce(0, +))
    guard whole > 0, all > 0 else { return absent("it timed no module") }
    let differences = zip(mine, other).map { 100 * abs($0 / all - $1 / whole) }
    let worst = differences.max() ?? .nan
    let at = differences.firstIndex(of: worst).map { modules[$0] } ?? ""
    return Measure(
      "\(name) (\(at))", unit: "points", ours: Summary([worst]), peerName: "torch", target: .atMost(10, .ours))
  }
}
