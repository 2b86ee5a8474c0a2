import Formats
import Text

/// What `POST /api/chat` is asked.
struct OllamaChatRequest: OllamaRequest {
  let order: OllamaOrder

  init(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) {
    let common = try OllamaFields(fields, limits)
    try fields.refuse("tools", unless: [[]], "is not supported")
    if try fields.array("messages", most: limits.messages)?.isEmpty ?? true {
      order = OllamaOrder(common, try common.load(), isChat: true)
    } else {
      let messages = try ChatMessage.read(fields, limits: limits)
      order = OllamaOrder(common, .conversation(messages, field: "messages"), isChat: true)
    }
  }
}
