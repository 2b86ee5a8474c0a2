import Profiling
import Venturi

/// What `show` says about a file.
struct ShowReport {
  /// Weights of one type.
  struct TypeRow {
    var name: String
    var tensors: Int
    var parameters: Int
    var bytes: Int
  }

  let file: Checkpoint
  let inventory: WeightInventory
  let types: [TypeRow]
  let context: Int
  /// Nothing for a file that the engine does not run.
  let need: MemoryNeed?

  /// - Throws: `FormatError`.
  init(_ file: Checkpoint) throws {
    self.file = file
    inventory = try WeightInventory(file)
    context = try file.uintIfPresent("\(file.string("general.architecture")).context_length") ?? 0
    need = try? ModelLoader.memoryNeed(of: file, threads: KernelThreads.all)
    var rows: [String: TypeRow] = [:]
    for weight in inventory.weights {
      let name = weight.dtype.displayName
      var row = rows[name] ?? TypeRow(name: name, tensors: 0, parameters: 0, bytes: 0)
      row.tensors += 1
      row.parameters += weight.count
      row.bytes += weight.bytes
      rows[name] = row
    }
    types = rows.values.sorted { ($0.bytes, $0.name) > ($1.bytes, $1.name) }
  }

  private var parameters: Int { types.reduce(0) { $0 + $1.parameters } }
  private var name: String { (try? file.stringIfPresent("general.name")) ?? "unnamed" }
  private var architecture: String { (try? file.string("general.architecture")) ?? "" }

  func json(metadata: Bool, tensors: Bool) -> JSON {
    var members: [JSON.Member] = [
      JSON.Member("name", .string(name)), JSON.Member("path", .string(file.path)),
      JSON.Member("architecture", .string(architecture)), JSON.Member("fileBytes", .integer(inventory.fileBytes)),
      JSON.Member("parameters", .integer(parameters)), JSON.Member("contextLength", .integer(context)),
      JSON.Member(
        "types",
        .array(
          types.map { row in
            [
              "type": .string(row.name), "tensors": .integer(row.tensors), "parameters": .integer(row.parameters),
              "bytes": .integer(row.bytes),
            ]
          })),
      JSON.Member(
        "memory",
        need.map { need in
          [
            "weights": .integer(need.weights), "perToken": .integer(need.perToken),
            "fullSequence": .integer(need.fullSequence), "step": .integer(need.step),
            "capturedSteps": .integer(need.capturedSteps), "total": .integer(need.total),
          ]
        } ?? .null),
    ]
    if metadata {
      let entries = file.entries.map { JSON.Member($0.key, Self.json($0.value)) }
      members.append(JSON.Member("metadata", .object(entries)))
    }
    if tensors {
      members.append(
        JSON.Member(
          "tensors",
          .array(
            file.tensors.map { tensor in
              [
                "name": .string(tensor.name), "type": .string(tensor.dtype.displayName),
                "shape": .array(tensor.shape.dimensions.map { .integer($0) }),
                "offset": tensor.fileOffset.map { .integer($0) } ?? .null, "bytes": .integer(tensor.byteCount),
              ]
            })))
    }
    return .object(members)
  }

  private static func json(_ value: GGUFValue) -> JSON {
    if let integer = value.integer { return .integer(integer) }
    switch value {
    case .bool(let value): return .bool(value)
    case .float32(let value): return .number(Double("\(value)") ?? Double(value))
    case .float64(let value): return .number(value)
    default: return .string(value.description)
    }
  }

  private var memory: String {
    guard let need else { return "unknown: this engine does not run the model" }
    return
      "\(Human.bytes(need.total)): \(Human.bytes(need.weights)) of weights, \(Human.bytes(need.fullSequence)) for a "
      + "full sequence (\(Human.bytes(need.perToken)) a token), \(Human.bytes(need.step + need.capturedSteps)) of workspace"
  }

  func text(metadata: Bool, tensors: Bool) -> String {
    var blocks = [
      Human.table([
        ["model", name], ["file", file.path], ["size", Human.bytes(inventory.fileBytes)],
        ["architecture", architecture],
        ["parameters", "\(Human.fixed(Double(parameters) / 1e6, 1)) M"], ["context", "\(context) tokens"],
        ["memory", memory],
      ]),
      Human.table(
        [["type", "tensors", "parameters", "bytes"]]
          + types.map { [$0.name, "\($0.tensors)", "\($0.parameters)", Human.bytes($0.bytes)] },
        numeric: [1, 2, 3]),
    ]
    if metadata {
      blocks.append(
        Human.table(
          file.entries.map { entry in
            let text = entry.value.description.split(whereSeparator: \.isNewline).joined(separator: "⏎")
            return [entry.key, text.count > 100 ? "\(text.prefix(100))…" : text]
          }))
    }
    if tensors {
      blocks.append(
        Human.table(
          file.tensors.map { [$0.name, $0.dtype.displayName, "\($0.shape)", Human.bytes($0.byteCount)] }))
    }
    return blocks.joined(separator: "\n\n")
  }
}
