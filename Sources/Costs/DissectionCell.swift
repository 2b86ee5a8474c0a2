// The techniques of training whose costs are measured and predicted, alone and together (Dissecting the Runtime Performance of the
// Training, Fine-tuning, and Inference of Large Language Models, 2023, https://arxiv.org/abs/2311.03687).

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

/// A word that is no technique.
public struct UnknownTechnique: Error, Sendable, Hashable, CustomStringConvertible {
  /// The cell that it is in.
  public var cell: String
  /// The word.
  public var technique: String

  /// A sentence that holds the words.
  public var description: String {
    "'\(technique)' in '\(cell)' is none of N, " + DissectionTechnique.allCases.map(\.rawValue).joined(separator: ", ")
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
  /// - Throws: ``UnknownTechnique``.
  public init(parsing text: String) throws(UnknownTechnique) {
    var found: Set<DissectionTechnique> = []
    for word in text.split(separator: "+", omittingEmptySubsequences: false) {
      switch word {
      case "N": continue
      case "QL", "LQ": found.formUnion([.quantised, .lowRank])
      default:
        guard let technique = DissectionTechnique(rawValue: String(word)) else {
          throw UnknownTechnique(cell: text, technique: String(word))
        }
        found.insert(technique)
      }
    }
    techniques = found
  }

  /// The cells of a list separated by commas, each once.
  ///
  /// - Throws: ``UnknownTechnique``.
  public static func list(parsing text: String) throws(UnknownTechnique) -> [DissectionCell] {
    var cells: [DissectionCell] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let cell = try DissectionCell(parsing: String(part))
      if !cells.contains(cell) { cells.append(cell) }
    }
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
}
