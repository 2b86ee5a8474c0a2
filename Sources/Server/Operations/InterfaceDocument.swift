import Formats
import Inference

/// The description of the interface with the limits of a server in place of the defaults.
///
/// Where a bound of the file is a setting, `x-limit` beside it names the keyword and the setting, as
/// `"maximum": 16, "x-limit": {"maximum": "choices"}`.
struct InterfaceDocument {
  let json: JSON

  init(_ file: JSON, limits: RequestLimits) { json = Self.applied(file, limits.named) }

  private static func applied(_ value: JSON, _ settings: [String: Int]) -> JSON {
    switch value {
    case .array(let elements): return .array(elements.map { applied($0, settings) })
    case .object(let members):
      let names = value["x-limit"]
      return .object(
        members.map { member in
          if let name = names?[member.key]?.text, let setting = settings[name] {
            return JSON.Member(member.key, .integer(setting))
          }
          return JSON.Member(member.key, applied(member.value, settings))
        })
    default: return value
    }
  }
}

extension RequestLimits {
  /// The limits that bounds of the description name.
  var named: [String: Int] {
    [
      "choices": choices, "sequences": sequences, "stops": min(stops, GenerationOptions.maxStopStrings),
      "logProbabilities": logProbabilities,
      "biases": biases, "messages": messages, "inputs": inputs, "jsonValues": jsonValues, "bodyBytes": bodyBytes,
      "tools": tools, "toolBytes": toolBytes, "schemaBytes": schemaBytes, "grammarBytes": grammarBytes,
      "stopBytes": GenerationOptions.maxStopBytes,
    ]
  }
}
