import NumericTypes

/// PEFT's folders: `adapter_config.json` and `adapter_model.safetensors`.
extension LowRankAdapter {
  /// The name of the file with the settings.
  public static let configurationFileName = PEFTConfiguration.fileName
  /// The name of the file with the matrices.
  public static let weightsFileName = "adapter_model.safetensors"
  private static let root = "base_model.model."
  private static let (endOfA, endOfB) = (".lora_A.weight", ".lora_B.weight")

  /// Reads an adapter as PEFT saves it.
  ///
  /// The tensors of a module are `base_model.model.NAME.lora_A.weight` [r, in] and `….lora_B.weight` [out, r]. Refused by
  /// name: other methods than LoRA, biases and modules saved beside it, adapters of embeddings, starts that change the
  /// base, patterns that are regular expressions; tensors whose ranks are not those of the settings.
  ///
  /// - Parameters:
  ///   - configuration: `adapter_config.json`.
  ///   - weights: `adapter_model.safetensors`.
  /// - Throws: ``FormatError`` naming the key or the tensor.
  public init(configuration: [UInt8], weights: ByteView) throws(FormatError) {
    let config = try PEFTConfiguration(configuration)
    let file = try SafetensorsFile(weights)
    if let unread = file.unread.first { _ = try file.tensor(unread.name) }
    var targets: [Target] = []
    for tensor in file.tensors {
      guard let module = Self.module(of: tensor.name, end: Self.endOfA) else {
        try Self.prove(tensor.name, at: tensor.infoOffset, of: file)
        continue
      }
      targets.append(try Self.target(module, a: tensor, file, config))
    }
    try self.init(
      naming: .huggingFace, targets: targets, isRankStabilized: config.isRankStabilized, baseName: config.baseName,
      baseHash: config.baseHash)
  }

  /// The module's name in a tensor's; nothing when the tensor is another.
  private static func module(of name: String, end: String) -> String? {
    guard name.hasPrefix(root), name.hasSuffix(end), name.utf8.count > root.utf8.count + end.utf8.count else {
      return nil
    }
    return String(name.dropFirst(root.count).dropLast(end.count))
  }

  /// Proves that a tensor that is no A is a B with its A.
  private static func prove(_ name: String, at offset: Int, of file: SafetensorsFile) throws(FormatError) {
    guard let module = module(of: name, end: endOfB) else {
      throw .unsupported(
        field: name, offset: offset, found: "a tensor of this name",
        supported: "\(root)…\(endOfA) or …\(endOfB)")
    }
    guard file.tensorIfPresent(root + module + endOfA) != nil else {
      throw .missingTensor(field: root + module + endOfA)
    }
  }

  private static func target(
    _ module: String, a: SafetensorsTensor, _ file: SafetensorsFile, _ config: PEFTConfiguration
  ) throws(FormatError) -> Target {
    let b = try file.tensor(root + module + endOfB)
    guard config.isTarget(module) else {
      throw .inconsistent(
        field: a.name, offset: a.infoOffset, problem: "the module is none of target_modules in the settings")
    }
    let rank = config.rank(of: module)
    for (tensor, axis) in [(a, 0), (b, 1)] {
      guard tensor.shape.rank == 2, tensor.shape[axis] == rank else {
        throw .invalidValue(
          field: tensor.name, offset: tensor.infoOffset, value: "\(tensor.shape)",
          expected: axis == 0 ? "[\(rank), in], as the settings say" : "[out, \(rank)], as the settings say")
      }
      guard [.f32, .f16, .bf16].contains(tensor.dtype), tensor.dtype == a.dtype else {
        throw .wrongType(
          field: tensor.name, offset: tensor.infoOffset, found: tensor.dtype.displayName,
          expected: "BF16, F16, F32, the same for both")
      }
    }
    return try Target(
      name: module, rank: rank, inFeatures: a.shape[1], outFeatures: b.shape[0], alpha: config.alpha(of: module),
      a: AdapterMatrix.values(file.data(of: a), a.dtype, count: a.shape.count),
      b: AdapterMatrix.values(file.data(of: b), b.dtype, count: b.shape.count), dtype: a.dtype)
  }

  /// The two files of a folder that PEFT loads.
  ///
  /// The commonest rank and α are the folder's own, others stand in its patterns. Modules are named by the ends of their
  /// names: where a layer of the model has no change, PEFT begins one that is zero.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)``, also for an adapter with GGUF's names.
  public func folder() throws(FormatError) -> (configuration: [UInt8], weights: SafetensorsWriter) {
    guard naming == .huggingFace else {
      throw .notWritable(field: targets[0].name, reason: "a folder of PEFT has Hugging Face's names")
    }
    var writer = SafetensorsWriter()
    writer.metadata = ["format": "pt"]
    for target in targets {
      try writer.add(
        tensor: Self.root + target.name + Self.endOfA, dtype: target.dtype, shape: [target.rank, target.inFeatures],
        bytes: AdapterMatrix.bytes(target.a, target.dtype))
      try writer.add(
        tensor: Self.root + target.name + Self.endOfB, dtype: target.dtype, shape: [target.outFeatures, target.rank],
        bytes: AdapterMatrix.bytes(target.b, target.dtype))
    }
    let rank = Self.commonest(targets.map(\.rank))
    let alpha = Self.commonest(targets.map(\.alpha))
    let modules = Set(targets.map { $0.name.split(separator: ".").last.map(String.init) ?? $0.name }).sorted()
    var members: [JSON.Member] = [
      .init("base_model_name_or_path", baseName.map { .string($0) } ?? .null),
      .init("bias", "none"), .init("fan_in_fan_out", false), .init("inference_mode", true),
      .init("lora_alpha", Self.number(alpha)), .init("lora_dropout", 0.0), .init("peft_type", "LORA"),
      .init("r", .integer(rank)),
      .init("rank_pattern", try Self.pattern(targets.filter { $0.rank != rank }) { .integer($0.rank) }),
      .init("alpha_pattern", try Self.pattern(targets.filter { $0.alpha != alpha }) { Self.number($0.alpha) }),
      .init("target_modules", .array(modules.map { .string($0) })), .init("task_type", "CAUSAL_LM"),
      .init("use_dora", false), .init("use_rslora", .bool(isRankStabilized)),
    ]
    if let baseHash { members.append(.init(PEFTConfiguration.hashKey, .string(baseHash))) }
    members.sort { $0.key < $1.key }
    return (Array((JSON.object(members).pretty + "\n").utf8), writer)
  }

  /// Values by names in full: a name alone would be the end of others too.
  private static func pattern(_ targets: [Target], _ value: (Target) -> JSON) throws(FormatError) -> JSON {
    if let odd = targets.first(where: { !PEFTConfiguration.isName($0.name[...]) }) {
      throw .notWritable(
        field: odd.name, reason: "the name is an expression to PEFT, which a pattern would need it for")
    }
    return .object(targets.map { JSON.Member("^" + $0.name, value($0)) })
  }

  private static func number(_ value: Double) -> JSON { Int(exactly: value).map { .integer($0) } ?? .number(value) }

  /// The value that occurs most often, of several the first.
  private static func commonest<Value: Hashable>(_ values: [Value]) -> Value {
    var counts: [Value: Int] = [:]
    for value in values { counts[value, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    return values.first { counts[$0] == most } ?? values[0]
  }
}
