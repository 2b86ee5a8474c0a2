import Compression
import Profiling
import Venturi

/// What `quantize` says.
struct QuantizeReport {
  /// The measured figures.
  struct Trial {
    var text: String
    var rows: [QuantizationTrial.Row]
  }

  /// The file; nothing when none was written.
  var path: String?
  let plan: QuantizationPlan
  let recipe: QuantizationRecipe
  /// The file's bytes.
  var bytes: Int?
  var seconds: Double?
  var trial: Trial?

  init(path: String?, plan: QuantizationPlan, recipe: QuantizationRecipe) {
    self.path = path
    self.plan = plan
    self.recipe = recipe
  }

  /// The number of tensors of each type, the one with the most bytes first.
  private var types: [(name: String, tensors: Int, bytes: Int)] {
    var found: [String: (tensors: Int, bytes: Int)] = [:]
    for item in plan.items {
      found[item.target.displayName, default: (0, 0)].tensors += 1
      found[item.target.displayName, default: (0, 0)].bytes += item.byteCount
    }
    return found.map { ($0.key, $0.value.tensors, $0.value.bytes) }.sorted { ($0.bytes, $0.name) > ($1.bytes, $1.name) }
  }

  var json: JSON {
    var members: [JSON.Member] = [
      JSON.Member("path", path.map { .string($0) } ?? .null), JSON.Member("type", .string(recipe.rawValue)),
      JSON.Member("bytes", .integer(bytes ?? plan.byteCount)),
      JSON.Member("bitsPerWeight", .rounded(plan.bitsPerWeight)),
      JSON.Member("parameters", .integer(plan.parameters)),
      JSON.Member("seconds", seconds.map { .rounded($0) } ?? .null),
      JSON.Member("unsuited", .integer(plan.items.filter { $0.unsuited != nil }.count)),
      JSON.Member(
        "types",
        .array(
          types.map { ["type": .string($0.name), "tensors": .integer($0.tensors), "bytes": .integer($0.bytes)] })),
    ]
    if path == nil {
      members.append(
        JSON.Member(
          "tensors",
          .array(
            plan.items.map { item in
              [
                "name": .string(item.tensor.name), "from": .string(item.tensor.dtype.displayName),
                "to": .string(item.target.displayName), "bytes": .integer(item.byteCount),
              ]
            })))
    }
    if let trial {
      members.append(
        JSON.Member("report", ["text": .string(trial.text), "rows": .array(trial.rows.map(Self.json))]))
    }
    return .object(members)
  }

  private static func json(_ row: QuantizationTrial.Row) -> JSON {
    [
      "type": .string(row.type), "role": .string(row.role), "bytes": .integer(row.bytes),
      "bitsPerWeight": .rounded(row.bitsPerWeight),
      "perplexity": row.quality.map { .rounded($0.perplexity, digits: 8) } ?? .null,
      "kl": row.quality.map { .rounded($0.kl, digits: 6) } ?? .null,
      "sameTop": row.quality.map { .rounded($0.sameTop) } ?? .null,
      "positions": row.quality.map { .integer($0.positions) } ?? .null,
      "prefill": row.prefill?.json ?? .null, "decode": row.decode?.json ?? .null,
    ]
  }

  var text: String {
    var blocks: [String] = []
    let size = "\(Human.bytes(bytes ?? plan.byteCount)), \(Human.fixed(plan.bitsPerWeight, 2)) bits per weight"
    let took = seconds.map { " in \(Human.fixed($0, 1)) s" } ?? ""
    blocks.append("\(path ?? "nothing written"): \(recipe.rawValue), \(size)\(took)")
    blocks.append(
      Human.table(
        [["type", "tensors", "bytes"]] + types.map { [$0.name, "\($0.tensors)", Human.bytes($0.bytes)] },
        numeric: [1, 2]))
    if path == nil {
      blocks.append(
        Human.table(
          plan.items.map { item in
            [
              item.tensor.name, item.tensor.dtype.displayName, "→ \(item.target.displayName)",
              item.unsuited.map { "for \($0.displayName)" } ?? "",
            ]
          }))
    }
    if let trial {
      let rows = trial.rows.map { row in
        [
          row.role == "result" ? "\(row.type) *" : row.role == "source" ? "\(row.type) (source)" : row.type,
          Human.bytes(row.bytes), Human.fixed(row.bitsPerWeight, 2),
          row.quality.map { Human.fixed($0.perplexity, 4) } ?? "", row.quality.map { Human.fixed($0.kl, 5) } ?? "",
          row.quality.map { Human.fixed($0.sameTop * 100, 1) } ?? "",
          row.prefill.map { Human.fixed($0.median, 0) } ?? "", row.decode.map { Human.fixed($0.median, 1) } ?? "",
        ]
      }
      let positions = trial.rows.first?.quality?.positions ?? 0
      blocks.append(
        "on \(trial.text), \(positions) positions; KL is that of the source in f32 from the model; tokens a second\n"
          + Human.table(
            [["type", "size", "bits", "perplexity", "KL", "same top %", "prefill", "decode"]] + rows,
            numeric: [1, 2, 3, 4, 5, 6, 7]))
    }
    return blocks.joined(separator: "\n\n")
  }
}
