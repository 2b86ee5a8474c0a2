import Formats
import Inference
import Models

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Models as ollama's interface tells of them. What is not known is empty: some clients read no list without all fields.
enum OllamaModel {
  /// An entry of `/api/tags`.
  static func listed(_ entry: ModelEntry) -> JSON {
    .object(
      named(entry) + [
        JSON.Member("modified_at", time(entry)), JSON.Member("details", details(entry.model?.description)),
      ])
  }

  /// An entry of `/api/ps`, if the model is loaded; it stays.
  static func running(_ entry: ModelEntry) -> JSON? {
    guard let model = entry.model else { return nil }
    return .object(
      named(entry) + [
        JSON.Member("details", details(entry.model?.description)), JSON.Member("expires_at", "9999-12-31T23:59:59Z"),
        JSON.Member("size_vram", 0), JSON.Member("context_length", .integer(model.contextLength)),
      ])
  }

  /// The answer of `/api/show` for an entry whose model is loaded.
  static func shown(_ entry: ModelEntry, _ served: ServedModel) -> JSON {
    let model = served.description
    let architecture = model.architecture
    let figures: [(String, Int)] = [
      ("general.parameter_count", model.parameters), ("\(architecture).context_length", model.contextLength),
      ("\(architecture).embedding_length", model.width), ("\(architecture).block_count", model.layers),
      ("\(architecture).feed_forward_length", model.feedForward),
      ("\(architecture).attention.head_count", model.heads),
      ("\(architecture).attention.head_count_kv", model.kvHeads), ("\(architecture).vocab_size", model.vocabularySize),
    ]
    let names = [("general.architecture", architecture), ("general.basename", model.name)]
    var template = ""
    if case .language(let engine) = served { template = engine.template?.source ?? "" }
    return [
      "license": "", "modelfile": "", "parameters": "", "template": .string(template), "details": details(model),
      "model_info": .object(
        names.map { JSON.Member($0.0, .string($0.1)) } + figures.map { JSON.Member($0.0, .integer($0.1)) }),
      "capabilities": entry.kind == .language ? ["completion"] : ["embedding"], "modified_at": time(entry),
    ]
  }

  private static func named(_ entry: ModelEntry) -> [JSON.Member] {
    [
      JSON.Member("name", .string(entry.id)), JSON.Member("model", .string(entry.id)),
      JSON.Member("size", .integer(entry.model?.description.weightBytes ?? 0)), JSON.Member("digest", ""),
    ]
  }

  private static func details(_ model: ModelDescription?) -> JSON {
    let family = model?.architecture ?? ""
    return [
      "parent_model": "", "format": "", "family": .string(family),
      "families": .array(model == nil ? [] : [.string(family)]),
      "parameter_size": .string(model.map { rounded($0.parameters) } ?? ""),
      "quantization_level": .string(model.map { String($0.weightTypes.prefix { $0 != "×" }) } ?? ""),
    ]
  }

  private static func time(_ entry: ModelEntry) -> JSON {
    .string(OllamaForm.time(Date(timeIntervalSince1970: Double(entry.created))))
  }

  /// A number of weights, such as `134.5M`.
  private static func rounded(_ count: Int) -> String {
    for (unit, size) in [("B", 1e9), ("M", 1e6), ("K", 1e3)] where Double(count) >= size {
      return "\((Double(count) / size * 10).rounded() / 10)\(unit)"
    }
    return "\(count)"
  }
}
