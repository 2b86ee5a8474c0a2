/// What an `adapter_config.json` says of a LoRA adapter; what this engine does not compute is refused by name.
struct PEFTConfiguration {
  /// The file's name.
  static let fileName = "adapter_config.json"
  /// The key of the base's digest, which other readers pass over.
  static let hashKey = "venturi_base_hash"

  let rank: Int
  let alpha: Double
  let isRankStabilized: Bool
  /// The names of the changed modules, or their ends; nothing when the file has an expression for them.
  let targets: [String]?
  let baseName: String?
  let baseHash: String?
  private let ranks: [(pattern: String, value: Double)]
  private let alphas: [(pattern: String, value: Double)]

  /// Far above any real rank; a matrix' own sides bound it further.
  static let largestRank = 1 << 16
  static let alphaRange = -1e6...1e6

  /// Reads the file.
  ///
  /// - Throws: ``FormatError`` naming the key.
  init(_ bytes: [UInt8]) throws(FormatError) {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes, values: 1 << 16) } catch {
      throw .notJSON(field: Self.fileName, offset: error.offset, problem: error.problem)
    }
    guard json.members != nil else {
      throw .invalidValue(field: Self.fileName, offset: 0, value: "no object", expected: "an object")
    }
    let config = HuggingFaceConfiguration(json, place: Self.fileName)
    try Self.refuseOthers(config)
    rank = try config.intIfPresent("r", in: 1...Self.largestRank) ?? 8
    alpha = try config.doubleIfPresent("lora_alpha", in: Self.alphaRange) ?? 8
    isRankStabilized = try config.boolIfPresent("use_rslora") ?? false
    ranks = try Self.patterns("rank_pattern", in: 1...Double(Self.largestRank), config)
    alphas = try Self.patterns("alpha_pattern", in: Self.alphaRange, config)
    switch config["target_modules"] {
    case .array?: targets = try Self.names("target_modules", config)
    case nil, .string?: targets = nil
    default: throw config.invalid("target_modules", "a list of names, or an expression")
    }
    baseName = try config.stringIfPresent("base_model_name_or_path")
    baseHash = try config.stringIfPresent(Self.hashKey)
  }

  /// The rank of a module.
  func rank(of module: String) -> Int { Self.value(ranks, module).map { Int($0) } ?? rank }

  /// α of a module.
  func alpha(of module: String) -> Double { Self.value(alphas, module) ?? alpha }

  /// Whether the file's list has a module.
  func isTarget(_ module: String) -> Bool {
    targets?.contains { module == $0 || module.hasSuffix("." + $0) } ?? true
  }

  private static func value(_ patterns: [(pattern: String, value: Double)], _ module: String) -> Double? {
    patterns.first { pattern, _ in
      pattern.hasPrefix("^") ? module == pattern.dropFirst() : module == pattern || module.hasSuffix("." + pattern)
    }?.value
  }

  /// The values of a key by names of modules, or by ends of names. PEFT takes the names as regular expressions; those
  /// that say more than a name are refused, for what an expression of a stranger's file costs has no bound.
  private static func patterns(
    _ key: String, in range: ClosedRange<Double>, _ config: HuggingFaceConfiguration
  ) throws(FormatError) -> [(pattern: String, value: Double)] {
    guard let object = try config.objectIfPresent(key) else { return [] }
    var patterns: [(pattern: String, value: Double)] = []
    for member in object.json.members ?? [] {
      var name = member.key.replacing("\\.", with: ".")
      if name.hasSuffix("$") { name.removeLast() }
      guard isName(name.hasPrefix("^") ? name.dropFirst() : name[...]) else {
        throw .unsupported(
          field: object.place, offset: 0, found: "the expression '\(member.key.prefix(64))'",
          supported: "a module's name, or its end,")
      }
      let value = try object.double(member.key, in: range)
      guard key == "alpha_pattern" || value == value.rounded() else {
        throw object.invalid(member.key, "a whole number")
      }
      patterns.append((name, value))
    }
    return patterns
  }

  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private static func names(_ key: String, _ config: HuggingFaceConfiguration) throws(FormatError) -> [String] {
    var names: [String] = []
    for element in try config.listIfPresent(key) ?? [] {
      guard let name = element.text, !name.isEmpty else { throw config.invalid(key, "a list of names") }
      names.append(name)
    }
    return names
  }

  /// Refuses the settings that change what an adapter computes, or the base.
  private static func refuseOthers(_ config: HuggingFaceConfiguration) throws(FormatError) {
    func refuse(_ key: String, _ supported: String) throws(FormatError) {
      throw .unsupported(
        field: config.field(key), offset: 0, found: String((config[key]?.line ?? "null").prefix(64)),
        supported: supported)
    }
    let type = try config.string("peft_type")
    if type != "LORA" { try refuse("peft_type", "LORA") }
    if let bias = try config.stringIfPresent("bias"), bias != "none" { try refuse("bias", "none") }
    for key in ["use_dora", "use_qalora", "lora_bias"] where try config.boolIfPresent(key) == true {
      try refuse(key, "false")
    }
    for key in [
      "modules_to_save", "layer_replication", "target_parameters", "trainable_token_indices", "alora_invocation_tokens",
      "arrow_config", "megatron_config", "kasa_config", "use_bdlora", "monteclora_config",
    ] {
      switch config[key] {
      case nil, .array([])?, .object([])?: continue
      default: try refuse(key, "null")
      }
    }
    // Other starts take the product of A and B out of the base's weights.
    if let start = config["init_lora_weights"]?.text?.lowercased(), !["gaussian", "eva", "orthogonal"].contains(start) {
      try refuse("init_lora_weights", "a start that leaves the base as it is")
    }
  }
}
