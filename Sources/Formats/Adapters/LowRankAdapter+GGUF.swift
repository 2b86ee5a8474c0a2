import NumericTypes

/// GGUF's adapters, as llama.cpp reads them.
extension LowRankAdapter {
  private static let (typeKey, kindKey, alphaKey) = ("general.type", "adapter.type", "adapter.lora.alpha")
  private static let (nameKey, hashKey) = ("general.base_model.0.name", "venturi.base_hash")
  private static let (endOfA, endOfB) = (".weight.lora_a", ".weight.lora_b")

  /// Whether a file says of itself that it is an adapter and no model.
  public static func isAdapter(_ file: GGUFFile) -> Bool { file[typeKey] == .string("adapter") }

  /// Reads an adapter.
  ///
  /// `general.type` is adapter, `adapter.type` lora, `adapter.lora.alpha` α; the tensors of a matrix are
  /// `NAME.weight.lora_a` [r, in] and `….lora_b` [out, r]. The scale is α/r with each matrix' own rank; without α, which
  /// is 0 then, it is 1. Refused by name: other kinds, adapters of embeddings, which lie transposed, and of stacks of
  /// experts.
  ///
  /// - Throws: ``FormatError`` naming the key or the tensor.
  public init(_ file: GGUFFile) throws(FormatError) {
    for (key, expected) in [(Self.typeKey, "adapter"), (Self.kindKey, "lora")] {
      let found = try file.string(key)
      guard found == expected else {
        throw .unsupported(
          field: key, offset: file.entry(key)?.offset ?? 0, found: String(found.prefix(64)), supported: expected)
      }
    }
    if let entry = file.entry("adapter.alora.invocation_tokens") {
      throw .unsupported(
        field: entry.key, offset: entry.offset, found: "an adapter that some tokens switch on", supported: "lora")
    }
    let alpha = Double(try file.float(Self.alphaKey, in: -1e6...1e6))
    var targets: [Target] = []
    for tensor in file.tensors {
      guard tensor.name.hasSuffix(Self.endOfA) else {
        try Self.prove(tensor, of: file)
        continue
      }
      let name = String(tensor.name.dropLast(Self.endOfA.count))
      guard name != "token_embd" else {
        throw .unsupported(
          field: tensor.name, offset: tensor.infoOffset, found: "an adapter of the embedding",
          supported: "one of weight matrices")
      }
      targets.append(try Self.target(name, a: tensor, alpha: alpha, file))
    }
    try self.init(
      naming: .gguf, targets: targets, baseName: try file.stringIfPresent(Self.nameKey),
      baseHash: try file.stringIfPresent(Self.hashKey), architecture: try file.string("general.architecture"))
  }

  /// Proves that a tensor that is no A is a B with its A.
  private static func prove(_ tensor: GGUFTensor, of file: GGUFFile) throws(FormatError) {
    guard tensor.name.hasSuffix(endOfB) else {
      throw .unsupported(
        field: tensor.name, offset: tensor.infoOffset, found: "a tensor of this name",
        supported: "…\(endOfA) or …\(endOfB)")
    }
    let a = tensor.name.dropLast(endOfB.count) + endOfA
    guard file.tensorIfPresent(String(a)) != nil else { throw .missingTensor(field: String(a)) }
  }

  private static func target(
    _ name: String, a: GGUFTensor, alpha: Double, _ file: GGUFFile
  ) throws(FormatError) -> Target {
    let b = try file.tensor(name + endOfB)
    for tensor in [a, b] {
      guard tensor.shape.rank == 2 else {
        throw .invalidValue(
          field: tensor.name, offset: tensor.infoOffset, value: "\(tensor.shape)", expected: "a matrix")
      }
      guard [.f32, .f16, .bf16].contains(tensor.dtype) else {
        throw .wrongType(
          field: tensor.name, offset: tensor.infoOffset, found: tensor.dtype.displayName, expected: "BF16, F16, F32")
      }
    }
    guard b.shape[1] == a.shape[0] else {
      throw .wrongShape(
        field: b.name, offset: b.infoOffset, found: b.shape.dimensions, expected: [b.shape[0], a.shape[0]])
    }
    let rank = a.shape[0]
    return try Target(
      name: name, rank: rank, inFeatures: a.shape[1], outFeatures: b.shape[0],
      alpha: alpha == 0 ? Double(rank) : alpha,
      a: AdapterMatrix.values(file.data(of: a), a.dtype, count: a.shape.count),
      b: AdapterMatrix.values(file.data(of: b), b.dtype, count: b.shape.count),
      // A type for both: what one of them has in 16 bits of another kind fits in f32.
      dtype: a.dtype == b.dtype ? a.dtype : .f32)
  }

  /// The adapter as a GGUF file.
  ///
  /// The file has one α, divided by each matrix' rank: where the scales say otherwise, B is multiplied by what is left
  /// and written as f32.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)``, also for an adapter with Hugging Face's names or without an
  ///   architecture.
  public func gguf() throws(FormatError) -> GGUFWriter {
    guard naming == .gguf else {
      throw .notWritable(field: targets[0].name, reason: "a GGUF adapter has GGUF's names")
    }
    guard let architecture else {
      throw .notWritable(field: "general.architecture", reason: "the adapter does not say its base's architecture")
    }
    // 0 stands for a scale of 1.
    let alpha = isRankStabilized || targets[0].alpha == 0 ? 1 : Float(targets[0].alpha)
    var writer = GGUFWriter()
    writer.set(Self.typeKey, .string("adapter"))
    writer.set("general.architecture", .string(architecture))
    writer.set(Self.kindKey, .string("lora"))
    writer.set(Self.alphaKey, .float32(alpha))
    if let baseName { writer.set(Self.nameKey, .string(baseName)) }
    if let baseHash { writer.set(Self.hashKey, .string(baseHash)) }
    for target in targets {
      let factor = scale(of: target) / (alpha / Float(target.rank))
      let isPlain = !isRankStabilized && Float(target.alpha) == alpha
      let dtype = isPlain ? target.dtype : .f32
      try writer.add(
        tensor: target.name + Self.endOfA, dtype: target.dtype, shape: [target.rank, target.inFeatures],
        bytes: AdapterMatrix.bytes(target.a, target.dtype))
      try writer.add(
        tensor: target.name + Self.endOfB, dtype: dtype, shape: [target.outFeatures, target.rank],
        bytes: AdapterMatrix.bytes(isPlain ? target.b : target.b.map { $0 * factor }, dtype))
    }
    return writer
  }
}
