import Costs

/// What is dissected.
public enum DissectionMode: String, Sendable, Hashable, CaseIterable {
  /// Steps of training all weights.
  case train
  /// Steps of training a model further: all of it, or low-rank changes of it.
  case finetune
  /// Prompts, and tokens after them.
  case serve
}

/// Why nothing is dissected.
public enum DissectionError: Error, Sendable, Hashable {
  /// A word of the grid that is no technique.
  case unknownTechnique(UnknownTechnique)
  /// A combination that cannot be.
  case impossible(cell: String, mode: DissectionMode, reason: String)
  /// A number outside its range.
  case invalid(field: String, value: Int, expected: String)
}

extension DissectionError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .unknownTechnique(let word): "grid: \(word)"
    case .impossible(let cell, let mode, let reason): "grid: \(cell) cannot be in --mode \(mode.rawValue): \(reason)"
    case .invalid(let field, let value, let expected): "\(field) is \(value), expected \(expected)"
    }
  }
}

extension DissectionCell {
  /// The cells of a list separated by commas, each once.
  ///
  /// - Throws: ``DissectionError``.
  public static func grid(parsing text: String) throws(DissectionError) -> [DissectionCell] {
    let cells: [DissectionCell]
    do { cells = try list(parsing: text) } catch { throw .unknownTechnique(error) }
    guard cells.count <= 64 else { throw .invalid(field: "grid", value: cells.count, expected: "at most 64 cells") }
    return cells
  }

  /// Throws where the cell cannot be measured in `mode`, and says why.
  ///
  /// - Throws: ``DissectionError/impossible(cell:mode:reason:)``.
  public func prove(in mode: DissectionMode) throws(DissectionError) {
    for technique in DissectionTechnique.allCases where techniques.contains(technique) {
      if let reason = refusal(of: technique, in: mode) {
        throw .impossible(cell: name, mode: mode, reason: reason)
      }
    }
  }

  private func refusal(of technique: DissectionTechnique, in mode: DissectionMode) -> String? {
    switch (technique, mode) {
    case (.shardedGradients, _), (.shardedWeights, _):
      "ranks share what it divides, and this engine trains on one; `venturi plan dissect` predicts it"
    case (.quantised, .train): "weights in 4 bits get no gradient, and here all weights are trained"
    case (.lowRank, .train): "low-rank changes are of a model that is there already: --mode finetune"
    case (.quantised, .finetune):
      has(.lowRank) ? nil : "a quantised base is frozen, so that nothing is left to train: QL trains changes beside it"
    case (.offload, .serve): "there is no optimizer whose state could go to the disk"
    case (.recompute, .serve): "nothing is kept that could be computed again"
    case (.fusedAttention, .serve):
      "the engine's attention over a cache is always fused: there is nothing to compare it with"
    case (.quantised, .serve): "weights are as the file has them: dissect a file that `venturi quantize` made"
    case (.lowRank, .serve): "adapters of served models are measured by `venturi bench adapters`"
    default: nil
    }
  }
}
