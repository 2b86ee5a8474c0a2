/// What is dissected.
public enum DissectionMode: String, Sendable, Hashable, CaseIterable {
  /// Steps of training all weights.
  case train
  /// Steps of training a model further: all of it, or low-rank changes of it.
  case finetune
  /// Prompts, and tokens after them.
  case serve
}

/// A technique of the grid; a letter of the study's tables each.
public enum DissectionTechnique: String, Sendable, Hashable, CaseIterable {
  /// Attention without matrices of scores.
  case fusedAttention = "F"
  /// Blocks computed again on the way back.
  case recompute = "R"
  /// The optimizer's state on the disk.
  case offload = "O"
  /// The frozen model's matrices in 4 bits.
  case quantised = "Q"
  /// Low-rank changes of a frozen model are trained.
  case lowRank = "L"
  /// Gradients and the optimizer's state divided between ranks.
  case shardedGradients = "Z2"
  /// Weights too.
  case shardedWeights = "Z3"
}

/// Why nothing is dissected.
public enum DissectionError: Error, Sendable, Hashable {
  /// A word of the grid that is no technique.
  case unknownTechnique(cell: String, technique: String)
  /// A combination that cannot be.
  case impossible(cell: String, mode: DissectionMode, reason: String)
  /// A number outside its range.
  case invalid(field: String, value: Int, expected: String)
}

extension DissectionError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .unknownTechnique(let cell, let technique):
      "grid: '\(technique)' in '\(cell)' is none of N, "
        + DissectionTechnique.allCases.map(\.rawValue).joined(separator: ", ")
    case .impossible(let cell, let mode, let reason): "grid: \(cell) cannot be in --mode \(mode.rawValue): \(reason)"
    case .invalid(let field, let value, let expected): "\(field) is \(value), expected \(expected)"
    }
  }
}

/// A cell of the grid: techniques that are used together; none in the baseline.
public struct DissectionCell: Sendable, Hashable {
  /// The techniques.
  public let techniques: Set<DissectionTechnique>

  /// A cell of these techniques.
  public init(_ techniques: Set<DissectionTechnique> = []) { self.techniques = techniques }

  /// The cell that `text` names: `N`, `F`, `QL`, `F+R+O`.
  ///
  /// - Throws: ``DissectionError/unknownTechnique(cell:technique:)``.
  public init(parsing text: String) throws(DissectionError) {
    var found: Set<DissectionTechnique> = []
    for word in text.split(separator: "+", omittingEmptySubsequences: false) {
      switch word {
      case "N": continue
      case "QL", "LQ": found.formUnion([.quantised, .lowRank])
      default:
        guard let technique = DissectionTechnique(rawValue: String(word)) else {
          throw .unknownTechnique(cell: text, technique: String(word))
        }
        found.insert(technique)
      }
    }
    techniques = found
  }

  /// The cells of a list separated by commas, each once.
  ///
  /// - Throws: ``DissectionError``.
  public static func grid(parsing text: String) throws(DissectionError) -> [DissectionCell] {
    var cells: [DissectionCell] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let cell = try DissectionCell(parsing: String(part))
      if !cells.contains(cell) { cells.append(cell) }
    }
    guard cells.count <= 64 else { throw .invalid(field: "grid", value: cells.count, expected: "at most 64 cells") }
    return cells
  }

  /// `N`, `F+R`, `F+QL`.
  public var name: String {
    if techniques.isEmpty { return "N" }
    let isQL = techniques.isSuperset(of: [.quantised, .lowRank])
    let words = DissectionTechnique.allCases.filter { techniques.contains($0) }.compactMap { technique -> String? in
      switch technique {
      case .quantised where isQL: "QL"
      case .lowRank where isQL: nil
      default: technique.rawValue
      }
    }
    return words.joined(separator: "+")
  }

  /// Whether a technique is used.
  public func has(_ technique: DissectionTechnique) -> Bool { techniques.contains(technique) }

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
