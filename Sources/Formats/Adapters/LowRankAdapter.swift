// Hu et al.: LoRA: Low-rank adaptation of large language models, 2021 (https://arxiv.org/abs/2106.09685).

import NumericTypes

/// Low-rank changes of a model's weight matrices, W + s·B·A, as an adapter's file holds them.
///
/// One value for both forms in which adapters are passed on: PEFT's folders, whose modules have Hugging Face's names, and
/// GGUF files, whose tensors have GGUF's names and, with queries and keys of some architectures, another order of rows.
/// What a target's name says depends on ``naming``; a model translates.
public struct LowRankAdapter: Sendable, Equatable {
  /// Whose names the targets have, and whose order of rows B.
  public enum Naming: Sendable, Hashable {
    /// `model.layers.0.self_attn.q_proj`.
    case huggingFace
    /// `blk.0.attn_q`.
    case gguf
  }

  /// The change of one weight matrix.
  public struct Target: Sendable, Equatable {
    /// The matrix' name, without `.weight`.
    public var name: String
    /// A's rows and B's columns, r.
    public let rank: Int
    /// The length of the matrix' input row.
    public let inFeatures: Int
    /// The length of its output row.
    public let outFeatures: Int
    /// α of the scale.
    public var alpha: Double
    /// A, [rank, inFeatures], row-major.
    public let a: [Float]
    /// B, [outFeatures, rank], row-major.
    public let b: [Float]
    /// How the file has both: f32, f16 or bf16.
    public let dtype: DType

    /// A change from its matrices.
    ///
    /// - Parameters:
    ///   - name: the matrix' name, without `.weight`.
    ///   - rank: 1 to the smaller one of the matrix' sides.
    ///   - inFeatures: the length of its input row.
    ///   - outFeatures: the length of its output row.
    ///   - alpha: α of the scale.
    ///   - a: [rank, inFeatures].
    ///   - b: [outFeatures, rank].
    ///   - dtype: how a file is to hold both: f32, f16 or bf16.
    /// - Throws: ``FormatError`` naming the target when sizes, rank, α or type are none.
    public init(
      name: String, rank: Int, inFeatures: Int, outFeatures: Int, alpha: Double, a: [Float], b: [Float],
      dtype: DType = .f32
    ) throws(FormatError) {
      let smaller = min(inFeatures, outFeatures)
      guard smaller > 0, (1...smaller).contains(rank) else {
        throw .invalidValue(
          field: name, offset: 0, value: "a rank of \(rank)",
          expected: "1 to \(smaller), the smaller side of \(outFeatures)×\(inFeatures)")
      }
      let (aCount, aOverflow) = rank.multipliedReportingOverflow(by: inFeatures)
      let (bCount, bOverflow) = rank.multipliedReportingOverflow(by: outFeatures)
      guard !aOverflow, !bOverflow, a.count == aCount, b.count == bCount else {
        throw .inconsistent(
          field: name, offset: 0,
          problem: "\(a.count) and \(b.count) values for A of \(rank)×\(inFeatures) and B of \(outFeatures)×\(rank)")
      }
      guard alpha.isFinite, alpha.magnitude <= 1e6 else {
        throw .invalidValue(field: name, offset: 0, value: "α = \(alpha)", expected: "-1000000 to 1000000")
      }
      guard [.f32, .f16, .bf16].contains(dtype) else {
        throw .wrongType(field: name, offset: 0, found: dtype.displayName, expected: "BF16, F16, F32")
      }
      self.name = name
      self.rank = rank
      self.inFeatures = inFeatures
      self.outFeatures = outFeatures
      self.alpha = alpha
      self.a = a
      self.b = b
      self.dtype = dtype
    }
  }

  /// Whose names the targets have.
  public var naming: Naming
  /// The changes, each of another matrix.
  public private(set) var targets: [Target]
  /// Whether the scale is α/√r and not α/r (Kalajdzievski: rsLoRA, 2023, https://arxiv.org/abs/2312.03732).
  public var isRankStabilized: Bool
  /// Where the base model comes from, in the words of who made the adapter.
  public var baseName: String?
  /// A digest of the base model's weights, where the file has one.
  public var baseHash: String?
  /// GGUF's name of the base's architecture, where the file has it.
  public var architecture: String?

  /// An adapter from its changes.
  ///
  /// - Throws: ``FormatError`` when there are none, or two of one matrix.
  public init(
    naming: Naming, targets: [Target], isRankStabilized: Bool = false, baseName: String? = nil, baseHash: String? = nil,
    architecture: String? = nil
  ) throws(FormatError) {
    guard !targets.isEmpty else { throw .missingTensor(field: "lora_A") }
    var names: Set<String> = []
    for target in targets where !names.insert(target.name).inserted {
      throw .inconsistent(field: target.name, offset: 0, problem: "the adapter changes this matrix twice")
    }
    self.naming = naming
    self.targets = targets
    self.isRankStabilized = isRankStabilized
    self.baseName = baseName
    self.baseHash = baseHash
    self.architecture = architecture
  }

  /// s of a target: α/r, or α/√r where the adapter is rank-stabilised.
  public func scale(of target: Target) -> Float {
    let rank = Double(target.rank)
    return Float(target.alpha / (isRankStabilized ? rank.squareRoot() : rank))
  }

  /// The numbers in all of the adapter's matrices.
  public var parameters: Int { targets.reduce(0) { $0 + $1.a.count + $1.b.count } }
}
