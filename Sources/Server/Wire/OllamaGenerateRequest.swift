import Formats
import Text

/// What `POST /api/generate` is asked.
struct OllamaGenerateRequest: OllamaRequest {
  let order: OllamaOrder

  init(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) {
    let common = try OllamaFields(fields, limits)
    try fields.refuse("suffix", unless: [""], "is not supported")
    try fields.refuse("template", unless: [""], "is not supported; the model's own is used")
    try fields.refuse("context", unless: [[]], "is not supported; /api/chat goes on with a conversation")
    try fields.refuse("images", unless: [[]], "is not supported; only text is")
    let system = try fields.text("system") ?? ""
    let isRaw = try fields.bool("raw") ?? false
    let matter: OllamaOrder.Matter
    if let prompt = try fields.text("prompt"), !prompt.isEmpty {
      let instructions = system.isEmpty ? [] : [ChatMessage(role: .system, content: system)]
      matter =
        isRaw
        ? .text(prompt)
        : .conversation(instructions + [ChatMessage(role: .user, content: prompt)], field: "prompt")
    } else {
      matter = try common.load()
    }
    order = OllamaOrder(common, matter, isChat: false)
  }
}
