import Formats

/// How a family of models writes that it calls functions.
public enum ToolCallFormat: String, Sendable, CaseIterable {
  /// `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, as Hermes and Qwen have it.
  case hermes
  /// `{"name": …, "parameters": {…}}` in place of an answer, as Llama 3 has it; `<|python_tag|>` may stand before it, and
  /// further calls after semicolons.
  case llama
  /// `[TOOL_CALLS][{"name": …, "arguments": {…}}, …]`, as Mistral has it. The marker is a control token in its vocabularies,
  /// so a list in place of an answer counts too.
  case mistral
  /// `[TOOL_CALLS]name[ARGS]{…}`, one after the other, as Mistral has it from its eleventh tokenizer on. Both markers are
  /// control tokens, so a name and an object in place of an answer count too.
  case mistralNamed

  /// The format that a template's text tells of; ``hermes`` where it tells of none.
  public init(template source: String) {
    if source.contains("[TOOL_CALLS]") {
      self = source.contains("[ARGS]") ? .mistralNamed : .mistral
    } else if source.contains("<tool_call>") {
      self = .hermes
    } else if source.contains("python_tag") || source.contains("\"parameters\"") {
      self = .llama
    } else {
      self = .hermes
    }
  }

  /// What stands before calls, wherever they come in an answer.
  public var marker: String {
    switch self {
    case .hermes: "<tool_call>"
    case .llama: "<|python_tag|>"
    case .mistral, .mistralNamed: "[TOOL_CALLS]"
    }
  }

  /// Calls as they are asked of a model that must call: what is before all of them, between two, and after.
  var frame: (before: String, between: String, after: String) {
    switch self {
    case .hermes: ("<tool_call>\n", "\n</tool_call>\n<tool_call>\n", "\n</tool_call>")
    case .llama: ("", "; ", "")
    case .mistral: ("[", ", ", "]")
    case .mistralNamed: ("", "", "")
    }
  }

  /// What stands around the arguments of a call.
  func around(_ name: String) -> (before: String, after: String) {
    if self == .mistralNamed { return (name, "") }
    return ("{\"name\": \(JSON.string(name).line), \"\(self == .llama ? "parameters" : "arguments")\": ", "}")
  }
}
