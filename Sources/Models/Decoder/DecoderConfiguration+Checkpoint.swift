import Formats
import Layers
import NumericTypes
import Tensors

extension DecoderConfiguration {
  /// Reads and checks what all decoders say; the rest is as Llama has it.
  ///
  /// - Parameters:
  ///   - file: the checkpoint.
  ///   - options: how long sequences may become; LongRoPE has different factors for short ones.
  ///   - norm: the kind of norm, whose ε has a key of its own.
  ///   - pairing: how queries and keys turn in files of this architecture; nothing where they do not.
  ///   - windowPattern: of how many layers the last has no window, where the file does not say it; 0 for none.
  ///   - normalizesExperts: whether the weights of chosen experts are divided by their sum, where the file does not say it; nothing
  ///     for architectures without experts.
  ///   - hasLatent: whether attention is over a latent, whose heads have sizes of their own.
  /// - Throws: ``/Formats/FormatError`` for a key that is missing, of the wrong type or out of range;
  ///   ``ModelError/configuration(key:problem:)`` for values that do not fit together or are not supported.
  init(
    _ file: Checkpoint, options: LoadOptions, norm: Norm = .rms, pairing: RotaryEmbedding.Pairing?,
    windowPattern: Int = 0, normalizesExperts: Bool? = nil, hasLatent: Bool = false
  ) throws {
    let name = try file.string("general.architecture")
    func key(_ rest: String) -> String { "\(name).\(rest)" }
    architecture = name
    width = try file.uint(key("embedding_length"), in: 1...1 << 17)
    layers = try file.uint(key("block_count"), in: 1...1024)
    heads = try file.uint(key("attention.head_count"), in: 1...1024)
    kvHeads = try file.uintIfPresent(key("attention.head_count_kv"), in: 1...1024) ?? heads
    guard heads.isMultiple(of: kvHeads) else {
      throw ModelError.configuration(
        key: key("attention.head_count_kv"), problem: "\(kvHeads) does not divide the \(heads) query heads")
    }
    if let keyLength = try file.uintIfPresent(key("attention.key_length"), in: 1...1024) {
      headDim = keyLength
    } else {
      guard width.isMultiple(of: heads) else {
        throw ModelError.configuration(
          key: key("attention.head_count"), problem: "\(heads) does not divide the width \(width)")
      }
      headDim = width / heads
      guard headDim <= 1024 else {
        throw ModelError.configuration(
          key: key("attention.head_count"),
          problem: "\(heads) heads make the width \(width) heads of \(headDim), above 1024")
      }
    }
    let valueLength = try file.uintIfPresent(key("attention.value_length"), in: 1...1024) ?? headDim
    guard valueLength == headDim || hasLatent else {
      throw ModelError.configuration(
        key: key("attention.value_length"), problem: "\(valueLength) differs from the key length \(headDim)")
    }
    feedForward = try file.uint(key("feed_forward_length"), in: 1...1 << 20)
    contextLength = try file.uint(key("context_length"), in: 1...1 << 24)
    self.norm = norm
    epsilon = try file.float(
      key(norm == .rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"), in: 0...1)
    rotations = []
    kinds = try Self.layers(file, key, count: layers, windowPattern: windowPattern)
    if let pairing {
      let longest = min(options.contextLength ?? contextLength, contextLength)
      rotations = [
        try Rotation(file, name, headDim: headDim, pairing: pairing, contextLength: contextLength, longest: longest)
      ]
    }
    if let count = try file.uintIfPresent(key("expert_count")), count > 0 {
      guard let normalizesExperts else {
        throw ModelError.configuration(key: key("expert_count"), problem: "expert layers are not supported")
      }
      experts = try Experts(file, name, feedForward: feedForward, normalizes: normalizesExperts)
    }
  }

  /// The layers with their windows. A file says their pattern as the number of layers after which it begins anew, the last
  /// of which has no window, or layer by layer.
  private static func layers(
    _ file: Checkpoint, _ key: (String) -> String, count: Int, windowPattern: Int
  ) throws -> [Layer] {
    let window = try file.uintIfPresent(key("attention.sliding_window"), in: 0...Int(Int32.max)) ?? 0
    guard window > 0 else { return [Layer](repeating: Layer(), count: count) }
    let pattern = key("attention.sliding_window_pattern")
    if case .array = file[pattern] {
      return try file.bools(pattern, count: count).map { Layer(window: $0 ? window : nil) }
    }
    let period = try file.uintIfPresent(pattern, in: 0...1024) ?? windowPattern
    return (0..<count).map { Layer(window: period == 0 || $0 % period < period - 1 ? window : nil) }
  }
}

extension DecoderConfiguration.Rotation {
  private static let factors = 1e-6...1e6

  /// The rotation that a checkpoint says.
  ///
  /// - Throws: as ``DecoderConfiguration``'s initialiser.
  init(
    _ file: Checkpoint, _ architecture: String, headDim: Int, pairing: RotaryEmbedding.Pairing, contextLength: Int,
    longest: Int
  ) throws {
    func key(_ rest: String) -> String { "\(architecture).rope.\(rest)" }
    self.pairing = pairing
    rotated = try file.uintIfPresent(key("dimension_count"), in: 2...1024) ?? headDim
    guard rotated.isMultiple(of: 2), rotated <= headDim else {
      throw ModelError.configuration(
        key: key("dimension_count"), problem: "\(rotated) is odd or above the head width \(headDim)")
    }
    base = Double(try file.floatIfPresent(key("freq_base"), in: 1...1e12) ?? 10_000)
    let type = try file.stringIfPresent(key("scaling.type")) ?? "none"
    func number(_ rest: String, _ otherwise: Double) throws -> Double {
      let range = Float(Self.factors.lowerBound)...Float(Self.factors.upperBound)
      return try file.floatIfPresent(key("scaling.\(rest)"), in: range).map(Double.init) ?? otherwise
    }
    let magnitude = try number("attn_factor", 1)
    let original = try file.uintIfPresent(key("scaling.original_context_length"), in: 1...1 << 24) ?? contextLength
    // Each pair's own divisor: Llama 3's, or LongRoPE's for the length that sequences may reach. Converted Phi 3 files
    // have the latter without saying a type.
    let own =
      try Self.divisors("rope_freqs.weight", pairs: rotated / 2, file)
      ?? Self.divisors(
        longest > original ? "rope_factors_long.weight" : "rope_factors_short.weight", pairs: rotated / 2, file)
    let divisors = own ?? [Double](repeating: 1, count: rotated / 2)
    switch type {
    case "longrope" where own == nil:
      throw ModelError.configuration(key: key("scaling.type"), problem: "'longrope' without rope_factors_long.weight")
    case "none", "longrope": scaling = .factors(divisors, magnitude: magnitude)
    case "linear":
      let factor = try number("factor", 1)
      scaling = .factors(divisors.map { $0 * factor }, magnitude: magnitude)
    case "yarn":
      guard own == nil, base > 1 else {
        throw ModelError.configuration(
          key: key("scaling.type"), problem: "'yarn' with a base of \(base) or beside rope_freqs.weight")
      }
      let factor = try number("factor", 1)
      scaling = .yarn(
        factor: factor, length: Double(original), betaFast: try number("yarn_beta_fast", 32),
        betaSlow: try number("yarn_beta_slow", 1), magnitude: magnitude * RotaryScaling.yarnMagnitude(factor: factor))
    default:
      throw ModelError.configuration(key: key("scaling.type"), problem: "'\(type)' is not supported")
    }
  }

  private static func divisors(_ name: String, pairs: Int, _ file: Checkpoint) throws -> [Double]? {
    guard file.tensorIfPresent(name) != nil else { return nil }
    let tensor = try file.tensor(name, shape: [pairs], dtypes: [.f32]).values()
    let values = UnsafeBufferPointer(start: tensor.pointer(as: Float.self), count: pairs).map(Double.init)
    guard let wrong = values.first(where: { !Self.factors.contains($0) }) else { return values }
    throw ModelError.configuration(key: name, problem: "a factor of \(wrong)")
  }
}
